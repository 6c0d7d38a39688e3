"""Wheels that conda is about to remove, remembered: no channel has them when their revision is to come back."""

from logging import getLogger
from pathlib import Path

from conda.core.path_actions import Action

from wheelbridge.conda_plugin.revision_hints import is_known
from wheelbridge.conda_plugin.verifying import is_wheel
from wheelbridge.errors import WheelbridgeError

log = getLogger(f"conda.{__name__}")


class RememberWheels(Action):
    """Write down the records of wheels that go, where wheelbridge has changed the environment before.

    What is remembered does no harm if conda does not come to remove them. It is worth no refusal: what fails is told.
    """

    def verify(self) -> Exception | None:
        """Have no objection."""
        self._verified = True
        return None

    def execute(self) -> None:
        """Write them down, while their records are there."""
        prefix = Path(str(self.target_prefix))
        names = {str(record.name) for record in self.unlink_precs or () if is_wheel(record)}
        if not names or not is_known(prefix):
            return
        try:
            _remember(prefix, names)
        except (ImportError, OSError, WheelbridgeError) as error:
            log.warning("%s cannot remember its wheels, and 'conda wheelbridge' may not find them: %s", prefix, error)

    def reverse(self) -> None:
        """Do nothing: what is remembered of a package is true whether it is there or not."""

    def cleanup(self) -> None:
        """Do nothing: nothing was left."""


def _remember(prefix: Path, names: set[str]) -> None:
    from wheelbridge.conda_plugin.needs import require_rattler

    require_rattler()
    from wheelbridge.installer.listing import load_records
    from wheelbridge.installer.past import gather_past, write_past

    records = [record for record in load_records(prefix) if record.name.normalized in names]
    write_past(prefix, gather_past(prefix, records))
