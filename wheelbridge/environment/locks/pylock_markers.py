"""The markers by which ``pylock.toml`` tells the targets of a lock apart.

PEP 751, of ``environments``: "A list of Environment Markers for which the lock file is considered compatible with.
Tools SHOULD write exclusive/non-overlapping environment markers to ease in understanding." Markers know the platform
and the python, and nothing of virtual packages: two targets of one subdir look the same to them.
"""

from collections.abc import Mapping, Sequence

from packaging.version import InvalidVersion, Version

from wheelbridge.environment.lock import LockedTarget
from wheelbridge.environment.locks.errors import LockNotExpressibleError
from wheelbridge.translate.errors import MarkerNotExpressibleError
from wheelbridge.translate.markers import marker_environment

FORM = "pylock.toml"
_ATOMS = ("sys_platform", "platform_machine")


def target_markers(targets: Sequence[LockedTarget]) -> list[str]:
    """Return the marker of each target; two of them are the same or exclude each other.

    >>> from wheelbridge.model.target import Target
    >>> target_markers([LockedTarget(name="a", target=Target(subdir="win-64"))])
    ["sys_platform == 'win32' and platform_machine == 'AMD64'"]

    Raises:
        LockNotExpressibleError: if markers know nothing of a target's subdir.
    """
    pythons = [_python(target) for target in targets]
    told = None not in pythons
    return [_marker(target, python if told else None) for target, python in zip(targets, pythons, strict=True)]


def _marker(target: LockedTarget, python: str | None) -> str:
    try:
        environment = marker_environment(target.target.subdir, f"{python or '3.0'}.0")
    except MarkerNotExpressibleError as error:
        raise LockNotExpressibleError(FORM, error.message, hint="Write a pixi.lock.") from error
    atoms = [f"{name} == '{environment[name]}'" for name in _ATOMS]
    return " and ".join([*atoms, f"python_version == '{python}'"] if python else atoms)


def _python(target: LockedTarget) -> str | None:
    """Return the minor version of the target's python, None where there is none."""
    found = [package.version for package in target.packages if package.kind == "conda" and package.name == "python"]
    try:
        return ".".join(map(str, Version(found[0]).release[:2])) if found else None
    except InvalidVersion:
        return None


def check_told_apart(
    targets: Sequence[LockedTarget], markers: Sequence[str], chosen: Sequence[Mapping[str, object]]
) -> None:
    """Check that targets that look the same to markers get the same; *chosen* has project -> what, per target.

    PEP 751: "all packages to be installed MUST narrow down to a single entry at install time".

    Raises:
        LockNotExpressibleError: if two differ.
    """
    first: dict[str, int] = {}
    for position, marker in enumerate(markers):
        other = first.setdefault(marker, position)
        ours, theirs = chosen[position], chosen[other]
        different = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
        if different:
            names = f"{targets[other].name!r} and {targets[position].name!r}"
            raise LockNotExpressibleError(
                FORM,
                f"no marker tells the targets {names} apart, which differ in {', '.join(different[:5])}",
                hint="Write a pixi.lock, or one pylock.NAME.toml for each target.",
            )
