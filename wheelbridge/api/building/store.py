"""Wheels that were built, kept on disk: found by all that their build depended on, never built twice."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from wheelbridge.api.building.activation import DECISIVE
from wheelbridge.index.transfer import write_atomically
from wheelbridge.installer.cache import publish
from wheelbridge.solver.problem import ResolvedPackage

_NOTES = "build.json"
_FORMAT = 2
_SHOWN = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltWheel:
    """What is known of a wheel that was built.

    Attributes:
        filename: the wheel's.
        sha256: of the wheel, lower-case hexadecimal.
        size: bytes.
        sdist: the name of the source distribution.
        environment: the packages that it was built with.
    """

    filename: str
    sha256: str
    size: int
    sdist: str = ""
    environment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BuiltWheels:
    """The folder of built wheels; several processes may share it."""

    folder: Path

    def place(self, sdist_sha256: str, subdir: str, environment: Iterable[ResolvedPackage]) -> Path:
        """Return where the wheel of a source distribution is kept that was built with these packages.

        The version of python is among them. Nothing else that a build gets decides what comes of it, but for the few
        variables of the caller that are meant to.
        """
        packages = sorted((one.fn, one.sha256 or one.url) for one in environment)
        variables = {name: os.environ[name] for name in DECISIVE if name in os.environ}
        key = json.dumps([_FORMAT, sdist_sha256, subdir, packages, variables])
        return self.folder / f"{sdist_sha256[:_SHOWN]}-{sha256(key.encode()).hexdigest()[:_SHOWN]}"

    def asked(self, place: Path) -> tuple[str, ...] | None:
        """Return what a backend asked for in the environment of *place*; None where that was never asked."""
        try:
            return tuple(map(str, _list(json.loads(_asked_file(place).read_bytes()))))
        except (OSError, ValueError, TypeError):
            return None

    def keep_asked(self, place: Path, asked: Iterable[str]) -> None:
        """Keep what a backend asked for in the environment of *place*."""
        write_atomically(_asked_file(place), json.dumps([*asked]).encode())

    def load(self, place: Path) -> BuiltWheel | None:
        """Return what is at *place*; None where there is nothing, or something damaged."""
        try:
            built = _read_notes(place)
            with (place / built.filename).open("rb") as stream:
                same = file_digest(stream, "sha256").hexdigest() == built.sha256
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return built if same else None

    def store(self, folder: Path, built: BuiltWheel, place: Path) -> BuiltWheel:
        """Move *folder*, which holds nothing but the wheel *built*, to *place*; return what is there then.

        Where another process was faster, its wheel is kept.
        """
        (folder / _NOTES).write_text(json.dumps(asdict(built)), encoding="utf-8")
        self.folder.mkdir(parents=True, exist_ok=True)
        publish(folder, place, lambda: self.load(place) is not None)
        return self.load(place) or built


def describe_wheel(wheel: Path, *, sdist: str, environment: tuple[str, ...]) -> BuiltWheel:
    """Return what is known of the file *wheel*; the other fields are those of `BuiltWheel`."""
    with wheel.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
    return BuiltWheel(
        filename=wheel.name, sha256=digest, size=wheel.stat().st_size, sdist=sdist, environment=environment
    )


def read_built(wheel: Path) -> BuiltWheel | None:
    """Return what is known of a wheel in the folder of built ones; None where nothing is."""
    try:
        built = _read_notes(wheel.parent)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return built if built.filename == wheel.name else None


def _asked_file(place: Path) -> Path:
    return place.with_name(f"{place.name}.asked.json")


def _read_notes(place: Path) -> BuiltWheel:
    data: Mapping[str, object] = json.loads((place / _NOTES).read_bytes())
    filename = str(data["filename"])
    if Path(filename).name != filename:
        raise ValueError(filename)
    size = data["size"]
    if not isinstance(size, int):
        raise TypeError(size)
    environment = tuple(map(str, _list(data["environment"])))
    return BuiltWheel(
        filename=filename, sha256=str(data["sha256"]), size=size, sdist=str(data["sdist"]), environment=environment
    )


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value
