from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that people write."""
    path = tmp_path / "environment.yml"
    path.write_text("dependencies:\n  - numpy=1  # why\n", encoding="utf-8")
    return path


def test_what_changes_is_shown(run: Run, file: Path) -> None:
    """As a diff; what is there already is told."""
    said = run("add", "-f", file, "numpy>=2", "pypi:rich>=14")

    assert said.code == 0
    assert "-  - numpy=1  # why\n+  - numpy>=2  # why\n+  - pip:\n+      - rich>=14\n" in said.out
    assert file.read_text(encoding="utf-8") == "dependencies:\n  - numpy>=2  # why\n  - pip:\n      - rich>=14\n"
    assert "says so already" in run("add", "-f", file, "numpy>=2").out


def test_the_file_here_is_the_default(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for people it is."""
    monkeypatch.chdir(file.parent)
    assert run("drop", "numpy", "--json").json == {
        "success": True,
        "dry_run": False,
        "file": "environment.yml",
        "changed": True,
    }
    assert file.read_text(encoding="utf-8") == "dependencies:\n"


def test_a_dry_run_touches_nothing(run: Run, file: Path) -> None:
    """It shows what would change."""
    before = file.read_bytes()
    assert "+  - scipy" in run("add", "-f", file, "scipy", "--dry-run").out
    assert file.read_bytes() == before


def test_extras_and_groups_are_of_a_project(run: Run, tmp_path: Path, file: Path) -> None:
    """One of them, and of a pyproject.toml only."""
    project = tmp_path / "pyproject.toml"
    project.write_text('[project]\nname = "x"\n', encoding="utf-8")

    assert run("add", "-f", project, "rich", "--group", "dev", "-q").out == ""
    assert run("add", "-f", project, "rich", "--extra", "docs").code == 0
    assert project.read_text(encoding="utf-8") == (
        '[project]\nname = "x"\n\n[dependency-groups]\ndev = ["rich"]\n'
        '\n[project.optional-dependencies]\ndocs = ["rich"]\n'
    )
    assert run("add", "-f", project, "rich", "--extra", "docs", "--group", "dev").code == 2
    assert run("add", "-f", file, "rich", "--extra", "docs").code == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "numpy>=>2"), "invalid-spec"),
        (("add", "pypi:rich>=>2"), "invalid-requirement"),
        (("drop", "scipy"), "not-in-file"),
    ],
)
def test_errors_have_codes(run: Run, file: Path, arguments: tuple[str, ...], code: str) -> None:
    """And the file is as it was."""
    said = run(*arguments, "-f", file, "--json")

    assert said.code == 1
    assert said.json["error"]["code"] == code
    assert file.read_text(encoding="utf-8") == "dependencies:\n  - numpy=1  # why\n"


def test_secrets_are_not_shown(run: Run, file: Path) -> None:
    """A URL with a login goes into the file, and not onto the screen."""
    said = run("add", "-f", file, "pypi:a @ https://me:s3cret@host.example/a-1-py3-none-any.whl")

    assert said.code == 0
    assert "s3cret" not in said.out + said.err
    assert "s3cret" in file.read_text(encoding="utf-8")
