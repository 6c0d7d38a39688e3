"""Projects asked for by where they are: folders, archives, repositories and URLs, in one solve with all the rest."""

import json
import platform
import shutil
import sysconfig
from pathlib import Path

import pytest

from tests.buildmaker import digest, pack
from tests.cli.conftest import Run
from tests.condapackages import index_channel, make_conda
from tests.installer.wheelmaker import make_wheel
from tests.linkstage import LinkStage, commit, git, needs_git, write_project
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel

_MINOR = "cp{}{}".format(*platform.python_version_tuple())
_HERE = f"{_MINOR}-{_MINOR}-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
"""The tag of a wheel that this machine alone runs."""


@pytest.fixture
def stage(run: Run, tmp_path: Path, real_channel: RealChannel) -> LinkStage:
    """A real python in a channel, and an index with a newer ``tool`` than any that is linked to, and pip."""
    index = tmp_path / "index"
    make_wheel(index, "tool", "9.0")
    return LinkStage(run, tmp_path, real_channel.folder, ("-i", str(index)))


@needs_git
def test_links_of_all_kinds_are_installed_together(
    stage: LinkStage, wheels: dict[str, list[Path]], tmp_path: Path
) -> None:
    """PEP 610: what each came of is written down, and pip shows it; PEP 660: changes of an editable folder show."""
    write_project(tmp_path / "edited", "edited", requires="tool>=1,<2")
    write_project(tmp_path / "repository", "tool", "1.5", dynamic=True)
    first = commit(tmp_path / "repository")
    git(tmp_path / "repository", "tag", "v1")
    source = write_project(tmp_path / "packed", "packed", editable=False)
    archive = source.pack(tmp_path / "archives")
    pack(archive, {f"packed-1.0/{path}": text for path, text in {**source.files, "packed.py": "WORD = 1\n"}.items()})
    with LoopbackIndex({"app": wheels["app"], "lib": wheels["lib"]}) as server:
        lib = next(path for path in wheels["lib"] if "1.1" in path.name)
        wheel = f"{server.root}/a/../files/{digest(lib)}/{lib.name}"
        pip = wheels["pip"][0]
        ran = stage.call(
            *("create", "python", "-e", tmp_path / "edited", f"pypi:{pip}"),
            f"pypi:tool @ git+{(tmp_path / 'repository').as_uri()}@v1",
            f"pypi:{archive}#sha256={digest(archive)}",
            f"pypi:lib @ {wheel}#sha256={digest(lib)}",
        )

    assert ran.code == 0, ran.out
    assert json.loads(stage.direct_url("edited")) == {
        "url": (tmp_path / "edited").as_uri(),
        "dir_info": {"editable": True},
    }
    assert json.loads(stage.direct_url("tool"))["vcs_info"] == {
        "vcs": "git",
        "commit_id": first,
        "requested_revision": "v1",
    }
    assert json.loads(stage.direct_url("packed"))["archive_info"]["hashes"] == {"sha256": digest(archive)}
    frozen = stage.python("-m", "pip", "freeze", "--all").splitlines()
    assert f"tool @ git+{(tmp_path / 'repository').as_uri()}@{first}" in frozen
    assert f"-e {tmp_path / 'edited'}" in frozen
    assert f"packed @ {archive.as_uri()}#sha256={digest(archive)}" in frozen
    listed = json.loads(stage.python("-m", "pip", "list", "--format", "json"))
    assert {one["name"]: one.get("editable_project_location") for one in listed}["edited"] == str(tmp_path / "edited")
    assert "No broken requirements" in stage.python("-m", "pip", "check")
    (tmp_path / "edited" / "edited.py").write_text("WORD = 'second'\n")
    assert stage.python("-c", "import edited; print(edited.WORD)") == "second"
    assert not [*tmp_path.glob("cache/built/*/edited*")], "PEP 660: the wheel must be discarded after installation"


class TestFolders:
    """A folder that is not editable."""

    def test_it_is_built_again_when_it_changed(self, stage: LinkStage, tmp_path: Path) -> None:
        """The same tree is not built twice; another one is, though its version is the same."""
        project = write_project(tmp_path / "folder")
        stage.call("create", "python", f"pypi:{tmp_path / 'folder'}")
        runs = project.runs

        again = stage.call("install", f"pypi:{tmp_path / 'folder'}")
        assert (again.code, project.runs) == (0, runs)
        (tmp_path / "folder" / "tool.py").write_text("WORD = 'second'\n")
        stage.call("install", f"pypi:{tmp_path / 'folder'}")

        assert project.runs > runs
        assert stage.python("-c", "import tool; print(tool.WORD)") == "second"

    def test_it_stays_until_another_source_is_named(self, stage: LinkStage, tmp_path: Path) -> None:
        """No later command puts the index's newer version in its place, unless a route says so."""
        write_project(tmp_path / "folder")
        stage.call("create", "python", f"pypi:{tmp_path / 'folder'}")
        written = stage.direct_url("tool")
        make_wheel(tmp_path / "index", "other", requires=["tool"])

        stage.call("install", "pypi:other", "pypi:tool")
        kept = stage.direct_url("tool")
        moved = stage.call("install", "pypi:tool", "--route", "tool=index")

        assert written == kept != ""
        assert moved.code == 0, moved.out
        assert (stage.direct_url("tool"), stage.python("-c", "import tool; print(tool.version)")) == ("", "9.0")

    def test_it_is_linked_anew_without_being_built(self, stage: LinkStage, tmp_path: Path) -> None:
        """As when python moves to another minor version: the wheel is still there, and so is where it came from."""
        project = write_project(tmp_path / "folder")
        stage.call("create", "python", f"pypi:{tmp_path / 'folder'}")
        written, runs = stage.direct_url("tool"), project.runs
        shutil.rmtree(tmp_path / "cache" / "unpacked")

        again = stage.call("install", "pypi:tool", "--force-reinstall")

        assert again.code == 0, again.out
        assert (stage.direct_url("tool"), project.runs) == (written, runs)

    def test_it_becomes_editable(self, stage: LinkStage, tmp_path: Path) -> None:
        """Asked for again in another way, it is linked in that way."""
        write_project(tmp_path / "folder")
        stage.call("create", "python", f"pypi:{tmp_path / 'folder'}")

        ran = stage.call("install", "-e", tmp_path / "folder")

        assert ran.code == 0, ran.out
        assert json.loads(stage.direct_url("tool"))["dir_info"] == {"editable": True}
        shutil.rmtree(tmp_path / "cache" / "unpacked")
        again = stage.call("install", "pypi:tool", "--force-reinstall")
        assert "Name the link again" in again.json["error"]["hint"]


