"""What goes wrong with the plugins of variant providers."""

from collections.abc import Sequence

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.redaction import redact_text


class ProviderFailedError(WheelbridgeError):
    """A provider's plugin did not say what this machine supports."""

    code = "provider-failed"

    def __init__(self, provider: str, reason: str, *, output: Sequence[str] = (), hint: str | None = None) -> None:
        lines = (f"The variant provider {provider} {reason}{':' if output else ''}", *output)
        super().__init__("\n".join(map(_make_presentable, lines)), hint=hint)
        self.provider = _make_presentable(provider)


def _make_presentable(text: str) -> str:
    return redact_text("".join(char if char.isprintable() else " " for char in text))
