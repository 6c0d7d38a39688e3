"""Wheels that a channel lists: fetched as the channel's packages are, with its logins, from where it may lead."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from packaging.utils import NormalizedName
from rattler import RepoDataRecord

from wheelbridge.api.clients import check_records, open_client
from wheelbridge.api.places import Caches
from wheelbridge.api.providers import Provider
from wheelbridge.api.running import run_to_end
from wheelbridge.index.protocol import Progress
from wheelbridge.installer.errors import DownloadError
from wheelbridge.installer.fetch import fetch_file
from wheelbridge.model.distribution import DistributionFile, ProjectPage
from wheelbridge.model.name import CondaName
from wheelbridge.model.record import WheelRecord
from wheelbridge.model.source import Source
from wheelbridge.solver.records import record_channel, to_rattler_record


class ListedProvider(Provider):
    """Fetches wheels of one channel; it has no pages."""

    def __init__(self, channel: Source, caches: Caches, *, offline: bool) -> None:
        super().__init__(replace(channel, kind="index"), caches, offline=offline)
        self._channel = channel

    def project_page(self, project: NormalizedName) -> ProjectPage | None:
        """Return None: a channel has records, which the solver has read."""
        del project
        return None

    def download(self, file: DistributionFile, folder: Path, progress: Progress | None = None) -> Path:
        """Put the wheel, hash-checked, into *folder* under its own name; return its path.

        Raises:
            BreachError: if the channel may not lead there.
            DownloadError: if it cannot be had.
            HashMismatchError: if it is another file than the channel lists.
        """
        record = _draft(file, self._channel)
        check_records([self._channel])(record)
        if self._offline and not file.url.startswith("file:"):
            raise DownloadError(file.url, "it is not in the cache, and the network is not to be used")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / file.filename
        told = 0

        def tell(received: int) -> None:
            nonlocal told
            if progress is not None and received > told:
                progress(received - told)
                told = received

        run_to_end(fetch_file(record, path, open_client([self._channel]), tell))
        return path


def find_listed(
    record: RepoDataRecord, sources: Iterable[Source], caches: Caches, *, offline: bool
) -> tuple[Provider, DistributionFile] | None:
    """Return the file of a wheel that a channel among *sources* lists, and who fetches it; None for any other."""
    home = record_channel(record)
    source = next((one for one in sources if one.kind == "channel" and one.url == home), None)
    if source is None:
        return None
    digests = {"sha256": record.sha256, "md5": record.md5}
    hashes = {name: digest.hex() for name, digest in digests.items() if digest}
    file = DistributionFile(filename=record.file_name, url=record.url, hashes=hashes, size=record.size)
    return ListedProvider(source, caches, offline=offline), file


def _draft(file: DistributionFile, channel: Source) -> RepoDataRecord:
    """Return a record that says of a file where it is, and its hashes."""
    record = WheelRecord(
        name=CondaName("wheel"),
        version="0",
        build="0",
        build_number=0,
        subdir="noarch",
        fn=file.filename,
        url=file.url,
        sha256=file.sha256,
        size=file.size,
    )
    draft = to_rattler_record(record, channel.url)
    draft.md5 = bytes.fromhex(file.hashes["md5"]) if "md5" in file.hashes else None
    return draft
