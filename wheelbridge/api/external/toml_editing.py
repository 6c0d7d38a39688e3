"""Old spellings in the text of a pyproject.toml replaced: whatever is not replaced keeps every byte."""

import copy
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from wheelbridge.translate.external_upgrade import TABLE, UpgradePlan, current_key, find_new, holder_of

if TYPE_CHECKING:
    from tomlkit.items import Array, Item, Key, String

    Body: TypeAlias = list[tuple[Key | None, Item]]

_MARK = "external dependency that is there already"
_MARK_ALONE = re.compile(rf'\r?\n[ \t]*"{_MARK}"[ \t]*,?[ \t]*(?=\r?\n)')
_LONE_LF = re.compile(r"(?<!\r)\n")
_INDENT = "    "
_MARK_BESIDE = re.compile(rf'[ \t]*"{_MARK}"(?:[ \t]*,)?')


class CannotEditError(Exception):
    """The text cannot be changed without changing more than it should; a person has to do it.

    *key* is the one key of the table, as it is called today, that is to blame; None: it is not known, or not one alone.
    """

    def __init__(self, reason: str, key: str | None = None) -> None:
        super().__init__(reason)
        self.key = key


@dataclass(slots=True)
class _Place:
    """An entry of the table in the text: tomlkit's list that it stands in, its key and its value.

    *inline* says whether it stands in a table on one line.
    """

    body: "Body"
    key: "Key"
    item: "Item"
    inline: bool = False

    def become(self, key: "Key", item: "Item") -> None:
        """Be another key, or another value, in the same place."""
        self.give_way([(key, item)])
        self.key, self.item = key, item

    def give_way(self, entries: "Body") -> None:
        """Let *entries* stand in its place; behind a table, they are that table's."""
        from tomlkit.items import Table  # noqa: PLC0415 - few commands write TOML

        number = next(number for number, (_, item) in enumerate(self.body) if item is self.item)
        before = self.body[number - 1][1] if number else None
        if isinstance(before, Table) and not any(key for key, _ in entries):
            before.value.body.extend(entries)
            entries = []
        self.body[number : number + 1] = entries


def edit_external(text: str, plan: UpgradePlan) -> str:
    """Return *text*, a pyproject.toml, with its ``[external]`` table as *plan* has it.

    Comments, order, quotes, indentation and line ends stay.

    Raises:
        CannotEditError: if that is not possible.
    """
    import tomlkit  # noqa: PLC0415 - few commands write TOML
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    try:
        document = tomlkit.parse(text)
        if document.as_string() != text:
            raise CannotEditError("tomlkit does not write it as it is")
        _edit(document.body, {upgrade.path: upgrade.new for upgrade in plan.upgrades}, plan.kept)
    except TOMLKitError as error:
        raise CannotEditError(f"tomlkit cannot read it: {error}") from None
    edited = document.as_string()
    _check(text, edited, plan)
    return edited


def _check(old: str, new: str, plan: UpgradePlan) -> None:
    """See that the text says what it said, and of the table what the plan says."""
    try:
        before, after = tomllib.loads(old), tomllib.loads(new)
    except tomllib.TOMLDecodeError as error:
        raise CannotEditError(f"the result is no TOML: {error}") from None
    if _LONE_LF.search(new) and not _LONE_LF.search(old):
        raise CannotEditError("the result has other line ends")
    # repr: a NaN elsewhere in the file is not equal to itself
    if after.pop(TABLE) != plan.data or repr(after) != repr({k: v for k, v in before.items() if k != TABLE}):
        raise CannotEditError("the result says something else")


def _edit(document: "Body", news: Mapping[str, str], kept: Collection[str]) -> None:
    """Edit the lists of entries, not the mappings that tomlkit makes of them: these move what they change."""
    places = _group(child for key, item in document if key and key.key == TABLE for child in _children(item))
    spellings: dict[str, list[str]] = {}
    for key, found in places.items():
        spellings.setdefault(current_key(key), []).append(key)
        for place in found:
            _edit_value(place.item, f"{TABLE}.{key}", news)
    for current, keys in spellings.items():
        if current not in kept:
            try:
                _make_one({key: places[key] for key in keys}, current)
            except CannotEditError as error:
                raise CannotEditError(str(error), current) from None


