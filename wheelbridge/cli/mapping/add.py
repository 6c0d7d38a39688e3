"""``wheelbridge map add``: a row for the curated names, asked for field by field, checked and put in its place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import InvalidName

from wheelbridge.api.mapping.add import (
    Draft,
    check_own_file,
    curated_file,
    draft_row,
    find_spec_problem,
    is_short,
    open_tables,
    today,
    write_draft,
)
from wheelbridge.cli.door import is_somebody_there
from wheelbridge.cli.output import err, note, out, print_json
from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.mapping.lookup import LayerAnswer, LayeredNameTable
from wheelbridge.mapping.overrides import Override
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import NormalizedName, canonicalize_name
from wheelbridge.tables import find_mappings
from wheelbridge.tables.shipped import refuse_shipped

_MEANINGS = {
    Relation.DIST: "carries the project's dist-info",
    Relation.BASE: "as dist, and the package of the project's own name only depends on it",
    Relation.PART: "carries it beside another one that it is known by",
    Relation.EQUIVALENT: "is the same software under another distribution name",
    Relation.META: "only pulls others in",
    Relation.TOOL: "is the program without its Python distribution",
    Relation.LIBRARY: "is the native library",
    Relation.NONE: "does not exist",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What the command line says of the row; None: not given."""

    conda: str | None = None
    relation: str | None = None
    reason: str | None = None
    evidence: tuple[str, ...] = ()
    specs: tuple[str, ...] = ()
    pypi_range: str | None = None
    rejected: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the command goes about it."""

    yes: bool = False
    dry_run: bool = False
    replace: bool = False
    as_json: bool = False


def run(project: str, fields: Fields, manner: Manner, *, mappings: Path | None, map_file: Path | None) -> int:
    """Write a row into the curated table, or into *map_file*, a map of somebody's own."""
    name, own = _read_project(project), map_file is not None
    if map_file is not None:
        check_own_file(map_file)
    elif not manner.dry_run:
        refuse_shipped(mappings, hint="Give --map FILE for a map of your own; or work in a checkout, for everybody.")
    path = map_file or curated_file(mappings or find_mappings())
    names = open_tables(mappings)
    asks = is_somebody_there() and not manner.yes and not manner.as_json
    if asks:
        _show_answers(name, names)
    data = _Form(name, fields, names, own=own, asks=asks, short=own and is_short(path)).fill()
    draft = draft_row(data, path, names, own=own, replace=manner.replace)
    if not manner.as_json:
        _show_draft(draft)
    if manner.dry_run or not (manner.yes or manner.as_json or _confirmed(asks=asks)):
        return _finish(draft, manner, written=False)
    write_draft(draft)
    return _finish(draft, manner, written=True)


def _read_project(text: str) -> NormalizedName:
    """Return the name of a project that people may write as ``pypi:NAME``."""
    world, separator, rest = text.partition(":")
    if separator and world != "pypi":
        raise UsageError(f"{text!r} is no PyPI project", hint="Rows are written for projects: pypi:torch, or torch.")
    try:
        return canonicalize_name((rest if separator else text).strip(), validate=True)
    except InvalidName:
        raise UsageError(f"{text!r} cannot name a PyPI project (PEP 508)", hint="Write it like torch.") from None


