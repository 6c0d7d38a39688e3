"""The data of the web page about the tables: rows in, values for JSON out, small and the same every time."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.lookup import Layer, LayeredNameTable
from wheelbridge.mapping.row_history import Change, Revision, TableHistory
from wheelbridge.mapping.rows import Confidence, NameAnswer, NameRow, Relation, Role, role_of
from wheelbridge.model.name import NormalizedName

FORMAT = 1
"""Of the data; the page's script reads this one."""

RELATIONS: Mapping[Relation, str] = MappingProxyType(
    {
        Relation.DIST: "The conda package is the project: its builds carry the project's own dist-info.",
        Relation.BASE: "The conda package is the project; that of the project's own name only adds dependencies to it.",
        Relation.PART: "The conda package carries the project's dist-info beside another one that it is known by.",
        Relation.EQUIVALENT: "The same software under another distribution name: it imports, but importlib.metadata "
        "does not find the project.",
        Relation.META: "The conda package only pulls others in; it carries no dist-info.",
        Relation.TOOL: "The same program without its Python distribution: fit to build with, not to depend on.",
        Relation.LIBRARY: "The conda package is the native library that the project wraps or ships.",
        Relation.NONE: "Known to have no counterpart on the channel.",
    }
)
"""What each relation means, a sentence for people."""

ROLES: Mapping[Role, str] = MappingProxyType(
    {
        Role.IDENTITY: "In a solve, wheel and conda package are alternatives under one name.",
        Role.STAND_IN: "In a solve, conda specs may be put in the place of the requirement.",
        Role.EXPLANATION: "In a solve, it does nothing: it tells people why there is no counterpart.",
    }
)
"""What each role means in a solve."""

CONFIDENCES: Mapping[str, str] = MappingProxyType(
    {
        "curated": "A person looked and gave evidence.",
        "upstream": "The maintainers of another table say so.",
        "verified": "The recipe's source and the dist-info in builds agree.",
        "observed": "The project's dist-info was seen in builds of the package.",
        "recipe": "The recipe's source is the project's file.",
        "guess": "Only the names suggest it.",
    }
)
"""How sure a row is, the surest first."""

_USUAL = "dist4"
_RICH = ("reason", "specs", "pypi_range", "rejected", "evidence", "reviewed")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTables:
    """What the page is about.

    Attributes:
        channel: whose answers the page shows.
        names: the name tables of that channel.
        others: channel -> the layers that only it has.
        documents: name -> rows of the other tables, None where the file is missing.
        histories: the table's name and file -> its history.
        revision: the newest commit that touched the tables.
        no_history: why there is no history; empty where there is one.
        shallow: the history is cut off at its beginning.
        wanted: projects without an answer that are asked for, with how often; None where nobody counted.
    """

    channel: str
    names: LayeredNameTable
    others: Mapping[str, tuple[Layer, ...]] = field(default_factory=dict)
    documents: Mapping[str, Sequence[object] | None] = field(default_factory=dict)
    histories: Mapping[tuple[str, str], TableHistory] = field(default_factory=dict)
    revision: Revision = Revision()  # noqa: RUF009 - frozen
    no_history: str = ""
    shallow: bool = False
    wanted: tuple[tuple[str, int], ...] | None = None


def site_data(tables: SiteTables) -> dict[str, Any]:
    """Return the page's data, ready for ``json.dumps``: every row of every table, and how many there are."""
    layers = [(layer, tables.channel) for layer in tables.names.layers]
    layers += [(layer, channel) for channel, found in tables.others.items() for layer in found]
    packages = {tables.channel: _package_names(tables.names.layers)}
    packages |= {channel: _package_names(found) for channel, found in tables.others.items()}
    answers = _answers(tables.names)
    return {
        "format": FORMAT,
        "channel": tables.channel,
        "revision": _revision(tables.revision),
        "words": {"relations": _relations(), "roles": dict(ROLES), "confidences": _confidences()},
        "layers": [{"name": layer.name, "channel": channel, **_layer_rows(layer)} for layer, channel in layers],
        "rivals": _rivals(tables.names),
        "packages": {channel: "\n".join(names) for channel, names in packages.items()},
        "documents": {name: _plain(rows) for name, rows in tables.documents.items()},
        "history": _history(tables),
        "wanted": None if tables.wanted is None else [list(item) for item in tables.wanted],
        "counts": count_answers(answers) | {"packages": len(packages[tables.channel])},
    }


