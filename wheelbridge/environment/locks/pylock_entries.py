"""Packages of ``pylock.toml`` (PEP 751) and back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelbridge.environment.lock import LockedFile, LockedPackage
from wheelbridge.environment.locks.errors import LockNotExpressibleError
from wheelbridge.environment.locks.fields import Fields
from wheelbridge.environment.locks.json_form import Json
from wheelbridge.environment.locks.places import file_name_of, is_url
from wheelbridge.environment.locks.pylock_markers import FORM
from wheelbridge.environment.locks.repositories import repository_location

VARIANTS = "variants-json"
"""PEP 825: "A new ``[packages.variants-json]`` subtable is added to the file. It MUST inline combined variant
metadata".
"""


def project_of(package: LockedPackage) -> str:
    """Return the normalized name of a wheel's project."""
    return canonicalize_name(package.pypi_name or package.name)


def identity(package: LockedPackage) -> object:
    """Return what tells entries of one project apart: a version of an index, or where it is."""
    direct = package.direct_url
    if direct is None:
        return (package.version, package.channel)
    return tuple(sorted((key, repr(value)) for key, value in direct.items()))


def package_entry(packages: Sequence[LockedPackage], marker: str | None) -> Json:
    """Return the entry of one release; *packages* are what the targets chose of it.

    PEP 751, of the version: it "MUST NOT be included when it cannot be guaranteed to be consistent with the code used
    (i.e. when a source tree is used)".

    Raises:
        LockNotExpressibleError: if a file has no hash.
    """
    package = packages[0]
    entry: Json = {"name": project_of(package)}
    direct = _direct_entry(package)
    if _reads_version(package.version) and not {"vcs", "directory"} & direct.keys():
        entry["version"] = package.version
    if marker:
        entry["marker"] = marker
    if package.requires_python is not None and _reads_specifier(package.requires_python):
        entry["requires-python"] = package.requires_python
    if direct:
        return {**entry, **direct}
    if is_url(package.channel):
        entry["index"] = package.channel
    if variants := next((item.variants_json for item in packages if item.variants_json is not None), None):
        entry[VARIANTS] = _without_nulls(variants)
    files = {file.url: file for item in packages for file in (item.file, *item.alternatives)}
    entry["wheels"] = [_file_entry(file) for file in sorted(files.values(), key=lambda file: (file.filename, file.url))]
    return entry


def said_of(entry: Fields) -> Iterator[LockedPackage]:
    """Yield the package that an entry would be with each of its files.

    Raises:
        UnexpectedFormError: if the entry has another form.
    """
    if entry.data.keys() & {"vcs", "directory", "archive"}:
        yield _direct_package(entry)
        return
    wheels = entry.parts("wheels")
    sdist = (entry.part("sdist"),) if entry.mapping("sdist") else ()
    for part in (*wheels, *sdist):
        yield _package(entry, _file(part), entry.optional_text("version") or "")


def _package(entry: Fields, file: LockedFile, version: str) -> LockedPackage:
    project = entry.text("name")
    return LockedPackage(
        kind="wheel",
        name=project,
        version=version,
        file=file,
        channel=(entry.optional_text("index") or "").rstrip("/"),
        pypi_name=project,
        requires_python=entry.optional_text("requires-python"),
        variants_json=entry.mapping(VARIANTS),
        marker=entry.optional_text("marker"),
    )


def _file(part: Fields) -> LockedFile:
    place = part.optional_text("url") or part.text("path")
    return LockedFile(
        filename=part.optional_text("name") or file_name_of(place),
        url=place,
        hashes=part.text_map("hashes"),
        size=part.integer("size"),
        upload_time=part.time("upload-time"),
    )


def _file_entry(file: LockedFile) -> Json:
    entry: Json = {"name": file.filename} if file.filename != file_name_of(file.url) else {}
    if file.upload_time is not None:
        entry["upload-time"] = file.upload_time
    entry[_place_key(file.url)] = file.url
    if file.size is not None:
        entry["size"] = file.size
    return {**entry, "hashes": _hashes(file.filename, file.hashes)}


def _hashes(name: str, hashes: Mapping[str, str]) -> dict[str, str]:
    """PEP 751: "The table MUST contain at least one entry"."""
    if not hashes:
        raise LockNotExpressibleError(FORM, f"{name} has no hash", hint="Lock it from an index that tells hashes.")
    return dict(sorted(hashes.items()))


def _direct_entry(package: LockedPackage) -> Json:
    """Return where a project is that came from no index: a repository, a folder, or an archive; empty for others."""
    folder = _subdirectory(package.direct_url or {})
    match package.direct_url:
        case {"url": str(url), "vcs_info": {"vcs": str(vcs), "commit_id": str(commit), **more}}:
            found: Json = {"type": vcs, _place_key(url): url}
            if "requested_revision" in more:
                found["requested-revision"] = more["requested_revision"]
            return {"vcs": {**found, "commit-id": commit, **folder}}
        case {"url": str(url), "dir_info": dict(info)}:
            editable = {"editable": True} if info.get("editable") else {}
            return {"directory": {"path": url, **editable, **folder}}
        case {"url": str(url)}:
            return {"archive": {**_archive(package, url), **folder}}
    return {}


def _archive(package: LockedPackage, url: str) -> Json:
    told = Fields(package.direct_url or {}).part("archive_info").text_map("hashes")
    same = package.file.url.partition("#")[0] == url.partition("#")[0]
    file = package.file if same else LockedFile(filename=file_name_of(url), url=url)
    return _file_entry(replace(file, filename=file_name_of(url), url=url, hashes=told or file.hashes))


def _direct_package(entry: Fields) -> LockedPackage:
    kind = next(key for key in ("vcs", "directory", "archive") if key in entry.data)
    part = entry.part(kind)
    place = part.optional_text("url") or part.text("path")
    folder = {"subdirectory": part.text("subdirectory")} if "subdirectory" in part.data else {}
    if kind == "archive":
        file = _file(part)
        direct: Json = {"url": place, "archive_info": {"hashes": dict(file.hashes)}}
    elif kind == "directory":
        file = LockedFile(filename=file_name_of(place), url=place)
        direct = {"url": place, "dir_info": {"editable": True} if part.data.get("editable") else {}}
    else:
        file = LockedFile(filename=file_name_of(place), url=place)
        revision = part.optional_text("requested-revision")
        info = {"vcs": part.text("type"), "commit_id": part.text("commit-id")}
        direct = {"url": place, "vcs_info": info | ({"requested_revision": revision} if revision else {})}
        file = replace(file, url=repository_location({**direct, **folder}) or place)
    package = _package(entry, file, entry.optional_text("version") or "")
    return replace(package, direct_url={**direct, **folder})


def _subdirectory(values: Mapping[str, object]) -> Json:
    return {"subdirectory": values["subdirectory"]} if "subdirectory" in values else {}


def _place_key(place: str) -> str:
    return "url" if is_url(place) else "path"


def _without_nulls(value: object) -> object:
    """Return *value* as TOML can have it, which has no null, with the keys of tables sorted."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in sorted(value.items()) if item is not None}
    return [_without_nulls(item) for item in value if item is not None] if isinstance(value, list) else value


def _reads_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _reads_specifier(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True
