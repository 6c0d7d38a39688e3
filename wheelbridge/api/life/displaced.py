"""What other tools did to packages of ``conda-meta``: distributions put in their place, or taken away."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from wheelbridge.api.checks.findings import Environment, Finding, Repair
from wheelbridge.installer.distributions import Distribution, provided_projects

DISPLACED = "displaced-package"
UNINSTALLED = "uninstalled-package"


@dataclass(frozen=True, slots=True)
class Displacement:
    """A package that is not there as its record says; *by* is what is there instead, None where nothing is."""

    name: str
    version: str
    project: str
    by: Distribution | None


class Displacements:
    """The packages of one environment whose distributions another tool replaced or removed."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    @cached_property
    def found(self) -> tuple[Displacement, ...]:
        """All of them, by the names of the packages."""
        return tuple(self._search())

    @property
    def names(self) -> frozenset[str]:
        """The names of the packages."""
        return frozenset(one.name for one in self.found)

    def check(self) -> Iterator[Finding]:
        """Say of each what happened to it."""
        for one in self.found:
            yield self._uninstalled(one) if one.by is None else self._displaced(one, one.by)

    def _search(self) -> Iterator[Displacement]:
        environment = self._environment
        if (layout := environment.layout) is None:
            return
        there = {
            one.project: one for one in sorted(environment.distributions, key=_by_owner) if one.headers or one.owner
        }
        for record in environment.records:
            name = record.name.normalized
            paths = [file.path for file in environment.files[name]]
            for project in sorted(provided_projects(paths, layout.site_packages)):
                one = there.get(project)
                if one is None or one.owner is None:
                    yield Displacement(name, str(record.version), project, one)

    def _uninstalled(self, one: Displacement) -> Finding:
        return Finding(
            code=UNINSTALLED,
            severity="error",
            message=f"{one.name} {one.version} is recorded, and {one.project} is gone, as `pip uninstall` leaves it.",
            hint=f"Put it back with --fix, or remove its record, too: {self._environment.removal(one.name)}.",
            details={"package": one.name, "version": one.version, "project": one.project},
            repair=Repair("relink", one.name),
        )

    def _displaced(self, one: Displacement, by: Distribution) -> Finding:
        how = f", in editable mode, from {_origin(by)}" if by.is_editable else ""
        tool = by.installer or "another tool"
        adoption = self._environment.adoption(by.project)
        return Finding(
            code=DISPLACED,
            severity="error",
            message=f"{tool} put {by} in the place of {one.name} {one.version}, which is recorded{how}.",
            hint=f"Keep what is there: {adoption}; or let a solve give what comes in its place: {adoption} --replace.",
            details={
                "package": one.name,
                "version": one.version,
                "project": one.project,
                "found": by.version,
                "installer": by.installer,
                "editable": by.is_editable,
            },
        )


def _by_owner(one: Distribution) -> tuple[bool, str]:
    """Sort what a record has behind the rest, where it wins."""
    return one.owner is not None, one.folder


def _origin(one: Distribution) -> str:
    url = (one.direct_url or {}).get("url")
    return url if isinstance(url, str) else "somewhere"
