"""Wheels that a channel lists among its packages, as ``conda pypi index`` makes such channels.

CEP 48, of the top-level key ``v3``: "Each key MUST be a non-empty string. The key SHOULD represent the file extension
(without the leading period) of the included artifacts". conda-pypi lists wheels under ``whl``: their records have the
names and the dependencies that the channel gives them, and a ``url`` that leads to the wheel. A channel may list any
wheel there, and tells of no tags; so the wheel's own name says where it runs.
"""

import asyncio
import mmap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.tags import Tag
from rattler import (
    Channel,
    Client,
    PackageFormatSelection,
    PackageName,
    RepoDataRecord,
    SparseRepoData,
    Subdir,
    fetch_repo_data,
)
from rattler.networking import FetchRepoDataOptions

from wheelbridge.errors import TranslationError
from wheelbridge.model.name import wheel_file_name
from wheelbridge.model.record import Refusal
from wheelbridge.model.target import Target
from wheelbridge.translate.errors import InconsistentMetadataError
from wheelbridge.translate.pythons import translate_python_requirement
from wheelbridge.translate.versions import version_or_none
from wheelbridge.translate.wheel import WheelName, WheelSupport, translate_tags

_WITH_WHEELS = PackageFormatSelection.PREFER_CONDA_WITH_WHL
_WITHOUT = PackageFormatSelection.PREFER_CONDA
_ANYWHERE = Tag("py3", "none", "any")
_PRERELEASE = "prerelease"


class ListedWheels:
    """The wheels in the ``repodata.json`` of channels; py-rattler's gateway has those of sharded channels alone.

    What the gateway has just fetched is read once more, from its cache.
    """

    def __init__(self, platforms: Sequence[Subdir], cache: Path, client: Client | None) -> None:
        self._platforms = platforms
        self._cache = cache
        self._client = client
        self._read: dict[str, list[SparseRepoData]] = {}
        self._names: dict[str, frozenset[str]] = {}

    async def open(self, url: str) -> frozenset[str]:
        """Read which names the channel at *url* has as wheels, and in no other form; return them."""
        found = [repodata for repodata in await self._find(url) if _has_wheels(repodata)]
        listed = (name for repodata in found for name in repodata.package_names(_WITH_WHEELS))
        known = (name for repodata in found for name in repodata.package_names(_WITHOUT))
        self._read[url] = found
        self._names[url] = frozenset(listed)
        return self._names[url] - frozenset(known)

    def records_of(self, name: str) -> Iterator[tuple[str, RepoDataRecord]]:
        """Yield the wheels that go by *name*, each with the URL of its channel."""
        for url, names in self._names.items():
            for repodata in self._read[url] if name in names else ():
                for record in repodata.load_records(PackageName(name), _WITH_WHEELS):
                    if is_listed_wheel(record):
                        yield url, record

    async def _find(self, url: str) -> list[SparseRepoData]:
        if urlsplit(url).scheme == "file":
            folder = Path(url2pathname(urlsplit(url).path))
            paths = ((subdir, folder / str(subdir) / "repodata.json") for subdir in self._platforms)
            return [SparseRepoData(Channel(url), str(subdir), path) for subdir, path in paths if _mentions_wheels(path)]
        found = await asyncio.gather(*(self._read_again(url, platform) for platform in self._platforms))
        return [repodata for one in found for repodata in one]

    async def _read_again(self, url: str, platform: Subdir) -> list[SparseRepoData]:
        """Read what the gateway left in its cache; of a sharded channel there is nothing, nor of a missing folder."""
        try:
            return await fetch_repo_data(
                channels=[Channel(url)],
                platforms=[platform],
                cache_path=self._cache,
                callback=None,
                client=self._client,
                fetch_options=FetchRepoDataOptions(cache_action="force-cache-only"),
            )
        except Exception:  # noqa: BLE001 - rattler's errors have no common root, and the gateway has reported what matters
            return []


def is_listed_wheel(record: RepoDataRecord) -> bool:
    """Tell whether a record of a channel is of a wheel."""
    return record.file_name.endswith(".whl")


def read_listed(record: RepoDataRecord, target: Target | None) -> RepoDataRecord | Refusal:
    """Return the record of a listed wheel, made exact by the wheel's own name, or why *target* cannot have it.

    It goes by the wheel's name; it needs the python and the platform that the tags say; a pre-release stands behind
    every release, as those of an index do (PEP 440: "Pre-releases of any kind, including developmental releases, are
    implicitly excluded from all version specifiers").
    """
    fn = wheel_file_name(record.file_name, record.url)
    if target is None:  # asked by tools that look at channels, and solve nothing
        return record
    try:
        name = WheelName.parse(fn)
        support = translate_tags(name.tags, target)
    except TranslationError as error:
        return Refusal(fn, error.code, error.message)
    if name.label is not None:
        return Refusal(fn, "variant-in-channel", "a channel lists it, and no channel says what its variant needs")
    if version_or_none(str(record.version)) != name.version:
        return Refusal(fn, InconsistentMetadataError.code, f"the channel lists it as {record.version}")
    found = RepoDataRecord(record, fn, record.url, record.channel or "")
    if _ANYWHERE not in name.tags:
        found.depends = [*_needs(support), *record.depends]
        found.subdir = support.platform.subdir
        found.build_number = support.preference
    if name.version.is_prerelease and _PRERELEASE not in found.track_features:
        found.track_features = [*found.track_features, _PRERELEASE]
    return found


def first_of_each(records: Iterable[RepoDataRecord]) -> list[RepoDataRecord]:
    """Return *records* without those whose file another one has: a source has one of each name."""
    found: dict[tuple[str, str], RepoDataRecord] = {}
    for record in sorted(records, key=lambda one: -one.build_number):
        found.setdefault((record.subdir, record.file_name), record)
    return [*found.values()]


def _needs(support: WheelSupport) -> Iterator[str]:
    yield translate_python_requirement(support.pythons, None)
    yield from support.platform.virtual_packages


def _has_wheels(repodata: SparseRepoData) -> bool:
    return repodata.record_count(_WITH_WHEELS) > repodata.record_count(_WITHOUT)


def _mentions_wheels(path: Path) -> bool:
    """Tell whether a ``repodata.json`` can have wheels: to search it costs a tenth of what it costs to read it."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(b'"whl"') >= 0
    except (OSError, ValueError):  # there is none, or nothing in it
        return False
