"""External dependencies (PEP 725) as conda packages: what the rows of the tables say of them on a target."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from packaging.utils import NormalizedName, canonicalize_name

from wheelbridge.errors import TranslationError
from wheelbridge.mapping.external.rows import CATEGORIES, Alternative, ExternalRow, Specs, choose, package_of
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.external import DepURL, ExternalSpecifier
from wheelbridge.model.target import Target
from wheelbridge.translate.external_table import ExternalTable
from wheelbridge.translate.external_versions import Bound, ExternalVersionError, translate_bound
from wheelbridge.translate.markers import UNCONDITIONAL, Condition, MarkerTranslation, translate_marker
from wheelbridge.translate.pythons import Release
from wheelbridge.translate.row_specs import RowSpec

__all__ = [
    "ExternalEnvironment",
    "ExternalRows",
    "ExternalTranslation",
    "ExternalVersionError",
    "FoundExternal",
    "Unmapped",
    "UnmappedExternalError",
    "translate_external",
    "translate_external_dependency",
]

_PYTHON = RowSpec(name="python")
_BUILDING = ("build", "host")
_WORDS = {"build": "to build with", "host": "to link with", "run": "to run with"}


@dataclass(frozen=True, slots=True)
class FoundExternal:
    """What the tables have for a DepURL.

    Attributes:
        id: the one that they answer for: aliases are followed.
        rows: the first one before the others.
        note: for people, where another word was meant.
    """

    id: str
    rows: tuple[ExternalRow, ...]
    note: str = ""


class ExternalRows(Protocol):
    """The tables of external dependencies, opened for look-up."""

    def find(self, url: DepURL) -> FoundExternal:
        """Return the rows for *url*; its version does not matter."""


class UnmappedExternalError(TranslationError):
    """No conda package is known to be what an external dependency asks for on the target."""

    code = "unmapped-external-dependency"

    def __init__(self, dependency: str, reason: str) -> None:
        super().__init__(
            f"No conda package is known for {dependency!r}: {reason}",
            hint="Put a row of your own into a map (--map FILE), or leave out what a project asks for with "
            "--no-external PROJECT.",
        )
        self.dependency = dependency
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalTranslation:
    """One external dependency on a target.

    Attributes:
        specifier: what was asked for.
        packages: the names of the packages that it may bring.
        base: MatchSpecs that hold without an extra, as records have them, conditions on python included.
        groups: extra -> MatchSpecs that hold with it.
        unapplied: why a version bound was left out; one sentence.
        note: for people, where another word was meant.
        specs: what *base* says, as values.
        recipe: what a recipe writes.
        recipe_note: where that leaves out a bound.
        conditions: what *base* and *groups* are under.
    """

    specifier: ExternalSpecifier
    packages: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    groups: Mapping[NormalizedName, tuple[str, ...]] = field(default_factory=dict)
    unapplied: str | None = None
    note: str = ""
    specs: tuple[RowSpec, ...] = ()
    recipe: tuple[str, ...] = ()
    recipe_note: str = ""
    conditions: MarkerTranslation = UNCONDITIONAL

    def condition(self, extras: Iterable[str] = ()) -> Condition:
        """Return when it is needed, given *extras*."""
        return _join(self.conditions, extras)


def translate_external_dependency(
    specifier: ExternalSpecifier,
    category: str,
    target: Target,
    rows: ExternalRows,
    pythons: Sequence[Release] = (),
) -> ExternalTranslation:
    """Say which conda packages are what *specifier* asks for on *target*.

    Args:
        specifier: one external dependency.
        category: one of ``build``, ``host`` and ``run``.
        target: where they are to be installed.
        rows: the tables.
        pythons: the minor versions of Python that can occur; none given: all.

    Raises:
        UnmappedExternalError: if the tables have no answer, or say that there is none.
        ExternalVersionError: if its version cannot be said of the packages.
        MarkerNotExpressibleError: if its marker has no exact counterpart.
    """
    conditions = _conditions(specifier, target, pythons)
    if conditions.base.value is False and not conditions.extras:
        return ExternalTranslation(specifier=specifier, conditions=conditions)
    found = rows.find(specifier.url)
    row, alternative = _choose(specifier, found, target.subdir)
    bound = translate_bound(specifier.url, row)
    specs = tuple(_read(specifier, spec) for spec in alternative.of(category))
    applied = tuple(bound.apply(spec) for spec in specs)
    recipe = tuple(_with_bound(text, bound) for text in alternative.recipe.of(category))
    missed = bound.version is not None and not any(spec.name in bound.apply_to for spec in specs)
    return ExternalTranslation(
        specifier=specifier,
        packages=tuple(dict.fromkeys(spec.name for spec in applied)),
        base=_records(applied, conditions.base),
        groups={extra: _records(applied, condition) for extra, condition in conditions.extras.items()},
        unapplied=_nobody(specifier, category) if specs and missed else bound.unapplied,
        note=found.note and f"{found.note}.",
        specs=applied,
        recipe=recipe or tuple(map(str, applied)),
        recipe_note=_missed_in_recipe(specifier, recipe, bound),
        conditions=conditions,
    )


def _conditions(specifier: ExternalSpecifier, target: Target, pythons: Sequence[Release]) -> MarkerTranslation:
    marker = specifier.marker
    return UNCONDITIONAL if marker is None else translate_marker(str(marker), target, tuple(pythons))


def _join(conditions: MarkerTranslation, extras: Iterable[str]) -> Condition:
    """Return when something is needed, given *extras*."""
    asked = [conditions.extras[one] for one in map(canonicalize_name, extras) if one in conditions.extras]
    held = [conditions.base, *asked]
    if any(one.value is True for one in held):
        return Condition(value=True)
    either = dict.fromkeys(one.when for one in held if one.when)
    return Condition(value=None, when=" or ".join(either)) if either else Condition(value=False)


def _choose(specifier: ExternalSpecifier, found: FoundExternal, subdir: str) -> tuple[ExternalRow, Alternative]:
    """Take the first row that has an answer for *subdir*: a map that extends the tables has its rows behind theirs."""
    for row in found.rows:
        if (alternative := choose(row, subdir)) is not None:
            return row, alternative
    raise UnmappedExternalError(str(specifier), _reason(found, subdir))


def _reason(found: FoundExternal, subdir: str) -> str:
    if not found.rows:
        return f"the tables have no row for {found.id!r}."
    absent = [row for row in found.rows if row.relation is Relation.NONE]
    if len(absent) == len(found.rows):
        why = absent[0].reason.rstrip(".")
        return f"it is known not to be packaged{f' ({why})' if why else ''}."
    globs = dict.fromkeys(glob for row in found.rows for one in row.alternatives for glob in one.when)
    return f"there is no package of it for {subdir}, only for {', '.join(globs)}."


def _read(specifier: ExternalSpecifier, spec: str) -> RowSpec:
    try:
        return RowSpec.parse(spec)
    except ValueError:
        reason = f"the row's {spec!r} is no MatchSpec of a name, a version and a build."
        raise UnmappedExternalError(str(specifier), reason) from None


def _missed_in_recipe(specifier: ExternalSpecifier, texts: Sequence[str], bound: Bound) -> str:
    if not texts or bound.version is None or any(package_of(text) in bound.apply_to for text in texts):
        return ""
    return f"A recipe writes {', '.join(texts)} for {specifier.url.id}, without the bound {bound.asked!r}."


def _with_bound(text: str, bound: Bound) -> str:
    """Leave templates as they are: what they become is the recipe's matter."""
    if package_of(text) not in bound.apply_to:
        return text
    try:
        return str(bound.apply(RowSpec.parse(text)))
    except ValueError:
        return text


