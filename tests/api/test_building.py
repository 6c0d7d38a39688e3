"""The parts of a build, one by one: activation, archives, projects, the store of what was built."""

import os
import random
import tarfile
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.buildmaker import Project, pack
from tests.installer.wheelmaker import make_wheel
from wheelbridge.api.building import sdists
from wheelbridge.api.building.activation import activated_variables
from wheelbridge.api.building.environments import Wishes
from wheelbridge.api.building.errors import BuildFailedError, InvalidProjectError, InvalidSdistError
from wheelbridge.api.building.project import read_project
from wheelbridge.api.building.sdists import unpack_sdist
from wheelbridge.api.building.store import BuiltWheels, describe_wheel
from wheelbridge.api.external.project_file import UnreadableProjectError
from wheelbridge.api.places import Caches
from wheelbridge.api.solving import Settings
from wheelbridge.errors import UsageError
from wheelbridge.model.attestation import AttestationPolicy
from wheelbridge.model.distribution import BuiltDistribution, DistributionFile, ProjectPage
from wheelbridge.model.source import Source
from wheelbridge.model.target import Target
from wheelbridge.solver.builds import MOST_BUILT, Builds
from wheelbridge.solver.candidates import Offer
from wheelbridge.target.detect import detect_target

_PKG_INFO = "Metadata-Version: 2.1\nName: {}\nVersion: {}\n"
posix_only = pytest.mark.skipif(os.name == "nt", reason="the scripts of these packages are for a POSIX shell")


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """An environment with room for scripts of activation."""
    folder = tmp_path / "env"
    (folder / "conda-meta").mkdir(parents=True)
    (folder / "etc/conda/activate.d").mkdir(parents=True)
    return folder


def script(prefix: Path, text: str) -> None:
    """Add a script of activation."""
    (prefix / "etc/conda/activate.d/one.sh").write_text(text)


@posix_only
class TestActivation:
    """The variables of an activated environment."""

    def test_scripts_of_packages_set_variables(self, prefix: Path) -> None:
        """Compilers of conda set CC and the flags so; values with several lines are values, too."""
        script(prefix, 'echo "I am here"\nexport CC="$CONDA_PREFIX/bin/cc"\nexport FLAGS="a\nB=b"\n')

        found = activated_variables(prefix)

        assert (found["CC"], found["FLAGS"]) == (f"{prefix}/bin/cc", "a\nB=b")
        assert "B" not in found
        assert found["PATH"].split(os.pathsep)[0] == str(prefix / "bin")
        assert found["CONDA_PREFIX"] == str(prefix)

    def test_the_caller_stays_outside(self, prefix: Path) -> None:
        """Neither logins nor what leads Python, pip or a compiler get into a build."""
        names = (
            "PYTHONPATH",
            "PIP_INDEX_URL",
            "UV_INDEX",
            "CFLAGS",
            "LD_LIBRARY_PATH",
            "WHEELBRIDGE_SOURCE_A_PASSWORD",
        )
        caller = dict.fromkeys(names, "leaks") | {"PATH": f"/other/bin{os.pathsep}/usr/bin{os.pathsep}/bin"}
        caller |= {"VIRTUAL_ENV": "/other", "HOME": "/home/me", "SOURCE_DATE_EPOCH": "1"}
        caller |= {"LC_SECRET": "secret", "LC_CTYPE": "C.UTF-8"}

        found = activated_variables(prefix, caller)

        assert "leaks" not in found.values()
        assert "secret" not in found.values()
        assert "/other/bin" not in found["PATH"]
        assert (found["HOME"], found["SOURCE_DATE_EPOCH"], found["PYTHONNOUSERSITE"]) == ("/home/me", "1", "1")
        assert found["LC_CTYPE"] == "C.UTF-8"

    def test_a_script_that_ends_the_shell_is_an_error(self, prefix: Path) -> None:
        """Without its variables, a build would be another build."""
        script(prefix, "echo no licence >&2\nexit 3\n")

        with pytest.raises(BuildFailedError) as caught:
            activated_variables(prefix)
        assert caught.value.output == ["no licence"]


