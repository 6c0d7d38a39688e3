"""Ecosystems of the conda kind: conda-forge by the tables of wheelbridge, others by their PEP 804 mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wheelbridge.api.external.rows import open_external
from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.mapping.external.layers import Mode
from wheelbridge.model.external import DepURL
from wheelbridge.translate.external import ExternalRows, FoundExternal

if TYPE_CHECKING:
    from wheelbridge.mapping.external.pep804 import EcosystemMapping
    from wheelbridge.mapping.overlays import Overlay

CONDA_FORGE = "conda-forge"
_OTHER = "Name conda-forge, or the mapping file (PEP 804) of another ecosystem whose packages are conda's."


class UnsupportedEcosystemError(WheelbridgeError):
    """The packages of an ecosystem are not conda's."""

    code = "unsupported-ecosystem"

    def __init__(self, ecosystem: str, managers: Sequence[str]) -> None:
        shown = ", ".join(managers) or "no package manager at all"
        super().__init__(f"The packages of {ecosystem!r} are not conda's: it has {shown}", hint=_OTHER)
        self.ecosystem = ecosystem
        self.managers = tuple(managers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecosystem:
    """Where packages come from.

    Attributes:
        name: its name, which is that of the channel.
        rows: what serves for external dependencies.
        notes: by id, what its mapping says and MatchSpecs cannot.
    """

    name: str
    rows: ExternalRows
    notes: Mapping[str, str] = field(default_factory=dict)

    def find(self, url: DepURL) -> FoundExternal:
        """Return the rows for *url*, with a note on what was left out of them."""
        found = self.rows.find(url)
        if not any(alternative.name == self.name for row in found.rows for alternative in row.alternatives):
            return found  # what the mapping says of it does not count
        if note := self.notes.get(found.id):
            return FoundExternal(found.id, found.rows, "; ".join(filter(None, (found.note, note))))
        return found


def open_ecosystem(text: str, maps: "Sequence[Overlay]" = ()) -> Ecosystem:
    """Open an ecosystem: ``conda-forge``, or a mapping file (PEP 804); *maps*, the nearest first, are put over it.

    The commands of its package managers are never run.

    Raises:
        UsageError: if there is neither an ecosystem nor a file of that name.
        UnsupportedEcosystemError: if its packages are not conda's.
        InvalidExternalError: if the file breaks a rule of PEP 804.
        UnreadableTableError: if the file is no JSON.
    """
    if text == CONDA_FORGE:
        return Ecosystem(name=CONDA_FORGE, rows=open_external(maps))
    from wheelbridge.mapping.external.pep804_rows import is_conda_kind, read_rows  # noqa: PLC0415 - a rare wish
    from wheelbridge.mapping.overlays import Overlay  # noqa: PLC0415 - as above

    mapping = _read_mapping(text)
    if not is_conda_kind(mapping):
        raise UnsupportedEcosystemError(mapping.name, [manager.name for manager in mapping.managers])
    read = read_rows(mapping, _is_spec)
    alone = Overlay(name=text, external=read.rows, mode=Mode.USE)
    return Ecosystem(name=mapping.name, rows=open_external((*maps, alone)), notes=read.notes)


def _read_mapping(text: str) -> "EcosystemMapping":
    from wheelbridge.mapping.external.pep804 import parse_mapping  # noqa: PLC0415 - a rare wish
    from wheelbridge.tables.reading import read_rows  # noqa: PLC0415 - as above

    path = Path(text).expanduser()
    if not path.is_file():
        raise UsageError(f"There is no ecosystem {text!r}, and no such file", hint=_OTHER)
    return read_rows(path, parse_mapping, name=text)


def _is_spec(text: str) -> bool:
    """Tell whether the solver can read a text; templates of recipes it cannot."""
    from rattler import MatchSpec  # noqa: PLC0415 - a rare wish
    from rattler.exceptions import InvalidMatchSpecError  # noqa: PLC0415 - as above

    try:
        MatchSpec(text, strict=True)
    except InvalidMatchSpecError:
        return False
    return True
