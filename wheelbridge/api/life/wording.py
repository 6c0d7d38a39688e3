"""Requirements in the words of those that have them: what a wheel needs, as its METADATA says it."""

import re
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from rattler import PrefixRecord, RepoDataRecord

from wheelbridge.index.errors import InvalidMetadataError
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.solver.records import needed_name, wheel_project

_BRACKETED = re.compile(r'(?P<name>[^\[]+)\[version="(?P<version>[^"]*)"\]')
_BOUND = re.compile(r"(?<=[<>=])(\d+(?:\.\d+)*)\.?dev0(?=$|[,|)])")
"""The end of a translated bound: of a wheel, ``<2`` leaves out the pre-releases of 2 as well (PEP 440)."""


def as_required(prefix: Path, owner: RepoDataRecord, spec: str, project: str | None) -> str:
    """Return what *owner* needs as it says it itself, where it is an installed wheel; else *spec* as people write it.

    Args:
        prefix: the environment.
        owner: what needs something.
        spec: what it needs, as a MatchSpec.
        project: the project that this is on an index; None: it is none.
    """
    stated = {
        str(one) for one in _stated(prefix, owner) if canonicalize_name(one.name) == (project or needed_name(spec))
    }
    return stated.pop() if len(stated) == 1 else plain_spec(spec)


def plain_spec(spec: str) -> str:
    """Return a translated MatchSpec as people write it, the marks of PEP 440's exclusive bounds left out.

    >>> plain_spec('beta[version="<2dev0"]'), plain_spec("low <2"), plain_spec('b[version=">=1",extras=[x]]')
    ('beta <2', 'low <2', 'b[version=">=1",extras=[x]]')
    """
    match = _BRACKETED.fullmatch(spec)
    if match is None:
        return spec
    version = _BOUND.sub(r"\1", match["version"])
    return f"{match['name']} {version}"


def _stated(prefix: Path, owner: RepoDataRecord) -> list[Requirement]:
    """Return the requirements in the METADATA of an installed wheel, without markers; none where it cannot be read."""
    project = wheel_project(owner.file_name)
    found = [path for path in owner.files if path.name == "METADATA"] if isinstance(owner, PrefixRecord) else []
    for path in found if project else ():
        if canonicalize_name(path.parent.name.partition("-")[0]) == project:
            try:
                metadata = parse_metadata((prefix / path).read_bytes(), path.parent.name)
                requirements = [Requirement(line) for line in metadata.requires_dist]
            except (OSError, InvalidMetadataError, InvalidRequirement):
                return []
            for one in requirements:
                one.marker = None
            return requirements
    return []
