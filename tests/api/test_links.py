"""The parts of a link, one by one: trees, repositories, files, and what is written down of them."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.buildmaker import digest
from tests.installer.wheelmaker import make_wheel
from tests.linkstage import commit, git, needs_git, write_project
from tests.loopback import LoopbackIndex, redirect
from wheelbridge.api.building.project import read_project
from wheelbridge.api.direct.direct_urls import make_direct_url, read_direct_url
from wheelbridge.api.direct.errors import GitError
from wheelbridge.api.direct.fetching import fetch_file
from wheelbridge.api.direct.git import check_out
from wheelbridge.api.direct.requirements import accept_links
from wheelbridge.api.direct.trees import Stated, digest_of, enter, read_stated
from wheelbridge.api.places import Caches
from wheelbridge.environment.manifest import Link
from wheelbridge.environment.pip.links import InvalidLinkError, parse_link
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.errors import HashMismatchError
from wheelbridge.model.distribution import CoreMetadata


class TestTrees:
    """A folder is built again when what a build may read of it changed."""

    @pytest.mark.parametrize(
        "path", ["tool.py", "new.py", "deep/new.py", pytest.param("backend.py", id="what-builds-it"), "build/left.py"]
    )
    def test_contents_and_names_count(self, tmp_path: Path, path: str) -> None:
        """Also of what a build may have left: it is built once more rather than never."""
        write_project(tmp_path / "tool")
        before = digest_of(tmp_path / "tool")

        (tmp_path / "tool" / path).parent.mkdir(exist_ok=True)
        (tmp_path / "tool" / path).write_text("WORD = 'other'\n")

        assert digest_of(tmp_path / "tool") != before

    def test_times_and_caches_do_not(self, tmp_path: Path) -> None:
        """No wheel depends on them."""
        write_project(tmp_path / "tool")
        before = digest_of(tmp_path / "tool")

        os.utime(tmp_path / "tool" / "tool.py", (1, 1))
        for folder, mark in (("__pycache__", "a.pyc"), (".venv", "pyvenv.cfg"), (".cache", "CACHEDIR.TAG")):
            (tmp_path / "tool" / folder).mkdir()
            (tmp_path / "tool" / folder / mark).write_text("")

        assert digest_of(tmp_path / "tool") == before is not None

    @pytest.mark.skipif(sys.platform == "win32", reason="files have no mark there that says they can be run")
    def test_what_can_be_run_counts(self, tmp_path: Path) -> None:
        """A script may become one that can be run."""
        write_project(tmp_path / "tool")
        before = digest_of(tmp_path / "tool")

        (tmp_path / "tool" / "tool.py").chmod(0o755)

        assert digest_of(tmp_path / "tool") != before

    def test_a_link_that_leads_out_of_it_is_not_followed(self, tmp_path: Path) -> None:
        """Nobody would know when what is there changes: such a tree is built each time."""
        write_project(tmp_path / "tool")
        (tmp_path / "tool" / "out").symlink_to(tmp_path)

        assert digest_of(tmp_path / "tool") is None

    @needs_git
    def test_commits_and_tags_count(self, tmp_path: Path) -> None:
        """Backends take versions from them."""
        write_project(tmp_path / "tool")
        commit(tmp_path / "tool")
        before = digest_of(tmp_path / "tool")

        git(tmp_path / "tool", "tag", "v2")

        assert digest_of(tmp_path / "tool") != before

    def test_it_says_what_it_is(self, tmp_path: Path) -> None:
        """PEP 621: name and version, unless the version is dynamic."""
        write_project(tmp_path / "a", "My.Tool", "2.0")
        write_project(tmp_path / "b", dynamic=True)
        static, dynamic = (read_project(tmp_path / name) for name in "ab")

        assert read_stated(static, archive=False) == Stated(canonicalize_name("My.Tool"), Version("2.0"))
        assert read_stated(dynamic, archive=False) == Stated(canonicalize_name("tool"), None)

    @pytest.mark.parametrize("subdirectory", ["../other", "/", "out"])
    def test_a_subdirectory_is_inside(self, tmp_path: Path, subdirectory: str) -> None:
        """Neither dots nor links lead elsewhere."""
        (tmp_path / "tool").mkdir()
        (tmp_path / "other").mkdir()
        (tmp_path / "tool" / "out").symlink_to(tmp_path / "other")

        with pytest.raises(InvalidLinkError, match="is outside of it"):
            enter(tmp_path / "tool", subdirectory, "tool")


@needs_git
class TestRepositories:
    """git clones; nothing of what it clones is run."""

    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        """A repository with two commits, a branch, a tag, and a ref that clones lack."""
        folder = tmp_path / "repository"
        write_project(folder)
        first = commit(folder)
        git(folder, "tag", "-m", "one", "v1")
        git(folder, "branch", "side")
        git(folder, "update-ref", "refs/pull/1/head", first)
        (folder / "more").write_text("")
        commit(folder, "two")
        return folder

    @pytest.mark.parametrize(
        ("revision", "expected"),
        [
            (None, "HEAD"),
            ("v1", "v1^{commit}"),
            ("side", "side"),
            ("refs/pull/1/head", "v1^{commit}"),
            ("main", "main"),
        ],
    )
    def test_a_revision_is_found(self, repository: Path, tmp_path: Path, revision: str | None, expected: str) -> None:
        """PEP 610: the commit_id is "the exact commit/revision number that was installed"."""
        link = parse_link(f"git+{repository.as_uri()}{f'@{revision}' if revision else ''}", tmp_path)

        found = check_out(link, tmp_path / "out")

        assert found.commit == git(repository, "rev-parse", expected)
        assert git(found.folder, "rev-parse", "HEAD") == found.commit
        assert (found.folder / "tool.py").exists()

    def test_a_commit_is_found(self, repository: Path, tmp_path: Path) -> None:
        """Abbreviated, too."""
        wanted = git(repository, "rev-parse", "v1^{commit}")

        assert (
            check_out(parse_link(f"git+{repository.as_uri()}@{wanted[:9]}", tmp_path), tmp_path / "o").commit == wanted
        )

    def test_a_tag_that_comes_later_counts(self, repository: Path, tmp_path: Path) -> None:
        """Backends take versions from the nearest tag: the same commit may become another version."""
        link = parse_link(f"git+{repository.as_uri()}", tmp_path)
        before = check_out(link, tmp_path / "before")
        git(repository, "tag", "v2")
        after = check_out(link, tmp_path / "after")

        assert (before.commit, before.described) != (after.commit, after.described)
        assert before.commit == after.commit

    def test_no_hook_of_the_user_is_run(
        self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither those of a configured folder nor those of a template."""
        hook = tmp_path / "template" / "hooks" / "post-checkout"
        hook.parent.mkdir(parents=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        hook.chmod(0o755)
        (tmp_path / "config").write_text(
            f"[core]\nhooksPath = {hook.parent}\n[init]\ntemplateDir = {hook.parents[1]}\n"
        )
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
        monkeypatch.setenv("GIT_TEMPLATE_DIR", str(hook.parents[1]))
        git(tmp_path, "clone", "--quiet", str(repository), "plain")
        assert (tmp_path / "ran").exists(), "the hook would be run"
        (tmp_path / "ran").unlink()

        check_out(parse_link(f"git+{repository.as_uri()}", tmp_path), tmp_path / "out")

        assert not (tmp_path / "ran").exists()

    def test_a_hook_of_git_that_calls_leads_nowhere(
        self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where git runs us out of a hook, it sets GIT_DIR; another repository is cloned all the same."""
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))

        assert check_out(parse_link(f"git+{repository.as_uri()}", tmp_path), tmp_path / "out").folder.is_dir()

    def test_a_link_that_leads_out_is_refused(self, repository: Path, tmp_path: Path) -> None:
        """A wheel could carry what it leads to."""
        (repository / "out").symlink_to("/etc")
        commit(repository, "three")

        with pytest.raises(InvalidLinkError, match="leads out of it"):
            check_out(parse_link(f"git+{repository.as_uri()}", tmp_path), tmp_path / "out")

    @pytest.mark.parametrize(
        ("text", "error", "message"),
        [
            ("git+http://host.example/tool", InvalidLinkError, "without TLS"),
            ("git+git://host.example/tool", InvalidLinkError, "'git'"),
            ("git+ext://host.example/tool", InvalidLinkError, "'ext'"),
            ("git+ssh://-oProxyCommand=x/tool", InvalidLinkError, "its host cannot be read"),
            ("git+https://host.example/tool@a..b", InvalidLinkError, "is no revision"),
            ("git+https://host.example/tool@%2Dx", InvalidLinkError, "is no revision"),
            ("git+https://me:secret@127.0.0.1:9/tool", GitError, "git clone failed"),
        ],
    )
    def test_what_is_not_followed(self, tmp_path: Path, text: str, error: type[WheelbridgeError], message: str) -> None:
        """What is not encrypted, and what would be an option; no login is told."""
        with pytest.raises(error) as caught:
            check_out(parse_link(text, tmp_path), tmp_path / "out")

        assert message in caught.value.message
        assert "secret" not in str(vars(caught.value))

    def test_there_may_be_no_git(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is said, with the way to get one."""
        monkeypatch.setenv("PATH", str(tmp_path))

        with pytest.raises(GitError, match="there is no git") as caught:
            check_out(parse_link("git+https://host.example/tool", tmp_path), tmp_path / "out")
        assert "conda install git" in (caught.value.hint or "")


class TestFiles:
    """A file is fetched as those of indexes are."""

    def test_a_redirect_is_followed_and_the_hash_checked(self, tmp_path: Path) -> None:
        """As forges have it; what is known by its hash is not fetched again."""
        wheel = make_wheel(tmp_path, "tool").path
        with LoopbackIndex({"tool": [wheel]}) as server:
            place = f"{server.root}/files/{digest(wheel)}/{wheel.name}"
            server.fail(f"/latest/{wheel.name}", redirect(place), times=1)
            link = parse_link(f"{server.root}/latest/{wheel.name}#sha256={digest(wheel)}", tmp_path)
            found = [fetch_file(link, Caches(tmp_path / "cache"), offline=False) for _ in range(2)]

        assert found[0] == found[1]
        assert found[0].path.read_bytes() == wheel.read_bytes()
        assert found[0].hashes == {"sha256": digest(wheel)}

    def test_what_has_no_hash_gets_one(self, tmp_path: Path) -> None:
        """PEP 610: hashes SHOULD be there, and a lock needs one."""
        wheel = make_wheel(tmp_path, "tool").path
        with LoopbackIndex({"tool": [wheel]}) as server:
            link = parse_link(f"{server.root}/files/{digest(wheel)}/{wheel.name}", tmp_path)
            found = fetch_file(link, Caches(tmp_path / "cache"), offline=False)

        assert found.hashes["sha256"] == digest(wheel)

    @pytest.mark.parametrize("served", [True, False])
    def test_another_file_is_refused(self, tmp_path: Path, *, served: bool) -> None:
        """The hash that the user gives holds, wherever the file is; nothing of a wrong one is kept."""
        wheel = make_wheel(tmp_path, "tool").path
        with LoopbackIndex({"tool": [wheel]}) as server:
            place = f"{server.root}/files/{digest(wheel)}/{wheel.name}" if served else wheel.as_uri()
            with pytest.raises(HashMismatchError):
                fetch_file(
                    parse_link(f"{place}#sha256={'0' * 64}", tmp_path), Caches(tmp_path / "cache"), offline=False
                )

        assert not [*(tmp_path / "cache").rglob("*.whl")]

    def test_without_tls_nothing_is_fetched(self, tmp_path: Path) -> None:
        """PEP 440: "If such a direct reference also uses an insecure transport, automated tools SHOULD NOT rely on"."""
        link = parse_link("http://host.example/tool-1-py3-none-any.whl", tmp_path)

        with pytest.raises(InvalidLinkError, match="without TLS"):
            fetch_file(link, Caches(tmp_path / "cache"), offline=False)


class TestDirectUrls:
    """PEP 610: "``url`` MUST be stripped of any sensitive authentication information"."""

    @pytest.mark.parametrize(
        ("link", "expected"),
        [
            (
                Link(kind="vcs", url="https://me:secret@host.example/t", vcs="git", revision="v1", subdirectory="py"),
                {
                    "url": "https://host.example/t",
                    "vcs_info": {"vcs": "git", "commit_id": "c0", "requested_revision": "v1"},
                    "subdirectory": "py",
                },
            ),
            (
                Link(kind="vcs", url="ssh://git@host.example/t", vcs="git"),
                {"url": "ssh://git@host.example/t", "vcs_info": {"vcs": "git", "commit_id": "c0"}},
            ),
            (Link(kind="folder", url="file:///tool"), {"url": "file:///tool", "dir_info": {}}),
        ],
        ids=["repository", "a-user-that-is-no-secret", "folder"],
    )
    def test_it_is_written(self, link: Link, expected: dict[str, Any]) -> None:
        """One of three kinds."""
        assert make_direct_url(link, commit="c0") == expected

    def test_it_is_read_back(self) -> None:
        """A repository is asked for at its commit, a file with its hash."""
        for link in (
            Link(kind="vcs", url="https://host.example/t", vcs="git", revision="c0"),
            Link(kind="file", url="https://host.example/t.zip", hashes={"sha256": "aa"}),
            Link(kind="folder", url="file:///tool", editable=True),
        ):
            assert read_direct_url(make_direct_url(link, commit="c0", hashes=link.hashes)) == link

    def test_what_breaks_the_rules_is_refused(self) -> None:
        """There must be one of the three kinds."""
        with pytest.raises(InvalidLinkError):
            read_direct_url({"url": "https://host.example/t"})


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ("side[x] @ https://host.example/side.zip ; os_name == 'nt'", 'side[x] ; os_name == "nt"'),
        ("side @ https://host.example/other.zip", None),
        (f"side @ https://host.example/side.zip#sha256={'b' * 64}", None),
        ("other @ https://host.example/side.zip", None),
        ("rich>=1", None),
    ],
    ids=["the-same-place", "another-place", "other-contents", "another-project", "no-url"],
)
def test_urls_of_wheels_are_taken_where_the_user_names_them(needs: str, expected: str | None, tmp_path: Path) -> None:
    """All else stays as it is, to be refused."""
    link = parse_link(f"side @ https://host.example/side.zip#sha256={'a' * 64}", tmp_path)

    found = accept_links(CoreMetadata(name="needy", version="1", requires_dist=(needs,)), [link])

    assert found.requires_dist == (expected or needs,)
