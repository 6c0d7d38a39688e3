"""Old spellings in the text of a pyproject.toml replaced: whatever is not replaced keeps every byte."""

import copy
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from wheelbridge.translate.external_upgrade import TABLE, UpgradePlan, current_key, find_new, holder_of

if TYPE_CHECKING:
    from tomlkit.items import Array, Item, Key, String

    Body: TypeAlias = list[tuple[Key | None, Item]]

_MARK = "external dependency that is there already"
_MARK_ALONE = re.compile(rf'\n[ \t]*"{_MARK}"[ \t]*,?[ \t]*(?=\r?\n)')
_MARK_LAST = re.compile(rf'"{_MARK}"(?:\s*,)?')
_MARK_BESIDE = re.compile(rf'[ \t]*"{_MARK}"(?:[ \t]*,)?')


class CannotEditError(Exception):
    """The text cannot be changed without changing more than it should; a person has to do it."""


@dataclass(slots=True)
class _Place:
    """An entry of the table in the text: tomlkit's list that it stands in, its key and its value."""

    body: "Body"
    key: "Key"
    item: "Item"

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
    except TOMLKitError as error:
        raise CannotEditError(f"tomlkit cannot read it: {error}") from None
    if document.as_string() != text:
        raise CannotEditError("tomlkit does not write it as it is")
    _edit(document.body, {upgrade.path: upgrade.new for upgrade in plan.upgrades})
    edited = document.as_string()
    _check(text, edited, plan)
    return edited


def _check(old: str, new: str, plan: UpgradePlan) -> None:
    """See that the text says what it said, and of the table what the plan says."""
    try:
        before, after = tomllib.loads(old), tomllib.loads(new)
    except tomllib.TOMLDecodeError as error:
        raise CannotEditError(f"the result is no TOML: {error}") from None
    # repr: a NaN elsewhere in the file is not equal to itself
    if after.pop(TABLE) != plan.data or repr(after) != repr({k: v for k, v in before.items() if k != TABLE}):
        raise CannotEditError("the result says something else")


def _edit(document: "Body", news: Mapping[str, str]) -> None:
    """Edit the lists of entries, not the mappings that tomlkit makes of them: these move what they change."""
    places = _group(child for key, item in document if key and key.key == TABLE for child in _children(item))
    spellings: dict[str, list[str]] = {}
    for key, found in places.items():
        spellings.setdefault(current_key(key), []).append(key)
        for place in found:
            _edit_value(place.item, f"{TABLE}.{key}", news)
    for current, keys in spellings.items():
        holder = holder_of(keys)
        if holder != current:
            for place in places[holder]:
                _rename(place, current)
        for key in keys:
            if key != holder:
                _merge(places[holder], places[key])


def _group(places: Iterable[_Place]) -> dict[str, list[_Place]]:
    """Put the places of each key together: a table may be written in parts."""
    groups: dict[str, list[_Place]] = {}
    for place in places:
        groups.setdefault(place.key.key, []).append(place)
    return groups


def _children(item: "Item") -> list[_Place]:
    body = _body_of(item)
    return [] if body is None else [_Place(body, key, child) for key, child in body if key is not None]


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


def _quote_alike(old: "String", text: str) -> "String":
    import tomlkit  # noqa: PLC0415 - few commands write TOML
    from tomlkit.exceptions import InvalidStringError  # noqa: PLC0415 - as above

    written = old.as_string()
    multiline = written[:3] in {'"""', "'''"}
    try:
        return tomlkit.string(text, literal=written.startswith("'"), multiline=multiline)
    except InvalidStringError:
        return tomlkit.string(text)


def _rename(place: _Place, name: str) -> None:
    from tomlkit.items import Table  # noqa: PLC0415 - few commands write TOML

    key: Any = copy.copy(place.key)
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
    for number in range(len(more)):
        if number not in kept:
            more[number] = _MARK
    inner = _MARK_BESIDE.sub("", _MARK_ALONE.sub("", more.as_string()[1:-1])).strip()
    if not inner:
        return there
    around = there.trivia
    there.append(_MARK)
    before, after = _MARK_LAST.split(there.as_string())
    if "\n" not in inner:
        inner = inner.removesuffix(",")
    if "#" in inner.rpartition("\n")[2] and not after.lstrip(" \t").startswith(("\n", "\r\n")):
        after = (around.trail or "\n") + after
    text = f"{before}{inner}{after}"
    line = f"{around.indent}array = {text}{around.comment_ws}{around.comment}{around.trail}"
    return next(item for key, item in tomlkit.parse(line).body if key)


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
