"""How long to wait for servers, and how often to ask again."""

import os
import re
from dataclasses import dataclass

from wheelbridge.errors import UsageError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient to be: *backoff* and the timeouts in seconds, the wait doubling with each of *total* retries.

    *connect* is for a connection to be made; None: *timeout*.
    """

    total: int = 3
    backoff: float = 0.25
    timeout: float = 30.0
    connect: float | None = None

    @property
    def timeouts(self) -> tuple[float, float]:
        """Both timeouts, as `requests` takes them."""
        return (self.timeout if self.connect is None else self.connect), self.timeout


def read_policy() -> RetryPolicy:
    """Return what the environment says: ``WHEELBRIDGE_HTTP_RETRIES``, ``…_TIMEOUT`` and ``…_CONNECT_TIMEOUT``.

    Raises:
        UsageError: if one is no number, or below zero.
    """
    given = RetryPolicy()
    total, timeout = _number("RETRIES"), _number("TIMEOUT")
    return RetryPolicy(
        total=given.total if total is None else int(total),
        timeout=timeout or given.timeout,
        connect=_number("CONNECT_TIMEOUT") or None,
    )


def _number(what: str) -> float | None:
    text = os.environ.get(name := f"WHEELBRIDGE_HTTP_{what}", "").strip()
    if text and re.fullmatch(r"\d+(\.\d*)?", text) is None:
        raise UsageError(f"{name} is {text!r}, which is no number", hint="Write it like 3; timeouts are in seconds.")
    return float(text) if text else None
