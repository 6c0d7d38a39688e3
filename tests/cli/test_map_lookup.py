"""``wheelbridge map lookup`` and ``wheelbridge map explain``."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

ROWS = """
tool-a: {conda: tool_a, not: [tool-a], reason: the other one is a library, evidence: [a look], reviewed: 2026-11-21}
gone: null
cuda-thing: {conda: thing, relation: equivalent, specs: [cuda-version >=12]}
limited: {conda: half, pypi_range: "<5"}
"""
ANSWER = {
    "name",
    "relation",
    "role",
    "confidence",
    "layer",
    "reason",
    "specs",
    "pypi_range",
    "not",
    "evidence",
    "reviewed",
}


@pytest.fixture
def own(tmp_path: Path) -> str:
    """A map that is used alone, so that no change of the tables changes what these tests see."""
    (tmp_path / "own.yaml").write_text(ROWS)
    return f"use={tmp_path / 'own.yaml'}"


def answers(run: Run, *arguments: object) -> list[dict[str, Any]]:
    """Return what ``--json`` has of each name."""
    found = run("map", *arguments, "--json")
    assert (found.code, found.json["success"]) == (0, True)
    return list(found.json["names"])


class TestLookup:
    """One answer a name."""

    def test_json(self, run: Run, own: str) -> None:
        """The object of ``translate name``, with what was asked for."""
        (found,) = answers(run, "lookup", "pypi:Tool.A", "--map", own)
        (translated,) = [run("translate", "name", "pypi:Tool.A", "--map", own).json]

        assert (found["input"], found["name"], found["known"]) == ("pypi:Tool.A", "pypi:tool-a", True)
        assert {key: found[key] for key in translated} == translated
        (answer,) = found["answers"]
        assert answer.keys() == ANSWER
        assert (answer["name"], answer["relation"], answer["role"]) == ("tool_a", "dist", "identity")
        assert (answer["confidence"], answer["reviewed"], answer["not"]) == ("curated", "2026-11-21", ["tool-a"])

    @pytest.mark.parametrize(
        ("name", "answer", "role"),
        [
            ("pypi:gone", None, "explanation"),
            ("pypi:cuda-thing", "thing", "stand-in"),
            ("pypi:limited", "half", "stand-in"),
            ("conda:tool_a", "tool-a", "identity"),
        ],
    )
    def test_what_a_row_may_do(self, run: Run, own: str, name: str, answer: str | None, role: str) -> None:
        """No counterpart is an answer."""
        (found,) = answers(run, "lookup", name, "--map", own)

        assert [(one["name"], one["role"]) for one in found["answers"]] == [(answer, role)]

    def test_nothing_known_is_an_answer(self, run: Run, own: str) -> None:
        """The exit code is 0, the lists are empty."""
        (found,) = answers(run, "lookup", "pypi:nobody-knows-this", "--map", own)

        assert (found["answers"], found["candidates"], found["ambiguous"], found["known"]) == ([], [], False, False)

    def test_a_bare_name_is_tried_in_both_worlds(self, run: Run, own: str) -> None:
        """PyPI first, and people are told."""
        found = answers(run, "lookup", "tool_a", "--map", own)
        shown = run("map", "lookup", "tool_a", "--map", own)

        assert [(one["name"], len(one["answers"])) for one in found] == [("pypi:tool-a", 1), ("conda:tool_a", 1)]
        assert "a PyPI project first" in shown.err
        assert [line.split()[0] for line in shown.out.splitlines()] == ["name", "pypi:tool-a", "conda:tool_a"]

    @pytest.mark.parametrize("name", ["npm:left-pad", "pypi:", "pypi:a b", "conda:__glibc", "a b", "://"])
    def test_no_name(self, run: Run, name: str) -> None:
        """Wrong usage, and how to write it."""
        found = run("map", "lookup", "--json", name)

        assert (found.code, found.json["error"]["code"]) == (2, "usage")
        assert "pypi:torch" in found.json["error"]["hint"]

    def test_lines_for_people(self, run: Run, own: str) -> None:
        """Specs and versions stand beside the package."""
        names = ("pypi:cuda-thing", "pypi:limited", "pypi:gone", "pypi:nobody-knows-this", "conda:docker")
        shown = run("map", "lookup", *names, "--map", own).out

        assert "thing with cuda-version >=12" in shown
        assert "half for <5" in shown
        assert "no counterpart" in shown
        assert "no row" in shown
        assert "a package that is no project" in shown

    def test_guesses_are_shown_where_they_are_asked_for(self, run: Run, tmp_path: Path) -> None:
        """They are no answers; a package that a row calls wrong, or gives to another project, is none."""
        (tmp_path / "near.yaml").write_text("mine: docker-py\nother: python-lmdb\n")
        (tmp_path / "far.yaml").write_text("docker: {conda: docker-py, not: [docker]}\nzstd: null\n")
        given = ("--map", tmp_path / "near.yaml", "--map", f"use={tmp_path / 'far.yaml'}")
        lmdb, docker, zstd = answers(run, "lookup", "pypi:lmdb", "pypi:docker", "pypi:zstd", "--guess", *given)
        (unasked,) = answers(run, "lookup", "pypi:lmdb", *given)

        assert (lmdb["answers"], lmdb["guesses"]) == ([], [{"name": "lmdb", "confidence": "guess"}])
        assert docker["ambiguous"]
        assert "docker" not in [one["name"] for one in docker["guesses"]]
        assert (unasked["guesses"], zstd["guesses"]) == ([], [])

    @pytest.mark.parametrize("name", ["dep:generic/zlib", "DEP:generic/zlib"])
    def test_an_external_dependency(self, run: Run, name: str) -> None:
        """By its id; the tables are those of wheelbridge."""
        (found,) = answers(run, "lookup", name)
        (story,) = answers(run, "explain", name)

        assert (found["input"], found["name"], found["known"]) == (name, "dep:generic/zlib", True)
        assert {key: story[key] for key in found} == found
        assert story["winner"] == found["answers"][0]["layer"] == "curated"
        assert "dep:generic/zlib" in run("map", "lookup", name).out
        assert "<- decides" in run("map", "explain", name).out

    def test_ambiguous(self, run: Run, tmp_path: Path) -> None:
        """The candidates are listed."""
        (tmp_path / "own.yaml").write_text("my-docker: docker-py\n")
        (found,) = answers(run, "lookup", "pypi:docker", "--map", tmp_path / "own.yaml")

        assert (found["answers"], found["ambiguous"], found["candidates"]) == ([], True, ["docker-py"])
        assert "ambiguous: docker-py" in run("map", "lookup", "pypi:docker", "--map", tmp_path / "own.yaml").out

    def test_the_channels_are_those_of_a_solve(self, run: Run, tmp_path: Path) -> None:
        """``-c`` brings a channel's own rows."""
        (tmp_path / "own.yaml").write_text("p: {conda: theirs, channels: [bioconda]}\n")
        given = ("--map", f"use={tmp_path / 'own.yaml'}")
        (without,) = answers(run, "lookup", "pypi:p", *given)
        (found,) = answers(run, "lookup", "pypi:p", "-c", "bioconda", *given)

        assert without["answers"] == []
        assert [(one["name"], one["layer"]) for one in found["answers"]] == [
            ("theirs", f"--map {tmp_path / 'own.yaml'} (bioconda)")
        ]


