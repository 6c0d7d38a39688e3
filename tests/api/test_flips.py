"""A project that is a wheel now and a conda package then: pixi #6721 and #6902, where owned files got lost."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.condapackages import Files, dist_info
from tests.installer.wheelmaker import clean_env
from tests.lifestage import Life, Shelf, start_life
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from wheelbridge.configuration.values import COMMAND_LINE
from wheelbridge.installer.errors import FileConflictError
from wheelbridge.installer.listing import installed_packages
from wheelbridge.model.source import Route

CODE = "import proj, proj.only; print(proj.KIND, proj.only.KIND)"


def conda_files(name: str, version: str, kind: str = "conda") -> Files:
    """Return the files of a conda package of a Python project, at the paths of its wheel."""
    package = {
        f"site-packages/{name}/__init__.py": f"KIND = {kind!r}\n",
        f"site-packages/{name}/only.py": "KIND = 'c'\n",
    }
    return {**package, f"site-packages/{name}/conda.txt": "c", **dist_info(name, version)}


def wheel_files(name: str) -> dict[str, str]:
    """Return the files of its wheel."""
    return {f"{name}/__init__.py": "KIND = 'wheel'\n", f"{name}/only.py": "KIND = 'w'\n", f"{name}/wheel.txt": "w"}


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Iterator[Life]:
    """An environment with the project as a wheel, and something that needs it."""
    folder = tmp_path_factory.mktemp("flips")
    shelf = Shelf(folder / "shelf", maps={"proj": "proj"})
    shelf.conda("proj", "1.0", "python", files=conda_files("proj", "1.0"), noarch="python")
    shelf.conda("user", "1.0", "proj")
    shelf.wheel("proj", "1.0", files=wheel_files("proj"))
    shelf.wheel("twin", "1.0", files={"twin.py": "", "proj/only.py": "KIND = 'twin'\n"})
    shelf.wheel("same", "1.0", files={"same.py": "", "proj/only.py": "KIND = 'w'\n"})
    shelf.conda("clash", "1.0", "python", files={"site-packages/twin.py": "x = 1\n"}, noarch="python")
    with LoopbackIndex(shelf.wheels) as index:
        life = start_life(folder / "env", shelf, index, real_channel, folder / "cache")
        route(life, "index")
        life.create("python", "pypi:proj")
        yield life


def route(life: Life, kind: str) -> None:
    """Let the project come from the index, or from the channel."""
    names = tuple(source.name for source in life.settings.sources if source.kind == kind)
    life.settings = replace(life.settings, routes=(Route(pattern="proj", sources=names, origin=COMMAND_LINE),))


def run_python(life: Life, code: str) -> str:
    """Run *code* in the environment."""
    command = [str(life.prefix / "bin" / "python"), "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=clean_env()).stdout.strip()


def kind_of(life: Life, name: str) -> str:
    """Return what an installed package is."""
    return next(package.kind for package in installed_packages(life.prefix) if package.name == name)


def test_there_and_back(life: Life) -> None:
    """Wheel, conda package, wheel: every file that a record lists is there, and none that no record lists."""
    for kind, said, own, other in (
        ("channel", "conda c", "conda.txt", "wheel.txt"),
        ("index", "wheel w", "wheel.txt", "conda.txt"),
        ("channel", "conda c", "conda.txt", "wheel.txt"),
        ("index", "wheel w", "wheel.txt", "conda.txt"),
    ):
        route(life, kind)
        life.install("pypi:proj")
        assert kind_of(life, "proj") == ("wheel" if kind == "index" else "conda")
        assert life.lost_files() == []
        assert run_python(life, CODE) == said
        assert len(list(life.prefix.rglob(f"proj/{own}"))) == 1
        assert not list(life.prefix.rglob(f"proj/{other}"))
        assert len(list(life.prefix.rglob("proj-1.0.dist-info"))) == 1


def test_a_revision_flips_too(life: Life) -> None:
    """Going back crosses from one kind to the other."""
    route(life, "channel")
    life.install("pypi:proj")
    life.go_back(0)

    assert kind_of(life, "proj") == "wheel"
    assert life.lost_files() == []
    assert run_python(life, CODE) == "wheel w"


@pytest.mark.parametrize("kind", ["channel", "index"])
def test_a_wheel_that_writes_over_another_package_is_refused(life: Life, kind: str) -> None:
    """Wheel against wheel and wheel against conda package, before anything is linked."""
    route(life, kind)
    life.install("pypi:proj")
    before = life.versions
    with pytest.raises(FileConflictError, match=r"proj/only\.py \(proj, twin\)"):
        life.install("pypi:twin")

    assert life.versions == before
    assert life.lost_files() == []


def test_a_conda_package_that_writes_over_a_wheel_is_refused(life: Life) -> None:
    """Two new packages with one path."""
    with pytest.raises(FileConflictError, match=r"twin\.py"):
        life.install("pypi:twin", "clash", "pypi:proj")


def test_an_identical_file_is_shared(life: Life) -> None:
    """As namespace packages of wheels do it; when one of them goes, the other's file stays."""
    route(life, "index")
    life.install("pypi:proj", "pypi:same")
    assert life.lost_files() == []
    life.remove("same")

    assert life.lost_files() == []
    assert run_python(life, CODE) == "wheel w"
