"""What must hold of an environment after every step of a life by chance, and how a step is taken."""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar

import hypothesis.strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
)
from rattler import MatchSpec, PrefixRecord

from tests.lifeaudit import Audit
from tests.lifestage import Life, Shelf, start_life
from tests.lifeworld import CONDA_SPECS, REQUIREMENTS, Pip
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from wheelbridge.api.checks.checking import check_environment
from wheelbridge.api.exporting.describing import describe_environment
from wheelbridge.api.syncing.packages import Reach
from wheelbridge.api.syncing.syncing import prepare_sync
from wheelbridge.configuration.levels import Levels
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.listing import load_records

T = TypeVar("T")
UNSOLVED = frozenset({"unsatisfiable", "file-conflict"})
"""What a request may be refused for: the world has versions that exclude each other, and wheels with the same file."""
FOREIGN = frozenset({"unmanaged-distribution", "missing-wheel", "packages-unavailable", "file-conflict"})
"""What may stand in the way once pip was here."""


@dataclass(frozen=True)
class World:
    """What all lives share."""

    folder: Path
    shelf: Shelf
    index: LoopbackIndex
    real: RealChannel
    pip: Pip
    done: Counter[str] = field(default_factory=Counter)

    def begin(self) -> Life:
        """Return the place of a new life."""
        self.done["lives"] += 1
        prefix = self.folder / "lives" / str(self.done["lives"])
        return start_life(prefix, self.shelf, self.index, self.real, self.folder / "cache")


@dataclass(frozen=True)
class Memory:
    """What an environment was after a revision; *files* where it was all ours, *sound* if nothing was amiss."""

    builds: frozenset[str]
    requested: dict[str, str]
    files: dict[str, str] | None
    sound: bool


