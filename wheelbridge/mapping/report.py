"""Reports on tables that changed, as Markdown fit for a pull request: the dangerous changes first."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wheelbridge.mapping.difference import Change, Difference, Entry, Kind
from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.overrides import Override
from wheelbridge.mapping.rows import IDENTITIES, Confidence
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.model.printing import printable

LIMIT = 50
"""Lines of a section that a person reads; the rest is a number."""
_SHORT = 12
"""Characters of a hash that tell it from another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinChange:
    """An input before and after; the two are equal where it is the same."""

    name: str
    old_commit: str | None
    new_commit: str | None
    old_sha256: str
    new_sha256: str

    @property
    def is_new(self) -> bool:
        """Whether the input is another one now."""
        return (self.old_commit, self.old_sha256) != (self.new_commit, self.new_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReport:
    """What generating the table of one channel changed.

    Attributes:
        channel: its name.
        before: "relation, confidence" -> rows of the old table.
        after: the same of the new one.
        changes: of the effective answers, those of curated rows included.
        behind: generated answers that changed and that nobody is given, as a curated row says otherwise or the same.
        redundant: curated rows that say what the new table says by itself, and the old one did not.
        contradicted: curated rows against which two sources agree now, and did not before.
        bundlers: packages that carry many dist-infos besides those that people know not to be theirs, and how many.
        vanished: conda names that no source knows any more.
    """

    channel: str
    before: Mapping[str, int]
    after: Mapping[str, int]
    changes: Difference = field(default_factory=Difference)
    behind: tuple[Change, ...] = ()
    redundant: tuple[NormalizedName, ...] = ()
    contradicted: tuple[NormalizedName, ...] = ()
    bundlers: tuple[tuple[CondaName, int], ...] = ()
    vanished: tuple[CondaName, ...] = ()

    @property
    def newly_ambiguous(self) -> tuple[Change, ...]:
        """Projects that nobody decides about now."""
        return tuple(change for change in self.changes.changes if _is_open(change.new) and not _is_open(change.old))

    @property
    def newly_decided(self) -> tuple[Change, ...]:
        """Projects that had candidates, and have an answer."""
        return tuple(change for change in self.changes.answers if _is_open(change.old) and not _is_open(change.new))

    def as_json(self) -> dict[str, object]:
        """Return the report, ready for ``json.dumps``."""
        return {
            "channel": self.channel,
            "counts": {"before": dict(self.before), "after": dict(self.after)},
            "difference": self.changes.as_json(),
            "newly_ambiguous": [change.key for change in self.newly_ambiguous],
            "newly_decided": [change.key for change in self.newly_decided],
            "behind": [change.as_json() for change in self.behind],
            "redundant": list(self.redundant),
            "contradicted": list(self.contradicted),
            "bundlers": dict(self.bundlers),
            "vanished": list(self.vanished),
        }


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync changes."""

    pins: tuple[PinChange, ...]
    channels: tuple[ChannelReport, ...] = field(default=())


def count_rows(rows: Iterable[TableRow]) -> Mapping[str, int]:
    """Count rows by relation and confidence, the most frequent first.

    >>> count_rows([TableRow(pypi="a", alternatives=("b",))])
    {'ambiguous': 1}
    """
    found = Counter(_title(row) for row in rows)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def find_redundant(curated: Iterable[Override], generated: Mapping[NormalizedName, TableRow]) -> set[NormalizedName]:
    """Return the curated rows that say what *generated* says and no more; one that rejects look-alikes says more."""
    return {
        row.pypi
        for row in curated
        if row.is_identity and not (row.specs or row.rejected)
        and (found := generated.get(row.pypi)) is not None
        and (found.conda, found.relation) == (row.conda, row.relation)
    }  # fmt: skip


def find_contradicted(curated: Iterable[Override], generated: Mapping[NormalizedName, TableRow]) -> set[NormalizedName]:
    """Return the curated rows against which a recipe and a dist-info agree on another package.

    Such a row may be right still; a person should look again.
    """
    return {
        row.pypi
        for row in curated
        if (found := generated.get(row.pypi)) is not None
        and found.relation in IDENTITIES
        and found.confidence is Confidence.VERIFIED
        and found.conda != row.conda
    }


def render_difference(changes: Difference, limit: int | None = LIMIT) -> str:
    """Return a difference as Markdown; *limit* lines a section, None for all."""
    if not changes.changes:
        return "No difference.\n"
    return "\n".join(_difference_lines(changes, limit))


def render_report(report: SyncReport, limit: int | None = LIMIT) -> str:
    """Return a sync's report as Markdown, fit for a pull request; *limit* lines a section, None for all."""
    lines = ["# Mapping tables: sync", "", *_pin_lines(report.pins)]
    for channel in report.channels:
        lines += [f"## {_plain(channel.channel)}", "", *_channel_lines(channel, limit)]
    return "\n".join(lines)


def _channel_lines(channel: ChannelReport, limit: int | None) -> Iterator[str]:
    yield from _count_lines(channel.before, channel.after)
    if channel.changes.changes:
        yield from _difference_lines(channel.changes, limit)
    else:
        yield from ("No look-up gives anything else.", "")
    for title, items in (
        ("Newly ambiguous: an override would decide", [_candidates(change) for change in channel.newly_ambiguous]),
        ("Newly decided", [_answer_line(change) for change in channel.newly_decided]),
        ("Generated answers that changed behind curated rows", [_answer_line(change) for change in channel.behind]),
        ("Curated rows that two sources contradict now: look again", [_code(name) for name in channel.contradicted]),
        ("Curated rows that the table says by itself now", [_code(name) for name in channel.redundant]),
        (
            "Carry many dist-infos that `bundlers.yaml` does not know",
            [f"{_code(name)} carries {number} dist-infos" for name, number in channel.bundlers],
        ),
        ("Conda names that no source knows any more", [_code(name) for name in channel.vanished]),
    ):
        yield from _section(title, items, limit)


def _difference_lines(changes: Difference, limit: int | None) -> Iterator[str]:
    for kind in Kind:
        found = [change for change in changes.changes if change.kind is kind]
        mark = "\N{WARNING SIGN} " if found and found[0].is_dangerous else ""
        yield from _section(f"{mark}{_TITLES[kind]}", [_answer_line(change) for change in found], limit)


_TITLES = {
    Kind.MOVED: "Answers that are another package now",
    Kind.APPEARED: "Answers that appeared",
    Kind.VANISHED: "Answers that vanished",
    Kind.ADDED: "Rows without an answer, added",
    Kind.REMOVED: "Rows without an answer, removed",
    Kind.CONFIDENCE: "Confidence",
    Kind.CHANGED: "Changed beside the answer",
}


def describe(change: Change) -> str:
    """Say in a line what changed, without table and key.

    >>> describe(Change(table="t", key="k", kind=Kind.APPEARED, old=None, new=Entry({"relation": "dist"}, "x")))
    'nothing -> x (dist)'
    """
    if change.is_dangerous:
        return f"{_effect(change.old)} -> {_effect(change.new)}"
    if change.kind in (Kind.ADDED, Kind.REMOVED):
        return _said(change.new or change.old)
    return "; ".join(_field_change(change, name) for name in change.fields)


def _answer_line(change: Change) -> str:
    place = "" if change.table.startswith("names") else f"{_plain(change.table)}: "
    return f"{place}{_code(change.key)}: {_plain(describe(change))}"


def _candidates(change: Change) -> str:
    return f"{_code(change.key)}: {_plain(_said(change.new))}"


def _effect(entry: Entry | None) -> str:
    if entry is None or not entry.effect:
        return _said(entry) if entry and _is_open(entry) else "nothing"
    about = [entry.fields[name] for name in ("relation", "confidence", "layer") if name in entry.fields]
    return f"{entry.effect} ({', '.join(map(str, about))})" if about else entry.effect


def _said(entry: Entry | None) -> str:
    fields = entry.fields if entry else {}
    if "candidates" in fields:
        return f"undecided between {_value(fields['candidates'])}"
    return ", ".join(_value(fields[name]) for name in ("relation", "conda", "confidence") if name in fields)


def _field_change(change: Change, name: str) -> str:
    old = change.old.fields.get(name) if change.old else None
    new = change.new.fields.get(name) if change.new else None
    return f"{name} {_value(old)} -> {_value(new)}"


def _value(value: object) -> str:
    if not value:
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _is_open(entry: Entry | None) -> bool:
    return entry is not None and "candidates" in entry.fields


def _title(row: TableRow) -> str:
    if row.relation is None or row.confidence is None:
        return "ambiguous"
    return f"{row.relation.value}, {row.confidence.name.lower()}"


def _pin_lines(pins: Sequence[PinChange]) -> Iterator[str]:
    yield from ("| input | commit | sha256 |", "|---|---|---|")
    for pin in pins:
        commits = _move(pin.old_commit or "no commit", pin.new_commit or "no commit")
        yield f"| {_code(pin.name)} | {commits} | {_move(pin.old_sha256, pin.new_sha256)} |"
    yield ""


def _move(old: str, new: str) -> str:
    short = _code(new[:_SHORT])
    return short if old == new else f"{_code(old[:_SHORT])} -> **{short}**"


def _count_lines(before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[str]:
    yield from ("| rows | before | after | |", "|---|--:|--:|--:|")
    for title in {**after, **before}:
        old, new = before.get(title, 0), after.get(title, 0)
        yield f"| {title} | {old} | {new} | {f'{new - old:+}' if new != old else ''} |"
    total, now = sum(before.values()), sum(after.values())
    yield from (f"| all | {total} | {now} | {f'{now - total:+}' if now != total else ''} |", "")


def _section(title: str, items: Sequence[str], limit: int | None) -> Iterator[str]:
    if not items:
        return
    yield from (f"### {title} ({len(items)})", "")
    yield from (f"- {item}" for item in items[:limit])
    if limit is not None and len(items) > limit:
        yield f"- and {len(items) - limit} more"
    yield ""


def _plain(text: str) -> str:
    """Keep what a table says from being read as Markdown, and from leaving its line."""
    text = _line(text)
    for sign in "\\`*_[]<|~#":
        text = text.replace(sign, f"\\{sign}")
    return text


def _code(text: str) -> str:
    """Return *text* between backticks, its own ones taken out: behind one of them it would be Markdown again.

    A cell of a table ends at a pipe inside of backticks, too (GFM), so there is none either.
    """
    return f"`{_line(text.replace('`', '').replace('|', '/')) or '?'}`"


def _line(text: str) -> str:
    return " ".join(printable(text).split())
