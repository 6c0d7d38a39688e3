"""What our own installer writes down of a wheel and conda's linking does not."""

from collections.abc import Sequence
from pathlib import Path

from conda.core.path_actions import Action
from conda.history import History

from wheelbridge.conda_plugin.file_memory import asked_of
from wheelbridge.conda_plugin.verifying import is_wheel


class RecordWheels(Action):
    """Complete the metadata of the wheels that conda has linked.

    Nothing of it is worth taking back a transaction that is done: what fails is told.
    """

    _added: Sequence[Path] = ()

    def verify(self) -> Exception | None:
        """Have no objection."""
        self._verified = True
        return None

    def execute(self) -> None:
        """Write it down."""
        if not (wheels := tuple(record for record in self.link_precs or () if is_wheel(record))):
            return
        from wheelbridge.conda_plugin.telling import after_the_fact
        from wheelbridge.conda_plugin.wheel_records import complete_depends, complete_files

        prefix = Path(str(self.target_prefix))
        asked = asked_of(prefix)
        if asked is None:
            asked = frozenset(History(str(prefix)).get_requested_specs_map())  # of before, too: python may have moved
        self._added = added = list[Path]()
        with after_the_fact(prefix):
            complete_files(prefix, wheels, asked, added)
        with after_the_fact(prefix):
            complete_depends(prefix, wheels)

    def reverse(self) -> None:
        """Remove what conda does not know of; it may be called twice."""
        for path in self._added:
            path.unlink(missing_ok=True)

    def cleanup(self) -> None:
        """Do nothing: nothing was left."""
