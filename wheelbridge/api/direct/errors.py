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
    """Two links are for one project: one environment holds one of them."""

    code = "link-conflict"

    def __init__(self, project: str, links: Sequence[str]) -> None:
        super().__init__(f"{project!r} is asked for in several places: {', '.join(links)}", hint="Name one of them.")
        self.project = project
        self.links = list(links)


class GitError(WheelbridgeError):
    """git could not get what a link names."""

    code = "git-failed"

    def __init__(self, link: str, reason: str, *, output: Sequence[str] = (), hint: str | None = None) -> None:
        lines = [redact_text(printable(line)) for line in output if line.strip()]
        first = f"{link} could not be had: {redact_text(printable(reason))}"
        super().__init__("\n".join([f"{first}:" if lines else first, *lines[-_SHOWN:]]), hint=hint)
        self.link = link
        self.output = lines
