"""Whether the wheels of an environment are for its interpreter, and for machines of its platform."""

from collections.abc import Iterator

from packaging.tags import InvalidTag, Tag, parse_tag

from wheelbridge.api.checks.findings import Environment, Finding
from wheelbridge.index.errors import InvalidMetadataError
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.installer.distributions import Distribution
from wheelbridge.model.target import InvalidTargetError, Target
from wheelbridge.translate.fitting import find_misfit

WRONG_TAGS = "wrong-tags"
_CONVERTER = "conda-pypi"
"""The INSTALLER of a distribution that was a wheel before it was a conda package."""


def check_tags(environment: Environment) -> Iterator[Finding]:
    """Find wheels that the environment's python cannot run, by their WHEEL and their Requires-Python.

    Packages of channels are left out: the channel answers for them. For what conda-pypi converted nobody does: it takes
    the wheel that was made for one interpreter, and says that any python will do.
    """
    if environment.python is None or (target := _target(environment)) is None:
        return
    for one in environment.distributions:
        if not one.is_modern or _is_of_channel(one, environment):
            continue
        if reason := _misfit(one, environment, target):
            yield Finding(
                code=WRONG_TAGS,
                severity="error",
                message=f"{one} is for another interpreter or platform: {reason}.",
                hint=f"Install it again for this one: {environment.command} 'pypi:{one.project}'.",
                details={"project": one.project, "tags": sorted(map(str, read_tags(one)))},
            )


def _is_of_channel(one: Distribution, environment: Environment) -> bool:
    """Tell whether a channel answers for *one*."""
    return one.owner is not None and not environment.is_wheel(one.owner) and one.installer != _CONVERTER


def read_tags(one: Distribution) -> frozenset[Tag]:
    """Return the tags in WHEEL; none where it has none that can be read."""
    lines = one.read("WHEEL").decode("utf-8", errors="replace").splitlines()
    texts = (line.partition(":")[2].strip() for line in lines if line.lower().startswith("tag:"))
    try:
        return frozenset(tag for text in texts for tag in parse_tag(text))
    except InvalidTag:
        return frozenset()


def _misfit(one: Distribution, environment: Environment, target: Target) -> str | None:
    """Say why *one* cannot run; None where it can, or where nothing is known."""
    tags, python = read_tags(one), environment.python
    if not tags or python is None:
        return None
    try:
        requires = parse_metadata(one.metadata, one.folder).requires_python
    except InvalidMetadataError:
        return None
    interpreter = (str(python.version), str(python.build))
    return find_misfit(tags, requires, interpreter, target, is_of_this_machine=environment.is_of_this_machine)


def _target(environment: Environment) -> Target | None:
    """Return the machine that the environment is for; None where no wheel is made for its platform."""
    try:
        return environment.target
    except InvalidTargetError:
        return None
