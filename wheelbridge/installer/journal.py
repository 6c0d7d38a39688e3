"""The way back: what a transaction is about to change, kept beside the environment until it is done.

Before the first file is touched, ``conda-meta/.wheelbridge/`` gets a hard link to every file that goes, a copy of every
record, and ``journal.json``, which lists them and the files to come. A run that fails is rolled back at once; after a
run that was killed, the next one finds the journal. While linking, the way is back to the old environment: it needs no
network, no cache and no disk space. Once everything is linked, the way is forward: only the history is missing.
"""

import json
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from wheelbridge.installer.errors import FileConflictError
from wheelbridge.installer.settling import CLOBBERS, settle_clobbers, settle_hashes

JOURNAL = ".wheelbridge"
_TAG = "CACHEDIR.TAG"
_SCRATCH = ("conda-meta/prefix_record_??????", "symtest_????????-*", ".refprobe-??????")
"""What rattler leaves behind when it is killed: unfinished records, and its tests of the file system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """What a transaction changes; all paths are relative to the prefix, with ``/``.

    Attributes:
        old: files of packages that go.
        new: files of packages to come.
        shared: files of packages that stay and others claim, too, or that wait in ``__clobbers__``.
        before: records of ``conda-meta`` that go or may be rewritten, by file name.
        after: records of ``conda-meta`` to come, by file name.
        history: the size of the history before, None where there was none.
        revision: what to append to it.
        foreign: files that no package has, and that go.
        held: files of packages that go and that others, which stay, have as they are.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    shared: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    history: int | None
    revision: str
    foreign: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """The journal as it is on disk: *kept* lists what was in the way, by the number of its copy."""

    journal: Journal
    kept: tuple[str, ...]
    clobbers: tuple[str, ...]
    tagged: bool
    linked: bool = False


def begin(prefix: Path, journal: Journal) -> tuple[str, ...]:
    """Prepare the way back; return the files in the way that belong to no package, which are moved aside.

    Raises:
        FileConflictError: if a directory stands where a file must go.
        OSError: if the way back cannot be prepared; nothing has changed then.
    """
    touched = sorted({*journal.old, *journal.new, *journal.foreign, *journal.shared})
    kept = tuple(path for path in touched if os.path.lexists(prefix / path))
    _check_directories(prefix, kept, journal)
    home = prefix / "conda-meta" / JOURNAL
    shutil.rmtree(home, ignore_errors=True)
    (home / "files").mkdir(parents=True)
    shutil.copytree(prefix / "conda-meta", home / "meta", ignore=_not_records)
    _write(
        home,
        _Entry(journal=journal, kept=kept, clobbers=_list_clobbers(prefix), tagged=(prefix / _TAG).exists()),
    )
    foreign = {*kept} - {*journal.old} - {*journal.shared}
    try:
        for number, path in enumerate(kept):
            _keep(prefix / path, home / "files" / str(number), move=path in foreign, copy=path in journal.shared)
    except OSError:
        roll_back(prefix)
        forget(prefix)
        raise
    return tuple(path for path in sorted(foreign - {*journal.foreign}) if not path.endswith(".pyc"))


def finish(prefix: Path) -> None:
    """Declare the new environment valid: from here on, a killed run is completed instead of undone."""
    home = prefix / "conda-meta" / JOURNAL
    entry = _read(home)
    _write(home, replace(entry, linked=True))
    _complete(prefix, home, entry)


def is_interrupted(prefix: Path) -> bool:
    """Tell whether a run that changes *prefix* was killed, or is at it: what is there is neither old nor new."""
    return (prefix / "conda-meta" / JOURNAL / "journal.json").exists()


def recover(prefix: Path) -> None:
    """Put right what an interrupted run left behind, if there is such a thing."""
    home = prefix / "conda-meta" / JOURNAL
    if not (home / "journal.json").exists():
        shutil.rmtree(home, ignore_errors=True)
        return
    entry = _read(home)
    if entry.linked:
        _complete(prefix, home, entry)
    else:
        roll_back(prefix)
        forget(prefix)


def roll_back(prefix: Path) -> bool:
    """Put the files and records back as they were; return whether there was anything to do.

    It may be repeated, also after it was interrupted itself. The journal stays until `forget`.
    """
    home = prefix / "conda-meta" / JOURNAL
    if not (home / "journal.json").exists():
        return False
    entry = _read(home)
    fresh = {*entry.journal.new, *(_list_clobbers(prefix))} - {*entry.kept} - {*entry.clobbers}
    removed = [path for path in sorted(fresh) if _remove(prefix / path)]
    restored = [path for number, path in enumerate(entry.kept) if _restore(home / "files" / str(number), prefix / path)]
    records = _restore_records(prefix, home, entry)
    for pattern in _SCRATCH:
        for path in prefix.glob(pattern):
            shutil.rmtree(path, ignore_errors=True) if path.name.startswith(".") else path.unlink(missing_ok=True)
    prune(prefix, fresh)
    return bool(removed or restored or records)


