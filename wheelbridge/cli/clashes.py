"""Warnings of runtimes that can meet in one process, as people and programs read them."""

from collections.abc import Mapping, Sequence

from wheelbridge.cli.output import err, note, printable
from wheelbridge.mapping.natives.clashes import Clash


def show_clashes(clashes: Sequence[Clash]) -> None:
    """Tell a person of each, and what avoids it."""
    for clash in clashes:
        note(clash.message)
        for advice in clash.advice:
            err().print(f"  {printable(advice)}")


def add_warnings(content: Mapping[str, object], clashes: Sequence[Clash]) -> dict[str, object]:
    """Return the JSON object *content* with the warnings: the sentences among the notes, and all of it by itself."""
    notes = content["notes"]
    told = notes if isinstance(notes, list) else []
    return {
        **content,
        "notes": [*told, *(clash.message for clash in clashes)],
        "warnings": [clash.as_json() for clash in clashes],
    }
