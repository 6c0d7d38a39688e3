"""Package managers in documents of PEP 804: how each is called and writes versions. Nothing here is ever run."""

from collections.abc import Mapping
from dataclasses import dataclass

from wheelbridge.mapping.external.fields import (
    InvalidExternalError,
    read_flag,
    read_mapping,
    read_text,
    read_texts,
)

_MULTIPLE = ("always", "name-only", "never")
_OPERATORS = ("equal", "greater_than", "greater_than_equal", "less_than", "less_than_equal")
_PLACE = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How a package manager is called.

    Attributes:
        words: one of them is ``{}``, the place of the packages.
        requires_elevation: whether it needs an administrator.
        multiple: ``always``, ``name-only`` or ``never``: whether it takes several packages at once.
    """

    words: tuple[str, ...]
    requires_elevation: bool = False
    multiple: str = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRanges:
    """How a package manager writes bounds; an operator that is None is not supported.

    Attributes:
        syntax: the words of a constrained package, with ``{ranges}`` and maybe ``{name}``.
        joint: what stands between two bounds; None where each is a word of its own (``and`` in the document).
        operators: name -> template with ``{version}``.
    """

    syntax: tuple[str, ...]
    joint: str | None
    operators: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageManager:
    """One way to install what an ecosystem has; None: not supported."""

    name: str
    install: Command
    query: Command | None
    name_only: tuple[str, ...]
    exact_version: tuple[str, ...] | None
    version_ranges: VersionRanges | None


def conda_managers(channel: str) -> tuple[PackageManager, ...]:
    """Return the package managers that install conda packages of *channel*.

    None has a query: ``conda list`` exits with 0 whether a package is there or not, and PEP 804 wants "a non-zero exit
    code" of it. ``==`` is exact in all three, as it is in PEP 725; ``=`` would be fuzzy.
    """
    source = (f"--channel={channel}",)
    calls = {
        "conda": ("conda", "install", "--yes", "--override-channels", *source, _PLACE),
        "mamba": ("mamba", "install", "--yes", "--override-channels", *source, _PLACE),
        "pixi": ("pixi", "add", _PLACE),
    }
    operators = {
        "equal": "=={version}",
        "greater_than": ">{version}",
        "greater_than_equal": ">={version}",
        "less_than": "<{version}",
        "less_than_equal": "<={version}",
    }
    return tuple(
        PackageManager(
            name=name,
            install=Command(words=words),
            query=None,
            name_only=("{name}",),
            exact_version=("{name}=={version}",),
            version_ranges=VersionRanges(syntax=("{name}{ranges}",), joint=",", operators=operators),
        )
        for name, words in calls.items()
    )


def parse_manager(data: object, path: str) -> PackageManager:
    """Read one entry of ``package_managers``; *path* is its place, for messages.

    Raises:
        InvalidExternalError: if a field is missing, unknown, of another type or without its placeholder.
    """
    names = ("name", "commands", "specifier_syntax")
    fields = read_mapping(data, path, known=frozenset(names), required=names)
    commands = read_mapping(
        fields["commands"], f"{path}.commands", known=frozenset({"install", "query"}), required=("install",)
    )
    names = ("name_only", "exact_version", "version_ranges")
    place = f"{path}.specifier_syntax"
    syntax = read_mapping(fields["specifier_syntax"], place, known=frozenset(names), required=names)
    exact, ranges = syntax["exact_version"], syntax["version_ranges"]
    return PackageManager(
        name=read_text(fields["name"], f"{path}.name"),
        install=_command(commands["install"], f"{path}.commands.install", "always"),
        query=_query(commands.get("query"), f"{path}.commands.query"),
        name_only=_template(syntax["name_only"], f"{place}.name_only", "{name}"),
        exact_version=None if exact is None else _template(exact, f"{place}.exact_version", "{name}", "{version}"),
        version_ranges=None if ranges is None else _ranges(ranges, f"{place}.version_ranges"),
    )


def render_manager(manager: PackageManager) -> dict[str, object]:
    """Return the package manager as a document has it."""
    ranges, exact = manager.version_ranges, manager.exact_version
    return {
        "name": manager.name,
        "commands": {
            "install": _render_command(manager.install),
            "query": _render_command(manager.query) if manager.query else None,
        },
        "specifier_syntax": {
            "name_only": list(manager.name_only),
            "exact_version": None if exact is None else list(exact),
            "version_ranges": None
            if ranges is None
            else {"syntax": list(ranges.syntax), "and": ranges.joint, **ranges.operators},
        },
    }


def _query(data: object, path: str) -> Command | None:
    """PEP 804's schema: "An empty list means no query command is available"; null means the same."""
    absent = data is None or (isinstance(data, Mapping) and data.get("command") == [])
    return None if absent else _command(data, path, "never")


def _command(data: object, path: str, usual: str) -> Command:
    known = ("command", "requires_elevation", "multiple_specifiers")
    fields = read_mapping(data, path, known=frozenset(known), required=("command",))
    words = read_texts(fields["command"], f"{path}.command")
    if words.count(_PLACE) != 1:
        raise InvalidExternalError(f"{path}.command", "exactly one word must be '{}', the place of the packages")
    multiple = read_text(fields.get("multiple_specifiers", usual), f"{path}.multiple_specifiers")
    if multiple not in _MULTIPLE:
        raise InvalidExternalError(f"{path}.multiple_specifiers", f"{multiple!r} is none of {', '.join(_MULTIPLE)}")
    elevated = read_flag(fields.get("requires_elevation", False), f"{path}.requires_elevation")
    return Command(words=words, requires_elevation=elevated, multiple=multiple)


def _render_command(command: Command) -> dict[str, object]:
    return {
        "command": list(command.words),
        "requires_elevation": command.requires_elevation,
        "multiple_specifiers": command.multiple,
    }


def _ranges(data: object, path: str) -> VersionRanges:
    names = ("syntax", "and", *_OPERATORS)
    fields = read_mapping(data, path, known=frozenset(names), required=names)
    joint = fields["and"]
    if not isinstance(joint, str | None):
        raise InvalidExternalError(f"{path}.and", "expected a text or null")
    operators = {name: _operator(fields[name], f"{path}.{name}") for name in _OPERATORS}
    return VersionRanges(
        syntax=_template(fields["syntax"], f"{path}.syntax", "{ranges}"), joint=joint, operators=operators
    )


def _operator(data: object, path: str) -> str | None:
    return None if data is None else _template([data], path, "{version}")[0]


def _template(data: object, path: str, *places: str) -> tuple[str, ...]:
    words = read_texts(data, path)
    for place in places:
        if not any(place in word for word in words):
            raise InvalidExternalError(path, f"the placeholder {place} is missing")
    return words
