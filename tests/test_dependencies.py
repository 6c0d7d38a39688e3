"""What wheelbridge imports is what it says it needs."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent


HOST = {"conda": ROOT / "wheelbridge" / "conda_plugin"}
"""What is there where the plugin runs, and no index has for anybody to depend on."""


def imported() -> Iterator[tuple[str, str]]:
    """Yield each module of others that is imported anywhere, and the file that does."""
    for file in sorted((ROOT / "wheelbridge").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if top in HOST and HOST[top] in file.parents:
                    continue
                if top not in {*sys.stdlib_module_names, "wheelbridge", "_typeshed"}:  # the last one is mypy's own
                    yield top, file.relative_to(ROOT).as_posix()


def test_every_import_is_declared() -> None:
    """A fresh machine has what the project declares, and nothing that happens to lie about here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"], *(line for lines in project["optional-dependencies"].values() for line in lines)]
    declared = {canonicalize_name(Requirement(text).name) for text in texts}
    known = packages_distributions()
    found = dict(imported())
    owners = {module: {canonicalize_name(name) for name in known.get(module, ())} for module in found}

    assert {module: found[module] for module, names in owners.items() if not names & declared} == {}
    assert {"rattler", "packageurl", "elftools"} <= found.keys()
