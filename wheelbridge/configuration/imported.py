"""What another tool's configuration comes to, and what of it has no place here."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath

from wheelbridge.configuration.texts import index_name, is_source_name
from wheelbridge.configuration.values import Configuration, SourceEntry
from wheelbridge.model.redaction import redact_argument, without_login
from wheelbridge.model.source import is_public_name

_NOT_IN_NAMES = re.compile(r"[\s=,;]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A setting that was not taken over."""

    name: str
    origin: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Another tool's configuration, in our words; *notes* say where the same words mean something else."""

    configuration: Configuration
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


def name_entries(entries: Iterable[SourceEntry], public_index: str, left_out: list[LeftOut]) -> Iterator[SourceEntry]:
    """Give every entry a name of its own; *public_index* is called ``pypi``. The same index again goes without a word.

    Credentials are taken out, and said to be: what is imported is printed, and written to files that people share.
    """
    taken: dict[str, str] = {}
    for entry in entries:
        clean = without_login(entry.text).rstrip("/")
        if clean.lower().startswith("http") and (shown := redact_argument(clean)) != clean:
            reason = "its URL holds a token or a query; give it with -i"
            left_out.append(LeftOut(name=f"the index {shown}", origin=entry.origin, reason=reason))
            continue
        text = "pypi" if clean == public_index else clean
        if clean != entry.text.rstrip("/"):
            reason = "put it into ~/.netrc, or into variables WHEELBRIDGE_SOURCE_<NAME>_USERNAME and _PASSWORD"
            left_out.append(LeftOut(name=f"the login of {clean}", origin=entry.origin, reason=reason))
        plain = "pypi" if text == "pypi" else _plain_name(text)
        wanted = entry.name if entry.name and is_source_name(entry.name) else plain
        if taken.get(wanted) == text:
            continue
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted}-{number}", number + 1
        taken[name] = text
        yield replace(entry, text=text, name=name)


def _plain_name(text: str) -> str:
    """Name an index by its URL or folder; the name of a large public source is not for others to get by chance."""
    rest = text.partition("://")[2]
    name = index_name(text) if rest else PurePath(text).name
    if is_public_name(name):
        name = f"{rest.partition('/')[0] or 'local'}-{name}"
    return _NOT_IN_NAMES.sub("-", name)
