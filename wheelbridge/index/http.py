"""An index reached by HTTP: PEP 503 and 691 pages, PEP 658 metadata, range requests where there is none."""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.utils import NormalizedName

from wheelbridge.index.boundary import Boundary
from wheelbridge.index.credentials import Credentials, split_credentials
from wheelbridge.index.errors import (
    FileNotOnIndexError,
    InvalidIndexPageError,
    NotAnIndexPageError,
    OfflineError,
    ProjectNotFoundError,
    SizeMismatchError,
)
from wheelbridge.index.metadata import MetadataCache
from wheelbridge.index.page_checks import PageSource
from wheelbridge.index.pages import ACCEPT, parse_page
from wheelbridge.index.patience import RetryPolicy, read_policy
from wheelbridge.index.protocol import Progress
from wheelbridge.index.ranges import RangesUnsupportedError, Slice, open_remote
from wheelbridge.index.transfer import check_body, store_checked, write_atomically
from wheelbridge.index.transport import Transport
from wheelbridge.index.variables import SourceVariables
from wheelbridge.index.variants import VariantCache, read_variants
from wheelbridge.index.wheelfile import METADATA, VARIANT_JSON, read_member
from wheelbridge.model.distribution import CoreMetadata, DistributionFile, ProjectPage
from wheelbridge.model.variant import ReleaseVariants
from wheelbridge.translate.variant_documents import is_variants_file


