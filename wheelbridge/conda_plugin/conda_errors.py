"""conda's own errors inside ``conda wheelbridge``: what the JSON of every error has, beside what conda gives."""

from typing import Any, cast

from conda import CondaError, CondaMultiError

from wheelbridge.cli.output import concealed
from wheelbridge.conda_plugin.context_errors import CondaRefusedError
from wheelbridge.conda_plugin.errors import WheelbridgeCondaError, as_conda_error


class _CompletedError(CondaError):
    """Goes before the class of an error, whose text, hints and exit code stay what they are."""

    def dump_map(self) -> dict[str, Any]:
        """Return conda's keys and ours."""
        said = {**super().dump_map(), "success": False, "error": _refusal(self).as_json()}
        return cast("dict[str, Any]", concealed(said))


def complete_error(error: CondaError) -> CondaError:
    """Return *error* as it is to be told; what ends a command without a failure stays as it is."""
    if isinstance(error, WheelbridgeCondaError) or not error.return_code:
        return error
    if isinstance(error, CondaMultiError):  # conda asks its parts for their JSON, and not the whole
        return as_conda_error(_refusal(error))
    kind = type(error)
    completed: Any = type(kind.__name__, (_CompletedError, kind), {"__module__": kind.__module__})
    made: CondaError = completed.__new__(completed)
    vars(made).update(vars(error))
    made.args = error.args
    return made


def _refusal(error: CondaError) -> CondaRefusedError:
    return CondaRefusedError(str(error), type(error).__name__)
