"""The solver's records as conda's: what its transaction downloads, links and writes down."""

import json
from collections.abc import Iterable, Mapping, Sequence

from conda.models.records import PackageRecord
from rattler import RepoDataRecord

from wheelbridge.conda_plugin.verifying import trust_variant
from wheelbridge.model.source import Source


def as_conda_records(
    records: Iterable[RepoDataRecord], needs: Mapping[str, Sequence[str]], sources: Sequence[Source]
) -> list[PackageRecord]:
    """Return *records* as conda's, in the same order; a wheel keeps its own file name, URL and hashes.

    Args:
        records: what was solved or locked.
        needs: name -> dependencies in words that every conda reads, of those that have others.
        sources: what they are from, with the logins that conda needs for channels.
    """
    return [_as_conda_record(record, needs.get(record.name.normalized), sources) for record in records]


def _as_conda_record(record: RepoDataRecord, needs: Sequence[str] | None, sources: Iterable[Source]) -> PackageRecord:
    content = json.loads(record.to_json())
    if needs is not None:
        content["depends"] = list(needs)
    content.setdefault("size", 0)  # which conda adds up
    if record.file_name.endswith(".whl"):
        trust_variant(record.url)
    else:
        content.pop("channel", None)  # conda reads it from the URL, with the subdir, as it does from repodata
        content["url"] = _with_login(record.url, sources)
    return PackageRecord(**{key: value for key, value in content.items() if value is not None})


def _with_login(url: str, sources: Iterable[Source]) -> str:
    """Return the URL of a channel's package as conda downloads it: with what the channel was given with."""
    for source in sources:
        if source.kind == "channel" and source.login_url and url.startswith(f"{source.url}/"):
            return source.login_url.rstrip("/") + url.removeprefix(source.url)
    return url
