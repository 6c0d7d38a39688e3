"""``--map`` and the maps of configurations, through the commands."""

import json
from pathlib import Path

import pytest

import wheelbridge
from tests.cli.conftest import Run
from tests.solver.scenario import TARGET, write_channel
from wheelbridge.configuration.files import user_file
from wheelbridge.model.source import SourceKind
from wheelbridge.model.target import Target
from wheelbridge.solver.errors import PackageNotFoundError

PROJECT = """
maps = [{ file = "extra.yaml", mode = "extend" }]

[map]
my-tool = "my_tool"
"""


@pytest.fixture
def project(alone: Path) -> Path:
    """A project with a map of its own, which is the working directory."""
    work = alone / "work"
    (work / "wheelbridge.toml").write_text(PROJECT)
    (work / "extra.yaml").write_text("other-tool: other_tool\n")
    return work


@pytest.fixture
def channel(tmp_path: Path) -> str:
    """A channel whose packages no table ties to projects, as a URL."""
    write_channel(tmp_path / "forge", ["my_tool 1.0", "other_tool 2.0"])
    return (tmp_path / "forge").as_uri()


class TestSolve:
    """A map makes a project and a package one."""

    def test_without_a_map(self, run: Run, channel: str) -> None:
        """The spelling alone says nothing."""
        found = run("solve", "--json", "-O", "-c", channel, "pypi:my-tool")

        assert (found.code, found.json["error"]["code"]) == (1, "package-not-found")

    def test_given(self, run: Run, channel: str, tmp_path: Path) -> None:
        """The conda package meets the requirement."""
        (tmp_path / "names.yaml").write_text("My.Tool: my_tool\n")
        found = run("solve", "--json", "-O", "-c", channel, "--map", tmp_path / "names.yaml", "pypi:my-tool").json

        assert [(one["name"], one["kind"]) for one in found["records"]] == [("my_tool", "conda")]

    @pytest.mark.usefixtures("project")
    def test_of_the_project(self, run: Run, channel: str) -> None:
        """Its table, and its files; `--no-config` leaves both out."""
        asked = ("solve", "--json", "-O", "-c", channel, "pypi:my-tool", "pypi:other-tool")

        assert [one["name"] for one in run(*asked).json["records"]] == ["my_tool", "other_tool"]
        assert run(*asked, "--no-config").code == 1

    @pytest.mark.usefixtures("project")
    def test_given_wins_over_the_project(self, run: Run, channel: str, tmp_path: Path) -> None:
        """The nearest place is the command line."""
        (tmp_path / "names.yaml").write_text("my-tool: other_tool\n")
        found = run("solve", "--json", "-O", "-c", channel, "--map", tmp_path / "names.yaml", "pypi:my-tool").json

        assert [one["name"] for one in found["records"]] == ["other_tool"]

    def test_python_api(self, channel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A mapping will do, and no configuration is read."""
        monkeypatch.setenv("WHEELBRIDGE_CACHE_DIR", str(tmp_path / "cache"))
        target = Target(subdir="linux-64", virtual_packages=TARGET)
        (tmp_path / "index").mkdir()
        sources: list[tuple[SourceKind, str]] = [("channel", channel), ("index", str(tmp_path / "index"))]
        found = wheelbridge.solve(["pypi:my-tool"], sources=sources, target=target, maps=[{"my-tool": "my_tool"}])

        assert [package.name for package in found.packages] == ["my_tool"]
        with pytest.raises(PackageNotFoundError):
            wheelbridge.solve(["pypi:my-tool"], sources=sources, target=target)

    def test_a_map_that_breaks_a_rule(self, run: Run, tmp_path: Path) -> None:
        """It is wrong usage, with the place."""
        (tmp_path / "names.yaml").write_text("a: x\nb: x\n")
        found = run("solve", "--json", "--map", tmp_path / "names.yaml", "pypi:a")

        assert found.code == 2
        assert found.json["error"]["code"] == "invalid-map"
        assert found.json["error"]["map"].startswith("--map ")


class TestSources:
    """``wheelbridge sources`` lists the maps that count, with their places."""

    @pytest.mark.usefixtures("project")
    def test_json(self, run: Run, tmp_path: Path) -> None:
        """The nearest first; behind one that is used alone, none holds."""
        file = user_file()
        assert file is not None
        file.parent.mkdir(parents=True)
        file.write_text('[map]\na = "b"\n')
        found = run("sources", "--json", "--map", tmp_path / "x.yaml").json["maps"]
        alone = run("sources", "--json", "--map", "x.yaml", "--map", "use=y.yaml").json["maps"]

        assert [(one["name"], one["mode"], one["holds"]) for one in found] == [
            (f"--map {tmp_path / 'x.yaml'}", "patch", True),
            ("wheelbridge.toml", "patch", True),
            ("wheelbridge.toml: extra.yaml", "extend", True),
            (str(Path("~") / file.relative_to(Path.home())), "patch", True),
        ]
        assert found[0]["file"] == str(tmp_path / "x.yaml")
        assert (found[0]["origin"], found[1]["file"]) == ("the command line", None)
        assert [one["holds"] for one in alone] == [True, True, False, False, False]

    @pytest.mark.usefixtures("project")
    def test_for_people(self, run: Run) -> None:
        """With what does not hold, and why."""
        shown = run("sources", "--map", "use=y.yaml").out

        assert "Maps of names" in shown
        assert "a nearer map is used alone" in shown

    def test_none(self, run: Run) -> None:
        """Nothing is said of what is not there."""
        assert run("sources", "--json").json["maps"] == []
        assert "Maps" not in run("sources").out


@pytest.mark.usefixtures("project")
def test_translate_takes_maps_and_reads_no_configuration(run: Run, tmp_path: Path) -> None:
    """A script gets the same everywhere."""
    (tmp_path / "names.json").write_text(json.dumps({"my-tool": "my_tool"}))
    given = ("--map", tmp_path / "names.json")

    (answer,) = run("translate", "name", "pypi:my-tool", *given).json["answers"]
    assert (answer["name"], answer["layer"]) == ("my_tool", f"--map {tmp_path / 'names.json'}")
    assert run("translate", "requirement", "my-tool>=1", *given).json["name"] == "my_tool"
    assert run("translate", "name", "pypi:my-tool").json["answers"] == []
