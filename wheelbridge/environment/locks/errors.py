"""What can go wrong when a lock is written."""

from wheelbridge.errors import WheelbridgeError


class LockNotExpressibleError(WheelbridgeError):
    """A lock says what a format has no words for."""

    code = "lock-not-expressible"

    def __init__(self, form: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"The lock cannot be written as {form}: {reason}", hint=hint)
        self.form = form
        self.reason = reason
