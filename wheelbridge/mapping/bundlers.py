"""Bundlers: packages that carry dist-infos of others, which are no evidence of those projects."""

from collections.abc import Mapping

from wheelbridge.mapping.natives.fields import ACCOUNT, Fields, InvalidTableRowError
from wheelbridge.model.name import CondaName, NormalizedName, canonicalize_name, is_conda_name

_CHANNELS = ("conda-forge",)
_KNOWN = (ACCOUNT - {"relation"}) | {"conda", "not_theirs"}


def parse_bundlers(data: object, channel: str) -> Mapping[CondaName, frozenset[NormalizedName]]:
    """Return package -> projects whose dist-info it carries without being them, of the rows that hold for *channel*.

    >>> parse_bundlers([{"conda": "qgis", "not_theirs": ["future"]}], "conda-forge")
    {'qgis': frozenset({'future'})}

    Raises:
        InvalidTableRowError: if a row is wrong, or a package is there twice.
    """
    if not isinstance(data, list):
        raise InvalidTableRowError("bundlers", f"expected a list of rows, got {type(data).__name__}")
    found: dict[CondaName, frozenset[NormalizedName]] = {}
    for number, entry in enumerate(data):
        fields = Fields(entry, f"[{number}]", _KNOWN)
        package = CondaName(fields.text("conda"))
        if not is_conda_name(package):
            fields.fail(f"{package!r} cannot name a conda package (CEP 26)", "conda")
        projects = fields.texts("not_theirs")
        for project in projects:
            if canonicalize_name(project) != project:
                fields.fail(f"the project {project!r} is not normalized (PEP 503)", "not_theirs")
        if channel not in fields.texts("channels", _CHANNELS):
            continue
        if package in found:
            fields.fail(f"{package!r} is there twice", "conda")
        found[package] = frozenset(map(NormalizedName, projects))
    return found
