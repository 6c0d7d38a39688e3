"""The life of an environment as a state machine: real transactions by chance, and a real pip that interferes."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    precondition,
    rule,
    run_state_machine_as_test,
)
from packaging.version import Version
from rattler import MatchSpec

from tests.lifemachine import FOREIGN, UNSOLVED, LifeMachine, World, lasting
from tests.lifestage import Shelf
from tests.lifeworld import CONDA_SPECS, MAPS, PINS, REQUIREMENTS, Pip, fill
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from tests.realconda import NAMED, conda_command
from wheelbridge.api.checks.adopting import adopt, prepare_adoption, prepare_replacement
from wheelbridge.api.checks.checking import check_environment
from wheelbridge.api.checks.fixing import mend, plan_mending
from wheelbridge.api.exporting.describing import describe_environment
from wheelbridge.api.installing import Prepared, carry_out, prepare
from wheelbridge.api.life.modifiers import Modifiers
from wheelbridge.api.locking.asked import Asked
from wheelbridge.api.locking.making import make_lock
from wheelbridge.api.solving import Silent
from wheelbridge.api.specs import read_request
from wheelbridge.api.syncing.syncing import carry_out_sync, prepare_sync
from wheelbridge.configuration.values import COMMAND_LINE
from wheelbridge.environment.lock import Lock
from wheelbridge.environment.locks.files import LockFormat, read_lock, render_lock
from wheelbridge.installer.reporter import Reporter
from wheelbridge.model.source import Route

EXAMPLES = int(os.environ.get("WHEELBRIDGE_TEST_LIVES", "0"))
"""How many lives a long run has; 0: a short one, the same each time."""
SHORT, STEPS = 5, 12

NUMBER = st.integers(0, 30)
SPECS = st.lists(st.sampled_from(CONDA_SPECS), min_size=1, max_size=2, unique=True)
WHEELS = st.lists(st.sampled_from(REQUIREMENTS), min_size=1, max_size=2, unique=True)
HOW = st.sampled_from([Modifiers(), Modifiers(), Modifiers(freeze=True), Modifiers(reinstall=True)])


class Lives(LifeMachine):
    """Every command may come after every other one; between them, whatever pip does."""

    # What is installed

    @rule(specs=SPECS, how=HOW)
    def install_conda(self, specs: list[str], how: Modifiers) -> None:
        """Packages of a channel."""
        self._install("install conda", specs, how)

    @rule(requirements=WHEELS, how=HOW)
    def install_wheels(self, requirements: list[str], how: Modifiers) -> None:
        """Projects of an index."""
        self._install("install wheels", [f"pypi:{one}" for one in requirements], how)

    @rule(specs=SPECS, requirements=WHEELS)
    def install_both(self, specs: list[str], requirements: list[str]) -> None:
        """Both in one solve."""
        self._install("install both", [*specs, *(f"pypi:{one}" for one in requirements)], Modifiers())

    @rule(project=st.sampled_from(["proj", "duo"]), kind=st.sampled_from(["channel", "index"]))
    def flip(self, project: str, kind: str) -> None:
        """A project becomes a wheel, or a conda package; it is routed there from now on."""
        names = tuple(source.name for source in self.life.settings.sources if source.kind == kind)
        others = tuple(one for one in self.life.settings.routes if one.pattern != project)
        route = Route(pattern=project, sources=names, origin=COMMAND_LINE)
        self.life.settings = replace(self.life.settings, routes=(route, *others))
        if self._install("flip", [f"pypi:{project}"], Modifiers()):
            assert self.audit.meta[MAPS[project]]["fn"].endswith(".whl") == (kind == "index")

    def _install(self, rule_name: str, specs: list[str], how: Modifiers) -> bool:
        before = self.audit.builds
        allowed = UNSOLVED | ({"pin-conflict"} if self.pinned else set())
        allowed |= {"installed-frozen"} if how.freeze else set()
        prepared = self.attempt(rule_name, lambda: self.life.install(*specs, modifiers=how), allowed)
        if prepared is None:
            return False
        self.solved()
        after = self.audit
        for spec in prepared.solution.specs:
            assert MatchSpec(spec).matches(self.record_of(MatchSpec(spec).name.normalized or "")), spec
        if how.freeze:
            asked = {MatchSpec(spec).name.normalized for spec in prepared.solution.specs}
            assert {one for one in before if one.rsplit("-", 2)[0] not in asked} <= after.builds
        again = prepare(self.prefix, read_request(specs), self.life.settings, Silent(), create=False)
        assert again.plan.is_empty, "the same command once more has something to do"
        return True

    # What moves

    @rule(numbers=st.lists(NUMBER, min_size=1, max_size=2), how=HOW)
    def update_named(self, numbers: list[int], how: Modifiers) -> None:
        """What is named moves to newer versions, or stays."""
        names = sorted({self.choose(number) for number in numbers})
        old = self.life.versions
        allowed = UNSOLVED | ({"pin-conflict"} if self.pinned else set())
        how = replace(how, reinstall=False)
        if self.attempt("update named", lambda: self.life.update(*names, modifiers=how), allowed):
            self.solved()
            lower = [one for one in names if one in old and Version(self.life.versions[one]) < Version(old[one])]
            assert not lower or self.pinned

    @rule()
    def update_all(self) -> None:
        """All moves; and once more, nothing does."""
        allowed = UNSOLVED | ({"pin-conflict"} if self.pinned else set())
        if self.attempt("update all", lambda: self.life.update(everything=True), allowed):
            self.solved()
            assert self.life.plan_update(everything=True).prepared.plan.is_empty

    @precondition(lambda self: len(self.past) > 2)
    @rule(line=st.sampled_from(["", *PINS]))
    def pin(self, line: str) -> None:
        """A pin is written, or taken away; what is there already it does not move."""
        self.life.pin(line)
        self.forget()
        self.pinned = line
        self.count("pin")

    @rule(numbers=st.lists(NUMBER, min_size=1, max_size=2))
    def remove(self, numbers: list[int]) -> None:
        """With what depends on it; python stays."""
        names = {self.choose(number) for number in numbers} - {"python"}

        def act() -> bool:
            self.life.remove(*names)
            return True

        if not names:
            return
        self.attempt("remove", act, frozenset())
        if not names & self.audit.meta.keys():
            self.remember()
        else:
            assert self.is_dirty or self.mixed, "what was removed is still there"

    @precondition(lambda self: len(self.past) > 1)
    @rule(number=NUMBER)
    def go_back(self, number: int) -> None:
        """Packages, requests and files are those of the revision."""
        number %= len(self.past)
        then = self.past[number]
        allowed = frozenset() if then.files is not None else FOREIGN
        if self.attempt("revision", lambda: self.life.go_back(number), allowed) is None:
            return
        now = self.audit
        self.sound = then.sound
        assert (now.builds, now.told.requested) == (then.builds, then.requested)
        if then.files is not None and not self.is_dirty and not self.mixed:
            assert lasting(now.files) == lasting(then.files)
        self.remember()

    # What another tool does

    @rule(
        requirements=st.lists(st.sampled_from([one for one in REQUIREMENTS if one != "clash"]), min_size=1, max_size=2),
        options=st.sets(st.sampled_from(["--upgrade", "--force-reinstall", "--no-deps"]), max_size=2),
    )
    def pip_install(self, requirements: list[str], options: set[str]) -> None:
        """Something new, or in the place of what is there."""
        self.interfere("pip install", lambda: self.world.pip.install(self.prefix, *sorted(options), *requirements))

    @rule(number=NUMBER)
    def pip_uninstall(self, number: int) -> None:
        """Of ours or of its own, whatever needs it."""
        if names := sorted(self.audit.projects.values()):
            name = names[number % len(names)]
            self.interfere("pip uninstall", lambda: self.world.pip(self.prefix, "uninstall", "-y", name))

    @precondition(lambda self: not self.is_dirty)
    @rule(number=NUMBER)
    def lose_file(self, number: int) -> None:
        """A file of a package is deleted."""
        paths = sorted(path for path, names in self.audit.owners.items() if names != ["python"])
        if paths and (self.prefix / (path := paths[number % len(paths)])).exists():
            self.interfere(
                "lose file", lambda: (int(bool((self.prefix / path).rename(self.prefix.parent / "lost"))), "")
            )

    # What mends

    @rule()
    def fix(self) -> None:
        """Once mended, there is nothing left that could be."""
        findings = check_environment(self.prefix)
        mending = plan_mending(findings)
        if mending.is_empty:
            return
        failed = self.attempt(
            "fix", lambda: mend(self.prefix, mending, self.life.settings, Reporter()), FOREIGN, gone=mending.removed
        )
        if failed is None:
            return
        self.look_again()
        names = {failure.package for failure in failed}
        left = [one for one in check_environment(self.prefix) if one.repair and one.repair.subject not in names]
        assert left == []
        self.remember()

    @precondition(lambda self: self.foreign)
    @rule(every=st.booleans(), number=NUMBER)
    def adopt(self, every: bool, number: int) -> None:
        """What pip put there is known from now on."""
        names = [] if every else [self.stranger(number)]
        adoptions = self.attempt(
            "adopt", lambda: prepare_adoption(self.prefix, names, self.life.settings), {"not-adoptable"}
        )
        if adoptions is None:
            return
        adopt(self.prefix, adoptions)
        self.forget()
        self.mixed = True
        assert not {*self.audit.strangers} & {one.distribution.project for one in adoptions.taken}
        self.look_again()
        self.remember()

    @precondition(lambda self: self.foreign)
    @rule(every=st.booleans(), number=NUMBER)
    def replace_foreign(self, every: bool, number: int) -> None:
        """What pip put there gives way to what a solve gives."""
        names = [] if every else [self.stranger(number)]
        projects = names or self.audit.strangers

        def act() -> Prepared:
            prepared = prepare_replacement(self.prefix, names, self.life.settings, Silent())
            carry_out(prepared, self.life.settings, Reporter())
            return prepared

        allowed = UNSOLVED | FOREIGN | ({"pin-conflict"} if self.pinned else set())
        if self.attempt("adopt --replace", act, allowed, replaced=projects):
            assert not {*self.audit.strangers} & {*projects}
            self.solved()

    # What is written down

    @rule(specs=SPECS, requirements=WHEELS, form=st.sampled_from(["pixi", "pylock"]))
    def relock(self, specs: list[str], requirements: list[str], form: LockFormat) -> None:
        """Lock, sync, export: the environment is the lock, and says so byte for byte."""
        request = read_request(["python", *specs, *(f"pypi:{one}" for one in requirements)])
        asked = Asked(name=self.life.settings.target.subdir, request=request, settings=self.life.settings)
        made = self.attempt("lock", lambda: make_lock([asked], self.prefix.parent, Silent()), UNSOLVED)
        if made is None:
            return
        file = self.prefix.with_suffix(".lock") / {"pixi": "pixi.lock", "pylock": "pylock.toml"}[form]
        file.parent.mkdir(exist_ok=True)
        file.write_text(render_lock(made.lock, form, file.parent), encoding="utf-8")
        lock = read_lock(file)
        strangers = self.audit.strangers  # what no record has goes, too: sync makes it exactly the lock
        done = self.attempt("sync", lambda: self.sync_with(lock, self.prefix), {"file-conflict"}, replaced=strangers)
        if done is None:
            return
        assert render_lock(describe_environment(self.prefix).lock, form, file.parent) == file.read_text("utf-8")
        self.solved(pins=False)

    def sync_with(self, lock: Lock, prefix: Path) -> bool:
        """Make the environment what a lock says."""
        carry_out_sync(prepare_sync(prefix, lock, self.life.settings.target, self.reach), Reporter())
        return True


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Iterator[World]:
    """Channel, index and caches, made once."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "lives").mkdir()
    shelf = Shelf(folder / "shelf")
    fill(shelf)
    with LoopbackIndex(shelf.wheels) as index:
        yield World(folder, shelf, index, real_channel, Pip(folder / "pip", shelf.folder))


