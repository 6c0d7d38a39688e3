"""What a project that a file describes needs besides Python packages, as specs (PEP 725)."""

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from wheelbridge.api.building.errors import UnmappedExternalsError
from wheelbridge.api.external.rows import open_external
from wheelbridge.api.manifests.reading import Choice
from wheelbridge.environment.manifest import Manifest
from wheelbridge.model.name import ALL_PROJECTS
from wheelbridge.translate.external import translate_external
from wheelbridge.translate.external_table import ExternalTable

if TYPE_CHECKING:
    from wheelbridge.api.solving import Settings


def specs_of_externals(manifest: Manifest, choice: Choice, settings: "Settings") -> tuple[str, ...]:
    """Return the MatchSpecs of what the project of *manifest* needs to run, with what is chosen of it.

    PEP 725: ``dependencies`` are "external dependencies … needed at runtime". What a build needs is no business of an
    environment that the project runs in.

    Raises:
        InvalidExternalTableError: if the table breaks a rule.
        UnmappedExternalsError: if no conda package is known for one of them.
    """
    if not manifest.external or ALL_PROJECTS in settings.no_external:
        return ()
    table = ExternalTable.parse(manifest.external)
    table = ExternalTable(
        requires={**ExternalTable().requires, "run": table.requires["run"]},
        optional={**ExternalTable().optional, "run": table.optional["run"]},
        groups=table.groups,
    )
    found = translate_external(
        table,
        settings.target,
        open_external(settings.maps),
        extras=[name for name in map(canonicalize_name, choice.extras) if name in table.extras],
        groups=[name for name in map(canonicalize_name, choice.groups) if name in table.groups],
    )
    if found.unmapped:
        name = manifest.name or manifest.files[0]
        raise UnmappedExternalsError(name, [(one.dependency, one.reason) for one in found.unmapped])
    return found.run
