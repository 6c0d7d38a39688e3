"""The record of ``conda-meta`` that a distribution gets which pip put there: what it says of itself, translated."""

import hashlib
import json
import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile

from packaging.tags import Tag
from rattler import PrefixPaths, PrefixRecord, RepoDataRecord

from wheelbridge.api.checks.files import read_digest, sha256_of
from wheelbridge.api.checks.findings import Environment
from wheelbridge.api.checks.tags import read_tags
from wheelbridge.api.external.tables import open_externals
from wheelbridge.api.mapping.maps import open_names
from wheelbridge.api.providers import Provider
from wheelbridge.api.solving import Settings
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.errors import InvalidMetadataError
from wheelbridge.index.local import url_to_path
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.installer.distributions import Distribution
from wheelbridge.mapping.rows import NameTable
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.model.record import Refusal
from wheelbridge.solver.names import SolverNames
from wheelbridge.solver.records import installed_names, taken_names, to_rattler_record
from wheelbridge.translate.wheel import translate_wheel

PYPI = "pypi"
"""The channel of what came from no index that is known; conda writes the same for what pip put there."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A distribution that cannot be adopted, and why."""

    distribution: Distribution
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """A distribution with its record, whose channel, which need not be a URL, stands apart."""

    distribution: Distribution
    record: RepoDataRecord
    channel: str

    def as_json(self, inherited: Collection[str]) -> dict[str, object]:
        """Return the record of ``conda-meta`` as JSON, with the files that RECORD lists.

        Those of the package whose place it took, as far as they are left (*inherited*), go when it goes.
        """
        one = self.distribution
        content: dict[str, object] = json.loads(PrefixRecord(self.record, PrefixPaths()).to_json())
        rows = {row[0]: row[1] for row in one.rows} | dict.fromkeys({*inherited} - {*one.files}, "")
        entries = [_entry(one.prefix, path, digest) for path, digest in sorted(rows.items())]
        content["channel"] = self.channel
        content["files"] = [entry["_path"] for entry in entries]
        content["paths_data"] = {"paths_version": 1, "paths": entries}
        return content


class RecordWriter:
    """Makes records for distributions of one environment.

    *displaced* gives the package whose place a project took: what its own record lists is the project, so that the
    name stays.
    """

    def __init__(
        self, environment: Environment, settings: Settings, displaced: Mapping[NormalizedName, CondaName]
    ) -> None:
        self._environment = environment
        self._settings = settings
        self._providers = {} if settings.offline else settings.open_providers()
        self._externals = open_externals(settings.maps, settings.no_external)
        records = environment.records
        table = open_names(settings.sources, settings.maps)  # the very names that a solve would give
        names = {**_providers(environment, table), **installed_names(records), **displaced}
        self._names = SolverNames(table, taken_names(records), names)

    def make(self, one: Distribution) -> Written | Refused:
        """Translate the metadata of *one*."""
        tags = read_tags(one)
        if reason := _obstacle(one, tags):
            return Refused(one, reason)
        try:
            metadata = parse_metadata(one.metadata, one.folder)
        except InvalidMetadataError as error:
            return Refused(one, error.message)
        file, channel = self._find_file(one, _file_name(one, tags))
        record = translate_wheel(file, metadata, self._environment.target, self._names, externals=self._externals)
        if isinstance(record, Refusal):
            return Refused(one, record.reason)
        return Written(one, to_rattler_record(record, file.url if channel == PYPI else channel), channel)

    def _find_file(self, one: Distribution, filename: str) -> tuple[DistributionFile, str]:
        """Return where *one* came from, as far as that is certain, and the channel of its record."""
        if origin := _direct_file(one, filename):
            return origin, PYPI
        for source in self._settings.sources:
            if source.name in self._providers and (file := _same_file(self._providers[source.name], one, filename)):
                return file, source.url
        url = (one.prefix / one.folder).absolute().as_uri()
        return DistributionFile(filename=filename, url=url), PYPI


