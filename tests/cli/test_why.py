from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.real_python import RealChannel
from tests.writtenprefix import write_prefix
from wheelbridge.api.demo import build_wheel


@pytest.fixture
def prefix(run: Run, tmp_path: Path, real_channel: RealChannel) -> Path:
    """An environment in which app needs lib, and lib needs base; other was asked for too."""
    index = tmp_path / "index"
    index.mkdir()
    build_wheel(index, "app", "1.0", {"app.py": ""}, "Requires-Dist: lib>=1\n")
    build_wheel(index, "lib", "1.0", {"lib.py": ""}, "Requires-Dist: Base_Thing\n")
    build_wheel(index, "Base_Thing", "1.0", {"base.py": ""})
    build_wheel(index, "other", "1.0", {"other.py": ""})
    place = tmp_path / "env"
    request = ("python", "pypi:app", "pypi:other")
    assert run("create", "-p", place, "-c", real_channel.url, "-i", index, *request, "-y").code == 0
    return place


def test_the_way_from_the_request_is_shown(run: Run, prefix: Path) -> None:
    """Who needs it, and the chain from what the user asked for."""
    why = run("why", "-p", prefix, "base-thing", "--json").json

    assert why["requested"] is None
    assert why["needed_by"] == {"lib": "base-thing"}
    assert why["chains"] == [["app", "lib", "base-thing"]]
    assert why["variant"] is None
    assert "you asked for app: app -> lib -> base-thing" in run("why", "-p", prefix, "pypi:Base_Thing").out


def test_what_was_asked_for_says_so(run: Run, prefix: Path) -> None:
    """The spec as it was asked."""
    assert run("why", "-p", prefix, "other", "--json").json["requested"] == "other"
    assert "you asked for it: python" in run("why", "-p", prefix, "python").out


def test_what_is_not_there_is_an_error(run: Run, prefix: Path, tmp_path: Path) -> None:
    """Neither a package nor an environment is made up."""
    assert run("why", "-p", prefix, "pypi:python", "--json").json["error"]["code"] == "not-installed"
    assert run("why", "-p", prefix, "nothing", "--json").json["error"]["code"] == "not-installed"
    assert run("why", "-p", tmp_path / "nowhere", "app", "--json").json["error"]["code"] == "not-an-environment"


def test_a_plan_says_why_of_what_several_sources_have(run: Run, tmp_path: Path, real_channel: RealChannel) -> None:
    """With ``-v``; of what one source alone has there is nothing to say."""
    near, far = tmp_path / "near", tmp_path / "far"
    near.mkdir()
    far.mkdir()
    build_wheel(near, "lib", "1.0", {"lib.py": ""})
    build_wheel(far, "lib", "2.0", {"lib.py": ""})
    sources = ("-c", real_channel.url, "-i", near, "-i", far)
    plain = run("solve", *sources, "python", "pypi:lib", "--route", "lib=far,near")
    said = run("solve", *sources, "python", "pypi:lib", "--priority", "far=disabled", "--route", "lib=far,near", "-v")

    assert "routed" not in plain.out
    assert "lib 2.0 from index far: routed by the command line (lib=far,near); near also has 1.0" in " ".join(
        said.out.split()
    )


WRITTEN: list[dict[str, Any]] = [
    {"name": "app", "version": "1.0", "depends": ["lib >=1,<2"]},
    {"name": "lib", "version": "1.5"},
]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """An environment of conda-meta alone: app, which was asked for, needs lib."""
    return write_prefix(tmp_path / "written", WRITTEN, ["app"])


def test_another_version_and_what_is_against_it(run: Run, written: Path) -> None:
    """Behind the name, or with ``--version``; what is against it is named, and what nobody knows is told."""
    behind = run("why", "-p", written, "lib>=2")

    assert "against lib >=2: app 1.0 needs lib >=1,<2: it would have to move, or go" in behind.out
    assert f"wheelbridge install -p {written} 'lib >=2' --dry-run" in behind.out
    assert "lib 1.* is what is installed" in run("why", "-p", written, "lib", "--version", "1").out
    assert (
        "nothing that is installed, pinned or asked for speaks against app >=7"
        in run("why", "-p", written, "app>=7").out
    )
    found = run("why", "-p", written, "lib", "--version", "2.1", "--json").json["another_version"]
    assert (found["version"], found["wanted"], found["installed"]) == ("1.5", "2.1.*", False)
    assert found["barriers"] == [
        {"kind": "need", "spec": "lib >=1,<2", "place": None, "owner": "app", "version": "1.0", "chain": ["app"]}
    ]


def test_configured_pins_count(run: Run, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``pinned_packages`` of conda's configuration keeps versions out, too."""
    monkeypatch.setenv("CONDARC", str(tmp_path / "condarc"))
    monkeypatch.delenv("WHEELBRIDGE_NO_CONFIG", raising=False)
    (tmp_path / "condarc").write_text("pinned_packages: [app<2]\n", encoding="utf-8")

    assert "app<2 is pinned" in run("why", "-p", written, "app>=2").out


def test_graph_formats(run: Run, written: Path, tmp_path: Path) -> None:
    """A tree, DOT, or a page; ``--graph`` alone takes the format that the file's name tells, and eats no name."""
    tree = run("why", "-p", written, "--graph").out

    assert tree.splitlines()[1].startswith("└── lib 1.5 ")
    assert run("why", "--graph", "lib", "-p", written).out == tree
    assert run("why", "--graph=dot", "-p", written).out.startswith("digraph environment {")
    assert run("why", "--graph", "-p", written, "-o", tmp_path / "g.html").code == 0
    assert (tmp_path / "g.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert run("why", "--graph=text", "-p", written, "-o", tmp_path / "g.dot").code == 0
    assert (tmp_path / "g.dot").read_text(encoding="utf-8") == tree


def test_graph_as_json(run: Run, written: Path) -> None:
    """Nodes and edges."""
    graph = run("why", "--graph", "-p", written, "--json").json

    assert [(node["name"], node["requested"]) for node in graph["nodes"]] == [("app", "app"), ("lib", None)]
    assert graph["edges"] == [{"owner": "app", "target": "lib", "spec": "lib >=1,<2"}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "needs the name of a package"),
        (("--graph=png",), "'png' is no format"),
        (("--graph", "lib>=2"), "not of another version"),
        (("lib", "-o", "x"), "none is asked for"),
        (("lib>=2", "--version", "3"), "both name versions"),
        (("lib", "--version", "abc def"), "names no version"),
    ],
)
def test_wrong_usage(run: Run, written: Path, arguments: tuple[str, ...], message: str) -> None:
    """What has no meaning is refused, with what to do."""
    result = run("why", "-p", written, *arguments, "--json")

    assert (result.code, result.json["error"]["code"]) == (2, "usage")
    assert message in result.json["error"]["message"]
    assert result.json["error"]["hint"]
