"""The tables that came with an installed package: to be read only, as their look-up files came with them."""

from pathlib import Path

from wheelbridge.errors import UsageError
from wheelbridge.tables.locate import PACKAGE, find_mappings


def refuse_shipped(mappings: Path | None, *, hint: str, package: Path = PACKAGE) -> None:
    """See that the tables in *mappings*, by default those of the *package*, are somebody's to edit.

    Raises:
        UsageError: if they came with an installed package; what is written there has no effect, and is lost with it.
        MissingTableError: if there are none.
    """
    folder = mappings or find_mappings(package)
    shipped = package / "_mappings"
    if folder.resolve() == shipped.resolve():
        raise UsageError(f"The tables in {folder} came with the package; editing them has no effect", hint=hint)
