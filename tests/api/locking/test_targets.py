"""Targets of a lock: this machine, platforms by name, and facts of each."""

import pytest

from wheelbridge.api.locking.targets import TargetChoice, choose_targets, repeat_targets
from wheelbridge.environment.lock import Lock, LockedTarget
from wheelbridge.errors import UsageError
from wheelbridge.model.target import InvalidTargetError, Target, VirtualPackage
from wheelbridge.target.detect import assume_target, detect_target


class TestChoice:
    """``--platform`` and ``--virtual-package``."""

    def test_no_platform_is_this_machine(self) -> None:
        """It goes by its subdir."""
        subdir = detect_target().subdir

        assert choose_targets((), ["__cuda=12.8"]) == (TargetChoice(subdir, None, ("__cuda=12.8",)),)

    def test_facts_of_all_and_of_one(self) -> None:
        """A name before the colon says which one."""
        chosen = choose_targets(["linux-64", "osx-arm64"], ["__archspec=1=x", "linux-64:__cuda=12.8"])

        assert [one.facts for one in chosen] == [("__archspec=1=x", "__cuda=12.8"), ("__archspec=1=x",)]

    def test_two_targets_of_one_subdir_have_names(self) -> None:
        """With and without a GPU."""
        chosen = choose_targets(["cpu=linux-64", "gpu=linux-64"], ["gpu:__cuda=12.8"])

        assert [(one.name, one.platform, one.facts) for one in chosen] == [
            ("cpu", "linux-64", ()),
            ("gpu", "linux-64", ("__cuda=12.8",)),
        ]

    def test_a_platform_twice_is_one_target(self) -> None:
        """Saying it twice is no mistake."""
        assert len(choose_targets(["linux-64", "linux-64"])) == 1

    def test_two_targets_of_one_name_are_refused(self) -> None:
        """Nobody could tell them apart."""
        with pytest.raises(UsageError, match="'a'"):
            choose_targets(["a=linux-64", "a=osx-arm64"])

    @pytest.mark.parametrize("fact", ["win-64:__cuda=12.8", "__glibc=2.31", "osx-arm64:__glibc=2.31"])
    def test_a_fact_without_a_target_is_refused(self, fact: str) -> None:
        """Of a target that is not there, or of a system that cannot have it."""
        with pytest.raises(UsageError):
            choose_targets(["linux-64", "osx-arm64"], [fact])

    def test_a_fact_that_is_none_is_refused(self) -> None:
        """The text is in the message."""
        with pytest.raises(InvalidTargetError, match="cuda"):
            choose_targets(["linux-64"], ["cuda=12"])


class TestBaseline:
    """A platform by name is the same on every machine."""

    def test_this_platform_by_name_is_not_this_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What this machine has beyond the baseline is not in it; ``CONDA_OVERRIDE_*`` are."""
        subdir = "linux-64"
        monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.1")

        target = assume_target(subdir, ["__archspec=haswell", "__unix="])

        facts = {one.name: (one.version, one.build) for one in target.virtual_packages}
        assert facts == {
            "__archspec": ("1", "haswell"),
            "__cuda": ("12.1", "0"),
            "__glibc": ("2.28", "0"),
            "__linux": ("4.18", "0"),
        }


class TestRepeated:
    """The targets of an earlier lock, solved for once more."""

    def test_what_was_locked_stays_and_what_is_said_now_beats_it(self) -> None:
        """Facts of a file that came since are put over those of the lock."""
        before = assume_target("linux-64", ["__cuda=12.8"])
        (choice,) = repeat_targets(Lock(targets=(LockedTarget(name="gpu", target=before),)))

        assert (choice.name, choice.platform) == ("gpu", "linux-64")
        assert choice.settle(assume_target("linux-64")) == before
        moved = choice.settle(assume_target("linux-64", ["__glibc=2.39"]))
        assert moved.virtual_package("__glibc") == VirtualPackage("__glibc", "2.39")
        assert moved.virtual_package("__cuda") == VirtualPackage("__cuda", "12.8")

    def test_facts_are_of_the_targets_that_the_lock_has(self) -> None:
        """Of all of them, or of one by its name; none is left out for it, and an empty one goes."""
        targets = [
            LockedTarget(name="gpu", target=assume_target("linux-64", ["__cuda=12.8"])),
            LockedTarget(name="linux-64", target=assume_target("linux-64", ["__glibc=2.39"])),
        ]
        choices = repeat_targets(Lock(targets=tuple(targets)), ["__glibc=2.28", "gpu:__cuda="])
        gpu, plain = (choice.settle(assume_target("linux-64", choice.facts)) for choice in choices)

        assert [choice.name for choice in choices] == ["gpu", "linux-64"]
        assert gpu.virtual_package("__cuda") is None
        assert plain.virtual_package("__glibc") == VirtualPackage("__glibc", "2.28")
        with pytest.raises(UsageError, match="the targets are: gpu, linux-64"):
            repeat_targets(Lock(targets=tuple(targets)), ["osx-arm64:__cuda=12"])

    def test_a_target_that_is_described_anew_is_as_described(self) -> None:
        """There is nothing to repeat."""
        target = Target(subdir="linux-64")

        assert TargetChoice("linux-64", "linux-64").settle(target) is target
