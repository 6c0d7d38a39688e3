"""Why a binary, or the archive around it, cannot be read."""

from wheelbridge.errors import WheelbridgeError


class DamagedBinaryError(WheelbridgeError):
    """A file begins like a binary and cannot be read as one."""

    code = "damaged-binary"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}", hint="Get the file anew, or tell its author.")
        self.path = path
        self.reason = reason


class NotAnArchiveError(WheelbridgeError):
    """A wheel is no zip archive."""

    code = "not-an-archive"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} is no zip archive: {reason}", hint="Get the file anew.")
        self.path = path
        self.reason = reason
