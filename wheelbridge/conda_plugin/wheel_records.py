"""Metadata of wheels that conda has linked, made what our own installer makes it."""

import base64
import csv
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.constants import UNKNOWN_CHANNEL
from conda.core.package_cache_data import PackageCacheData
from conda.core.prefix_data import PrefixData
from packaging.direct_url import ArchiveInfo, DirectUrl

from wheelbridge.conda_plugin.needs import require_rattler
from wheelbridge.installer.record_files import record_place, replace_file, write_record

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

_INSTALLER = "wheelbridge"


def complete_files(prefix: Path, wheels: "Iterable[PackageRecord]", asked: Collection[str], added: list[Path]) -> None:
    """Add to the ``.dist-info`` of *wheels* what depends on the environment.

    Recording installed projects: REQUESTED "is created when the distribution was installed by direct user request".
    PEP 610: "The ``direct_url.json`` file MUST be created by installers when installing a distribution from a
    requirement specifying a direct URL reference". What conda-pypi has unpacked is left as it is.

    Args:
        prefix: the environment.
        wheels: what conda has linked.
        asked: the names of packages that the user asked for.
        added: gets the files that are new, each before it is written.
    """
    try:
        for record in wheels:
            members = {"REQUESTED": b""} if record.name in asked else {}
            if direct_url := _direct_url(record):
                members["direct_url.json"] = json.dumps(direct_url, sort_keys=True).encode()
            _add_members(prefix, record, members, added)
    finally:
        if added:
            PrefixData(str(prefix)).reload()


def complete_depends(prefix: Path, wheels: "Iterable[PackageRecord]") -> None:
    """Make the records of the environment say what its packages need there, in words that every conda reads.

    Raises:
        WheelbridgeError: if py-rattler is missing, or a record cannot be read.
    """
    own = {str(record.name): depends for record in wheels if (depends := _own_depends(record)) is not None}
    if not own:
        return
    require_rattler()
    from wheelbridge.installer.history import load_history, requested_specs
    from wheelbridge.installer.listing import load_records
    from wheelbridge.installer.plain_depends import write_depends

    records = load_records(prefix)
    for record in records:
        if (depends := own.get(record.name.normalized)) is not None:
            record.depends = list(depends)
    asked = requested_specs(load_history(prefix), [record.name.normalized for record in records], exact=True)
    write_depends(prefix, records, asked.values())


def _own_depends(record: "PackageRecord") -> Sequence[str] | None:
    """Return what a wheel depends on in its own words, where it was unpacked with plainer ones; None elsewhere."""
    directory = Path(PackageCacheData.get_entry_to_link(record).extracted_package_dir)
    index = json.loads((directory / "info/index.json").read_bytes())
    told: Sequence[str] | None = index.get("wheelbridge", {}).get("depends")
    return told if tuple(record.depends) == tuple(index.get("depends", ())) else None


def _direct_url(record: "PackageRecord") -> Mapping[str, object] | None:
    """Return ``direct_url.json`` of a file of this machine that the user named; of a URL, it may be an index's."""
    url = str(record.get("url") or "")
    if not url.startswith("file:") or record.channel.canonical_name != UNKNOWN_CHANNEL:
        return None
    hashes = {"sha256": str(record.sha256)} if record.get("sha256") else {}
    return DirectUrl(url=url, archive_info=ArchiveInfo(hashes=hashes)).to_dict(generate_legacy_hash=True)


def _add_members(prefix: Path, record: "PackageRecord", members: Mapping[str, bytes], added: list[Path]) -> None:
    """Add files to the ``.dist-info`` of a linked wheel, to its RECORD, and to the record in ``conda-meta``."""
    meta = record_place(prefix, str(record.name), str(record.version), str(record.build))
    content = json.loads(meta.read_bytes())
    info = _find_info(prefix, content["files"])
    if info is None or not (fresh := {name: data for name, data in members.items() if not (info / name).exists()}):
        return
    for name, data in fresh.items():
        added.append(info / name)
        (info / name).write_bytes(data)
    rows = list(csv.reader((info / "RECORD").read_text(encoding="utf-8").splitlines()))
    rows += [[f"{info.name}/{name}", f"sha256={_digest(data)}", str(len(data))] for name, data in fresh.items()]
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(rows))
    replace_file(info / "RECORD", text.getvalue().encode())  # a new file: the old one is shared with conda's cache
    _tell(content, prefix, info, fresh)
    write_record(meta, content)


def _find_info(prefix: Path, files: Iterable[str]) -> Path | None:
    """Return the ``.dist-info`` that we have unpacked."""
    found = (prefix / file for file in files if str(file).endswith(".dist-info/INSTALLER"))
    return next((path.parent for path in found if path.read_text(encoding="utf-8").strip() == _INSTALLER), None)


def _tell(content: dict[str, Any], prefix: Path, info: Path, fresh: Iterable[str]) -> None:
    """Tell the record in ``conda-meta`` of new files, and of RECORD as it is now."""
    paths = content["paths_data"]["paths"]
    place = f"site-packages/{info.name}"
    for entry in paths:
        if entry["_path"].replace("\\", "/") == f"{place}/RECORD":
            entry.update(_facts(info / "RECORD"))
    for name in fresh:
        digest = _facts(info / name)
        entry = {"_path": f"{place}/{name}", "path_type": "hardlink", "sha256": digest["sha256_in_prefix"], **digest}
        paths.append(entry)
        content["files"].append((info / name).relative_to(prefix).as_posix())


def _facts(path: Path) -> dict[str, object]:
    data = path.read_bytes()
    return {"sha256_in_prefix": hashlib.sha256(data).hexdigest(), "size_in_bytes": len(data)}


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
