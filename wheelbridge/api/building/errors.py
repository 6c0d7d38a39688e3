"""What goes wrong when something is built."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.printing import printable
from wheelbridge.model.redaction import redact_text

ANOTHER_VERSION = "Ask for another version, and tell the maintainers of the project."
"""What to do about a source distribution that is wrong."""
A_PROJECT = "Name a pyproject.toml, or the folder it is in."
"""What to do about a place where no project is that can be built."""
_SHOWN = 5


class BuildFailedError(WheelbridgeError):
    """The code of a project failed while it was built."""

    code = "build-failed"

    def __init__(self, project: str, reason: str, *, output: Sequence[str] = (), log: Path | None = None) -> None:
        lines = [redact_text(printable(line)) for line in output]
        first = f"The project {project!r} could not be built: {redact_text(printable(reason))}"
        super().__init__("\n".join([f"{first}:" if lines else first, *lines[-_SHOWN:]]))
        self.hint = f"The whole output is in {log}." if log else None
        self.project = project
        self.output = lines
        self.log = str(log) if log else None


class NotEditableError(WheelbridgeError):
    """A project cannot be installed editable: its backend has no ``build_editable`` (PEP 660)."""

    code = "not-editable"

    def __init__(self, project: str, backend: str) -> None:
        super().__init__(
            f"The project {project!r} cannot be installed editable: its backend {backend!r} has no build_editable",
            hint="Require a newer version of the backend in [build-system] requires, or leave out -e.",
        )
        self.project = project
        self.backend = backend


class ForeignBuildError(WheelbridgeError):
    """Something would be built for another machine than this one."""

    code = "foreign-build"

    def __init__(self, project: str, reason: str) -> None:
        super().__init__(
            f"The project {project!r} cannot be built here: {reason}",
            hint="Build it on such a machine, into a folder, and add the folder as an index with -i.",
        )
        self.project = project


class InvalidProjectError(WheelbridgeError):
    """A file or folder is no project that can be built."""

    code = "invalid-project"

    def __init__(self, place: Path, reason: str) -> None:
        super().__init__(f"{place} cannot be built: {reason}", hint=A_PROJECT)
        self.path = str(place)


class InvalidSdistError(WheelbridgeError):
    """A source distribution is not what it says it is, or cannot be unpacked safely; nothing of it was run."""

    code = "invalid-sdist"

    def __init__(self, filename: str, reason: str, *, hint: str = ANOTHER_VERSION) -> None:
        super().__init__(f"The source distribution {filename} is refused: {reason}", hint=hint)
        self.filename = filename
        self.reason = reason


class UnmappedExternalsError(WheelbridgeError):
    """What a project needs to be built is no package that the tables know."""

    code = "unmapped-externals"

    def __init__(self, project: str, unmapped: Iterable[tuple[str, str]]) -> None:
        listed = list(unmapped)
        super().__init__(
            "\n".join(
                [
                    f"The project {project!r} needs what no conda package is known for:",
                    *(f"  {dependency}: {reason}" for dependency, reason in listed),
                ]
            ),
            hint="Give a row of your own with --map; if the system has them, say --no-external "
            f"{canonicalize_name(project)}.",
        )
        self.project = project
        self.unmapped = [{"dependency": dependency, "reason": reason} for dependency, reason in listed]
