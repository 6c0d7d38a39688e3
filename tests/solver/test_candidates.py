from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelbridge.model.distribution import DistributionFile, ProjectPage
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.solver.candidates import Offer

LINUX = Target(subdir="linux-64", virtual_packages=(VirtualPackage("__glibc", "2.36"),))
CUTOFF = datetime(2026, 1, 31, tzinfo=UTC)
EARLY, LATE = CUTOFF - timedelta(seconds=1), CUTOFF + timedelta(seconds=1)
ALL = 1000
MANY = "manylinux_2_17_x86_64"


def wheel(stem: str, *, yanked: str | None = None, uploaded: datetime | None = EARLY) -> DistributionFile:
    """Make a file of a page: ``1.0`` is a pure wheel of that version, ``1.0-cp312-…`` has these tags."""
    filename = f"foo-{stem}{'' if '-' in stem else '-py3-none-any'}.whl"
    return DistributionFile(
        filename=filename, url=f"https://host.example/{filename}", yanked=yanked, upload_time=uploaded
    )


def make_offer(
    files: Sequence[DistributionFile],
    *,
    cutoff: datetime | None = None,
    pythons: Sequence[tuple[int, int]] = ((3, 12),),
    target: Target = LINUX,
) -> Offer:
    """Make the offer of a page with *files*."""
    return Offer(ProjectPage(NormalizedName("foo"), tuple(files)), target, pythons, cutoff)


def select(offer: Offer, *specifiers: str, window: int = ALL) -> list[str]:
    """Return the versions that are offered, as texts."""
    return [str(version) for version in offer.select(map(SpecifierSet, specifiers or ("",)), window)]


def chosen(offer: Offer, version: str) -> set[str]:
    """Return the tags of the wheels that are offered of one version."""
    candidates = offer.candidates(Version(version))
    return {candidate.file.filename.removeprefix(f"foo-{version}-").removesuffix(".whl") for candidate in candidates}


def refused(offer: Offer) -> dict[str, str]:
    """Return file name, shortened -> code."""
    return {fn.removeprefix("foo-").removesuffix("-py3-none-any.whl"): r.code for fn, r in offer.refused.items()}


class TestCutoff:
    """PEP 700: ``upload-time`` is optional; what has none cannot be shown to be old enough."""

    @pytest.mark.parametrize(
        ("uploaded", "cutoff", "code"),
        [
            pytest.param(EARLY, CUTOFF, None, id="earlier"),
            pytest.param(CUTOFF, CUTOFF, None, id="in that moment"),
            pytest.param(LATE, CUTOFF, "too-new", id="later"),
            pytest.param(None, CUTOFF, "no-upload-time", id="not told"),
            pytest.param(LATE, None, None, id="later, and nobody asked"),
            pytest.param(None, None, None, id="not told, and nobody asked"),
        ],
    )
    def test_what_is_too_new_is_refused(
        self, uploaded: datetime | None, cutoff: datetime | None, code: str | None
    ) -> None:
        """An older version takes its place, and the refusal says why."""
        offer = make_offer([wheel("1.0"), wheel("2.0", uploaded=uploaded)], cutoff=cutoff)

        assert select(offer, window=1) == (["1.0"] if code else ["2.0"])
        assert refused(offer) == ({"2.0": code} if code else {})

    def test_each_file_has_its_own_time(self) -> None:
        """A wheel added to a release later is left out, the release is not."""
        offer = make_offer([wheel("1.0"), wheel(f"1.0-cp312-cp312-{MANY}", uploaded=LATE)], cutoff=CUTOFF)

        assert chosen(offer, "1.0") == {"py3-none-any"}


class TestPep592:
    """PEP 592: installers "MUST ignore yanked releases, if the selection constraints can be satisfied" otherwise."""

    @pytest.mark.parametrize(
        ("specifier", "versions"),
        [
            pytest.param("", ["1.0"], id="anything"),
            pytest.param(">=2", [], id="nothing else fits"),
            pytest.param("==2.0", ["2.0"], id="pinned"),
            pytest.param("===2.0", ["2.0"], id="pinned as a text"),
            pytest.param("==2.0,>=1", ["2.0"], id="pinned among others"),
            pytest.param("==2.*", [], id="a prefix is no pin"),
            pytest.param("~=2.0", [], id="compatible is no pin"),
        ],
    )
    def test_a_yanked_release_is_for_a_pin(self, specifier: str, versions: list[str]) -> None:
        """Only ``==`` or ``===`` of the very version takes it."""
        assert select(make_offer([wheel("1.0"), wheel("2.0", yanked="broken")]), specifier) == versions

    def test_the_reason_is_passed_on(self) -> None:
        """With the reason of the index where there is one."""
        offer = make_offer([wheel("1.0", yanked=""), wheel("2.0", yanked="broken")])

        assert select(offer) == []
        assert {r.fn: (r.code, r.reason) for r in offer.refused.values()} == {
            "foo-1.0-py3-none-any.whl": ("yanked", "yanked"),
            "foo-2.0-py3-none-any.whl": ("yanked", "yanked: broken"),
        }

    @pytest.mark.parametrize("specifier", ["", "==1.0"])
    def test_of_a_release_yanked_in_part_the_rest_stays(self, specifier: str) -> None:
        """Some indexes yank single files; then a pin does not bring them back."""
        offer = make_offer([wheel("1.0"), wheel(f"1.0-cp312-cp312-{MANY}", yanked="miscompiled")])

        assert select(offer, specifier) == ["1.0"]
        assert chosen(offer, "1.0") == {"py3-none-any"}
        assert refused(offer) == {f"1.0-cp312-cp312-{MANY}.whl": "yanked"}

    def test_one_pin_does_not_speak_for_others(self) -> None:
        """Of two who ask, only the one with the pin gets it."""
        offer = make_offer([wheel("1.0"), wheel("2.0", yanked=""), wheel("3.0", yanked="")])

        assert select(offer, ">=1", "==2.0") == ["2.0", "1.0"]


