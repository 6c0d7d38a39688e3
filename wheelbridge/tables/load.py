"""The name tables, opened for look-up: nothing is read before it is asked for."""

import mmap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.known_names import KnownNames
from wheelbridge.mapping.lines import Searchable, SortedLines
from wheelbridge.mapping.lookup import Layer, LayeredNameTable
from wheelbridge.tables.locate import MissingTableError, find_built, find_mappings

CHANNEL = "conda-forge"
"""The channel whose names are always known."""

RESTORE = "Reinstall wheelbridge; in a checkout, restore the file, or make it with `wheelbridge map sync`."
"""What to do about a look-up file that is broken."""

CURATED, GENERATED = "curated", "generated"
"""The names of the layers that come with wheelbridge; those of other channels have their names behind."""


def load_names(
    mappings: Path | None = None,
    *,
    channels: Iterable[str] = (CHANNEL,),
    above: Iterable[Layer] = (),
    below: Iterable[Layer] = (),
    alone: bool = False,
) -> LayeredNameTable:
    """Open the name tables.

    Args:
        mappings: the folder of the tables; by default the one that came with wheelbridge.
        channels: names of channels whose own rows count, the first one over the others; conda-forge's count last.
        above: layers that win over the ones that came with it, the first one over all.
        below: layers that answer only where those have nothing to say.
        alone: those that came with it do not answer; what they know of conda's names stays known.

    Raises:
        MissingTableError: if a file is missing.
    """
    shipped = tuple(_shipped(mappings or find_mappings(), channels))
    middle = () if alone else shipped
    return LayeredNameTable((*above, *middle, *below), shipped if alone else ())


def load_known_names(mappings: Path | None = None) -> KnownNames:
    """Read the names of all projects in the tables, for questions about many names: it takes two milliseconds.

    Raises:
        MissingTableError: if a file is missing.
    """
    folder = mappings or find_mappings()
    paths = (_bulk_paths(folder, CHANNEL)[0], _curated_paths(find_built(folder), CHANNEL)[0])
    try:
        return KnownNames.parse(*(path.read_bytes() for path in paths))
    except FileNotFoundError as error:
        raise MissingTableError(Path(error.filename)) from None


def _shipped(mappings: Path, channels: Iterable[str]) -> Iterator[Layer]:
    built = find_built(mappings)
    others = [channel for channel in dict.fromkeys(channels) if channel != CHANNEL]
    yield from _optional(CURATED, others, [_curated_paths(built, channel) for channel in others])
    yield _open_layer(CURATED, _curated_paths(built, CHANNEL))
    yield _open_layer(GENERATED, _bulk_paths(mappings, CHANNEL))
    yield from _optional(GENERATED, others, [_bulk_paths(mappings, channel) for channel in others])


def _optional(name: str, channels: Sequence[str], paths: Sequence[tuple[Path, Path]]) -> Iterator[Layer]:
    for channel, pair in zip(channels, paths, strict=True):
        if pair[0].exists():
            yield _open_layer(f"{name} ({channel})", pair)


def _open_layer(name: str, paths: tuple[Path, Path]) -> Layer:
    return Layer(name, *(SortedLines(map_file(path)) for path in paths))


def map_file(path: Path) -> Searchable:
    """Map a look-up file into memory.

    Raises:
        MissingTableError: if there is no such file.
        UnreadableTableError: if it is empty, or its last line is cut off.
    """
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise MissingTableError(path) from None
    except ValueError:
        raise _broken(path, "it is empty") from None
    if data[-1:] != b"\n":
        raise _broken(path, "its last line is cut off")
    return data


def _broken(path: Path, reason: str) -> WheelbridgeError:
    from wheelbridge.tables.documents import UnreadableTableError  # noqa: PLC0415 - a look-up must not pay for it

    return UnreadableTableError(path, reason, hint=RESTORE)


def _bulk_paths(mappings: Path, channel: str) -> tuple[Path, Path]:
    folder = mappings / "names" / "generated"
    return folder / f"{channel}.tsv", folder / f"{channel}.inverse.tsv"


def _curated_paths(built: Path, channel: str) -> tuple[Path, Path]:
    return built / f"curated.{channel}.tsv", built / f"curated.{channel}.inverse.tsv"