def test_a_wheel_gets_the_url_that_the_user_names_as_well(stage: LinkStage, tmp_path: Path) -> None:
    """PEP 440: "Direct references are intended as a tool for software integrators rather than publishers"."""
    url = make_wheel(tmp_path / "elsewhere", "side").path.as_uri()
    make_wheel(tmp_path / "index", "needy", requires=[f"side @ {url}"])

    refused = stage.call("solve", "python", "pypi:needy")
    taken = stage.call("solve", "python", "pypi:needy", f"pypi:side @ {url}")

    assert "names a URL" in refused.json["error"]["message"]
    assert taken.code == 0, taken.out
    assert {package["name"]: package["source"] for package in taken.json["records"]}["side"] == "a link"


def test_links_that_cannot_be_taken(stage: LinkStage, tmp_path: Path) -> None:
    """Each is refused for its own reason, and nothing is run for those whose place, name or hash is wrong."""
    project = write_project(tmp_path / "folder", editable=False)
    wheel = make_wheel(tmp_path / "elsewhere", "side").path
    twice = write_project(tmp_path / "twice")
    refused: dict[str, list[object]] = {
        "invalid-link": [f"pypi:{tmp_path / 'none'}"],
        "link-mismatch": [f"pypi:other @ {(tmp_path / 'folder').as_uri()}"],
        "hash-mismatch": [f"pypi:{wheel}#sha256={'0' * 64}"],
        "link-conflict": [f"pypi:{tmp_path / 'folder'}", f"pypi:{tmp_path / 'twice'}"],
        "not-editable": ["-e", tmp_path / "folder"],
        "offline": ["--offline", f"pypi:side @ https://host.example/{wheel.name}"],
    }
    for code, arguments in refused.items():
        ran = stage.call("solve", "python", *arguments)
        assert ran.json["error"]["code"] == code, ran.out
        assert bool(project.runs) == (code in ("not-editable", "offline")), code
    assert not twice.runs


class TestOtherPlatforms:
    """What is built here can be locked for another platform if it runs everywhere."""

    @pytest.fixture
    def channel(self, tmp_path: Path) -> str:
        """A channel that has a python for the other platform."""
        make_conda(tmp_path / "other", "python", platform.python_version(), {}, subdir="osx-arm64")
        index_channel(tmp_path / "other")
        return str(tmp_path / "other")

    @pytest.mark.parametrize(("tag", "code"), [("py3-none-any", None), (_HERE, "foreign-build")])
    def test_a_wheel_of_a_folder(
        self, stage: LinkStage, channel: str, tmp_path: Path, tag: str, code: str | None
    ) -> None:
        """A wheel for this machine is refused, and not offered to another."""
        write_project(tmp_path / "folder", tag=tag)

        ran = stage.call("solve", "python", "-c", channel, "--platform", "osx-arm64", f"pypi:{tmp_path / 'folder'}")

        assert ran.json.get("error", {}).get("code") == code, ran.out


def test_a_query_that_opens_a_url_is_kept_nowhere(
    stage: LinkStage, wheels: dict[str, list[Path]], tmp_path: Path
) -> None:
    """PEP 610: "url MUST be stripped of any sensitive authentication information"; the hash still tells the file."""
    lib = next(path for path in wheels["lib"] if "1.1" in path.name)
    with LoopbackIndex({"lib": wheels["lib"]}) as server:
        url = f"{server.root}/a/../files/{digest(lib)}/{lib.name}"
        ran = stage.call("create", "python", f"pypi:lib @ {url}?sig=QSECRET")
    exported = stage.run("export", "-p", stage.prefix)
    listed = stage.run("list", "-p", stage.prefix, "--json")

    assert ran.code == exported.code == listed.code == 0, ran.out
    direct = json.loads(stage.direct_url("lib"))
    assert direct["url"].endswith(lib.name)
    assert direct["archive_info"]["hashes"] == {"sha256": digest(lib)}
    assert "QSECRET" not in ran.out + ran.err + exported.out + exported.err + listed.out
    places = (path for root in (stage.prefix, tmp_path / "cache") for path in root.rglob("*") if path.is_file())
    assert [path for path in places if b"QSECRET" in path.read_bytes()] == []
