"""Conda packages that stand for a project: installed, remembered as what they are, and not mistaken for it later."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from rattler.index import index_fs

from tests.cli.conftest import Run
from tests.e2e.conftest import Environment
from tests.installer.wheelmaker import make_package
from tests.loopback import LoopbackIndex
from wheelbridge.api.demo import build_wheel
from wheelbridge.installer.history import load_history, requested_specs


@pytest.fixture
def cuda(tmp_path: Path) -> str:
    """A channel with cupy, which needs the cuda-version that chooses its builds."""
    folder = tmp_path / "cuda"
    make_package(folder, "cuda-version=12.4", {"share/cuda": "12.4"})
    make_package(folder, "cupy=13.6", {"share/cupy": "x"}, depends=["cuda-version 12.*"])
    asyncio.run(index_fs(folder))
    return folder.as_uri()


@pytest.fixture
def wheels_of_cupy(tmp_path: Path) -> Iterator[str]:
    """An index with the wheel of that name, and one that needs it."""
    folder = tmp_path / "wheels-of-cupy"
    folder.mkdir()
    needs = "Requires-Dist: cupy-cuda12x>=13\n"
    wheels = {
        "cupy-cuda12x": [build_wheel(folder, "cupy_cuda12x", "13.6", {"cupy.py": ""})],
        "app": [build_wheel(folder, "app", "1.0", {"app.py": ""}, needs)],
        "plain": [build_wheel(folder, "plain", "1.0", {"plain.py": ""})],
    }
    with LoopbackIndex(wheels) as index:
        yield index.url


@pytest.fixture
def options(environment: Environment, cuda: str, wheels_of_cupy: str) -> tuple[str, ...]:
    """The channels above the index."""
    return ("-p", str(environment.prefix), "-c", environment.channel, "-c", cuda, "-i", wheels_of_cupy, "-y", "-O")


def kinds(run: Run, prefix: Path) -> dict[str, str]:
    """Return name -> kind of what is installed."""
    return {p["name"]: p["kind"] for p in run("list", "-p", prefix, "--json").json["packages"]}


def test_what_stands_for_a_project_is_installed_and_remembered(
    run: Run, environment: Environment, options: tuple[str, ...]
) -> None:
    """The history has specs that every conda can read, and a later command keeps to them."""
    ran = run("create", *options, "python", "pypi:cupy-cuda12x>=13")

    assert ran.code == 0, ran.err
    assert "stands for cupy-cuda12x" in ran.err
    installed = kinds(run, environment.prefix)
    assert installed == {"python": "conda", "cupy": "conda", "cuda-version": "conda"}
    requested = requested_specs(load_history(environment.prefix), installed)
    assert requested == {
        "python": "python",
        "cupy": "cupy[version='>=13']",
        "cuda-version": "cuda-version[version='>=12,<13']",
    }
    assert run("install", *options, "pypi:plain").code == 0
    assert kinds(run, environment.prefix) == {**installed, "plain": "wheel"}
    assert run("install", *options, "pypi:cupy-cuda12x>=13", "--json").json["success"]
    assert kinds(run, environment.prefix) == {**installed, "plain": "wheel"}


def test_a_wheel_that_needs_the_project_is_not_put_beside_its_double(
    run: Run, environment: Environment, options: tuple[str, ...]
) -> None:
    """The wheel and conda's package have the same files; nothing is touched."""
    assert run("create", *options, "python", "pypi:cupy-cuda12x>=13").code == 0
    before = kinds(run, environment.prefix)

    ran = run("install", *options, "pypi:app", "--json")

    assert (ran.code, ran.json["error"]["code"]) == (1, "unsatisfiable")
    assert "cupy" in ran.json["error"]["message"]
    assert kinds(run, environment.prefix) == before


def test_a_wheel_that_needs_the_project_gets_it(run: Run, environment: Environment, options: tuple[str, ...]) -> None:
    """Only the distribution itself is what its dist-info says."""
    ran = run("create", *options, "python", "pypi:app")

    assert ran.code == 0, ran.err
    assert kinds(run, environment.prefix) == {"python": "conda", "app": "wheel", "cupy-cuda12x": "wheel"}


