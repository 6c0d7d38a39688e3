import io
import stat
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

OLD = '# mine\r\n[external]\r\nbuild-host-requires = ["pkg:generic/zlib"] # z\r\n'
NEW = '# mine\r\n[external]\r\nhost-requires = ["dep:generic/zlib"] # z\r\n'
HALF = '[external]\nhost-requires = ["pkg:generic/zlib", {name = "x"}]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write a project with an old table."""
    path = tmp_path / "pyproject.toml"
    path.write_bytes(OLD.encode())
    return path


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """Write one of which not everything can be upgraded."""
    path = tmp_path / "half.toml"
    path.write_bytes(HALF.encode())
    return path


class TestWriting:
    """The file is rewritten in its place; a second run has nothing to do."""

    def test_the_file_is_upgraded_once(self, run: Run, project: Path) -> None:
        """What changed is told, with its place."""
        first, second = run("external", "upgrade", project.parent), run("external", "upgrade", project)

        assert (first.code, second.code) == (0, 0)
        assert first.out == (
            "external.build-host-requires: build-host-requires -> host-requires\n"
            "external.build-host-requires[0]: pkg:generic/zlib -> dep:generic/zlib\n"
            f"Wrote {project}\n"
        )
        assert second.out == f"Nothing to do: the [external] table of {project} follows the current draft of PEP 725.\n"
        assert project.read_bytes() == NEW.encode()

    def test_permissions_and_links_stay(self, run: Run, project: Path, tmp_path: Path) -> None:
        """The link leads to the new file."""
        project.chmod(0o640)
        link = tmp_path / "link.toml"
        link.symlink_to(project)

        run("external", "upgrade", link)

        assert link.is_symlink()
        assert project.read_bytes() == NEW.encode()
        assert stat.S_IMODE(project.stat().st_mode) == 0o640

    def test_json_says_what_was_done(self, run: Run, project: Path) -> None:
        """One object."""
        ran = run("external", "upgrade", project, "--json")

        assert ran.err == ""
        assert ran.json == {
            "success": True,
            "file": str(project),
            "outdated": True,
            "written": True,
            "upgrades": [
                {"path": "external.build-host-requires", "old": "build-host-requires", "new": "host-requires"},
                {"path": "external.build-host-requires[0]", "old": "pkg:generic/zlib", "new": "dep:generic/zlib"},
            ],
            "leftovers": [],
        }

    def test_nothing_is_written_where_nothing_changes(self, run: Run, project: Path) -> None:
        """Not even the same bytes: the file keeps its time."""
        run("external", "upgrade", project)
        before = project.stat()

        assert run("external", "upgrade", project, "--json").json["written"] is False
        assert (project.stat().st_ino, project.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_standard_input_becomes_standard_output(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """A filter, for editors and scripts; line ends stay."""
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(OLD.encode())))

        ran = run("external", "upgrade", "-")

        assert (ran.code, ran.out, ran.err) == (0, NEW, "")

    def test_standard_input_as_json(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """The document is in the object."""
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(OLD.encode())))

        found = run("external", "upgrade", "-", "--json").json

        assert (found["file"], found["written"], found["document"]) == (None, False, NEW)


class TestAsking:
    """``--check`` and ``--diff`` write nothing."""

    def test_check_is_for_scripts(self, run: Run, project: Path) -> None:
        """1 where there is something to do, 0 where not."""
        before = run("external", "upgrade", project, "--check")
        assert project.read_bytes() == OLD.encode()
        run("external", "upgrade", project)
        after = run("external", "upgrade", project, "--check", "--json")

        assert (before.code, after.code, after.json["outdated"]) == (1, 0, False)
        assert before.out.endswith(f"To be written: {project}\n")

    def test_the_diff_can_be_applied(self, run: Run, tmp_path: Path) -> None:
        """Snapshot: a unified diff, of a file without an end of its last line."""
        path = tmp_path / "x.toml"
        path.write_text('[external]\nhost-requires = ["pkg:generic/zlib"]', encoding="utf-8")

        ran = run("external", "upgrade", path, "--diff")

        assert (ran.code, path.read_text("utf-8").count("pkg:")) == (0, 1)
        assert ran.out == (
            f"--- {path}\n+++ {path} (upgraded)\n@@ -1,2 +1,2 @@\n [external]\n"
            '-host-requires = ["pkg:generic/zlib"]\n\\ No newline at end of file\n'
            '+host-requires = ["dep:generic/zlib"]\n\\ No newline at end of file\n'
        )
        assert run("external", "upgrade", path, "--diff", "--check", "--json").json["diff"] == ran.out


