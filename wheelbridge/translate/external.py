"""External dependencies (PEP 725) as conda packages: what a whole ``[external]`` table asks for on a target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wheelbridge.errors import TranslationError
from wheelbridge.mapping.external.rows import CATEGORIES, Specs
from wheelbridge.model.external import ExternalSpecifier
from wheelbridge.model.target import Target
from wheelbridge.translate.external_dependency import (
    ExternalRows,
    ExternalTranslation,
    FoundExternal,
    UnmappedExternalError,
    find_conditions,
    join_conditions,
    translate_external_dependency,
)
from wheelbridge.translate.external_table import ExternalTable
from wheelbridge.translate.external_versions import ExternalVersionError
from wheelbridge.translate.markers import Condition
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
        origins: by category and package, the dependencies that it is there for; python, which compilers imply, is there
            for none.
    """

    build: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    recipe: Specs = field(default_factory=Specs)
    unmapped: tuple[Unmapped, ...] = ()
    notes: tuple[str, ...] = ()
    recipe_notes: tuple[str, ...] = ()
    origins: Mapping[str, Mapping[str, tuple[str, ...]]] = field(
        default_factory=lambda: {one: {} for one in CATEGORIES}
    )

    def of(self, category: str) -> tuple[str, ...]:
        """Return the MatchSpecs of one of the `CATEGORIES`."""
        return {"build": self.build, "host": self.host, "run": self.run}[category]

    def as_json(self) -> dict[str, object]:
        """Return what is needed, ready for ``json.dumps``; what concerns recipes and origins is left out."""
        return {
            **{category: list(self.of(category)) for category in CATEGORIES},
            "unmapped": [one.dependency for one in self.unmapped],
            "reasons": {one.dependency: one.reason for one in self.unmapped},
            "notes": list(self.notes),
        }


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
                needed = join_conditions(find_conditions(specifier, target, pythons), extras)
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
        self._origins: dict[str, dict[str, list[str]]] = {category: {} for category in CATEGORIES}
        self._compiles = False

    def take(self, translated: ExternalTranslation, category: str, condition: Condition) -> None:
        self._compiles |= translated.specifier.url.is_compiler and category in _BUILDING
        for spec in translated.specs:
            _merge(self._specs[category], spec.under(condition.when))
        for package in translated.packages:
            self._origins[category].setdefault(package, []).append(str(translated.specifier))
        self._notes += filter(None, (translated.note, translated.unserved, translated.unapplied))
        if condition.when:
            self._notes.append(f"{str(translated.specifier)!r} depends on python; it is there when {condition.when}.")
        self._take_recipe(translated, category, condition)

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
            origins={
                category: {package: tuple(dependencies) for package, dependencies in packages.items()}
                for category, packages in self._origins.items()
            },
        )

    def _take_recipe(self, translated: ExternalTranslation, category: str, condition: Condition) -> None:
        self._recipe_notes += filter(None, (translated.recipe_note,))
        if translated.recipe == tuple(map(str, translated.specs)):
            self._recipe[category] += (str(spec.under(condition.when)) for spec in translated.specs)
            return
        if not condition.when:
            self._recipe[category] += translated.recipe
            return
        texts = ", ".join(translated.recipe)
        why = f"Left out of the recipe, since it is needed when {condition.when} only: {texts}."
        self._recipe_notes.append(why)


def _merge(specs: list[RowSpec], spec: RowSpec) -> None:
    """Add *spec*, to what is there of its package where one MatchSpec can say both."""
    for number, other in enumerate(specs):
        if (merged := other.merged(spec)) is not None:
            specs[number] = merged
            return
    specs.append(spec)