def _make_one(places: Mapping[str, Sequence[_Place]], current: str) -> None:
    """Let one key, called *current*, be what is there under several spellings."""
    holder = holder_of(list(places))
    if len(places) > 1 and (
        inline := next((key for key, found in places.items() if any(map(_is_inline, found))), None)
    ):
        raise CannotEditError(
            f"{inline!r} stands in a table on one line, or is one; put {' and '.join(places)} together"
        )
    if holder != current:
        for place in places[holder]:
            _rename(place, current)
    for key, found in places.items():
        if key != holder:
            _merge(places[holder], found)


def _is_inline(place: _Place) -> bool:
    from tomlkit.items import InlineTable  # noqa: PLC0415 - few commands write TOML

    return place.inline or isinstance(place.item, InlineTable)


def _group(places: Iterable[_Place]) -> dict[str, list[_Place]]:
    """Put the places of each key together: a table may be written in parts."""
    groups: dict[str, list[_Place]] = {}
    for place in places:
        groups.setdefault(place.key.key, []).append(place)
    return groups


def _children(item: "Item") -> list[_Place]:
    from tomlkit.items import InlineTable  # noqa: PLC0415 - few commands write TOML

    body, inline = _body_of(item), isinstance(item, InlineTable)
    return [] if body is None else [_Place(body, key, child, inline) for key, child in body if key is not None]


def _body_of(item: "Item") -> "Body | None":
    from tomlkit.items import AbstractTable  # noqa: PLC0415 - few commands write TOML

    return item.value.body if isinstance(item, AbstractTable) else None


def _edit_value(item: "Item", path: str, news: Mapping[str, str]) -> None:
    """Respell the texts of an array, or of all arrays of a table, that *news* has by their paths."""
    from tomlkit.items import Array, String  # noqa: PLC0415 - few commands write TOML

    if isinstance(item, Array):
        for number, value in enumerate(list(item)):
            if isinstance(value, String) and (new := news.get(f"{path}[{number}]")) is not None:
                item[number] = _quote_alike(value, new)
    for child in _children(item):
        if isinstance(child.item, Array):
            _edit_value(child.item, f"{path}.{child.key.key}", news)


def _quote_alike(old: "String", text: str) -> "Item":
    """Write *text* as *old* is written; a marker that stays keeps every byte."""
    import tomlkit  # noqa: PLC0415 - few commands write TOML
    from tomlkit.exceptions import InvalidStringError, TOMLKitError  # noqa: PLC0415 - as above

    written = old.as_string()
    multiline = written[:3] in {'"""', "'''"}
    quotes = written[: 3 if multiline else 1]
    inner, same = written[len(quotes) : -len(quotes)], old.partition(";")
    if inner.partition(";")[0] == same[0] and text.partition(";")[2] == same[2]:
        with suppress(TOMLKitError):
            respelled: Any = tomlkit.value("".join([quotes, text.partition(";")[0], inner[len(same[0]) :], quotes]))
            if respelled == text:
                found: Item = respelled
                return found
    try:
        return tomlkit.string(text, literal=written.startswith("'"), multiline=multiline)
    except InvalidStringError:
        return tomlkit.string(text)


def _rename(place: _Place, name: str) -> None:
    from tomlkit.items import Table  # noqa: PLC0415 - few commands write TOML

    key: Any = copy.copy(place.key)
    if key.key not in key.as_string():
        raise CannotEditError(f"the key {key.as_string()} is written with escapes")
    written = key.as_string().replace(key.key, name)
    if isinstance(place.item, Table) and place.item.display_name is not None:
        place.item.display_name = _rename_last(place.item.display_name, key.key, name)
    key.key, key._original = name, written  # noqa: SLF001 - tomlkit has no way to rename a key in its place
    place.become(key, place.item)


def _rename_last(header: str, old: str, new: str) -> str:
    """Rename the last part of what stands between the brackets of a table."""
    before, found, after = header.rpartition(old)
    return f"{before}{new}{after}" if found else header


def _merge(holders: Sequence[_Place], others: Sequence[_Place]) -> None:
    """Put the value of the one other into the one holder, and take the other away.

    Raises:
        CannotEditError: if they are written in parts, or one is a table of one line.
    """
    from tomlkit.items import Array, Table  # noqa: PLC0415 - few commands write TOML

    if len(holders) != 1 or len(others) != 1:
        raise CannotEditError(f"{others[0].key.key!r} is written in parts")
    (holder,), (other,) = holders, others
    if isinstance(holder.item, Array) and isinstance(other.item, Array):
        holder.become(holder.key, _join_arrays(holder.item, other.item))
        other.give_way(_comment_of(other.item))
    elif isinstance(holder.item, Table) and isinstance(other.item, Table):
        _merge_tables(holder, other)
    else:
        raise CannotEditError(f"{other.key.key!r} and {holder.key.key!r} are written in different ways")