class LifeMachine(RuleBasedStateMachine):
    """An environment, what it was after each revision, and what must hold after every step."""

    world: ClassVar[World]
    conda: ClassVar[Sequence[str]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.life = self.world.begin()
        self.prefix = self.life.prefix
        self.touched: set[str] = set()  # packages whose files another tool changed
        self.foreign = False  # whether there is a distribution that no record has
        self.sound = True  # whether all requirements and requests are met
        self.mixed = False  # whether a package may have other files than its archive
        self.past: list[Memory] = []
        self.pinned = ""
        self._seen: Audit | None = None

    @initialize(specs=st.lists(st.sampled_from([*CONDA_SPECS, *(f"pypi:{one}" for one in REQUIREMENTS)]), max_size=2))
    def create(self, specs: list[str]) -> None:
        """Make it, with python in any case."""
        if self.attempt("create", lambda: self.life.create("python", *specs), UNSOLVED) is None:
            self.life.create("python")
        self.remember()

    # What holds always

    @invariant()
    def records_are_true(self) -> None:
        """What nobody but us touched is on disk, hash for hash."""
        spoiled = {(path, name) for path, name in self.audit.spoiled if name not in self.touched}
        assert spoiled == set()

    @invariant()
    def nothing_is_nobodys(self) -> None:
        """Every file has one owner, or owners that bring the same; what we removed leaves nothing behind."""
        audit = self.audit
        assert (audit.orphans, audit.shared) == ([], {})
        if not self.is_dirty:
            assert (audit.remains, audit.doubles) == ([], [])

    @invariant()
    def the_history_is_true(self) -> None:
        """Its last state is ``conda-meta``, and nothing is asked for that is not there."""
        audit = self.audit
        if audit.meta:
            assert audit.told.states[-1] == audit.builds
            assert audit.told.requested.keys() <= audit.meta.keys()

    @invariant()
    def it_is_sound(self) -> None:
        """By our own check and by pip's, where nobody interfered."""
        if self.is_dirty or not self.past:
            return
        findings = check_environment(self.prefix)
        if self.sound:
            assert findings == ()
            assert self.audit.unmet == []
        known = {"unmet-requirement", "unmet-dependency", "violated-constraint", "unfulfilled-request"}
        assert {one.code for one in findings} <= known

    @invariant()
    def it_can_be_told(self) -> None:
        """As a lock, it is what it is: to sync with that is to do nothing."""
        described = describe_environment(self.prefix) if self.past else None
        if described and not self.is_dirty and not described.inexact:
            prepared = prepare_sync(self.prefix, described.lock, self.life.settings.target, self.reach)
            assert prepared.plan.is_empty
            assert not prepared.transaction.removed

    def teardown(self) -> None:
        """The end: a clone is the same; pip and conda agree."""
        try:
            if self.past and not self.is_dirty:
                self._look_at_the_end()
        finally:
            shutil.rmtree(self.prefix, ignore_errors=True)

    def _look_at_the_end(self) -> None:
        if self.sound:
            code, said = self.world.pip(self.prefix, "check")
            assert code == 0, said
        if self.conda:
            listed = json.loads(_run(*self.conda, "list", "-p", str(self.prefix), "--json"))
            self.count("conda list")
            assert {f"{one['name']}-{one['version']}-{one['build_string']}" for one in listed} == self.audit.builds
        if not self.mixed:
            copy = self.prefix.with_name(f"{self.prefix.name}-copy")
            self.life.clone(copy)
            assert plain(Audit(copy)) == plain(self.audit)
            shutil.rmtree(copy)

    # How it is done

    @property
    def audit(self) -> Audit:
        """What the last change left."""
        self._seen = self._seen or Audit(self.prefix)
        return self._seen

    @property
    def is_dirty(self) -> bool:
        """Whether another tool was here, and left its traces."""
        return self.foreign or bool(self.touched)

    @property
    def reach(self) -> Reach:
        """How a lock reaches its files."""
        return Reach(caches=self.life.settings.caches, levels=Levels())

    def attempt(
        self,
        rule_name: str,
        action: Callable[[], T],
        allowed: frozenset[str] | set[str],
        *,
        replaced: list[str] | None = None,
        gone: tuple[str, ...] = (),
    ) -> T | None:
        """Run a command: refused for a reason that is *allowed*, it changes nothing; done, it spares what is pip's."""
        before = self.audit
        state = before.state if self.past else {}
        spared = before.foreign if state else {}
        self._seen = None
        refused, done = "", None
        try:
            done = action()
        except WheelbridgeError as error:
            refused = error.code
        if refused:
            assert refused in allowed | (FOREIGN if self.is_dirty or self.mixed else set()), (rule_name, refused)
            assert (self.audit.state if state else {}) == state, f"{refused} changed something"
            self.count(f"{rule_name}: {refused}")
            return None
        self.count(rule_name)
        after = self.audit.files
        for folder, files in spared.items():
            if before.projects[folder] not in (replaced or ()):
                kept = {path: digest for path, digest in files.items() if not path.startswith(gone or "\0")}
                assert kept == {path: after.get(path) for path in kept}, f"{folder} was damaged"
        return done

    def interfere(self, rule_name: str, action: Callable[[], tuple[int, str]]) -> None:
        """Let another tool do something, and see whose files it touched."""
        before = self.audit
        _, said = action()
        self._seen = None
        assert "Traceback" not in said, said
        after = self.audit
        changed = {path for path in before.owners if before.files.get(path) != after.files.get(path)}
        self.touched |= {name for path in changed for name in before.owners[path]}
        self.count(rule_name if before.files != after.files else f"{rule_name}, in vain")
        self.look_again()
        self.sound = False

    def solved(self, *, pins: bool = True) -> None:
        """Take note of an environment that was solved whole."""
        self.look_again()
        self.sound = not self.is_dirty
        if pins and self.pinned and not self.is_dirty:
            (name,) = (MatchSpec(self.pinned).name.normalized,)
            assert name not in self.audit.meta or MatchSpec(self.pinned).matches(self.record_of(str(name)))
        self.remember()

    def look_again(self) -> None:
        """See what is left of an interference."""
        audit = self.audit
        self.foreign = bool(audit.foreign)
        spoiled = {name for _, name in audit.spoiled}
        self.touched &= spoiled

    def remember(self) -> None:
        """Write down what the environment is after its last revision."""
        audit = self.audit
        if self.past and not self.is_dirty and not self.sound:
            self.sound = not audit.unmet and check_environment(self.prefix) == ()
        clean = not self.is_dirty and not self.mixed
        memory = Memory(audit.builds, audit.told.requested, audit.files if clean else None, self.sound)
        assert len(self.past) <= len(audit.told.states) <= len(self.past) + 1
        self.past[len(audit.told.states) - 1 :] = [memory]

    def record_of(self, name: str) -> PrefixRecord:
        """Return the record of a package."""
        return next(one for one in load_records(self.prefix) if one.name.normalized == name)

    def choose(self, number: int) -> str:
        """Return the name of an installed package."""
        names = sorted(self.audit.meta)
        return names[number % len(names)]

    def stranger(self, number: int) -> str:
        """Return a project that no record has."""
        names = self.audit.strangers
        return names[number % len(names)]

    def forget(self) -> None:
        """Look anew: something was changed."""
        self._seen = None

    def count(self, what: str) -> None:
        """Count what was done."""
        self.world.done[what] += 1


def lasting(files: dict[str, str]) -> dict[str, str]:
    """Leave out what tells whether a wheel was asked for when it was linked."""
    return {path: digest for path, digest in files.items() if not path.endswith(("/REQUESTED", ".dist-info/RECORD"))}


def plain(audit: Audit) -> tuple[frozenset[str], set[str], dict[str, str]]:
    """Return what a clone has in common with its original; files that name the prefix have other contents."""
    return audit.builds, set(lasting(audit.files)), audit.told.requested


def _run(*command: str) -> str:
    alone = {key: value for key, value in os.environ.items() if not key.startswith(("CONDA", "PYTHON"))}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=alone).stdout