class TestExplain:
    """Every layer's word, and why one won."""

    def test_layers(self, run: Run, own: str, tmp_path: Path) -> None:
        """In order, with all that a row says; the nearest that speaks decides."""
        (tmp_path / "near.yaml").write_text("other: something\n")
        (tmp_path / "below.yaml").write_text("tool-a: lowest\n")
        near, below = tmp_path / "near.yaml", f"extend={tmp_path / 'below.yaml'}"
        (found,) = answers(run, "explain", "pypi:tool-a", "--map", near, "--map", below, "--map", own)
        first, second, third = found["layers"]

        assert [one["layer"].rpartition("/")[2] for one in found["layers"]] == ["near.yaml", "own.yaml", "below.yaml"]
        assert (first["row"], first["decides"]) == (None, False)
        assert (second["row"]["conda"], second["decides"]) == ("tool_a", True)
        assert second["row"]["reason"] == "the other one is a library"
        assert second["row"]["evidence"] == ["a look"]
        assert (third["row"]["conda"], third["decides"]) == ("lowest", False)
        assert (found["winner"], found["solver_name"]) == (second["layer"], "tool_a")

    def test_what_was_silenced(self, run: Run, tmp_path: Path) -> None:
        """The rival is named, and what to do about it."""
        (tmp_path / "own.yaml").write_text("my-docker: docker-py\n")
        (found,) = answers(run, "explain", "pypi:docker", "--map", tmp_path / "own.yaml")
        decisive = next(one for one in found["layers"] if one["decides"])
        shown = run("map", "explain", "pypi:docker", "--map", tmp_path / "own.yaml").out

        assert (decisive["rival"], decisive["rival_project"]) == (f"--map {tmp_path / 'own.yaml'}", "my-docker")
        assert found["ambiguous"]
        assert len(found["advice"]) == 3
        assert f"silenced: --map {tmp_path / 'own.yaml'} makes that package my-docker" in shown
        assert "--route pypi:docker=SOURCE" in shown

    def test_a_package(self, run: Run, own: str) -> None:
        """Who speaks of it, also to say that it is not it; then the project that it is."""
        is_it, is_not = answers(run, "explain", "conda:tool_a", "conda:tool-a", "--map", own)

        assert [(one["as"], one["row"]["pypi"]) for one in is_it["mentions"]] == [("answer", "tool-a")]
        assert [one["name"] for one in is_it["projects"]] == ["pypi:tool-a"]
        assert [(one["as"], one["decides"]) for one in is_not["mentions"]] == [("not", True)]
        assert (is_not["answers"], is_not["projects"]) == ([], [])

    @pytest.mark.parametrize(
        ("name", "package"),
        [
            ("docker", "docker-py"),
            ("lmdb", "python-lmdb"),
            ("tzdata", "python-tzdata"),
            ("matplotlib", "matplotlib-base"),
            ("opencv-python", "py-opencv"),
        ],
    )
    def test_the_traps(self, run: Run, name: str, package: str) -> None:
        """On the tables as they are shipped: the package of the same name is another thing, or none."""
        project, conda = answers(run, "explain", name)
        identity = next(rule for rule in project["rules"] if rule["rule"] == "identity")
        backward = next(rule for rule in conda["rules"] if rule["rule"] == "identity")

        assert [one["name"] for one in project["answers"]] == [package]
        assert identity["name"] == name
        assert identity["verdict"] != "same"
        assert backward["verdict"] != "same"
        assert conda["answers"] == []

    @pytest.mark.parametrize("name", ["cupy-cuda12x", "pyqt5", "faiss"])
    def test_what_is_no_plain_identity(self, run: Run, name: str) -> None:
        """Both directions are told."""
        project, conda = answers(run, "explain", name)
        shown = run("map", "explain", name)

        assert (project["name"], conda["name"]) == (f"pypi:{name}", f"conda:{name}")
        assert shown.code == 0
        assert f"pypi:{name} -> " in shown.out
        assert f"conda:{name} -> " in shown.out

    def test_a_warning_where_the_same_name_is_another_package(self, run: Run) -> None:
        """For people; in JSON it is a verdict."""
        shown = run("map", "explain", "pypi:docker").out

        assert "WARNING: the same name would answer docker" in shown
        assert "conda-pypi's rule without its table" in shown
        assert "WARNING: conda-pypi" not in shown

    def test_a_row_that_says_no(self, run: Run, own: str) -> None:
        """A reviewed row names the package that looks right."""
        (found,) = answers(run, "explain", "pypi:tool-a", "--map", own.removeprefix("use="))
        assert found["rules"][0]["verdict"] == "unknown"
        Path(own.removeprefix("use=")).write_text("docker: {conda: docker-py, not: [docker]}\n")
        (found,) = answers(run, "explain", "pypi:docker", "--map", own.removeprefix("use="))

        assert (found["rules"][0]["verdict"], "says that it is not" in found["rules"][0]["text"]) == ("another", True)


