"""What goes wrong with what is asked for by where it is."""

from collections.abc import Sequence

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.printing import printable
from wheelbridge.model.redaction import redact_text

_SHOWN = 5


class LinkMismatchError(WheelbridgeError):
    """What is at a link is another project, or another file, than was said."""

    code = "link-mismatch"

    def __init__(self, link: str, expected: str, found: str) -> None:
        super().__init__(
            f"{link} is not {expected}: it is {found}", hint=f"If that is what you want, ask for {found} there."
        )
        self.link = link
        self.expected = expected
        self.found = found


class LinkConflictError(WheelbridgeError):
    """What is said of one project cannot all hold: it is linked to in two ways, or has hashes that it cannot meet."""

    code = "link-conflict"

    def __init__(
        self,
        project: str,
        links: Sequence[str],
        *,
        reason: str = "it is asked for in several places",
        hint: str = "Name one of them.",
    ) -> None:
        super().__init__(f"{project}: {reason} ({' and '.join(links)})", hint=hint)
        self.project = project
        self.links = list(links)


class UnhashedLinkError(WheelbridgeError):
    """Hashes are required of everything, and a link has none."""

    code = "unhashed-link"

    def __init__(self, link: str, reason: str) -> None:
        hint = "Link to a file, with #sha256=... behind its URL; or say --no-require-hashes."
        super().__init__(f"{link} needs a hash, as hashes are required, and {reason}", hint=hint)
        self.link = link
        self.reason = reason


class GitError(WheelbridgeError):
    """git could not get what a link names."""

    code = "git-failed"

    def __init__(self, link: str, reason: str, *, output: Sequence[str] = (), hint: str | None = None) -> None:
        lines = [redact_text(printable(line)) for line in output if line.strip()]
        first = f"{link} could not be had: {redact_text(printable(reason))}"
        super().__init__("\n".join([f"{first}:" if lines else first, *lines[-_SHOWN:]]), hint=hint)
        self.link = link
        self.output = lines
