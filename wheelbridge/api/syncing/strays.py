"""Where an environment is not what its records say: files that are gone, and what pip put there or took away."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from wheelbridge.api.checks.findings import Environment
from wheelbridge.api.life.displaced import Displacements
from wheelbridge.installer.distributions import Distribution
from wheelbridge.installer.synced import was_elsewhere
from wheelbridge.installer.unmanaged import unmanaged

_COMPILED = ".pyc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strays:
    """What a lock puts right, though records say nothing of it; the contents of files are not looked at.

    Attributes:
        broken: names of the lock's packages that lack files, or that another tool replaced or took away; all, where the
            environment was *moved*.
        foreign: distributions that no record has and whose files are known: the lock does not have them, so they go.
        unknown: those that nothing lists the files of, so that nobody can remove them.
        moved: the environment was made at another place, which its files name.
    """

    broken: frozenset[str] = frozenset()
    foreign: tuple[Distribution, ...] = ()
    unknown: tuple[Distribution, ...] = ()
    moved: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know."""
        goes = (f"{one} goes: {one.installer or 'another tool'} put it there, not the lock" for one in self.foreign)
        stays = (f"{one} stays, which the lock does not have: nothing lists its files" for one in self.unknown)
        mended = f"Linked anew, as they are not there as their records say: {', '.join(sorted(self.broken))}"
        moved = "The environment was made at another place, which its scripts name: all is linked anew"
        return (*((moved if self.moved else mended,) if self.broken else ()), *goes, *stays)


def find_strays(prefix: Path, names: Collection[str]) -> Strays:
    """Return where the environment at *prefix* is not what its records say; *names* are the lock's packages."""
    environment = Environment(prefix)
    listed = environment.listed
    there = [record.name.normalized for record in environment.records]
    lacking = frozenset(name for name in there if any(_is_gone(prefix, path) for path in listed[name]))
    found, moved = unmanaged(environment.distributions), was_elsewhere(prefix)
    return Strays(
        broken=frozenset(names if moved else (lacking | Displacements(environment).names) & frozenset(names)),
        foreign=tuple(one for one in found if one.is_complete),
        unknown=tuple(one for one in found if not one.is_complete),
        moved=moved,
    )


def _is_gone(prefix: Path, path: str) -> bool:
    return not path.endswith(_COMPILED) and not os.path.lexists(prefix / path)
