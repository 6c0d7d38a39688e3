"""Lock files: which format a file has, where its files lie, and the formats that hold less than a lock."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from packaging.utils import canonicalize_name
from rattler import LockFile, MatchSpec

from tests.environment.lockmaker import (
    FORGE,
    LINUX,
    LINUX_CUDA,
    MAC,
    SHA,
    SOURCES,
    conda,
    locks,
    small_lock,
    wheel,
)
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.lock import Lock, LockedFile, LockedRequest, LockedSource, LockedTarget
from wheelbridge.environment.locks.as_manifest import lock_as_manifest
from wheelbridge.environment.locks.errors import LockNotExpressibleError
from wheelbridge.environment.locks.fields import UnexpectedFormError
from wheelbridge.environment.locks.files import LOCK_FORMATS, LockFormat, lock_format, read_lock, render_lock
from wheelbridge.environment.locks.json_form import (
    request_from_json,
    request_to_json,
    source_from_json,
    target_from_json,
    target_to_json,
)
from wheelbridge.environment.locks.pixi import read_pixi_lock, render_pixi_lock
from wheelbridge.environment.locks.places import SecretInLockError, file_name_of
from wheelbridge.environment.locks.pylock import render_pylock
from wheelbridge.environment.locks.repositories import repository_location
from wheelbridge.model.target import Target

SECRET = "s3cr3t"  # noqa: S105 - of nobody


class TestJson:
    """The pieces of a lock go through JSON and come back the same."""

    @settings(max_examples=40)
    @given(lock=locks())
    def test_nothing_is_lost(self, lock: Lock) -> None:
        """Targets with all their packages, and the request."""
        assert tuple(target_from_json(target_to_json(target)) for target in lock.targets) == lock.targets
        if lock.request:
            assert request_from_json(request_to_json(lock.request)) == lock.request

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"packages": [{"kind": "egg"}]}, "packages[0].kind"),
            ({"packages": [{"kind": "conda", "name": 1}]}, "packages[0].name"),
            ({"packages": "x"}, "packages"),
            ({"requested": [1]}, "requested"),
            ({"target": {}}, "target"),
            ({"name": None}, "name"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_place(self, change: dict[str, object], place: str) -> None:
        """The place leads to the value, so that a file that was edited can be mended."""
        with pytest.raises(UnexpectedFormError) as caught:
            target_from_json({**target_to_json(small_lock().targets[0]), **change})

        assert caught.value.place == place

    @pytest.mark.parametrize("field", ["kind", "claim", "tier", "name", "url"])
    def test_a_source_is_whole(self, field: str) -> None:
        """A source that lacks a field, or has another value there, is none."""
        data = {"name": "a", "kind": "index", "url": "https://host.example", "tier": 0, "claim": "strict"}
        with pytest.raises(UnexpectedFormError, match=field):
            source_from_json({**data, field: True})


class TestFormats:
    """The name decides where one is fixed, else the content."""

    @pytest.mark.parametrize("form", LOCK_FORMATS)
    def test_a_written_lock_is_known_by_what_it_says(self, form: LockFormat, tmp_path: Path) -> None:
        """Whatever the file is called."""
        lock = Lock(targets=(LockedTarget(name="linux-64", target=LINUX, packages=(conda("zlib"),)),), sources=SOURCES)
        path = tmp_path / "some.file"
        path.write_text(render_lock(lock, form, tmp_path), encoding="utf-8")

        assert lock_format(path) == form
        assert [package.name for package in read_lock(path).targets[0].packages] == ["zlib"]

    @pytest.mark.parametrize("text", ["name: x\ndependencies:\n- a\n", "numpy==1\n", "[project]\nname = 'x'\n", ""])
    def test_other_files_are_no_locks(self, text: str, tmp_path: Path) -> None:
        """Files that ask are read by others."""
        path = tmp_path / "file"
        path.write_text(text, encoding="utf-8")

        assert lock_format(path) is None
        with pytest.raises(InvalidEnvironmentFileError, match="it is no lock"):
            read_lock(path)

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        """It is an error of the file, not of the program."""
        with pytest.raises(InvalidEnvironmentFileError, match="cannot be read"):
            read_lock(tmp_path / "pixi.lock")


def local_lock(folder: Path) -> Lock:
    """Return a lock whose files all lie on this machine."""
    channel = (folder / "my channel").as_uri()
    package = conda("zlib")
    built = wheel("mine")
    return Lock(
        targets=(
            LockedTarget(
                name="linux-64",
                target=LINUX,
                packages=(
                    replace(
                        built,
                        file=replace(built.file, url=(folder / "cache" / "mine-1.0-py3-none-any.whl").as_uri()),
                        direct_url={"url": (folder / "mine").as_uri(), "dir_info": {"editable": True}},
                        source=None,
                        channel="",
                    ),
                    replace(
                        package,
                        file=replace(package.file, url=f"{channel}/linux-64/{package.file.filename}"),
                        channel=channel,
                        source="local",
                    ),
                ),
            ),
        ),
        sources=(LockedSource(name="local", kind="channel", url=channel, tier=0, claim="strict"),),
    )


class TestPlaces:
    """No path of a machine, and nothing that opens a source, stands in a lock."""

    @pytest.mark.parametrize(("form", "name"), [("pixi", "pixi.lock"), ("pylock", "pylock.toml")])
    def test_a_lock_moves_with_its_files(self, form: LockFormat, name: str, tmp_path: Path) -> None:
        """What lies beside the lock is found beside it, wherever both are."""
        old, new = tmp_path / "old" / "locks", tmp_path / "new" / "locks"
        new.mkdir(parents=True)
        text = render_lock(local_lock(tmp_path / "old"), form, old)
        (new / name).write_text(text, encoding="utf-8")

        assert str(tmp_path) not in text
        read = read_lock(new / name)
        mine, zlib = read.targets[0].packages
        assert zlib.file.given == "../my channel/linux-64/zlib-1.0-h0_0.conda"
        assert zlib.file.url == (tmp_path / "new" / "my channel" / "linux-64" / "zlib-1.0-h0_0.conda").as_uri()
        assert zlib.channel == read.sources[0].url == (tmp_path / "new" / "my channel").as_uri()
        assert (mine.direct_url or {})["url"] == (tmp_path / "new" / "mine").as_uri()
        assert render_lock(read, form, new) == text

    @pytest.mark.parametrize(("form", "name"), [("pixi", "pixi.lock"), ("pylock", "pylock.toml")])
    def test_what_is_asked_for_by_a_place_here(self, form: LockFormat, name: str, tmp_path: Path) -> None:
        """The channel of a spec, and the place of a link, are written relative to the lock's folder."""
        here = (tmp_path / "my channel").as_uri()
        specs = (f"{here}::zlib", f'b[channel="{here}"]', "https://h.example/c::d")
        request = LockedRequest(specs=specs, links=(f"-e {(tmp_path / 'a').as_uri()}[x]", "../b"))
        target = LockedTarget(name="linux-64", target=LINUX, requested=specs, packages=(conda("zlib"),))
        lock = Lock(targets=(target,), sources=SOURCES[:1], request=request)

        text = render_lock(lock, form, tmp_path / "locks")
        assert str(tmp_path) not in text
        (tmp_path / "locks").mkdir()
        (tmp_path / "locks" / name).write_text(text, encoding="utf-8")
        read = read_lock(tmp_path / "locks" / name)
        assert read.request == replace(request, links=("-e ../a[x]", "../b"))
        assert read.targets[0].requested == specs

    @pytest.mark.parametrize(("form", "name"), [("pixi", "pixi.lock"), ("pylock", "pylock.toml")])
    @pytest.mark.parametrize("url", ["https://h.example/my%20a.git", "ssh://git@h.example/a.git", "here"])
    def test_a_repository_is_itself_again(self, form: LockFormat, name: str, url: str, tmp_path: Path) -> None:
        """With its commit, wherever it is; without our own part, too, and rattler-lock keeps its place as it is."""
        place = (tmp_path / "my repo").as_uri() if url == "here" else url
        info = {"vcs": "git", "commit_id": "00ff", "requested_revision": "a/b"}
        direct = {"url": place, "vcs_info": info, "subdirectory": "sub"}
        url = repository_location(direct) or ""
        package = replace(wheel("a"), file=LockedFile(filename=file_name_of(place), url=url), direct_url=direct)
        package = replace(package, channel="", source=None, decision=None)
        lock = Lock(targets=(LockedTarget(name="linux-64", target=LINUX, packages=(package,)),), sources=SOURCES)
        folder = tmp_path / "locks"
        folder.mkdir()

        text = render_lock(lock, form, folder)
        (folder / name).write_text(text, encoding="utf-8")

        assert str(tmp_path) not in text
        (read,) = read_lock(folder / name).targets[0].packages
        assert (read.direct_url, read.file.url) == (direct, url)
        assert render_lock(read_lock(folder / name), form, folder) == text
        if form == "pixi":
            (folder / "bare.lock").write_text(text.partition("\nwheelbridge:")[0] + "\n", encoding="utf-8")
            (bare,) = read_lock(folder / "bare.lock").targets[0].packages
            assert (bare.direct_url, bare.channel) == (direct, "")
            LockFile.from_path(folder / "bare.lock").to_path(folder / "theirs.lock")
            place = next(line for line in text.splitlines() if line.startswith("- pypi: "))
            assert place in (folder / "theirs.lock").read_text(encoding="utf-8").splitlines()

    @pytest.mark.parametrize("form", ["pixi", "pylock"])
    @pytest.mark.parametrize(
        "host", [f"https://me:{SECRET}@forge.example", f"https://forge.example/t/{SECRET}-x"], ids=["login", "token"]
    )
    def test_logins_are_left_out(self, form: LockFormat, host: str, tmp_path: Path) -> None:
        """They come from the keyring, a netrc file, or the environment of whoever installs."""
        package = conda("zlib")
        lock = Lock(
            targets=(
                LockedTarget(
                    name="l",
                    target=LINUX,
                    packages=(
                        replace(
                            package,
                            file=replace(package.file, url=package.file.url.replace("https://forge.example", host)),
                            channel=f"{host}/forge",
                        ),
                    ),
                ),
            ),
            sources=(replace(SOURCES[0], url=f"{host}/forge"),),
            request=LockedRequest(specs=(f"{host}/forge::zlib",), links=(f"a @ {host}/a.whl",)),
        )

        text = render_lock(lock, form, tmp_path)

        assert SECRET not in text
        assert package.file.url in text

    def test_the_user_of_a_repository_is_no_secret(self, tmp_path: Path) -> None:
        """PEP 610 has ``ssh://git@…`` as an example; without the user the host answers nobody."""
        direct = {"url": "ssh://git@host.example/a.git", "vcs_info": {"vcs": "git", "commit_id": "00"}}
        package = replace(wheel("a"), direct_url=direct)

        text = render_lock(
            Lock(targets=(LockedTarget(name="l", target=LINUX, packages=(package,)),)), "pylock", tmp_path
        )

        assert "ssh://git@host.example/a.git" in text

    def test_a_signed_url_is_refused(self, tmp_path: Path) -> None:
        """Without its query it leads nowhere, and with it the lock opens the file to everybody."""
        package = conda("zlib")
        signed = replace(package, file=replace(package.file, url=f"{package.file.url}?X-Amz-Signature={SECRET}"))

        with pytest.raises(SecretInLockError) as caught:
            render_lock(Lock(targets=(LockedTarget(name="l", target=LINUX, packages=(signed,)),)), "pixi", tmp_path)

        assert SECRET not in str(caught.value.as_json())


