"""wheelbridge's errors of a solve as those of conda's that its commands, and its plugins' hints, look for."""

from collections.abc import Iterable
from typing import Any

from conda import CondaError
from conda.exceptions import PackagesNotFoundInChannelsError, SpecsConfigurationConflictError, UnsatisfiableError

from wheelbridge.api.life.modifying import InstalledFrozenError
from wheelbridge.api.life.pins import PinConflictError
from wheelbridge.conda_plugin.errors import WheelbridgeCondaError, as_conda_error
from wheelbridge.errors import WheelbridgeError
from wheelbridge.solver.errors import NoWheelError, PackageNotFoundError
from wheelbridge.solver.errors import UnsatisfiableError as NoSolutionError

_KINDS: tuple[tuple[type[WheelbridgeError], type[CondaError]], ...] = (
    (PackageNotFoundError, PackagesNotFoundInChannelsError),
    (NoWheelError, PackagesNotFoundInChannelsError),
    (NoSolutionError, UnsatisfiableError),
    (InstalledFrozenError, UnsatisfiableError),
    (PinConflictError, SpecsConfigurationConflictError),
)


def as_solver_error(error: WheelbridgeError, channels: Iterable[str], prefix: str) -> CondaError:
    """Return *error* as one of conda's own kind where it has one: with our words, and no second try of the solve."""
    ours = as_conda_error(error)
    kind = next((theirs for known, theirs in _KINDS if isinstance(error, known)), None)
    if kind is None:
        return ours
    made: CondaError = type(type(error).__name__, (_OurWordsError, kind), {"allow_retry": False})(error)
    vars(made).update(_fields(error, tuple(channels), prefix))
    return made


class _OurWordsError(WheelbridgeCondaError):
    """Comes before a class of conda's whose constructor words a message of its own."""

    def __init__(self, error: WheelbridgeError) -> None:
        ours = as_conda_error(error)
        self.__dict__.update(vars(ours))
        self.args = ours.args


def _fields(error: WheelbridgeError, channels: tuple[str, ...], prefix: str) -> dict[str, Any]:
    """Return the attributes that those who catch conda's class read."""
    match error:
        case PackageNotFoundError(name=name) | NoWheelError(project=name):
            return {"packages": (name,), "channel_urls": channels}
        case PinConflictError(requested=requested, pins=pins):
            return {"prefix": prefix, "requested_specs": requested, "pinned_specs": [pin["spec"] for pin in pins]}
    return {}
