"""Lines into and out of an ``environment.yml``; every other byte stays as it is."""

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
    conda_name,
    end_of_lines,
    insert_line,
    line_end,
    line_start,
    remove_inline,
    remove_lines,
    requirement_name,
)
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.yml.selectors import has_selector, is_dictionary_selector
from wheelbridge.environment.yml.text import Node, YamlText, compose_yaml, tag_of, walk
from wheelbridge.model.redaction import redact_argument

_INDENT = "  "
_HYPHEN = re.compile(r"[ ]*-[ ]+").fullmatch


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of the file that asks for something.

    Attributes:
        node: the text itself.
        items: the list that it stands in.
        number: the place of its item there.
        section: number of the ``pip:`` item in the dependencies; None of a conda package.
    """

    node: Node
    items: Node
    number: int
    section: int | None = None

    @property
    def name(self) -> str | None:
        """The key that it goes by."""
        return conda_name(self.node.value) if self.section is None else requirement_name(self.node.value)

    @property
    def item(self) -> Node:
        """What stands in the list: the text, or the dictionary of a selector."""
        return self.items.value[self.number]


@dataclass(frozen=True, slots=True)
class _Document:
    """A file, its dependencies, and the lines that ask for something."""

    yaml: YamlText
    key: Node
    dependencies: Node
    entries: tuple[_Entry, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return self.yaml.text

    def refuse(self, node: Node, reason: str) -> UneditableFileError:
        """Return the error that says why a place cannot be edited."""
        return UneditableFileError(self.yaml.place(node), reason)


def add_to_environment(text: str, wanted: Wanted, file: str) -> str:
    """Return *text* with *wanted* in it; in the place of what asks for the same name, if something does.

    Raises:
        UneditableFileError: if more would change, or several lines ask for the name.
        InvalidEnvironmentFileError: if it is no environment file.
    """
    document = _read(text, file)
    before = _asked(document)
    same = [entry for entry in document.entries if _is_same(entry, wanted)]
    if len(same) > 1:
        lines = ", ".join(str(entry.node.start_mark.line + 1) for entry in same)
        raise UneditableFileError(file, f"{wanted.name!r} stands in several lines: {lines}")
    if same and _is_conditional(document, same[0]):
        raise document.refuse(same[0].node, f"{wanted.name!r} is asked for there on some platforms only")
    if same:
        changed = _replace(document, same[0], wanted.text)
        before.subtract([_key(same[0])])
    else:
        changed = _insert(document, wanted)
    return _checked(changed, before + Counter([(wanted.is_pypi, wanted.text)]), document)


def drop_from_environment(text: str, name: str, file: str, *, only_pypi: bool = False) -> str:
    """Return *text* without the lines that ask for *name*, of conda or, or only, of an index.

    A ``pip:`` section that is empty then goes, too.

    Raises:
        NotInFileError: if nothing asks for it.
        UneditableFileError: if more would change.
        InvalidEnvironmentFileError: if it is no environment file.
    """
    document = _read(text, file)
    entry = _last_called(document, name, only_pypi=only_pypi)
    if entry is None:
        names = sorted({entry.name for entry in document.entries if entry.name})
        raise NotInFileError(file, name, get_close_matches(name, names))
    while entry is not None:
        expected = _asked(document)
        expected.subtract([_key(entry)])
        document = _read(_checked(_remove(document, entry), expected, document), file)
        entry = _last_called(document, name, only_pypi=only_pypi)
    return document.text


def _read(text: str, file: str) -> _Document:
    document = compose_yaml(text, file)
    root = document.root
    if anchored := next((node for node in walk(root) if node.anchor), None):
        raise UneditableFileError(
            document.place(anchored), f"the anchor '&{anchored.anchor}' may stand for several lines"
        )
    fields = root.value if root is not None and root.id == "mapping" else []
    found = [(key, value) for key, value in fields if key.value == "dependencies"]
    if not found:
        raise InvalidEnvironmentFileError(
            file, "", "there is no 'dependencies'", hint="Write 'dependencies:' in a line of its own."
        )
    if len(found) > 1:
        raise UneditableFileError(file, "there are several 'dependencies'")
    key, value = found[0]
    if tag_of(value) != "null" and value.id != "sequence":
        raise document.fail(value, "dependencies", "expected a list", hint="Write it as '- numpy >=2'.")
    entries = tuple(_entries(value)) if value.id == "sequence" else ()
    return _Document(document, key, value, entries)


def _entries(dependencies: Node) -> Iterator[_Entry]:
    for number, item in enumerate(dependencies.value):
        if item.id == "scalar":
            yield _Entry(item, dependencies, number)
        elif item.id == "mapping":
            for key, value in item.value:
                if is_dictionary_selector(str(key.value)) and value.id == "scalar":
                    yield _Entry(value, dependencies, number)
                elif key.value == "pip" and value.id == "sequence":
                    lines = (line for line in enumerate(value.value) if line[1].id == "scalar")
                    yield from (_Entry(node, value, place, number) for place, node in lines)


def _key(entry: _Entry) -> tuple[bool, str]:
    return entry.section is not None, str(entry.node.value)


def _asked(document: _Document) -> Counter[tuple[bool, str]]:
    return Counter(map(_key, document.entries))


def _is_same(entry: _Entry, wanted: Wanted) -> bool:
    return entry.name == wanted.name and (entry.section is not None) == wanted.is_pypi


def _is_conditional(document: _Document, entry: _Entry) -> bool:
    """Tell whether a selector stands with an entry, as in ``- numpy  # [win]`` or ``- sel(win): numpy``."""
    start = entry.node.start_mark.index
    line = document.text[line_start(document.text, start) : line_end(document.text, start)]
    return has_selector(line) or (entry.section is None and entry.item.id == "mapping")


