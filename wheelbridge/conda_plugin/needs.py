"""What wheelbridge needs beside conda, looked at before it is imported."""

import re
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from wheelbridge.errors import WheelbridgeError

_NEEDED = (0, 28)
_PINS_OLD = "conda-rattler-solver"


class RattlerTooOldError(WheelbridgeError):
    """The py-rattler in conda's own python is too old, or there is none that works."""

    code = "rattler-too-old"

    def __init__(self, found: str | None, reason: str = "") -> None:
        needed = ".".join(map(str, _NEEDED))
        there = f"{found} is installed" if found else "none is installed"
        there += f", which cannot be imported ({reason})" if reason else ""
        hint = f"Install py-rattler {needed} or newer where conda itself is installed, its base environment."
        if _is_there(_PINS_OLD):
            hint = (
                f"{_PINS_OLD} holds it back there. Install a release of it that takes py-rattler {needed}, or let pip "
                f"install py-rattler {needed} over it: --solver rattler breaks then, and libmamba, classic and "
                "wheelbridge remain. The wheelbridge command works in an environment of its own."
            )
        super().__init__(f"conda wheelbridge needs py-rattler {needed} or newer beside conda, and {there}", hint=hint)
        self.found = found


def require_rattler() -> None:
    """Make sure that py-rattler is there, new enough, and can be imported; an old one is not even tried.

    Raises:
        RattlerTooOldError: if it is not.
    """
    try:
        found = version("py-rattler")
    except PackageNotFoundError:
        raise RattlerTooOldError(None) from None
    if tuple(map(int, re.findall(r"\d+", found)[:2])) < _NEEDED:
        raise RattlerTooOldError(found)
    try:
        import_module("rattler")
    except ImportError as error:
        raise RattlerTooOldError(found, str(error)) from error


def _is_there(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True