class TestWheels:
    """What wheels of a project need besides what their metadata say."""

    ROWS = "wheels:\n  - {pypi: PyODBC, when: [linux-*], depends: [my-odbc >=1]}\n  - {pypi: gone, relation: none}\n"

    def test_of_the_tables(self, run: Run) -> None:
        """Rows of `mappings/wheels`, each with its layer; a package has none."""
        project, conda = answers(run, "lookup", "pyodbc")
        (row,) = project["wheels"]
        shown = run("map", "lookup", "pypi:pyodbc", "pypi:mpi4py").out

        assert (row["layer"], row["depends"], row["when"]) == ("curated", ["unixodbc"], ["linux-*"])
        assert "wheels" not in conda
        assert "wheels need unixodbc on linux-*" in shown
        assert "wheels need one of mpich >=3.4 / openmpi >=4.1" in shown

    def test_of_a_map(self, run: Run, tmp_path: Path) -> None:
        """It replaces what is shipped; `explain` shows both, and which counts."""
        (tmp_path / "own.yaml").write_text(self.ROWS)
        given = ("--map", tmp_path / "own.yaml")
        (found,) = answers(run, "lookup", "pypi:pyodbc", *given)
        (story,) = answers(run, "explain", "pypi:pyodbc", *given)
        shown = run("map", "explain", "pypi:pyodbc", "pypi:gone", *given).out

        assert [one["depends"] for one in found["wheels"]] == [["my-odbc >=1"]]
        assert [(one["depends"], one["decides"]) for one in story["wheels"]] == [
            (["my-odbc >=1"], True),
            (["unixodbc"], False),
        ]
        assert "wheels need my-odbc >=1 on linux-* <- counts" in shown
        assert "curated: wheels need unixodbc on linux-* (not asked any more)" in shown
        assert "wheels need what no package has" in shown