@dataclass
class _Form:
    """Asks for the fields that the command line leaves open, each until it will do; of a short map, only for one."""

    project: str
    fields: Fields
    names: LayeredNameTable
    own: bool
    asks: bool
    short: bool
    data: dict[str, object] = field(default_factory=dict)

    def fill(self) -> Mapping[str, object]:
        """Return the fields of the row.

        Raises:
            UsageError: if one is missing, and there is nobody to ask.
        """
        given, self.data["pypi"] = self.fields, self.project
        conda = given.conda if given.conda is not None else self._ask("conda", "Conda package (empty: there is none)")
        self.data["conda"] = conda or None
        self.data["relation"] = given.relation or self._ask_relation()
        self._fill_limits()
        self.data["not"] = list(given.rejected) or self._ask_list("not", "Packages that look right and are wrong")
        if given.channels:
            self.data["channels"] = list(given.channels)
        reason = given.reason or self._ask("reason", "Why, in one sentence", needed=not self.own)
        self.data |= {"reason": reason} if reason else {}
        self.data["evidence"] = list(given.evidence) or self._ask_each("evidence", "Evidence", needed=not self.own)
        self.data["reviewed"] = today()
        return self.data

    def _fill_limits(self) -> None:
        """Ask what must hold besides, and for which versions; without a package there is nothing to limit."""
        given, has = self.fields, self.data["conda"] is not None
        specs = list(given.specs) or (self._ask_each("specs", "Further MatchSpec") if has else [])
        question = "Only these versions (PEP 440; empty: all)"
        limit = given.pypi_range or (self._ask("pypi_range", question) if has else "")
        self.data |= {"specs": specs, **({"pypi_range": limit} if limit else {})}

    def _ask(self, name: str, question: str, *, needed: bool = False) -> str:
        if self.short and name != "conda":
            return ""
        if not self.asks:
            if needed or name == "conda":
                option = {"conda": "--conda NAME, or --conda ''"}.get(name, f"--{name} TEXT")
                raise UsageError(f"Nothing says the {name!r} of the row, and there is nobody to ask", hint=f"{option}.")
            return ""
        return self._until(question, name, str.strip, needed=needed)

    def _ask_relation(self) -> str:
        if self.data["conda"] is None:
            return Relation.NONE
        if self.short:
            return Relation.DIST
        if not self.asks:
            raise UsageError(
                "Nothing says the relation of the row, and there is nobody to ask", hint="--relation NAME."
            )
        err().print("The conda package …", markup=False)
        for relation, meaning in _MEANINGS.items():
            err().print(f"  {relation.value:<11}{meaning}", markup=False)
        return self._until("Relation", "relation", str.strip, needed=True)

    def _ask_list(self, name: str, question: str) -> list[str]:
        answer = self._ask(name, f"{question} (empty: none)")
        return [item.strip() for item in answer.split(",") if item.strip()]

    def _ask_each(self, name: str, question: str, *, needed: bool = False) -> list[str]:
        """Ask for one item after the other, until there is none."""
        found: list[str] = []
        while True:
            must = needed and not found
            answer = self._ask(name, f"{question} {len(found) + 1}{'' if must else ' (empty: no more)'}", needed=must)
            if not answer:
                return found
            found.append(answer)

    def _until(self, question: str, name: str, read: Callable[[str], str], *, needed: bool) -> str:
        """Ask until the answer will do by itself."""
        while True:
            answer = read(err().input(f"{question}: ", markup=False))
            if not answer and needed:
                err().print("  It cannot be empty.", style="yellow")
            elif problem := self._problem(name, answer):
                err().print(f"  {problem}", style="yellow", markup=False)
            else:
                return answer

    def _problem(self, name: str, answer: str) -> str | None:
        """Say what is wrong with one answer, as far as it can be told without the others."""
        if answer and name == "specs":
            return find_spec_problem(answer)
        if not answer or name not in {"conda", "relation", "pypi_range"}:
            return None
        row: dict[str, object] = {"pypi": self.project, "conda": "x", "relation": "dist"}
        if name == "relation" and answer == Relation.NONE:
            return "It has a conda package; leave that empty if there is none."
        try:
            Override.parse({**row, name: answer}, "", own=True)
        except WheelbridgeError as error:
            return error.message.removeprefix(": ")
        if name == "conda" and not self.names.is_conda_name(answer):
            return f"No table knows a conda package {answer!r}; --conda says it all the same."
        return None


def _show_answers(project: str, names: LayeredNameTable) -> None:
    console = err()
    console.print(f"What the tables say of {project}:", markup=False)
    for answer in names.trace(canonicalize_name(project)):
        console.print(f"  {answer.layer:<12}{_describe(answer)}", markup=False)


def _describe(answer: LayerAnswer) -> str:
    row = answer.row
    if row is None:
        return "no row"
    if row.relation is None:
        return f"ambiguous: {' or '.join(row.alternatives)}"
    others = f" (also seen: {', '.join(row.alternatives)})" if row.alternatives else ""
    return f"{row.conda or 'nothing'}, {row.relation.value}{others}"


def _show_draft(draft: Draft) -> None:
    out().print(draft.text, markup=False, end="")
    for warning in draft.warnings:
        note(f"{warning}.")


def _confirmed(*, asks: bool) -> bool:
    if not asks:
        raise UsageError("There is nobody to ask", hint="Say --yes to write the row, or --dry-run to see it only.")
    return err().input("Write it ([y]/n)? ", markup=False).strip().lower() in {"", "y", "yes"}


def _finish(draft: Draft, manner: Manner, *, written: bool) -> int:
    if manner.as_json:
        print_json(
            {
                "success": True,
                "dry_run": not written,
                "file": str(draft.path),
                "row": draft.text,
                "warnings": list(draft.warnings),
            }
        )
    elif written:
        err().print(f"Written to {draft.path}", markup=False)
    return 0
