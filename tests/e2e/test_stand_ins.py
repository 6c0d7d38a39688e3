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
