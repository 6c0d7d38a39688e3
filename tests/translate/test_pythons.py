"""Interpreter and ABI tags, with packaging's list of what an interpreter runs as the oracle."""

import itertools

import pytest
from packaging.tags import cpython_tags, generic_tags, parse_tag
from rattler import MatchSpec

from tests.oracle import python_record
from wheelbridge.errors import TranslationError
from wheelbridge.translate.pythons import (
    PythonSupport,
    possible_minors,
    translate_python_requirement,
    translate_python_tags,
)

GIL_BUILDS = {"3.12.4": "h1_0_cpython", "3.13.1": "h1_100_cp313", "3.14.0": "h1_100_cp314"}
FREE_BUILDS = {"3.13.1": "h1_0_cp313t", "3.14.0": "h1_0_cp314t"}


def supports_of(tags: str) -> tuple[PythonSupport, ...]:
    """Translate ``cp312-cp312``, compressed sets included; a wheel without an ABI is one for any platform."""
    pairs = {(tag.interpreter, tag.abi) for tag in parse_tag(f"{tags}-any")}
    return translate_python_tags(pairs, pure={abi for _, abi in pairs} == {"none"})


def spec_of(tags: str, requires: str | None = None) -> str:
    """Return the MatchSpec of python."""
    return translate_python_requirement(supports_of(tags), requires)


def runs(spec: str, version: str, build: str) -> bool:
    """Tell whether rattler takes this python for *spec*."""
    return MatchSpec(spec, strict=True).matches(python_record(version, build))


@pytest.mark.parametrize(
    ("tags", "gil", "free"),
    [
        pytest.param("py3-none", ["3.8", "3.12", "3.13", "3.14"], ["3.13", "3.14"], id="pure"),
        pytest.param("py2.py3-none", ["2.7", "3.8", "3.12", "3.13", "3.14"], ["3.13", "3.14"], id="py2.py3"),
        pytest.param("py2-none", ["2.7"], [], id="py2"),
        pytest.param("py312-none", ["3.12", "3.13", "3.14"], ["3.13", "3.14"], id="from 3.12 on"),
        pytest.param("cp312-none", ["3.12"], [], id="CPython 3.12, any ABI"),
        pytest.param("cp313-none", ["3.13"], ["3.13"], id="CPython 3.13, any ABI"),
        pytest.param("cp312-cp312", ["3.12"], [], id="one ABI"),
        pytest.param("cp313-cp313", ["3.13"], [], id="with the GIL"),
        pytest.param("cp313-cp313t", [], ["3.13"], id="free-threaded"),
        pytest.param("cp38-abi3", ["3.8", "3.12", "3.13", "3.14"], [], id="abi3"),
        pytest.param("cp313-abi3", ["3.13", "3.14"], [], id="abi3 from 3.13 on"),
        pytest.param("cp311.cp312-abi3", ["3.12", "3.13", "3.14"], [], id="two abi3"),
        pytest.param("cp311.cp312-cp312", ["3.12"], [], id="a set in which some pairs are none"),
        pytest.param("cp27-cp27mu", ["2.7"], [], id="the ABIs of Python 2"),
    ],
)
def test_the_pythons_that_a_wheel_runs_on(tags: str, gil: list[str], free: list[str]) -> None:
    """PEP 425, 384 and 703, as rattler matches the builds of conda-forge."""
    spec = spec_of(tags)
    builds = {"2.7": "0", "3.8": "h1_0_cpython", "3.12": "h1_0_cpython", "3.13": "h1_100_cp313", "3.14": "h1_1_cp314"}

    assert [version for version, build in builds.items() if runs(spec, f"{version}.1", build)] == gil
    assert [v for v in ("3.13", "3.14") if runs(spec, f"{v}.1", f"h1_1_cp{v.replace('.', '')}t")] == free


_TAGS = (
    "py3-none",
    "py313-none",
    "cp313-none",
    "cp312-cp312",
    "cp313-cp313",
    "cp313-cp313t",
    "cp38-abi3",
    "cp314-abi3",
)


@pytest.mark.parametrize("tags", _TAGS)
@pytest.mark.parametrize(
    ("version", "build"),
    [*GIL_BUILDS.items(), *FREE_BUILDS.items()],
    ids=lambda text: text.rpartition("_")[2],
)
def test_packaging_agrees(tags: str, version: str, build: str) -> None:
    """A build of python runs a wheel if ``packaging.tags`` lists one of its tags for it."""
    minor = tuple(map(int, version.split(".")[:2]))
    abi = f"cp{minor[0]}{minor[1]}" + ("t" if build.endswith("t") else "")
    listed = itertools.chain(
        cpython_tags(minor, [abi], ["any"]), generic_tags(f"cp{minor[0]}{minor[1]}", ["none"], ["any"])
    )
    pure = {f"py3{number}-none" for number in ("", *range(minor[1] + 1))}
    expected = tags in pure | {f"{tag.interpreter}-{tag.abi}" for tag in listed}

    assert runs(spec_of(tags), version, build) is expected


def test_abi3t_is_for_free_threaded_builds() -> None:
    """PEP 803: the stable ABI of builds without the GIL, which packaging does not list yet."""
    spec = spec_of("cp315-abi3t")

    assert runs(spec, "3.15.0", "h1_0_cp315t")
    assert runs(spec, "3.16.0", "h1_0_cp316t")
    assert not runs(spec, "3.15.0", "h1_0_cp315")
    assert not runs(spec, "3.14.0", "h1_0_cp314t")


@pytest.mark.parametrize(
    "tags",
    [
        "pp310-pypy310_pp73",
        "cp312-cp311",
        "cp312-cp312t",
        "cp3-none",
        "py3-cp312",
        "ip27-none",
        "jy2-none",
        "cp39-cp39m",
    ],
)
def test_what_cpython_does_not_run(tags: str) -> None:
    """Other interpreters and ABIs that were never released; the tag is named."""
    with pytest.raises(TranslationError, match=tags) as caught:
        spec_of(tags)
    assert caught.value.code == "incompatible-tag"


def test_builds_of_both_kinds_are_too_much() -> None:
    """No one MatchSpec can say "3.13 with the GIL, or 3.14 without"."""
    with pytest.raises(TranslationError, match="with and without the GIL"):
        spec_of("cp313.cp314-cp313.cp314t")


@pytest.mark.parametrize(
    ("tags", "requires", "minors"),
    [
        ("py3-none", ">=3.9,<3.12", [(3, 9), (3, 10), (3, 11)]),
        ("py3-none", "!=3.9.*,>=3.8,<3.11", [(3, 8), (3, 10)]),
        ("py3-none", "==3.9.*", [(3, 9)]),
        ("py2.py3-none", "<3.1", [*((2, minor) for minor in range(8)), (3, 0)]),
        ("cp312-cp312", ">=3.9", [(3, 12)]),
        ("cp312-cp312", ">=3.12.3", [(3, 12)]),
        ("cp312-cp312", ">=3.13", []),
        ("py3-none", "<3", []),
    ],
)
def test_requires_python_narrows(tags: str, requires: str, minors: list[tuple[int, int]]) -> None:
    """The tags and Requires-Python together, in what is listed as in what rattler matches."""
    supports = supports_of(tags)
    spec = translate_python_requirement(supports, requires)
    tried = [*((2, minor) for minor in range(8)), *((3, minor) for minor in range(15))]

    assert [minor for minor in possible_minors(supports, requires) if minor in tried] == minors
    assert [m for m in tried if runs(spec, f"{m[0]}.{m[1]}.99", f"h1_0_cp{m[0]}{m[1]}")] == minors