def forget(prefix: Path) -> None:
    """Remove the journal, its first file first: without it the rest means nothing."""
    home = prefix / "conda-meta" / JOURNAL
    with suppress(FileNotFoundError):
        (home / "journal.json").unlink()
    shutil.rmtree(home, ignore_errors=True)


def prune(prefix: Path, paths: Iterable[str], keep: Collection[str] = ()) -> None:
    """Remove what removed files leave behind: byte code of modules that are gone, and empty directories.

    Args:
        prefix: the environment.
        paths: the files that were removed.
        keep: directories that packages claim as such.
    """
    modules: dict[PurePosixPath, set[str]] = {}
    for path in map(PurePosixPath, paths):
        modules.setdefault(path.parent, set()).update({path.stem} if path.suffix == ".py" else ())
    for parent, stems in modules.items():
        _remove_byte_code(prefix / parent, stems)
    directories = {directory for parent in modules for directory in (parent, *parent.parents)}
    for directory in sorted(directories, key=lambda path: len(path.parts), reverse=True):
        if directory.parts and str(directory) not in keep:
            with suppress(OSError):
                (prefix / directory).rmdir()


def _remove_byte_code(directory: Path, stems: Collection[str]) -> None:
    """Remove the cached byte code of modules that are gone; it has no other owner than they."""
    cache = directory / "__pycache__"
    if not cache.is_dir():
        return
    for path in cache.glob("*.pyc"):
        stem = path.name.partition(".")[0]
        if stem in stems and not (directory / f"{stem}.py").exists():
            path.unlink(missing_ok=True)
    with suppress(OSError):
        cache.rmdir()


def _complete(prefix: Path, home: Path, entry: _Entry) -> None:
    numbers = {path: number for number, path in enumerate(entry.kept)}
    for held in entry.journal.held:
        if held in numbers and not os.path.lexists(prefix / held):
            _restore(home / "files" / str(numbers[held]), prefix / held)
    settle_clobbers(prefix)
    settle_hashes(prefix, entry.journal.after)
    path = prefix / "conda-meta" / "history"
    size = path.stat().st_size if path.exists() else 0
    if size == (entry.journal.history or 0):
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(entry.journal.revision)
    forget(prefix)


def _check_directories(prefix: Path, kept: Collection[str], journal: Journal) -> None:
    new = {*journal.new}
    blocked = [path for path in kept if path in new and (prefix / path).is_dir() and not (prefix / path).is_symlink()]
    if blocked:
        raise FileConflictError(tuple(f"{path} (a directory is there)" for path in blocked))


def _keep(path: Path, copy_to: Path, *, move: bool, copy: bool) -> None:
    """Keep what is at *path*: a hard link costs nothing; where there can be none, a copy."""
    if move:
        path.replace(copy_to)
    elif path.is_symlink():
        copy_to.symlink_to(path.readlink())
    elif path.is_file():
        try:
            if copy:  # rattler may write into a file that two packages claim, and with it into its links
                shutil.copy2(path, copy_to)
            else:
                copy_to.hardlink_to(path)
        except OSError:
            shutil.copy2(path, copy_to)


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:  # it is not there, or a parent is not
        return False
    return True


def _restore(kept: Path, path: Path) -> bool:
    if not os.path.lexists(kept):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    kept.replace(path)
    if os.path.lexists(kept):  # POSIX rename: two links of one file are left alone
        kept.unlink()
    return True


def _restore_records(prefix: Path, home: Path, entry: _Entry) -> bool:
    """Put records back; those of packages that somebody else installed since are left alone."""
    meta = prefix / "conda-meta"
    changed = False
    for name in {*entry.journal.after} - {*entry.journal.before}:
        changed |= _remove(meta / name)
    for kept in sorted((home / "meta").glob("*.json")):
        path = meta / kept.name
        whole = _is_same(path, kept) if kept.name in entry.journal.before else not path.exists() or _is_json(path)
        if not whole:
            _replace(kept, path)
            changed = True
    if entry.journal.history is None:
        changed |= _remove(meta / "history")
    if not entry.tagged:
        changed |= _remove(prefix / _TAG)
    return changed


def _is_same(path: Path, kept: Path) -> bool:
    return path.exists() and path.read_bytes() == kept.read_bytes()


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return True


def _replace(source: Path, target: Path) -> None:
    fresh = target.with_name(f"{target.name}.wheelbridge")
    shutil.copy2(source, fresh)
    fresh.replace(target)


def _list_clobbers(prefix: Path) -> tuple[str, ...]:
    """Return rattler's store of files that lost against another package's."""
    root = prefix / CLOBBERS
    return tuple(path.relative_to(prefix).as_posix() for path in root.rglob("*") if not path.is_dir())


def _not_records(_: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".json")]


def _write(home: Path, entry: _Entry) -> None:
    fresh = home / "journal.json.new"
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(asdict(entry), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(home / "journal.json")


def _read(home: Path) -> _Entry:
    data = json.loads((home / "journal.json").read_text(encoding="utf-8"))
    return _Entry(**{**_tuples(data), "journal": Journal(**_tuples(data["journal"]))})


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
