"""Parameters of wheelbridge's commands as argparse's, so that each is declared once; conda is not needed here."""

from argparse import Action, ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias

Command: TypeAlias = Any
"""A command as typer makes it, of its own copy of click or of the click package."""
Parameter: TypeAlias = Any
_OWN = "wheelbridge_"
"""What the names of our values begin with: conda takes any other for one of its settings."""
_OPTIONAL = "[="
"""What the metavar of an option begins with whose value may be left out."""


@cache
def find_command(path: tuple[str, ...]) -> Command:
    """Return the command that *path* leads to, such as ``("map", "lookup")``."""
    from typer.main import get_command

    from wheelbridge.cli.main import needed

    found: Command = get_command(needed(path))
    for name in path:
        found = found.commands[name]
    return found


def parameters(command: Command, taken: Collection[str] = ()) -> Iterator[Parameter]:
    """Yield the parameters of *command*, without those *taken*."""
    yield from (param for param in command.params if param.name not in taken and param.name != "help")


def dest_of(param: Parameter) -> str:
    """Return what the value of a parameter is called in argparse's namespace; ``--dry-run`` is conda's, wherever."""
    return "dry_run" if param.name == "dry_run" else f"{_OWN}{param.name}"


def add_parameter(parser: ArgumentParser, param: Parameter) -> None:
    """Add a parameter to *parser*: an argument, or an option below the heading that it has in wheelbridge's help."""
    if param.param_type_name == "argument":
        parser.add_argument(dest_of(param), **_argument(param))
        return
    title = getattr(param, "rich_help_panel", None)
    place: Any = _group(parser, title) if title else parser
    names = sorted((*param.opts, *param.secondary_opts), key=len)
    if param.secondary_opts:  # --x/--no-x
        place.add_argument(*param.opts, dest=dest_of(param), help=_help(param), action=BooleanOptionalAction)
    elif param.is_flag:
        place.add_argument(*names, dest=dest_of(param), help=_help(param), action="store_true", default=None)
    elif param.count:
        place.add_argument(*names, dest=dest_of(param), help=_help(param), action="count", default=None)
    else:
        action: Any = _InOrder if param.multiple else "store"
        metavar = param.metavar or param.name.upper()
        place.add_argument(*names, dest=dest_of(param), help=_help(param), action=action, metavar=metavar)


def spell_out(command: Command, argv: Sequence[str]) -> list[str]:
    """Return *argv* with ``--graph`` as ``--graph=``: the value of such an option may be left out."""
    open_ended = {
        name for param in command.params if (param.metavar or "").startswith(_OPTIONAL) for name in param.opts
    }
    return [f"{word}=" if word in open_ended else word for word in argv]


def read_parameter(param: Parameter, given: object, context: Any) -> object:  # noqa: ANN401 - typer's own copy of click
    """Return the value of a parameter, of its own type, out of what was *given*; None: nothing was.

    Raises:
        typer.BadParameter: if it has no such value.
    """
    value = param.get_default(context) if given is None else given
    read: object = param.process_value(context, value)
    return read


def order_of(args: Namespace, channels: Sequence[str]) -> list[str]:
    """Return channels and indexes as options in the order in which they were given."""
    placed = getattr(args, f"{_OWN}order", [])
    ordered: list[str] = []
    for before, index in placed:
        ordered += [f"--channel={name}" for name in channels[sum("--channel" in word for word in ordered) : before]]
        ordered.append(f"--index={index}")
    given = sum(word.startswith("--channel=") for word in ordered)
    return [*ordered, *(f"--channel={name}" for name in channels[given:])]


class _InOrder(Action):
    """Append a value; of an index, remember how many channels stand before it."""

    def __call__(
        self, parser: ArgumentParser, namespace: Namespace, values: object, option_string: str | None = None
    ) -> None:
        """See `argparse.Action`."""
        del parser, option_string
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), values])
        if self.dest == f"{_OWN}index":
            before = len(getattr(namespace, "channel", None) or [])
            setattr(namespace, f"{_OWN}order", [*getattr(namespace, f"{_OWN}order", []), (before, values)])


def _argument(param: Parameter) -> dict[str, Any]:
    metavar = (param.metavar or param.name.upper()).strip("[]").removesuffix("...")
    several = param.nargs == -1
    nargs = ("+" if param.required else "*") if several else (None if param.required else "?")
    told: dict[str, Any] = {"metavar": metavar, "help": _help(param)}
    return told if nargs is None else {**told, "nargs": nargs}


def _help(param: Parameter) -> str:
    return (param.help or "").replace("%", "%%")


def _group(parser: ArgumentParser, title: str) -> Any:  # noqa: ANN401 - argparse's groups have a private class
    """Return the group of that title; conda's own groups have others."""
    there = [group for group in parser._action_groups if group.title == title]  # noqa: SLF001 - argparse has no other way
    return there[0] if there else parser.add_argument_group(title)
