"""The file of an installed wheel, found again: where it was, or where another source has the very same."""

from collections.abc import Iterator, Mapping, Sequence

from rattler import RepoDataRecord

from wheelbridge.api.providers import Provider
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.source import Source
from wheelbridge.solver.records import record_channel, wheel_project


def find_file(
    record: RepoDataRecord, sources: Sequence[Source], providers: Mapping[str, Provider]
) -> tuple[Provider, DistributionFile] | None:
    """Return the file of *record* with the index that has it, its own index before others; None where none has it.

    On another index, or at another URL, it is the same file if it has the same name and hash: an index may have moved,
    and a mirror may be what is left of it.

    Raises:
        WheelbridgeError: if none has it, and one of them did not answer.
    """
    project = wheel_project(record.file_name)
    home = record_channel(record)
    indexes = [source for source in sources if source.kind == "index" and source.name in providers]
    silent: WheelbridgeError | None = None
    for source in sorted(indexes, key=lambda one: one.url != home):
        provider = providers[source.name]
        try:
            page = provider.project_page(project) if project else None
        except WheelbridgeError as error:  # another one may have it
            silent = silent or error
            continue
        for file in _alike(record, page.files if page else (), same_place=source.url == home):
            return provider, file
    if silent:
        raise silent
    return None


def _alike(
    record: RepoDataRecord, files: Sequence[DistributionFile], *, same_place: bool
) -> Iterator[DistributionFile]:
    digest = record.sha256.hex() if record.sha256 else None
    for file in files:
        same_hash = digest is not None and file.filename == record.file_name and file.sha256 == digest
        if same_hash or (same_place and file.url == record.url):
            yield file