def tar_member(
    name: str, *, link: str | None = None, hard: bool = False, headers: dict[str, str] | None = None
) -> bytes:
    """Make an archive with a project, and one more member."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo("greet-1.0/PKG-INFO")
        text = _PKG_INFO.format("greet", "1.0").encode()
        info.size = len(text)
        tar.addfile(info, BytesIO(text))
        member = tarfile.TarInfo(name)
        member.pax_headers = headers or {}
        if link is not None:
            member.type, member.linkname = tarfile.LNKTYPE if hard else tarfile.SYMTYPE, link
        tar.addfile(member, BytesIO())
    return buffer.getvalue()


class TestSdists:
    """Source distribution format: what is unpacked stays in its folder, and is what its name says."""

    def test_a_good_one_is_unpacked(self, tmp_path: Path) -> None:
        """The folder at its top is the project; names are compared as normalized ones."""
        archive = pack(
            tmp_path / "Greet_It-1.0.tar.gz", {"greet_it-1.0/PKG-INFO": _PKG_INFO.format("greet.it", "1.0.0")}
        )

        assert unpack_sdist(archive, tmp_path / "out") == tmp_path / "out" / "greet_it-1.0"

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(tar_member("../evil"), id="a-parent"),
            pytest.param(tar_member("/evil"), id="absolute-is-another-top"),
            pytest.param(tar_member("greet-1.0/out", link="../../../evil"), id="a-link-outside"),
            pytest.param(tar_member("other/file"), id="two-at-the-top"),
            pytest.param(b"no archive", id="no-archive"),
            pytest.param(tar_member("x", headers={"path": "greet-1.0/a\0b"}), id="a-name-with-nul"),
            pytest.param(tar_member("greet-1.0/x", headers={"mtime": "1e30"}), id="a-time-that-no-clock-shows"),
            pytest.param(tar_member("greet-1.0/x", link="greet-1.0/none", hard=True), id="a-link-to-nothing"),
        ],
    )
    def test_a_bad_tar_is_refused(self, tmp_path: Path, content: bytes) -> None:
        """Nothing is written outside the folder."""
        archive = tmp_path / "in" / "greet-1.0.tar.gz"
        archive.parent.mkdir()
        archive.write_bytes(content)

        with pytest.raises(InvalidSdistError):
            unpack_sdist(archive, tmp_path / "a" / "b" / "out")
        assert [path for path in tmp_path.rglob("evil*") if "out" not in path.parts] == []

    @pytest.mark.parametrize("suffix", [".tar.gz", ".zip"])
    def test_one_that_fills_the_disk_is_refused(
        self, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What becomes larger than sources do is there for nothing else; it is not even begun."""
        monkeypatch.setattr(sdists, "_LARGE", 2**20)
        files = {"greet-1.0/PKG-INFO": _PKG_INFO.format("greet", "1.0"), "greet-1.0/zeros": "0" * (2**20 + 1)}
        archive = tmp_path / f"greet-1.0{suffix}"
        if suffix == ".zip":
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
                for name, text in files.items():
                    packed.writestr(name, text)
        else:
            pack(archive, files)

        with pytest.raises(InvalidSdistError) as caught:
            unpack_sdist(archive, tmp_path / "out")
        assert caught.value.reason.startswith("it unpacks to more than 1048576 bytes")
        assert not (tmp_path / "out/greet-1.0/zeros").exists()

    def test_large_sources_are_no_bomb(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is large, and is not made of zeros, is unpacked."""
        monkeypatch.setattr(sdists, "_LARGE", 2**10)
        text = "".join(random.Random(1).choices("abcdefgh \n", k=2**15))
        files = {"greet-1.0/PKG-INFO": _PKG_INFO.format("greet", "1.0"), "greet-1.0/text": text}

        place = unpack_sdist(pack(tmp_path / "greet-1.0.tar.gz", files), tmp_path / "out")

        assert (place / "text").stat().st_size == 2**15

    @pytest.mark.parametrize("member", ["../evil", "/evil", "greet-1.0/../../evil", "a\\..\\evil", "c:evil"])
    def test_a_bad_zip_is_refused(self, tmp_path: Path, member: str) -> None:
        """A zip archive is held to the same."""
        archive = tmp_path / "greet-1.0.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("greet-1.0/PKG-INFO", _PKG_INFO.format("greet", "1.0"))
            packed.writestr(member, "")

        with pytest.raises(InvalidSdistError):
            unpack_sdist(archive, tmp_path / "a" / "out")
        assert list(tmp_path.rglob("evil*")) == []

    @pytest.mark.parametrize(
        "files",
        [
            pytest.param({"greet-1.0/PKG-INFO": _PKG_INFO.format("other", "1.0")}, id="another-name"),
            pytest.param({"greet-1.0/PKG-INFO": _PKG_INFO.format("greet", "2.0")}, id="another-version"),
            pytest.param({"greet-1.0/setup.py": ""}, id="no-metadata"),
            pytest.param({"greet-1.0/PKG-INFO": "Name\n"}, id="unreadable-metadata"),
        ],
    )
    def test_one_of_another_release_is_refused(self, tmp_path: Path, files: dict[str, str]) -> None:
        """PKG-INFO has the name and the version of the file."""
        with pytest.raises(InvalidSdistError):
            unpack_sdist(pack(tmp_path / "greet-1.0.tar.gz", files), tmp_path / "out")


class TestProjects:
    """PEP 517 and 518: what a source tree needs to be built."""

    def test_without_a_pyproject_setuptools_builds_it(self, tmp_path: Path) -> None:
        """PEP 517: "tools should revert to the legacy behaviour of running ``setup.py``"."""
        (tmp_path / "setup.py").write_text("")

        project = read_project(tmp_path, "greet")

        assert (project.name, project.requires_python) == ("greet", None)
        assert [text.split()[0] for text in project.requires] == ["setuptools"]

    def test_what_it_says_is_read(self, tmp_path: Path) -> None:
        """Requirements, pythons and the external table; the file may be named itself."""
        (tmp_path / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["b", "a>=1"]\nbuild-backend = "a"\n'
            '[project]\nname = "Greet"\nrequires-python = ">=3.11"\n'
            '[external]\nhost-requires = ["dep:generic/zlib"]\n'
        )

        project = read_project(tmp_path / "pyproject.toml")

        assert (project.name, project.requires, project.requires_python) == ("Greet", ("a>=1", "b"), ">=3.11")
        assert [str(one) for one in project.external.requires["host"]] == ["dep:generic/zlib"]

    @pytest.mark.parametrize(
        "text",
        [
            "[build-system]\n",
            '[build-system]\nrequires = "a"\n',
            None,
            '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = [".."]\n',
            '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["/"]\n',
        ],
    )
    def test_what_breaks_a_rule_is_refused(self, tmp_path: Path, text: str | None) -> None:
        """PEP 518: ``requires`` is mandatory, and a list. PEP 517: a backend's path leads "inside the source tree"."""
        if text is not None:
            (tmp_path / "pyproject.toml").write_text(text)

        with pytest.raises(InvalidProjectError):
            read_project(tmp_path)

    @pytest.mark.parametrize("place", ["nowhere", "nowhere/pyproject.toml"])
    def test_what_is_not_there_is_said_as_of_any_project_file(self, tmp_path: Path, place: str) -> None:
        """It is the same mistake for all commands that read one; standard input is no way out here."""
        with pytest.raises(UnreadableProjectError) as caught:
            read_project(tmp_path / place)

        assert (caught.value.place, "No such file" in caught.value.reason) == (str(tmp_path / place), True)
        assert caught.value.hint == "Name a pyproject.toml, or the folder it is in."

    @pytest.mark.parametrize(("place", "why"), [("p.toml", "this is another file"), ("-", "standard input has none")])
    def test_what_has_no_folder_of_its_own_cannot_be_built(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, why: str
    ) -> None:
        """A backend reads the pyproject.toml of the folder it is run in, whatever file was named."""
        (tmp_path / "p.toml").write_text("[build-system]\nrequires = []\n")
        monkeypatch.chdir(tmp_path)

        with pytest.raises(InvalidProjectError, match=why):
            read_project(Path(place))


class TestWishes:
    """``--python``."""

    @pytest.mark.parametrize(
        "text",
        ["3.12", "=3.12", "3.12.*", "3.12*", ">=3.11,<3.13", " >= 3.11, < 3.13 ", "3.11|3.12", "~=3.11", "3.14.0rc1"],
    )
    def test_a_version_spec_is_taken(self, text: str) -> None:
        """As conda writes them."""
        assert Wishes(python=text).python == text

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "abc",
            "_abi",
            "python=3.11",
            "3.12 *_cp312",
            "3.12[build=x]",
            "3.12,",
            "=abc",
            "-3",
            "3.12|x",
            "=>3",
        ],
    )
    def test_anything_else_is_no_name_of_another_package(self, text: str) -> None:
        """Glued to "python", it would ask for a project of a stranger, or for nothing."""
        with pytest.raises(UsageError, match="--python") as caught:
            Wishes(python=text)
        assert "3.12" in str(caught.value.hint)


