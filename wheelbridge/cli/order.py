"""The order in which channels and indexes were given, which click's lists, one per option, do not keep."""

import re
from collections.abc import Iterator, Sequence

from wheelbridge.model.source import SourceKind

_OPTION = re.compile(r"--(?P<long>channel|index)(?:=.*)?|-[a-zA-Z]*?(?P<short>[ci]).*", re.DOTALL)
_SHORT_FLAGS = frozenset("dyqvfO")


def order_sources(argv: Sequence[str], channels: Sequence[str], indexes: Sequence[str]) -> list[tuple[SourceKind, str]]:
    """Return the sources in the order that *argv* gives them in.

    >>> order_sources(["solve", "-i", "pypi", "-c", "conda-forge"], ["conda-forge"], ["pypi"])
    [('index', 'pypi'), ('channel', 'conda-forge')]
    """
    left: dict[SourceKind, list[str]] = {"channel": list(channels), "index": list(indexes)}
    ordered: list[tuple[SourceKind, str]] = [(kind, left[kind].pop(0)) for kind in _kinds(argv) if left[kind]]
    rest: list[tuple[SourceKind, str]] = [(kind, text) for kind in ("channel", "index") for text in left[kind]]
    return ordered + rest


def _kinds(argv: Sequence[str]) -> Iterator[SourceKind]:
    for argument in argv:
        if argument == "--":
            return
        match = _OPTION.fullmatch(argument)
        if match and match["long"]:
            yield "channel" if match["long"] == "channel" else "index"
        elif match and set(argument[1 : match.start("short")]) <= _SHORT_FLAGS:
            yield "channel" if match["short"] == "c" else "index"
