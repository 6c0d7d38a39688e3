"""Environment variables that files set on activation, as a part of the plan."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from wheelbridge.cli.output import out, printable
from wheelbridge.installer.state import check_variables, load_variables, write_variables
from wheelbridge.model.redaction import redact_text


@dataclass(frozen=True, slots=True)
class VariableChange:
    """A variable gets the value *new*; *old* is None where there was none."""

    name: str
    old: str | None
    new: str

    def __str__(self) -> str:
        """Say it to people."""
        was = "" if self.old is None else f", which was {self.old!r}"
        return redact_text(printable(f"{self.name} is set to {self.new!r} on activation{was}"))


def plan_variables(prefix: Path, wanted: Mapping[str, str]) -> list[VariableChange]:
    """Return what of *wanted* changes in the environment at *prefix*; nothing is written.

    Raises:
        ReservedVariableError: if one is not for an environment to set.
        BrokenRecordError: if what is there cannot be read, and so could not be kept.
    """
    check_variables(wanted)
    there = load_variables(prefix) if wanted else {}
    return [VariableChange(name, there.get(name), new) for name, new in wanted.items() if there.get(name) != new]


def show_variables(changes: Sequence[VariableChange]) -> None:
    """Show a person what is going to change."""
    for change in changes:
        out().print(f"{'+' if change.old is None else '~'} {change}")


def set_variables(prefix: Path, changes: Sequence[VariableChange]) -> None:
    """Carry it out."""
    if changes:
        write_variables(prefix, {**load_variables(prefix), **{change.name: change.new for change in changes}})


def variables_json(changes: Sequence[VariableChange]) -> list[dict[str, object]]:
    """Return it for programs."""
    return [{key: value and redact_text(value) for key, value in asdict(change).items()} for change in changes]
