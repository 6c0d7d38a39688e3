"""The solver's records as conda's: what its transaction downloads, links and writes down."""

import json
from collections.abc import Iterable, Sequence
from hashlib import file_digest
from pathlib import Path

from conda.core.package_cache_data import PackageCacheData
from conda.models.records import PackageRecord
from rattler import RepoDataRecord

from wheelbridge.conda_plugin.verifying import trust_variant
from wheelbridge.installer.plain_depends import plain_depends
from wheelbridge.model.source import Source


def as_conda_records(records: Iterable[RepoDataRecord], sources: Sequence[Source]) -> list[PackageRecord]:
    """Return *records* as conda's, in the same order; a wheel keeps its own file name, URL and hashes.

    conda keeps them in its package cache, too, for all environments. So they say what a package needs by itself, in
    words that every conda reads; what it needs in one environment is for that one's ``conda-meta``
    (`wheelbridge.installer.plain_depends.write_depends`).

    Args:
        records: what was solved or locked.
        sources: what they are from, with the logins that conda needs for channels.
    """
    return [_as_conda_record(record, sources) for record in records]


def complete_record(record: PackageRecord, wheel: Path) -> None:
    """Give *record* the hash and the size of the file that came, where its index publishes none."""
    record.size = wheel.stat().st_size
    if not record.get("sha256"):
        with wheel.open("rb") as stream:
            record.sha256 = file_digest(stream, "sha256").hexdigest()


def _as_conda_record(record: RepoDataRecord, sources: Iterable[Source]) -> PackageRecord:
    content = json.loads(record.to_json())
    content["depends"] = [*plain_depends([record], []).get(record.name.normalized, record.depends)]
    if record.file_name.endswith(".whl"):
        trust_variant(record.url)
    else:
        content.pop("channel", None)  # conda reads it from the URL, with the subdir, as it does from repodata
        content["url"] = _with_login(record.url, sources)
    made = PackageRecord(**{key: value for key, value in content.items() if value is not None})
    return made if "size" in content else _as_cached(made)


def _as_cached(record: PackageRecord) -> PackageRecord:
    """Give *record* the hash and the size of its file in conda's cache, where it has none; conda adds sizes up."""
    cached = next(iter(PackageCacheData.query_all(record)), None)
    record.size = (cached and cached.get("size")) or 0
    if cached and not record.get("sha256") and cached.get("sha256"):
        record.sha256 = cached.sha256
    return record


def _with_login(url: str, sources: Iterable[Source]) -> str:
    """Return the URL of a channel's package as conda downloads it: with what the channel was given with."""
    for source in sources:
        if source.kind == "channel" and source.login_url and url.startswith(f"{source.url}/"):
            return source.login_url.rstrip("/") + url.removeprefix(source.url)
    return url
