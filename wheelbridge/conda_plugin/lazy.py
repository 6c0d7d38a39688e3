"""Parsers that are filled when they are used: conda builds them for each of its commands, and most are never asked."""

from argparse import Namespace
from typing import Any, NoReturn

from conda.cli import helpers
from conda.cli.conda_argparse import ArgumentParser

_PATH = "wheelbridge_path"


class TellingParser(ArgumentParser):
    """A parser that tells of wrong usage as of every other error, with JSON where that is asked for."""

    def error(self, message: str) -> NoReturn:
        """Refuse.

        Raises:
            CondaError: always.
        """
        from wheelbridge.conda_plugin.errors import as_conda_error
        from wheelbridge.errors import UsageError

        error = UsageError(message[:1].upper() + message[1:], hint=f"See {self.prog} --help.")
        raise as_conda_error(error) from None

    def use_all(self, parsed: Any, rest: list[str]) -> Any:  # noqa: ANN401 - argparse's own
        """Refuse arguments that are left over: there is nobody else who might know them."""
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return parsed, rest


class FrontParser(TellingParser):
    """The parser in front of the commands."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - argparse's own
        """See argparse."""
        return self.use_all(*super().parse_known_args(args, namespace))


class CommandParser(TellingParser):
    """The parser of one command; *path* leads to it, such as ``("map", "lookup")``."""

    path: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(*args, **kwargs)
        self._filled = False
        self._mixing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - argparse's own
        """See argparse; names may stand between options, as on wheelbridge's own command line."""
        self._fill()
        if self._mixing or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        from wheelbridge.conda_plugin.arguments import find_command, spell_out

        self._mixing = True
        try:
            found = self.parse_known_intermixed_args(spell_out(find_command(self.path), args), namespace)
        finally:
            self._mixing = False
        self._check_name(getattr(found[0], "name", None))
        return self.use_all(*found)

    def format_help(self) -> str:
        """See argparse."""
        self._fill()
        text: str = super().format_help()
        return text

    def _check_name(self, name: object) -> None:
        """Refuse what cannot name an environment, before conda does, whose error is none of wrong usage."""
        from conda.core.prefix_data import PrefixData

        try:
            if isinstance(name, str):
                PrefixData.from_name(name)
        except ValueError as error:
            self.error(f"{name!r}: {error}")

    def _fill(self) -> None:
        if self._filled:
            return
        self._filled = True
        from wheelbridge.conda_plugin.arguments import add_parameter, find_command, parameters
        from wheelbridge.conda_plugin.offered import conda_options, shared_options

        helpers.add_parser_help(self)
        command = find_command(self.path)
        named = {param.name: param for param in command.params}
        for shared in shared_options(named):
            getattr(helpers, shared.helper)(self)
        taken = conda_options(named)
        for param in parameters(command, taken):
            add_parameter(self, param)
        self.set_defaults(**{_PATH: self.path})
        if hasattr(command, "commands"):
            self._add_commands(command)

    def _add_commands(self, group: Any) -> None:  # noqa: ANN401 - typer's own copy of click
        needed = not group.invoke_without_command
        commands = self.add_subparsers(dest="wheelbridge_action", metavar="COMMAND", title="commands", required=needed)
        for name, command in group.commands.items():
            summary = (command.help or "").partition("\n\n")[0].replace("\n", " ").replace("%", "%%")
            commands.add_parser(name, help=summary, description=summary, add_help=False).path = (*self.path, name)


def path_of(args: Namespace) -> tuple[str, ...]:
    """Return which command was parsed."""
    path: tuple[str, ...] = getattr(args, _PATH)
    return path