class TestPep440:
    """PEP 440: pre-releases are "implicitly excluded", unless asked for or "the only available version"."""

    @pytest.mark.parametrize(
        ("specifier", "versions"),
        [
            pytest.param("", ["2.0", "1.0"], id="anything"),
            pytest.param(">=1", ["2.0", "1.0"], id="a bound"),
            pytest.param(">=3.0a1", ["3.0rc1"], id="named in the bound"),
            pytest.param("==3.0rc1", ["3.0rc1"], id="pinned"),
            pytest.param(">2.0", ["3.0rc1"], id="nothing else fits"),
            pytest.param("<1", [], id="nothing fits"),
            pytest.param("!=2.0", ["1.0"], id="another release fits"),
        ],
    )
    def test_pre_releases_are_for_those_who_ask(self, specifier: str, versions: list[str]) -> None:
        """As packaging filters."""
        assert select(make_offer([wheel("1.0"), wheel("3.0rc1"), wheel("2.0")]), specifier) == versions

    def test_the_newest_come_first_whatever_the_page(self) -> None:
        """Versions are compared as versions, not as texts."""
        offer = make_offer([wheel(version) for version in ("1.9", "1.10", "1.0.post1", "1.2")])

        assert select(offer) == ["1.10", "1.9", "1.2", "1.0.post1"]


class TestWindow:
    """The window says how many versions to offer for each specifier."""

    FILES = tuple(wheel(f"{minor}.0") for minor in range(1, 7))

    @pytest.mark.parametrize(
        ("specifiers", "window", "versions", "exhausted"),
        [
            pytest.param(("",), 1, ["6.0"], False, id="the newest"),
            pytest.param(("<4",), 2, ["3.0", "2.0"], False, id="the newest that fit"),
            pytest.param(("<4", ">5"), 1, ["6.0", "3.0"], False, id="for each specifier"),
            pytest.param(("<3",), 2, ["2.0", "1.0"], True, id="just all"),
            pytest.param(("<3",), 3, ["2.0", "1.0"], True, id="more than all"),
            pytest.param(("==1.0",), 1, ["1.0"], True, id="a pin"),
            pytest.param(("==1.0", ""), 1, ["6.0", "1.0"], False, id="a pin beside another"),
            pytest.param(("==1.0", "==6.0"), 1, ["6.0", "1.0"], True, id="two pins"),
            pytest.param((">9",), 1, [], True, id="nothing"),
        ],
    )
    def test_it_is_for_each_specifier(
        self,
        specifiers: tuple[str, ...],
        window: int,
        versions: list[str],
        exhausted: bool,
    ) -> None:
        """And it is exhausted when a wider one would show nothing more."""
        offer = make_offer(self.FILES)

        assert select(offer, *specifiers, window=window) == versions
        assert offer.exhausted(map(SpecifierSet, specifiers), window) is exhausted

    def test_versions_without_a_usable_wheel_do_not_count(self) -> None:
        """The window looks past them, and tells of each why."""
        files = [wheel("3.0-py3-none-win_amd64"), wheel("2.0", uploaded=LATE), wheel("1.0")]
        offer = make_offer(files, cutoff=CUTOFF)

        assert select(offer, window=1) == ["1.0"]
        assert refused(offer) == {"3.0-py3-none-win_amd64.whl": "other-platform", "2.0": "too-new"}
        assert offer.exhausted([SpecifierSet()], 1)

    def test_what_nobody_looks_at_is_not_judged(self) -> None:
        """Pages have thousands of files."""
        offer = make_offer([wheel("2.0"), wheel("1.0-py3-none-win_amd64")])

        assert select(offer, window=1) == ["2.0"]
        assert offer.refused == {}


