"""What conda's transaction does not write down of what was solved, or of a file, written into the environment."""

import json
from collections.abc import Iterable
from pathlib import Path

from rattler import RepoDataRecord

from wheelbridge.conda_plugin.file_memory import Facts
from wheelbridge.conda_plugin.telling import after_the_fact
from wheelbridge.installer.history import restate_request
from wheelbridge.installer.plain_depends import write_depends
from wheelbridge.installer.record_files import record_path, write_record
from wheelbridge.installer.state import load_variables, write_variables


def write_facts(prefix: Path, facts: Facts) -> None:
    """Write down *facts*; what cannot be written is told, and conda's transaction stays."""
    with after_the_fact(prefix):
        facts.remember()
    with after_the_fact(prefix):
        if facts.specs:
            restate_request(prefix, facts.specs, facts.exact)
    with after_the_fact(prefix):
        linked = [record for record in facts.records if record.name.normalized in facts.names]
        complete_records(prefix, facts.records, linked, (*facts.specs, *facts.exact))
    with after_the_fact(prefix):
        if facts.variables:
            write_variables(prefix, {**load_variables(prefix), **facts.variables})


def complete_records(
    prefix: Path, records: Iterable[RepoDataRecord], linked: Iterable[RepoDataRecord], requested: Iterable[str]
) -> None:
    """Write into the records that conda has made what is needed here, and what the packages themselves say of it.

    Args:
        prefix: the environment.
        records: of all that it has.
        linked: of what conda has linked just now.
        requested: what was asked for, now and before, with extras.

    Raises:
        OSError: if one cannot be written.
    """
    for record in linked:
        if record.extra_depends:
            _keep_extras(prefix, record)
    write_depends(prefix, records, requested)


def _keep_extras(prefix: Path, record: RepoDataRecord) -> None:
    """Say in ``conda-meta`` what the extras of a package need, for which conda's records have no field."""
    path = record_path(prefix, record)
    extras = {extra: list(specs) for extra, specs in record.extra_depends.items()}
    write_record(path, {**json.loads(path.read_bytes()), "extra_depends": extras})
