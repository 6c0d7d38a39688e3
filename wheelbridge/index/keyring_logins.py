"""Logins of the keyring, an optional extra: asked where somebody is there to answer it."""

import logging
import os
import sys
from collections.abc import Iterable
from threading import Lock

SWITCH = "WHEELBRIDGE_KEYRING"
"""``0``: it is never asked; ``1``: it is asked although nobody may be there."""
_log = logging.getLogger(__name__)
_Answer = tuple[str, str] | None


class Keyring:
    """The keyring of this process, asked once for each service and user: each time it may want to be unlocked."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[tuple[str, str | None], _Answer] = {}
        self._is_broken = False

    def find(self, services: Iterable[str], user: str | None) -> _Answer:
        """Return user and password for the first of *services* that it knows; whoever comes meanwhile waits."""
        with self._lock:
            for service in services:
                key = (service, user)
                if key not in self._answers:
                    self._answers[key] = self._ask(service, user)
                if (found := self._answers[key]) is not None:
                    return found
        return None

    def _ask(self, service: str, user: str | None) -> _Answer:
        if self._is_broken or not _may_be_asked():
            return None
        try:
            import keyring  # noqa: PLC0415 - an optional extra, slow to import
        except ImportError:
            return None
        try:
            found = keyring.get_credential(service, user)
        except Exception as error:  # noqa: BLE001 - a backend may raise anything, and the text may hold anything
            _log.warning("The keyring cannot be used (%s)", type(error).__name__)
            self._is_broken = True
            return None
        return (found.username or user or "", found.password) if found and found.password is not None else None


_keyring = Keyring()


def keyring_login(services: Iterable[str], user: str | None) -> tuple[str, str] | None:
    """Return user and password that the keyring has for one of *services*: URLs and hosts, as pip and uv ask it.

    It is left alone where nobody can answer what it may ask, unless `SWITCH` says otherwise.
    """
    return _keyring.find(services, user)


def _may_be_asked() -> bool:
    if switch := os.environ.get(SWITCH):
        return switch != "0"
    try:
        return sys.stdin.isatty() and not os.environ.get("CI")
    except (AttributeError, ValueError):  # it was closed
        return False
