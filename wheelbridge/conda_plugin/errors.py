"""wheelbridge's errors as conda's: one message, one next step, no bug report."""

import re
from typing import Any, cast

from conda import CondaError

from wheelbridge.cli.output import concealed
from wheelbridge.conda_plugin.subcommand import COMMANDS
from wheelbridge.errors import WheelbridgeError

_OURS = re.compile(rf"(?<!conda )\bwheelbridge (?=(?:{'|'.join(COMMANDS)})\b)")


class WheelbridgeCondaError(CondaError):
    """An error of wheelbridge in conda's clothes; conda shows the name of its class, which is the original's.

    It has no cause: with ``-vv`` conda prints those of every error, and what a library said may hold a login.
    """

    def __init__(self, error: WheelbridgeError) -> None:
        self._said = cast("dict[str, Any]", concealed(error.as_json()))
        if hint := self._said.get("hint"):
            self._said["hint"] = through_conda(hint)
        guidance = {"hints": [{"text": self._said["hint"], "hint_code": error.code}]} if hint else None
        super().__init__(self._said["message"], guidance=guidance)
        self.return_code = error.exit_code

    def dump_map(self) -> dict[str, Any]:
        """Return the JSON of the error: what ``wheelbridge`` prints, beside conda's own keys."""
        said = {key: value for key, value in super().dump_map().items() if key not in {"caused_by", "return_code"}}
        return {**said, "success": False, "error": self._said}


def as_conda_error(error: WheelbridgeError) -> WheelbridgeCondaError:
    """Return *error* as one of conda's, by its own name; raise it ``from None``."""
    kind = type(type(error).__name__.lstrip("_"), (WheelbridgeCondaError,), {})
    made: WheelbridgeCondaError = kind(error)
    return made


def through_conda(text: str) -> str:
    """Return *text* with the commands that it names as one types them behind conda.

    >>> through_conda("Say wheelbridge check -p /x, or wheelbridge add.")
    'Say conda wheelbridge check -p /x, or conda wheelbridge add.'
    """
    return _OURS.sub("conda wheelbridge ", text)
