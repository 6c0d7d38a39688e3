"""What goes with a package, and what stays: environments of real records, without the files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rattler import PackageRecord, PrefixPaths, PrefixRecord, RepoDataRecord
from rattler.package import BuildString

from tests.installer.wheelmaker import snapshot
from wheelbridge.api.removing import NotInstalledError, prepare_removal
from wheelbridge.installer.errors import FrozenEnvironmentError, NotAnEnvironmentError

PYTHON = "3.11.7"


@dataclass(frozen=True)
class Installed:
    """A package of an environment; *file* ends with ``.whl`` for a wheel, by default one of its name."""

    depends: Sequence[str] = ()
    extras: Mapping[str, Sequence[str]] = field(default_factory=dict)
    file: str = ""


CONDA = ".conda"


def wheel(*depends: str, file: str = "", **extras: Sequence[str]) -> Installed:
    """Describe a wheel."""
    return Installed(("python", *depends), extras, file)


def conda(*depends: str) -> Installed:
    """Describe a package of a channel."""
    return Installed(depends, file=CONDA)


def make_environment(prefix: Path, packages: Mapping[str, Installed], specs: Sequence[str]) -> Path:
    """Write ``conda-meta`` of python and *packages*, asked for as *specs*."""
    meta = prefix / "conda-meta"
    meta.mkdir(parents=True)
    for name, package in {"python": conda(), **packages}.items():
        is_wheel = package.file != CONDA
        record = PackageRecord(
            name,
            "1.0" if name != "python" else PYTHON,
            BuildString("0"),
            0,
            "noarch" if is_wheel else "linux-64",
            noarch="python" if is_wheel else None,
            depends=[*package.depends],
            extra_depends={extra: [*needs] for extra, needs in package.extras.items()} or None,
        )
        fn = f"{package.file or name.replace('-', '_')}-1.0-py3-none-any.whl" if is_wheel else f"{name}-1.0-0.conda"
        whole = RepoDataRecord(record, fn, f"https://host.example/{fn}", "https://host.example/simple")
        PrefixRecord(whole, PrefixPaths()).write_to_path(meta / f"{name}-{record.version}-0.json", pretty=False)
    exact = [spec for spec in specs if "[" in spec]
    plain = [spec.partition("[")[0] for spec in specs]
    lines = ["==> 2026-01-02 03:04:05 <==", f"# wheelbridge specs: {exact}", f"# update specs: {plain}"]
    (meta / "history").write_text("\n".join([*lines, ""]))
    return prefix


def gone(prefix: Path, *names: str) -> set[str]:
    """Return what goes when *names* are removed."""
    return {record.name.normalized for record in prepare_removal(prefix, names).plan.unlink}


@pytest.mark.parametrize(
    ("packages", "specs", "removed", "expected"),
    [
        pytest.param(
            {"app": wheel("lib"), "lib": wheel("base"), "base": wheel(), "tool": wheel()},
            ["app", "tool"],
            "app",
            {"app", "lib", "base"},
            id="what it alone needed",
        ),
        pytest.param(
            {"app": wheel("lib"), "tool": wheel('lib[version=">=1"]'), "lib": wheel()},
            ["app", "tool"],
            "app",
            {"app"},
            id="what others need stays",
        ),
        pytest.param(
            {"app": wheel("lib"), "lib": wheel()}, ["app", "lib"], "app", {"app"}, id="what was asked for stays"
        ),
        pytest.param(
            {"app": wheel("lib"), "tool": wheel("lib"), "lib": wheel()},
            ["app", "tool"],
            "lib",
            {"app", "tool", "lib"},
            id="what depends on it",
        ),
        pytest.param({"app": wheel("lib"), "lib": wheel()}, ["app"], "python", {"app", "lib", "python"}, id="python"),
        pytest.param(
            {"app": wheel('lib[when="python<3.12dev0"]'), "lib": wheel()},
            ["app"],
            "lib",
            {"app", "lib"},
            id="a condition that holds",
        ),
        pytest.param(
            {"app": wheel('lib[when="python<3.9dev0"]'), "lib": wheel()},
            ["app", "lib"],
            "lib",
            {"lib"},
            id="a condition that does not hold",
        ),
        pytest.param(
            {"app": wheel('lib[when="python<3.9dev0 or python>=3.11dev0"]'), "lib": wheel()},
            ["app"],
            "lib",
            {"app", "lib"},
            id="one condition of two holds",
        ),
        pytest.param(
            {"app": wheel("lib", 'old[when="python<3.9dev0"]'), "lib": wheel("old"), "old": wheel(), "x": wheel()},
            ["app", "x"],
            "old",
            {"app", "lib", "old"},
            id="a condition aside, by another way",
        ),
        pytest.param(
            {"app": wheel(more=["lib"]), "lib": wheel()},
            ["app[extras=[more]]"],
            "lib",
            {"app", "lib"},
            id="an extra that was asked for",
        ),
        pytest.param(
            {"app": wheel(more=["lib"]), "lib": wheel()},
            ["app", "lib"],
            "lib",
            {"lib"},
            id="an extra that nobody asked for",
        ),
        pytest.param(
            {"app": wheel("mid[extras=[more]]"), "mid": wheel(more=["lib"], less=["tool"]), "lib": wheel()},
            ["app"],
            "app",
            {"app", "mid", "lib"},
            id="an extra that a wheel asks for",
        ),
        pytest.param(
            {"app": wheel(all=["app[extras=[more]]"], more=["lib"]), "lib": wheel()},
            ["app[extras=[all]]"],
            "lib",
            {"app", "lib"},
            id="an extra of extras",
        ),
        pytest.param(
            {"app": wheel(more=["lib"]), "lib": wheel("base"), "base": wheel(), "x": wheel()},
            ["app[extras=[more]]", "x"],
            "x",
            {"x"},
            id="what an extra brought stays",
        ),
        pytest.param(
            {"one": wheel("two"), "two": wheel("one"), "x": wheel()}, ["one", "x"], "one", {"one", "two"}, id="a cycle"
        ),
        pytest.param(
            {"one": wheel("two"), "two": wheel("one"), "x": wheel()}, ["one", "x"], "x", {"x"}, id="beside a cycle"
        ),
        pytest.param(
            {"app": wheel("one"), "one": wheel("two"), "two": wheel("one")},
            ["app"],
            "app",
            {"app", "one", "two"},
            id="a cycle that nobody needs any more",
        ),
        pytest.param(
            {"app": wheel("lib"), "lib": wheel(), "other": conda("needed"), "needed": conda()},
            ["app"],
            "app",
            {"app", "lib"},
            id="what another tool put there stays",
        ),
        pytest.param(
            {"native": conda("libfoo"), "libfoo": conda(), "app": wheel("native")},
            ["app"],
            "app",
            {"app", "native", "libfoo"},
            id="packages of a channel go too",
        ),
    ],
)
def test_what_goes(
    tmp_path: Path, packages: Mapping[str, Installed], specs: list[str], removed: str, expected: set[str]
) -> None:
    """What depends on it and what nobody needs any more; everything else stays, and the plan touches nothing."""
    prefix = make_environment(tmp_path / "env", packages, ["python", *specs])
    before = snapshot(prefix)

    assert gone(prefix, removed) == expected
    assert snapshot(prefix) == before


@pytest.mark.parametrize(
    "name", ["foo-bar", "Foo-Bar", "foo_bar", "Foo.Bar", "pypi:foo-bar", "pypi:Foo_Bar", "pypi:FOO.BAR"]
)
def test_a_project_by_any_spelling(tmp_path: Path, name: str) -> None:
    """PEP 503: names are compared normalized; here as well as behind ``pypi:``."""
    prefix = make_environment(tmp_path / "env", {"foo-bar": wheel(file="Foo_Bar")}, ["python", "foo-bar"])

    assert gone(prefix, name) == {"foo-bar"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("docker", "docker", id="the conda package"),
        pytest.param("pypi:docker", "pypi.docker", id="the project"),
        pytest.param("pypi.docker", "pypi.docker", id="by its solver name"),
        pytest.param("torch", "pytorch", id="a project that a row maps"),
        pytest.param("pytorch", "pytorch", id="by the name of the row"),
    ],
)
def test_a_project_beside_a_package_of_its_name(tmp_path: Path, name: str, expected: str) -> None:
    """``pypi:`` says which of the two is meant."""
    packages = {"docker": conda(), "pypi.docker": wheel(file="docker"), "pytorch": wheel(file="torch")}
    prefix = make_environment(tmp_path / "env", packages, ["python", *packages])

    assert gone(prefix, name) == {expected}


@pytest.mark.parametrize("name", ["nonesuch", "pypi:native", "pypi:python"])
def test_what_is_not_there(tmp_path: Path, name: str) -> None:
    """The name is said as it was written; a conda package is no project."""
    prefix = make_environment(tmp_path / "env", {"native": conda()}, ["native"])

    with pytest.raises(NotInstalledError, match=f"'{name}' is not installed in ") as caught:
        prepare_removal(prefix, ["native", name])
    assert (caught.value.code, caught.value.name) == ("not-installed", name)


def test_what_may_not_be_changed(tmp_path: Path) -> None:
    """Nor may a frozen environment lose anything, nor a folder that is none."""
    prefix = make_environment(tmp_path / "env", {"native": conda()}, ["native"])
    (prefix / "conda-meta" / "frozen").touch()

    with pytest.raises(FrozenEnvironmentError):
        prepare_removal(prefix, ["native"])
    assert prepare_removal(prefix, ["native"], override={"frozen"}).plan.unlink
    with pytest.raises(NotAnEnvironmentError):
        prepare_removal(tmp_path, ["native"])


def test_what_goes_along_is_not_asked_for_any_more(tmp_path: Path) -> None:
    """Else it would count as asked for, with its old bounds, when something needs it again."""
    prefix = make_environment(tmp_path, {"app": wheel("lib"), "lib": wheel(), "tool": wheel()}, ["app", "tool"])

    assert prepare_removal(prefix, ["lib"]).transaction.removed == ("app", "lib")
