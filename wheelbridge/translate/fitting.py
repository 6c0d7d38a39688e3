"""Whether a wheel can run in an environment that is there, by its tags and its Requires-Python."""

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.version import InvalidVersion, Version

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.target import Target
from wheelbridge.translate.errors import PlatformTooOldError
from wheelbridge.translate.wheel import WheelSupport, translate_tags

_RELEASE = re.compile(r"(\d+)\.(\d+)")


def find_misfit(
    tags: frozenset[Tag],
    requires_python: str | None,
    python: tuple[str, str],
    target: Target,
    *,
    is_of_this_machine: bool,
) -> str | None:
    """Say why a wheel cannot run in an environment; None where it can.

    >>> tags, linux = frozenset([Tag("cp311", "none", "any")]), Target(subdir="linux-64")
    >>> find_misfit(tags, None, ("3.12.4", "0_cpython"), linux, is_of_this_machine=True)
    'python is 3.12.4'

    Args:
        tags: the wheel's.
        requires_python: its Requires-Python.
        python: version and build of the environment's interpreter.
        target: the machine that the environment is for.
        is_of_this_machine: whether that is this one; of others nobody knows how old their system is.
    """
    if requires_python and not _allows(requires_python, python[0]):
        return f"it requires python {requires_python}, and python is {python[0]}"
    try:
        support = translate_tags(tags, target, requires_python)
    except WheelbridgeError as error:
        return error.message if is_of_this_machine or not isinstance(error, PlatformTooOldError) else None
    return None if _covers(support, *python) else f"python is {python[0]}"


def _covers(support: WheelSupport, version: str, build: str) -> bool:
    match = _RELEASE.match(version)
    if match is None:
        return True
    release = (int(match[1]), int(match[2]))
    builds = [one.build_regex for one in support.pythons if one.covers(release) and release in support.minors]
    return any(regex is None or re.match(regex, build) for regex in builds)


def _allows(requires_python: str, version: str) -> bool:
    """Tell whether a Requires-Python allows a python, patch releases and all; what cannot be read forbids nothing."""
    try:
        return SpecifierSet(requires_python).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True
