"""Solvers beside ours in one conda: conda-rattler-solver shares py-rattler with us, and may want an older one."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_SHARED = "py-rattler"
_SOLVER = "conda-rattler-solver"


@dataclass(frozen=True, slots=True)
class Breakage:
    """A solver that does not take the py-rattler that is there."""

    solver: str
    needs: str
    found: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"{self.solver} needs {self.needs}, and {_SHARED} {self.found} is installed: --solver rattler may break."

    @property
    def hint(self) -> str:
        """What to do."""
        return (
            f"Set solver: libmamba, classic or wheelbridge in .condarc, until there is a release of {_SOLVER} that "
            f"takes {_SHARED} {self.found}."
        )


def find_breakage() -> Breakage | None:
    """Return what the metadata beside conda say of conda-rattler-solver; nothing of it is imported."""
    try:
        solver, found = version(_SOLVER), version(_SHARED)
    except PackageNotFoundError:
        return None
    for needed in map(Requirement, requires(_SOLVER) or ()):
        is_meant = canonicalize_name(needed.name) == _SHARED and (needed.marker is None or needed.marker.evaluate())
        if is_meant and not needed.specifier.contains(found, prereleases=True):
            return Breakage(f"{_SOLVER} {solver}", f"{_SHARED} {needed.specifier}", found)
    return None
