"""conda's ``exclude_newer``: one moment for all, one for a channel, one for a package."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from conda.base.context import context

from wheelbridge.conda_plugin.context_errors import PackageCutoffError

if TYPE_CHECKING:
    from conda.core.exclude_newer import ExcludeNewerPolicy

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The cutoff of a channel that has none although the others have: None would say that it has theirs."""


def cutoff_policy() -> "ExcludeNewerPolicy | None":
    """Return conda's policy; None where none is set, and in a conda before 26.9, which has none."""
    policy = getattr(context, "exclude_newer_policy", None)
    return policy if policy is not None and policy.active else None


def general_cutoff(policy: "ExcludeNewerPolicy | None") -> datetime | None:
    """Return the cutoff of all that has none of its own."""
    return _moment(policy.global_cutoff) if policy is not None and policy.has_global_cutoff else None


def channel_cutoff(policy: "ExcludeNewerPolicy | None", channel: str) -> datetime | None:
    """Return the cutoff of one channel; None: that of the rest."""
    for cutoff in reversed(policy.channel_cutoffs if policy is not None else ()):
        if cutoff.matches({"channel": channel}):
            return _NEVER if cutoff.cutoff is None else _moment(cutoff.cutoff)
    return None


def note_cutoffs(policy: "ExcludeNewerPolicy | None") -> Iterator[str]:
    """Yield a note on each package that may be newer than the rest for conda, and may not be here.

    Raises:
        PackageCutoffError: if one must be older: nothing would see to that.
    """
    if policy is None:
        return
    others = [policy.global_cutoff, *(channel.cutoff for channel in policy.channel_cutoffs)]
    for package, cutoff in (policy.package_cutoffs or {}).items():
        if cutoff is not None and any(other is None or cutoff < other for other in others):
            raise PackageCutoffError(package)
        yield f"exclude_newer_package: {package} may be no newer than the rest here."


def _moment(seconds: float) -> datetime:
    """Return what conda gives in seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC)
