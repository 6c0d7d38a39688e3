"""What is made sure of a wheel before it is kept: its code may have written anything."""

from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName, parse_wheel_filename
from packaging.version import Version

from wheelbridge.api.building.errors import BuildFailedError
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.metadata import check_identity, parse_metadata
from wheelbridge.index.wheelfile import METADATA, read_member
from wheelbridge.installer.wheel_source import open_wheel
from wheelbridge.model.target import Target
from wheelbridge.translate.pythons import Release
from wheelbridge.translate.wheel import translate_tags


@dataclass(frozen=True, slots=True)
class Expected:
    """The release that a wheel must be of; None where nobody knows before."""

    project: NormalizedName | None = None
    version: Version | None = None

    def admits(self, project: NormalizedName, version: Version) -> bool:
        """Tell whether a wheel may be of this release."""
        return self.project in (None, project) and self.version in (None, version)


def check_built(wheel: Path, expected: Expected, target: Target, python: Release, log: Path) -> None:
    """Make sure that *wheel* is of the release *expected*, can be installed, and runs on *target* with *python*.

    A wheel that was kept is not built again, so one that cannot be used must not be kept.

    Raises:
        BuildFailedError: if it cannot be used.
    """
    project = expected.project or wheel.name.partition("-")[0]
    try:
        minors = _read_pythons(wheel, expected, target)
    except (WheelbridgeError, ValueError, OSError) as error:
        reason = error.message if isinstance(error, WheelbridgeError) else str(error)
        raise BuildFailedError(project, f"its wheel cannot be used: {reason}", log=log) from error
    if python not in minors:
        reason = f"its wheel {wheel.name} does not run with Python {'.'.join(map(str, python))}, which built it"
        raise BuildFailedError(project, reason, log=log)


def _read_pythons(wheel: Path, expected: Expected, target: Target) -> tuple[Release, ...]:
    """Return the minor versions of Python that *wheel* is for, after all else of it was looked at.

    Raises:
        WheelbridgeError: if it cannot be installed, or does not run on *target*.
        ValueError: if it is of another release, or its name is none.
    """
    name, version, _, tags = parse_wheel_filename(wheel.name)
    if not expected.admits(name, version):
        raise ValueError(f"{wheel.name} is another release")
    with wheel.open("rb") as stream, open_wheel(stream, wheel.name):
        text = read_member(stream, wheel.name, METADATA)
    metadata = check_identity(parse_metadata(text, wheel.name), wheel.name)
    return translate_tags(tags, target, metadata.requires_python).minors
