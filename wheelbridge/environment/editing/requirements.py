"""Lines into and out of a ``requirements.txt``; every other byte stays as it is."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from packaging.utils import canonicalize_name

from wheelbridge.environment.editing.text import (
    NotInFileError,
    UneditableFileError,
    Wanted,
    end_of_lines,
    insert_line,
    line_end,
    remove_lines,
    requirement_name,
)
from wheelbridge.environment.manifest import Stated
from wheelbridge.environment.pip.texts import join_lines
from wheelbridge.model.redaction import redact_argument

_COMMENT = re.compile(r"(?:^|\s)#[^\n]*")
_OPTIONS = re.compile(r"\s--?[A-Za-z]")


@dataclass(frozen=True, slots=True)
class _Line:
    """A logical line: where it begins and ends in the text without its end of line, and what it asks for."""

    start: int
    end: int
    text: str

    @property
    def name(self) -> str | None:
        """The normalized name, None where it has none."""
        return requirement_name(self.text)


def add_to_requirements(text: str, wanted: Wanted, file: str) -> str:
    r"""Return *text* with *wanted* in it; in the place of what asks for the same name, if something does.

    >>> add_to_requirements("a==1  # why\nb\n", Wanted("a>=2", "a", is_pypi=True), "requirements.txt")
    'a>=2  # why\nb\n'

    Raises:
        UneditableFileError: if more would change, or several lines ask for the name.
    """
    _check_ends(text, file)
    same = [line for line in _lines(text) if line.name == wanted.name]
    if len(same) > 1:
        raise UneditableFileError(file, f"{wanted.name!r} stands in several lines")
    changed = _replace(text, same[0], wanted.text, file) if same else _insert(text, wanted)
    expected = _asked(text) + Counter([wanted.text])
    expected.subtract(line.text for line in same)
    return _checked(changed, expected, file)


def _insert(text: str, wanted: Wanted) -> str:
    lines = _lines(text)
    if not text.strip("\ufeff"):
        return f"{text}{wanted.text}\n"
    asking = [line for line in lines if line.text]
    if asking:
        return insert_line(text, asking[-1].end, wanted.text)
    return insert_line(text, len(text), wanted.text) if not text.endswith("\n") else _append(text, wanted.text)


def drop_from_requirements(text: str, name: str, file: str) -> str:
    r"""Return *text* without the lines that ask for *name*.

    >>> drop_from_requirements("a==1 \\\n  --hash=sha256:00\nb\n", "a", "requirements.txt")
    'b\n'

    Raises:
        NotInFileError: if nothing asks for it.
    """
    _check_ends(text, file)
    key, expected = canonicalize_name(name), _asked(text)
    lines = list(_lines(text))
    found = [line for line in lines if line.name == key]
    if not found:
        raise NotInFileError(file, name, get_close_matches(key, sorted({line.name for line in lines if line.name})))
    expected.subtract(line.text for line in found)
    for line in reversed(found):
        text = remove_lines(text, line.start, line.end)
    return _checked(text, expected, file)


def _check_ends(text: str, file: str) -> None:
    """Refuse ends of lines that pip sees and editors do not show, such as a form feed."""
    if len(text.splitlines()) != len(re.split(r"\r?\n", text.removesuffix("\n"))) and text:
        raise UneditableFileError(file, "a line ends in another sign than a line feed")


def _asked(text: str) -> Counter[str]:
    """Return what the lines of *text* ask for, as pip joins them."""
    stated = (Stated(line, "") for line in text.removeprefix("\ufeff").splitlines())
    return Counter(asked for line in join_lines(stated) if (asked := _COMMENT.sub("", line.text).strip()))


def _checked(changed: str, expected: Counter[str], file: str) -> str:
    """See that a changed text asks for what it should, and for nothing else."""
    if _asked(changed) != +expected:
        raise UneditableFileError(file, "more would change than what was asked for")
    return changed


def _lines(text: str) -> Iterator[_Line]:
    """Yield the logical lines: pip joins one that ends in a backslash with the next, unless it is a comment."""
    start = place = 1 if text.startswith("\ufeff") else 0
    while place < len(text):
        end = line_end(text, place)
        physical = text[place:end].rstrip("\r\n")
        if physical.endswith("\\") and not physical.lstrip().startswith("#") and end < len(text):
            place = end
            continue
        whole = text[start : place + len(physical)]
        yield _Line(start, start + len(whole), _COMMENT.sub("", re.sub(r"\\\r?\n", "", whole)).strip())
        start = place = end


def _replace(text: str, line: _Line, value: str, file: str) -> str:
    written = text[line.start : line.end]
    if "\n" in written or (not line.text.startswith("-") and _OPTIONS.search(line.text)):
        raise UneditableFileError(file, f"{redact_argument(line.text)!r} has options of its own, such as hashes")
    start = line.start + written.index(line.text)
    return text[:start] + value + text[start + len(line.text) :]


def _append(text: str, value: str) -> str:
    return f"{text}{value}{end_of_lines(text)}"
