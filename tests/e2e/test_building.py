"""Environments to build in, and wheels out of source distributions: real compiler, real backend, real prefix.

The host's gcc stands in for conda's compiler, see `tests.buildmaker`.
"""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.buildmaker import digest, pack
from tests.buildstage import Stage, names
from tests.compiled import needs_compiler
from tests.installer.wheelmaker import make_wheel, snapshot
from tests.loopback import LoopbackIndex
from wheelbridge import solve
from wheelbridge.model.source import SourceKind
from wheelbridge.solver.errors import NoWheelError

pytestmark = needs_compiler


class TestBuildEnvironment:
    """``external build-env``."""

    def test_a_project_is_built_in_it(self, stage: Stage) -> None:
        """The compiler, the library and what the backend asks for are there; the activation sets the compiler's CC."""
        folder = stage.project(compiled=True, asks=("more-help",)).write(stage.folder / "project")

        ran = stage.run("external", "build-env", folder, "-p", stage.prefix, *stage.sources, "-y", "--json")

        found = ran.json
        assert {"python", "c-compiler", "libgreet", "build-helper", "more-help"} == set(names(found))
        assert [spec.split()[0] for spec in found["specs"]["build"]] == ["c-compiler"]
        assert {"libgreet >=1", "python"} == set(found["specs"]["host"])
        assert (found["requires"], found["asked"]) == (["build-helper"], ["more-help"])
        assert str(folder) in found["commands"][0]
        code = "import build_helper, more_help, sysconfig, os; print(os.listdir(sysconfig.get_path('include')))"
        assert "Python.h" in stage.python(code)

    def test_what_is_there_to_build_with_is_said(self, stage: Stage) -> None:
        """A frontend that is in the environment is the one to be called; without one, pip from outside."""
        folder = stage.project().write(stage.folder / "project")
        make_wheel(stage.index, "pip", "26.0")

        ran = stage.run("external", "build-env", folder, "-p", stage.prefix, *stage.sources, "-y", "--with", "pypi:pip")

        assert ran.code == 0, ran.err
        assert f"python -m pip wheel --no-build-isolation --no-deps {folder}" in ran.out
        assert "python -m build" not in ran.out

    def test_a_dry_run_runs_nothing(self, stage: Stage) -> None:
        """The plan is told; neither the prefix nor the backend is touched."""
        project = stage.project(compiled=True)
        folder = project.write(stage.folder / "project")

        ran = stage.run("external", "build-env", folder, "-p", stage.prefix, *stage.sources, "-d", "--json")

        assert (ran.json["dry_run"], ran.json["asked"]) == (True, None)
        assert not stage.prefix.exists()
        assert project.runs == 0

    def test_what_is_unmapped_is_refused(self, stage: Stage) -> None:
        """A dependency without a package is no dependency to be left out silently."""
        folder = stage.project().write(stage.folder / "project")
        with (folder / "pyproject.toml").open("a") as file:
            file.write('\n[external]\nhost-requires = ["dep:generic/nobody-knows-it"]\n')
        command = ("external", "build-env", folder, "-p", stage.prefix, *stage.sources, "-y", "--json")

        refused = stage.run(*command)
        allowed = stage.run(*command, "--allow-unmapped")

        assert refused.code == 1
        assert refused.json["error"]["code"] == "unmapped-externals"
        assert [one["dependency"] for one in refused.json["error"]["unmapped"]] == ["dep:generic/nobody-knows-it"]
        assert allowed.code == 0
        assert any("nobody-knows-it" in text for text in allowed.json["notes"])

    def test_another_machine_is_refused(self, stage: Stage) -> None:
        """A backend for another platform cannot be asked here."""
        folder = stage.project().write(stage.folder / "project")

        command = ("external", "build-env", folder, "-p", stage.prefix, *stage.sources, "-y", "--json")
        ran = stage.run(*command, "--platform", "osx-arm64")

        assert ran.json["error"]["code"] == "foreign-build"
        assert not stage.prefix.exists()


