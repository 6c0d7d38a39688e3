"""Why a value of PyPA metadata cannot be said in conda's words; each code is stable."""

from wheelbridge.errors import TranslationError


class UnsupportedTagError(TranslationError):
    """No interpreter or machine of the target runs wheels with these tags."""

    code = "incompatible-tag"


class OtherPlatformError(UnsupportedTagError):
    """The wheel is for another subdir than the target's."""

    code = "other-platform"


class PlatformTooOldError(TranslationError):
    """The wheel needs a newer system than the target is."""

    code = "platform-too-old"


class MarkerNotExpressibleError(TranslationError):
    """A marker has no exact conda counterpart on the target."""

    code = "marker-not-expressible"

    def __init__(self, marker: str, reason: str) -> None:
        super().__init__(f"The marker {marker!r} cannot be said exactly: {reason}")
        self.marker = marker


class UrlRequirementError(TranslationError):
    """A requirement names a URL instead of versions, and the user did not link to the same place.

    PEP 440: "Direct references are intended as a tool for software integrators rather than publishers", and automated
    tools "MAY reject them entirely when direct references are used inappropriately".
    """

    code = "url-requirement"

    def __init__(self, requirement: str) -> None:
        super().__init__(
            f"The requirement {requirement!r} names a URL",
            hint=f"If that is what you want, ask for it yourself: 'pypi:{requirement.partition(';')[0].strip()}'.",
        )
        self.requirement = requirement


class NameNotExpressibleError(TranslationError):
    """A project's name cannot be a conda package name (CEP 26)."""

    code = "name-not-expressible"


class InvalidWheelNameError(TranslationError):
    """The file name is not that of a wheel."""

    code = "invalid-wheel-name"


class InconsistentMetadataError(TranslationError):
    """The metadata contradicts the file name."""

    code = "inconsistent-metadata"


class BuildStringTooLongError(TranslationError):
    """The local version label leaves no room in a build string (CEP 26: 64 characters)."""

    code = "build-string-too-long"


class VersionTooLongError(TranslationError):
    """CEP 26: conda version strings have at most 64 characters."""

    code = "version-too-long"

    def __init__(self, version: str) -> None:
        super().__init__(f"Version {version!r} has more than 64 characters, conda's limit")
        self.version = version


class VersionNumberTooLargeError(TranslationError):
    """conda's solvers keep each number of a version in 64 bits."""

    code = "version-number-too-large"

    def __init__(self, version: str) -> None:
        super().__init__(f"Version {version!r} has a number that does not fit in 64 bits")
        self.version = version
