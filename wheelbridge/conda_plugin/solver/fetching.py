"""conda's transaction, with wheels fetched as their indexes want it."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from conda.core.link import PrefixSetup, UnlinkLinkTransaction
from conda.core.path_actions import CacheUrlAction
from conda.models.records import PackageRecord

from wheelbridge.api.installing import check_proofs, fetch_wheels
from wheelbridge.api.origins import remember_origins
from wheelbridge.conda_plugin.conda_records import complete_record
from wheelbridge.conda_plugin.context_network import network_from_context
from wheelbridge.conda_plugin.errors import as_conda_error
from wheelbridge.conda_plugin.file_writing import complete_records
from wheelbridge.conda_plugin.telling import after_the_fact
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.reporter import Reporter

if TYPE_CHECKING:
    from wheelbridge.conda_plugin.solver.solving import Answer

Told = Callable[[float], None]
"""Is told which part of a download is there, of 1; raises where nobody wants it any more."""


class JointTransaction(UnlinkLinkTransaction):
    """Links the packages of an *answer*.

    Wheels are downloaded by us, into conda's package cache: the logins of an index, the hosts that it may lead to and
    what its files must prove are ours to know. Then conda extracts and links them like everything else. What the solve
    decided is written down when all is done.
    """

    def __init__(self, *setups: PrefixSetup, answer: "Answer") -> None:
        super().__init__(*setups)
        self._joint = answer
        self._wheels = _Wheels(answer)

    def download_and_extract(self) -> None:
        """Fetch what is in no cache."""
        self._take_over()
        with network_from_context().surroundings():
            super().download_and_extract()
            self._check()

    def prepare(self) -> None:
        """Fetch what is in no cache, and decide on every file."""
        self._take_over()
        with network_from_context().surroundings():
            super().prepare()
            self._check()

    def execute(self) -> None:
        """Link; remember where everything came from."""
        super().execute()
        answer, prefix = self._joint, self._joint.site.prefix
        with after_the_fact(prefix):
            prepared = answer.prepared
            complete_records(prefix, prepared.transaction.records, prepared.plan.to_link, answer.requested)
        with after_the_fact(prefix):
            remember_origins(prefix, answer.prepared.solution, answer.settings, answer.prepared.wish)

    def _check(self) -> None:
        """See whether all that came proves what its source wants it to."""
        self._wheels.check([record for setup in self.prefix_setups.values() for record in setup.link_precs])

    def _take_over(self) -> None:
        """Put our downloads in the place of conda's; what is in a cache already has none."""
        fetching = self._get_pfe()  # conda's own transaction fetches with it, and has no other place for it
        fetching.prepare()
        for record, (download, extract) in fetching.paired_actions.items():
            if type(download) is CacheUrlAction and record.url in self._joint.files:
                fetching.paired_actions[record] = (WheelDownload(download, record, self._wheels), extract)


class WheelDownload(CacheUrlAction):
    """One wheel on its way into conda's package cache; its *record* is completed before conda writes it there."""

    def __init__(self, download: CacheUrlAction, record: PackageRecord, wheels: "_Wheels") -> None:
        super().__init__(
            url=download.url,
            target_pkgs_dir=download.target_pkgs_dir,
            target_package_basename=download.target_package_basename,
            sha256=download.sha256,
            size=download.size,
            md5=download.md5,
        )
        self._record = record
        self._wheels = wheels

    def execute(self, progress_update_callback: Told | None = None) -> None:
        """Fetch it, and tell how far it is."""
        try:
            wheel = self._wheels.fetch(self.url, _Part(self.size, progress_update_callback))
        except WheelbridgeError as error:
            raise as_conda_error(error) from None
        shutil.copyfile(wheel, self.target_full_path)
        complete_record(self._record, wheel)


class _Part(Reporter):
    """Tells conda's progress bar which part of *size* bytes has come."""

    def __init__(self, size: int | None, tell: Told | None) -> None:
        self._size = size
        self._tell = tell

    def on_download_progress(self, name: str, received: int) -> None:
        del name
        if self._tell and self._size:
            self._tell(min(1.0, received / self._size))


class _Wheels:
    """The wheels of an answer, fetched and checked in every way that our own installer checks."""

    def __init__(self, answer: "Answer") -> None:
        self._answer = answer
        self._providers = answer.settings.open_providers()
        self._fetched: dict[str, Path] = {}

    def fetch(self, url: str, reporter: Reporter) -> Path:
        """Download one; called from several threads."""
        source, file = self._answer.files[url]
        task = (url, self._providers[source], file)
        found = fetch_wheels(self._answer.prepared, [task], self._answer.settings, reporter)
        self._fetched |= found
        return found[url]

    def check(self, records: Iterable[PackageRecord]) -> None:
        """See whether all of conda's *records* prove what their sources want them to.

        Raises:
            CondaError: if something does not.
        """
        prepared, settings = self._answer.prepared, self._answer.settings
        hashes = {str(record.url): str(record.sha256) for record in records if record.get("sha256")}
        for record in prepared.transaction.records:  # what conda had in its cache was not fetched
            if record.sha256 is None and (known := hashes.get(record.url)):
                record.sha256 = bytes.fromhex(known)
        try:
            check_proofs(prepared, self._fetched, settings, self._providers)
        except WheelbridgeError as error:
            raise as_conda_error(error) from None
