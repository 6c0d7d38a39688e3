"""What can be wrong with a configuration."""

from wheelbridge.errors import WheelbridgeError


class InvalidConfigurationError(WheelbridgeError):
    """A configuration cannot be read; *path* leads to the value, such as ``sources[1].claim``."""

    code = "invalid-configuration"
    exit_code = 2

    def __init__(self, file: str, path: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{file}: {path}: {reason}" if path else f"{file}: {reason}", hint=hint)
        self.file = file
        self.path = path


class ChannelNotAllowedError(WheelbridgeError):
    """conda's configuration forbids a channel (``allowlist_channels``, ``denylist_channels``)."""

    code = "channel-not-allowed"

    def __init__(self, channel: str, url: str, reason: str) -> None:
        super().__init__(
            f"The channel {channel} ({url}) may not be used: {reason}",
            hint="Leave it out, with --no-channel-relations if another channel brings it; or ask who looks after "
            "conda's configuration ('conda config --show-sources').",
        )
        self.channel = channel
        self.url = url
