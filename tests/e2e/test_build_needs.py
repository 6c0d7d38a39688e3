"""What a wheel that was built here needs of conda: what its project says, and what it was linked with."""

import json
from dataclasses import replace

import pytest

from tests.buildmaker import MAP
from tests.buildstage import Stage, names
from tests.compiled import needs_compiler
from tests.condapackages import index_channel, make_conda
from tests.installer.wheelmaker import SUBDIR, make_wheel

pytestmark = needs_compiler

_ROWS = f"""
  - id: dep:generic/parted
    relation: library
    alternatives: [{{name: here, when: ["{SUBDIR}"], build: [], host: [parted-dev], run: [parted]}}]
    version: {{scheme: pep440, apply_to: [parted-dev]}}
    reviewed: 2026-11-22
"""


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """The usual, with a library whose headers are a package of their own, and one that a wheel may need to run."""
    channel = stage.folder / "channel"
    for name in ("parted-dev", "parted", "tool"):
        make_conda(channel, name, "2.0", {f"share/{name}": "x"}, subdir=SUBDIR)
    index_channel(channel)
    (stage.folder / "map.yaml").write_text(MAP + _ROWS)
    return replace(stage, more=("-c", str(channel)))


def depends(stage: Stage, *arguments: str) -> list[str]:
    """Return what the built wheel depends on besides python."""
    found = stage.create("pypi:pygreet", "--build", "pygreet", *arguments)
    (record,) = [one for one in found["records"] if one["name"] == "pygreet"]  # type: ignore[attr-defined] # by contract
    return [spec for spec in record["depends"] if not spec.startswith("python")]


class TestLinked:
    """What a wheel was linked with must be there when it runs."""

    def test_it_may_not_be_older_than_in_the_build(self, stage: Stage) -> None:
        """An older library may lack what the one of the build has; the project's own upper bound stays."""
        stage.project(external='host-requires = ["dep:generic/libgreet@>=1,<3"]').pack(stage.index)

        assert depends(stage) == ['libgreet[version=">=1.2,<3dev0"]']

    def test_a_bound_that_no_package_to_run_with_counts_is_left_out(self, stage: Stage) -> None:
        """The package that was linked with has met it: the wheel is not refused for it after its build."""
        project = stage.project(external='host-requires = ["dep:generic/parted@>=1"]')
        project.pack(stage.index)

        found = stage.create("pypi:pygreet", "--build", "pygreet")

        assert set(names(found)) == {"python", "pygreet", "parted"}
        (note,) = [text for text in found["notes"] if "left out" in text]  # type: ignore[attr-defined] # by contract
        assert note.startswith("pygreet-1.0.tar.gz: The bound '>=1' of dep:generic/parted was left out")

    def test_a_bound_of_what_it_runs_with_binds(self, stage: Stage) -> None:
        """Nothing has met a bound of ``dependencies``; what cannot be said of packages refuses the wheel."""
        stage.project(external='dependencies = ["dep:generic/parted@>=1"]').pack(stage.index)

        error = stage.error("pypi:pygreet", "--build", "pygreet")

        assert "external-version-not-expressible" in {one["code"] for one in error["refused"]}  # type: ignore[attr-defined] # by contract

    def test_another_map_is_seen_without_a_build(self, stage: Stage) -> None:
        """What the table of the project means is looked up anew; the wheel is the kept one."""
        project = stage.project(external='host-requires = ["dep:generic/libgreet"]')
        project.pack(stage.index)
        first = depends(stage)
        runs = project.runs
        changed = MAP.replace("run: [libgreet]", "run: [libgreet, tool]")
        (stage.folder / "map.yaml").write_text(changed)

        second = stage.run(
            "solve", *stage.sources, "python", "pypi:pygreet", "--build", "pygreet", "--json",
        ).json  # fmt: skip

        assert first == ['libgreet[version=">=1.2"]']
        assert (set(names(second)), project.runs) == ({"python", "pygreet", "libgreet", "tool"}, runs)


