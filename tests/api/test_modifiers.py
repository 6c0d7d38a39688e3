"""conda's modifiers and pins in a real environment."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lifestage import Life, Shelf, start_life
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from wheelbridge.api.installing import prepare
from wheelbridge.api.life.modifiers import Modifiers
from wheelbridge.api.life.modifying import InstalledFrozenError
from wheelbridge.api.life.pins import InvalidPinnedSpecError, PinConflictError, load_pins
from wheelbridge.api.solving import Silent
from wheelbridge.api.specs import read_request
from wheelbridge.model.pin import Pin
from wheelbridge.solver.errors import UnsatisfiableError

HELD = "pip held it"


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Iterator[Life]:
    """An environment whose dependencies are older than they could be; each test asks for a plan of it."""
    folder = tmp_path_factory.mktemp("modifiers")
    shelf = Shelf(folder / "shelf")
    for version in ("1.0", "2.0"):
        shelf.conda("low", version)
        shelf.wheel("lib", version)
    shelf.conda("mid", "1.0", "low <2")
    shelf.conda("mid", "2.0", "low")
    shelf.conda("top", "1.0", "mid")
    shelf.conda("wants", "1.0", "low >=2")
    shelf.conda("stray", "1.0")
    shelf.conda("excludes", "1.0", constrains=["stray >=9"])
    shelf.conda("limits", "1.0", constrains=["low >=2"])
    shelf.wheel("app", "1.0", "lib>=1")
    shelf.wheel("newer", "1.0", "lib>=2")
    shelf.wheel("two_words", "1.0")
    with LoopbackIndex(shelf.wheels) as index:
        life = start_life(folder / "env", shelf, index, real_channel, folder / "cache")
        pins = (Pin("low <2", HELD), Pin("mid <2", HELD), Pin("lib <2", HELD))
        life.settings = replace(life.settings, pins=pins)
        life.create("python", "mid", "top", "pypi:app")
        assert life.versions == {"low": "1.0", "mid": "1.0", "top": "1.0", "lib": "1.0", "app": "1.0"}
        life.settings = replace(life.settings, pins=())
        yield life


def plan(life: Life, *specs: str, pins: tuple[Pin, ...] = (), **modifiers: object) -> dict[str, str]:
    """Return name -> version that *specs* lead to, of what changes."""
    settings = replace(life.settings, pins=pins, modifiers=Modifiers(**modifiers))  # type: ignore[arg-type] # passed on
    prepared = prepare(life.prefix, read_request(specs), settings, Silent(), create=False)
    return {record.name.normalized: str(record.version) for record in prepared.plan.to_link}


class TestUpdates:
    """conda: "The default solver behavior is to be as conservative as possible with dependency updates"."""

    def test_what_holds_a_named_package_moves_along(self, life: Life) -> None:
        """The newest of what is named comes first, although the solver would rather keep what was asked for earlier."""
        moves = life.plan_update("low").moves

        assert {move.name: move.new and move.new[0] for move in moves} == {"low": "2.0", "mid": "2.0"}

    def test_but_not_for_frozen(self, life: Life) -> None:
        """It is said what holds it."""
        update = life.plan_update("low", modifiers=Modifiers(freeze=True))

        assert update.moves == ()
        assert update.stays[0].reasons == ("mid 1.0 needs low <2",)


class TestFreeze:
    """conda: "Do not update or change already-installed dependencies."."""

    def test_without_it_dependencies_move(self, life: Life) -> None:
        """As they must."""
        assert plan(life, "wants") == {"wants": "1.0", "low": "2.0", "mid": "2.0"}

    @pytest.mark.parametrize("spec", ["wants", "pypi:newer"])
    def test_with_it_that_is_refused(self, life: Life, spec: str) -> None:
        """With the way out."""
        with pytest.raises(UnsatisfiableError) as caught:
            plan(life, spec, freeze=True)
        assert "--freeze-installed" in (caught.value.hint or "")

    def test_nothing_is_thrown_out_for_it(self, life: Life) -> None:
        """A solve gives way in what is there before it gives up; frozen packages are not given."""
        with pytest.raises((UnsatisfiableError, InstalledFrozenError)):
            plan(life, "limits", freeze=True)

    def test_what_nobody_asked_for_is_not_thrown_out_either(self, life: Life) -> None:
        """Without the option it goes, as ever; with it, it is named."""
        life.install("stray")
        history = life.prefix / "conda-meta" / "history"
        history.write_text(history.read_text().replace("# update specs: ['stray']\n", ""))

        assert plan(life, "excludes") == {"excludes": "1.0"}
        with pytest.raises(InstalledFrozenError, match="stray would have to go"):
            plan(life, "excludes", freeze=True)
        life.remove("stray")

    def test_what_is_named_may_move(self, life: Life) -> None:
        """By conda's name or by PyPI's."""
        assert plan(life, "pypi:lib>=2", freeze=True) == {"lib": "2.0"}
        assert plan(life, "wants", "low", "mid", freeze=True) == {"wants": "1.0", "low": "2.0", "mid": "2.0"}


class TestDependencies:
    """``--no-deps`` and ``--only-deps``."""

    def test_none(self, life: Life) -> None:
        """What is named comes alone, and nothing else changes."""
        assert plan(life, "wants", deps="none") == {"wants": "1.0"}
        assert plan(life, "pypi:newer", deps="none") == {"newer": "1.0"}

    def test_only(self, life: Life) -> None:
        """What is named does not come."""
        assert plan(life, "wants", deps="only") == {"low": "2.0", "mid": "2.0"}
        assert plan(life, "pypi:newer", deps="only") == {"lib": "2.0"}

    def test_what_is_there_and_named_stays(self, life: Life) -> None:
        """conda: "We can't be removing stuff here that's already in the environment."."""
        assert plan(life, "top", deps="only") == {}

    def test_a_named_package_that_another_needs_comes(self, life: Life) -> None:
        """conda: "It's important to remove only the *youngest* child nodes"."""
        assert plan(life, "wants", "low>=2", deps="only") == {"low": "2.0", "mid": "2.0"}

    def test_the_history_has_the_dependencies_as_asked_for(self, life: Life) -> None:
        """conda: "What should be recorded …? Probably all direct dependencies"."""
        settings = replace(life.settings, modifiers=Modifiers(deps="only"))
        prepared = prepare(life.prefix, read_request(["wants"]), settings, Silent(), create=False)

        assert [spec.name.normalized for spec in prepared.transaction.requested] == ["low"]


class TestPins:
    """conda: "pinned specs"."""

    @pytest.mark.parametrize(
        ("spec", "pin", "requested"),
        [
            pytest.param("low>=2", "low <2", "low>=2", id="of the same package"),
            pytest.param("pypi:lib>=2", "lib <2", 'lib[version=">=2dev0"]', id="of a wheel"),
            pytest.param("wants", "low <2", "wants", id="of a dependency"),
        ],
    )
    def test_a_contradiction_is_refused_with_both_named(self, life: Life, spec: str, pin: str, requested: str) -> None:
        """conda: SpecsConfigurationConflictError."""
        with pytest.raises(PinConflictError) as caught:
            plan(life, spec, pins=(Pin("top", "elsewhere"), Pin(pin, ".condarc")))

        assert caught.value.pins == [{"spec": pin, "place": ".condarc"}]
        assert caught.value.requested[0].partition("[")[0] == requested.partition("[")[0]
        assert pin in caught.value.message

    def test_a_pin_installs_nothing(self, life: Life) -> None:
        """And holds only what is there."""
        assert plan(life, "low", pins=(Pin("wants <9", "x"), Pin("low <2", "x"))) == {}

    def test_a_pin_that_names_no_package_is_told_of(self, life: Life) -> None:
        """A wheel has one name, and conda's specs know no other spelling of it."""
        pins = (Pin("Two_Words ==1.0", "here:1"), Pin("elsewhere ==1.0", "x"), Pin("App ==1.0", "x"))
        settings = replace(life.settings, pins=pins)

        prepared = prepare(life.prefix, read_request(["pypi:two-words"]), settings, Silent(), create=False)

        (said,) = (text for text in prepared.solution.notes if "holds nothing" in text)
        assert "'Two_Words ==1.0' (here:1)" in said
        assert "'two-words'" in said

    def test_what_contradicts_itself_is_no_matter_of_pins(self, life: Life) -> None:
        """Then the solver's own explanation is given."""
        with pytest.raises(UnsatisfiableError):
            plan(life, "low>=2", "low<2", pins=(Pin("lib <2", "x"),))

    def test_the_file_of_the_environment_is_read(self, life: Life) -> None:
        """With comments; ``--no-pin`` leaves it aside; a line that is none is named."""
        life.pin("", "# low must stay", " low <2")
        try:
            with pytest.raises(PinConflictError, match=r"'low <2' \(.*pinned:3\)"):
                plan(life, "low>=2")
            settings = replace(life.settings, modifiers=Modifiers(pins=False))
            free = prepare(life.prefix, read_request(["low>=2"]), settings, Silent(), create=False)
        finally:
            life.pin("low <<2")
        assert not free.plan.is_empty
        with pytest.raises(InvalidPinnedSpecError, match="pinned:1 pins 'low <<2'"):
            plan(life, "low")
        life.pin()


