"""What conda was asked for, in our words: MatchSpecs, and requirements of indexes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conda.models.channel import Channel
from conda.models.match_spec import MatchSpec
from packaging.utils import canonicalize_name

from wheelbridge.api.specs import Request, read_request
from wheelbridge.conda_plugin.solver.requirements import NotARequirementError, read_requirement
from wheelbridge.model.source import Route, Source

_OF_INDEX = re.compile(r"pypi:(?!:)")
_OF_PROJECTS = frozenset({"channel", "name", "version"})
"""Fields of a MatchSpec that mean something for a project of an index."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of conda's: *routes* hold projects to the indexes that their specs name."""

    request: Request
    routes: tuple[Route, ...] = ()


def read_asked(specs: Iterable[MatchSpec], sources: Sequence[Source]) -> Asked:
    """Sort conda's *specs*: ``pypi::name``, of any index among *sources*, and ``pypi:name`` are of an index.

    conda has no place for what stands before a single colon, and keeps it only in the text as it was typed.

    Raises:
        NotARequirementError: if a spec of an index says more than name and version.
        WheelbridgeError: if something cannot be read.
    """
    asked = [_read(spec, sources) for spec in sorted(specs, key=str)]
    return Asked(
        Request(
            tuple(text for one in asked for text in one.request.specs),
            tuple(text for one in asked for text in one.request.requirements),
        ),
        tuple(route for one in asked for route in one.routes),
    )


def _read(spec: MatchSpec, sources: Sequence[Source]) -> Asked:
    typed = spec.original_spec_str or ""
    if _OF_INDEX.match(typed):
        request = read_request([typed])
        if request.links:
            raise NotARequirementError(typed, "it says where something is")
        return Asked(request)
    if source := _index_of(spec, sources):
        requirement = _as_requirement(spec)
        route = Route(pattern=f"pypi:{canonicalize_name(spec.name)}", sources=(source.name,), origin=f"the spec {spec}")
        return Asked(Request((), (requirement,)), (route,))
    return Asked(read_request([conda_text(spec)]))


def conda_text(spec: MatchSpec) -> str:
    """Return *spec* as py-rattler reads it: conda may write ``numpy=[build=0]``."""
    return re.sub(r"^([^\[\]=]+)=\[", r"\1[", str(spec).rstrip("="), count=1)


def _index_of(spec: MatchSpec, sources: Sequence[Source]) -> Source | None:
    """Return the index that *spec* names in the place of a channel, by its name or its URL."""
    value = spec.get_exact_value("channel")
    if value is None:
        return None
    channel = Channel(value)
    named = {channel.canonical_name, (channel.base_url or "").rstrip("/")}
    return next((one for one in sources if one.kind == "index" and {one.name, one.url} & named), None)


def _as_requirement(spec: MatchSpec) -> str:
    if more := sorted(field for field in spec.FIELD_NAMES if spec.get_raw_value(field) and field not in _OF_PROJECTS):
        raise NotARequirementError(str(spec), f"it has {' and '.join(more)}")
    return read_requirement(str(spec), spec.name, str(spec.get_raw_value("version") or ""))
