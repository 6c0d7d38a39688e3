"""The one place where our records and targets become py-rattler's."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from rattler import (
    GenericVirtualPackage,
    PackageName,
    PackageRecord,
    RepoDataRecord,
    Version,
)
from rattler.package import BuildString

from wheelbridge.model.name import CondaName
from wheelbridge.model.record import WheelRecord
from wheelbridge.model.target import Target
from wheelbridge.translate.requirement import render_match_spec
from wheelbridge.translate.specifiers import exact_versions

_NAME_ENDS = re.compile(r"[\s\[=<>!~;]")


def to_rattler_record(record: WheelRecord, channel: str) -> RepoDataRecord:
    """Build the solver's record of a wheel; *channel* is the index's URL."""
    package = PackageRecord(
        name=record.name,
        version=record.version,
        build=BuildString(record.build),
        build_number=record.build_number,
        subdir=record.subdir,
        noarch=record.noarch,
        depends=list(record.depends),
        constrains=list(record.constrains),
        extra_depends={group: list(specs) for group, specs in record.extra_depends.items()} or None,
        flags=list(record.flags),
        sha256=bytes.fromhex(record.sha256) if record.sha256 else None,
        size=record.size,
    )
    if record.track_features:
        package.track_features = list(record.track_features)
    if record.timestamp:
        package.timestamp = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return RepoDataRecord(package, record.fn, record.url or "", channel)


def as_recorded(url: str) -> str:
    """Return *url* as a solver's record has it: in the plain form of the URL standard.

    >>> as_recorded("https://HOST.example/a/../b c.whl")
    'https://host.example/b%20c.whl'

    Raises:
        InvalidUrlError: rattler's, if it is none.
    """
    package = PackageRecord(name="a", version="1", build=BuildString("0"), build_number=0, subdir="noarch")
    return RepoDataRecord(package, "a-1-0.conda", url, "https://host.example").url


def to_rattler_virtual_packages(target: Target) -> list[GenericVirtualPackage]:
    """Build the solver's view of the target."""
    return [
        GenericVirtualPackage(PackageName(package.name), Version(package.version), BuildString(package.build))
        for package in target.virtual_packages
    ]


def record_channel(record: RepoDataRecord) -> str:
    """Return the URL of the source a record came from, without a slash at its end; empty where nobody told."""
    return (record.channel or "").rstrip("/")


def installed_names(records: Iterable[RepoDataRecord]) -> Mapping[NormalizedName, CondaName]:
    """Return project -> solver name of the installed wheels, so that a name once decided stays."""
    found = {}
    for record in records:
        if project := wheel_project(record.file_name):
            found[project] = CondaName(record.name.normalized)
    return found


def taken_names(records: Iterable[RepoDataRecord]) -> frozenset[str]:
    """Return the names that conda packages among *records* have, or depend on: they belong to conda."""
    found: set[str] = set()
    for record in records:
        if not record.file_name.endswith(".whl"):
            found.add(record.name.normalized)
            specs = chain(record.depends, *record.extra_depends.values())
            found.update(map(needed_name, specs))
    return frozenset(found)


def needed_name(spec: str) -> str:
    """Return the name that a dependency is about: cheaper than a MatchSpec, for thousands of them.

    >>> needed_name('numpy[version=">=2"]'), needed_name("conda-forge::numpy>=2")
    ('numpy', 'numpy')
    """
    return _NAME_ENDS.split(spec, maxsplit=1)[0].rpartition("::")[2]


def no_version_of(name: str) -> str:
    """Return a MatchSpec that no package called *name* meets.

    >>> no_version_of("foo")
    'foo[version="<0dev0"]'
    """
    return render_match_spec(name, version=exact_versions(SpecifierSet(), ()))


def wheel_project(filename: str) -> NormalizedName | None:
    """Return the project of a wheel's file name, None for any other file.

    >>> wheel_project("ruamel_yaml-0.18-py3-none-any.whl")
    'ruamel-yaml'
    """
    return canonicalize_name(filename.split("-", 1)[0]) if filename.endswith(".whl") else None
