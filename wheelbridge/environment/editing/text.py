"""What the edits of all formats share: what is wanted, what things are called, and the cutting of text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from wheelbridge.errors import InvalidRequirementError, WheelbridgeError
from wheelbridge.model.redaction import redact_argument, redact_text

PYPI = "pypi:"
"""What is written before a requirement of an index, where a conda package could be meant."""
_HEAD = re.compile(r"[^\s\[<>=!~;]*")
_CONDA_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*").fullmatch
_REQUIREMENT = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?=$|[\[<>=!~;@(]|--)")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9][A-Za-z0-9._-]*)")
_FILE = re.compile(r"\.(whl|zip|tar\.gz|tar\.bz2|tar\.xz|tgz)\b")


class UneditableFileError(WheelbridgeError):
    """A file is written in a way that cannot be edited without changing more; it is left as it was."""

    code = "uneditable-file"

    def __init__(self, file: str, reason: str, *, hint: str = "Edit it by hand; it was left as it was.") -> None:
        super().__init__(f"{file}: {reason}", hint=hint)
        self.file = file
        self.reason = reason


class NotInFileError(WheelbridgeError):
    """A file does not ask for what is to be dropped from it."""

    code = "not-in-file"

    def __init__(self, file: str, name: str, similar: Sequence[str]) -> None:
        hint = f"It has {' and '.join(similar)}." if similar else "Give the name as the file has it, without a version."
        super().__init__(f"{file} does not ask for {name!r}", hint=hint)
        self.file = file
        self.name = name
        self.similar = tuple(similar)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line to be added: a conda MatchSpec, or a PEP 508 requirement; *name* is the key that it goes by."""

    text: str
    name: str
    is_pypi: bool


def read_wanted(spec: str, *, only_pypi: bool = False) -> Wanted:
    """Read what a user wants added: behind ``pypi:``, or in a file that has nothing else, a requirement.

    >>> read_wanted("pypi:Rich_Text>=1")
    Wanted(text='Rich_Text>=1', name='rich-text', is_pypi=True)
    >>> read_wanted("conda-forge::NumPy >=2").name
    'numpy'

    A MatchSpec is not checked here but for its name.

    Raises:
        InvalidRequirementError: if it is no requirement where one must be.
        UneditableFileError: if it is a MatchSpec of no one name.
    """
    text = spec.strip()
    is_pypi = text.startswith(PYPI) and not text.startswith(f"{PYPI}:")
    if is_pypi or only_pypi:
        text = text.removeprefix(PYPI).strip() if is_pypi else text
        try:
            return Wanted(text, canonicalize_name(Requirement(text).name), is_pypi=True)
        except InvalidRequirement as error:
            reason = redact_text(str(error).splitlines()[0])
            raise InvalidRequirementError(redact_argument(text), reason) from None
    name = conda_name(text)
    if name is None or "\n" in text:
        raise UneditableFileError(redact_argument(text), "it names no one package", hint="Write it like 'numpy>=2'.")
    return Wanted(text, name, is_pypi=False)


def conda_name(spec: str) -> str | None:
    """Return the name in a MatchSpec, in lower case; None where there is none.

    >>> conda_name("pytorch::pytorch-cuda=12.1"), conda_name("python='3.10'"), conda_name("h5py[build=mpi*]")
    ('pytorch-cuda', 'python', 'h5py')
    """
    head = _HEAD.match(spec.strip())
    name = head[0].rpartition(":")[2] if head else ""
    return name.lower() if _CONDA_NAME(name) else None


def requirement_name(line: str) -> str | None:
    """Return the normalized name in a line for pip; None where it has none: options, URLs and paths alone.

    >>> requirement_name("Foo_Bar[x]>=1; python_version < '4'"), requirement_name("-e git+https://host.example/a#egg=A")
    ('foo-bar', 'a')
    >>> requirement_name("-r more.txt"), requirement_name("./a"), requirement_name("a-1-py3-none-any.whl")
    (None, None, None)
    """
    if egg := _EGG.search(line):
        return canonicalize_name(egg[1])
    found = _REQUIREMENT.match(line.strip())
    if found is None or _FILE.search(found[1]):
        return None
    return canonicalize_name(found[1])


def line_start(text: str, index: int) -> int:
    """Return where the line of *index* begins."""
    return text.rfind("\n", 0, index) + 1


def line_end(text: str, index: int) -> int:
    """Return where the line of *index* ends, its end of line included."""
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def end_of_lines(text: str) -> str:
    r"""Return the end of line that most lines have.

    >>> end_of_lines("a\r\nb\r\n"), end_of_lines("a\n"), end_of_lines("a")
    ('\r\n', '\n', '\n')
    """
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


def insert_line(text: str, index: int, line: str) -> str:
    r"""Put *line* behind the line of *index*; where the last one had no end of line, the last one has none.

    >>> insert_line("a\nb", 2, "c")
    'a\nb\nc'
    """
    place = line_end(text, index)
    ending = end_of_lines(text)
    if place == len(text) and not text.endswith("\n"):
        return f"{text}{ending}{line}"
    return f"{text[:place]}{line}{ending}{text[place:]}"


def remove_lines(text: str, start: int, end: int) -> str:
    r"""Take out the lines from that of *start* to that of *end*; what is last has an end of line if it had before.

    >>> remove_lines("a\nb", 2, 3)
    'a'
    """
    first, last = line_start(text, start), line_end(text, end)
    rest = text[:first] + text[last:]
    if last == len(text) and not text.endswith("\n"):
        return rest[:-2] if rest.endswith("\r\n") else rest.removesuffix("\n")
    return rest


def remove_inline(text: str, spans: Sequence[tuple[int, int]], number: int) -> str | None:
    """Take an item out of a list in brackets with the comma that is its own; None where a comment would go with it.

    *spans* are those of the items.

    >>> remove_inline("[a, b, c]", [(1, 2), (4, 5), (7, 8)], 1)
    '[a, c]'
    """
    start, end = spans[number]
    if number:
        start = spans[number - 1][1]
    elif len(spans) > 1:
        end = spans[1][0]
    between = text[start : spans[number][0]] + text[spans[number][1] : end]
    return None if "#" in between else text[:start] + text[end:]
