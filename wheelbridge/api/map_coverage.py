"""The coverage of what files ask for, by the tables of a folder or by those that count."""

from pathlib import Path

from wheelbridge.api.demands import Demands
from wheelbridge.mapping.coverage import Coverage, measure
from wheelbridge.mapping.external import parse_external
from wheelbridge.mapping.external_rows import packages_of
from wheelbridge.mapping.lookup import LayeredNameTable
from wheelbridge.tables import find_mappings, load_names
from wheelbridge.tables.documents import load_document


def measure_demands(demands: Demands, mappings: Path | None = None, names: LayeredNameTable | None = None) -> Coverage:
    """Look up every name that *demands* has, in *names* or in the tables of *mappings*.

    Raises:
        WheelbridgeError: if a table is missing or breaks a rule.
    """
    return measure(demands.mentions, names or load_names(mappings), _externals(mappings or find_mappings()))


def _externals(mappings: Path) -> dict[str, str | None]:
    path = mappings / "external" / "conda-forge.yaml"
    rows = parse_external(load_document(path)) if path.exists() else ()
    return {row.id: ", ".join(sorted(packages_of(row))) or None for row in rows}
