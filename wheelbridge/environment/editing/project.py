"""Lines into and out of the lists of a ``pyproject.toml``; every other byte stays as it is."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from wheelbridge.environment.editing.text import (
    NotInFileError,
    UneditableFileError,
    Wanted,
    end_of_lines,
    insert_line,
    line_end,
    line_start,
    remove_inline,
    remove_lines,
    requirement_name,
)
from wheelbridge.environment.errors import InvalidEnvironmentFileError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

DEPENDENCIES = ("project", "dependencies")
"""Where PEP 621 has the dependencies."""
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|' + r"'''.*?'''" + r'|"(?:\\.|[^"\\\n])*"|' + r"'[^'\n]*'|#[^\n]*|\{[^{}\n]*\}|[\[\],]|\s+",
    re.DOTALL,
)
_MARK = "\ufeff"
"""A byte order mark, which the readers pass over, and TOML lacks."""
_BARE = re.compile(r"[A-Za-z0-9_-]+").fullmatch
_CLOSING = re.compile(r",?\s*\]").match


@dataclass(frozen=True, slots=True)
class _Array:
    """The text of a list, and where its items stand in it."""

    text: str
    spans: tuple[tuple[int, int], ...]
    commas: tuple[int, ...]

    def names(self) -> list[str | None]:
        """Return the name of each item; None for what is no requirement, such as an included group."""
        return [requirement_name(_string(self.text[start:end])) for start, end in self.spans]


def add_to_pyproject(text: str, wanted: Wanted, file: str, place: Sequence[str] = DEPENDENCIES) -> str:
    r"""Return *text* with *wanted* in the list at *place*; instead of what asks for the same name, if something does.

    >>> b = Wanted("b>=1", "b", is_pypi=True)
    >>> add_to_pyproject('[project]\ndependencies = ["a"]  # few\n', b, "pyproject.toml")
    '[project]\ndependencies = ["a", "b>=1"]  # few\n'

    Raises:
        UneditableFileError: if more would change, several items ask for the name, or the file could not be read then.
        InvalidEnvironmentFileError: if it is no TOML, or has no list there.
    """
    if text.startswith(_MARK):
        return _MARK + add_to_pyproject(text[1:], wanted, file, place)
    document = _parse(text, file)
    place = _as_written(document, place)
    _check_table(document, place, file)
    items = _find(document, place, file)
    if items is None:
        return _with_list(text, place, _quoted(wanted.text), file)
    array = _read_array(items.as_string(), file)
    numbers = [number for number, name in enumerate(array.names()) if name == wanted.name]
    if len(numbers) > 1:
        raise UneditableFileError(file, f"{wanted.name!r} stands several times in {'.'.join(place)}")
    expected = list(items.unwrap())
    if numbers:
        start, end = array.spans[numbers[0]]
        expected[numbers[0]] = wanted.text
        changed = array.text[:start] + _quoted(wanted.text, array.text[start]) + array.text[end:]
    else:
        expected.append(wanted.text)
        changed = _append(array, wanted.text)
    return _checked(_with(document, place, changed, file), _expect(text, place, expected), file)


def drop_from_pyproject(text: str, name: str, file: str, place: Sequence[str] = DEPENDENCIES) -> str:
    """Return *text* without the items that ask for *name* in the list at *place*.

    Raises:
        NotInFileError: if none does.
        UneditableFileError: if more would change.
        InvalidEnvironmentFileError: if it is no TOML, or has no list there.
    """
    if text.startswith(_MARK):
        return _MARK + drop_from_pyproject(text[1:], name, file, place)
    document = _parse(text, file)
    place = _as_written(document, place)
    items = _find(document, place, file)
    array = _read_array("[]" if items is None else items.as_string(), file)
    key, names = canonicalize_name(name), array.names()
    expected = [] if items is None else [one for one, is_it in zip(items.unwrap(), names, strict=True) if is_it != key]
    if key not in names:
        raise NotInFileError(file, name, get_close_matches(key, sorted({one for one in names if one})))
    for number in reversed([number for number, one in enumerate(names) if one == key]):
        changed = _remove(array, number)
        if changed is None:
            raise UneditableFileError(file, f"a comment would go with {name!r}")
        array = _read_array(changed, file)
    return _checked(_with(document, place, array.text, file), _expect(text, place, expected), file)


def _parse(text: str, file: str) -> "TOMLDocument":
    import tomlkit  # noqa: PLC0415 - few commands write TOML
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise InvalidEnvironmentFileError(file, "", f"it is no TOML: {error}", hint="Correct it first.") from None
    if tomlkit.dumps(document) != text:
        raise UneditableFileError(file, "it cannot be written back as it is")
    return document


def _as_written(document: "TOMLDocument", place: Sequence[str]) -> Sequence[str]:
    """Return *place* with the name of an extra or a group as the file has it.

    PEP 685 and PEP 735: such names are compared normalized, and no two of a file may be equal then.
    """
    if place == DEPENDENCIES:
        return place
    table: Any = document
    for key in place[:-1]:
        table = table.get(key) if isinstance(table, dict) else None
    names = list(table) if isinstance(table, dict) else []
    same = (name for name in names if canonicalize_name(name) == canonicalize_name(place[-1]))
    return (*place[:-1], place[-1] if place[-1] in names else next(same, place[-1]))


def _check_table(document: "TOMLDocument", place: Sequence[str], file: str) -> None:
    """Make sure that the project of the file may have a list at *place*."""
    if place[0] != DEPENDENCIES[0]:
        return
    project: Any = document.get(place[0])
    if project is None:
        hint = "Write one with a name and a version; or name a dependency group with --group."
        raise UneditableFileError(file, "it has no [project] table (PEP 621)", hint=hint)
    dynamic = project.get("dynamic") if isinstance(project, dict) else None
    if isinstance(dynamic, list) and place[1] in dynamic:
        # PEP 621: "Build back-ends MUST raise an error if the metadata specifies a field statically as well as being
        # listed in dynamic."
        raise UneditableFileError(file, f"{place[1]!r} is dynamic: the build backend says what is in it")


def _find(document: "TOMLDocument", place: Sequence[str], file: str) -> Any:  # noqa: ANN401 - an item of tomlkit, or None
    table: Any = document
    for number, key in enumerate(place):
        if not isinstance(table, dict):
            raise InvalidEnvironmentFileError(file, ".".join(place[:number]), "it is no table", hint="Make it one.")
        table = table.get(key)
        if table is None:
            return None
    if not isinstance(table, list):
        raise InvalidEnvironmentFileError(file, ".".join(place), "it is no list", hint="Make it one.")
    return table


def _with(document: "TOMLDocument", place: Sequence[str], array: str, file: str) -> str:
    """Return the text of *document* with *array* instead of the list at *place*."""
    import tomlkit  # noqa: PLC0415 - as above
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    table: Any = document
    for key in place[:-1]:
        table = table[key]
    try:
        table[place[-1]] = tomlkit.parse(f"x = {array}")["x"]
    except TOMLKitError as error:
        raise UneditableFileError(file, f"it would be no TOML any more: {error}") from None
    return tomlkit.dumps(document)


def _with_list(text: str, place: Sequence[str], item: str, file: str) -> str:
    """Return *text* with a new list of one item: at the end of its table, below its header, or in a new table."""
    ending = end_of_lines(text)
    *tables, key = [name if _BARE(name) else f'"{name}"' for name in place]
    line, header = f"{key} = [{item}]", r"\s*\.\s*".join(map(re.escape, tables))
    texts = []
    if found := re.search(rf"^[ \t]*\[[ \t]*{header}[ \t]*\][^\n]*", text, re.MULTILINE):
        following = re.compile(r"^[ \t]*\[", re.MULTILINE).search(text, found.end())
        table = text[: following.start() if following else len(text)].rstrip()
        texts = [insert_line(text, max(len(table) - 1, found.start()), line), insert_line(text, found.start(), line)]
    whole = text if not text or text.endswith("\n") else f"{text}{ending}"
    blank = ending if whole else ""
    texts.append(f"{whole}{blank}[{'.'.join(tables)}]{ending}{line}{ending}")
    expected = _expect(text, place, [tomllib.loads(f"x = {item}")["x"]])
    for changed in texts[:-1]:
        try:
            return _checked(changed, expected, file)
        except UneditableFileError:
            continue
    return _checked(texts[-1], expected, file)


def _read_array(text: str, file: str) -> _Array:
    spans, commas = [], []
    place = depth = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or (depth and match[0] == "["):
            raise UneditableFileError(file, "a list holds more than texts and tables")
        depth += match[0] == "["
        if match[0] == ",":
            commas.append(place)
        elif match[0][0] in "\"'{":
            spans.append(match.span())
        place = match.end()
    return _Array(text, tuple(spans), tuple(commas))


def _append(array: _Array, value: str) -> str:
    text = array.text
    if not array.spans:
        return f"[{_quoted(value)}{text[1:]}"
    start, end = array.spans[-1]
    quote = text[start] if text[start] in "\"'" else '"'
    has_comma = any(comma >= end for comma in array.commas)
    if not _begins_line(text, start):
        return f"{text[:end]}, {_quoted(value, quote)}{text[end:]}"
    indent = text[line_start(text, start) : start]
    closes = _CLOSING(text[end : line_end(text, end)].strip())
    if closes:
        return f"{text[:end]},{end_of_lines(text)}{indent}{_quoted(value, quote)}{text[end:]}"
    if has_comma:
        return insert_line(text, end, f"{indent}{_quoted(value, quote)},")
    return insert_line(f"{text[:end]},{text[end:]}", end, f"{indent}{_quoted(value, quote)}")


def _remove(array: _Array, number: int) -> str | None:
    text = array.text
    start, end = array.spans[number]
    rest = text[end : line_end(text, end)].lstrip(" \t,")
    if not _begins_line(text, start) or not (rest.strip() == "" or rest.startswith("#")):
        return remove_inline(text, array.spans, number)
    is_last, has_comma = number == len(array.spans) - 1, any(comma >= end for comma in array.commas)
    changed = remove_lines(text, start, end)
    if is_last and not has_comma and number:
        comma = next(comma for comma in array.commas if comma >= array.spans[number - 1][1])
        changed = changed[:comma] + changed[comma + 1 :]
    return changed


def _begins_line(text: str, start: int) -> bool:
    return line_start(text, start) > 0 and not text[line_start(text, start) : start].strip()


def _string(token: str) -> str:
    return str(tomllib.loads(f"x = {token}")["x"]) if token[0] != "{" else ""


def _quoted(value: str, quote: str = '"') -> str:
    if quote not in value and "\\" not in value:
        return f"{quote}{value}{quote}"
    other = "'" if quote == '"' else '"'
    if other not in value and "\\" not in value:
        return f"{other}{value}{other}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _expect(text: str, place: Sequence[str], items: list[Any]) -> dict[str, Any]:
    """Return the data of *text* with *items* as the list at *place*."""
    data = tomllib.loads(text)
    table = data
    for key in place[:-1]:
        table = table.setdefault(key, {})
    table[place[-1]] = items
    return data


def _checked(changed: str, expected: dict[str, Any], file: str) -> str:
    """See that a changed text says what it should, and nothing else."""
    try:
        data = tomllib.loads(changed)
    except tomllib.TOMLDecodeError as error:
        raise UneditableFileError(file, f"it would be no TOML any more: {error}") from None
    if data != expected:
        raise UneditableFileError(file, "more would change than what was asked for")
    return changed
