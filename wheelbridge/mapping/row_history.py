"""The history of single rows, out of the recorded versions of a table: texts in, what each version changed out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_ITEM = re.compile(r"^( *)- ", re.MULTILINE)
_QUOTES = "'\""


@dataclass(frozen=True, slots=True)
class Revision:
    """When a version of a table was recorded, and what was said of it; a working copy has neither."""

    commit: str = ""
    date: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The keys of the rows that one version added, changed and removed, each sorted."""

    revision: Revision
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether any row is another than before."""
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class TableHistory:
    """A table from the *first* version on: its rows are there since then unless *changes* say otherwise."""

    first: Revision
    changes: tuple[Change, ...] = ()


def split_rows(text: str, field: str) -> Mapping[str, str]:
    r"""Return key -> text of the rows of a YAML list; *field* has the key, comments and blank lines do not count.

    Rows that share a key count as one.

    >>> split_rows("# top\n- id: a\n  when: [x]\n- id: 'b'  # see\n", "id")
    {'a': '- id: a\n  when: [x]', 'b': "- id: 'b'  # see"}
    """
    first = _ITEM.search(text)
    if first is None:
        return {}
    indent = first[1]
    key = re.compile(rf"^{indent}(?:- |  ){re.escape(field)}: *(.+)$", re.MULTILINE)
    rows: dict[str, str] = {}
    for block in re.split(rf"^(?={indent}- )", text[first.start() :], flags=re.MULTILINE)[1:]:
        row = "\n".join(line.rstrip() for line in block.splitlines() if _counts(line))
        if found := key.search(row):
            name = _unquote(found[1])
            rows[name] = f"{rows[name]}\n{row}" if name in rows else row
    return rows


def split_lines(text: str) -> Mapping[str, str]:
    r"""Return key -> line of a generated table; empty fields at its end do not count.

    >>> split_lines("# columns: pypi conda\na\tb\n")
    {'a': 'a\tb'}
    """
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {line.partition("\t")[0]: line.rstrip() for line in lines}


def trace_rows(versions: Iterable[tuple[Revision, Mapping[str, str]]]) -> TableHistory | None:
    """Return what every version changed, the oldest one first; None where there is no version.

    >>> trace_rows([(Revision("c1"), {"a": "1"}), (Revision("c2"), {"a": "2", "b": "1"})]).changes[0].changed
    ('a',)
    """
    first: Revision | None = None
    before: Mapping[str, str] = {}
    changes: list[Change] = []
    for revision, rows in versions:
        if first is None:
            first = revision
        elif change := _compare(revision, before, rows):
            changes.append(change)
        before = rows
    return None if first is None else TableHistory(first, tuple(changes))


def _compare(revision: Revision, old: Mapping[str, str], new: Mapping[str, str]) -> Change:
    return Change(
        revision=revision,
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(key for key in new.keys() & old.keys() if new[key] != old[key])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )


def _counts(line: str) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith("#")


def _unquote(text: str) -> str:
    if text[0] in _QUOTES and (end := text.find(text[0], 1)) > 0:
        return text[1:end]
    return text.partition(" #")[0].strip()
