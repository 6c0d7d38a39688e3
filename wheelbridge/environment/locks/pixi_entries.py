"""Packages as rattler-lock has them (``pixi.lock``), version 7, and back.

What a URL tells is not said again, and fields stand in the order that rattler-lock has. Its own writer makes the same
of them, but for the spelling of requirements, which are written as the wheel has them.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelbridge.environment.lock import LockedFile, LockedPackage
from wheelbridge.environment.locks.fields import Fields, UnexpectedFormError
from wheelbridge.environment.locks.places import file_name_of, is_url
from wheelbridge.environment.locks.repositories import read_repository
from wheelbridge.errors import InvalidRequirementError
from wheelbridge.translate.errors import UrlRequirementError
from wheelbridge.translate.requirement import parse_requirement

Json = dict[str, object]

CONDA_ENDINGS = (".conda", ".tar.bz2")
_ARCHIVES = (".whl", ".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz")
_PARTS_OF_URL = ("name", "version", "build")
_DIRECT = "direct+"
_LISTS = frozenset({"depends", "constrains", "extra_depends", "flags", "track_features"})
_ORDER = (
    *("sha256", "md5", "legacy_bz2_md5", "depends", "constrains", "extra_depends", "channel", "features", "flags"),
    *("track_features", "file_name", "license", "license_family", "purls", "run_exports", "size", "legacy_bz2_size"),
    *("timestamp", "python_site_packages_path"),
)
_RECORD_FIELDS = (*_PARTS_OF_URL, "build_number", "subdir", "noarch", *_ORDER)
_OLD_FIELDS = ("arch", "platform")
_SUBDIR = re.compile(r"noarch|(?:linux|osx|win|freebsd|emscripten|wasi|zos)-[a-z0-9_]+")
_NUMBER_AT_END = re.compile(r"[0-9]+\Z")


def told_by(location: str) -> dict[str, str]:
    """Return the fields that rattler-lock reads off a package's location.

    >>> told_by("https://host.example/forge/noarch/a-b-1.0-py_0.conda")["name"]
    'a-b'
    """
    told: dict[str, str] = {}
    filename = file_name_of(location)
    for ending in CONDA_ENDINGS:
        if filename.endswith(ending) and len(parts := filename.removesuffix(ending).rsplit("-", 2)) == len(
            _PARTS_OF_URL
        ):
            told = dict(zip(_PARTS_OF_URL, parts, strict=True))
    if is_url(location):
        folders = urlsplit(location).path.split("/")
        if len(folders) > 1 and _SUBDIR.fullmatch(folders[-2]):
            told["subdir"] = folders[-2]
        told["channel"] = location.rsplit("/", 2)[0]
    return told


def location_of(package: LockedPackage) -> str:
    """Return what a lock calls the package by: its URL, or its path."""
    return package.file.url


def conda_entry(package: LockedPackage) -> Json:
    """Return the entry of a conda package.

    >>> file = LockedFile(filename="a-1-h0_0.conda", url="https://host.example/forge/linux-64/a-1-h0_0.conda")
    >>> record = {"name": "a", "version": "1", "build": "h0_0", "build_number": 0, "subdir": "linux-64"}
    >>> conda_entry(LockedPackage(kind="conda", name="a", version="1", file=file, record=record))
    {'conda': 'https://host.example/forge/linux-64/a-1-h0_0.conda'}
    """
    record = dict(package.record or {"name": package.name, "version": package.version})
    location = location_of(package)
    told = told_by(location)
    entry: Json = {"conda": location}
    entry.update({key: record[key] for key in _PARTS_OF_URL if record.get(key) not in {None, told.get(key)}})
    build, subdir = str(record.get("build", told.get("build", ""))), str(record.get("subdir", told.get("subdir", "")))
    if record.get("build_number", _number(build)) != _number(build):
        entry["build_number"] = record["build_number"]
    if subdir and subdir != told.get("subdir"):
        entry["subdir"] = subdir
    usual = _usual_noarch(told.get("subdir") or subdir, told.get("build") or build)
    if package.record is not None and (record.get("noarch") or None) != usual:
        entry["noarch"] = record.get("noarch") or False
    stored = {**record, **_hashes_and_size(package.file), "channel": _channel(package, told)}
    if isinstance(features := stored.get("track_features"), str):
        stored["track_features"] = features.split()
    if package.file.filename != file_name_of(location):
        stored["file_name"] = package.file.filename
    return entry | _in_order(stored)


def conda_from_entry(entry: Fields) -> LockedPackage:
    """Return the package of an entry; its record is what `conda_entry` had, as far as the format tells.

    Raises:
        UnexpectedFormError: if the entry has another form, or is a source package.
    """
    location = entry.text("conda")
    told = told_by(location)
    filename = entry.optional_text("file_name") or file_name_of(location)
    if not filename.endswith(CONDA_ENDINGS):
        raise UnexpectedFormError(entry.at("conda"), f"{location!r} is a source package, which has to be built")
    record: Json = {key: entry.data[key] for key in (*_RECORD_FIELDS, *_OLD_FIELDS) if entry.data.get(key) is not None}
    record.update({key: value for key, value in told.items() if not record.get(key) and key != "channel"})
    record.pop("file_name", None)
    channel = record.pop("channel", None) or told.get("channel") or ""
    build, subdir = str(record.get("build", "")), str(record.get("subdir", ""))
    record["build_number"] = record.get("build_number") or _number(build)
    record["depends"] = list(entry.texts("depends"))
    noarch = record.pop("noarch", _usual_noarch(told.get("subdir") or subdir, told.get("build") or build))
    if noarch:
        record["noarch"] = noarch
    fields = Fields(record, entry.place)
    return LockedPackage(
        kind="conda",
        name=fields.text("name"),
        version=fields.text("version"),
        file=_file(entry, location, filename),
        record=record,
        channel=str(channel).rstrip("/"),
    )


def wheel_entry(package: LockedPackage) -> Json:
    """Return the entry of a wheel; what rattler-lock could not read of its requirements is left out."""
    entry: Json = {
        "pypi": location_of(package),
        "name": package.pypi_name or canonicalize_name(package.name),
        "version": _readable_version(package),
    }
    hashes = package.file.hashes
    entry.update({key: hashes[key] for key in ("md5", "sha256") if key in hashes})
    if is_url(location_of(package)) and is_url(package.channel):
        entry["index"] = package.channel
    if requires := [text for text in package.requires_dist if _reads_requirement(text)]:
        entry["requires_dist"] = requires
    if package.requires_python is not None and _reads(SpecifierSet, package.requires_python):
        entry["requires_python"] = package.requires_python
    return entry


def wheel_from_entry(entry: Fields, default_index: str | None) -> LockedPackage:
    """Return the package of an entry; pixi writes ``direct+`` before the URL of a file that is of no index.

    Raises:
        UnexpectedFormError: if the entry has another form.
    """
    said, project = entry.text("pypi"), entry.text("name")
    location = said.removeprefix(_DIRECT)
    file = _file(entry, location, file_name_of(location))
    direct = direct_url_of(location, editable=entry.data.get("editable") is True)
    if direct is None and said != location:
        direct = {"url": location, "archive_info": {"hashes": dict(file.hashes)}}
    index = None if direct or not is_url(location) else entry.optional_text("index") or default_index
    return LockedPackage(
        kind="wheel",
        name=canonicalize_name(project),
        version=entry.optional_text("version") or "",
        file=file,
        channel=(index or "").rstrip("/"),
        pypi_name=canonicalize_name(project),
        requires_dist=entry.texts("requires_dist"),
        requires_python=entry.optional_text("requires_python"),
        direct_url=direct,
    )


def direct_url_of(location: str, *, editable: bool) -> Json | None:
    """Return what PEP 610 records of a repository or a folder; None for a file.

    >>> direct_url_of("git+https://host.example/a.git?rev=main#0a1b", editable=False)["vcs_info"]
    {'vcs': 'git', 'commit_id': '0a1b', 'requested_revision': 'main'}
    >>> direct_url_of("./a", editable=True)
    {'url': './a', 'dir_info': {'editable': True}}
    """
    if (repository := read_repository(location)) is not None:
        return repository
    if is_url(location) or file_name_of(location).endswith(_ARCHIVES):
        return None
    return {"url": location, "dir_info": {"editable": True} if editable else {}}


def _number(build: str) -> int:
    found = _NUMBER_AT_END.search(build)
    return int(found[0]) if found else 0


def _usual_noarch(subdir: str, build: str) -> str | None:
    if subdir != "noarch":
        return None
    return "python" if "py" in build else "generic"


def _hashes_and_size(file: LockedFile) -> Json:
    found: Json = {key: file.hashes[key] for key in ("sha256", "md5") if key in file.hashes}
    return found if file.size is None else {**found, "size": file.size}


def _channel(package: LockedPackage, told: Mapping[str, str]) -> str | None:
    return package.channel if is_url(package.channel) and package.channel != told.get("channel") else None


def _in_order(values: Mapping[str, object]) -> Json:
    return {
        key: sorted(value) if key == "purls" and isinstance(value, Iterable) else value
        for key in _ORDER
        if (value := values.get(key)) is not None and (value or key not in _LISTS)
    }


def _file(entry: Fields, location: str, filename: str) -> LockedFile:
    hashes = {key: digest for key in ("sha256", "md5") if (digest := entry.optional_text(key))}
    return LockedFile(filename=filename, url=location, hashes=hashes, size=entry.integer("size"))


def _readable_version(package: LockedPackage) -> str:
    for text in (package.version, *package.file.filename.split("-")[1:2]):
        if _reads(Version, text):
            return text
    return "0"  # nothing a wheel can have: its own part of the lock says the version


def _reads(read: type[SpecifierSet | Version], text: str) -> bool:
    try:
        read(text)
    except (InvalidSpecifier, InvalidVersion):
        return False
    return True


def _reads_requirement(text: str) -> bool:
    """Tell whether *text* follows PEP 508; a solve has read most of them before, and they are remembered."""
    try:
        parse_requirement(text)
    except UrlRequirementError:
        return True
    except InvalidRequirementError:
        return False
    return True
