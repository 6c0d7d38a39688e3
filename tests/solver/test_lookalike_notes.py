"""What is said of look-alikes in a solution; of packages that are values, for no solver decides anything here."""

from collections.abc import Iterable

import pytest
from packaging.utils import canonicalize_name
from rattler import PackageRecord, RepoDataRecord
from rattler.package import BuildString

from tests.fakes import FakeNames
from wheelbridge.mapping.known_names import KnownNames
from wheelbridge.solver.lookalike_notes import note_lookalikes
from wheelbridge.solver.problem import ResolvedPackage, Standing

TABLE = FakeNames(
    {name: name for name in ("requests", "requests-cache", "torch-geometric")} | {"torch": "pytorch"},
    ambiguous={"reqests": ("reqests", "reqests-base")},
)
PUBLIC = frozenset({"pypi"})


def make_record(name: str, filename: str) -> RepoDataRecord:
    """Make the least that rattler takes for a record."""
    package = PackageRecord(
        name=name, version="1.0", build=BuildString("0"), build_number=0, subdir="noarch", noarch="python"
    )
    return RepoDataRecord(package, filename, f"https://host.example/{filename}", "https://host.example")


def make_wheel(
    project: str, *, source: str = "pypi", name: str | None = None, depends: Iterable[str] = ()
) -> ResolvedPackage:
    """Make a wheel as a solution has it."""
    filename = f"{project.replace('-', '_')}-1.0-py3-none-any.whl"
    return ResolvedPackage(
        kind="wheel",
        name=name or project,
        pypi_name=project,
        version="1.0",
        build="0",
        build_number=0,
        subdir="noarch",
        source=source,
        fn=filename,
        url=f"https://host.example/{filename}",
        sha256=None,
        size=None,
        depends=tuple(depends),
        record=make_record(name or project, filename),
    )


def make_conda(name: str, depends: Iterable[str] = ()) -> ResolvedPackage:
    """Make a conda package as a solution has it."""
    filename = f"{name}-1.0-0.conda"
    return ResolvedPackage(
        kind="conda",
        name=name,
        version="1.0",
        build="0",
        build_number=0,
        subdir="noarch",
        source="conda-forge",
        fn=filename,
        url=f"https://host.example/{filename}",
        sha256=None,
        size=None,
        depends=tuple(depends),
        record=make_record(name, filename),
    )


def note(*packages: ResolvedPackage, standing: Standing | None = None, asked: Iterable[str] = ()) -> list[str]:
    """Note what is to be said of *packages*."""
    return note_lookalikes(
        packages,
        standing or Standing(),
        public=PUBLIC,
        asked={canonicalize_name(name) for name in asked},
        table=TABLE,
        known=lambda: KnownNames.of(TABLE.identities),
    )


class TestSaid:
    """One sentence for each suspect, with what to do."""

    def test_what_was_asked_for(self) -> None:
        """The whole of it: where it comes from, what it looks like, what to do."""
        (said,) = note(make_wheel("reqeusts"), asked=["reqeusts"])

        assert said == (
            "reqeusts comes from pypi, and differs from requests (conda has it too) in two swapped letters alone. "
            "If you meant requests, ask for that; otherwise nothing needs to change."
        )

    def test_what_another_one_needs(self) -> None:
        """Who is asked about it is the one who needs it; the conda name is told where it is another."""
        packages = [make_conda("python"), make_wheel("tool", depends=['python[version=">=3.9"]', "python-torch"])]

        (said,) = note(*packages, make_wheel("python-torch"), asked=["tool"])

        assert said == (
            "python-torch comes from pypi, because tool needs it, and differs from torch (conda's pytorch) in a usual "
            "beginning or end alone. If tool means torch, install neither; otherwise nothing needs to change."
        )

    def test_the_solver_name_may_be_another(self) -> None:
        """A project that must not be confused with a conda package has a name of its own in the solve."""
        suspect = make_wheel("reqeusts", name="pypi.reqeusts")

        (said,) = note(suspect, make_wheel("tool", name="pypi.tool", depends=['pypi.reqeusts[version=">=1"]']))
        assert said.startswith("reqeusts comes from pypi, because tool needs it")

    def test_two_lookalikes_at_most(self) -> None:
        """The likeliest ones."""
        asked = ["corp-tools", "corp-tool-s", "corp-toolz"]
        packages = [*(make_wheel(name, source="corp") for name in asked), make_wheel("corp-tool")]

        (said,) = note(*packages, asked=asked)
        assert said.count(" alone") == 2

    def test_a_private_name_counts(self) -> None:
        """Nobody but the environment knows it; a public project that looks like it is the more suspect."""
        packages = [make_wheel("acme-billing", source="corp"), make_wheel("acme-biling")]

        (said,) = note(*packages)
        assert "differs from acme-billing in a letter left out alone" in said

    def test_a_name_that_was_asked_for_counts(self) -> None:
        """Even if a suspect of the same request is all that came of it."""
        (said,) = note(make_wheel("acme-biling"), asked=["acme-billing"])

        assert "acme-billing" in said


class TestNotSaid:
    """Nothing where there is nothing to fear, or nothing new."""

    @pytest.mark.parametrize(
        "package",
        [make_wheel("requests"), make_wheel("reqests"), make_wheel("zzyzx"), make_conda("reqeusts")],
        ids=["it is the known one", "the tables know it, and cannot decide", "it looks like nothing", "conda's"],
    )
    def test_of_such_a_package(self, package: ResolvedPackage) -> None:
        """No row, no public index, no likeness: no word."""
        assert note(package, asked=[package.name]) == []

    def test_of_a_private_index(self) -> None:
        """Who owns the index owns its names."""
        assert note(make_wheel("reqeusts", source="corp")) == []

    @pytest.mark.parametrize("field", ["present", "locked", "replaced"])
    def test_of_what_was_there_before(self, field: str) -> None:
        """It was said when it came."""
        wheel = make_wheel("reqeusts")
        standing = {
            "present": Standing(present=("reqeusts",)),
            "locked": Standing(locked=(wheel.record,)),
            "replaced": Standing(replaced=(wheel.record,)),
        }[field]

        assert note(wheel, standing=standing) == []

    def test_of_two_suspects_that_look_alike(self) -> None:
        """Two unknown projects of one request say nothing of each other."""
        assert note(make_wheel("zzyzx-one"), make_wheel("zzyzx-ones"), asked=["zzyzx-one", "zzyzx-ones"]) == []

    def test_the_names_are_not_read_without_need(self) -> None:
        """Most solutions hold nothing that the tables do not know."""

        def fail() -> KnownNames:
            raise AssertionError("the tables were read")

        packages = [make_wheel("requests"), make_wheel("reqeusts", source="corp"), make_conda("python")]
        assert note_lookalikes(packages, Standing(), public=PUBLIC, asked=set(), table=TABLE, known=fail) == []
