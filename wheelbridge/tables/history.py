"""The versions of the tables that git recorded."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wheelbridge.mapping.row_history import Revision, TableHistory, trace_rows

_FIELD_END = "\x1f"
"""ASCII's unit separator: no subject of a commit has one."""
_FORMAT = f"%H{_FIELD_END}%cs{_FIELD_END}%s"
_COMMIT_LENGTH = 9
"""Cut here and not by git, whose choice depends on the repository's size: the same tables, the same bytes."""
_TIMEOUT = 120.0
_OTHER_REPOSITORY = frozenset(
    f"GIT_{name}" for name in ("DIR", "WORK_TREE", "INDEX_FILE", "COMMON_DIR", "OBJECT_DIRECTORY", "PREFIX")
)
"""What a git hook sets for its own repository, which need not be the one of the tables."""

Split = Callable[[str], Mapping[str, str]]
"""Reads the rows of a version: key -> text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What git knows of the tables.

    Attributes:
        missing: why there is no history; empty where there is one.
        shallow: the checkout has only the newest commits, so rows may be older than they seem.
        revision: the newest commit that touched the tables.
        tables: file, relative to the folder of the tables -> its history.
    """

    missing: str = ""
    shallow: bool = False
    revision: Revision = Revision()  # noqa: RUF009 - frozen
    tables: Mapping[str, TableHistory] = field(default_factory=dict)


class _NoHistoryError(Exception):
    """Git has nothing to say; the text says why."""


def read_history(mappings: Path, files: Mapping[str, Split]) -> History:
    """Read the history of *files*, relative to the folder *mappings*; each with what reads its rows.

    Nothing is an error: a folder without a history is as good as any other. Merges count as one change: the line of
    first parents is what the maintainers accepted.
    """
    git = shutil.which("git")
    if git is None:
        return History(missing="there is no git here to ask")
    try:
        revisions = _revisions(git, mappings, ".")
        shallow = _ask(git, mappings, "rev-parse", "--is-shallow-repository").strip() == b"true"
        traced = {name: trace_rows(_versions(git, mappings, name, split)) for name, split in files.items()}
    except _NoHistoryError as reason:
        return History(missing=str(reason))
    if not revisions:
        return History(missing="git does not track the folder of the tables")
    tables = {name: table for name, table in traced.items() if table is not None}
    return History(shallow=shallow, revision=revisions[-1], tables=tables)


def _versions(git: str, mappings: Path, name: str, split: Split) -> Iterator[tuple[Revision, Mapping[str, str]]]:
    """Yield the recorded versions of a table, the oldest one first, then the working copy if that is another one."""
    revisions = _revisions(git, mappings, name)
    text = ""
    for revision, text in zip(revisions, _contents(git, mappings, name, revisions), strict=True):
        yield Revision(revision.commit[:_COMMIT_LENGTH], revision.date, revision.subject), split(text)
    path = mappings / name
    now = path.read_text("utf-8") if path.exists() else ""
    if revisions and now != text:
        yield Revision(), split(now)


def _revisions(git: str, mappings: Path, name: str) -> tuple[Revision, ...]:
    said = _ask(git, mappings, "log", "--first-parent", "--reverse", f"--format={_FORMAT}", "--", name)
    lines = (line.split(_FIELD_END) for line in said.decode("utf-8", "replace").splitlines())
    return tuple(Revision(*fields) for fields in lines)


def _contents(git: str, mappings: Path, name: str, revisions: Iterable[Revision]) -> Iterator[str]:
    """Yield the text of a file in every revision; empty where it was not there."""
    wanted = "".join(f"{revision.commit}:./{name}\n" for revision in revisions)
    said = _ask(git, mappings, "cat-file", "--batch", input_=wanted.encode())
    start = 0
    while start < len(said):
        end = said.index(b"\n", start)
        header, start = said[start:end].split(b" "), end + 1
        if header[-1] == b"missing":
            yield ""
            continue
        size = int(header[-1])
        yield said[start : start + size].decode("utf-8", "replace")
        start += size + 1


def _ask(git: str, folder: Path, *arguments: str, input_: bytes = b"") -> bytes:
    """Return what git prints.

    Raises:
        _NoHistoryError: if it fails.
    """
    variables = {name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY}
    variables |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        run = subprocess.run(  # noqa: S603 - git, found on PATH, with fixed arguments
            [git, "-C", str(folder), *arguments],
            input=input_,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
            env=variables,
        )
    except (OSError, subprocess.SubprocessError):
        raise _NoHistoryError("git cannot be asked here") from None
    if run.returncode:
        raise _NoHistoryError(_explain(run.stderr.decode("utf-8", "replace")))
    return run.stdout


def _explain(said: str) -> str:
    """Say why git failed, without the paths that its own words may have."""
    if "not a git repository" in said:
        return "the folder of the tables is not in a git checkout"
    if "dubious ownership" in said:
        return "git does not read a checkout that belongs to somebody else"
    if "does not have any commits" in said:
        return "the git checkout has no commits"
    return "git cannot read the checkout"