def _join_arrays(there: "Array", more: "Array") -> "Item":
    """Put what is new of *more*, with all its comments, behind what is *there*."""
    import tomlkit  # noqa: PLC0415 - few commands write TOML

    kept = set(find_new(list(more), list(there)))
    first, last = _gap_of(more), _end_of_array(more)
    for number in range(len(more)):
        if number not in kept:
            more[number] = _MARK
    inner = _MARK_BESIDE.sub("", _MARK_ALONE.sub("", more.as_string()[1:-1])).strip()
    if not inner:
        return there
    text = _put_behind(there, inner, gap=first, end=last, comma=bool(kept))
    around = there.trivia
    line = f"{around.indent}array = {text}{around.comment_ws}{around.comment}{around.trail}"
    return next(item for key, item in tomlkit.parse(line).body if key)


def _put_behind(array: "Array", inner: str, *, gap: str, end: str, comma: bool) -> str:
    """Return the text of *array* with *inner* at its end; *gap* and *end* are for an array that has none of its own."""
    head, tail = _head_of(array, comma=comma), _end_of_array(array)
    newline = "\r\n" if "\r\n" in f"{array.as_string()}{inner}{gap}{end}" else "\n"
    several = "\n" in f"{head}{tail}{inner}"
    gap = _gap_of(array) or (gap if several else "") or (f"{newline}{_INDENT}" if several else " " if head else "")
    if not several:
        inner = inner.removesuffix(",")
    if "#" in inner.rpartition("\n")[2] and "\n" not in tail:
        tail = end if "\n" in end else newline
    return f"[{head}{gap}{inner}{tail}]"


def _head_of(array: "Array", *, comma: bool) -> str:
    """Return what stands in *array* up to its last value or comment; with *comma*, one behind the last value."""
    from tomlkit.items import Null, Whitespace  # noqa: PLC0415 - few commands write TOML

    groups = [group for group in array._value if not group.is_whitespace()]  # noqa: SLF001 - tomlkit shows no comments
    values = [number for number, group in enumerate(groups) if not isinstance(group.value, Null | None)]
    if comma and values:
        behind = groups[values[-1]]
        later = (space for group in groups[values[-1] + 1 :] for space in (group.indent, group.comma))
        if not any(space is not None and "," in space.s for space in (behind.comma, *later)):
            behind.comma = Whitespace(",")
    return "".join(item.as_string() for group in groups for item in group)


def _gap_of(array: "Array") -> str:
    """Return the line end and the indentation before the last value, or comment, that stands on a line of its own."""
    from tomlkit.items import Null  # noqa: PLC0415 - few commands write TOML

    groups = [group for group in array._value if not group.is_whitespace() and group.indent]  # noqa: SLF001 - as above
    groups.sort(key=lambda group: not isinstance(group.value, Null | None))
    indents = (group.indent.s for group in reversed(groups) if group.indent)
    return next((indent for indent in indents if "\n" in indent and "," not in indent), "")


def _end_of_array(array: "Array") -> str:
    """Return the white space before the closing bracket."""
    groups = list(array._value)  # noqa: SLF001 - as above
    spaces: list[str] = []
    while groups and groups[-1].is_whitespace():
        spaces.insert(0, "".join(item.as_string() for item in groups.pop()))
    return "".join(spaces)


def _merge_tables(holder: _Place, other: _Place) -> None:
    """Move the entries of one table to the end of another; what stands below its last entry stays where it is."""
    inside, coming = _body_of(holder.item), _body_of(other.item)
    if inside is None or coming is None:
        raise CannotEditError("a table has no entries")
    there = {child.key.key: child for child in _children(holder.item)}
    for child in _children(other.item):
        if child.key.key in there:
            _merge([there[child.key.key]], [child])
    end, cut = _end_of(inside), _end_of(coming)
    inside[end:end] = coming[:cut]
    other.give_way([*_comment_of(other.item), *coming[cut:]])


def _end_of(body: "Body") -> int:
    """Return the place behind the last entry."""
    return max((number + 1 for number, (key, _) in enumerate(body) if key is not None), default=0)


def _comment_of(item: "Item") -> "Body":
    """Return the comment behind a key, or behind the header of a table, as one that stands alone."""
    from tomlkit.items import Comment, Trivia  # noqa: PLC0415 - few commands write TOML

    trivia = item.trivia
    if not trivia.comment:
        return []
    return [(None, Comment(Trivia(trivia.indent, "", trivia.comment, trivia.trail)))]
