"""wheelbridge's parameters as argparse's, held to what typer makes of the same command line; no conda is needed."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from wheelbridge.cli.app import app
from wheelbridge.conda_plugin.arguments import (
    add_parameter,
    dest_of,
    find_command,
    order_of,
    parameters,
    read_parameter,
    spell_out,
)
from wheelbridge.conda_plugin.subcommand import COMMANDS

ROOT: Any = get_command(app)


def _paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, found in getattr(command, "commands", {}).items():
        yield (*path, name)
        yield from _paths(found, (*path, name))


PATHS = [path for path in _paths(ROOT) if not getattr(find_command(path), "no_args_is_help", False)]


def _by_argparse(path: tuple[str, ...], argv: list[str]) -> dict[str, object]:
    command = find_command(path)
    parser = ArgumentParser(exit_on_error=False)
    for param in parameters(command):
        add_parameter(parser, param)
    args = parser.parse_intermixed_args(spell_out(command, argv))
    context = command.context_class(command)
    return {param.name: read_parameter(param, getattr(args, dest_of(param)), context) for param in parameters(command)}


def _by_typer(path: tuple[str, ...], argv: list[str]) -> dict[str, object]:
    command = find_command(path)
    found = command.make_context(path[-1], list(argv)).params
    return {param.name: found[param.name] for param in parameters(command)}


def test_the_commands_are_those_of_wheelbridge() -> None:
    """Each with what it does, which conda shows without importing any of them."""
    summaries = {name: (command.help or "").partition("\n\n")[0] for name, command in ROOT.commands.items()}

    assert summaries == COMMANDS
    assert list(COMMANDS) == sorted(COMMANDS)


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_parameter_of_every_command(path: tuple[str, ...]) -> None:
    """With every option given, argparse reads the values that typer reads."""
    command, argv = find_command(path), []
    arguments = []
    for param in parameters(command):
        text = {"IntRange": "3", "IntParamType": "3"}.get(type(param.type).__name__, "some")
        if param.param_type_name == "argument":
            arguments.append(text)
        elif param.is_flag or param.count:
            argv.append(param.opts[0])
        elif (param.metavar or "").startswith("[="):
            argv.append(f"{param.opts[0]}={text}")
        else:
            argv += [param.opts[0], text] * (2 if param.multiple else 1)

    assert _by_argparse(path, [*argv, *arguments]) == _by_typer(path, [*argv, *arguments])


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_what_is_not_given(path: tuple[str, ...]) -> None:
    """A default of typer's is ours."""
    required = [p for p in parameters(find_command(path)) if p.param_type_name == "argument" and p.required]

    assert _by_argparse(path, ["some"] * len(required)) == _by_typer(path, ["some"] * len(required))


@pytest.mark.parametrize(
    ("path", "argv"),
    [
        pytest.param(("install",), ["a", "-n", "x", "b", "-i", "pypi", "pypi:c"], id="names-between-options"),
        pytest.param(("why",), ["--graph", "numpy"], id="a-value-left-out"),
        pytest.param(("why",), ["--graph=html", "numpy"], id="a-value-given"),
        pytest.param(("map", "site"), ["--no-history"], id="a-no"),
        pytest.param(("install",), ["-vvdy", "x"], id="flags-together"),
        pytest.param(("install",), ["pypi:a; python_version<'3.14'"], id="a-marker"),
    ],
)
def test_as_people_type_it(path: tuple[str, ...], argv: list[str]) -> None:
    """The forms that both command lines have."""
    assert _by_argparse(path, argv) == _by_typer(path, argv)


def test_the_order_of_channels_and_indexes() -> None:
    """An index keeps its place among the channels, which conda's own option reads."""
    parser = ArgumentParser()
    parser.add_argument("-c", "--channel", dest="channel", action="append")
    for param in parameters(find_command(("install",)), ["channel"]):
        add_parameter(parser, param)

    args = parser.parse_args(["-c", "one", "-i", "a", "-c", "two", "-i", "b", "-i", "c", "-c", "three"])

    assert order_of(args, args.channel) == [
        "--channel=one",
        "--index=a",
        "--channel=two",
        "--index=b",
        "--index=c",
        "--channel=three",
    ]


def test_names_that_are_not_conda_settings() -> None:
    """Conda takes a value of its command line for a setting of that name; none of ours is called so by chance."""
    dests = {dest_of(param) for path in PATHS for param in parameters(find_command(path))}

    assert {dest for dest in dests if not dest.startswith("wheelbridge_")} == {"dry_run"}
