"""The help texts of all commands."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from tests.cli.conftest import Run
from wheelbridge.cli.app import app

_BRACKETS = re.compile(r"\[[^\[\]]*\]")


def commands(command: Any, *names: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command, the groups included, with the words that call it."""
    yield names, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, *names, name)


def texts(command: Any) -> Iterator[str]:
    """Yield what the command's help shows: its own text, those of its options, the first lines of its commands."""
    yield command.help or ""
    for parameter in command.params:
        if not getattr(parameter, "hidden", False):
            yield getattr(parameter, "help", None) or ""
            yield parameter.metavar or ""
    for child in getattr(command, "commands", {}).values():
        yield (child.help or "").partition("\n")[0]


COMMANDS = dict(commands(get_command(app)))


@pytest.mark.parametrize("names", COMMANDS, ids=lambda names: " ".join(names) or "wheelbridge")
def test_no_brackets_get_lost(run: Run, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]) -> None:
    """What prints the help takes ``[word]`` for a style, unless it is escaped."""
    monkeypatch.setenv("TERMINAL_WIDTH", "400")
    monkeypatch.setenv("COLUMNS", "400")
    wanted = [found for text in texts(COMMANDS[names]) for found in _BRACKETS.findall(text)]

    shown = " ".join(run(*names, "--help").out.split())

    assert [text for text in wanted if text not in shown] == []
    assert "\\[" not in shown


def test_the_table_is_named(run: Run) -> None:
    """There are brackets at all."""
    for arguments in (("external",), ("external", "upgrade")):
        assert "the [external] table of a pyproject.toml" in " ".join(run(*arguments, "--help").out.split())