class TestSuccess:
    """``success`` says what the exit code says."""

    @pytest.mark.parametrize(
        ("options", "text", "success"),
        [
            ((), OLD, True),
            (("--check",), OLD, False),
            (("--check",), NEW, True),
            (("--check", "--diff"), OLD, False),
            (("--diff",), OLD, True),
            (("--diff",), HALF, False),
            (("--partial",), HALF, False),
            (("--partial",), OLD, True),
        ],
    )
    def test_it_agrees(self, run: Run, tmp_path: Path, options: tuple[str, ...], text: str, success: bool) -> None:
        """Programs may look at either."""
        path = tmp_path / "x.toml"
        path.write_bytes(text.encode())

        ran = run("external", "upgrade", path, *options, "--json")

        assert (ran.json["success"], ran.code) == (success, int(not success))


class TestLeftovers:
    """What cannot be upgraded is for a person; nothing is lost, and nothing is written without a word."""

    def test_nothing_is_written(self, run: Run, half: Path) -> None:
        """All or nothing, unless asked otherwise."""
        ran = run("external", "upgrade", half)

        assert (ran.code, ran.out, half.read_text("utf-8")) == (1, "", HALF)
        assert ran.err == (
            "note: external.host-requires[1]: expected a text such as 'dep:generic/zlib@>=1.2', got a table\n"
            f"error: {half} was not changed: external.host-requires[1]: expected a text such as "
            "'dep:generic/zlib@>=1.2', got a table\n"
            "hint: Change that by hand, then upgrade again; --partial writes the rest before.\n"
        )

    def test_partial_writes_the_rest(self, run: Run, half: Path) -> None:
        """And still says that it is not all."""
        ran = run("external", "upgrade", half, "--partial", "--json")

        assert (ran.code, ran.json["written"]) == (1, True)
        assert [one["path"] for one in ran.json["leftovers"]] == ["external.host-requires[1]"]
        assert half.read_text("utf-8") == HALF.replace("pkg:", "dep:")

    def test_partial_writes_the_other_keys(self, run: Run, tmp_path: Path) -> None:
        """Where one key cannot be put together; only what is written is told."""
        path = tmp_path / "x.toml"
        text = (
            '[external]\nbuild-requires = ["pkg:generic/cmake"]\noptional-host-requires = {x = ["dep:generic/a"]}\n'
            'optional-build-host-requires = {x = ["dep:generic/b"]}\n'
        )
        path.write_text(text, encoding="utf-8")

        checked = run("external", "upgrade", path, "--check")
        ran = run("external", "upgrade", path, "--partial", "--json")

        assert "optional" not in checked.out
        assert [one["new"] for one in ran.json["upgrades"]] == ["dep:generic/cmake"]
        assert [one["path"] for one in ran.json["leftovers"]] == ["external.optional-build-host-requires"]
        assert "on one line" in ran.json["leftovers"][0]["reason"]
        assert path.read_text("utf-8") == text.replace("pkg:", "dep:")

    def test_nothing_is_to_be_written_where_nothing_can_be(self, run: Run, tmp_path: Path) -> None:
        """A table on one line cannot be put together."""
        path = tmp_path / "x.toml"
        text = 'external = {host-requires = ["dep:generic/a"], build-host-requires = ["dep:generic/b"]}\n'
        path.write_text(text, encoding="utf-8")

        checked = run("external", "upgrade", path, "--check")

        assert (checked.code, checked.out) == (1, f"Nothing can be upgraded in {path}.\n")
        assert "stands in a table on one line" in checked.err
        assert run("external", "upgrade", path, "--check", "--json").json["outdated"] is True

    def test_the_error_lists_them(self, run: Run, half: Path) -> None:
        """For programs."""
        error = run("external", "upgrade", half, "--json").json["error"]

        assert (error["code"], error["place"]) == ("external-not-upgradable", str(half))
        assert error["leftovers"][0]["path"] == "external.host-requires[1]"

    def test_check_finds_them_too(self, run: Run, tmp_path: Path) -> None:
        """A table that only a person can bring up to date is not up to date."""
        path = tmp_path / "x.toml"
        path.write_text("[external]\nops = []\n", encoding="utf-8")

        ran = run("external", "upgrade", path, "--check")

        assert (ran.code, ran.out) == (1, f"Nothing can be upgraded in {path}.\n")
        assert ran.err == "note: external.ops: PEP 725 has no such key\n"

    def test_no_table(self, run: Run, tmp_path: Path) -> None:
        """Nothing to do."""
        path = tmp_path / "x.toml"
        path.write_text("", encoding="utf-8")

        assert run("external", "upgrade", path).out == f"Nothing to do: {path} has no [external] table.\n"