class TestExtras:
    """PEP 725: ``optional-dependencies`` are ``Requires-External-Dep`` with a marker on their extra."""

    def test_they_are_extras_of_the_wheel(self, stage: Stage) -> None:
        """Who asks for the extra gets the library; who does not, does not."""
        stage.project(external='optional-dependencies.loud = ["dep:generic/libgreet"]').pack(stage.index)
        command = ("solve", *stage.sources, "--json", "python", "--build", "pygreet")

        plain = stage.run(*command, "pypi:pygreet").json
        loud = stage.run(*command, "pypi:pygreet[loud]").json

        assert set(names(plain)) == {"python", "pygreet"}
        assert set(names(loud)) == {"python", "pygreet", "libgreet"}

    def test_a_marker_of_their_own_holds_as_well(self, stage: Stage) -> None:
        """An alternative in a marker does not get around the extra."""
        marker = "os_name == 'posix' or os_name == 'nt'"
        stage.project(external=f"""optional-dependencies.loud = ["dep:generic/libgreet; {marker}"]""").pack(stage.index)

        assert depends(stage) == []


class TestOnTheSystem:
    """``--no-external PROJECT``: what no package is known for is there already."""

    def test_it_holds_for_the_build_as_well(self, stage: Stage) -> None:
        """The error names the option, the option helps, and says what it takes for granted."""
        stage.project(external='host-requires = ["dep:generic/nobody-knows-it"]').pack(stage.index)

        error = stage.error("pypi:pygreet", "--build", "pygreet")
        found = stage.create("pypi:pygreet", "--build", "pygreet", "--no-external", "pygreet")

        assert (error["code"], "--no-external pygreet" in str(error["hint"])) == ("unmapped-externals", True)
        notes = "\n".join(found["notes"])  # type: ignore[arg-type] # by contract
        assert "pygreet-1.0.tar.gz: dep:generic/nobody-knows-it is taken to be on the system" in notes

    def test_and_for_the_environment_of_a_project(self, stage: Stage) -> None:
        """``external build-env`` takes the option as it takes its own."""
        folder = stage.project(external='build-requires = ["dep:generic/nobody-knows-it"]').write(stage.folder / "here")

        command = ("external", "build-env", folder, "-p", stage.prefix, *stage.sources, "-d", "--json")
        ran = stage.run(*command, "--no-external", "PyGreet")

        assert ran.code == 0, ran.err
        assert any("taken to be on the system" in text for text in ran.json["notes"])


class TestKept:
    """A wheel is kept by all that it was built with, what its backend asked for included."""

    def test_what_the_backend_asked_for_counts(self, stage: Stage) -> None:
        """Another version of it makes another wheel; both stay."""
        project = stage.project(asks=("more-help",))
        project.pack(stage.index)
        command = ("solve", *stage.sources, "python", "pypi:pygreet", "--build", "pygreet", "--json")
        stage.run(*command)
        once = project.runs
        stage.run(*command)
        again = project.runs
        newer = make_wheel(stage.index, "more_help", "2.0").path
        changed = stage.run(*command)
        rebuilt = project.runs
        newer.unlink()
        stage.run(*command)

        assert changed.code == 0
        assert (again, rebuilt, project.runs) == (once, 2 * once, 2 * once)
        notes = sorted((stage.folder / "cache" / "built").glob("*/build.json"))
        used = [[fn for fn in json.loads(path.read_text())["environment"] if "more_help" in fn] for path in notes]
        assert sorted(used) == [["more_help-1.0-py3-none-any.whl"], ["more_help-2.0-py3-none-any.whl"]]

    def test_why_says_of_what(self, stage: Stage) -> None:
        """The record's URL is a place in a cache; people want to know what was built."""
        stage.project().pack(stage.index)
        stage.create("pypi:pygreet", "--build", "pygreet")

        said = stage.run("why", "-p", stage.prefix, "pygreet").out
        asked = [
            stage.run("why", "-p", stage.prefix, name, "--json").json["built_of"] for name in ("pygreet", "python")
        ]

        assert "built here of pygreet-1.0.tar.gz" in said
        assert asked == ["pygreet-1.0.tar.gz", None]
