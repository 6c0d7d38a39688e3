"""``conda-lock.yml``, version 1 (CEP 37), read."""

from collections.abc import Iterator
from dataclasses import replace

from packaging.utils import canonicalize_name

from wheelbridge.environment.lock import Lock, LockedFile, LockedPackage, LockedSource, LockedTarget
from wheelbridge.environment.locks.documents import load_yaml, reading
from wheelbridge.environment.locks.fields import Fields, UnexpectedFormError
from wheelbridge.environment.locks.json_form import Json
from wheelbridge.environment.locks.parts import in_order, with_source
from wheelbridge.environment.locks.pixi_entries import conda_from_entry
from wheelbridge.environment.locks.places import file_name_of, find_channel, is_url
from wheelbridge.model.source import default_claim
from wheelbridge.model.target import Target

MAIN = "main"
_MANAGERS = ("conda", "pip")


def read_conda_lock(text: str, file: str) -> Lock:
    """Read a ``conda-lock.yml``; *file* is its name, for messages.

    What is optional, and what belongs to another category than ``main``, is in no target; a note counts it.

    Raises:
        InvalidEnvironmentFileError: if it is none, or not of version 1.
    """
    top = load_yaml(text, file)
    with reading(file):
        if (version := top.integer("version")) not in {None, 1}:
            raise UnexpectedFormError("version", f"CEP 37 has version 1 alone, not {version}")
        metadata = top.part("metadata")
        entries = top.parts("package")
        taken = [entry for entry in entries if _is_main(entry)]
        targets = tuple(_target(platform, taken) for platform in _platforms(metadata, taken))
    left = len(entries) - len(taken)
    notes = (f"{file}: {left} packages are optional or of other categories than main, and not taken.",) if left else ()
    channels = dict.fromkeys(package.channel for target in targets for package in target.packages if package.channel)
    with reading(file):
        sources = tuple(_sources(metadata, tuple(channels)))
    return Lock(
        targets=tuple(_sourced(target, sources) for target in targets), sources=sources, origin=file, notes=notes
    )


def _is_main(entry: Fields) -> bool:
    """CEP 37, of ``category``: "If not provided, ``main`` MUST be assumed"."""
    return entry.data.get("optional") is not True and (entry.optional_text("category") or MAIN) == MAIN


def _platforms(metadata: Fields, entries: list[Fields]) -> tuple[str, ...]:
    stated = metadata.texts("platforms")
    for entry in entries:
        if (platform := entry.text("platform")) not in stated:
            raise UnexpectedFormError(entry.at("platform"), f"{platform!r} is not among the platforms")
    return stated


def _target(platform: str, entries: list[Fields]) -> LockedTarget:
    packages = (_package(entry) for entry in entries if entry.text("platform") == platform)
    return LockedTarget(name=platform, target=Target(subdir=platform), packages=in_order(packages))


def _package(entry: Fields) -> LockedPackage:
    manager = entry.text("manager")
    if manager not in _MANAGERS:
        raise entry.fail("manager", "conda or pip")
    return _conda_package(entry) if manager == "conda" else _wheel(entry)


def _conda_package(entry: Fields) -> LockedPackage:
    """Return a package without its record: an entry leaves out much of it, and the package itself has it all."""
    written: Json = {
        "conda": entry.text("url"),
        "name": entry.text("name"),
        "version": entry.text("version"),
        **entry.text_map("hash"),
    }
    return replace(conda_from_entry(Fields(written, entry.place)), record=None)


def _wheel(entry: Fields) -> LockedPackage:
    place = entry.text("url")
    project = canonicalize_name(entry.text("name"))
    return LockedPackage(
        kind="wheel",
        name=project,
        version=entry.text("version"),
        file=LockedFile(
            filename=file_name_of(place.partition("#")[0]),
            url=place,
            hashes={key: digest for key, digest in entry.text_map("hash").items() if digest},
        ),
        pypi_name=project,
    )


def _sourced(target: LockedTarget, sources: tuple[LockedSource, ...]) -> LockedTarget:
    return replace(target, packages=tuple(with_source(package, sources) for package in target.packages))


def _sources(metadata: Fields, channels: tuple[str, ...]) -> Iterator[LockedSource]:
    """Yield the channels; of one that is named, packages tell the URL, and one that no package is of is left out."""
    tier = 0
    for channel in metadata.parts("channels"):
        stated = channel.text("url").rstrip("/")
        if (url := find_channel(stated, channels)) is None:
            continue
        name = file_name_of(url) if is_url(stated) else stated
        yield LockedSource(name=name, kind="channel", url=url, tier=tier, claim=default_claim(name))
        tier += 1
