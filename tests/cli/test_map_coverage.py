"""``wheelbridge map coverage`` over files of every kind."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "environments"


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """A file that asks for names of every status."""
    path = tmp_path / "requirements.txt"
    path.write_text("numpy\nredis\ncmake\ncupy-cuda12x\nno-such-project-anywhere\n-e .\n", encoding="utf-8")
    return path


def test_counts_and_the_most_wanted(run: Run, requirements: Path) -> None:
    """People see how many names have an answer, and which ones have none."""
    ran = run("map", "coverage", requirements)

    assert ran.code == 0
    assert "PyPI projects: 5 names" in ran.out
    assert "unmapped, by mentions: no-such-project-anywhere 1" in ran.out
    assert "nothing is named there: 1" in ran.err


def test_programs_get_every_name(run: Run, requirements: Path) -> None:
    """The JSON has the counts, and each name with its answer."""
    answer = run("map", "coverage", requirements, "--json").json

    assert answer["success"]
    found = {name["name"]: (name["status"], name["answer"]) for name in answer["names"]}
    assert found["redis"] == ("verified", "redis-py")
    assert found["cupy-cuda12x"] == ("stand-in", "cupy")
    assert found["cmake"] == ("explained", "cmake")
    assert answer["counts"]["pypi"]["unmapped"] == {"names": 1, "mentions": 1}
    assert answer["unread"] == [f"{requirements}: -e ."]


def test_a_file_that_asks_for_nothing_is_an_error(run: Run, tmp_path: Path) -> None:
    """Code and hint, and exit code 1."""
    ran = run("map", "coverage", tmp_path / "nothing.txt", "--json")

    assert (ran.code, ran.json["error"]["code"]) == (1, "no-demand")


def test_secrets_are_not_printed(run: Run, tmp_path: Path) -> None:
    """Neither as names nor as lines: people and programs see the same."""
    (tmp_path / "environment.yml").write_text(
        'dependencies: ["https://u:s3cret@host.example/t/s3cret/x-1-0.conda", "zlib", {pip: ["--proxy u:s3cret@h"]}]\n',
        encoding="utf-8",
    )
    (tmp_path / "pyproject.toml").write_text(
        'external.dependencies = ["dep:generic/x?url=https://u:s3cret@host.example/x", "dep:generic/x?k=s3cret"]',
        encoding="utf-8",
    )

    ran, answer = run("map", "coverage", tmp_path), run("map", "coverage", tmp_path, "--json")

    assert "s3cret" not in ran.out + ran.err + answer.out
    assert [name["name"] for name in answer.json["names"]] == ["zlib", "dep:generic/x?…"]


def test_an_alias_counts_as_what_it_stands_for(run: Run, tmp_path: Path) -> None:
    """The answers are those of `map lookup`: aliases of the registry and of PEP 725's own examples are followed."""
    (tmp_path / "pyproject.toml").write_text(
        "[external]\n"
        'build-host-requires = ["dep:virtual/compiler/cpp@>=2017", "dep:github/Kitware/CMake", "dep:generic/cmake"]\n'
        'dependencies = ["dep:generic/no-such-thing", "dep:virtual/compiler/swift"]\n',
        encoding="utf-8",
    )

    names = run("map", "coverage", tmp_path / "pyproject.toml", "--json").json["names"]

    assert {name["name"]: (name["status"], name["mentions"]) for name in names} == {
        "dep:virtual/compiler/cxx": ("curated", 1),
        "dep:generic/cmake": ("curated", 1),
        "dep:virtual/compiler/swift": ("explained", 1),
        "dep:generic/no-such-thing": ("unmapped", 1),
    }
    assert next(name["answer"] for name in names if name["name"] == "dep:generic/cmake") == "cmake"


@pytest.mark.shared_data
@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded environment files are not beside the checkout")
def test_real_environment_files_are_mostly_answered(run: Run) -> None:
    """Real files: at least three quarters of what their pip sections ask for is a known conda package."""
    counts = run("map", "coverage", RECORDED, "--json").json["counts"]["pypi"]
    known = sum(counts.get(status, {"mentions": 0})["mentions"] for status in ("curated", "verified", "observed"))

    assert known / sum(count["mentions"] for count in counts.values()) > 0.75
