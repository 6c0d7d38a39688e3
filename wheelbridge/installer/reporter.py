"""The seam for progress: what the installer says while it works."""


class Reporter:
    """Told what happens, in the order it happens; does nothing.

    Override what is of interest. Methods may be called from other threads, one at a time for one package. Sizes are
    bytes.
    """

    def on_download_start(self, name: str, size: int | None) -> None:
        """A package's archive is about to be fetched; *size* is None where nobody told."""

    def on_download_progress(self, name: str, received: int) -> None:
        """So many bytes of the archive have come in all."""

    def on_download_complete(self, name: str) -> None:
        """The archive is there, and is the right one."""

    def on_unpack_start(self, name: str) -> None:
        """A package is about to be unpacked into the cache."""

    def on_unpack_complete(self, name: str) -> None:
        """The package is in the cache."""

    def on_link_start(self, operations: int) -> None:
        """Everything is in the cache; from here on the prefix changes."""

    def on_unlinked(self, name: str) -> None:
        """A package's files are gone from the prefix."""

    def on_linking(self, name: str) -> None:
        """A package's files are about to appear in the prefix."""

    def on_linked(self, name: str) -> None:
        """A package is in the prefix."""


class RattlerReporter:
    """Passes rattler's progress on; rattler counts packages, we name them."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._names: dict[int, str] = {}

    def _number(self, name: str) -> int:
        number = len(self._names)
        self._names[number] = name
        return number

    def on_transaction_start(self, total_operations: int) -> None:
        """Pass on."""
        self._reporter.on_link_start(total_operations)

    def on_unlink_start(self, operation: int, package_name: str) -> int:
        """Note the name."""
        del operation
        return self._number(package_name)

    def on_unlink_complete(self, index: int) -> None:
        """Pass on."""
        self._reporter.on_unlinked(self._names[index])

    def on_link_start(self, operation: int, package_name: str) -> int:
        """Pass on."""
        del operation
        self._reporter.on_linking(package_name)
        return self._number(package_name)

    def on_link_complete(self, index: int) -> None:
        """Pass on."""
        self._reporter.on_linked(self._names[index])