def _nobody(specifier: ExternalSpecifier, category: str) -> str:
    url = specifier.url
    return (
        f"The bound {url.version!r} of {url.id} was left out: no package {_WORDS[category]} has versions that it is of."
    )


def _records(specs: Iterable[RowSpec], condition: Condition) -> tuple[str, ...]:
    if condition.value is False:
        return ()
    return tuple(dict.fromkeys(spec.under(condition.when).record_text for spec in specs))


@dataclass(frozen=True, slots=True)
class Unmapped:
    """An external dependency that could not be translated: what, the error's code, why."""

    dependency: str
    code: str
    reason: str

    def as_json(self) -> dict[str, object]:
        """Return it ready for ``json.dumps``."""
        return {"dependency": self.dependency, "code": self.code, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalEnvironment:
    """What to install to build and run a project: MatchSpecs, as people write them.

    Attributes:
        build: what runs on the machine that builds.
        host: what is linked with; with a compiler, python as well.
        run: what is needed when it runs.
        recipe: what a recipe writes in their place.
        unmapped: what could not be translated, each once.
        notes: for people.
        recipe_notes: of *recipe* alone.
    """

    build: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    recipe: Specs = field(default_factory=Specs)
    unmapped: tuple[Unmapped, ...] = ()
    notes: tuple[str, ...] = ()
    recipe_notes: tuple[str, ...] = ()

    def of(self, category: str) -> tuple[str, ...]:
        """Return the MatchSpecs of one of the `CATEGORIES`."""
        return {"build": self.build, "host": self.host, "run": self.run}[category]


def translate_external(
    table: ExternalTable,
    target: Target,
    rows: ExternalRows,
    *,
    extras: Sequence[str] = (),
    groups: Sequence[str] = (),
    pythons: Sequence[Release] = (),
) -> ExternalEnvironment:
    """Say which conda packages are what an ``[external]`` table asks for on *target*.

    PEP 725: "Python development headers must be assumed to be necessary when an ``[external]`` table contains one or
    more compiler packages": then ``python`` is in the host environment.

    Args:
        table: what is needed.
        target: where it is to be installed.
        rows: the tables.
        extras: optional dependencies to take as well.
        groups: dependency groups to take as well.
        pythons: the minor versions of Python that can occur; none given: all.

    Raises:
        UnknownExternalGroupError: if the table lacks one of *extras* or *groups*.
    """
    collected = _Collected()
    for category, specifiers in table.select(extras, groups).items():
        for specifier in specifiers:
            try:
                needed = _join(_conditions(specifier, target, pythons), extras)
                if needed.value is not False:
                    translated = translate_external_dependency(specifier, category, target, rows, pythons)
                    collected.take(translated, category, needed)
            except TranslationError as error:
                collected.miss(specifier, category, error)
    return collected.environment


class _Collected:
    """The translations of a table, put together."""

    def __init__(self) -> None:
        self._specs: dict[str, list[RowSpec]] = {category: [] for category in CATEGORIES}
        self._recipe: dict[str, list[str]] = {category: [] for category in CATEGORIES}
        self._unmapped: dict[str, Unmapped] = {}
        self._notes: list[str] = []
        self._recipe_notes: list[str] = []
        self._compiles = False

    def take(self, translated: ExternalTranslation, category: str, condition: Condition) -> None:
        self._compiles |= translated.specifier.url.is_compiler and category in _BUILDING
        for spec in translated.specs:
            _merge(self._specs[category], spec.under(condition.when))
        self._recipe[category] += self._recipe_texts(translated, condition)
        self._notes += filter(None, (translated.note, translated.unapplied))
        self._recipe_notes += filter(None, (translated.recipe_note,))
        if condition.when:
            self._notes.append(f"{str(translated.specifier)!r} depends on python; it is there when {condition.when}.")

    def miss(self, specifier: ExternalSpecifier, category: str, error: TranslationError) -> None:
        self._compiles |= specifier.url.is_compiler and category in _BUILDING
        reason = error.reason if isinstance(error, UnmappedExternalError) else error.message
        self._unmapped.setdefault(str(specifier), Unmapped(str(specifier), error.code, reason))

    @property
    def environment(self) -> ExternalEnvironment:
        """All that was taken."""
        if self._compiles:
            _merge(self._specs["host"], _PYTHON)
            self._recipe["host"].append(_PYTHON.name)
        texts = {category: tuple(map(str, specs)) for category, specs in self._specs.items()}
        return ExternalEnvironment(
            build=texts["build"],
            host=texts["host"],
            run=texts["run"],
            recipe=Specs(**{category: tuple(dict.fromkeys(lines)) for category, lines in self._recipe.items()}),
            unmapped=tuple(self._unmapped.values()),
            notes=tuple(dict.fromkeys(self._notes)),
            recipe_notes=tuple(dict.fromkeys(self._recipe_notes)),
        )

    def _recipe_texts(self, translated: ExternalTranslation, condition: Condition) -> Iterator[str]:
        if not condition.when or translated.recipe != tuple(map(str, translated.specs)):
            yield from translated.recipe
            return
        yield from (str(spec.under(condition.when)) for spec in translated.specs)


def _merge(specs: list[RowSpec], spec: RowSpec) -> None:
    """Add *spec*, to what is there of its package where one MatchSpec can say both."""
    for number, other in enumerate(specs):
        if (merged := other.merged(spec)) is not None:
            specs[number] = merged
            return
    specs.append(spec)
