"""Whether an environment is as the last `sync` left it, told by the looks of a few files: to be asked in no time.

Nothing heavy is imported here. Who is told "no" looks closely; who is told "yes" has nothing to do.
"""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_SYNCED = ".wheelbridge.synced"
_LOCK = ".wheelbridge.lock"
_OVERRIDES = ("CONDA_OVERRIDE_", "CONDA_SUBDIR")
_DISTRIBUTIONS = tuple(
    f"{folder}/site-packages/*.{kind}-info" for folder in ("lib/python*", "Lib") for kind in ("dist", "egg")
)
_DRIVER = Path("/proc/driver/nvidia/version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a `sync` was asked for.

    Attributes:
        lock: the content of the lock file.
        choice: what the command line says of the target.
    """

    lock: bytes
    choice: tuple[str, ...] = ()

    def digest(self) -> str:
        """Return what tells it from all else, this machine included: another one may suit another target."""
        said = sorted((name, value) for name, value in os.environ.items() if name.startswith(_OVERRIDES))
        machine = platform.uname()  # its processor would take a process to ask
        parts = [self.choice, said, machine.node, machine.release, machine.version, machine.machine, _driver()]
        return sha256(json.dumps(parts).encode() + self.lock).hexdigest()


def find_synced(prefix: Path, wanted: Wanted) -> str | None:
    """Return the name of the target that *prefix* was synced to, if it was by *wanted* and nobody changed it since.

    A copy of an environment is another one: its scripts name the place of the first.
    """
    try:
        content = json.loads((prefix / "conda-meta" / _SYNCED).read_bytes())
        known = content["prefix"], content["wanted"], content["files"], str(content["target"])
        if known[:3] == (os.path.realpath(prefix), wanted.digest(), _looks(prefix)):
            return known[3]
    except (OSError, ValueError, KeyError, TypeError):  # nobody synced it, or the file is of no use
        pass
    return None


def write_synced(prefix: Path, wanted: Wanted, target: str) -> None:
    """Write down that *prefix* is what *wanted* asks for: the lock's target of this name."""
    content = {
        "prefix": os.path.realpath(prefix),
        "wanted": wanted.digest(),
        "target": target,
        "files": _looks(prefix),
    }
    path = prefix / "conda-meta" / _SYNCED
    draft = path.with_name(f"{_SYNCED}.{os.getpid()}")
    draft.write_text(json.dumps(content), encoding="utf-8")
    draft.replace(path)


def was_elsewhere(prefix: Path) -> bool:
    """Tell whether *prefix* is a copy of what was synced elsewhere, or was moved since: its scripts name that place."""
    try:
        content = json.loads((prefix / "conda-meta" / _SYNCED).read_bytes())
        return bool(content["prefix"] != os.path.realpath(prefix))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _looks(prefix: Path) -> Mapping[str, list[int]]:
    """Return size and time of change, in nanoseconds, of what tells that somebody was at the environment.

    That is every file of ``conda-meta`` but those that mean nothing, and every distribution in ``site-packages``: pip
    makes the folder of one anew.
    """
    with os.scandir(prefix / "conda-meta") as entries:
        seen = [(entry.name, entry.stat()) for entry in entries if not entry.name.startswith((_SYNCED, _LOCK))]
    found = (path for pattern in _DISTRIBUTIONS for path in prefix.glob(pattern))
    seen += [(path.relative_to(prefix).as_posix(), path.stat()) for path in found]
    return {name: [status.st_size, status.st_mtime_ns] for name, status in sorted(seen)}


def _driver() -> str:
    try:
        return _DRIVER.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
