"""How an environment is changed: conda's modifiers of a solve, as values."""

from dataclasses import dataclass
from typing import Literal

Deps = Literal["all", "none", "only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifiers:
    """What a user says of a change beside what is asked for; each word is conda's.

    Attributes:
        freeze: conda, ``--freeze-installed``: "Do not update or change already-installed dependencies."
        deps: ``none``: conda, ``--no-deps``: "Do not install, update, remove, or change dependencies. This WILL lead to
            broken environments and inconsistent behavior."; ``only``: ``--only-deps``: "Only install dependencies."
        reinstall: conda, ``--force-reinstall``: what is asked for is linked anew, even if it is there already.
        pins: False: conda, ``--no-pin``: "Ignore pinned file", and ``pinned_packages``.
    """

    freeze: bool = False
    deps: Deps = "all"
    reinstall: bool = False
    pins: bool = True