class TestBest:
    """Of one version, for every python with and without the GIL, the wheel that an installer would take."""

    @pytest.mark.parametrize(
        ("tags", "pythons", "best"),
        [
            pytest.param(["py3-none-any", f"cp312-cp312-{MANY}"], ["3.12"], {f"cp312-cp312-{MANY}"}, id="specific"),
            pytest.param(
                [f"cp312-cp312-{MANY}", "cp312-cp312-manylinux_2_28_x86_64"],
                ["3.12"],
                {"cp312-cp312-manylinux_2_28_x86_64"},
                id="newer glibc",
            ),
            pytest.param([f"cp38-abi3-{MANY}", f"cp310-abi3-{MANY}"], ["3.12"], {f"cp310-abi3-{MANY}"}, id="abi3"),
            pytest.param(
                [f"cp38-abi3-{MANY}", f"cp312-cp312-{MANY}"],
                ["3.11", "3.12"],
                {f"cp38-abi3-{MANY}", f"cp312-cp312-{MANY}"},
                id="each python its own",
            ),
            pytest.param(
                [f"cp38-abi3-{MANY}", f"cp312-cp312-{MANY}"],
                ["3.12"],
                {f"cp312-cp312-{MANY}"},
                id="but pythons that cannot occur",
            ),
            pytest.param(
                ["py3-none-any", f"cp313-cp313t-{MANY}"],
                ["3.13"],
                {"py3-none-any", f"cp313-cp313t-{MANY}"},
                id="free-threaded beside the GIL",
            ),
            pytest.param(
                [f"cp313-cp313-{MANY}", f"cp313-cp313t-{MANY}", "py3-none-any"],
                ["3.13"],
                {f"cp313-cp313-{MANY}", f"cp313-cp313t-{MANY}"},
                id="both builds",
            ),
            pytest.param([f"cp312-cp312-{MANY}"], ["3.11"], set(), id="no python for it"),
            pytest.param(["1-py3-none-any", "py3-none-any"], ["3.12"], {"1-py3-none-any"}, id="build tag"),
            pytest.param(["9-py3-none-any", "10-py3-none-any"], ["3.12"], {"10-py3-none-any"}, id="build number"),
            pytest.param(["1-py3-none-any", "1a-py3-none-any"], ["3.12"], {"1a-py3-none-any"}, id="build letter"),
            pytest.param(["py3-none-any", "py312-none-any"], ["3.12"], {"py312-none-any"}, id="newer language"),
            pytest.param(["py2-none-any", "py2.py3-none-any"], ["3.12"], {"py2.py3-none-any"}, id="py2"),
        ],
    )
    @pytest.mark.parametrize("step", [1, -1], ids=["in order", "reversed"])
    def test_the_best_is_offered(self, tags: list[str], pythons: list[str], best: set[str], step: int) -> None:
        """Whatever the order of the page."""
        releases = [Version(text) for text in pythons]
        offer = make_offer(
            [wheel(f"1.0-{tag}") for tag in tags[::step]], pythons=[(v.major, v.minor) for v in releases]
        )

        assert chosen(offer, "1.0") == best

    def test_the_page_may_say_which_python(self) -> None:
        """PEP 503: ``data-requires-python`` excludes a file without a look at its metadata."""
        offer = make_offer([wheel("1.0"), replace(wheel("2.0"), requires_python=">=3.13")])

        assert select(offer) == ["1.0"]


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        pytest.param("py3-none-win_amd64", "other-platform", id="windows"),
        pytest.param("cp312-cp312-macosx_11_0_arm64", "other-platform", id="macos"),
        pytest.param("cp312-cp312-manylinux_2_17_aarch64", "other-platform", id="arm"),
        pytest.param("cp312-cp312-musllinux_1_2_x86_64", "incompatible-tag", id="musl"),
        pytest.param("pp310-pypy310_pp73-manylinux_2_17_x86_64", "incompatible-tag", id="pypy"),
        pytest.param("cp312-cp312-manylinux_2_40_x86_64", "platform-too-old", id="newer glibc"),
        pytest.param("py2-none", "invalid-wheel-name", id="no name of a wheel"),
    ],
)
def test_what_cannot_run_is_refused_with_a_code(tags: str, code: str) -> None:
    """The code is for programs; the reason names what is wrong."""
    offer = make_offer([wheel(f"1.0-{tags}")])

    assert select(offer) == []
    assert refused(offer) == {f"1.0-{tags}.whl": code}
    assert all(refusal.reason for refusal in offer.refused.values())


@pytest.mark.parametrize(
    ("filenames", "only_sdists", "versions"),
    [
        pytest.param(["foo-1.0.tar.gz", "foo-2.0.zip"], True, [], id="source distributions"),
        pytest.param(["foo-1.0.tar.gz", "foo-1.0-py3-none-any.whl"], False, ["1.0"], id="both"),
        pytest.param([], False, [], id="no files"),
    ],
)
def test_source_distributions_are_known(filenames: list[str], only_sdists: bool, versions: list[str]) -> None:
    """To say that there is no wheel is better than to say that there is nothing."""
    offer = make_offer([DistributionFile(filename=name, url=f"https://host.example/{name}") for name in filenames])

    assert select(offer) == versions
    assert offer.only_sdists is only_sdists
