"""Records of ``conda-meta`` made to say where files lie, for rattler before it links and for conda after it.

Of files that several packages bring, rattler keeps one at its place and moves the others to ``__clobbers__``, even
where all are alike; its records say so. conda knows no such place: to it a file is where its package has it. So what is
alike is claimed by all its packages, and only a file of other content waits in ``__clobbers__`` for its turn.

What conda and rattler write down of hashes differs, too.
"""

import filecmp
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from wheelbridge.installer.listing import linked_paths
from wheelbridge.installer.record_files import write_record

CLOBBERS = "__clobbers__"

_HASH = "sha256_in_prefix"


def place_paths(prefix: Path, names: Iterable[str]) -> None:
    """Write into the records *names* where their files lie; rattler removes what ``paths_data`` has, and no more.

    See `wheelbridge.installer.listing.linked_paths` for where conda writes it.
    """
    for name in names:
        path = prefix / "conda-meta" / name
        content = json.loads(path.read_bytes())
        entries = content["paths_data"]["paths"]
        linked = linked_paths(content)
        if linked != tuple(str(entry["_path"]).replace("\\", "/") for entry in entries):
            for entry, place in zip(entries, linked, strict=True):
                entry["_path"] = place
            write_record(path, content)


def settle_clobbers(prefix: Path) -> None:
    """Let all packages claim the files that they share, and remove of ``__clobbers__`` what nobody needs any more.

    It may be repeated, also after it was interrupted.
    """
    root = prefix / CLOBBERS
    if not root.is_dir():
        return
    needed: set[str] = set()
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        text = path.read_bytes()
        if CLOBBERS.encode() in text:
            needed |= _settle(prefix, path, json.loads(text))
    for path in sorted(root.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):
                path.rmdir()
        elif path.relative_to(prefix).as_posix() not in needed:
            path.unlink()
    with suppress(OSError):
        root.rmdir()


def settle_hashes(prefix: Path, names: Iterable[str]) -> None:
    """Say in the records *names* what the hashes in the prefix are, as conda does; it may be repeated.

    conda gives every file ``sha256_in_prefix``, and no link; ``conda doctor`` looks at that alone. rattler: "Only set
    sha256_in_prefix if it differs from the original sha256"; and of a link "we hash the content of the symlink file.
    Note that this behavior is different from conda or mamba (where the target of the symlink is hashed)".
    """
    for name in names:
        path = prefix / "conda-meta" / name
        if not path.exists():
            continue
        content = json.loads(path.read_bytes())
        if any([_settle_hash(entry) for entry in content["paths_data"]["paths"]]):  # noqa: C419 - of each of them
            write_record(path, content)


def _settle_hash(entry: dict[str, Any]) -> bool:
    """Settle the hash of a path; tell whether it changed."""
    kind = entry.get("path_type")
    if kind == "softlink":
        return entry.pop(_HASH, None) is not None
    if kind == "hardlink" and _HASH not in entry and entry.get("sha256"):
        entry[_HASH] = entry["sha256"]
        return True
    return False


def _settle(prefix: Path, path: Path, content: Mapping[str, Any]) -> set[str]:
    """Settle one record; return those of its files that wait."""
    start = f"{CLOBBERS}/{content['name']}/"
    claimed = {place for place in linked_paths(content) if place.startswith(start)}
    waiting = {place for place in claimed if not _take_place(prefix / place, prefix / place.removeprefix(start))}
    if settled := {place: place.removeprefix(start) for place in claimed - waiting}:
        for entry in content["paths_data"]["paths"]:
            if entry["_path"] in settled:
                entry["_path"] = settled[entry["_path"]]
                entry.pop("original_path", None)
        files = [settled.get(file, file) for file in content.get("files", ())]
        write_record(path, {**content, "files": files})
    return waiting


def _take_place(waiting: Path, place: Path) -> bool:
    """Tell whether the file may be said to be at *place*: it is alike, or nothing is there, and then it goes there."""
    if not os.path.lexists(waiting):
        return True
    if not os.path.lexists(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        waiting.rename(place)
        return True
    if waiting.is_symlink() or place.is_symlink():
        return waiting.is_symlink() and place.is_symlink() and waiting.readlink() == place.readlink()
    return place.is_file() and filecmp.cmp(waiting, place, shallow=False)
