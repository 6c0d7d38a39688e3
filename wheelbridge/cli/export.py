"""``wheelbridge export``: an environment as a file that makes it anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheelbridge.cli.output import note, print_json
from wheelbridge.errors import UsageError

if TYPE_CHECKING:
    from wheelbridge.api.exporting.describing import Described

_MANIFEST = "environment.yml"
_LOCKS = {"pixi.lock": "pixi", "pylock.toml": "pylock", "explicit": "explicit"}
FORMATS = (_MANIFEST, *_LOCKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line says; *format* None: what the file's name says, else an ``environment.yml``."""

    prefix: Path
    file: Path | None = None
    format: str | None = None
    from_history: bool = False
    builds: bool = True
    as_json: bool = False


def run(asked: Asked) -> int:
    """Write the environment as a file, or to standard output."""
    chosen = _format(asked)
    if chosen != _MANIFEST and (asked.from_history or not asked.builds):
        raise UsageError(
            f"{chosen} says exactly what is there", hint=f"--from-history and --no-builds are for {_MANIFEST}."
        )
    from wheelbridge.api.exporting.describing import describe_environment
    from wheelbridge.cli.interruption import tell_interruption

    tell_interruption(asked.prefix)
    folder = asked.file.absolute().parent if asked.file else Path.cwd()
    described = describe_environment(asked.prefix)
    described.check_variables()
    text, notes = _manifest(described, asked, folder) if chosen == _MANIFEST else _lock(described, chosen, folder)
    _tell(asked, chosen, text, notes)
    return 0


def _format(asked: Asked) -> str:
    if asked.format is not None and asked.format not in FORMATS:
        raise UsageError(f"{asked.format!r} is no format", hint=f"Name one of {', '.join(FORMATS)}.")
    if asked.format or asked.file is None:
        return asked.format or _MANIFEST
    if asked.file.suffix in {".yml", ".yaml"}:
        return _MANIFEST
    from wheelbridge.environment.locks.files import format_of_name

    named = format_of_name(asked.file.name)
    found = next((name for name, lock_format in _LOCKS.items() if lock_format == named), None)
    if found is None:
        raise UsageError(f"{asked.file.name} does not tell its format", hint=f"Say --format {'|'.join(FORMATS)}.")
    return found


def _manifest(described: "Described", asked: Asked, folder: Path) -> tuple[str, tuple[str, ...]]:
    from wheelbridge.api.exporting.manifest import Wish, make_manifest
    from wheelbridge.environment.yml.writing import render_environment

    wish = Wish(
        name=asked.prefix.name or "environment", folder=folder, from_history=asked.from_history, builds=asked.builds
    )
    manifest = make_manifest(described, wish)
    return render_environment(manifest), manifest.notes


def _lock(described: "Described", name: str, folder: Path) -> tuple[str, tuple[str, ...]]:
    from wheelbridge.environment.locks.files import LOCK_FORMATS, render_lock

    chosen = next(lock_format for lock_format in LOCK_FORMATS if lock_format == _LOCKS[name])
    return render_lock(described.lock, chosen, folder), described.inexact


def _tell(asked: Asked, chosen: str, text: str, notes: Iterable[str]) -> None:
    """Write the file; what it cannot say exactly goes to standard error."""
    if asked.file is not None:
        asked.file.write_text(text, encoding="utf-8", newline="\n")
    if asked.as_json:
        content = {"prefix": str(asked.prefix), "format": chosen, "file": str(asked.file) if asked.file else None}
        print_json({"success": True, **content, "content": text, "notes": list(notes)})
        return
    for sentence in notes:
        note(sentence)
    if asked.file is None:
        print(text, end="")  # noqa: T201 - the file itself, as it is; rich would wrap it
