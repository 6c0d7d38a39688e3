"""What conda's explicit installer does not write down: what was asked for, variables, where wheels came from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conda.core.path_actions import Action

if TYPE_CHECKING:
    from rattler import RepoDataRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is to be written down of a file, once conda has made its environment.

    Attributes:
        file: its path.
        names: of the packages that conda links.
        asked: the names of what was asked for.
        specs: MatchSpecs that every conda reads: what was asked for.
        exact: the whole of those that say more than that, as our own installer writes them.
        records: of all that the environment has, with what conda's have no room for.
        variables: to set on activation.
        remember: writes down where the packages came from.
    """

    file: Path
    names: frozenset[str]
    asked: frozenset[str]
    specs: tuple[str, ...]
    exact: tuple[str, ...]
    records: "tuple[RepoDataRecord, ...]"
    variables: Mapping[str, str]
    remember: Callable[[], None]


_waiting: dict[Path, Facts] = {}


def remember_later(prefix: Path, facts: Facts) -> None:
    """Write down *facts* when conda has made the environment at *prefix*."""
    _waiting[prefix] = facts


def asked_of(prefix: Path) -> frozenset[str] | None:
    """Return the names of what a file asks for that waits for *prefix*; None where none waits.

    To conda all explicit packages are asked for.
    """
    facts = _waiting.get(prefix)
    return facts.asked if facts else None


class RememberFile(Action):
    """Write down what a file says of the environment that conda has made of it; nothing in all other transactions."""

    def verify(self) -> Exception | None:
        """Have no objection."""
        self._verified = True
        return None

    def execute(self) -> None:
        """Write it down; conda has written its own history by now."""
        facts = _waiting.get(self._prefix)
        if facts is None or facts.names != {record.name for record in self.link_precs or ()}:
            return
        from wheelbridge.conda_plugin.file_writing import write_facts

        write_facts(self._prefix, facts)

    def reverse(self) -> None:
        """Leave it: conda takes its records and its history back, and what speaks of others counts for nothing."""

    def cleanup(self) -> None:
        """Forget the file."""
        _waiting.pop(self._prefix, None)

    @property
    def _prefix(self) -> Path:
        return Path(str(self.target_prefix))
