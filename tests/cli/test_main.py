"""Whatever goes wrong becomes one message and one exit code; with ``--json``, one object."""

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.condapackages import index_channel, make_conda
from wheelbridge.cli.main import OperatingSystemError, as_ours
from wheelbridge.cli.output import note, show_error
from wheelbridge.errors import WheelbridgeError

WHEELBRIDGE = (sys.executable, "-m", "wheelbridge")
TOO_LONG = "x" * 5000
"""No file system has such a name."""


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code", "message"),
    [
        pytest.param(("list", "-p", TOO_LONG), 1, "os-error", "File name too long", id="a name too long"),
        pytest.param(
            ("create", "-p", "{file}/env", "-c", "{folder}", "python", "-y"),
            1,
            "os-error",
            "Not a directory",
            id="file",
        ),
        pytest.param(("list", "-p", "{folder}"), 1, "not-an-environment", "{folder}", id="refused"),
        pytest.param(("solve", "python[[", "-c", "{folder}"), 1, "invalid-spec", "'python[['", id="no spec"),
        pytest.param(("nonsense",), 2, "usage", "No such command 'nonsense'", id="no command"),
        pytest.param(("solve", "--nonsense"), 2, "usage", "No such option: --nonsense", id="no option"),
        pytest.param(("solve", "python", "-c"), 2, "usage", "requires an argument", id="no value"),
        pytest.param(("remove", "-p", "{folder}"), 2, "usage", "Nothing to remove", id="no argument"),
        pytest.param(("solve", "-v", "-c", "{folder}"), 2, "usage", "Nothing to solve", id="nothing to do"),
    ],
)
class TestErrors:
    """A code for programs, a message for people, and an exit code for scripts."""

    @staticmethod
    def fill(arguments: tuple[str, ...], folder: Path) -> list[str]:
        """Put the names of a real file and a real folder in."""
        (folder / "file").touch()
        return [text.format(file=folder / "file", folder=folder) for text in arguments]

    def test_for_people(
        self, run: Run, tmp_path: Path, arguments: tuple[str, ...], exit_code: int, code: str, message: str
    ) -> None:
        """On standard error, after the word."""
        ran = run(*self.fill(arguments, tmp_path))

        assert (ran.code, ran.out) == (exit_code, "")
        assert ran.err.startswith("error: ")
        assert message.format(folder=tmp_path) in ran.err.replace("\n", " ")
        assert code != "usage" or "\nhint: " in ran.err

    def test_for_programs(
        self, run: Run, tmp_path: Path, arguments: tuple[str, ...], exit_code: int, code: str, message: str
    ) -> None:
        """One object on standard output, in one line, and nothing beside it."""
        command, *others = self.fill(arguments, tmp_path)
        ran = run(command, "--json", *others)

        assert (ran.code, ran.err) == (exit_code, "")
        assert ran.out.count("\n") == 1
        assert (ran.json["success"], ran.json["error"]["code"]) == (False, code)
        assert message.format(folder=tmp_path) in ran.json["error"]["message"]


def test_nobody_foresaw_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The report has no login of a URL in it, which other libraries' errors may name."""
    ours = as_ours(ValueError("no answer of https://me:secret@host.example/t/tk-hidden/x"))

    report = capsys.readouterr().err.splitlines()[-1]
    assert report.startswith("ValueError: no answer of https://")
    assert ours.message.startswith("ValueError: no answer of https://")
    assert "secret" not in report + ours.message
    assert "tk-hidden" not in report + ours.message


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["text", "json"])
def test_ctrl_c(as_json: tuple[str, ...]) -> None:
    """130, as shells have it, and no traceback."""
    command = [*WHEELBRIDGE, "translate", "specifier", "--batch", *as_json]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(">=1\n")
        process.stdin.flush()
        assert ">=1" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert ("Interrupted" in err, '"interrupted"' in out) == (not as_json, bool(as_json))
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
def test_ctrl_c_while_an_index_does_not_answer(tmp_path: Path) -> None:
    """Neither the command nor python's end waits for threads that do; their time would be up after minutes."""
    make_conda(tmp_path / "channel", "python", "3.12.1", {})
    index_channel(tmp_path / "channel")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        asked = [*WHEELBRIDGE, "solve", "pypi:slow", "-i", index, "-c", str(tmp_path / "channel")]
        with subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=tmp_path) as process:
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGINT)
                _, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (130, b"error: Interrupted\n")


@pytest.mark.parametrize("arguments", [("translate", "specifier", ">=1"), ("target",), ("target", "--json")])
def test_a_reader_that_went_away(arguments: tuple[str, ...]) -> None:
    """As in ``wheelbridge … | head -0``: 1, and not a word."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run([*WHEELBRIDGE, *arguments], stdout=writing, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writing)

    assert (done.returncode, done.stderr) == (1, b"")


def test_success_is_zero() -> None:
    """Also as a process: what `main` returns is what the shell sees."""
    for arguments, code in ((("--version",), 0), (("list", "-p", "/nonesuch"), 1), (("list",), 2)):
        done = subprocess.run([*WHEELBRIDGE, *arguments], capture_output=True, check=False)
        assert done.returncode == code


class TestOsErrors:
    """What the operating system refuses."""

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            (".overrides.yaml.part", "overrides.yaml"),
            (".curated.conda-forge.tsv.31696", "curated.conda-forge.tsv"),
            (".condarc", ".condarc"),
            ("plain.yaml", "plain.yaml"),
        ],
    )
    @pytest.mark.parametrize("make", [str, os.fsencode, Path])
    def test_a_file_has_the_name_that_people_know(
        self, tmp_path: Path, name: str, shown: str, make: Callable[[str], object]
    ) -> None:
        """One that is replaced whole is written under a hidden name first."""
        error = OperatingSystemError(OSError(errno.EACCES, "Permission denied", make(str(tmp_path / name))))

        assert error.message == f"Permission denied ({tmp_path / shown})"

    def test_a_file_that_cannot_take_its_place_is_the_place(self, tmp_path: Path) -> None:
        """Of two names, the second one is where it should go."""
        (tmp_path / "x" / "y").mkdir(parents=True)
        (tmp_path / ".x.part").touch()
        with pytest.raises(OSError, match="x") as caught:
            (tmp_path / ".x.part").replace(tmp_path / "x")

        assert OperatingSystemError(caught.value).message == f"Is a directory ({tmp_path / 'x'})"

    @pytest.mark.parametrize(
        ("number", "file", "hint"),
        [
            (errno.EACCES, "x", "Check who may read and write there, or name another place."),
            (errno.EROFS, "x", "Check who may read and write there, or name another place."),
            (errno.ENOSPC, None, "Make room there, or name another place."),
            (errno.ENOENT, "x", "Check that the folder, or the file, is there."),
            (errno.EIO, "x", "Check that path."),
            (errno.EIO, None, None),
        ],
    )
    def test_a_hint_says_what_to_do(self, number: int, file: str | None, hint: str | None) -> None:
        """Where something can be done."""
        assert OperatingSystemError(OSError(number, "no", file)).hint == hint


class _OddError(WheelbridgeError):
    """An error whose words come from a file."""

    def __init__(self) -> None:
        super().__init__("a\x1b[31m\n  b\u202e", hint="c\x07\td")


def test_nothing_of_a_message_is_a_command_of_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """An error may explain itself in several lines; a note is one."""
    show_error(_OddError())
    note("a\x1b[31m\n  b\u202e")

    assert capsys.readouterr().err == "error: a?[31m\n  b?\nhint: c? d\nnote: a?[31m   b?\n"
