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
    assert "1 lines name nothing by themselves" in ran.err


def test_programs_get_every_name(run: Run, requirements: Path) -> None:
    """The JSON has the counts, and each name with its answer."""
    answer = run("map", "coverage", requirements, "--json").json

    assert answer["success"]
    found = {name["name"]: (name["status"], name["answer"]) for name in answer["names"]}
    assert found["redis"] == ("verified", "redis-py")
    assert found["cupy-cuda12x"] == ("stand-in", "cupy")
    assert found["cmake"] == ("explained", "cmake")
    assert answer["counts"]["pypi"]["unmapped"] == {"names": 1, "mentions": 1}
    assert answer["unread"] == ["requirements.txt: -e ."]


def test_a_file_that_asks_for_nothing_is_an_error(run: Run, tmp_path: Path) -> None:
    """Code and hint, and exit code 1."""
    ran = run("map", "coverage", tmp_path / "nothing.txt", "--json")

    assert (ran.code, ran.json["error"]["code"]) == (1, "no-demand")


@pytest.mark.shared_data
@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded environment files are not beside the checkout")
def test_real_environment_files_are_mostly_answered(run: Run) -> None:
    """Real files: at least three quarters of what their pip sections ask for is a known conda package."""
    counts = run("map", "coverage", RECORDED, "--json").json["counts"]["pypi"]
    known = sum(counts.get(status, {"mentions": 0})["mentions"] for status in ("curated", "verified", "observed"))

    assert known / sum(count["mentions"] for count in counts.values()) > 0.75
