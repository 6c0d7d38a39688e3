from rattler import PackageRecord, RepoDataRecord
from rattler.package import BuildString

from wheelbridge.solver.records import taken_names


def make_record(filename: str, depends: list[str], extras: dict[str, list[str]] | None = None) -> RepoDataRecord:
    """Make a record as a source has it."""
    package = PackageRecord(
        name=filename.split("-", maxsplit=1)[0],
        version="1",
        build=BuildString("0"),
        build_number=0,
        subdir="linux-64",
        depends=depends,
        extra_depends=extras,
    )
    source = "https://host.example"
    return RepoDataRecord(package, filename, f"{source}/{filename}", source)


def test_conda_packages_take_the_names_they_depend_on() -> None:
    """However a dependency is spelled, and in an optional group (CEP 44), too."""
    depends = ["a", "b >=1", "c=1", "forge::d"]
    records = [make_record("tool-1-0.conda", depends, {"e": ["f[extras=[g]]"]}), make_record("h-1-0.tar.bz2", [])]

    assert taken_names(records) == {"tool", "a", "b", "c", "d", "f", "h"}


def test_wheels_take_no_names() -> None:
    """A wheel's own name and requirements are those of projects."""
    assert taken_names([make_record("wheel-1-py3-none-any.whl", ["a"])]) == frozenset()
