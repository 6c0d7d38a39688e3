"""Files of ``conda-meta``: what they are called, and how they are changed while others may read them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rattler import PackageRecord


def record_path(prefix: Path, record: "PackageRecord") -> Path:
    """Return the file of ``conda-meta`` that holds *record*."""
    return record_place(prefix, record.name.normalized, str(record.version), str(record.build))


def record_place(prefix: Path, name: str, version: str, build: str) -> Path:
    """Return the file of ``conda-meta`` that holds the record of a package.

    >>> record_place(Path("env"), "zlib", "1.3", "h0").as_posix()
    'env/conda-meta/zlib-1.3-h0.json'
    """
    return prefix / "conda-meta" / f"{name}-{version}-{build}.json"


def write_record(path: Path, content: Mapping[str, object]) -> None:
    """Put *content* into the record at *path*, in one step."""
    replace_file(path, json.dumps(content, indent=2).encode())


def replace_file(path: Path, data: bytes) -> None:
    """Put *data* into the place of the file at *path*, in one step; what it shared with other folders stays there."""
    draft = path.with_name(f"{path.name}.wheelbridge")
    draft.write_bytes(data)
    draft.replace(path)
