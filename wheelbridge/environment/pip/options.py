"""One line of a requirements file, split into its requirement and its options (pip's "Requirements File Format")."""

import optparse
import shlex
from dataclasses import dataclass, field
from typing import NoReturn

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.pip.texts import LogicalLine

_VALUES = {
    "--index-url": ("-i", "--pypi-url"),
    "--extra-index-url": (),
    "--constraint": ("-c",),
    "--requirement": ("-r",),
    "--editable": ("-e",),
    "--find-links": ("-f",),
    "--no-binary": (),
    "--only-binary": (),
    "--all-releases": (),
    "--only-final": (),
    "--trusted-host": (),
    "--use-feature": (),
    "--hash": (),
    "--config-settings": ("-C", "--config-setting"),
    "--global-option": (),
    "--install-option": (),
}
"""Option -> its other spellings; each takes one value."""
_FLAGS = ("--no-index", "--prefer-binary", "--require-hashes", "--no-require-hashes", "--pre")
_GONE = ("pip took it away in release 23.1", "Give settings of a build in the project's own pyproject.toml.")
_REFUSED = {
    "--only-final": (
        "wheelbridge has no rule of its own for the final releases of some projects",
        "Drop it: pre-releases are only taken where a specifier names one, or nothing else is there.",
    ),
    "--trusted-host": (
        "certificates are always verified, and what comes without TLS has to be allowed for one index",
        "Name the index in wheelbridge.toml, with trusted-hosts.",
    ),
    "--config-settings": (
        "the build would depend on more than the project",
        "Give the settings in the project's own pyproject.toml.",
    ),
    "--global-option": _GONE,
    "--install-option": _GONE,
}
"""Option -> why it is not taken, what to do instead."""


@dataclass(frozen=True, slots=True)
class PipLine:
    """A requirement, options, or both.

    Attributes:
        line: where it comes from.
        requirement: the part before the options; empty where there is none.
        options: (option in its first spelling, value) as they were written; a flag has an empty value.
    """

    line: LogicalLine
    requirement: str = ""
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def values(self, *names: str) -> tuple[str, ...]:
        """Return the values of the options *names*."""
        return tuple(value for name, value in self.options if name in names)

    def others(self, *names: str) -> tuple[str, ...]:
        """Return the options that are none of *names*."""
        return tuple(dict.fromkeys(name for name, _ in self.options if name not in names))


def split_line(line: LogicalLine) -> PipLine:
    """Split *line*; no option is refused but those that are never taken.

    >>> split_line(LogicalLine("numpy>=2 --hash=sha256:00", "", "a:1")).options
    (('--hash', 'sha256:00'),)

    Raises:
        InvalidEnvironmentFileError: if an option is not known to pip, or is refused, or is not written as pip has it.
    """
    words = line.text.split(" ")
    count = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    parser = _Parser(line)
    try:
        arguments = shlex.split(" ".join(words[count:]))
    except ValueError:
        reason = f"a quote is not closed in {line.shown!r}"
        raise InvalidEnvironmentFileError(line.place, "", reason, hint="Close it, or write \\' for it.") from None
    values, left = parser.parse_args(arguments, optparse.Values({"found": []}))
    found: list[tuple[str, str]] = values.found
    _refuse(line, found, left)
    return PipLine(line, " ".join(words[:count]).strip(), tuple(found))


def _refuse(line: LogicalLine, found: list[tuple[str, str]], left: list[str]) -> None:
    for name, _ in found:
        if name in _REFUSED:
            reason, hint = _REFUSED[name]
            raise InvalidEnvironmentFileError(line.place, "", f"{name} is not taken: {reason}", hint=hint)
    if left:
        raise InvalidEnvironmentFileError(
            line.place,
            "",
            f"something stands behind the options in {line.shown!r}, which pip would pass over",
            hint="Put a value that has blanks into quotes, and a requirement on a line of its own.",
        )


class _Parser(optparse.OptionParser):
    """pip's own kind of parser, so that options may be shortened as pip lets them."""

    def __init__(self, line: LogicalLine) -> None:
        super().__init__(add_help_option=False)
        self._line = line
        for name, spellings in _VALUES.items():
            self._add(name, *spellings, takes_value=True)
        for name in _FLAGS:
            self._add(name, takes_value=False)

    def _add(self, name: str, *spellings: str, takes_value: bool) -> None:
        def found(_option: optparse.Option, _written: str, value: str | None, parser: optparse.OptionParser) -> None:
            if parser.values is not None:
                parser.values.found.append((name, value or ""))

        kind = "string" if takes_value else None
        self.add_option(name, *spellings, action="callback", callback=found, type=kind, dest="found")

    def error(self, msg: str) -> NoReturn:
        raise InvalidEnvironmentFileError(
            self._line.place,
            "",
            f"pip has no such line in requirements files: {self._line.shown!r} ({msg})",
            hint='See "Requirements File Format" in pip\'s documentation.',
        )
