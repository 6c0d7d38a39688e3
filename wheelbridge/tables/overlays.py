"""Maps of somebody's own: read from a file, and checked by the solver's parser."""

from collections.abc import Iterator
from pathlib import Path

from wheelbridge.mapping.external.layers import Mode
from wheelbridge.mapping.external.rows import CATEGORIES
from wheelbridge.mapping.overlays import InvalidMapError, Overlay, parse_overlay
from wheelbridge.tables.documents import load_document
from wheelbridge.translate.row_specs import RowSpec

_SPEC = "Write MatchSpecs as in 'cuda-version >=12,<13'."


def load_overlay(path: Path, name: str, mode: Mode = Mode.PATCH) -> Overlay:
    """Read the map in the file *path*, which people call *name*.

    Raises:
        InvalidMapError: if there is no such file, or it breaks a rule.
        UnreadableTableError: if it is not YAML, JSON or TOML.
    """
    if not path.is_file():
        raise InvalidMapError(name, "", "there is no such file", hint="Maps are files in YAML, JSON or TOML.")
    overlay = parse_overlay(load_document(path), name, mode)
    check_specs(overlay)
    return overlay


def check_specs(overlay: Overlay) -> None:
    """See that the solver can read every spec of *overlay*.

    Raises:
        InvalidMapError: if it cannot, or a spec names no package.
    """
    if not (specs := tuple(_specs(overlay))):
        return
    from rattler import MatchSpec  # noqa: PLC0415 - only few rows have specs
    from rattler.exceptions import InvalidMatchSpecError  # noqa: PLC0415 - as above

    for place, spec in specs:
        try:
            MatchSpec(spec, strict=True)
        except InvalidMatchSpecError as error:
            raise InvalidMapError(overlay.name, place, f"{spec!r} is no MatchSpec: {error}", hint=_SPEC) from None
    for place, spec in _native_specs(overlay):
        try:
            RowSpec.parse(spec)
        except ValueError:
            problem = f"{spec!r} says more than a name, versions and builds"
            raise InvalidMapError(overlay.name, place, problem, hint=_SPEC) from None


def _specs(overlay: Overlay) -> Iterator[tuple[str, str]]:
    """Yield every spec that may be installed, with the project or the id that it is for."""
    for named in overlay.rows:
        yield from ((named.pypi, spec) for spec in named.specs)
    yield from _native_specs(overlay)


def _native_specs(overlay: Overlay) -> Iterator[tuple[str, str]]:
    for row in overlay.wheels:
        yield from ((row.pypi, spec) for spec in (*row.depends, *row.one_of))
    for external in overlay.external:
        for alternative in external.alternatives:
            yield from ((external.id, spec) for category in CATEGORIES for spec in alternative.of(category))
