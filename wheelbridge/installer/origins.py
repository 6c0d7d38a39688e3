"""``conda-meta/wheelbridge``: what an environment remembers that conda's records have no place for.

For `why` and for later commands: which source each package came from and why. For `export`: what a lock says and
``conda-meta`` does not. It is a file of its own beside the records, as pixi has one there: conda takes every ``*.json``
beside them for a record.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from wheelbridge.installer.errors import BrokenRecordError

_VERSION = 2
_READ = (1, 2)
"""Version 1 has the origins alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one package came from.

    Attributes:
        url: the package's URL; the origin counts only while that very file is installed.
        source_url: the URL of its source.
        private: whether the source claimed strictly.
        decision: why from there, as ``solve --json`` has it; empty where nobody told.
        locked: the package as a lock has it, in JSON, without the record; empty where nobody told.
    """

    url: str
    source_url: str
    private: bool
    decision: Mapping[str, object] = field(default_factory=dict)
    locked: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """All that an environment remembers.

    Attributes:
        origins: package name -> origin.
        lock: what a lock of the environment says beside its packages, in JSON: target, sources, request.
    """

    origins: Mapping[str, Origin] = field(default_factory=dict)
    lock: Mapping[str, object] = field(default_factory=dict)


def origins_path(prefix: Path) -> Path:
    """Return the file's place."""
    return prefix / "conda-meta" / "wheelbridge"


def load_origins(prefix: Path) -> dict[str, Origin]:
    """Return package name -> origin; empty where nobody wrote any.

    Raises:
        BrokenRecordError: as `load_memory` does.
    """
    return dict(load_memory(prefix).origins)


def load_memory(prefix: Path) -> Memory:
    """Return what the environment remembers; nothing where nobody wrote anything.

    Raises:
        BrokenRecordError: if the file is damaged, or of another version: it keeps names from being taken over, and is
            not passed over.
    """
    path = origins_path(prefix)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] not in _READ:
            raise BrokenRecordError(path, f"it has version {content['version']!r}, not {_VERSION}")
        origins = {name: _read(origin) for name, origin in content["origins"].items()}
        return Memory(origins=origins, lock=dict(content.get("lock", {})))
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenRecordError(path, str(error)) from error


def _read(content: Mapping[str, object]) -> Origin:
    locked = content.get("locked", {})
    match content:
        case {"url": str(url), "source_url": str(source), "private": bool(private), "decision": dict(decision)}:
            if isinstance(locked, dict):
                return Origin(url=url, source_url=source, private=private, decision=decision, locked=locked)
    raise ValueError("an origin lacks a field, or has one of another type")


def write_memory(prefix: Path, memory: Memory) -> None:
    """Replace the file in one step, where it changes."""
    origins = {name: asdict(memory.origins[name]) for name in sorted(memory.origins)}
    text = json.dumps({"version": _VERSION, "origins": origins, "lock": dict(memory.lock)}, indent=1) + "\n"
    path = origins_path(prefix)
    if load_memory(prefix) == Memory() == memory or (path.is_file() and path.read_text(encoding="utf-8") == text):
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
