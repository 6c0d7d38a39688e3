"""Several manifests made one: what they say together is kept, what they contradict each other in is named.

As in conda, a later file has the last word on the name, on the prefix and on the order of channels; a note says so.
Where any choice would break what one of the files asks for, there is none: it is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from packaging.utils import NormalizedName

from wheelbridge.environment.manifest import Link, Manifest, Stated
from wheelbridge.errors import WheelbridgeError

_Value = TypeVar("_Value")
_Named = tuple[_Value, str]
"""A value and the place that states it."""


class ConflictingFilesError(WheelbridgeError):
    """Two files say of one thing what cannot both hold; *path* is the thing, *places* are who says it."""

    code = "conflicting-files"

    def __init__(self, path: str, reason: str, places: Sequence[str], *, hint: str) -> None:
        super().__init__(f"{path}: {reason} ({' and '.join(places)})", hint=hint)
        self.path = path
        self.places = tuple(places)


def merge_manifests(manifests: Sequence[Manifest]) -> Manifest:
    """Return what all *manifests*, at least one, ask for together; their `settings` are read before.

    >>> merge_manifests([Manifest(files=("a.yml",), name="a"), Manifest(files=("b.yml",), name="b")]).notes
    ("The name is 'b' (b.yml), not 'a' (a.yml): the last file that says one has it.",)

    Raises:
        ConflictingFilesError: if they contradict each other.
    """
    if len(manifests) == 1:
        return manifests[0]
    notes: list[str] = []
    _check_builds(manifests)
    return Manifest(
        files=_joined(each.files for each in manifests),
        name=_last([(each.name, _place(each, "name")) for each in manifests if each.name], "name", notes),
        prefix=_last([(each.prefix, _place(each, "prefix")) for each in manifests if each.prefix], "prefix", notes),
        channels=_merge_channels(manifests, notes),
        defaults=all(each.defaults for each in manifests),
        platforms=_joined(each.platforms for each in manifests),
        category=_merge_category(manifests, notes),
        variables=_merge_variables(manifests),
        specs=_merge_stated(each.specs for each in manifests),
        requirements=_merge_stated(each.requirements for each in manifests),
        constraints=_merge_stated(each.constraints for each in manifests),
        links=_merge_links(each.links for each in manifests),
        hashes=_merge_hashes(manifests),
        indexes=_merge_indexes(manifests),
        only_indexes=any(each.only_indexes for each in manifests),
        find_links=_joined(each.find_links for each in manifests),
        builds=_joined(each.builds for each in manifests),
        only_wheels=_joined(each.only_wheels for each in manifests),
        pre=any(each.pre for each in manifests),
        require_hashes=any(each.require_hashes for each in manifests),
        external=_merge_external(manifests),
        hidden={value: name for each in manifests for value, name in each.hidden.items()},
        in_paths={place: names for each in manifests for place, names in each.in_paths.items()},
        notes=(*_joined(each.notes for each in manifests), *notes),
        places={key: place for each in reversed(manifests) for key, place in each.places.items()},
    )


def _place(manifest: Manifest, key: str) -> str:
    return manifest.places.get(key) or (manifest.files[0] if manifest.files else "the command line")


def _last(said: list[_Named[_Value]], key: str, notes: list[str]) -> _Value | None:
    if not said:
        return None
    last, place = said[-1]
    others = dict.fromkeys(f"{str(value)!r} ({where})" for value, where in said if value != last)
    if others:
        notes.append(
            f"The {key} is {str(last)!r} ({place}), not {' or '.join(others)}: the last file that says one has it."
        )
    return last


def _joined(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for part in parts for text in part))


def _merge_channels(manifests: Sequence[Manifest], notes: list[str]) -> tuple[str, ...]:
    """Put the channels of later files first, as conda does; tell of every order that is not kept by it."""
    channels = _joined(each.channels for each in reversed(manifests))
    rank = {channel: number for number, channel in enumerate(channels)}
    for each in manifests:
        for upper, lower in zip(each.channels, each.channels[1:], strict=False):
            if rank[upper] > rank[lower]:
                place = _place(each, "channels")
                notes.append(f"The channel {lower!r} comes before {upper!r}: a later file says so, not {place}.")
    return channels


def _merge_category(manifests: Sequence[Manifest], notes: list[str]) -> str | None:
    said = [(each.category, _place(each, "category")) for each in manifests if each.category]
    if len({value for value, _ in said}) > 1:
        notes.append(f"There is no category: {', '.join(f'{value!r} ({where})' for value, where in said)}.")
        return None
    return said[0][0] if said else None


def _merge_variables(manifests: Sequence[Manifest]) -> dict[str, str]:
    merged: dict[str, _Named[str]] = {}
    for each in manifests:
        for name, value in each.variables.items():
            path = f"variables.{name}"
            other, place = merged.setdefault(name, (value, _place(each, path)))
            if other != value:
                # a variable is where people keep tokens: the message has no values
                raise ConflictingFilesError(
                    path, "it has two values", (place, _place(each, path)), hint="Keep one of them."
                )
    return {name: value for name, (value, _) in merged.items()}


def _merge_stated(parts: Iterable[Iterable[Stated]]) -> tuple[Stated, ...]:
    merged: dict[str, Stated] = {}
    for part in parts:
        for stated in part:
            merged.setdefault(stated.text, stated)
    return tuple(merged.values())


def _merge_links(parts: Iterable[Iterable[Link]]) -> tuple[Link, ...]:
    merged: list[Link] = []
    for part in parts:
        merged.extend(link for link in part if not any(_without_place(link) == _without_place(one) for one in merged))
    return tuple(merged)


def _without_place(link: Link) -> Link:
    """Return the link as such: where it is stated, and how its path is written there, makes no other one of it."""
    return replace(link, place="", given=None)


def _merge_hashes(manifests: Sequence[Manifest]) -> dict[NormalizedName, frozenset[str]]:
    """Keep the files that every list has: each says which ones alone may be taken."""
    merged: dict[NormalizedName, _Named[frozenset[str]]] = {}
    for each in manifests:
        for project, hashes in each.hashes.items():
            before, place = merged.get(project, (hashes, _place(each, f"hashes.{project}")))
            if not before & hashes:
                raise ConflictingFilesError(
                    project,
                    "no file of it is in both lists of hashes",
                    (place, _place(each, f"hashes.{project}")),
                    hint="Take the same hashes in both.",
                )
            merged[project] = before & hashes, place
    return {project: hashes for project, (hashes, _) in merged.items()}


def _merge_indexes(manifests: Sequence[Manifest]) -> tuple[str, ...]:
    """Put the main index first, of which there can be one; ``--no-index`` says that there is none at all."""
    mains = [(each.indexes[:1], _place(each, "indexes")) for each in manifests if each.only_indexes]
    for index, place in mains[1:]:
        if index != mains[0][0]:
            raise ConflictingFilesError(
                "--index-url",
                "each file names another main index, or none",
                (mains[0][1], place),
                hint="Keep one '--index-url', and name the other index with '--extra-index-url'.",
            )
    extra = [each for each in manifests if not each.only_indexes and each.indexes]
    if extra and mains and not mains[0][0]:
        raise ConflictingFilesError(
            "--no-index",
            "one file wants no index, the other names one",
            (mains[0][1], _place(extra[0], "indexes")),
            hint="Take one of the two lines out.",
        )
    return _joined(each.indexes for each in sorted(manifests, key=lambda each: not each.only_indexes))


def _check_builds(manifests: Sequence[Manifest]) -> None:
    for one in manifests:
        for other in manifests:
            both = set(one.builds) & set(other.only_wheels) if one is not other else set()
            if both:
                raise ConflictingFilesError(
                    min(both),
                    "one file wants it built, the other wants it never built",
                    (_place(one, "builds"), _place(other, "only_wheels")),
                    hint="Take one of '--no-binary' and '--only-binary' out.",
                )


def _merge_external(manifests: Sequence[Manifest]) -> Mapping[str, object] | None:
    said = [(each.external, _place(each, "external")) for each in manifests if each.external is not None]
    for value, place in said[1:]:
        if value != said[0][0]:
            raise ConflictingFilesError(
                "external", "two projects have a table of this name", (said[0][1], place), hint="Name one of the files."
            )
    return said[0][0] if said else None
