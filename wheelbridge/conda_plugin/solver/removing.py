"""What is left when something is removed, and conda's transaction that removes it."""

from collections.abc import Collection
from pathlib import Path

from conda.core.link import UnlinkLinkTransaction

from wheelbridge.api.removing import prepare_removal
from wheelbridge.conda_plugin.errors import as_conda_error
from wheelbridge.conda_plugin.telling import after_the_fact
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.errors import FrozenEnvironmentError
from wheelbridge.installer.history import load_history, requested_specs
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.plain_depends import write_depends
from wheelbridge.installer.prefix import is_environment


class Removal(UnlinkLinkTransaction):
    """Removes packages; those that stay need no more what an extra brought that nobody asks for now."""

    def execute(self) -> None:
        """Remove; then say in the records what their packages need."""
        super().execute()
        for prefix in map(Path, self.prefix_setups):
            with after_the_fact(prefix):
                _tidy(prefix)


def left(prefix: Path, names: Collection[str]) -> tuple[str, ...]:
    """Return the names of the packages that stay when *names* are removed; conda has asked whether that may be."""
    try:
        removal = prepare_removal(prefix, sorted(names), override={FrozenEnvironmentError.code})
    except WheelbridgeError as error:
        raise as_conda_error(error) from None
    return tuple(record.name.normalized for record in removal.transaction.records)


def _tidy(prefix: Path) -> None:
    if not is_environment(prefix):
        return
    records = load_records(prefix)
    names = [record.name.normalized for record in records]
    write_depends(prefix, records, requested_specs(load_history(prefix), names, exact=True).values())
