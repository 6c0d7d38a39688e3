"""What can be wrong with conda's configuration, and what conda refuses itself; this module needs no conda."""

from wheelbridge.errors import WheelbridgeError


class PackageCutoffError(WheelbridgeError):
    """conda's configuration has an earlier cutoff for one package than for the rest, which cannot be kept."""

    code = "package-cutoff"
    exit_code = 2

    def __init__(self, package: str) -> None:
        super().__init__(
            f"exclude_newer_package of conda's configuration has an earlier cutoff for {package} than for the rest, "
            "and wheelbridge has one for all packages of a source",
            hint="Give --exclude-newer for all, or take the cutoff of that package away.",
        )
        self.package = package


class CondaRefusedError(WheelbridgeError):
    """conda itself refused: an argument, a setting, or what it was asked to do."""

    code = "conda-error"

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind
