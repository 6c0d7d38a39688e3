"""What keeps another version out: requests, pins, needs and constraints that are written down."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rattler import Version, VersionSpec

from tests.writtenprefix import write_prefix
from wheelbridge.api.explaining.barriers import explain_version, have_common, read_subject
from wheelbridge.api.removing import NotInstalledError
from wheelbridge.api.specs import InvalidSpecError
from wheelbridge.errors import InvalidRequirementError, UsageError
from wheelbridge.model.pin import Pin

RECORDS: list[dict[str, Any]] = [
    {"name": "numpy", "version": "1.26.4"},
    {"name": "app", "version": "1.0", "depends": ["tool"]},
    {"name": "tool", "version": "3.1", "depends": ["numpy >=1.20,<2"]},
    {"name": "other", "version": "1", "depends": ["numpy"]},
    {"name": "limits", "version": "5", "constrains": ["numpy <2.3", "absent >1"]},
]


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Numpy is held by a request, a pin, a need and a constraint."""
    place = write_prefix(tmp_path / "env", RECORDS, ["numpy=1.26", "app"])
    (place / "conda-meta" / "pinned").write_text("# held\nnumpy 1.*\n", encoding="utf-8")
    return place


def test_every_kind_of_barrier(prefix: Path) -> None:
    """Each is named with what it allows, where it is from, and the way to it."""
    answer = explain_version(prefix, "numpy", ">=2.3", [Pin("numpy<2", ".condarc"), Pin("numpy>1", "x")])

    found = [(one.kind, one.spec, one.owner, one.chain) for one in answer.barriers]
    assert found == [
        ("request", "numpy=1.26", "", ()),
        ("pin", "numpy<2", "", ()),
        ("pin", "numpy 1.*", "", ()),
        ("constraint", "numpy <2.3", "limits", ()),
        ("need", "numpy >=1.20,<2", "tool", ("app", "tool")),
    ]
    assert answer.barriers[2].place.endswith("pinned:2")
    assert (answer.version, answer.is_installed) == ("1.26.4", False)


def test_what_allows_it_is_no_barrier(prefix: Path) -> None:
    """A version that a spec contains is not kept out by it."""
    kinds = {one.kind for one in explain_version(prefix, "numpy", "2.1.*").barriers}

    assert kinds == {"request", "pin", "need"}
    assert explain_version(prefix, "numpy", "1.26.*").is_installed
    assert explain_version(prefix, "numpy", "1.26.*").barriers == ()


def test_what_is_not_installed(prefix: Path) -> None:
    """Of a package that is not there nothing is made up."""
    with pytest.raises(NotInstalledError):
        explain_version(prefix, "scipy", ">=1")


def test_sentences_say_what_to_change(prefix: Path) -> None:
    """Each barrier says what would have to give way."""
    said = [one.describe() for one in explain_version(prefix, "numpy", ">=2.3").barriers]

    assert said[0] == "you asked for numpy=1.26: ask anew, and that is forgotten"
    assert said[-1] == (
        "tool 3.1 needs numpy >=1.20,<2, which is there because of app -> tool: it would have to move, or go"
    )


@pytest.mark.parametrize(
    ("text", "version", "expected"),
    [
        ("numpy", None, ("numpy", None)),
        ("numpy", "2.1", ("numpy", "2.1.*")),
        ("numpy", "==2.1", ("numpy", "==2.1")),
        ("numpy", ">=2,<3", ("numpy", ">=2,<3")),
        ("numpy>=2.3", None, ("numpy", ">=2.3")),
        ("numpy >= 2.3, < 3", None, ("numpy", ">=2.3,<3")),
        ("numpy 2.3.*", None, ("numpy", "2.3.*")),
        ("numpy[version='>=2']", None, ("numpy", ">=2")),
        ("pypi:torch~=2.1", None, ("pypi:torch", "~=2.1")),
        ("pypi:torch[opt, more]>=2", None, ("pypi:torch", ">=2")),
        ("pypi:torch[opt]", "2", ("pypi:torch", "2.*")),
        ("ruamel.yaml==0.18", None, ("ruamel.yaml", "==0.18")),
    ],
)
def test_subjects(text: str, version: str | None, expected: tuple[str, str | None]) -> None:
    """A name may have versions behind it, as MatchSpecs and requirements have them."""
    assert read_subject(text, version) == expected


def test_odd_subjects() -> None:
    """What cannot be read is refused, and so are two words on versions."""
    with pytest.raises(InvalidSpecError):
        read_subject("numpy[")
    for text in ("pypi:numpy[x>2", "pypi:numpy>>2"):
        with pytest.raises(InvalidRequirementError):
            read_subject(text)
    for text, version in (("numpy>>2", None), ("numpy", "odd!!"), ("numpy", "abc def"), ("numpy==1 2", None)):
        with pytest.raises(UsageError, match="names no version"):
            read_subject(text, version)
    with pytest.raises(UsageError, match="has a marker"):
        read_subject("pypi:numpy; python_version > '3'")
    with pytest.raises(UsageError, match="both name versions"):
        read_subject("numpy>=2", "3")


@pytest.mark.parametrize(
    ("fn", "wanted", "request_"),
    [
        ("lib-1.0-0.conda", "3.*", "lib 3.*"),
        ("My_Lib-1.0-py3-none-any.whl", "3.*", "pypi:my-lib==3.*"),
        ("My_Lib-1.0-py3-none-any.whl", ">=2,<3", "pypi:my-lib<3,>=2"),
        ("My_Lib-1.0-py3-none-any.whl", "1.*|3.*", "pypi:my-lib"),
    ],
)
def test_what_to_ask_a_solve_for(tmp_path: Path, fn: str, wanted: str, request_: str) -> None:
    """A wheel by its project, in the words of PEP 440, as far as it has words for it."""
    record = {"name": "lib", "version": "1.0", "fn": fn}
    place = write_prefix(tmp_path / "env", [record])

    assert explain_version(place, "lib", wanted).request == request_


CLAUSES = st.builds(
    "{}{}{}".format,
    st.sampled_from([">=", "<", "<=", ">", "==", "!=", "~="]),
    st.sampled_from(["1.0", "1.5", "2.0", "2.0a1", "2.1.3", "abc"]),
    st.just(""),
)
SPECS = st.lists(st.one_of(CLAUSES, st.sampled_from(["1.*", "2.0.*", "*"])), min_size=1, max_size=3).map(",".join)
VERSIONS = [
    Version(text)
    for text in (
        *("0", "0.9", "1.0a1", "1.0", "1.0.1", "1.4", "1.5", "1.5.0.1", "1.6", "1.99", "2.0dev1", "2.0a0", "2.0a1"),
        *("abc", "abc.1", "2.0a2", "2.0", "2.0.0.1", "2.0.9", "2.1", "2.1.3", "2.1.3.1", "2.1.4", "3", "99"),
    )
]


class TestHaveCommon:
    """rattler decides which versions a spec contains; here only whether two specs contain one together."""

    @given(first=SPECS, second=SPECS)
    def test_a_common_version_is_found(self, first: str, second: str) -> None:
        """Where one of many versions meets both, the answer is yes; it does not depend on the order."""
        specs = VersionSpec(first), VersionSpec(second)

        if any(all(spec.matches(version) for spec in specs) for version in VERSIONS):
            assert have_common(first, second)
        assert have_common(first, second) == have_common(second, first)