class TestRule:
    """``--data``: the folder of the public tables."""

    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        """A folder with a table like regro's."""
        (tmp_path / "data" / "names").mkdir(parents=True)
        names = {"docker": "docker-py", "lmdb": "lmdb", "x": "docker-py"}
        table = {project: {"conda_name": package} for project, package in names.items()}
        (tmp_path / "data" / "names" / "regro-grayskull.json").write_text(json.dumps(table))
        return tmp_path / "data"

    def test_exactly(self, run: Run, data: Path) -> None:
        """What that tool would do, and whether that is another package."""
        docker, lmdb, other = answers(run, "explain", "pypi:docker", "pypi:lmdb", "pypi:tzdata", "--data", data)

        assert [one["rules"][1]["exact"] for one in (docker, lmdb, other)] == [True] * 3
        assert [one["rules"][1]["name"] for one in (docker, lmdb, other)] == ["docker-py", "lmdb", "tzdata"]
        assert [one["rules"][1]["verdict"] for one in (docker, lmdb, other)] == ["same", "another", "another"]
        assert "WARNING: conda-pypi's rule would answer lmdb" in run("map", "explain", "pypi:lmdb", "--data", data).out

    def test_backwards(self, run: Run, data: Path) -> None:
        """Where the table has several projects for a package, all of them."""
        found, graphviz = answers(run, "explain", "conda:docker-py", "conda:graphviz", "--data", data)
        rules = [(rule["name"], rule["verdict"]) for rule in found["rules"] if rule["rule"] == "conda-pypi"]

        assert rules == [("docker", "same"), ("x", "another")]
        assert [rule["name"] for rule in graphviz["rules"]] == ["graphviz", "graphviz"]

    @pytest.mark.parametrize("text", ["[]", '{"a": 3}', '{"a": {}}'])
    def test_another_file(self, run: Run, data: Path, text: str) -> None:
        """It is refused by its name."""
        (data / "names" / "regro-grayskull.json").write_text(text)
        found = run("map", "explain", "pypi:docker", "--data", data, "--json")

        assert (found.code, found.json["error"]["code"]) == (1, "unreadable-table")

    def test_no_file(self, run: Run, tmp_path: Path) -> None:
        """As any table that is missing."""
        found = run("map", "explain", "pypi:docker", "--data", tmp_path, "--json")

        assert found.json["error"]["code"] == "missing-table"


def test_nothing_that_a_map_says_reaches_the_terminal_as_a_command(run: Run, tmp_path: Path) -> None:
    """A reason may hold anything."""
    (tmp_path / "own.json").write_text(json.dumps({"p": {"conda": "c", "reason": "\x1b[31mred", "evidence": ["\x07"]}}))
    shown = run("map", "explain", "pypi:p", "--map", tmp_path / "own.json").out

    assert "?[31mred" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("pypi:reqeusts", "did you mean requests"),
        ("reqeusts", "did you mean requests"),
        ("numpy", None),
        ("libffi", None),
        ("no-such-project-at-all", None),
    ],
)
def test_a_slip_is_pointed_out(run: Run, name: str, hint: str | None) -> None:
    """A name that no row knows, under either meaning, and that is almost a known one; still no error."""
    ran = run("map", "lookup", name)

    assert ran.code == 0
    assert (hint in ran.err) if hint else ("did you mean" not in ran.err)
