"""Updates of a real environment: what moves, what stays, and what is said of what stays."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.condapackages import index_channel
from tests.lifestage import Life, Shelf, start_life
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from wheelbridge.api.life.modifiers import Modifiers
from wheelbridge.api.removing import NotInstalledError
from wheelbridge.api.sources import read_sources
from wheelbridge.errors import UsageError

START = ("python", "base<2", "tool=1", "held=1", "keeper", "pypi:app", "pypi:lib==1.0", "pypi:other==1.0")


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Iterator[Life]:
    """An environment whose packages have newer versions; a test that changes it puts it back."""
    folder = tmp_path_factory.mktemp("update")
    shelf = Shelf(folder / "shelf")
    shelf.conda("base", "1.0")
    shelf.conda("base", "1.5")
    shelf.conda("base", "2.0")
    shelf.conda("tool", "1.0", "base <2")
    shelf.conda("tool", "2.0", "base >=1")
    shelf.conda("held", "1.0")
    shelf.conda("held", "2.0")
    shelf.conda("keeper", "1.0", "held <2")
    shelf.wheel("app", "1.0", "lib>=1")
    for version in ("1.0", "1.1", "2.0"):
        shelf.wheel("lib", version)
    shelf.wheel("binder", "1.0", "loose<2; python_version > '3'")
    for version in ("1.0", "2.0"):
        shelf.wheel("loose", version)
    shelf.wheel("other", "1.0")
    shelf.wheel("other", "2.0", "lib>=1.1")
    with LoopbackIndex(shelf.wheels) as index:
        life = start_life(folder / "env", shelf, index, real_channel, folder / "cache")
        life.create(*START)
        assert life.versions == {
            "base": "1.5", "tool": "1.0", "held": "1.0", "keeper": "1.0", "app": "1.0", "lib": "1.0", "other": "1.0"
        }  # fmt: skip
        yield life


def moved(life: Life, *names: str, **options: object) -> dict[str, str | None]:
    """Return name -> the version that an update of *names* leads to, of what moves."""
    update = life.plan_update(*names, **options)  # type: ignore[arg-type] # each option is passed on as it is
    return {move.name: move.new[0] if move.new else None for move in update.moves}


def test_a_wheel_goes_to_the_newest(life: Life) -> None:
    """Whatever version was asked for before, as in conda; nothing else moves."""
    assert moved(life, "lib") == {"lib": "2.0"}


def test_a_project_by_any_spelling(life: Life) -> None:
    """PyPI's name says the same as conda's."""
    assert moved(life, "pypi:Lib") == {"lib": "2.0"}


def test_a_wheel_keeps_its_name(life: Life, tmp_path: Path) -> None:
    """A channel that comes to have a package of its name changes neither what it is called nor what it is."""
    stranger = Shelf(tmp_path)
    stranger.conda("lib", "99.0")
    index_channel(stranger.channel)
    (channel,) = (one for one in read_sources([("channel", stranger.channel.as_uri())]) if one.kind == "channel")
    later = Life(life.prefix, replace(life.settings, sources=(channel, *life.settings.sources)))

    assert moved(later, "lib") == {"lib": "2.0"}
    assert moved(later, everything=True) == {"base": "2.0", "tool": "2.0", "lib": "2.0", "other": "2.0"}


def test_all_but_what_no_source_offers(life: Life) -> None:
    """Wheels of an index that is not among the sources stay, and that is said; the rest moves."""
    channels = tuple(source for source in life.settings.sources if source.kind == "channel")
    update = Life(life.prefix, replace(life.settings, sources=channels)).plan_update(everything=True)

    assert {move.name for move in update.moves} == {"base", "tool"}
    assert "lib stays as it is: its index is not among the sources." in update.prepared.solution.notes


def test_a_dependency_moves_where_it_must(life: Life) -> None:
    """The newest of what is named comes first, and brings along what it needs."""
    assert moved(life, "other") == {"other": "2.0", "lib": "2.0"}


def test_what_stands_in_the_way_moves_along(life: Life) -> None:
    """conda: what holds the named package back is let go, where something newer of it fits."""
    assert moved(life, "base", "tool") == {"base": "2.0", "tool": "2.0"}


def test_what_is_held_says_by_whom(life: Life) -> None:
    """A package that needs the old version is named with its spec, and with the version that there would be."""
    update = life.plan_update("held")
    (stay,) = update.stays

    assert update.moves == ()
    assert (stay.name, stay.version, stay.newest) == ("held", "1.0", "2.0")
    assert stay.reasons == ("keeper 1.0 needs held <2",)


def test_a_wheel_that_holds_is_quoted(life: Life) -> None:
    """As its METADATA has it, not as the solver read it."""
    life.install("pypi:binder")
    (stay,) = life.plan_update("loose").stays
    life.remove("binder")

    assert stay.reasons == ("binder 1.0 needs loose<2",)
    assert "loose" not in life.versions


def test_what_is_the_newest_says_so(life: Life) -> None:
    """There is nothing to hold it."""
    (stay,) = life.plan_update("app").stays

    assert stay.newest is None
    assert stay.reasons == ("no source offers a newer version that this machine can run",)


def test_a_pin_holds_and_is_named(life: Life) -> None:
    """With the line that states it; without pins it moves."""
    life.pin("# as long as the project needs it", "lib <1.1")
    try:
        (stay,) = life.plan_update("lib").stays
        free = moved(life, "lib", modifiers=Modifiers(pins=False))
    finally:
        life.pin()

    assert stay.reasons == (f"pinned: lib <1.1 ({life.prefix / 'conda-meta' / 'pinned'}:2)",)
    assert free == {"lib": "2.0"}


def test_a_dependency_that_is_pinned_is_named(life: Life) -> None:
    """The newer version needs what a pin does not allow."""
    life.pin("lib <1.1")
    try:
        (stay,) = life.plan_update("other").stays
    finally:
        life.pin()

    assert stay.newest == "2.0"
    assert any(reason.startswith("other 2.0 needs lib") and "pinned: lib <1.1" in reason for reason in stay.reasons)


def test_frozen_dependencies_do_not_move(life: Life) -> None:
    """``--freeze-installed`` holds all but what is named, and says so."""
    frozen = Modifiers(freeze=True)
    update = life.plan_update("other", modifiers=frozen)

    assert update.moves == ()
    assert any("--freeze-installed holds lib 1.0" in reason for reason in update.stays[0].reasons)
    assert moved(life, "lib", modifiers=frozen) == {"lib": "2.0"}


def test_without_dependencies_the_named_one_moves_alone(life: Life) -> None:
    """``--no-deps`` puts it in although it needs more."""
    assert moved(life, "other", modifiers=Modifiers(deps="none")) == {"other": "2.0"}


def test_everything_moves_but_python(life: Life) -> None:
    """Earlier bounds do not hold, as in conda; what other packages need does."""
    assert moved(life, everything=True) == {"base": "2.0", "tool": "2.0", "lib": "2.0", "other": "2.0"}


def test_earlier_bounds_that_were_left_are_let_go_of_aloud(life: Life) -> None:
    """A note names each, so that a pin can be made of it."""
    notes = life.plan_update(everything=True).prepared.solution.notes

    told = [note for note in notes if note.endswith("was asked for earlier; it is let go of.")]
    assert [note.partition("[")[0] for note in told] == ["base", "tool", "lib", "other"]


@pytest.mark.parametrize(
    ("names", "options", "told"),
    [
        pytest.param((), {}, "Nothing to update", id="nothing"),
        pytest.param(("lib>1",), {}, "not the name of a package", id="a version"),
        pytest.param(
            (), {"everything": True, "modifiers": Modifiers(freeze=True)}, "--all moves everything", id="both"
        ),
    ],
)
def test_what_has_no_meaning(life: Life, names: tuple[str, ...], options: dict[str, object], told: str) -> None:
    """Versions are for install, and contradictions for nobody."""
    with pytest.raises(UsageError, match=told):
        life.plan_update(*names, **options)  # type: ignore[arg-type] # each option is passed on as it is


def test_what_is_not_there(life: Life) -> None:
    """conda: PackageNotInstalledError."""
    with pytest.raises(NotInstalledError):
        life.plan_update("nonesuch")


def test_it_is_done_and_recorded(life: Life) -> None:
    """The history has the name without its earlier bound, and the module is the new one."""
    life.update("lib")

    assert life.versions["lib"] == "2.0"
    assert life.requested["lib"] == "lib"
    assert life.requested["base"].replace(" ", "") != "base"
    life.install("pypi:lib==1.0")
    assert life.versions["lib"] == "1.0"
