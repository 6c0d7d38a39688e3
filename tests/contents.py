"""What a loopback index holds: a recording, or wheels on disk; `loopback` serves it."""

import hashlib
import json
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from packaging.utils import canonicalize_name

RECORDED = Path(__file__).parents[2] / "shared" / "data" / "pypi.tar.zst"
"""The recorded index beside the checkout; tests that need it are marked ``shared_data``."""


class Content(Protocol):
    """What an index holds; bodies are found by the sha256 of the file."""

    def page(self, project: str) -> dict[str, Any] | None:
        """Return the page of PEP 691."""

    def file(self, sha256: str) -> bytes | None:
        """Return a file's body."""

    def metadata(self, sha256: str) -> bytes | None:
        """Return a file's METADATA."""


class RecordedContent:
    """An unpacked recording: ``simple/<project>.json`` and ``metadata/<sha256>``, no bodies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def page(self, project: str) -> dict[str, Any] | None:
        """Return the recorded page."""
        path = self._folder / "simple" / f"{project}.json"
        return json.loads(path.read_bytes()) if path.is_file() else None

    def file(self, _sha256: str) -> bytes | None:
        """Have none."""
        return None

    def metadata(self, sha256: str) -> bytes | None:
        """Return the recorded METADATA."""
        path = self._folder / "metadata" / sha256
        return path.read_bytes() if path.is_file() else None


class WheelContent:
    """Wheels on disk by project; *metadata* says whether their METADATA is offered beside them (PEP 658)."""

    def __init__(self, wheels: Mapping[str, Sequence[Path]], *, metadata: bool = True) -> None:
        self._offers_metadata = metadata
        self._paths: dict[str, Path] = {}
        self._pages = {canonicalize_name(name): self._make_page(name, paths) for name, paths in wheels.items()}

    def page(self, project: str) -> dict[str, Any] | None:
        """Return the page made from the files."""
        return self._pages.get(canonicalize_name(project))

    def file(self, sha256: str) -> bytes | None:
        """Return the file."""
        return self._paths[sha256].read_bytes() if sha256 in self._paths else None

    def metadata(self, sha256: str) -> bytes | None:
        """Return METADATA out of the wheel."""
        return _metadata_of(self._paths[sha256]) if self._offers_metadata and sha256 in self._paths else None

    def _make_page(self, project: str, paths: Sequence[Path]) -> dict[str, Any]:
        files = [self._make_file(path) for path in paths]
        return {"meta": {"api-version": "1.1"}, "name": project, "files": files}

    def _make_file(self, path: Path) -> dict[str, Any]:
        data = path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        self._paths[sha256] = path
        entry: dict[str, Any] = {
            "filename": path.name,
            "url": f"../../files/{sha256}/{path.name}",
            "hashes": {"sha256": sha256},
            "size": len(data),
            "upload-time": "2026-01-02T03:04:05.678901Z",
        }
        if self._offers_metadata and (metadata := _metadata_of(path)) is not None:
            entry["core-metadata"] = {"sha256": hashlib.sha256(metadata).hexdigest()}
        return entry


def _metadata_of(path: Path) -> bytes | None:
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        name = next((name for name in archive.namelist() if name.endswith(".dist-info/METADATA")), None)
        return None if name is None else archive.read(name)


def read_folder(folder: Path) -> Content:
    """Return a recording, or the wheels lying in *folder* and its sub-folders."""
    if (folder / "simple").is_dir():
        return RecordedContent(folder)
    wheels: dict[str, list[Path]] = {}
    for path in sorted([*folder.rglob("*.whl"), *folder.rglob("*-variants.json")]):
        wheels.setdefault(canonicalize_name(path.name.partition("-")[0]), []).append(path)
    return WheelContent(wheels)


def unpack_recorded(folder: Path) -> Path:
    """Unpack the recorded index into *folder*; return it."""
    import zstandard  # noqa: PLC0415 - only where there is a recording to unpack

    with (
        RECORDED.open("rb") as packed,
        zstandard.ZstdDecompressor().stream_reader(packed) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        archive.extractall(folder, filter="data")
    return folder