class TestRefusals:
    """What is not built at all, whatever the solve asks for; nothing is fetched or unpacked for it."""

    @staticmethod
    def build(folder: Path, project: str, policy: AttestationPolicy | None = None) -> None:
        """Build pygreet 1.0 as if the page of *project* had it, out of a source that must meet *policy*."""
        archive = Project(marker=folder / "ran").pack(folder / "index")
        source = Source("corp", "index", (folder / "index").as_uri(), 0, attestations=policy)
        name, caches = canonicalize_name(project), Caches(folder / "cache")
        settings = Settings(target=detect_target(), sources=(source,), caches=caches, builds=frozenset({name}))
        file = DistributionFile(filename=archive.name, url=archive.as_uri())

        settings.open_providers()["corp"].build(name, file, (3, 12))

    def test_a_file_of_another_project_than_its_page(self, tmp_path: Path) -> None:
        """``--build other`` allows the code of other to be run, and no more."""
        with pytest.raises(InvalidSdistError, match="it is on the page of 'other'"):
            self.build(tmp_path, "other")
        assert not (tmp_path / "cache" / "builds").exists()

    def test_a_file_of_a_source_that_must_attest_its_files(self, tmp_path: Path) -> None:
        """What is built here is attested by nobody."""
        with pytest.raises(UsageError, match="the files of corp must be attested"):
            self.build(tmp_path, "pygreet", AttestationPolicy())
        assert not (tmp_path / "cache" / "builds").exists()


