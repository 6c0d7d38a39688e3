"""What keeps a lock from being made."""

from wheelbridge.errors import WheelbridgeError


class UnhashedPackageError(WheelbridgeError):
    """A package has no hash that a lock could hold it to."""

    code = "unhashed-package"

    def __init__(self, filename: str, source: str) -> None:
        super().__init__(
            f"{filename} of {source} cannot be locked: no hash of it is published",
            hint="Let a channel be indexed anew (conda-index writes hashes), or take it from another source.",
        )
        self.filename = filename
        self.source = source