class TestReinstall:
    """conda: "Ensure that any user-requested package for the current operation is uninstalled and reinstalled"."""

    def test_damaged_files_come_back(self, life: Life) -> None:
        """Of a conda package and of a wheel, and of nothing that was not named."""
        data = life.prefix / "share" / "top" / "data"
        module = next(life.prefix.rglob("app.py"))
        other = life.prefix / "share" / "low" / "data"
        for path in (data, module, other):
            path.unlink()
        life.install("top", "pypi:app")
        assert not data.exists()

        life.install("top", "pypi:app", modifiers=Modifiers(reinstall=True))

        assert (data.read_text(), module.read_text()) == ("top 1.0", "VERSION = '1.0'\n")
        assert life.lost_files() == ["share/low/data"]
        life.install("low", modifiers=Modifiers(reinstall=True))
        assert life.lost_files() == []
        assert os.path.lexists(other)


def test_pins_are_read_by_line(tmp_path: Path) -> None:
    """A pin on any project of an index has no meaning for a record; nor has what only begins like one."""
    meta = tmp_path / "conda-meta"
    meta.mkdir()
    for line in ("pypi:rich <2", "rich <2 of all things"):
        (meta / "pinned").write_text(f"{line}\n")
        with pytest.raises(InvalidPinnedSpecError):
            load_pins(tmp_path)
    assert load_pins(tmp_path / "nowhere") == ()
