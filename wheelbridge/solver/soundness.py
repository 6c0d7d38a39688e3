"""Whether a set of records holds together, by its own metadata: the solver's answer is checked, never trusted.

py-rattler 0.28.0 can lose a conditional dependency (CEP 43), or one of a group (CEP 44), when it goes back on a choice.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rattler import MatchSpec, PackageRecord, RepoDataRecord

from wheelbridge.model.record import WHEEL_FLAG

_CONDITION = re.compile(r",?when=(?:\"[^\"]*\"|'[^']*')")


@dataclass(frozen=True, slots=True)
class Need:
    """A dependency that holds: *owner* needs *spec*; no owner means the request.

    *is_plain* tells that it holds under all circumstances.
    """

    owner: RepoDataRecord | None
    spec: str
    is_plain: bool = False


def find_unmet(records: Iterable[RepoDataRecord], requested: Iterable[str]) -> list[Need]:
    """Return what conditions and groups ask for and *records* do not have; without their conditions."""
    chosen = {record.name.normalized: record for record in records}
    return [
        Need(need.owner, plain)
        for need in active_needs(chosen, requested)
        if not need.is_plain and not _is_met(plain := without_condition(need.spec), chosen)
    ]


def asked_extras(records: Iterable[RepoDataRecord], requested: Iterable[str]) -> dict[str, set[str]]:
    """Return name -> the extras that *requested* specs and *records* may ask of it, conditions left aside.

    What stands in a group counts where somebody may ask for the group: a record that is kept has those of all extras.
    """
    chosen = {record.name.normalized: record for record in records}
    todo = [*requested, *(text for record in chosen.values() for text in record.depends)]
    found: dict[str, set[str]] = {}
    while todo:
        if "extras" in (text := todo.pop()):
            spec = MatchSpec(text)
            name = spec.name.normalized or ""
            fresh = set(spec.extras or ()) - found.setdefault(name, set())
            found[name] |= fresh
            groups = chosen[name].extra_depends if name in chosen else {}
            todo.extend(need for extra in fresh for need in groups.get(extra, ()))
    return found


def without_their_extras(records: Iterable[RepoDataRecord], requested: Iterable[str]) -> list[str]:
    """Return the conda packages among *records* that do not know the extras which the request or wheels ask of them."""
    chosen = {record.name.normalized: record for record in records}
    wheels = (record for record in chosen.values() if WHEEL_FLAG in record.flags)
    found: list[str] = []
    for text in (*requested, *(text for record in wheels for text in record.depends)):
        if "extras" in text:
            spec = MatchSpec(text)
            record = chosen.get(spec.name.normalized or "")
            if record and WHEEL_FLAG not in record.flags and not set(spec.extras or ()) <= set(record.extra_depends):
                found.append(record.name.normalized)
    return found


def active_needs(chosen: Mapping[str, RepoDataRecord], requested: Iterable[str]) -> Iterator[Need]:
    """List every dependency that holds among *chosen* records: conditions seen, groups only where asked for."""
    todo = [Need(None, text) for text in requested]
    todo.extend(
        Need(record, text, is_plain="when=" not in text) for record in chosen.values() for text in record.depends
    )
    opened: dict[str, set[str]] = {}
    while todo:
        need = todo.pop()
        spec = MatchSpec(need.spec)
        if spec.condition is not None and not _holds(spec.condition, chosen.get("python")):
            continue
        yield need
        name = spec.name.normalized or ""
        for extra in set(spec.extras or ()) - opened.setdefault(name, set()) if name in chosen else ():
            opened[name].add(extra)
            todo.extend(Need(chosen[name], text) for text in chosen[name].extra_depends.get(extra, ()))


def without_condition(spec: str) -> str:
    """Take the condition out of a MatchSpec.

    >>> without_condition('foo[version=">=1",when="python<3.11dev0"]'), without_condition('foo[when="python>=3"]')
    ('foo[version=">=1"]', 'foo')
    """
    return _CONDITION.sub("", spec).replace("[,", "[").replace("[]", "")


def _is_met(spec: str, chosen: Mapping[str, RepoDataRecord]) -> bool:
    match = MatchSpec(spec)
    name = match.name.normalized or ""
    if name.startswith("__"):
        return True
    return name in chosen and match.matches(chosen[name])


def _holds(condition: str, python: PackageRecord | None) -> bool:
    """Evaluate a condition of ours, a disjunction over python; of any other nothing is known, so it is left alone."""
    parts = condition.split(" or ")
    if python is None or not all(part.startswith("python") for part in parts):
        return False
    return any(MatchSpec(part).matches(python) for part in parts)