class TestStore:
    """Built wheels on disk."""

    def test_what_was_damaged_is_built_anew(self, tmp_path: Path) -> None:
        """A wheel is the one that was built, or it is not there."""
        store = BuiltWheels(tmp_path / "built")
        wheel = make_wheel(tmp_path / "work", "greet").path
        built = describe_wheel(wheel, sdist="greet-1.0.tar.gz", environment=("python-3.11.0-0.conda",))
        place = store.place("ab" * 32, "linux-64", ())

        assert store.load(place) is None
        assert store.store(wheel.parent, built, place) == built
        assert store.load(place) == built
        (place / built.filename).write_bytes(b"changed")
        assert store.load(place) is None

    def test_what_a_backend_asked_for_is_kept(self, tmp_path: Path) -> None:
        """Nothing was asked, or nothing is needed: two things."""
        store = BuiltWheels(tmp_path / "built")
        place = store.place("ab" * 32, "linux-64", ())

        before = store.asked(place)
        store.keep_asked(place, ())
        nothing = store.asked(place)
        store.keep_asked(place, ("cmake", "ninja"))

        assert (before, nothing, store.asked(place)) == (None, (), ("cmake", "ninja"))

    def test_what_decides_a_build_decides_its_place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The sdist, the platform, and the variables that are let in to change what is built."""
        store = BuiltWheels(tmp_path)
        places = {store.place("ab" * 32, "linux-64", ()), store.place("cd" * 32, "linux-64", ())}
        places.add(store.place("ab" * 32, "osx-64", ()))
        monkeypatch.setenv("MACOSX_DEPLOYMENT_TARGET", "13.0")
        places.add(store.place("ab" * 32, "linux-64", ()))

        assert len(places) == 4


def sdist(version: str, *, yanked: str | None = None, python: str | None = None, day: int = 1) -> DistributionFile:
    """Return one file of a page."""
    name = f"greet-{version}.tar.gz"
    time = datetime(2026, 1, day, tzinfo=UTC)
    return DistributionFile(
        filename=name, url=f"https://host.example/{name}", yanked=yanked, requires_python=python, upload_time=time
    )


def choose(
    files: Sequence[DistributionFile], *specifiers: str, cutoff: datetime | None = None
) -> list[tuple[str, int]]:
    """Return the versions that are built, and the minor versions of the pythons that build them."""
    page = ProjectPage(canonicalize_name("greet"), tuple(files))
    offer = Offer(page, Target(subdir="linux-64"), {(3, 11), (3, 12)}, cutoff)
    chosen = Builds(offer).choose([SpecifierSet(text) for text in specifiers] or [SpecifierSet()])
    return [(file.filename.removeprefix("greet-").removesuffix(".tar.gz"), python[1]) for file, python in chosen]


class TestChoice:
    """Which source distributions are built."""

    @pytest.mark.parametrize(
        ("files", "specifiers", "expected"),
        [
            pytest.param([sdist("1"), sdist("2")], [], [("2", 12)], id="the-newest"),
            pytest.param([sdist("1"), sdist("2")], ["", "<2"], [("1", 12)], id="that-all-allow"),
            pytest.param([sdist("1"), sdist("2")], [">=2", "<2"], [("2", 12), ("1", 12)], id="or-each"),
            pytest.param([sdist("1"), sdist("2rc1")], [], [("1", 12)], id="no-pre-release"),
            pytest.param([sdist("2rc1")], [], [("2rc1", 12)], id="unless-there-is-no-other"),
            pytest.param([sdist("1"), sdist("2", yanked="bad")], [], [("1", 12)], id="none-that-is-yanked"),
            pytest.param([sdist("1"), sdist("2", yanked="bad")], ["==2"], [("2", 12)], id="unless-pinned"),
            pytest.param([sdist("1", python="<3.12")], [], [("1", 11)], id="the-newest-python-that-runs-it"),
            pytest.param([sdist("1"), sdist("2", python=">=3.13")], [], [("1", 12)], id="none-that-no-python-runs"),
            pytest.param([sdist("1")], [">1"], [], id="none-at-all"),
        ],
    )
    def test_it_is_as_among_wheels(
        self, files: list[DistributionFile], specifiers: list[str], expected: list[tuple[str, int]]
    ) -> None:
        """Versions, time, pythons and withdrawals count as they do for wheels."""
        assert choose(files, *specifiers) == expected

    def test_what_is_too_new_is_not_built(self) -> None:
        """--exclude-newer holds for what is built."""
        assert choose([sdist("1", day=1), sdist("2", day=9)], cutoff=datetime(2026, 1, 5, tzinfo=UTC)) == [("1", 12)]

    def test_builds_are_bounded_and_none_is_repeated(self) -> None:
        """A solve asks again and again; it gets another build for another version only, and not for ever."""
        page = ProjectPage(canonicalize_name("greet"), tuple(map(sdist, "12345")))
        builds = Builds(Offer(page, Target(subdir="linux-64"), {(3, 11)}))
        built = []
        for text in ("", "<5", "<5", "<4", "<3"):
            for file, _ in builds.choose([SpecifierSet(text)]):
                built.append(file.filename)
                builds.add(file, BuiltDistribution(file=make_file(file)))

        assert built == ["greet-5.tar.gz", "greet-4.tar.gz", "greet-3.tar.gz"][:MOST_BUILT]
        offer = builds.make_offer()
        assert [str(version) for version in offer.releases] == ["5", "4", "3"]
        assert offer.refused["greet-2.tar.gz"].code == "not-built"


def make_file(file: DistributionFile) -> DistributionFile:
    """Return the wheel of a source distribution."""
    name = file.filename.replace(".tar.gz", "-py3-none-any.whl")
    return DistributionFile(filename=name, url=f"file:///cache/{name}")