class HttpIndex:
    """A simple repository API on the network; safe to share between threads.

    Credentials in *url* and *variables* are used for its own origin only, and shown nowhere. It never goes where
    *trusted_hosts* do not let it go; *missing_codes* are statuses of a project page that mean "no such project" beside
    404 and 410.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own, by keyword
        self,
        name: str,
        url: str,
        *,
        cache_dir: Path,
        offline: bool = False,
        trusted_hosts: Iterable[str] = (),
        missing_codes: frozenset[int] = frozenset(),
        variables: SourceVariables | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        clean, user, password = split_credentials(url)
        self.name = name
        self.url = clean.rstrip("/")
        boundary = Boundary(name, self.url, tuple(trusted_hosts))
        boundary.check(self.url)
        credentials = Credentials(self.url, user, password, variables)
        self._transport = Transport(cache_dir / "http", boundary, credentials, policy or read_policy(), offline=offline)
        self._missing = missing_codes
        self._metadata = MetadataCache(cache_dir / "metadata")
        self._variants = VariantCache(cache_dir / "variants")
        self._absent = cache_dir / "absent"

    def __repr__(self) -> str:
        """Show name and URL, without credentials."""
        return f"HttpIndex({self.name!r}, {self.url!r})"

    def project_page(self, project: NormalizedName) -> ProjectPage:
        """Return the files of *project*.

        A project that the index did not have is remembered, for offline work alone.

        PEP 503: "All URLs which respond with an HTML5 page MUST end with a ``/``", and clients "MUST request the
        normalized URL".

        Raises:
            ProjectNotFoundError: if the server says 404, 410 or one of the index's own missing codes; 401 and 403 are
                other errors.
        """
        url = f"{self.url}/{project}/"
        absent = self._absent / sha256(url.encode()).hexdigest()
        try:
            answer = self._transport.get(url, ACCEPT, missing=self._missing)
        except OfflineError:
            if absent.exists():
                raise ProjectNotFoundError(project, self.name, self.url) from None
            raise
        if answer is None:
            with suppress(OSError):
                write_atomically(absent, b"")
            raise ProjectNotFoundError(project, self.name, self.url)
        try:
            return parse_page(PageSource(project, answer.url, answer.content_type, answer.body))
        except (NotAnIndexPageError, InvalidIndexPageError):
            self._transport.forget(url)
            raise

    def core_metadata(self, file: DistributionFile) -> CoreMetadata:
        """Return what the wheel *file* says of itself.

        The metadata file of PEP 658 is asked for where the page offers one; else METADATA is read out of the wheel by
        range requests; else the wheel is downloaded. What has a hash is never asked for twice.

        Raises:
            FileNotOnIndexError: if there is neither a metadata file nor the wheel.
            HashMismatchError: if it is not the metadata that the page promised.
            NotAWheelError, InvalidMetadataError: if it cannot be read.
        """
        return self._metadata.get(file, lambda: self._metadata_text(file))

    def known_metadata(self, file: DistributionFile) -> CoreMetadata | None:
        """Return what `core_metadata` has learnt before and kept on disk."""
        return self._metadata.peek(file)

    def variants(self, file: DistributionFile) -> ReleaseVariants:
        """Return the variant metadata that *file* holds: a ``-variants.json``, asked for anew, or a wheel.

        Raises:
            FileNotOnIndexError: if it is not there.
            HashMismatchError: if it is not the one that the page promised.
            NotAWheelError, InvalidVariantsError: if it cannot be read.
        """
        if not is_variants_file(file.filename):
            return read_variants(self._variants.get(file, lambda: self._member(file, VARIANT_JSON)))
        if (answer := self._transport.get(file.url)) is None:
            raise FileNotOnIndexError(file.filename, file.url)
        return read_variants(check_body(answer.body, file.hashes, file.filename))

    def provenance(self, file: DistributionFile) -> bytes | None:
        """Return the provenance object of *file* (PEP 740), not verified; None where there is none.

        Raises:
            BreachError: if its URL is not absolute, not a secure origin, or out of bounds.
        """
        answer = self._transport.get(file.provenance) if file.provenance else None
        return None if answer is None else answer.body

    def download(self, file: DistributionFile, folder: Path, progress: Progress | None = None) -> Path:
        """Put *file* into *folder*, complete and hash-checked; return its path.

        Raises:
            FileNotOnIndexError: if the server has no such file.
            HashMismatchError, SizeMismatchError: if it is not the one that the page promised.
            FileNotWrittenError: if the disk does not take it.
        """
        return self._transport.patiently(lambda: self._download(file, folder, progress))

    def _download(self, file: DistributionFile, folder: Path, progress: Progress | None) -> Path:
        with self._transport.stream(file.url) as chunks:
            if chunks is None:
                raise FileNotOnIndexError(file.filename, file.url)
            return store_checked(chunks, file, folder, progress)

    def _metadata_text(self, file: DistributionFile) -> bytes:
        if file.core_metadata is not None:
            url = metadata_url(file.url)
            has_own_cache = file.sha256 is not None or "sha256" in file.core_metadata
            if (answer := self._transport.get(url, direct=has_own_cache)) is not None:
                return check_body(answer.body, file.core_metadata, f"{file.filename}.metadata")
        return check_body(self._member(file, METADATA), file.core_metadata or {}, f"{file.filename}.metadata")

    def _member(self, file: DistributionFile, member: str) -> bytes:
        """Read a file of the wheel's ``.dist-info``: by range requests, or where there are none, out of the whole."""
        try:
            with open_remote(partial(self._slice, file), file.size) as stream:
                return read_member(stream, file.filename, member)
        except RangesUnsupportedError:
            with (
                TemporaryDirectory(prefix="wheelbridge-") as folder,
                self.download(file, Path(folder)).open("rb") as stream,
            ):
                return read_member(stream, file.filename, member)

    def _slice(self, file: DistributionFile, first: int | None, last: int) -> Slice:
        if (piece := self._transport.get_slice(file.url, first, last)) is None:
            raise FileNotOnIndexError(file.filename, file.url)
        if file.size is not None and piece.total != file.size:
            raise SizeMismatchError(file.filename, file.size, piece.total)
        return piece


def metadata_url(url: str) -> str:
    """Return where the metadata file of the file at *url* is.

    PEP 658: it is served "alongside the distribution with a ``.metadata`` appended to the distribution's file name".

    >>> metadata_url("https://host.example/a-1-py3-none-any.whl?token=1")
    'https://host.example/a-1-py3-none-any.whl.metadata?token=1'
    """
    path, mark, query = url.partition("?")
    return f"{path}.metadata{mark}{query}"