class TestSdists:
    """``--build``."""

    def test_one_with_an_extension_is_built_and_loads_the_library(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The whole way: sdist, build environment, wheel, one transaction, a library out of the environment."""
        project = stage.project(compiled=True, asks=("more-help",))
        project.pack(stage.index)
        for name in ("PYTHONPATH", "PIP_INDEX_URL", "SECRET_TOKEN"):
            monkeypatch.setenv(name, "of the caller")

        found = stage.create("pypi:pygreet", "--build", "PyGreet")

        assert set(names(found)) == {"python", "pygreet", "libgreet"}, found
        code = "import pygreet; print(pygreet.word()); print(open('/proc/self/maps').read())"
        said, _, maps = stage.python(code).partition("\n")
        assert said == "hello from libgreet"
        assert f"{stage.prefix}/lib/libgreet.so" in maps
        assert list((stage.folder / "cache" / "builds").iterdir()) == []

    def test_the_python_interface_builds_as_well(self, stage: Stage) -> None:
        """``builds`` and ``no_external`` mean what the options mean."""
        stage.project(compiled=True).pack(stage.index)
        sources: list[tuple[SourceKind, str]] = [("channel", str(stage.channel)), ("index", str(stage.index))]
        ask = partial(solve, ["python", "pypi:pygreet"], sources=sources, maps=[str(stage.folder / "map.yaml")])

        whole = ask(builds=["PyGreet"])
        bare = ask(builds=["PyGreet"], no_external=["pygreet"])

        assert {package.name for package in whole.packages} == {"python", "pygreet", "libgreet"}
        assert {package.name for package in bare.packages} == {"python", "pygreet"}
        with pytest.raises(NoWheelError):
            ask()

    def test_without_the_option_nothing_is_run(self, stage: Stage) -> None:
        """An sdist is code of somebody: it is run for who asks for it, by its name."""
        project = stage.project()
        project.pack(stage.index)

        error = stage.error("pypi:pygreet")

        assert error["code"] == "no-wheel"
        assert "--build pygreet" in str(error["hint"])
        assert project.runs == 0

    def test_what_a_wheel_needs_is_not_built_unasked_either(self, stage: Stage) -> None:
        """The error says which project there is no wheel of, and how to get one."""
        project = stage.project()
        project.pack(stage.index)
        make_wheel(stage.index, "app", requires=["pygreet"])

        error = stage.error("pypi:app")
        found = stage.create("pypi:app", "--build", "pygreet")

        assert (error["code"], "--build" in str(error["hint"])) == ("unsatisfiable", True)
        assert set(names(found)) == {"python", "app", "pygreet"}

    def test_a_second_run_builds_nothing(self, stage: Stage) -> None:
        """A wheel is found again by its sdist and by what it was built with; other tools make another wheel."""
        project = stage.project()
        project.pack(stage.index)
        first = stage.create("pypi:pygreet", "--build", "pygreet")
        runs = project.runs

        again = replace(stage, folder=stage.folder / "again")
        (again.folder / "index").mkdir(parents=True)
        command = ("create", "-p", again.prefix, *stage.sources, "-y", "--json", "pypi:pygreet", "--build", "pygreet")
        second = stage.run(*command).json

        assert runs > 0
        assert (names(second), project.runs) == (names(first), runs)
        make_wheel(stage.index, "build_helper", "2.0")
        stage.run("solve", *stage.sources, "python", "pypi:pygreet", "--build", "pygreet")
        assert project.runs == 2 * runs

    def test_it_comes_before_the_wheels_of_the_index(self, stage: Stage) -> None:
        """As with pip's --no-binary: who asks for a build gets it."""
        stage.project().pack(stage.index)
        make_wheel(stage.index, "pygreet", "2.0")

        found = stage.create("pypi:pygreet", "--build", "pygreet")

        assert names(found)["pygreet"] == "pygreet-1.0-py3-none-any.whl"
        assert stage.python("import pygreet; print(pygreet.BUILT)") == "True"

    def test_the_newest_that_is_allowed_is_built(self, stage: Stage) -> None:
        """A version is chosen as among wheels, and only that one is built."""
        projects = [stage.project(version=version, marker=stage.folder / version) for version in ("1.0", "1.5", "2.0")]
        for project in projects:
            project.pack(stage.index)

        found = stage.create("pypi:pygreet<2", "--build", "pygreet")

        assert names(found)["pygreet"] == "pygreet-1.5-py3-none-any.whl"
        assert [project.runs > 0 for project in projects] == [False, True, False]

    def test_a_failing_build_changes_nothing(self, stage: Stage) -> None:
        """The prefix is as it was; the error has the end of the output, the log all of it."""
        make_wheel(stage.index, "app")
        stage.create("python", "pypi:app")
        before = snapshot(stage.prefix)
        stage.project(code="raise SystemExit('no such header: greet.h')").pack(stage.index)

        ran = stage.run(
            "install", "-p", stage.prefix, *stage.sources, "-y", "--json", "pypi:pygreet", "--build", "pygreet"
        )

        error = ran.json["error"]
        assert (ran.code, error["code"], error["project"]) == (1, "build-failed", "pygreet")
        assert "no such header: greet.h" in error["output"][-1]
        assert error["log"] in error["hint"]
        assert "building with" in Path(error["log"]).read_text()
        assert snapshot(stage.prefix) == before

    def test_another_target_is_refused(self, stage: Stage) -> None:
        """What is built runs on this machine; whether it does on another one, nobody can tell."""
        project = stage.project()
        project.pack(stage.index)

        error = stage.error("pypi:pygreet", "--build", "pygreet", "--virtual-package", "__glibc=2.17")

        assert error["code"] == "foreign-build"
        assert project.runs == 0

    def test_a_requirement_of_the_build_must_be_named_as_well(self, stage: Stage) -> None:
        """What is needed to build is held to the same rule: no code of a project is run that was not named."""
        helper = stage.project(name="build-helper", version="2.0", marker=stage.folder / "helper")
        for wheel in stage.index.glob("build_helper*"):
            wheel.unlink()
        helper.pack(stage.index)
        stage.project().pack(stage.index)

        error = stage.error("pypi:pygreet", "--build", "pygreet")

        assert error["code"] == "no-wheel"
        assert "--build build-helper" in str(error["hint"])
        assert helper.runs == 0

    def test_what_builds_itself_needs_a_wheel(self, stage: Stage) -> None:
        """There is no way round in a circle: in its own build environment a project is not built."""
        for wheel in stage.index.glob("build_helper*"):
            wheel.unlink()
        helper = stage.project(name="build-helper", version="2.0")
        helper.pack(stage.index)

        error = stage.error("pypi:build-helper", "--build", "build-helper")

        assert error["code"] == "no-wheel"
        assert helper.runs == 0

    def test_one_that_is_not_used_is_noted(self, stage: Stage) -> None:
        """Nothing is silent, an option without an effect neither."""
        make_wheel(stage.index, "app")

        found = stage.create("python", "pypi:app", "--build", "pygreet")

        assert [text for text in found["notes"] if "--build pygreet" in text]  # type: ignore[attr-defined] # by contract


def beneath(stage: Stage, private: Path) -> tuple[str, ...]:
    """Return the options of a private index that claims strictly what it has, above the stage's own."""
    indexes = ("-i", f"corp={private}", "-i", str(stage.index))
    return ("-c", str(stage.channel), *indexes, "--priority", "corp=strict")


class TestTrust:
    """A build runs code, so it may only be of what the rule lets serve the project."""

    def test_a_namesake_below_a_strict_index_is_not_built(self, stage: Stage) -> None:
        """The private index has the project and claims it; what the public one has of that name is never run."""
        spoofed = stage.project(version="99.0", marker=stage.folder / "spoofed")
        spoofed.pack(stage.index)
        private = stage.folder / "private"
        own = stage.project(version="1.0", marker=stage.folder / "own")
        own.pack(private)
        sources = beneath(stage, private)

        ran = stage.run(
            "create", "-p", stage.prefix, *sources, "--map", stage.folder / "map.yaml", "-y", "--json",
            "pypi:pygreet", "--build", "pygreet",
        )  # fmt: skip

        assert names(ran.json)["pygreet"] == "pygreet-1.0-py3-none-any.whl"
        assert own.runs > 0
        assert not spoofed.marker.exists()

    def test_nor_when_the_strict_index_has_wheels_only(self, stage: Stage) -> None:
        """That nothing can be built is no reason to run code of somebody else."""
        spoofed = stage.project(version="99.0", marker=stage.folder / "spoofed")
        spoofed.pack(stage.index)
        private = stage.folder / "private"
        make_wheel(private, "pygreet", "1.0")
        sources = beneath(stage, private)

        ran = stage.run("solve", *sources, "--json", "python", "pypi:pygreet", "--build", "pygreet")

        assert ran.json["error"]["code"] == "unsatisfiable"
        assert "not-built" in {one["code"] for one in ran.json["error"]["refused"]}
        assert not spoofed.marker.exists()

    def test_a_wrong_hash_is_refused(self, stage: Stage) -> None:
        """What the index did not announce is neither unpacked nor run."""
        project = stage.project()
        archive = project.pack(stage.folder / "elsewhere")
        page = {
            "meta": {"api-version": "1.0"},
            "name": "pygreet",
            "files": [{"filename": archive.name, "url": archive.name, "hashes": {"sha256": digest(archive)}}],
        }
        folder = stage.index / "pygreet"
        folder.mkdir()
        (folder / "index.json").write_text(json.dumps(page))
        replace(project, code="print('changed')").pack(folder)

        error = stage.error("pypi:pygreet", "--build", "pygreet")

        assert error["code"] == "hash-mismatch"
        assert project.runs == 0

    def test_what_is_another_project_inside_is_refused(self, stage: Stage) -> None:
        """The name of the file and what it holds have to agree."""
        files = {f"pygreet-1.0/{path}": text for path, text in stage.project(name="other").files.items()}
        pack(stage.index / "pygreet-1.0.tar.gz", files)

        error = stage.error("pypi:pygreet", "--build", "pygreet")

        assert error["code"] == "invalid-sdist"
        assert not (stage.folder / "ran").exists()

    def test_over_http_the_same_rules_hold(self, stage: Stage) -> None:
        """An index over HTTP: the wheel is built of what was downloaded, and linked out of the cache."""
        archive = stage.project().pack(stage.folder / "served")
        with LoopbackIndex({"pygreet": [archive]}) as server:
            ran = stage.run(
                "create", "-p", stage.prefix, *stage.sources, "-i", server.url, "-y", "--json",
                "pypi:pygreet", "--build", "pygreet",
            )  # fmt: skip

        assert names(ran.json)["pygreet"] == "pygreet-1.0-py3-none-any.whl"
        (record,) = [one for one in ran.json["records"] if one["name"] == "pygreet"]
        assert record["source"] != str(stage.index)
        assert stage.python("import pygreet; print(pygreet.BUILT)") == "True"
