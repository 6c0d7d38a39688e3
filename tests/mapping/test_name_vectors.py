"""The recorded vectors of names: never a wrong answer; silence only where a reason says so."""

import json
from pathlib import Path
from typing import Any

import pytest

from wheelbridge.mapping.rows import NameTable, Relation
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.tables import load_names

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "name_vectors.json").read_text(encoding="utf-8")
)["vectors"]
PROJECTS = {vector["pypi"]: vector for vector in VECTORS if vector["direction"] == "pypi->conda"}
PACKAGES = {vector["conda"]: vector for vector in VECTORS if vector["direction"] == "conda->pypi"}

SILENT = {
    "0164e082b29777fbc56c2373b68da93d23a29a040787e7f1c65e1562f133": "the hash of a file host's address is no project",
    "unknown": "broken metadata is no project",
}
"""Projects without a row, and why."""

NO_IDENTITY = {
    "bs4": "a dummy that depends on beautifulsoup4",
    "cupy-cuda12x": "the dist-info in conda is called cupy, and one project is two specs",
    "ipopt": "the dist-info in conda is called cyipopt",
    "lit-nlp": "the dist-info in conda is called lit",
    "opencv-python-headless": "py-opencv carries it beside opencv-python, which it is known by",
    "pandoc": "the conda package is another software",
    "pyqt5": "the row holds for some versions only, so it acts as specs",
    "psycopg-binary": "the dist-info in conda is called psycopg",
    "python-igraph": "the dist-info in conda is called igraph",
    "sklearn": "a dummy that fails on purpose",
    "yaml": "the conda package is another software",
}
"""Projects with a row that explains and never satisfies a requirement, and why."""

PARTLY_SILENT = {
    "lit-nlp": "the dist-info in it is called lit",
    "pyside6": "shiboken6 is a part of it, so a wheel of shiboken6 must not stand for it",
}
"""Packages for which some of the expected projects are not answered, and why."""


@pytest.fixture(scope="module")
def names() -> NameTable:
    """Open the tables as they are shipped."""
    return load_names()


@pytest.mark.parametrize("project", PROJECTS)
def test_a_project_never_has_a_wrong_answer(project: str, names: NameTable) -> None:
    """The answer is the expected one or as good; silence and mere explanation are listed above."""
    vector = PROJECTS[project]
    rows = names.by_project(NormalizedName(project)).rows

    assert {row.conda for row in rows} <= {vector["conda"], *vector["also_ok"]}
    assert (not rows) == (project in SILENT)
    assert any(row.is_identity for row in rows) == (project not in SILENT and project not in NO_IDENTITY)


@pytest.mark.parametrize("project", PROJECTS)
def test_a_trap_is_not_the_project(project: str, names: NameTable) -> None:
    """What looks right and is wrong may be another project, never this one."""
    found = {row.pypi for trap in PROJECTS[project]["traps"] for row in names.by_conda(CondaName(trap)).rows}

    assert project not in found


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_never_a_wrong_project(package: str, names: NameTable) -> None:
    """The projects are among the expected ones; what is left out is listed above."""
    expected = set(PACKAGES[package]["pypi"])
    found = {row.pypi for row in names.by_conda(CondaName(package)).rows}

    assert found <= expected
    assert (found != expected) == (package in PARTLY_SILENT)


@pytest.mark.parametrize(
    ("project", "package", "relation"),
    [
        ("attrs", "attrs", Relation.DIST),
        ("build", "python-build", Relation.DIST),
        ("cmake", "cmake", Relation.TOOL),
        ("duckdb", "python-duckdb", Relation.DIST),
        ("fastapi", "fastapi-core", Relation.BASE),
        ("geopandas", "geopandas-base", Relation.BASE),
        ("h3", "h3-py", Relation.DIST),
        ("huggingface-hub", "huggingface_hub", Relation.DIST),
        ("igraph", "python-igraph", Relation.DIST),
        ("jupyter-client", "jupyter_client", Relation.DIST),
        ("jupyterlab", "jupyterlab", Relation.DIST),
        ("mkl", "mkl", Relation.LIBRARY),
        ("ninja", "ninja-python", Relation.DIST),
        ("opencv-python", "py-opencv", Relation.DIST),
        ("pip", "pip", Relation.DIST),
        ("psycopg2", "psycopg2", Relation.DIST),
        ("pyarrow", "pyarrow-core", Relation.BASE),
        ("python-dateutil", "python-dateutil", Relation.DIST),
        ("scikit-learn", "scikit-learn", Relation.DIST),
        ("shiboken6", "pyside6", Relation.PART),
        ("stack-data", "stack_data", Relation.DIST),
        ("tables", "pytables", Relation.DIST),
        ("tbb", "tbb", Relation.LIBRARY),
        ("torch", "pytorch", Relation.DIST),
        ("uv", "python-uv", Relation.DIST),
        ("xgboost", "py-xgboost", Relation.BASE),
    ],
)
def test_what_people_ask_for_most(project: str, package: str, relation: Relation, names: NameTable) -> None:
    """One answer each, of the relation that is true today."""
    assert [(row.conda, row.relation) for row in names.by_project(NormalizedName(project)).rows] == [
        (package, relation)
    ]


@pytest.mark.parametrize("package", ["python", "libffi", "openssl", "docker", "graphviz", "tzdata", "libopencv"])
def test_a_package_that_no_wheel_may_stand_for(package: str, names: NameTable) -> None:
    """Design, D3: so that nobody can upload a wheel named `libffi` and get installed."""
    assert names.is_conda_name(package)
    assert names.by_conda(CondaName(package)).rows == ()
