"""What an environment takes over from the one that conda made it like, with ``create --clone`` or ``rename``."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wheelbridge.installer.errors import os_errors
from wheelbridge.installer.history import distribution, history_path, load_history, requested_specs, restate_request
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.origins import origins_path
from wheelbridge.installer.plain_depends import OWN
from wheelbridge.installer.record_files import write_record

_OF_THE_FIRST = ("channel", "depends", "extra_depends", OWN)
"""What conda cannot know of a package whose file it has fetched by its URL."""
_UNKNOWN = re.compile(r"(?m)^\+<unknown>/[^:\s]*::(\S+)$")


def inherit(origin: Path, prefix: Path) -> None:
    """Make *prefix*, where conda has just linked the packages of *origin*, remember what that one does.

    The memory of sources comes first, as it is: it keeps private names private, and one that is damaged stays one that
    nobody passes over.

    Raises:
        WheelbridgeError: if *origin* or *prefix* cannot be read or written; the memory of sources is there then.
    """
    with os_errors(prefix):
        if origins_path(origin).is_file():
            shutil.copyfile(origins_path(origin), origins_path(prefix))
        _complete_records(origin, prefix)
    records = load_records(prefix)
    _name_channels(prefix, {distribution(record).partition("::")[2]: distribution(record) for record in records})
    revisions, names = load_history(origin), [record.name.normalized for record in records]
    plain, whole = (requested_specs(revisions, names, exact=exact) for exact in (False, True))
    exact = [spec for name, spec in whole.items() if plain.get(name) != spec]
    restate_request(prefix, tuple(plain.values()), exact)


def _complete_records(origin: Path, prefix: Path) -> None:
    """Say in the records of wheels, and of packages with extras, what those of *origin* say of the same files."""
    for path in (origin / "conda-meta").glob("*.json"):
        twin = prefix / "conda-meta" / path.name
        if not twin.is_file():
            continue
        first, second = json.loads(path.read_bytes()), json.loads(twin.read_bytes())
        if first.get("url") != second.get("url") or not _is_more(first):
            continue
        kept = {key: value for key, value in second.items() if key not in _OF_THE_FIRST}
        whole = kept | {key: first[key] for key in _OF_THE_FIRST if key in first}
        if whole != second:
            write_record(twin, whole)


def _is_more(record: Mapping[str, Any]) -> bool:
    """Tell whether a record says what conda does not make of the package itself."""
    return bool(str(record.get("fn")).endswith(".whl") or OWN in record or record.get("extra_depends"))


def _name_channels(prefix: Path, named: Mapping[str, str]) -> None:
    """Put the channels into the history that the records have now: name, version and build -> all of it."""
    path = history_path(prefix)
    text = path.read_text(encoding="utf-8")
    after = _UNKNOWN.sub(lambda line: f"+{named.get(line[1], line[0][1:])}", text)
    if after != text:
        with os_errors(prefix):
            path.write_text(after, encoding="utf-8", newline="\n")
