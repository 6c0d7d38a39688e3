"""Surveys: what an index does not have makes nothing an alternative of anything."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from wheelbridge.mapping.decide import decide
from wheelbridge.mapping.evidence import Evidence, parse_evidence
from wheelbridge.mapping.survey import Survey, is_foreign, read_versions
from wheelbridge.model.name import CondaName, NormalizedName, canonicalize_name

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z]{1,3})?", fullmatch=True).map(canonicalize_name)


def evidence(
    carried: dict[str, list[str] | None], present: str, foreign: str = "", recipes: dict[str, str] | None = None
) -> Evidence:
    """Read dist-infos, recipes and a survey."""
    survey = Survey(
        asked="2026-11-21",
        present=frozenset(map(canonicalize_name, present.split())),
        foreign=frozenset(map(canonicalize_name, foreign.split())),
    )
    regro = {project: {"conda_name": package} for project, package in (recipes or {}).items()}
    return parse_evidence(parselmouth=carried, regro=regro, survey=survey)


def answer(project: str, known: Evidence) -> str | None:
    """Return the package that a project is."""
    row = decide(NormalizedName(project), known)
    return row.conda if row else None


@given(present=st.frozensets(NAMES), foreign=st.frozensets(NAMES), asked=st.dates().map(lambda day: day.isoformat()))
def test_a_survey_survives_its_text(
    present: frozenset[NormalizedName], foreign: frozenset[NormalizedName], asked: str
) -> None:
    """Reading what was written gives the same survey, and the same text."""
    survey = Survey(asked=asked, present=present, foreign=foreign)

    assert Survey.parse(json.loads(survey.render())) == survey
    assert Survey.parse(json.loads(survey.render())).render() == survey.render()


@pytest.mark.parametrize("data", [{"present": "a", "foreign": [], "asked": ""}, {"present": [], "asked": ""}])
def test_what_is_no_survey_is_refused(data: dict[str, object]) -> None:
    """A list that is none, or is missing."""
    with pytest.raises((KeyError, TypeError)):
        Survey.parse(data)


def test_a_project_that_the_index_lacks_is_none() -> None:
    """Conda's menuinst carries a dist-info; whoever registered the name could take conda's place."""
    known = evidence({"menuinst": ["menuinst"], "numpy": ["numpy"]}, "numpy")

    assert decide(NormalizedName("menuinst"), known) is None
    assert answer("numpy", known) == "numpy"
    assert CondaName("menuinst") in known.packages


def test_without_a_survey_every_name_counts() -> None:
    """A channel need not have one."""
    assert answer("menuinst", parse_evidence(parselmouth={"menuinst": ["menuinst"]})) == "menuinst"


def test_a_project_without_a_common_version_is_undecided() -> None:
    """Boa on the index is another software than conda's; a recipe that uses its file knows better."""
    carried: dict[str, list[str] | None] = {"boa": ["boa"], "qeb": ["qeb"]}
    known = evidence(carried, "boa qeb", "boa qeb", {"qeb": "qeb"})
    row = decide(NormalizedName("boa"), known)

    assert row is not None
    assert (row.conda, row.alternatives) == (None, ("boa",))
    assert answer("qeb", known) == "qeb"


def test_a_package_with_two_projects_of_its_own_is_nobodys_answer() -> None:
    """Conda's iris is scitools-iris, whatever it was called once; nothing here knows that, so nothing is said."""
    known = evidence({"iris": ["iris", "scitools-iris"]}, "iris scitools-iris")

    for project in ("iris", "scitools-iris"):
        row = decide(NormalizedName(project), known)
        assert row is not None
        assert (row.conda, row.alternatives) == (None, ("iris",))


@pytest.mark.parametrize(
    ("carried", "recipes"),
    [
        ({"app": ["app", "lib"], "lib": ["lib"]}, {}),
        ({"app": ["app", "old-app"]}, {"app": "app"}),
        ({"app": ["app", "unknown"]}, {}),
    ],
    ids=["the other has a home", "a recipe knows", "garbage"],
)
def test_a_package_with_its_own_and_another_is_its_own(
    carried: dict[str, list[str] | None], recipes: dict[str, str]
) -> None:
    """Vendored copies and old names do not make a package ambiguous."""
    assert answer("app", evidence(carried, "app lib old-app", recipes=recipes)) == "app"


@pytest.mark.parametrize(
    ("index", "conda", "foreign"),
    [
        (["0.0.5"], ["0.17.0"], True),
        (["0.0.5", "0.17"], ["0.17.0"], False),
        (["0.29.5"], ["1!0.29.5"], False),
        (["1.0"], ["1.0+local"], False),
        (["1.0"], ["4_2"], False),
        ([], ["1.0"], False),
        (["1.0"], [], False),
    ],
    ids=["none in common", "one in common", "an epoch", "a local label", "no PEP 440 version", "no files", "no record"],
)
def test_what_shares_no_version_is_foreign(index: list[str], conda: list[str], foreign: bool) -> None:
    """Only where both sides have versions that can be compared."""
    assert is_foreign(frozenset(map(Version, index)), conda) is foreign


def test_versions_are_read_from_file_names() -> None:
    """Wheels and source distributions; what is neither has no version."""
    files = ["a-1.0-py3-none-any.whl", "a-2.0.tar.gz", "a-1!3.0.zip", "a-4.0-py2.7.egg", "junk"]

    assert sorted(map(str, read_versions(files))) == ["1.0", "2.0", "3.0"]
