"""``conda-meta/state``: the environment variables that activation sets, in conda's own form."""

import json
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.errors import BrokenRecordError, os_errors

_UNSET = "***unset***"
"""What conda writes for a variable that was taken away (``CONDA_ENV_VARS_UNSET_VAR``)."""
_RESERVED = frozenset({"PATH"})
_VARIABLES = "env_vars"
_HINT = "It has the variables that activation sets: mend it, or move it away and set them again."
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""CEP 24: "We recommend sticking to names compatible with both Windows and POSIX standards."."""


class ReservedVariableError(WheelbridgeError):
    """An environment variable is not for environments to set."""

    code = "reserved-variable"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} cannot be a variable of an environment: activation sets it itself",
            hint="Take it out of 'variables'.",
        )
        self.name = name


class InvalidVariableNameError(WheelbridgeError):
    """An environment variable has a name that none may have."""

    code = "invalid-variable-name"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} is no name of an environment variable",
            hint="A name has letters, digits and underscores, and does not begin with a digit.",
        )
        self.name = name


def state_path(prefix: Path) -> Path:
    """Return the file's place."""
    return prefix / "conda-meta" / "state"


def check_variables(names: Collection[str]) -> None:
    """Make sure that an environment may have variables of these names; ask before anything is linked.

    Raises:
        InvalidVariableNameError: if one is no name; in the scripts of activation it would be code.
        ReservedVariableError: if one is not for it to set; conda refuses the same (``RESERVED_ENV_VARS``).
    """
    for name in names:
        if _NAME.fullmatch(name) is None:
            raise InvalidVariableNameError(name)
        if name.upper() in _RESERVED:
            raise ReservedVariableError(name)


def load_variables(prefix: Path) -> dict[str, str]:
    """Return the variables of the environment at *prefix*, sorted by name; none where nobody wrote any.

    Raises:
        BrokenRecordError: if the file cannot be read.
    """
    variables = _load(prefix).get(_VARIABLES)
    items = variables.items() if isinstance(variables, dict) else ()
    return {name: str(value) for name, value in sorted(items) if value != _UNSET}


def write_variables(prefix: Path, variables: Mapping[str, str]) -> None:
    """Make *variables* those that activation of *prefix* sets, in the place of what was there.

    CEP 24: "Environment variables that SHOULD be added to the ``conda-meta/state`` file in the resulting environment".
    What else the file says stays; where nothing changes, nothing is written.

    Raises:
        InvalidVariableNameError, ReservedVariableError: as `check_variables` does.
        BrokenRecordError: if the file that is there cannot be read.
    """
    before = load_variables(prefix)
    check_variables(variables.keys() - before.keys())
    if before == dict(variables):
        return
    path = state_path(prefix)
    text = json.dumps({**_load(prefix), _VARIABLES: dict(variables)}, ensure_ascii=False)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os_errors(prefix):
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)


def _load(prefix: Path) -> dict[str, object]:
    path = state_path(prefix)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BrokenRecordError(path, str(error), hint=_HINT) from error
    if not isinstance(content, dict):
        raise BrokenRecordError(path, "it is no JSON object", hint=_HINT)
    return content
