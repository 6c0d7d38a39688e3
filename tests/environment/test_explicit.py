"""@EXPLICIT files: written for one target of conda packages, and read as CEP 23 has them."""

from dataclasses import replace

import pytest

from tests.environment.lockmaker import (
    FORGE,
    LINUX,
    MD5,
    SHA,
    conda,
    small_lock,
)
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.lock import Lock, LockedPackage, LockedTarget
from wheelbridge.environment.locks.errors import LockNotExpressibleError
from wheelbridge.environment.locks.explicit import is_explicit, read_explicit, render_explicit
from wheelbridge.model.target import Target


class TestExplicit:
    """CEP 23: each line "MUST specify a single, direct URL (as in RFC 3986) to a conda artifact, or a file path"."""

    def test_lines_are_sorted_topologically(self) -> None:
        """CEP 23: "If a package A depends on B, then the URL of B should come first"; a circle is no trap."""

        def needing(name: str, *needs: str) -> LockedPackage:
            package = conda(name)
            return replace(package, record={**(package.record or {}), "depends": list(needs)})

        packages = (
            needing("a", "b >=1"),
            needing("b", "forge::c[version='1']", "python"),
            needing("c", "b"),
            conda("python"),
        )
        text = render_explicit(Lock(targets=(LockedTarget(name="l", target=LINUX, packages=packages),)))

        head, _, lines = text.partition("@EXPLICIT\n")
        assert "# platform: linux-64" in head
        assert [line.rpartition("/")[2][0] for line in lines.splitlines()] == ["c", "p", "b", "a"]
        assert f"{FORGE}/linux-64/python-1.0-h0_0.conda#sha256:{SHA}" in lines

    def test_it_holds_urls_and_one_hash_each(self) -> None:
        """What is read of what was written: the files of one target, and nothing about them."""
        lock = Lock(
            targets=(LockedTarget(name="linux-64", target=Target(subdir="linux-64"), packages=(conda("zlib"),)),)
        )

        (target,) = read_explicit(render_explicit(lock), "").targets

        (package,) = target.packages
        bare = replace(conda("zlib"), record=None, source=None, decision=None)
        assert package == replace(bare, file=replace(bare.file, hashes={"sha256": SHA}, size=None))

    def test_wheels_and_several_targets_are_refused(self) -> None:
        """They are named, rather than left out."""
        with pytest.raises(LockNotExpressibleError, match="it is for one target, not for linux-64, osx-arm64"):
            render_explicit(small_lock())
        with pytest.raises(LockNotExpressibleError, match="these are wheels: requests"):
            render_explicit(replace(small_lock(), targets=small_lock().targets[:1]))

    def test_files_of_others_are_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Both hashes, with a prefix and without, comments, blanks, and variables."""
        monkeypatch.setenv("FORGE_FOR_A_TEST", "https://forge.example/forge")
        text = f"""
        # a comment
          @EXPLICIT
        https://forge.example/forge/osx-64/a-1-0.tar.bz2#{MD5}
        https://forge.example/forge/noarch/b-c-2-py_1.conda#{SHA}
        $FORGE_FOR_A_TEST/osx-64/d-3-0.conda#sha256:{SHA}

        ./local/e-4-0.conda
        """
        assert is_explicit(text)
        (target,) = read_explicit(text, "spec.txt").targets

        assert target.name == target.target.subdir == "osx-64"
        assert {
            package.name: (package.version, dict(package.file.hashes), package.channel) for package in target.packages
        } == {
            "a": ("1", {"md5": MD5}, FORGE),
            "b-c": ("2", {"sha256": SHA}, FORGE),
            "d": ("3", {"sha256": SHA}, FORGE),
            "e": ("4", {}, ""),
        }

    @pytest.mark.parametrize(
        "line", ["numpy >=2", "https://h.example/a-1-py3-none-any.whl", "https://h.example/a-1-0.conda#123"]
    )
    def test_other_lines_are_refused(self, line: str) -> None:
        """With the number of the line."""
        with pytest.raises(InvalidEnvironmentFileError, match=r"^spec.txt:2: .* is no conda package"):
            read_explicit(f"@EXPLICIT\n{line}\n", "spec.txt")

    def test_packages_of_two_platforms_are_refused(self) -> None:
        """An environment has one."""
        lines = "@EXPLICIT\nhttps://h.example/c/linux-64/a-1-0.conda\nhttps://h.example/c/win-64/b-1-0.conda\n"
        with pytest.raises(InvalidEnvironmentFileError, match="its packages are for linux-64, win-64"):
            read_explicit(lines, "spec.txt")