class TestWayThrough:
    """What a lock is read from leaves no trace in what it is written as."""

    @settings(max_examples=60)
    @given(lock=locks())
    def test_a_pylock_by_way_of_a_pixi_lock_is_the_same(self, lock: Lock) -> None:
        """Byte by byte, though mappings come out of the one in another order."""
        try:
            text = render_pylock(lock)
        except LockNotExpressibleError:
            return
        assert render_pylock(read_pixi_lock(render_pixi_lock(lock), "")) == text


class TestManifest:
    """A lock in the place of a file that asks: its very packages."""

    def test_everything_is_exact(self) -> None:
        """Version, build and hash of conda packages; version and the hashes of all files of a release of wheels."""
        packages = (conda("python", "3.12.1"), wheel("torch", "2.0", label="cu12"), wheel("requests"))
        lock = Lock(
            targets=(LockedTarget(name="l", target=LINUX, packages=packages),), sources=SOURCES, origin="pixi.lock"
        )

        manifest = lock_as_manifest(lock, LINUX)

        (spec,) = manifest.specs
        match = MatchSpec(spec.text)
        assert (str(match.version), str(match.build), match.sha256 and match.sha256.hex()) == ("==3.12.1", "h0_0", SHA)
        assert [item.text for item in manifest.requirements] == ["torch==2.0", "requests==1.0"]
        assert manifest.hashes[canonicalize_name("torch")] == {f"sha256:{SHA}"}
        assert (manifest.channels, manifest.indexes) == ((FORGE,), (SOURCES[1].url,))

    def test_what_came_from_no_index_is_a_link(self) -> None:
        """A commit is asked for by its id; a folder stays editable."""
        vcs = {"url": "https://h.example/a.git", "vcs_info": {"vcs": "git", "commit_id": "00ff"}, "subdirectory": "s"}
        folder = {"url": "file:///there/b", "dir_info": {"editable": True}}
        packages = (replace(wheel("a"), direct_url=vcs), replace(wheel("b"), direct_url=folder))

        a, b = lock_as_manifest(Lock(targets=(LockedTarget(name="l", target=LINUX, packages=packages),)), LINUX).links

        assert (a.kind, a.vcs, a.revision, a.subdirectory) == ("vcs", "git", "00ff", "s")
        assert (b.kind, b.url, b.editable) == ("folder", "file:///there/b", True)

    def test_the_target_is_chosen_by_what_it_is(self) -> None:
        """Of two of one subdir the same machine; the only one of a subdir stands for it."""
        lock = Lock(
            targets=(
                LockedTarget(name="cpu", target=LINUX, packages=(conda("a"),)),
                LockedTarget(name="gpu", target=LINUX_CUDA, packages=(conda("b"),)),
                LockedTarget(name="mac", target=MAC, packages=(conda("c"),)),
            )
        )

        def names(target: Target) -> list[str]:
            return [item.text[0] for item in lock_as_manifest(lock, target).specs]

        assert names(LINUX_CUDA) == ["b"]
        assert names(Target(subdir="osx-arm64")) == ["c"]
        with pytest.raises(InvalidEnvironmentFileError, match="several targets of linux-64: cpu, gpu"):
            names(Target(subdir="linux-64"))
        with pytest.raises(InvalidEnvironmentFileError, match="it locks cpu, gpu, mac, not win-64"):
            names(Target(subdir="win-64"))
