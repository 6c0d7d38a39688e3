"""Why a package is in an environment: who asked for it, who needs it, which variant it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rattler import RepoDataRecord

from wheelbridge.api.explaining.graph import installed_needs, shortest_way
from wheelbridge.api.origins import origin_of
from wheelbridge.api.removing import find_installed
from wheelbridge.installer.errors import BrokenRecordError, NotAnEnvironmentError
from wheelbridge.installer.history import load_history, requested_specs
from wheelbridge.installer.listing import InstalledPackage, describe_installed, load_records
from wheelbridge.installer.origins import Origin, origins_path
from wheelbridge.installer.prefix import is_environment
from wheelbridge.solver.decisions import read_decision
from wheelbridge.solver.problem import Decision
from wheelbridge.solver.records import wheel_project


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a package is there.

    Attributes:
        requested: the spec by which the user asked for it, None if nobody did.
        needed_by: package -> the spec by which it needs this one.
        chains: for each package that the user asked for and that leads here, the shortest way, this package last.
        needs: the MatchSpecs that hold for it, of the machine too.
        decision: why it is from its source, None where nobody wrote it down.
        built_of: the source distribution that it was built of here; None for all else, and where the cache forgot it.
    """

    package: InstalledPackage
    requested: str | None
    needed_by: Mapping[str, str]
    chains: Sequence[Sequence[str]]
    needs: Sequence[str]
    decision: Decision | None = None
    built_of: str | None = None

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {
            "package": self.package.as_json(),
            "variant": self.package.variant.as_json() if self.package.variant else None,
            "requested": self.requested,
            "needed_by": dict(self.needed_by),
            "chains": [list(chain) for chain in self.chains],
            "depends": list(self.needs),
            "decision": self.decision.as_json() if self.decision else None,
            "built_of": self.built_of,
        }


def explain_package(prefix: Path, name: str) -> Explanation:
    """Say why *name*, a conda package's or a PyPI project's, is in the environment at *prefix*.

    Raises:
        NotAnEnvironmentError: if there is no environment.
        NotInstalledError: if it has no such package.
        BrokenRecordError: if what it remembers of origins is damaged.
    """
    if not is_environment(prefix):
        raise NotAnEnvironmentError(prefix)
    installed = {record.name.normalized: record for record in load_records(prefix)}
    own = find_installed(name, installed, prefix)
    asked = requested_specs(load_history(prefix), installed, exact=True)
    edges = installed_needs(installed, asked.values())
    origin = origin_of(prefix, installed[own])
    return Explanation(
        package=describe_installed(prefix, installed[own]),
        requested=asked.get(own),
        needed_by={owner: specs[own] for owner, specs in sorted(edges.items()) if own in specs},
        chains=[chain for root in sorted(asked) if root != own and (chain := shortest_way(edges, root, own))],
        needs=tuple(installed[own].depends),
        decision=_read_decision(prefix, origin) if origin else None,
        built_of=_find_sdist(installed[own]),
    )


def _find_sdist(record: RepoDataRecord) -> str | None:
    """Return the source distribution that a wheel was built of here, as the cache knows it."""
    if not (record.url.startswith("file:") and wheel_project(record.file_name)):
        return None
    from wheelbridge.api.building.store import read_built  # noqa: PLC0415 - few wheels come from a local folder
    from wheelbridge.index.local import url_to_path  # noqa: PLC0415 - as above

    built = read_built(url_to_path(record.url))
    return built.sdist if built else None


def _read_decision(prefix: Path, origin: Origin) -> Decision:
    try:
        return read_decision(origin.decision)
    except (KeyError, TypeError) as error:
        raise BrokenRecordError(origins_path(prefix), f"a decision lacks {error}") from error