def live(world: World, conda: Sequence[str] = ()) -> Counter[str]:
    """Run the machine; say what was done, and return it."""
    before = Counter(world.done)
    Lives.world, Lives.conda = world, conda
    quiet = settings(
        max_examples=EXAMPLES or SHORT,
        stateful_step_count=20 if EXAMPLES else STEPS,
        deadline=None,
        derandomize=not EXAMPLES,
        database=None,
        print_blob=False,
        phases=[Phase.generate],  # a life is short enough to read, and to shrink one takes many
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Lives, settings=quiet)
    finally:
        print("\n" + "\n".join(f"{count:6} {what}" for what, count in sorted(world.done.items())))
    return world.done - before


def test_a_life(world: World) -> None:
    """After every step, whatever was before, the environment is what its records, its history and pip say."""
    done = live(world)

    assert done["lives"] == done["create"] >= SHORT
    assert done["remove"] + done["revision"] + done["flip"] > 0, "nothing happened in them"


@pytest.mark.conda
@pytest.mark.skipif(NAMED is None, reason="WHEELBRIDGE_TEST_CONDA names no conda; it was not asked what is there")
def test_a_life_as_conda_sees_it(world: World) -> None:
    """At its end, ``conda list`` has the same packages."""
    done = live(world, conda_command())

    assert done["lives"] >= SHORT
    assert done["conda list"] > 0, "conda was never asked: pip interfered at every end"
