"""Names: a PyPI project has a normalized name, a conda package a conda name; they are never mixed."""

import re
from typing import NewType
from urllib.parse import unquote, urlsplit

from packaging.utils import NormalizedName, canonicalize_name

CondaName = NewType("CondaName", str)
"""A conda package name (CEP 26), lower case."""

PYPI_PREFIX = "pypi."
"""Solver names of projects that no row maps and whose name a conda package has: ``pypi.docker``."""

ALL_PROJECTS = ":all:"
"""In the place of a project: every project, as pip has it in ``--no-binary``."""

_CEP_26 = re.compile(r"(([a-z0-9])|([a-z0-9_](?!_)))[._-]?([a-z0-9]+([._-]|$))*")
_MAX_LENGTH = 64


def is_conda_name(text: str) -> bool:
    """Tell whether *text* may name a conda package.

    CEP 26: "It MUST start with a letter, a number, or a single underscore. It MUST NOT include two consecutive
    separators"; "the maximum length of a package name MUST NOT exceed 64 characters".

    >>> is_conda_name("ruamel.yaml"), is_conda_name("__glibc"), is_conda_name("Foo")
    (True, False, False)
    """
    return len(text) <= _MAX_LENGTH and _CEP_26.fullmatch(text) is not None


def own_solver_name(project: NormalizedName) -> CondaName:
    """Return the solver name of a project that must not be confused with the conda package of its name.

    >>> own_solver_name(canonicalize_name("Docker"))
    'pypi.docker'
    """
    return CondaName(f"{PYPI_PREFIX}{project}")


__all__ = [
    "ALL_PROJECTS",
    "PYPI_PREFIX",
    "CondaName",
    "NormalizedName",
    "canonicalize_name",
    "is_conda_name",
    "own_solver_name",
]


def wheel_file_name(file_name: str, url: str) -> str:
    """Return the name that a wheel has of its own, where its record goes by another.

    The records of a channel that lists wheels are called as its packages are: ``<name>-<version>-<build>``.

    >>> own = "https://host.example/markdown_it_py-4.0.0-py3-none-any.whl"
    >>> wheel_file_name("markdown-it-py-4.0.0-py3_none_any_0.whl", own)
    'markdown_it_py-4.0.0-py3-none-any.whl'
    >>> wheel_file_name("a-1-0.conda", "https://host.example/b-1-py3-none-any.whl")
    'a-1-0.conda'
    """
    own = unquote(urlsplit(url).path.rpartition("/")[2])
    return own if file_name.endswith(".whl") and own.endswith(".whl") else file_name
