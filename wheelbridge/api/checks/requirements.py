"""Whether what packages require is there: by METADATA, as ``pip check`` looks at it, and by the records of conda."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version
from rattler import MatchSpec, PrefixRecord

from wheelbridge.api.checks.findings import Environment, Finding
from wheelbridge.index.errors import InvalidMetadataError
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.installer.distributions import Distribution
from wheelbridge.mapping.rows import Role
from wheelbridge.solver.soundness import active_needs, without_condition
from wheelbridge.translate.errors import MarkerNotExpressibleError
from wheelbridge.translate.markers import marker_environment

UNMET = "unmet-requirement"
UNMET_DEPENDENCY = "unmet-dependency"
UNREADABLE = "unreadable-metadata"
VIOLATED = "violated-constraint"

_KERNEL = ("platform_release", "platform_version")


class RequirementChecks:
    """The checks of what one environment's packages require of each other."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._there = {one.project: one for one in environment.distributions if one.headers}
        self._records = {record.name.normalized: record for record in environment.records}

    def requirements(self) -> Iterator[Finding]:
        """Find requirements of METADATA that nothing meets, those of extras that somebody asks for included.

        A conda package meets one where the tables say that it is the project, though pip cannot see it.
        """
        for one in self._there.values():
            for requirement in self._active(one):
                version = self._version_of(canonicalize_name(requirement.name))
                if version is None or not _allows(requirement, version):
                    yield self._unmet(one, requirement, version)

    def unreadable(self) -> Iterator[Finding]:
        """Find METADATA that cannot be read, or whose requirements do not follow the specification."""
        for one in self._there.values():
            try:
                lines = parse_metadata(one.metadata, one.folder).requires_dist
                for line in lines:
                    Requirement(line)
            except (InvalidMetadataError, InvalidRequirement) as error:
                reason = str(error).partition("\n")[0]
                yield Finding(
                    code=UNREADABLE,
                    severity="warning",
                    message=f"The metadata of {one} cannot be read: {reason}",
                    hint="Tell its maintainers, or install another version.",
                    details={"project": one.project, "folder": one.folder},
                )

    def dependencies(self) -> Iterator[Finding]:
        """Find what records of ``conda-meta`` depend on, or constrain, and what is there does not meet."""
        for need in active_needs(self._records, self._environment.requests.values()):
            spec = without_condition(need.spec)
            if need.owner is not None and not self._is_met(spec):
                yield self._lacks(need.owner.name.normalized, spec)
        for record in self._records.values():
            for text in record.constrains:
                limit = MatchSpec(text)
                other = self._records.get(limit.name.normalized or "")
                if other is not None and not limit.matches(other):
                    yield self._violates(record, text, other)

    @property
    def required(self) -> frozenset[NormalizedName]:
        """The projects that others require."""
        pairs = ((one, requirement) for one in self._there.values() for requirement in self._active(one))
        named = ((one.project, canonicalize_name(requirement.name)) for one, requirement in pairs)
        return frozenset(project for owner, project in named if owner != project)

    @cached_property
    def _extras(self) -> Mapping[NormalizedName, frozenset[str]]:
        """Project -> the extras that requests or other distributions ask of it."""
        found: dict[NormalizedName, set[str]] = {}
        asked: dict[str, set[str]] = {}
        for need in active_needs(self._records, self._environment.requests.values()):
            if "extras" in need.spec:
                spec = MatchSpec(need.spec)
                asked.setdefault(spec.name.normalized or "", set()).update(spec.extras or ())
        for one in self._there.values():
            found[one.project] = {*map(canonicalize_name, asked.get(one.owner or "", ()))}
        todo = list(self._there.values())
        while todo:
            one = todo.pop()
            for requirement in self._evaluate(one, found[one.project]):
                project = canonicalize_name(requirement.name)
                more = {*map(canonicalize_name, requirement.extras)} - found.get(project, set())
                if more and project in self._there:
                    found[project] |= more
                    todo.append(self._there[project])
        return {project: frozenset(extras) for project, extras in found.items()}

    @cached_property
    def _markers(self) -> dict[str, str]:
        python = self._environment.python
        version = str(python.version) if python else "3"
        full = version if version.count(".") > 1 else f"{version}.0.0"
        return marker_environment(self._environment.subdir, full)

    def _active(self, one: Distribution) -> Iterator[Requirement]:
        return self._evaluate(one, self._extras[one.project])

    def _evaluate(self, one: Distribution, extras: Iterable[str]) -> Iterator[Requirement]:
        """Yield the requirements of *one* that hold with *extras*; what cannot be read is told elsewhere."""
        try:
            lines = parse_metadata(one.metadata, one.folder).requires_dist
        except InvalidMetadataError:
            return
        for line in lines:
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue
            if any(self._holds(requirement, extra) for extra in ("", *extras)):
                yield requirement

    def _holds(self, requirement: Requirement, extra: str) -> bool:
        """Evaluate the marker for the environment's python; one that asks for the kernel is passed over."""
        if (marker := requirement.marker) is None:
            return True
        if any(name in str(marker) for name in _KERNEL):
            return False
        try:
            return marker.evaluate({**self._markers, "extra": extra})
        except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion, MarkerNotExpressibleError):
            return False

    def _version_of(self, project: NormalizedName) -> str | None:
        """Return the version of a project that is there, empty where it is not known; None where it is not there."""
        if one := self._there.get(project):
            return one.version
        answer = self._environment.names.by_project(project)
        for row in answer.rows:
            if row.is_identity and row.conda in self._records:
                return str(self._records[row.conda].version)
            specs = [*row.specs, *([row.conda] if row.conda else ())]
            if row.role is Role.STAND_IN and specs and all(map(self._is_met, specs)):
                return ""
        return None

    def _is_met(self, spec: str) -> bool:
        match = MatchSpec(spec)
        name = match.name.normalized or ""
        return name.startswith("__") or (name in self._records and match.matches(self._records[name]))

    def _unmet(self, one: Distribution, requirement: Requirement, version: str | None) -> Finding:
        there = f"version {version} is there" if version is not None else "it is not there"
        wanted = str(requirement).partition(";")[0].strip()
        of_channel = one.owner is not None and not self._environment.is_wheel(one.owner)
        return Finding(
            code=UNMET,
            severity="warning" if of_channel else "error",
            message=f"{one} requires {wanted}, and {there}.",
            hint=f"Run {self._environment.command} 'pypi:{wanted}'.",
            details={"package": one.project, "requirement": str(requirement), "installed": version},
        )

    def _lacks(self, owner: str, spec: str) -> Finding:
        name = MatchSpec(spec).name.normalized or ""
        other = self._records.get(name)
        there = f"{other.version} is there" if other else "it is not there"
        return Finding(
            code=UNMET_DEPENDENCY,
            severity="error",
            message=f"{owner} depends on {spec}, and {there}.",
            hint=f"Run {self._environment.command} '{spec}'.",
            details={"package": owner, "spec": spec, "installed": str(other.version) if other else None},
        )

    def _violates(self, record: PrefixRecord, spec: str, other: PrefixRecord) -> Finding:
        name = record.name.normalized
        return Finding(
            code=VIOLATED,
            severity="warning",
            message=f"{name} constrains {spec}, and {other.name.normalized} {other.version} is there.",
            hint=f"Run {self._environment.command} '{spec}'.",
            details={"package": name, "spec": spec, "installed": str(other.version)},
        )


def _allows(requirement: Requirement, version: str) -> bool:
    """Tell whether *version* will do; pre-releases that are there do, as for pip, and so does what has no PEP 440."""
    try:
        return not version or requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True
