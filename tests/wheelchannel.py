"""A channel that lists wheels, as ``conda pypi index`` of conda-pypi 0.13 writes it."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any


def list_wheels(folder: Path, wheels: Iterable[Path], base_url: str | None = None, **changes: Any) -> None:
    """Make *folder* a channel of *wheels*, which it leads to as they lie, or below *base_url*.

    All records are ``noarch: python`` with the build ``py3_none_any_0``: conda-pypi lists pure wheels alone, and
    says of none for which python it is. *changes* are fields of all records.
    """
    records = {key: {**record, **changes} for key, record in (_record(wheel, base_url) for wheel in wheels)}
    write_repodata(folder, records)


def write_repodata(folder: Path, records: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the ``repodata.json`` of a channel that has wheels and nothing else."""
    info = {"subdir": "noarch", "repodata_revisions": {"v3": {"n_packages": len(records)}}}
    v3 = {"conda": {}, "tar.bz2": {}, "whl": records}
    repodata = {"info": info, "packages": {}, "packages.conda": {}, "repodata_version": 1, "v3": v3}
    (folder / "noarch").mkdir(parents=True, exist_ok=True)
    (folder / "noarch" / "repodata.json").write_text(json.dumps(repodata), encoding="utf-8")


def _record(wheel: Path, base_url: str | None) -> tuple[str, dict[str, Any]]:
    project, version = wheel.name.split("-")[:2]
    name = project.replace("_", "-").lower()
    record = {
        "name": name,
        "version": version,
        "build": "py3_none_any_0",
        "build_number": 0,
        "depends": ["python >=3.8"],
        "extra_depends": {},
        "fn": wheel.name,
        "md5": None,
        "sha256": sha256(wheel.read_bytes()).hexdigest(),
        "size": wheel.stat().st_size,
        "noarch": "python",
        "subdir": "noarch",
        "timestamp": 0,
        "url": f"{base_url}/{wheel.name}" if base_url else wheel.as_uri(),
    }
    return f"{name}-{version}-py3_none_any_0", record
