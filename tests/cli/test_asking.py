"""What is said to somebody who names files in the wrong way."""

from pathlib import Path

from tests.cli.conftest import Run


def test_a_file_in_the_place_of_a_spec(run: Run, tmp_path: Path) -> None:
    """Who forgets ``-f`` is told of it, and no channel is asked for a package of that name."""
    file = tmp_path / "environment.yml"
    file.write_text("dependencies: [python]\n", encoding="utf-8")
    error = run("solve", str(file), "--json").json["error"]

    assert (error["code"], error["message"]) == ("usage", f"{file} is a file, not a spec")
    assert error["hint"] == f"To install what it asks for, say -f {file}."


def test_a_file_that_names_no_environment(run: Run, tmp_path: Path) -> None:
    """The file may name it as well as the command line."""
    file = tmp_path / "environment.yml"
    file.write_text("dependencies: [python]\n", encoding="utf-8")
    error = run("create", "-f", str(file), "--json").json["error"]

    assert error["message"] == "The files name no environment"
    assert "name: NAME" in error["hint"]


def test_a_file_that_names_an_environment_in_vain(run: Run, tmp_path: Path) -> None:
    """``base`` is no name for a new one, and that is said."""
    file = tmp_path / "environment.yml"
    file.write_text("name: base\ndependencies: [python]\n", encoding="utf-8")
    said = run("create", "-f", str(file))

    assert said.code == 2
    assert "the name 'base' is not taken" in said.err


def test_an_environment_file_in_the_place_of_a_lock(run: Run, tmp_path: Path) -> None:
    """The command that makes a lock of it is named, ready to be run."""
    file = tmp_path / "my environment.yml"
    file.write_text("dependencies: [python]\n", encoding="utf-8")
    error = run("sync", "-p", str(tmp_path / "env"), str(file), "--json").json["error"]

    assert error["message"].endswith("it is no lock")
    assert f"wheelbridge lock -f '{file}'" in error["hint"]
