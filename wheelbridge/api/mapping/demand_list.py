"""What files ask for, as it is found: names, and what names nothing by itself."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.coverage import Mention, World
from wheelbridge.model.name import canonicalize_name
from wheelbridge.model.redaction import MASK, redact_argument, redact_text

_LONGEST = 200
"""Characters of a line that are shown."""
_OPTION = re.compile(r"--[\w-]*|-\w?", re.ASCII)
_FILE_OPTIONS = frozenset({"-r", "-c", "-e", "--requirement", "--constraint", "--editable"})
_PLAIN_PATH = re.compile(r"[ =]*[\w.,+/\\\[\]-]*", re.ASCII)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(:[0-9]*)?")
_AUTHORITY_END = re.compile(r"[/?#\\]")


class NoDemandError(WheelbridgeError):
    """A file is none that asks for packages."""

    code = "no-demand"

    def __init__(self, path: Path | str, reason: str) -> None:
        hint = "Name requirement files, environment.yml, pyproject.toml, environments, or folders of an index."
        super().__init__(f"{path} says nothing of what it needs: {reason}", hint=hint)
        self.path = str(path)


@dataclass(slots=True)
class Demands:
    """What was found: names, and what names nothing by itself, each with its place."""

    mentions: list[Mention] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, world: World, name: str, place: str) -> None:
        """Take in a name."""
        self.mentions.append(Mention(world, name, place))

    def add_requirement(self, value: object, place: str) -> None:
        """Take in a PEP 508 requirement; what is none is kept as unread."""
        try:
            name = Requirement(value).name if isinstance(value, str) else None
        except InvalidRequirement:
            name = None
        if name is None:
            self.skip(value, place)
        else:
            self.add("pypi", canonicalize_name(name), place)

    def skip(self, value: object, place: str) -> None:
        """Keep what names nothing by itself, without what may be secret."""
        self.unread.append(f"{place}: {show_value(value)}")


def show_value(value: object) -> str:
    """Return what can be shown of something out of a file: a line without secrets, or the type of what is no text.

    An option keeps its value only where that is a file's name. An address whose login cannot be told from its path
    keeps its scheme only.

    >>> show_value("--proxy me:secret@proxy.example:8080"), show_value("-r other.txt")
    ('--proxy …', '-r other.txt')
    >>> show_value("git+ssh://git@host.example:secret/x"), show_value("https://me:secret@host.example/x")
    ('git+ssh://…', 'https://host.example/x')
    >>> show_value([[]])
    'no text (list)'
    """
    if not isinstance(value, str):
        return f"no text ({type(value).__name__})"
    shown = _show_option(value) if value.startswith("-") else _show_line(value)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _show_option(text: str) -> str:
    found = _OPTION.match(text)
    option = found[0] if found else ""
    rest = text[len(option) :]
    if option in _FILE_OPTIONS and _PLAIN_PATH.fullmatch(rest):
        return text
    return f"{option} …" if rest.strip() else option


def _show_line(text: str) -> str:
    before, mark, address = text.partition("://")
    if "@" in before:
        return MASK
    if not mark:
        return redact_text(text)
    authority, *rest = _AUTHORITY_END.split(address, maxsplit=1)
    if any("@" in part for part in rest) or not _HOST.fullmatch(authority.rpartition("@")[2]):
        return f"{before}://…"
    return redact_argument(text)
