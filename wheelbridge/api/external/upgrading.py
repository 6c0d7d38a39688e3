"""The ``[external]`` table of a pyproject.toml, rewritten from an earlier draft of PEP 725 to the current one."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from wheelbridge.api.external.project_file import ProjectFile
from wheelbridge.api.external.toml_editing import CannotEditError, edit_external
from wheelbridge.errors import WheelbridgeError
from wheelbridge.translate.external_table import Upgrade
from wheelbridge.translate.external_upgrade import TABLE, Leftover, plan_upgrade


class NotUpgradableError(WheelbridgeError):
    """Something of an ``[external]`` table cannot be upgraded mechanically; nothing was written."""

    code = "external-not-upgradable"

    def __init__(self, place: str, leftovers: Sequence[Leftover]) -> None:
        first, *others = leftovers
        more = f" (and {len(others)} more)" if others else ""
        super().__init__(
            f"{place} was not changed: {first.path}: {first.reason}{more}",
            hint="Change that by hand, then upgrade again; --partial writes the rest before.",
        )
        self.place = place
        self.leftovers = tuple(leftovers)

    def as_json(self) -> dict[str, object]:
        """Return the fields, ready for ``json.dumps``."""
        return {**super().as_json(), "leftovers": [leftover.as_json() for leftover in self.leftovers]}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUpgrade:
    """What an upgrade does to a file.

    Attributes:
        file: as it is.
        text: as it will be.
        upgrades: what changes in the table.
        leftovers: what does not, and should.
        outdated: whether something of the table is of an older draft.
    """

    file: ProjectFile
    text: str
    upgrades: tuple[Upgrade, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    outdated: bool = False

    @property
    def diff(self) -> str:
        """The change as a unified diff; line ends are those of the file."""
        old, new = (text.splitlines(keepends=True) for text in (self.file.text, self.text))
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in unified_diff(old, new, fromfile=self.file.place, tofile=f"{self.file.place} (upgraded)")
        )

    def write(self, path: Path) -> None:
        """Put the file in its place whole.

        Raises:
            OSError: if it cannot be written.
        """
        from wheelbridge.tables.writing import write_file  # noqa: PLC0415 - most commands write nothing

        write_file(path, self.file.encode(self.text))


def upgrade_file(file: ProjectFile) -> FileUpgrade:
    """Say what becomes of *file*; nothing is written.

    Byte for byte, all is kept but the old spellings. A file without an ``[external]`` table is as it should be.
    """
    if file.external is None:
        return FileUpgrade(file=file, text=file.text)
    plan = plan_upgrade(file.external)
    outdated, kept = bool(plan.upgrades), dict[str, str]()
    while plan.upgrades:
        try:
            text = edit_external(file.text, plan)
        except CannotEditError as error:
            reason = f"the file cannot be rewritten without touching more than the old spellings: {error}"
            if error.key is None or error.key in kept:
                leftovers = (*plan.leftovers, Leftover(TABLE, reason))
                return FileUpgrade(file=file, text=file.text, leftovers=leftovers, outdated=outdated)
            kept[error.key] = reason
            plan = plan_upgrade(file.external, kept)
        else:
            return FileUpgrade(
                file=file, text=text, upgrades=plan.upgrades, leftovers=plan.leftovers, outdated=outdated
            )
    return FileUpgrade(file=file, text=file.text, leftovers=plan.leftovers, outdated=outdated)
