"""``conda-meta/wheelbridge``: which source each package came from and why, for `why` and for later commands.

A file of its own beside the records, as pixi has one there: the records' format has no place for it, and conda takes
every ``*.json`` beside them for a record.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from wheelbridge.installer.errors import BrokenRecordError

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one package came from.

    Attributes:
        url: the package's URL; the origin counts only while that very file is installed.
        source_url: the URL of its source.
        private: whether the source claimed strictly.
        decision: why from there, as ``solve --json`` has it.
    """

    url: str
    source_url: str
    private: bool
    decision: Mapping[str, object] = field(default_factory=dict)


def origins_path(prefix: Path) -> Path:
    """Return the file's place."""
    return prefix / "conda-meta" / "wheelbridge"


def load_origins(prefix: Path) -> dict[str, Origin]:
    """Return package name -> origin; empty where nobody wrote any.

    Raises:
        BrokenRecordError: if the file is damaged, or of another version: it keeps names from being taken over, and is
            not passed over.
    """
    path = origins_path(prefix)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            raise BrokenRecordError(path, f"it has version {content['version']!r}, not {_VERSION}")
        return {name: _read(origin) for name, origin in content["origins"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenRecordError(path, str(error)) from error


def _read(content: Mapping[str, object]) -> Origin:
    match content:
        case {"url": str(url), "source_url": str(source), "private": bool(private), "decision": dict(decision)}:
            return Origin(url=url, source_url=source, private=private, decision=decision)
    raise ValueError("an origin lacks a field, or has one of another type")


def write_origins(prefix: Path, origins: Mapping[str, Origin]) -> None:
    """Replace the file in one step, where it changes."""
    path = origins_path(prefix)
    if load_origins(prefix) == dict(origins):
        return
    content = {"version": _VERSION, "origins": {name: asdict(origins[name]) for name in sorted(origins)}}
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)