def _providers(environment: Environment, table: NameTable) -> dict[NormalizedName, CondaName]:
    """Return project -> the conda package that has its metadata, where the tables name none that is installed.

    A requirement of the project is met by that package, whose name no solve would give it otherwise.
    """
    there = {record.name.normalized for record in environment.records}
    rows = ((one, table.by_project(one.project).identity) for one in environment.distributions)
    return {one.project: CondaName(one.owner) for one, row in rows if one.owner and (not row or row.conda not in there)}


def load_record(content: Mapping[str, object]) -> PrefixRecord:
    """Return rattler's view of a record; it reads files alone."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{content['name']}-{content['version']}-{content['build']}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return PrefixRecord.from_path(path)


def _entry(prefix: Path, path: str, digest: str) -> dict[str, object]:
    """Return a path entry; what RECORD says of a file holds, so that `check` finds what changed since."""
    place = prefix / path
    entry: dict[str, object] = {"_path": path, "path_type": "softlink" if place.is_symlink() else "hardlink"}
    if known := read_digest(digest) or sha256_of(place):
        entry["sha256"] = known
        if not place.is_symlink():  # as conda has it (`wheelbridge.installer.settling.settle_hashes`)
            entry["sha256_in_prefix"] = known
    if place.is_file():
        entry["size_in_bytes"] = place.stat().st_size
    return entry


def _obstacle(one: Distribution, tags: Collection[Tag]) -> str | None:
    """Say what keeps *one* from being adopted; None where nothing does."""
    if not one.is_modern:
        return "it is an egg, whose files nobody lists"
    if not one.rows:
        return "it has no RECORD, so nobody knows its files"
    if one.read("variant.json"):
        return "it is a variant wheel whose file is not known"
    if not tags:
        return "its WHEEL has no tag"
    return None


def _file_name(one: Distribution, tags: Collection[Tag]) -> str:
    """Return the name of the wheel, as far as WHEEL tells: the tags of one are a product of three sets (PEP 425)."""
    lines = one.read("WHEEL").decode("utf-8", errors="replace").splitlines()
    build = next((line.partition(":")[2].strip() for line in lines if line.lower().startswith("build:")), "")
    parts = [sorted({str(getattr(tag, part)) for tag in tags}) for part in ("interpreter", "abi", "platform")]
    whole = {Tag(*combination) for combination in product(*parts)} == {*tags}
    label = "-".join(".".join(part) for part in parts) if whole else str(min(tags, key=str))
    stem = posixpath.basename(one.folder).removesuffix(".dist-info")
    return "-".join(filter(None, (stem, build, label))) + ".whl"


def _direct_file(one: Distribution, filename: str) -> DistributionFile | None:
    """Return the file that ``direct_url.json`` names (PEP 610); None where there is none.

    The hash of an archive is that of the wheel only if the archive is one.
    """
    content = one.direct_url or {}
    url = content.get("url")
    if not isinstance(url, str):
        return None
    vcs = content.get("vcs_info")
    if isinstance(vcs, dict):
        return DistributionFile(filename=filename, url=f"{vcs.get('vcs')}+{url}@{vcs.get('commit_id')}")
    archive = content.get("archive_info")
    hashes = archive.get("hashes") if isinstance(archive, dict) else None
    is_wheel = posixpath.basename(url) == filename
    known = {str(name): str(value) for name, value in hashes.items()} if isinstance(hashes, dict) and is_wheel else {}
    return DistributionFile(filename=filename, url=url, hashes=known)


def _same_file(provider: Provider, one: Distribution, filename: str) -> DistributionFile | None:
    """Return an index's file of the name whose METADATA is, by its hash, the very one that is there."""
    digest = hashlib.sha256(one.metadata).hexdigest()
    try:
        page = provider.project_page(one.project)
    except WheelbridgeError:  # what no index confirms is recorded as what it is: something on this disk
        return None
    for file in page.files if page else ():
        if file.filename == filename and _metadata_hash(file) == digest:
            return file
    return None


def _metadata_hash(file: DistributionFile) -> str | None:
    """Return the hash of a wheel's METADATA, as its index tells it, or as the wheel has it where it lies here."""
    if not file.url.startswith("file:"):
        return (file.core_metadata or {}).get("sha256")
    try:
        with ZipFile(url_to_path(file.url)) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            return hashlib.sha256(archive.read(name)).hexdigest()
    except (OSError, BadZipFile, StopIteration):
        return None
