"""What can go wrong with an index; no message ever shows the credentials of a URL."""

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.redaction import redact, redact_text, redact_unreadable

_CREDENTIALS_HINT = (
    "Give a login by WHEELBRIDGE_SOURCE_<NAME>_USERNAME and _PASSWORD, in ~/.netrc, with 'pixi auth login', in the "
    "keyring (WHEELBRIDGE_KEYRING=1 asks it without a terminal), or in the URL as https://USER:PASSWORD@HOST/."
)


class InvalidIndexUrlError(WheelbridgeError):
    """The text names no index."""

    code = "invalid-index-url"

    def __init__(self, text: str, reason: str, *, hint: str | None = None) -> None:
        self.text = redact_unreadable(text)
        super().__init__(
            f"{self.text!r} is no index: {reason}",
            hint=hint
            or "Give the URL of a simple index (https://HOST/simple), a folder of wheels that exists, or 'pypi'.",
        )


class ProjectNotFoundError(WheelbridgeError):
    """The index answered, and has no such project."""

    code = "project-not-found"

    def __init__(self, project: str, index: str, url: str) -> None:
        self.project = project
        self.index = index
        self.url = redact(url)
        super().__init__(
            f"The index {index!r} ({self.url}) has no project {project!r}",
            hint="Check the spelling, and that the URL is the root of a simple index.",
        )


class FileNotOnIndexError(WheelbridgeError):
    """A page lists a file that the server does not have."""

    code = "file-not-on-index"

    def __init__(self, filename: str, url: str) -> None:
        self.filename = filename
        self.url = redact(url)
        super().__init__(
            f"The index lists {filename!r}, but there is no such file at {self.url}",
            hint="The page may be out of date: try again in some minutes, or exclude this version.",
        )


class IndexUnauthorizedError(WheelbridgeError):
    """The server wants other credentials than it was given."""

    code = "index-unauthorized"

    def __init__(self, url: str, status: int) -> None:
        self.url = redact(url)
        self.status = status
        super().__init__(f"{self.url} refused access with status {status}", hint=_CREDENTIALS_HINT)


class IndexUnavailableError(WheelbridgeError):
    """No usable answer came, after all retries."""

    code = "index-unavailable"

    def __init__(self, url: str, reason: str, *, hint: str | None = None) -> None:
        self.url = redact(url)
        self.reason = redact_text(reason)
        super().__init__(
            f"{self.url} is not available: {self.reason}",
            hint=hint or "Check the network, the proxy settings and the URL, or use --offline with a filled cache.",
        )


class TruncatedBodyError(WheelbridgeError):
    """The connection ended before the body did."""

    code = "truncated-body"

    def __init__(self, url: str, received: int | None = None, expected: int | None = None) -> None:
        self.url = redact(url)
        self.received = received
        self.expected = expected
        counts = f": {received} of {expected} bytes came" if expected is not None else ""
        super().__init__(
            f"The answer of {self.url} is incomplete{counts}", hint="Try again; a proxy may cut long transfers."
        )


class OfflineError(WheelbridgeError):
    """The cache lacks what offline work needs."""

    code = "offline"

    def __init__(self, url: str) -> None:
        self.url = redact(url)
        super().__init__(f"{self.url} is not in the cache", hint="Run once without --offline to fill the cache.")


class NotAnIndexPageError(WheelbridgeError):
    """A success whose body is something else than a project page, such as the login page of a network."""

    code = "not-an-index-page"

    def __init__(self, url: str, content_type: str) -> None:
        self.url = redact(url)
        self.content_type = content_type
        super().__init__(
            f"{self.url} answered with {content_type or 'no content type'!r} that is no project page",
            hint="Open the URL in a browser: a network's login page or a wrong index URL looks like this.",
        )


class InvalidIndexPageError(WheelbridgeError):
    """A project page breaks the specification; *path* says where, as in ``files[3].hashes``."""

    code = "invalid-index-page"

    def __init__(self, url: str, path: str, reason: str) -> None:
        self.url = redact(url)
        self.path = redact_text(path)
        self.reason = redact_text(reason)
        super().__init__(
            f"The project page {self.url} is invalid at {self.path}: {self.reason}",
            hint="Tell the operator of the index.",
        )


class UnsupportedIndexVersionError(WheelbridgeError):
    """The page follows a major version of the simple API that is not known here (PEP 629)."""

    code = "unsupported-index-version"

    def __init__(self, url: str, version: str) -> None:
        self.url = redact(url)
        self.version = version
        super().__init__(
            f"The project page {self.url} has API version {version!r}; only 1.x is supported",
            hint="A newer wheelbridge may read it.",
        )


class HashMismatchError(WheelbridgeError):
    """A body is not the one that the index promised."""

    code = "hash-mismatch"

    def __init__(self, filename: str, algorithm: str, expected: str, actual: str) -> None:
        self.filename = filename
        self.algorithm = algorithm
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"{filename}: the index promises {algorithm} {expected}, but what came has {actual}",
            hint="Do not use the file: it was damaged or replaced on its way. Try again, or tell the index.",
        )


class SizeMismatchError(WheelbridgeError):
    """A file has another size than the index promised."""

    code = "size-mismatch"

    def __init__(self, filename: str, expected: int, actual: int) -> None:
        self.filename = filename
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"{filename}: the index promises {expected} bytes, but {actual} came",
            hint="Do not use the file: it was damaged or replaced on its way. Try again, or tell the index.",
        )


class NotAWheelError(WheelbridgeError):
    """A file called a wheel is none, or holds no METADATA."""

    code = "invalid-wheel"

    def __init__(self, filename: str, reason: str) -> None:
        self.filename = filename
        self.reason = reason
        super().__init__(f"{filename} is no valid wheel: {reason}", hint="Exclude this version, and tell its author.")


class InvalidMetadataError(WheelbridgeError):
    """METADATA cannot be read, or is that of another distribution."""

    code = "invalid-metadata"

    def __init__(self, filename: str, reason: str) -> None:
        self.filename = filename
        self.reason = reason
        super().__init__(
            f"The metadata of {filename} is invalid: {reason}", hint="Exclude this version, and tell its author."
        )


class FileNotWrittenError(WheelbridgeError):
    """The disk did not take a download."""

    code = "file-not-written"

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} cannot be written: {reason}", hint="Free some space, or choose another cache folder.")