def count_answers(answers: Iterable[NameAnswer]) -> dict[str, object]:
    """Return how many projects the tables answer for, and how.

    >>> count_answers([NameAnswer(ambiguous=("a", "b"))])["ambiguous"]
    1
    """
    rows: list[NameRow] = []
    projects = ambiguous = 0
    for answer in answers:
        projects += 1
        ambiguous += not answer.rows
        rows.extend(answer.rows)
    return {
        "projects": projects,
        "ambiguous": ambiguous,
        "relations": _count((row.relation.value for row in rows), (member.value for member in Relation)),
        "roles": _count((row.role.value for row in rows), (member.value for member in Role)),
        "confidences": _count((row.confidence.name.lower() for row in rows), CONFIDENCES),
        "layers": _count((row.layer for row in rows), ()),
    }


def encode_row(row: TableRow) -> str:
    r"""Return a row without words for people as a line: project, package, relation with confidence, alternatives.

    The package is left out where it has the project's name, and the most frequent relation and confidence always.

    >>> encode_row(TableRow(pypi="a", conda="a", relation=Relation.DIST, confidence=Confidence.VERIFIED))
    'a'
    >>> encode_row(TableRow(pypi="a", alternatives=("a-base", "a-core")))
    'a\t\t?\ta-base a-core'
    """
    code = "?" if row.relation is None else f"{row.relation.value}{int(row.confidence or 0)}"
    package = "" if str(row.conda) == row.pypi else row.conda or ""
    fields = (row.pypi, package, "" if code == _USUAL else code, " ".join(row.alternatives))
    return "\t".join(fields).rstrip("\t")


def _layer_rows(layer: Layer) -> dict[str, object]:
    plain: list[str] = []
    rich: dict[str, object] = {}
    for row in map(TableRow.parse, layer.projects):
        if any(getattr(row, name) for name in _RICH):
            rich[row.pypi] = _rich_row(row)
        else:
            plain.append(encode_row(row))
    return {"plain": "\n".join(plain), "rich": rich}


def _rich_row(row: TableRow) -> dict[str, object]:
    role = role_of(row.relation, specs=bool(row.specs), limited=bool(row.pypi_range)) if row.relation else None
    fields: dict[str, object] = {
        "conda": row.conda,
        "relation": row.relation,
        "confidence": int(row.confidence) if row.confidence else None,
        "role": role,
        "alternatives": list(row.alternatives),
        "reason": row.reason,
        "specs": list(row.specs),
        "range": row.pypi_range,
        "not": list(row.rejected),
        "evidence": list(row.evidence),
        "reviewed": row.reviewed,
    }
    return {name: value for name, value in fields.items() if value}


def _package_names(layers: Iterable[Layer]) -> list[str]:
    return sorted({fields[0] for layer in layers for fields in layer.packages})


def _relations() -> dict[str, object]:
    plain = {member: role_of(member, specs=False, limited=False).value for member in Relation}
    return {member.value: {"means": RELATIONS[member], "role": plain[member]} for member in Relation}


def _confidences() -> list[object]:
    levels = {member.name.lower(): int(member) for member in Confidence}
    return [[name, levels.get(name), means] for name, means in CONFIDENCES.items()]


def _answers(names: LayeredNameTable) -> list[NameAnswer]:
    return [names.by_project(project) for project in _projects(names)]


def _projects(names: LayeredNameTable) -> list[NormalizedName]:
    return sorted({NormalizedName(fields[0]) for layer in names.layers for fields in layer.projects})


def _rivals(names: LayeredNameTable) -> dict[str, dict[str, str]]:
    """Return project -> layer -> the layer above that makes its package another project's."""
    found: dict[str, dict[str, str]] = {}
    for project in _projects(names):
        for answer in names.trace(project):
            if answer.rival:
                found.setdefault(project, {})[answer.layer] = answer.rival
    return found


def _history(tables: SiteTables) -> dict[str, object]:
    entries = [
        {
            "table": table,
            "file": file,
            "first": _revision(history.first),
            "changes": [_change(change) for change in history.changes],
        }
        for (table, file), history in tables.histories.items()
    ]
    return {"missing": tables.no_history, "shallow": tables.shallow, "tables": entries}


def _change(change: Change) -> list[str]:
    keys = ("\n".join(names) for names in (change.added, change.changed, change.removed))
    return [*_revision(change.revision), *keys]


def _revision(revision: Revision) -> list[str]:
    return [revision.commit, revision.date, revision.subject]


def _count(values: Iterable[str], order: Iterable[str]) -> dict[str, int]:
    counted = Counter(values)
    return {name: counted[name] for name in dict.fromkeys((*order, *sorted(counted)))}


def _plain(value: object) -> object:
    """Return what YAML loaded as JSON can hold it: dates as texts, keys as texts."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | None) else str(value)
