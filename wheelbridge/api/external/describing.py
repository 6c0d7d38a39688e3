"""External dependencies of projects (PEP 725) as values: for the public API and for scripts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wheelbridge.api.external.rows import open_external
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.external import ExternalSpecifier
from wheelbridge.model.target import Target
from wheelbridge.translate import external
from wheelbridge.translate.external import ExternalEnvironment, ExternalRows
from wheelbridge.translate.external_table import ExternalTable
from wheelbridge.translate.pythons import Release

if TYPE_CHECKING:
    from wheelbridge.mapping.overlays import Overlay

_FORM = "Write a DepURL, or an object with 'pyproject' and perhaps the lists 'extras' and 'groups'."
_FIELDS = frozenset({"pyproject", "extras", "groups"})


class InvalidInputError(WheelbridgeError):
    """An input of a translation has another form than its kind asks for."""

    code = "invalid-input"


def translate_external(
    table: Mapping[str, object],
    target: Target,
    *,
    extras: Sequence[str] = (),
    groups: Sequence[str] = (),
    pythons: Sequence[Release] = (),
    maps: "Sequence[Overlay]" = (),
) -> ExternalEnvironment:
    """Say which conda packages a project's ``[external]`` table (PEP 725) asks for on *target*.

    >>> translated = translate_external({"host-requires": ["dep:generic/zlib@>=1.2"]}, Target(subdir="linux-64"))
    >>> translated.host
    ('zlib >=1.2',)

    The tables that came with wheelbridge answer (PEP 804). What they do not know is in ``unmapped``, each with a
    reason; a bound that could not be said is in ``notes``.

    Args:
        table: the value of ``[external]``, as `tomllib` reads it.
        target: where the packages are to be installed.
        extras: optional dependencies to take as well.
        groups: dependency groups to take as well; they count as needed to run.
        pythons: the minor versions of Python that can occur, such as ``(3, 12)``; none given: all.
        maps: rows of somebody's own, the nearest first.

    Raises:
        OutdatedExternalTableError: if the table is written as an earlier draft of PEP 725 had it.
        InvalidExternalTableError: if it breaks a rule.
        UnknownExternalGroupError: if it lacks one of *extras* or *groups*.
    """
    parsed, rows = ExternalTable.parse(table), open_external(maps)
    return external.translate_external(parsed, target, rows, extras=extras, groups=groups, pythons=pythons)


def describe_specifier(text: str) -> dict[str, object]:
    """Return what an external dependency specifier says, ready for ``json.dumps``.

    >>> describe_specifier("dep:generic/zlib@>=1.2.0; os_name=='nt'")["marker"]
    'os_name == "nt"'

    Raises:
        InvalidDepURLError: if *text* is none.
    """
    specifier = ExternalSpecifier.parse(text)
    marker = str(specifier.marker) if specifier.marker else None
    return {**specifier.url.as_json(), "marker": marker, "normalized": str(specifier.url)}


def describe_project(value: object, target: Target, rows: ExternalRows) -> dict[str, object]:
    """Translate ``{"pyproject": {…}, "extras"?: […], "groups"?: […]}``, ready for ``json.dumps``.

    PEP 725: "The lack of an ``[external]`` table means the package either does not have any external dependencies, or
    the ones it does have are assumed to be present on the system already."

    Raises:
        InvalidInputError: if *value* has another form.
        WheelbridgeError: as `translate_external`.
    """
    if not isinstance(value, dict) or "pyproject" not in value or not value.keys() <= _FIELDS:
        raise InvalidInputError("An external dependency is a text, or an object with 'pyproject'", hint=_FORM)
    if not isinstance(pyproject := value["pyproject"], dict):
        raise InvalidInputError("'pyproject' must be an object: what is in a pyproject.toml", hint=_FORM)
    extras, groups = (_texts(value, key) for key in ("extras", "groups"))
    table = ExternalTable.parse(pyproject.get("external", {}))
    return external.translate_external(table, target, rows, extras=extras, groups=groups).as_json()


def _texts(value: Mapping[str, object], key: str) -> tuple[str, ...]:
    found = value.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise InvalidInputError(f"{key!r} must be a list of texts, got {found!r}", hint=_FORM)
    return tuple(found)
