"""Records of ``conda-meta`` written for what is there already: no file of a package is touched."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rattler import PrefixRecord

from wheelbridge.installer.errors import os_errors
from wheelbridge.installer.history import history_path, load_history, requested_specs
from wheelbridge.installer.journal import Journal, begin, finish, forget, roll_back
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.plain_depends import write_depends
from wheelbridge.installer.record_files import record_path


def write_records(
    prefix: Path, added: Mapping[str, Mapping[str, object]], removed: Sequence[PrefixRecord], revision: str
) -> None:
    """Replace records, and tell the history of it, or leave both as they are.

    Args:
        prefix: the environment, which is held.
        added: name of a file -> record as JSON.
        removed: records that go.
        revision: what to append to the history.

    Raises:
        WheelbridgeError: nothing has changed then.
    """
    gone = [record_path(prefix, record) for record in removed]
    history = history_path(prefix)
    journal = Journal(
        old=(),
        new=(),
        shared=(),
        before=tuple(sorted(path.name for path in history.parent.glob("*.json"))),
        after=tuple(sorted(added)),
        history=history.stat().st_size,
        revision=revision,
    )
    with os_errors(prefix):
        begin(prefix, journal)
        try:
            for path in gone:
                path.unlink()
            for name, record in added.items():
                (history.parent / name).write_text(f"{json.dumps(record, indent=2)}\n", encoding="utf-8")
            _say_it_plainly(prefix)
        except BaseException:
            roll_back(prefix)
            forget(prefix)
            raise
        finish(prefix)


def _say_it_plainly(prefix: Path) -> None:
    records = load_records(prefix)
    names = [record.name.normalized for record in records]
    write_depends(prefix, records, requested_specs(load_history(prefix), names, exact=True).values())