@pytest.fixture
def qt(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A channel and an index with packages for maps, and the maps."""
    folder = tmp_path / "qt"
    for name in ("pyqt=5.12", "pyqt=5.15", "pyqt=6.7", "other", "libfoo"):
        make_package(folder, name, {f"share/{name}": "x"})
    make_package(folder, "arrow-core=20.0", {"share/arrow-core": "x"})
    make_package(folder, "arrow-all=20.0", {"share/arrow-all": "x"}, depends=["arrow-core 20.*"])
    asyncio.run(index_fs(folder))
    maps = tmp_path / "map.yaml"
    maps.write_text(
        '- {pypi: my-qt5, conda: pyqt, relation: dist, pypi_range: ">=5,<6"}\n'
        "- {pypi: my-arrow, conda: arrow-core, relation: base, specs: [arrow-all]}\n",
        encoding="utf-8",
    )
    (tmp_path / "later.yaml").write_text("foo: libfoo\n", encoding="utf-8")
    place = tmp_path / "wheels-for-qt"
    place.mkdir()
    wheels = {
        "app": [build_wheel(place, "app", "1.0", {"app.py": ""}, "Requires-Dist: my-qt5>=5.10\n")],
        "table": [build_wheel(place, "table", "1.0", {"table.py": ""}, "Requires-Dist: my-arrow>=10\n")],
        "my-qt5": [build_wheel(place, "my_qt5", "5.15", {"qt.py": ""})],
        "foo": [build_wheel(place, "foo", "1.0", {"foo.py": ""})],
    }
    with LoopbackIndex(wheels) as index:
        yield {"channel": folder.as_uri(), "index": index.url, "map": str(maps), "later": str(tmp_path / "later.yaml")}


def test_an_environment_does_not_depend_on_the_map_that_made_it(
    run: Run, environment: Environment, qt: dict[str, str]
) -> None:
    """What a wheel needs is written down as what serves for it: later commands, without the map, keep it sound."""
    place = ("-p", str(environment.prefix))
    options = (*place, "-c", environment.channel, "-c", qt["channel"], "-i", qt["index"], "-y", "-O")
    assert run("create", *options, "--map", qt["map"], "python", "pypi:app").code == 0
    installed = kinds(run, environment.prefix)
    assert installed == {"python": "conda", "app": "wheel", "pyqt": "conda"}

    assert run("install", *options, "other").code == 0
    assert kinds(run, environment.prefix) == {**installed, "other": "conda"}
    assert "app" in run("why", *place, "pyqt").out
    assert run("remove", *place, "-y", "pyqt").code == 0
    assert kinds(run, environment.prefix) == {"python": "conda", "other": "conda"}


def test_a_bound_on_what_stands_for_a_project_is_kept(run: Run, environment: Environment, qt: dict[str, str]) -> None:
    """The history has one spec a name, with the user's bound and the row's."""
    options = ("-p", str(environment.prefix), "-c", environment.channel, "-c", qt["channel"], "-y", "-O")
    assert run("create", *options, "--map", qt["map"], "python", "pypi:my-qt5<5.14").code == 0

    requested = requested_specs(load_history(environment.prefix), ["pyqt"])
    assert requested == {"pyqt": "pyqt[version='<5.14dev0,>=5,<6dev0']"}


def test_what_is_installed_already_gets_what_its_metapackage_adds(
    run: Run, environment: Environment, qt: dict[str, str]
) -> None:
    """As in a new environment: the project needs more than the bare package."""
    options = ("-p", str(environment.prefix), "-c", environment.channel, "-c", qt["channel"], "-i", qt["index"])
    assert run("create", *options, "-y", "-O", "python", "arrow-core").code == 0

    assert run("install", *options, "-y", "-O", "--map", qt["map"], "pypi:table").code == 0

    assert "arrow-all" in kinds(run, environment.prefix)


@pytest.mark.parametrize("index_first", [False, True], ids=["channel first", "index first"])
def test_a_row_that_comes_later_does_not_make_one_thing_two(
    run: Run, environment: Environment, qt: dict[str, str], index_first: bool
) -> None:
    """An installed wheel keeps its name; the package that it is by now is not put beside it."""
    index, channels = ("-i", qt["index"]), ("-c", environment.channel, "-c", qt["channel"])
    options = ("-p", str(environment.prefix), "-y", "-O", *(index + channels if index_first else channels + index))
    assert run("create", *options, "python", "pypi:foo").code == 0

    ran = run("install", *options, "--map", qt["later"], "libfoo", "--json")

    assert (ran.code, ran.json["error"]["code"]) == (1, "unsatisfiable")
    assert kinds(run, environment.prefix) == {"python": "conda", "foo": "wheel"}
