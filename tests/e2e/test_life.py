"""The life of an environment on the command line: update, revisions, clone, end."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.e2e.conftest import Environment
from tests.installer.wheelmaker import make_wheel
from tests.linkstage import LinkStage, write_project
from tests.real_python import RealChannel


@pytest.fixture
def stage(run: Run, tmp_path: Path, real_channel: RealChannel) -> LinkStage:
    """A real python in a channel, and an index with a newer ``tool`` than the one in a folder."""
    make_wheel(tmp_path / "index", "tool", "9.0")
    return LinkStage(run, tmp_path, real_channel.folder, ("-i", str(tmp_path / "index")))


def versions(run: Run, prefix: Path) -> dict[str, str]:
    """Return name -> version of what is installed, without python."""
    packages = run("list", "-p", prefix, "--json").json["packages"]
    return {item["name"]: item["version"] for item in packages if item["name"] != "python"}


def test_from_the_first_day_to_the_last(run: Run, environment: Environment, tmp_path: Path) -> None:
    """Each command says what it does, and does it."""
    options, prefix = environment.options, environment.prefix
    assert run("create", *options, "python", "pypi:app", "pypi:lib==1.0", "-y").code == 0

    shown = run("update", *options, "lib", "app", "-d")
    assert "1.0 -> 1.1" in shown.out
    assert "app stays at 1.0; no source offers a newer version" in shown.err
    assert versions(run, prefix)["lib"] == "1.0"

    told = run("update", *options, "lib", "app", "--json", "-y").json
    assert [(move["name"], move["old"]["version"], move["new"]["version"]) for move in told["moves"]] == [
        ("lib", "1.0", "1.1")
    ]
    assert [stay["name"] for stay in told["stays"]] == ["app"]
    assert environment.command("run-app") == "app on lib 1.1\n"

    log = run("list", "-p", prefix, "--revisions").out
    assert "(rev 1)" in log
    assert " lib  {1.0 (" in log
    assert [event["rev"] for event in run("list", "-p", prefix, "-r", "--json").json] == [0, 1]

    back = run("install", *options, "--revision", "0", "--json", "-y").json
    assert {item["name"]: item["version"] for item in back["packages"]}["lib"] == "1.0"
    assert environment.command("run-app") == "app on lib 1.0\n"

    copy = tmp_path / "copy"
    assert run("create", "-p", copy, "--clone", prefix, "-y").code == 0
    assert versions(run, copy) == versions(run, prefix)

    gone = run("remove", "-p", copy, "--all", "--json").json
    assert {"app", "lib", "python"} <= set(gone["removed"])
    assert not copy.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("install", "x", "--no-deps", "--only-deps"), id="no dependencies, only dependencies"),
        pytest.param(("install", "x", "--only-deps", "--force-reinstall"), id="only dependencies, again"),
        pytest.param(("install", "x", "--revision", "0"), id="a package and a revision"),
        pytest.param(("create", "x", "--clone", "./there"), id="a package and a clone"),
        pytest.param(("install", "--revision", "0", "--no-deps"), id="a revision, changed"),
        pytest.param(("create", "--clone", "./there", "--no-pin"), id="a clone, changed"),
        pytest.param(("update", "--all", "--freeze-installed"), id="everything and nothing"),
        pytest.param(("update",), id="an update of nothing"),
        pytest.param(("remove",), id="a removal of nothing"),
        pytest.param(("remove", "x", "--all"), id="a package and everything"),
    ],
)
def test_contradictions_are_refused(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """As wrong usage, before anything is looked at."""
    ran = run(*arguments, "-p", tmp_path / "env", "--json")

    assert (ran.code, ran.json["error"]["code"]) == (2, "usage")
    assert not (tmp_path / "env").exists()


def test_pins_of_conda_hold(run: Run, environment: Environment, alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``pinned_packages`` of a ``.condarc``, and the variable that beats it, in create as in solve."""
    (alone / ".condarc").write_text("pinned_packages: [lib <1.1]\n")
    solved = run("solve", *environment.options[2:], "python", "pypi:lib", "--json").json
    assert {record["name"]: record["version"] for record in solved["records"]}["lib"] == "1.0"

    refused = run("solve", *environment.options[2:], "python", "pypi:lib>=1.1", "--json").json["error"]
    assert refused["code"] == "pin-conflict"
    refused = run("create", *environment.options, "python", "pypi:lib>=1.1", "--json", "-d").json["error"]
    assert refused["code"] == "pin-conflict"
    assert refused["pins"][0]["spec"] == "lib <1.1"
    assert ".condarc" in refused["pins"][0]["place"]

    monkeypatch.setenv("CONDA_PINNED_PACKAGES", "lib >=1,<1.1&nonesuch")
    refused = run("create", *environment.options, "python", "pypi:lib>=1.1", "--json", "-d").json["error"]
    assert [pin["spec"] for pin in refused["pins"]] == ["lib >=1,<1.1", "lib <1.1"]
    free = run("create", *environment.options, "python", "pypi:lib>=1.1", "--json", "-d", "--no-pin").json
    assert free["success"]


def test_what_came_from_a_folder_stays_what_it_is(stage: LinkStage, tmp_path: Path) -> None:
    """An editable project is not taken from an index by an update; it is cloned, and comes back with its revision."""
    write_project(tmp_path / "tool", "tool", "1.0")
    make_wheel(tmp_path / "index", "other", "1.0")
    assert stage.call("create", "python", "-e", tmp_path / "tool", "pypi:other==1.0").code == 0
    make_wheel(tmp_path / "index", "other", "2.0")
    written = json.loads(stage.direct_url("tool"))

    (stay,) = stage.call("update", "tool", "other").json["stays"]
    assert stay["reasons"][0].startswith("it came from no index or channel")
    assert stage.call("update", "--all").code == 0
    assert json.loads(stage.direct_url("tool")) == written
    assert versions(stage.run, stage.prefix) == {"tool": "1.0", "other": "2.0"}

    copy = tmp_path / "copy"
    assert stage.run("create", "-p", copy, "--clone", stage.prefix, "-y", "-q").code == 0
    (path,) = copy.rglob("tool-1.0.dist-info/direct_url.json")
    assert json.loads(path.read_text()) == written

    stage.run("remove", "-p", stage.prefix, "tool", "-y")
    assert stage.direct_url("tool") == ""
    back = stage.call("install", "--revision", "0")
    assert back.code == 0, back.out
    assert json.loads(stage.direct_url("tool")) == written
    assert versions(stage.run, stage.prefix) == {"tool": "1.0", "other": "1.0"}
    (tmp_path / "tool" / "tool.py").write_text("WORD = 'second'\n")
    assert stage.python("-c", "import tool; print(tool.WORD)") == "second"