def _last_called(document: _Document, name: str, *, only_pypi: bool) -> _Entry | None:
    for entry in reversed(document.entries):
        if entry.name == (name.lower() if entry.section is None else canonicalize_name(name)) and (
            entry.section is not None or not only_pypi
        ):
            return entry
    return None


def _replace(document: _Document, entry: _Entry, value: str) -> str:
    node, text = entry.node, document.text
    start, end = node.start_mark.index, node.end_mark.index
    if "\n" in text[start:end]:
        raise document.refuse(node, f"{redact_argument(node.value.strip())!r} goes over several lines")
    if entry.section is not None and not node.value.startswith("-") and " --" in node.value:
        raise document.refuse(node, f"{redact_argument(node.value)!r} has options of its own")
    return text[:start] + _quoted(value, node.style, flow=entry.items.flow_style) + text[end:]


def _insert(document: _Document, wanted: Wanted) -> str:
    if not wanted.is_pypi:
        lines = [entry.item for entry in document.entries if entry.section is None]
        return _insert_item(document, document.key, document.dependencies, lines[-1] if lines else None, wanted.text)
    for item in document.dependencies.value if document.dependencies.id == "sequence" else ():
        for key, value in item.value if item.id == "mapping" else ():
            if key.value == "pip" and (value.id == "sequence" or tag_of(value) == "null"):
                last = value.value[-1] if value.id == "sequence" and value.value else None
                return _insert_item(document, key, value, last, wanted.text)
    return _insert_section(document, wanted.text)


def _insert_item(document: _Document, key: Node, items: Node, last: Node, value: str) -> str:
    """Put an item behind the item *last* of a list, before all others if there is none of its kind."""
    text = document.text
    if items.id != "sequence":
        depth = " " * (key.start_mark.column + len(_INDENT))
        return _insert_first(document, key, items, f"{depth}- {_quoted(value)}")
    if items.flow_style:
        return _insert_inline(document, items, last, _quoted(value, flow=True))
    if last is not None:
        return insert_line(text, _end(document, last), f"{_before(document, last)}{_quoted(value)}")
    first = line_start(text, items.value[0].start_mark.index)
    return insert_line(text, max(first - 1, 0), f"{_before(document, items.value[0])}{_quoted(value)}")


def _insert_section(document: _Document, value: str) -> str:
    text, items = document.text, document.dependencies
    if items.id != "sequence":
        depth = " " * (document.key.start_mark.column + len(_INDENT))
        section = _section(document, f"{depth}- ", value)
        return _insert_first(document, document.key, items, section)
    if items.flow_style:
        last = items.value[-1] if items.value else None
        return _insert_inline(document, items, last, f"{{pip: [{_quoted(value, flow=True)}]}}")
    last = items.value[-1]
    return insert_line(text, _end(document, last), _section(document, _before(document, last), value))


def _section(document: _Document, before: str, value: str) -> str:
    return f"{before}pip:{end_of_lines(document.text)}{' ' * len(before)}{_INDENT}- {_quoted(value)}"


def _insert_first(document: _Document, key: Node, items: Node, lines: str) -> str:
    """Write the first line of a list of which there is only the key yet."""
    if items.value:
        raise document.refuse(items, f"{key.value!r} is {redact_argument(items.value)!r}, which is no list")
    return insert_line(document.text, key.end_mark.index, lines)


