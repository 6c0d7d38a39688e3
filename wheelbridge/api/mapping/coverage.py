"""The coverage of what files ask for, by the tables of a folder."""

from dataclasses import replace
from pathlib import Path

from wheelbridge.api.mapping.demand_list import Demands
from wheelbridge.api.mapping.dependencies import Dependency, open_dependencies
from wheelbridge.mapping.coverage import Coverage, Mention, measure
from wheelbridge.mapping.external.rows import packages_of
from wheelbridge.tables import load_names


def measure_demands(demands: Demands, mappings: Path | None = None) -> Coverage:
    """Look up every name that *demands* has in the tables of *mappings*.

    An id of an external dependency counts as the one that it is an alias of.

    Raises:
        WheelbridgeError: if a table is missing or breaks a rule.
    """
    externals = {one.name for one in demands.mentions if one.world == "external"}
    table = open_dependencies(mappings)
    found = {name: table.look_up(name) for name in externals}
    mentions = [_meant(one, found) for one in demands.mentions]
    known = {one.resolution.id: _answer(one) for one in found.values() if one.rows}
    return measure(mentions, load_names(mappings), known)


def _meant(mention: Mention, found: dict[str, Dependency]) -> Mention:
    """Return what an alias stands for; an unknown one keeps no qualifiers, which may hold the login of an address."""
    if mention.world != "external":
        return mention
    plain, mark, _ = found[mention.name].resolution.id.partition("?")
    return replace(mention, name=f"{plain}?…" if mark else plain)


def _answer(one: Dependency) -> str | None:
    return ", ".join(sorted({package for layered in one.rows for package in packages_of(layered.row)})) or None
