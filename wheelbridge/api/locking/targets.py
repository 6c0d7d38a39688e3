"""Which targets a lock is for: this machine, or platforms by name, each with facts of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from wheelbridge.environment.lock import Lock
from wheelbridge.errors import UsageError
from wheelbridge.model.target import Target
from wheelbridge.target.detect import assume_target, detect_target, parse_virtual_package

_SYSTEMS = {"__glibc": "linux", "__linux": "linux", "__musl": "linux", "__osx": "osx", "__win": "win"}
"""Virtual packages that only one system has."""


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """A target to lock for.

    Attributes:
        name: what people call it.
        platform: its subdir; None: this machine.
        facts: virtual packages, as ``--virtual-package`` takes them.
        repeated: the target as an earlier lock has it; None where it is described anew.
    """

    name: str
    platform: str | None
    facts: tuple[str, ...] = ()
    repeated: Target | None = None

    def settle(self, described: Target) -> Target:
        """Return the target, of which *described* is what the platform and its facts, those of files too, make it.

        Of a repeated target, what is said now is put over what the earlier lock has.
        """
        if self.repeated is None:
            return described
        baseline = assume_target(described.subdir).virtual_packages
        beyond = (fact for fact in described.virtual_packages if fact not in baseline)
        made = self.repeated.override((*beyond, *map(parse_virtual_package, self.facts)))
        return replace(made, virtual_packages=tuple(one for one in made.virtual_packages if one.version))


def choose_targets(platforms: Sequence[str], facts: Iterable[str] = ()) -> tuple[TargetChoice, ...]:
    """Return the targets that *platforms* name, in order; this machine, where none is named.

    Args:
        platforms: ``SUBDIR``, or ``NAME=SUBDIR`` where several targets share a subdir.
        facts: ``__name=version`` for all targets, ``PLATFORM:__name=version`` for one, by its name.

    >>> choose_targets(["linux-64", "gpu=linux-64"], ["gpu:__cuda=12.8"])[1]
    TargetChoice(name='gpu', platform='linux-64', facts=('__cuda=12.8',), repeated=None)

    Raises:
        UsageError: if a name is given twice, or a fact is of a target that nobody named, or that cannot have it.
        InvalidTargetError: if a fact cannot be read.
    """
    named = _named_platforms(platforms)
    shared, own = _sort_facts(facts, named)
    if not named:
        return (TargetChoice(detect_target().subdir, None, shared),)
    return tuple(TargetChoice(name, subdir, (*shared, *own[name])) for name, subdir in named.items())


def repeat_targets(lock: Lock, facts: Iterable[str] = ()) -> tuple[TargetChoice, ...]:
    """Return the targets of *lock*, to be solved for once more; *facts*, as `choose_targets` takes them, beat theirs.

    Raises:
        UsageError: if a fact is of a target that the lock does not have, or that cannot have it.
        InvalidTargetError: if a fact cannot be read.
    """
    shared, own = _sort_facts(facts, {one.name: one.target.subdir for one in lock.targets})
    return tuple(
        TargetChoice(one.name, one.target.subdir, (*shared, *own[one.name]), repeated=one.target)
        for one in lock.targets
    )


def _sort_facts(facts: Iterable[str], named: Mapping[str, str]) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """Return the facts of all targets, and those of each; *named* has the subdir of each target."""
    shared: list[str] = []
    own: dict[str, list[str]] = {name: [] for name in named}
    for text in facts:
        name, fact = _split_fact(text)
        about = parse_virtual_package(fact).name
        if name is not None and name not in own:
            there = ", ".join(own) or "this machine alone, which has no name"
            raise UsageError(f"{text!r} is about {name}, and the targets are: {there}", hint=f"Add --platform {name}.")
        _check_system(about, [named[name]] if name else named.values(), text)
        (shared if name is None else own[name]).append(fact)
    return tuple(shared), own


def _named_platforms(platforms: Iterable[str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for text in platforms:
        name, _, subdir = text.rpartition("=")
        name = name or subdir
        if named.get(name, subdir) != subdir:
            hint = "Give every target a name of its own, as in --platform gpu=linux-64."
            raise UsageError(f"Two targets are called {name!r}", hint=hint)
        named[name] = subdir
    return named


def _check_system(fact: str, subdirs: Iterable[str], text: str) -> None:
    """Refuse a fact that a target cannot have, such as a glibc of macOS."""
    system = _SYSTEMS.get(fact)
    for subdir in subdirs:
        if system and not subdir.startswith(f"{system}-"):
            hint = f"Say which target it is about, as in --virtual-package {system}-64:{fact}=…"
            raise UsageError(f"{text!r} cannot be of {subdir}: only {system} has {fact}", hint=hint)


def _split_fact(text: str) -> tuple[str | None, str]:
    """Split ``PLATFORM:__name=version``."""
    name, separator, fact = text.partition(":")
    return (name, fact) if separator and fact.startswith("__") else (None, text)