def _insert_inline(document: _Document, items: Node, last: Node, value: str) -> str:
    text = document.text
    place = items.start_mark.index + 1 if last is None else last.end_mark.index
    separators = ("", ", " if items.value else "") if last is None else (", ", "")
    return f"{text[:place]}{separators[0]}{value}{separators[1]}{text[place:]}"


def _remove(document: _Document, entry: _Entry) -> str:
    items = entry.items
    if len(items.value) == 1 and entry.section is not None:
        return _remove_section(document, entry)
    return _remove_item(document, items, entry.number)


def _remove_item(document: _Document, items: Node, number: int) -> str:
    item, text = items.value[number], document.text
    if item.id == "mapping" and len(item.value) > 1:
        raise document.refuse(item, "the item has other keys, too")
    if not items.flow_style:
        _before(document, item)
        return remove_lines(text, item.start_mark.index, _end(document, item))
    spans = [(one.start_mark.index, one.end_mark.index) for one in items.value]
    changed = remove_inline(text, spans, number)
    if changed is None:
        raise document.refuse(item, "a comment would go with it")
    return changed


def _remove_section(document: _Document, entry: _Entry) -> str:
    """Take a ``pip:`` section out with its last line; comments in it stay."""
    number = entry.section or 0
    section = document.dependencies.value[number]
    if entry.items.flow_style or len(section.value) > 1:
        return _remove_item(document, document.dependencies, number)
    changed = _remove_item(document, entry.items, entry.number)
    return remove_lines(changed, section.start_mark.index, section.start_mark.index)


def _before(document: _Document, item: Node) -> str:
    """Return what stands before an item in its line: its depth and the hyphen."""
    start = item.start_mark.index
    before = document.text[line_start(document.text, start) : start]
    if _HYPHEN(before) is None:
        raise document.refuse(item, "an item does not begin a line of its own")
    return before


def _end(document: _Document, node: Node) -> int:
    """Return where the text of a node ends, without the comments behind it."""
    while node.id != "scalar" and not node.flow_style and node.value:
        node = node.value[-1][1] if node.id == "mapping" else node.value[-1]
    if getattr(node, "style", None) in ("|", ">"):
        raise document.refuse(node, "an item is a block of text")
    return int(node.end_mark.index)


def _quoted(value: str, style: str | None = None, *, flow: bool = False) -> str:
    """Return *value* as YAML has it: plain where that can be read back, in the quotes of *style* where it has some."""
    single, double = "'" + value.replace("'", "''") + "'", f'"{value}"'
    candidates = {None: [value, double, single], '"': [double, single], "'": [single]}
    for text in candidates.get(style, [double, single]):
        if _reads_as(text, value, flow=flow):
            return text
    return single


def _reads_as(text: str, value: str, *, flow: bool) -> bool:
    try:
        root = compose_yaml(f"[{text}, a]" if flow else f"- {text}  # a\n", "").root
    except InvalidEnvironmentFileError:
        return False
    item = root.value[0] if root.id == "sequence" else root
    return item.id == "scalar" and tag_of(item) == "str" and item.value == value and len(root.value) == 1 + flow


def _checked(changed: str, expected: Counter[tuple[bool, str]], document: _Document) -> str:
    """See that a changed text asks for what it should, and says the same in all else."""
    try:
        after = _read(changed, document.yaml.file)
    except InvalidEnvironmentFileError as error:
        raise UneditableFileError(document.yaml.file, f"it would be no YAML any more: {error.reason}") from None
    if _asked(after) != +expected or _rest(after) != _rest(document):
        raise UneditableFileError(document.yaml.file, "more would change than what was asked for")
    return changed


def _rest(document: _Document) -> list[object]:
    """Return all values that are no lines of packages."""
    fields = [(key, value) for key, value in document.yaml.root.value if value is not document.dependencies]
    items = document.dependencies.value if document.dependencies.id == "sequence" else []
    others = [pair for item in items if item.id == "mapping" for pair in item.value if pair[0].value != "pip"]
    return [(_shape(key), _shape(value)) for key, value in (*fields, *others) if not is_dictionary_selector(key.value)]


def _shape(node: Node) -> object:
    if node.id == "scalar":
        return node.tag, node.value
    parts = (part for child in node.value for part in (child if node.id == "mapping" else (child,)))
    return node.tag, [_shape(part) for part in parts]
