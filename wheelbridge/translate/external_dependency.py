"""One external dependency (PEP 725) as conda packages: what the rows of the tables say of it on a target."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from packaging.utils import NormalizedName, canonicalize_name

from wheelbridge.errors import TranslationError
from wheelbridge.mapping.external.rows import CATEGORIES, Alternative, ExternalRow, choose, package_of
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.external import DepURL, ExternalSpecifier
from wheelbridge.model.target import Target
from wheelbridge.translate.external_versions import Bound, ExternalVersionError, translate_bound
from wheelbridge.translate.markers import UNCONDITIONAL, Condition, MarkerTranslation, translate_marker
from wheelbridge.translate.pythons import Release
from wheelbridge.translate.row_specs import RowSpec

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
        unserved: why there is no package to install, although one is needed.
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
    unserved: str = ""
    specs: tuple[RowSpec, ...] = ()
    recipe: tuple[str, ...] = ()
    recipe_note: str = ""
    conditions: MarkerTranslation = UNCONDITIONAL

    def condition(self, extras: Iterable[str] = ()) -> Condition:
        """Return when it is needed, given *extras*."""
        return join_conditions(self.conditions, extras)


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
    conditions = find_conditions(specifier, target, pythons)
    if conditions.base.value is False and not conditions.extras:
        return ExternalTranslation(specifier=specifier, conditions=conditions)
    found = rows.find(specifier.url)
    served = _serve(specifier, category, *_choose(specifier, found, target.subdir))
    return replace(
        served,
        base=_records(served.specs, conditions.base),
        groups={extra: _records(served.specs, condition) for extra, condition in conditions.extras.items()},
        note=found.note and f"{found.note}.",
        conditions=conditions,
    )


def find_conditions(specifier: ExternalSpecifier, target: Target, pythons: Sequence[Release]) -> MarkerTranslation:
    """Return what the marker of *specifier* says on *target*.

    Raises:
        MarkerNotExpressibleError: if it has no exact counterpart.
    """
    marker = specifier.marker
    return UNCONDITIONAL if marker is None else translate_marker(str(marker), target, tuple(pythons))


def join_conditions(conditions: MarkerTranslation, extras: Iterable[str]) -> Condition:
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


def _serve(
    specifier: ExternalSpecifier, category: str, row: ExternalRow, alternative: Alternative
) -> ExternalTranslation:
    """Return what *alternative* has for *specifier*, its marker left aside."""
    bound = translate_bound(specifier.url, row)
    if bound.version is not None and (fixed := [one for one in alternative.of(category) if one in row.version.fixed]):
        reason = f"the row's {fixed[0]!r} has a version or a build already."
        raise ExternalVersionError(str(specifier.url), reason)
    specs = tuple(bound.apply(_read(specifier, spec)) for spec in alternative.of(category))
    recipe = tuple(_with_bound(text, bound) for text in alternative.recipe.of(category))
    missed = bound.version is not None and not any(spec.name in bound.apply_to for spec in specs)
    return ExternalTranslation(
        specifier=specifier,
        packages=tuple(dict.fromkeys(spec.name for spec in specs)),
        unapplied=_nobody(specifier, category) if specs and missed else bound.unapplied,
        unserved="" if specs else _explain_nothing(specifier, category, alternative),
        specs=specs,
        recipe=recipe or tuple(map(str, specs)),
        recipe_note=_missed_in_recipe(specifier, recipe, bound),
    )


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


def _explain_nothing(specifier: ExternalSpecifier, category: str, alternative: Alternative) -> str:
    others = " and ".join(_WORDS[one] for one in CATEGORIES if alternative.of(one))
    known = f"its packages are {others}" if others else "the row has no packages"
    return f"Nothing is installed {_WORDS[category]} for {specifier.url.id}: {known}."


def _records(specs: Iterable[RowSpec], condition: Condition) -> tuple[str, ...]:
    if condition.value is False:
        return ()
    return tuple(dict.fromkeys(spec.under(condition.when).record_text for spec in specs))
