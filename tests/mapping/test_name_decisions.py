from collections.abc import Mapping

import pytest

from wheelbridge.mapping.decide import decide, decide_all
from wheelbridge.mapping.evidence import Evidence, parse_evidence
from wheelbridge.mapping.rows import Confidence, Relation
from wheelbridge.model.name import canonicalize_name


def evidence(
    carried: Mapping[str, list[str] | None],
    *,
    recipes: Mapping[str, str] | None = None,
    people: Mapping[str, str] | None = None,
    locked: Mapping[str, list[str]] | None = None,
) -> Evidence:
    """Make evidence out of tables as short as the ones a test needs."""
    return parse_evidence(
        parselmouth=carried,
        regro={project: {"conda_name": package} for project, package in (recipes or {}).items()},
        grayskull={project: {"conda_forge": package} for project, package in (people or {}).items()},
        purls=locked or {},
    )


def answer(project: str, known: Evidence) -> str | None:
    """Return the package decided for a project."""
    row = decide(canonicalize_name(project), known)
    return row.conda if row else None


@pytest.mark.parametrize(
    ("project", "package", "known"),
    [
        pytest.param("numpy", "numpy", evidence({"numpy": ["numpy"]}), id="observed"),
        pytest.param("sox", "pysox", evidence({"sox": None, "pysox": ["sox"]}), id="c-program-of-the-name"),
        pytest.param("apex", None, evidence({"nvidia-apex": ["apex"]}), id="dist-info-of-an-unrelated-name"),
        pytest.param("torch", "pytorch", evidence({"pytorch": ["torch"]}, recipes={"torch": "pytorch"}), id="recipe"),
        pytest.param("ghost", None, evidence({"ghost": None}, recipes={"ghost": "ghost"}), id="recipe-alone"),
        pytest.param("xtb", None, evidence({"xtb": ["xtb"], "py-x": ["y"]}, people={"xtb": "py-x"}), id="people"),
        pytest.param(
            "future", "future", evidence({"future": ["future"], "qgis": ["future"]}), id="vendored-by-a-stranger"
        ),
        pytest.param(
            "attrs",
            "attrs",
            evidence({"attrs": ["attrs"], "jupyter-sphinx": ["attrs", "jupyter-sphinx", "six"]}),
            id="vendored-by-a-bundle",
        ),
        pytest.param("six", None, evidence({"ansible": ["ansible", "six"]}), id="only-a-bundle-has-it"),
        pytest.param(
            "ray", "ray-core", evidence({"ray-core": ["aiohttp", "ray"]}, recipes={"ray": "ray-core"}), id="own-of-many"
        ),
        pytest.param(
            "a-b", "a_b", evidence({"a-b": ["a-b"], "a_b": ["a-b"]}, recipes={"a-b": "a_b"}), id="spelling-recipe"
        ),
        pytest.param("a-b", None, evidence({"a-b": ["a-b"], "a_b": ["a-b"]}), id="spelling-unknown"),
        pytest.param(
            "a-b",
            "a_b",
            evidence({"a-b": ["a-b"], "a_b": ["a-b"]}, recipes={"a-b": "a-b"}, locked={"a_b": ["a-b"]}),
            id="spelling-that-locks-have",
        ),
        pytest.param("x", None, evidence({"x": ["x"], "x-base": ["x"]}), id="split-undecided"),
        pytest.param("x", None, evidence({"x": ["x"], "x-base": ["x"]}, recipes={"x": "x"}), id="split-recipe-of-meta"),
        pytest.param(
            "x", "x-base", evidence({"x": ["x"], "x-base": ["x"]}, recipes={"x": "x-base"}), id="split-recipe-of-base"
        ),
        pytest.param(
            "x",
            "x-base",
            evidence({"x": ["x"], "x-base": ["x"]}, recipes={"x": "x"}, locked={"x": []}),
            id="split-lost-its-dist-info",
        ),
        pytest.param(
            "x",
            "x-base",
            evidence({"x": ["x"], "x-base": ["x"]}, locked={"x": ["x"], "x-base": ["x"]}),
            id="split-both-locked",
        ),
        pytest.param(
            "x", "x", evidence({"x": ["x"], "x-core": ["x"]}, locked={"x": ["x"]}), id="split-only-one-half-locked"
        ),
        pytest.param(
            "lit",
            None,
            evidence({"lit": ["lit"], "lit-nlp": ["lit"]}, recipes={"lit": "lit-nlp"}),
            id="recipe-against-the-very-name",
        ),
        pytest.param(
            "art",
            "ascii-art",
            evidence(
                {"ascii-art": ["art"], "python-art": ["art"]}, recipes={"art": "ascii-art"}, people={"art": "ascii-art"}
            ),
            id="recipe-and-people-agree",
        ),
        pytest.param(
            "cat", "py-cat", evidence({"py-cat": ["cat"], "py-cat-gpu": ["cat"]}, recipes={"cat": "py-cat"}), id="gpu"
        ),
        pytest.param("openssl", None, evidence({"openssl": None}, locked={"openssl": ["openssl"]}), id="guessed-purl"),
        pytest.param("dead", None, evidence({"dead": ["dead"]}, locked={"dead": []}), id="no-longer-python"),
        pytest.param("unknown", None, evidence({"broken": ["unknown"]}), id="broken-metadata"),
        pytest.param("python", None, evidence({"python": ["python"]}), id="python"),
        pytest.param("0164e082b29777fbc56c2373b68da93d", None, evidence({}), id="hash"),
    ],
)  # fmt: skip
def test_an_answer_only_where_the_evidence_has_one_reading(project: str, package: str | None, known: Evidence) -> None:
    """No answer beats a wrong one."""
    assert answer(project, known) == package


def test_confidence_is_verified_where_two_sources_agree() -> None:
    """A recipe and a dist-info that agree are more than a dist-info alone."""
    known = evidence({"a": ["a"], "b": ["b"]}, recipes={"a": "a"})

    assert [row.confidence for row in decide_all(known)] == [Confidence.VERIFIED, Confidence.OBSERVED]


def test_the_bare_half_of_a_split_is_related_as_base() -> None:
    """Without a package of the project's own name there is no split."""
    known = evidence({"x": None, "x-base": ["x"], "y-core": ["y"]})

    assert [row.relation for row in decide_all(known)] == [Relation.BASE, Relation.DIST]


def test_undecided_candidates_are_kept() -> None:
    """A row without an answer tells which packages to look at."""
    (row,) = decide_all(evidence({"x": ["x"], "x-base": ["x"]}))

    assert (row.relation, row.alternatives) == (None, ("x", "x-base"))
