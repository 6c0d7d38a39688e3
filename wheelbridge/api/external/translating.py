"""The external dependencies of a project as conda packages, on one target or on several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelbridge.api.external.ecosystems import CONDA_FORGE, open_ecosystem
from wheelbridge.api.external.project_file import STANDARD_INPUT, ProjectFile
from wheelbridge.mapping.external.rows import CATEGORIES
from wheelbridge.model.target import Target
from wheelbridge.translate.external import ExternalEnvironment, translate_external
from wheelbridge.translate.external_table import ExternalTable, OutdatedExternalTableError
from wheelbridge.translate.external_upgrade import plan_upgrade

if TYPE_CHECKING:
    from wheelbridge.mapping.overlays import Overlay

ALL_EXTRAS = ":all:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What of a table is asked for.

    Attributes:
        extras: names of optional dependencies; `ALL_EXTRAS` is all of them.
        groups: names of dependency groups.
        upgrade: whether a table of an older draft is taken as if it were upgraded.
    """

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    upgrade: bool = False


@dataclass(frozen=True, slots=True)
class TargetTranslation:
    """What is needed on one target."""

    target: Target
    environment: ExternalEnvironment

    def as_json(self) -> dict[str, object]:
        """Return it ready for ``json.dumps``."""
        environment = self.environment
        return {
            "target": self.target.as_json(),
            **environment.as_json(),
            "origins": {
                category: {package: list(dependencies) for package, dependencies in packages.items()}
                for category, packages in environment.origins.items()
            },
            "recipe": {category: list(environment.recipe.of(category)) for category in CATEGORIES},
            "recipe_notes": list(environment.recipe_notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTranslation:
    """What a project needs that is no Python package.

    Attributes:
        name: of the project, where its file says it.
        ecosystem: where the packages come from.
        targets: one for each platform, in the order asked for.
        notes: for people, on the file.
    """

    name: str | None
    ecosystem: str
    targets: tuple[TargetTranslation, ...]
    notes: tuple[str, ...] = ()

    @property
    def environments(self) -> Mapping[str, ExternalEnvironment]:
        """What is needed, by subdir."""
        return {one.target.subdir: one.environment for one in self.targets}


def translate_project(
    file: ProjectFile,
    targets: Sequence[Target],
    selection: Selection,
    ecosystem: str = CONDA_FORGE,
    maps: "Sequence[Overlay]" = (),
) -> ProjectTranslation:
    """Say which conda packages are what the ``[external]`` table of *file* asks for.

    Args:
        file: the project's pyproject.toml.
        targets: where they are to be installed.
        selection: what of the table is asked for.
        ecosystem: ``conda-forge``, or the mapping file (PEP 804) of another.
        maps: rows of somebody's own, the nearest first.

    Raises:
        OutdatedExternalTableError: if the table follows an older draft, and is not to be upgraded.
        InvalidExternalTableError: if it breaks a rule.
        UnknownExternalGroupError: if it lacks an extra or a group.
        WheelbridgeError: if the ecosystem or a map cannot be read.
    """
    table, notes = _read_table(file, upgrade=selection.upgrade)
    chosen = Selection(extras=_expand(selection.extras, table), groups=selection.groups)
    opened = open_ecosystem(ecosystem, maps)
    return ProjectTranslation(
        name=file.name,
        ecosystem=opened.name,
        targets=tuple(
            TargetTranslation(
                target, translate_external(table, target, opened, extras=chosen.extras, groups=chosen.groups)
            )
            for target in targets
        ),
        notes=notes,
    )


def _expand(extras: Sequence[str], table: ExternalTable) -> tuple[str, ...]:
    every = sorted(table.extras) if ALL_EXTRAS in extras else []
    return tuple(dict.fromkeys([*every, *(extra for extra in extras if extra != ALL_EXTRAS)]))


def _read_table(file: ProjectFile, *, upgrade: bool) -> tuple[ExternalTable, tuple[str, ...]]:
    """Return the table, with notes on it.

    PEP 725: "The lack of an ``[external]`` table means the package either does not have any external dependencies, or
    the ones it does have are assumed to be present on the system already."
    """
    if file.external is None:
        return ExternalTable(), (f"{file.place} has no [external] table.",)
    if not upgrade:
        try:
            return ExternalTable.parse(file.external), ()
        except OutdatedExternalTableError as error:
            place = STANDARD_INPUT if file.path is None else file.place
            error.hint = f"Run `wheelbridge external upgrade {place}`, or take it as it would be then with --upgrade."
            raise
    plan = plan_upgrade(file.external)
    table = ExternalTable.parse(plan.data)
    told = f"{file.place} follows an older draft of PEP 725; taken as if it were upgraded."
    return table, (told,) if plan.upgrades else ()
