import inspect

import typer
from typer.core import TyperGroup
from typer.main import get_command

from wheelbridge.cli import groups as g
from wheelbridge.cli import options as o
from wheelbridge.cli.app import app


def test_a_group_becomes_options_and_comes_back_as_one_value() -> None:
    """Typer sees every field; the command gets one value, and its own options beside it."""
    seen = []

    @g.grouped
    def command(names: list[str], *, facts: g.Facts, as_json: o.Json = False) -> int:
        """Say something."""
        seen.append((names, facts, as_json))
        return 0

    tiny = typer.Typer(add_completion=False)
    tiny.command()(command)
    get_command(tiny).main(["a", "--virtual-package", "__cuda=12", "--json"], standalone_mode=False)

    assert seen == [(["a"], g.Facts(virtual_package=["__cuda=12"]), True)]
    assert command.__doc__ == "Say something."
    assert "facts" not in inspect.signature(command).parameters


def test_every_command_has_a_help_text_for_every_option() -> None:
    """An option that a group brings is explained like any other."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    assert {"create", "solve", "variants", "why"} <= group.commands.keys()
    nested = {name: command for name, command in group.commands.items() if isinstance(command, TyperGroup)}
    inner = {f"{name} {sub}": found for name, command in nested.items() for sub, found in command.commands.items()}
    assert "sources import" in inner
    for name, command in {**group.commands, **inner}.items():
        missing = [item.name for item in command.params if not getattr(item, "help", None) and item.name != "help"]
        assert not missing, f"{name}: {missing}"
