"""``conda-meta/wheelbridge-past``: the packages that an environment once had, so that it can have them again.

The history names a package by channel, version and build alone: no file, no hash. conda looks for it in what channels
have today; a wheel's index cannot be asked like that. So the record of what goes stays in a folder of its own, which
conda does not read, without its files, and with what else is needed to put it back as it was.
"""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any

from packaging.utils import canonicalize_name
from rattler import PrefixRecord, RepoDataRecord

from wheelbridge.installer.errors import BrokenRecordError
from wheelbridge.installer.history import distribution
from wheelbridge.installer.origins import Origin, load_origins
from wheelbridge.installer.plain_depends import OWN, read_record
from wheelbridge.installer.record_files import record_path

FOLDER = "wheelbridge-past"
_DIRECT_URL = ".dist-info/direct_url.json"
_HOLLOW: Mapping[str, object] = {
    "files": [],
    "paths_data": {"paths_version": 1, "paths": []},
    "extracted_package_dir": None,
    "package_tarball_full_path": None,
    "link": None,
}
"""What a record says of the files in the prefix, which are gone."""


@dataclass(frozen=True, slots=True)
class Past:
    """A package that was there.

    Attributes:
        record: as ``conda-meta`` had it, without files.
        origin: what the environment remembered of its source; None where it did not.
        direct_url: contents of its ``direct_url.json`` (PEP 610), of a wheel that came from no index.
    """

    record: RepoDataRecord
    origin: Origin | None = None
    direct_url: Mapping[str, object] | None = None


def gather_past(prefix: Path, records: Iterable[PrefixRecord]) -> dict[str, dict[str, object]]:
    """Return what to remember of *records*, which are about to go: file name -> contents, for `write_past`."""
    gathered = {}
    origins: Mapping[str, Origin] | None = None
    for record in records:
        origins = load_origins(prefix) if origins is None else origins
        origin = origins.get(record.name.normalized)
        own = {
            "origin": asdict(origin) if origin and origin.url == record.url else None,
            "direct_url": read_direct_url(prefix, record),
        }
        content = json.loads(record_path(prefix, record).read_bytes())
        gathered[_file_name(distribution(record))] = {**content, **_HOLLOW, OWN: {**content.get(OWN, {}), **own}}
    return gathered


def write_past(prefix: Path, gathered: Mapping[str, Mapping[str, object]]) -> None:
    """Write down what `gather_past` returned, once it is gone; what is known of the same package is replaced."""
    folder = prefix / "conda-meta" / FOLDER
    for name, content in gathered.items():
        folder.mkdir(exist_ok=True)
        _write(folder / name, content)


def load_past(prefix: Path, name: str) -> Past | None:
    """Return what is known of the distribution *name*, as the history calls it; None where it never left.

    Raises:
        BrokenRecordError: if its file is damaged.
    """
    path = prefix / "conda-meta" / FOLDER / _file_name(name)
    if not path.exists():
        return None
    try:
        own = json.loads(path.read_bytes()).get(OWN) or {}
        origin = Origin(**own["origin"]) if own.get("origin") else None
        return Past(read_record(path), origin, own.get("direct_url"))
    except Exception as error:  # rattler raises many kinds, none of them with a common root
        raise BrokenRecordError(path, str(error)) from error


def read_direct_url(prefix: Path, record: PrefixRecord) -> dict[str, Any] | None:
    """Return the contents of the ``direct_url.json`` of an installed wheel, None where it has none that can be read."""
    project = canonicalize_name(record.file_name.partition("-")[0])
    for place in (PurePath(file) for file in record.files if str(file).endswith(_DIRECT_URL)):
        if canonicalize_name(place.parent.name.partition("-")[0]) == project:
            with suppress(OSError, ValueError):
                content = json.loads((prefix / place).read_bytes())
                return content if isinstance(content, dict) else None
    return None


def _file_name(name: str) -> str:
    """Return the name of a distribution's file: readable, and another one for each."""
    readable = name.rpartition("::")[2].replace("/", "_").replace("\\", "_")
    return f"{readable}-{sha256(name.encode()).hexdigest()[:8]}.json"


def _write(path: Path, content: Mapping[str, object]) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content), encoding="utf-8")
    draft.replace(path)
