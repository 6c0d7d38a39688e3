"""What a built conda package carries, by the paths of its files: the distributions and the sonames, and what it proves.

The highest level that a table can reach without a person: "newest non-broken build of the conda name has exactly one
level ``…/site-packages/<N>-<V>.dist-info/METADATA``, ``Name:`` read from METADATA equals the project, ``<V>`` == conda
version, and recipe source is that PyPI project". A level below it, a dist-info was seen and nothing speaks against it.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from packaging.metadata import parse_email
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from wheelbridge.model.name import CondaName, NormalizedName, canonicalize_name

MOST = 3
"""More dist-infos than these belong to others, and only one of the package's own name is its own."""

_INFO = re.compile(
    r"(?P<directory>(?P<place>(?:[^/]+/)*?)(?P<stem>[^/]+)\.(?P<kind>dist-info|egg-info))(?:/(?P<file>[^/]+))?(?:/.*)?",
    re.DOTALL,
)
_SITE_PACKAGES = re.compile(r"(?:lib/(?:python|pypy)\d+\.\d+t?/|Lib/)?site-packages/")
_EGG = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(?:-py\d+(?:\.\d+)?(?:-.+)?)?", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_METADATA = {"dist-info": "METADATA", "egg-info": "PKG-INFO"}
_SONAMES = (
    re.compile(r"lib/(?P<file>(?P<stem>lib[^/]*\.so)\.(?P<version>\d+(?:\.\d+)*))"),
    re.compile(r"lib/(?P<file>(?P<stem>lib[^/]*?)\.(?P<version>\d+(?:\.\d+)*)\.dylib)"),
)
_DLL = re.compile(r"Library/bin/(?P<file>[^/]+\.dll)", re.IGNORECASE)
_SOURCE = re.compile(
    r"/packages/(?:source/[A-Za-z0-9]/(?P<project>[A-Za-z0-9._-]+)/[^/\s]|[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/"
    r"(?P<file>[A-Za-z0-9._+!-]+))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One dist-info or egg-info of a package.

    Attributes:
        name: the project by the name of the directory.
        version: as the directory has it; empty where an egg-info has none.
        directory: its path in the package; an egg-info may be a file.
        metadata: the path of its METADATA or PKG-INFO; None where the package has no such file.
        is_direct: it lies in site-packages itself, where Python finds it; any other is vendored, and no evidence.
    """

    name: NormalizedName
    version: str
    directory: str
    kind: Literal["dist-info", "egg-info"]
    metadata: str | None
    is_direct: bool


class Trust(StrEnum):
    """How much a package proves."""

    VERIFIED = "verified"
    """It is that project's distribution: one dist-info, and name, version and recipe agree."""
    OBSERVED = "observed"
    """A dist-info is there, nothing speaks against it, but not all could be checked."""
    DOUBTFUL = "doubtful"
    """A dist-info is there that may be somebody else's."""
    BUNDLE = "bundle"
    """Many dist-infos, none of the package's own name."""
    NONE = "none"
    """No dist-info."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why evidence is worth what it is: a stable *code*, and a sentence."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence4:
    """What one build of a package proves: evidence of confidence level 4, or less.

    Attributes:
        projects: those that it is evidence for.
        carried: all that was found, vendored ones too.
    """

    conda: CondaName
    version: str
    trust: Trust
    projects: tuple[NormalizedName, ...]
    carried: tuple[Carried, ...]
    reasons: tuple[Reason, ...]

    @property
    def direct(self) -> tuple[Carried, ...]:
        """What lies in site-packages itself."""
        return tuple(one for one in self.carried if one.is_direct)

    @property
    def why(self) -> str:
        """All reasons, as part of a sentence."""
        return "; ".join(reason.text for reason in self.reasons)


def find_carried(paths: Iterable[str]) -> tuple[Carried, ...]:
    """Return the dist-infos and egg-infos among *paths*, in order of their directories.

    In site-packages itself are those in ``site-packages/`` (noarch), ``lib/pythonX.Y/site-packages/`` (unix) and
    ``Lib/site-packages/`` (win). A directory whose name no project can have is left out.

    >>> found = find_carried(["site-packages/A_b-1.0.dist-info/METADATA", "site-packages/x/_v/c-2.dist-info/METADATA"])
    >>> [(one.name, one.version, one.is_direct) for one in found]
    [('a-b', '1.0', True), ('c', '2', False)]
    """
    files: dict[str, set[str | None]] = {}
    matches: dict[str, re.Match[str]] = {}
    for path in paths:
        if found := _INFO.fullmatch(path):
            matches.setdefault(found["directory"], found)
            files.setdefault(found["directory"], set()).add(path if found["file"] is not None else None)
    made = (_make_carried(matches[directory], files[directory]) for directory in sorted(matches))
    return tuple(one for one in made if one is not None)


def find_sonames(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the names that programs ask a loader for, of the libraries among *paths*; sorted.

    Names alone tell, symbolic links included: of ``libz.so.1`` and ``libz.so.1.3.1`` the former is the soname, the
    link that ldconfig makes. Windows does not mind case: a DLL is given in lower case.

    >>> find_sonames(["lib/libz.so", "lib/libz.so.1", "lib/libz.so.1.3.1", "Library/bin/zlib.dll", "lib/libz.1.dylib"])
    ('libz.1.dylib', 'libz.so.1', 'zlib.dll')
    """
    paths = tuple(paths)
    found = {match["file"].lower() for path in paths if (match := _DLL.fullmatch(path))}
    for pattern in _SONAMES:
        matches = [match for path in paths if (match := pattern.fullmatch(path))]
        versions = {(match["stem"], match["version"]) for match in matches}
        found |= {match["file"] for match in matches if not _has_shorter(match["stem"], match["version"], versions)}
    return tuple(sorted(found))


def find_recipe_source(recipe: str) -> NormalizedName | None:
    r"""Return the project whose file on a Python index *recipe* is built from; None where there is none, or several.

    Only the paths of the files are looked at, so that mirrors count too.

    >>> find_recipe_source("source:\n  url: https://host.example/packages/source/f/foo_bar/foo_bar-1.0.tar.gz")
    'foo-bar'
    """
    names = {_source_name(match["project"], match["file"]) for match in _SOURCE.finditer(recipe)}
    return names.pop() if len(names) == 1 else None


def only_evidence(carried: Iterable[Carried]) -> Carried | None:
    """Return the one distribution whose METADATA decides what a package proves; None where there are none or several.

    >>> only_evidence(find_carried(["site-packages/a-1.dist-info/METADATA", "b/c-1.dist-info/METADATA"])).name
    'a'
    """
    direct = _evident(carried)
    return direct[0] if len(direct) == 1 else None


def read_name(metadata: bytes) -> str:
    r"""Return the ``Name:`` of a METADATA or PKG-INFO, empty where it has none.

    >>> read_name(b"Metadata-Version: 2.1\nName: Foo.Bar\n\nName: of a description")
    'Foo.Bar'
    """
    return parse_email(metadata)[0].get("name", "")


def judge(
    conda_name: CondaName,
    conda_version: str,
    carried: Iterable[Carried],
    metadata_names: Mapping[str, str],
    recipe_source: NormalizedName | None = None,
) -> Evidence4:
    """Say what a build of a package proves.

    Args:
        conda_name: the package.
        conda_version: its version.
        carried: as `find_carried` returns it.
        metadata_names: path of a METADATA -> the ``Name:`` in it, empty where it has none; without those that were
            not read.
        recipe_source: as `find_recipe_source` returns it.

    >>> found = find_carried(["site-packages/a-1.0.dist-info/METADATA"])
    >>> judge("a", "1.0", found, {"site-packages/a-1.0.dist-info/METADATA": "A"}).trust
    <Trust.VERIFIED: 'verified'>
    """
    found = tuple(carried)
    direct = _evident(found)
    projects: tuple[NormalizedName, ...] = tuple(one.name for one in direct)
    reasons: tuple[Reason, ...] = (_no_dist_info(found),)
    if not direct:
        trust = Trust.NONE
    elif len(direct) == 1:
        trust, reasons = _judge_one(direct[0], conda_version, metadata_names, recipe_source)
    else:
        trust, projects, reasons = _judge_several(conda_name, conda_version, direct)
    return Evidence4(
        conda=conda_name, version=conda_version, trust=trust, projects=projects, carried=found, reasons=reasons
    )


def same_version(one: str, other: str) -> bool:
    """Tell whether two versions are the same one as PEP 440 has it, local parts aside.

    PEP 440: "If the specified version identifier is a public version identifier (no local version label), then the
    local version label of any candidate versions MUST be ignored when matching versions."

    >>> same_version("1.0", "1.0.0+cu12"), same_version("1.0rc1", "1.0"), same_version("2024a", "2024A")
    (True, False, True)
    """
    try:
        return Version(Version(one).public) == Version(Version(other).public)
    except InvalidVersion:
        return one.lower() == other.lower()


def _make_carried(found: re.Match[str], files: Collection[str | None]) -> Carried | None:
    kind: Literal["dist-info", "egg-info"] = "dist-info" if found["kind"] == "dist-info" else "egg-info"
    name, version = _split_egg(found["stem"]) if kind == "egg-info" else _split_dist(found["stem"])
    if not _NAME.fullmatch(name):
        return None
    directory = found["directory"]
    inside = f"{directory}/{_METADATA[kind]}"
    metadata = inside if inside in files else directory if files == {None} and kind == "egg-info" else None
    return Carried(
        name=canonicalize_name(name),
        version=version,
        directory=directory,
        kind=kind,
        metadata=metadata,
        is_direct=_SITE_PACKAGES.fullmatch(found["place"]) is not None,
    )


def _split_dist(stem: str) -> tuple[str, str]:
    """Split what has the form ``{name}-{version}`` (PEP 376); a version holds no hyphen (PEP 427)."""
    name, separator, version = stem.rpartition("-")
    return (name, version) if separator else (stem, "")


def _split_egg(stem: str) -> tuple[str, str]:
    found = _EGG.fullmatch(stem)
    return (found["name"], found["version"]) if found else (stem, "")


def _has_shorter(stem: str, version: str, versions: Collection[tuple[str, str]]) -> bool:
    parts = version.split(".")
    return any((stem, ".".join(parts[:count])) in versions for count in range(1, len(parts)))


def _source_name(project: str | None, file: str | None) -> NormalizedName | None:
    if project is not None:
        return canonicalize_name(project)
    name = str(file)
    try:
        return parse_wheel_filename(name)[0] if name.endswith(".whl") else parse_sdist_filename(name)[0]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _evident(carried: Iterable[Carried]) -> tuple[Carried, ...]:
    """Return what is evidence: an egg-info beside the dist-info of the same project says nothing more."""
    direct = [one for one in carried if one.is_direct]
    names = {one.name for one in direct if one.kind == "dist-info"}
    return tuple(one for one in direct if one.kind == "dist-info" or one.name not in names)


def _no_dist_info(carried: Sequence[Carried]) -> Reason:
    vendored = f"; {len(carried)} lie elsewhere and are no evidence" if carried else ""
    return Reason("no-dist-info", f"no dist-info in site-packages{vendored}")


def _judge_one(
    one: Carried, version: str, names: Mapping[str, str], source: NormalizedName | None
) -> tuple[Trust, tuple[Reason, ...]]:
    doubts, gaps = tuple(_doubts(one, version, names, source)), tuple(_gaps(one, names))
    if doubts:
        return Trust.DOUBTFUL, (*doubts, *gaps)
    if gaps:
        return Trust.OBSERVED, gaps
    agreed = Reason("verified", f"one dist-info, METADATA names {one.name}, version {one.version} is the package's")
    return Trust.VERIFIED, (agreed,)


def _doubts(one: Carried, version: str, names: Mapping[str, str], source: NormalizedName | None) -> Iterator[Reason]:
    if one.version and not same_version(one.version, version):
        yield Reason("version-differs", f"{one.name} is there in version {one.version}, the package is {version}")
    if one.metadata is None and one.kind == "dist-info":
        yield Reason("no-metadata", f"{one.directory} has no METADATA")
    name = names.get(one.metadata or "")
    if name is not None and canonicalize_name(name) != one.name:
        yield Reason("name-differs", f"METADATA of {one.directory} names {name!r}")
    if source is not None and source != one.name:
        yield Reason("recipe-differs", f"the recipe is built from the files of {source}")


def _gaps(one: Carried, names: Mapping[str, str]) -> Iterator[Reason]:
    if one.kind == "egg-info":
        yield Reason("egg-info", f"{one.directory} is an egg-info, the older form")
    if not one.version:
        yield Reason("no-version", f"{one.directory} tells no version")
    if one.metadata is not None and one.metadata not in names:
        yield Reason("metadata-unread", f"{one.metadata} was not read")


def _judge_several(
    conda_name: CondaName, version: str, direct: Sequence[Carried]
) -> tuple[Trust, tuple[NormalizedName, ...], tuple[Reason, ...]]:
    shown = ", ".join(f"{one.name} {one.version}".rstrip() for one in direct[: 2 * MOST])
    several = Reason("several", f"{len(direct)} dist-infos: {shown}{', …' if len(direct) > 2 * MOST else ''}")
    candidates = list(direct)
    if len(direct) > MOST:
        candidates = [one for one in direct if one.name == canonicalize_name(conda_name)]
        if not candidates:
            return Trust.BUNDLE, (), (several,)
    fitting = [one for one in candidates if same_version(one.version, version)]
    names = tuple(dict.fromkeys(one.name for one in fitting or candidates))
    if fitting:
        return Trust.OBSERVED, names, (several,)
    return Trust.DOUBTFUL, names, (several, Reason("version-differs", f"none of them has the version {version}"))
