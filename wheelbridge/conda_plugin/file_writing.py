"""Facts of a file, written into the environment that conda has made of it."""

import json
from pathlib import Path

from rattler import RepoDataRecord

from wheelbridge.conda_plugin.file_memory import Facts
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.errors import os_errors
from wheelbridge.installer.history import history_path
from wheelbridge.installer.plain_depends import write_depends
from wheelbridge.installer.state import load_variables, write_variables

_UPDATE = "# update specs: "
_EXACT = "# wheelbridge specs: "


def write_facts(prefix: Path, facts: Facts) -> None:
    """Write down *facts*; what cannot be written is told, and conda's transaction stays."""
    from wheelbridge.cli.output import note

    try:
        _ask_for(prefix, facts)
        for record in facts.records:
            if record.extra_depends and record.name.normalized in facts.names:
                keep_extras(prefix, record)
        write_depends(prefix, facts.records, (*facts.specs, *facts.exact))
        facts.remember()
        if facts.variables:
            write_variables(prefix, {**load_variables(prefix), **facts.variables})
    except WheelbridgeError as error:
        note(f"{facts.file}: its packages are installed, but not all that it says was written down: {error.message}")


def _ask_for(prefix: Path, facts: Facts) -> None:
    """Put the specs of the file in the place of conda's, which says that every explicit package was asked for."""
    path = history_path(prefix)
    before, separator, last = path.read_text(encoding="utf-8").rpartition(_UPDATE)
    if not (facts.specs and separator):
        return
    exact = f"{_EXACT}{list(facts.exact)}\n" if facts.exact else ""
    _, _, rest = last.partition("\n")
    with os_errors(prefix):
        path.write_text(f"{before}{exact}{_UPDATE}{list(facts.specs)}\n{rest}", encoding="utf-8", newline="\n")


def keep_extras(prefix: Path, record: RepoDataRecord) -> None:
    """Say in ``conda-meta`` what the extras of a package need, for which conda's records have no field."""
    path = prefix / "conda-meta" / f"{record.name.normalized}-{record.version}-{record.build}.json"
    with os_errors(prefix):
        content = json.loads(path.read_bytes())
        content["extra_depends"] = {extra: list(specs) for extra, specs in record.extra_depends.items()}
        fresh = path.with_name(f"{path.name}.wheelbridge")
        fresh.write_text(json.dumps(content, indent=2), encoding="utf-8")
        fresh.replace(path)
