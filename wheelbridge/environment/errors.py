"""What can be wrong with environment files and lock files."""

from wheelbridge.errors import WheelbridgeError


class InvalidEnvironmentFileError(WheelbridgeError):
    """A file cannot be read; *file* may be a place such as ``env.yml:12``, *path* leads to the value, as ``pip[1]``."""

    code = "invalid-environment-file"
    exit_code = 2

    def __init__(self, file: str, path: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{file}: {path}: {reason}" if path else f"{file}: {reason}", hint=hint)
        self.file = file
        self.path = path
        self.reason = reason
