"""Everyday conda in an environment with wheels: each command does what it does in any other environment."""

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conda_plugin.everydaystage import CONDA, SOLVER, WHEELS, Everyday, everyday
from tests.condapackages import index_channel
from tests.condapackages import make_conda as make_package
from tests.installer.wheelmaker import SUBDIR
from tests.real_python import RealChannel
from tests.realconda import NEEDS_CONDA

pytestmark = [pytest.mark.conda, NEEDS_CONDA]
EVERYTHING = WHEELS | CONDA


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Iterator[Everyday]:
    """The environment that all tests share; it takes some seconds to make."""
    with everyday(tmp_path_factory.mktemp("everyday"), real_channel) as made:
        yield made


@pytest.fixture
def day(stage: Everyday) -> Iterator[Everyday]:
    """The environment as it was made."""
    yield stage
    stage.restore()


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The arguments that ask for the next minor version of python, which has a name and a version only."""
    channel, minor = tmp_path_factory.mktemp("newer"), sys.version_info.minor + 1
    make_package(channel, "python", f"3.{minor}.0", {"lib/next.txt": ""}, subdir=SUBDIR)
    index_channel(channel)
    return ("-c", channel.as_uri(), f"python=3.{minor}", "--dry-run", "--json", "-y")


class TestLooking:
    """Commands that change nothing."""

    def test_list_has_every_package_with_its_source(self, stage: Everyday) -> None:
        """Wheels have version, build and index as conda packages have version, build and channel."""
        listed = stage.conda.packages(stage.prefix)

        assert listed.keys() == EVERYTHING
        assert listed["app"]["version"] == "1.0"
        assert listed["app"]["base_url"] == stage.index
        assert listed["chip"]["build_string"].startswith(("v2_py3_none_any_", "null_py3_none_any_"))
        assert stage.index in stage.conda("list", "-p", stage.prefix).out

    def test_explicit_list_has_the_files_and_their_hashes(self, stage: Everyday) -> None:
        """Every wheel by its own URL, with the SHA-256 that its index publishes; in an order that can be installed."""
        lines = stage.conda("list", "-p", stage.prefix, "--explicit", "--sha256").out.split("@EXPLICIT\n")[1].split()

        wheels = [line.partition("#") for line in lines if ".whl" in line]
        assert len(lines) == len(EVERYTHING)
        assert len(wheels) == len(WHEELS)
        assert all(digest in url for url, _, digest in wheels)
        found = {name: number for number, line in enumerate(lines) for name in ("lib-", "app-") if f"/{name}" in line}
        assert found["lib-"] < found["app-"]

    def test_list_export_names_every_build(self, stage: Everyday) -> None:
        """The oldest export has one line for each package."""
        lines = stage.conda("list", "-p", stage.prefix, "--export").out.splitlines()

        assert {line.partition("=")[0] for line in lines if "=" in line and line[0] != "#"} == EVERYTHING

    @pytest.mark.parametrize("form", ["environment-yaml", "environment-json", "explicit", "requirements"])
    def test_export_has_every_package(self, stage: Everyday, form: str) -> None:
        """In every format of conda's own."""
        said = stage.conda("export", "-p", stage.prefix, "--format", form).out

        names = EVERYTHING if form != "explicit" else {name.replace("-", "_") for name in EVERYTHING}
        assert [name for name in sorted(names) if name not in said] == []
        assert stage.index in said or form in {"explicit", "requirements"}

    def test_export_from_history_has_what_was_asked_for(self, stage: Everyday) -> None:
        """And nothing that came for it; extras are for ``wheelbridge export``, conda has no words for them."""
        said = stage.conda("env", "export", "-p", stage.prefix, "--from-history", "--json").json

        assert said["dependencies"] == ["python", "native=1.0", "tool=1.0", "app", "fast", "chip", "old=1.0", "needy"]

    def test_compare_knows_its_own_export(self, stage: Everyday, tmp_path: Path) -> None:
        """As an environment file."""
        file = tmp_path / "env.yml"
        file.write_text(stage.conda("export", "-p", stage.prefix).out)

        assert "Success." in stage.conda("compare", "-p", stage.prefix, file).out

    def test_compare_knows_its_own_explicit_list(self, stage: Everyday, plugin: None, tmp_path: Path) -> None:
        """Packages of such a file are unpacked to be compared, wheels by our extractor."""
        del plugin
        file = tmp_path / "explicit.txt"
        file.write_text(stage.conda("list", "-p", stage.prefix, "--explicit").out)

        assert "Success." in stage.conda("compare", "-p", stage.prefix, file).out

    def test_package_which_knows_whose_a_file_is(self, stage: Everyday) -> None:
        """A module and an entry point of a wheel."""
        (module,) = stage.prefix.rglob("app.py")
        (script,) = stage.prefix.glob("*/run-app*")

        for path in (module, script):
            assert "::app-1.0-py3_none_any_" in stage.conda("package", "-p", stage.prefix, "--which", path).out

    def test_search_finds_wheels_in_environments(self, stage: Everyday) -> None:
        """``conda search --envs`` says which environment has one."""
        (found,) = stage.conda("search", "--envs", "app", "--json").json

        assert found["location"] == str(stage.prefix)
        assert [record["fn"] for record in found["package_records"]] == ["app-1.0-py3-none-any.whl"]

    def test_run_and_activate(self, stage: Everyday) -> None:
        """An entry point of a wheel runs, and the environment can be activated."""
        assert stage.conda("run", "-p", stage.prefix, "run-app").out == "app on lib 1.1\n"
        assert str(stage.prefix) in stage.conda("shell.posix", "activate", stage.prefix).out

    def test_doctor_finds_nothing_wrong(self, stage: Everyday) -> None:
        """No file is missing or altered, and what each package needs is there."""
        said = stage.conda("doctor", "-p", stage.prefix, "missing-files", "altered-files", "consistency").out

        assert "❌" not in said
        assert "The environment is consistent" in said


class TestRemoving:
    """``conda remove``: what was named goes, with what needs it and what came for it alone."""

    @pytest.mark.parametrize(
        ("name", "gone"),
        [
            pytest.param("old", {"old"}, id="a wheel that stands alone"),
            pytest.param("app", {"app", "lib", "extra-thing"}, id="a wheel, with what it and its extra brought"),
            pytest.param("lib", {"app", "lib", "extra-thing"}, id="what a wheel needs"),
            pytest.param("extra-thing", {"app", "lib", "extra-thing"}, id="what the extra of a wheel needs"),
            pytest.param("pyyaml", {"fast", "pyyaml"}, id="a conda package that a wheel needs"),
            pytest.param("fast", {"fast", "pyyaml"}, id="a wheel, with the conda package it brought"),
            pytest.param("native", {"native"}, id="a conda package that stands alone"),
            pytest.param("chip", {"chip"}, id="a variant wheel"),
            pytest.param("needy", {"cond", "mate", "needy", "pair"}, id="a wheel that needs an extra"),
            pytest.param("cond", {"cond", "mate", "needy", "pair"}, id="what a wheel needs with this python"),
        ],
    )
    def test_what_goes(self, stage: Everyday, name: str, gone: set[str]) -> None:
        """Nothing that was asked for is pruned."""
        said = stage.conda("remove", "-p", stage.prefix, name, "--dry-run", "--json", "-y").json

        assert {record["name"] for record in said["actions"]["UNLINK"]} == gone
        assert not said["actions"].get("LINK")

    def test_wheelbridge_goes_on_behind_it(self, day: Everyday) -> None:
        """The files are gone, the rest works, and wheelbridge neither misses nor brings back what conda removed."""
        day.conda("remove", "-p", day.prefix, "app", "-y")

        assert day.names() == EVERYTHING - {"app", "lib", "extra-thing"}
        assert not [*day.prefix.rglob("app-1.0.dist-info"), *day.prefix.glob("*/run-app*")]
        assert day.bridge("check", "-p", day.prefix).out.startswith("Nothing was found")
        assert json.loads(day.bridge("install", "-p", day.prefix, *day.sources, "other", "-y", "--json").out)["success"]
        assert day.names() == EVERYTHING - {"app", "lib", "extra-thing"} | {"other"}

    def test_all_packages_and_the_environment(self, day: Everyday) -> None:
        """``--all --keep-env`` leaves an empty environment; ``conda env remove`` leaves nothing."""
        day.conda("remove", "-p", day.prefix, "--all", "--keep-env", "-y")
        assert day.names() == frozenset()
        assert not [path for path in day.prefix.rglob("*") if "site-packages" in path.parts]

        day.restore()
        day.conda("env", "remove", "-p", day.prefix, "-y")
        assert not day.prefix.exists()


class TestChanging:
    """``conda install`` and ``conda update``: channels have new packages, and wheels stay what they are."""

    def test_install_adds_a_package(self, day: Everyday) -> None:
        """And changes nothing else."""
        day.conda("install", "-p", day.prefix, "other", "-y")

        assert day.names() == EVERYTHING | {"other"}
        assert day.works()
        assert day.bridge("check", "-p", day.prefix).out.startswith("Nothing was found")

    def test_what_is_there_is_not_installed_again(self, stage: Everyday) -> None:
        """A wheel satisfies a spec of its name."""
        said = stage.conda("install", "-p", stage.prefix, "app", "lib>=1", "--dry-run", "--json").json

        assert said["message"] == "All requested packages already installed."

    @pytest.mark.skipif(
        SOLVER == "rattler",
        reason="conda-rattler-solver 0.2 gives up after ten attempts; each finds one wheel that no channel has",
    )
    @pytest.mark.skipif(SOLVER == "wheelbridge", reason="this solver moves wheels, too; its own tests show that")
    def test_update_all_moves_conda_packages_alone(self, day: Everyday) -> None:
        """The newer wheel of the index is nothing that conda knows of; extras that were asked for stay asked for."""
        day.conda("update", "-p", day.prefix, "--all", "-y")

        listed = day.conda.packages(day.prefix)
        assert listed.keys() == EVERYTHING
        assert {name: listed[name]["version"] for name in ("native", "old", "tool")} == {
            "native": "2.0",
            "old": "1.0",
            "tool": "2.0",
        }
        updated = day.bridge("update", "-p", day.prefix, *day.sources, "--all", "-y", "--json").json
        assert {move["name"]: move["new"]["version"] for move in updated["moves"]} == {"old": "2.0"}
        assert day.names() == EVERYTHING

    def test_update_of_a_wheel_changes_nothing(self, day: Everyday) -> None:
        """It is the only one of its name; what its extra needs stays, too, when the history has its bare name."""
        said = day.conda("update", "-p", day.prefix, "app", "tool", "-y", "--json").json

        assert {record["name"] for record in said["actions"]["LINK"]} == {"tool"}
        day.bridge("install", "-p", day.prefix, *day.sources, "other", "-y", "-q")
        assert day.names() == EVERYTHING | {"other"}

    def test_a_wheel_of_another_version_is_not_found(self, stage: Everyday) -> None:
        """No channel has it."""
        said = stage.conda("install", "-p", stage.prefix, "lib=1.0", "--dry-run", "--json", code=1).json

        assert said["exception_name"] in {"PackagesNotFoundInChannelsError", "UnsatisfiableError"}


class TestPython:
    """Another minor version of python, which moves everything that is written in it."""

    def test_is_refused_for_a_compiled_wheel(self, stage: Everyday, newer: tuple[str, ...]) -> None:
        """It runs on the python that its tags name, and its record says so to every solver."""
        said = stage.conda("install", "-p", stage.prefix, *newer, code=1).json

        assert "fast" in said["message"]

    def test_moves_all_other_wheels(self, day: Everyday, newer: tuple[str, ...]) -> None:
        """As it moves conda's own ``noarch: python`` packages: conda links both anew."""
        day.conda("remove", "-p", day.prefix, "fast", "-y")

        actions = day.conda("install", "-p", day.prefix, *newer).json["actions"]

        assert {record["name"] for record in actions["LINK"]} == WHEELS - {"fast"} | {"python", "tool"}
        assert {record["name"] for record in actions["UNLINK"]} == WHEELS - {"fast"} | {"python", "tool"}


class TestRevisions:
    """``conda list --revisions`` and ``conda install --revision``."""

    def test_conda_counts_changes_of_both(self, day: Everyday) -> None:
        """What wheelbridge did and what conda did stand in one history, and each tells it as the other one does."""
        day.conda("update", "-p", day.prefix, "tool", "-y")
        day.bridge("remove", "-p", day.prefix, "old", "-y", "-q")

        by_conda = day.conda("list", "-p", day.prefix, "--revisions", "--json").json

        assert by_conda == day.bridge("list", "-p", day.prefix, "--revisions", "--json").json
        assert [event["rev"] for event in by_conda] == [0, 1, 2]
        (gone,) = by_conda[2]["remove"]
        assert gone.startswith("old-1.0-py3_none_any_")

    def test_conda_goes_back_where_wheels_stay(self, day: Everyday) -> None:
        """What is installed needs to be in no channel."""
        day.conda("update", "-p", day.prefix, "tool", "-y")
        day.conda("install", "-p", day.prefix, "--revision", "0", "-y")

        assert day.names() == EVERYTHING
        assert day.works()

    def test_a_wheel_that_went_comes_back_by_wheelbridge(self, day: Everyday, plugin: None) -> None:
        """No channel has it: the error names the command that brings it back, which needs no index to be named."""
        del plugin
        day.conda("remove", "-p", day.prefix, "old", "-y")

        refused = day.conda("install", "-p", day.prefix, "--revision", "0", "-y", "--json", code=1).json
        assert refused["exception_name"] == "PackagesNotFoundInChannelsError"
        (hint,) = (one for one in refused["guidance"]["hints"] if one["hint_code"] == "wheelbridge_revision")
        _, _, command = hint["text"].partition("conda ")
        day.conda(*shlex.split(command), "-y")
        assert day.names() == EVERYTHING
        assert day.works()

    def test_a_wheel_that_went_comes_back_without_the_plugin(self, day: Everyday) -> None:
        """Where conda alone removed it, its index has to be named."""
        day.conda("--no-plugins", "remove", "-p", day.prefix, "old", "-y", "--solver", "classic")

        day.bridge("install", "-p", day.prefix, *day.sources, "--revision", "0", "-y", "-q")
        assert day.names() == EVERYTHING


class TestCopies:
    """Environments made from this one; conda takes the wheels from where they came from, and checks their hashes."""

    def test_clone(self, day: Everyday, plugin: None, tmp_path: Path) -> None:
        """The same packages in another place, which work there without the first."""
        del plugin
        copy = tmp_path / "copy"
        day.conda("create", "-p", copy, "--clone", day.prefix, "-y")

        _is_like(day, copy)
        assert day.names() == EVERYTHING

    def test_explicit_file(self, stage: Everyday, plugin: None, tmp_path: Path) -> None:
        """``conda create --file`` of what ``conda list --explicit`` wrote."""
        del plugin
        file, copy = tmp_path / "explicit.txt", tmp_path / "copy"
        file.write_text(stage.conda("list", "-p", stage.prefix, "--explicit", "--sha256").out)
        stage.conda("create", "-p", copy, "--file", file, "-y")

        assert stage.conda.packages(copy).keys() == EVERYTHING
        _is_like(stage, copy)

    def test_rename(self, day: Everyday, plugin: None) -> None:
        """A clone, and the end of the first."""
        del plugin
        day.conda("rename", "-p", day.prefix, "night", "-y")

        assert not day.prefix.exists()
        _is_like(day, day.prefix.with_name("night"))
        day.conda("env", "remove", "-n", "night", "-y")


def _is_like(day: Everyday, copy: Path) -> None:
    first, second = (day.conda.packages(prefix) for prefix in (day.pristine, copy))
    assert {name: record["build_string"] for name, record in first.items()} == {
        name: record["build_string"] for name, record in second.items()
    }
    assert day.works(copy)
    assert day.bridge("check", "-p", copy).out.startswith("Nothing was found")
    removed = day.conda("remove", "-p", copy, "lib", "--dry-run", "--json", "-y").json["actions"]["UNLINK"]
    assert {"app", "lib"} <= {record["name"] for record in removed} <= {"app", "extra-thing", "lib"}


class TestHousekeeping:
    """What is around an environment."""

    def test_clean_harms_nothing(self, day: Everyday) -> None:
        """Neither the environment nor what wheelbridge does next needs conda's caches."""
        day.conda("clean", "--all", "-y")

        assert day.works()
        day.bridge("install", "-p", day.prefix, *day.sources, "fast", "old", "--force-reinstall", "-y", "-q")
        assert day.works()

    def test_variables_are_shared(self, day: Everyday) -> None:
        """What ``conda env config vars`` writes, wheelbridge exports, and keeps."""
        day.conda("env", "config", "vars", "set", "-p", day.prefix, "DAY=1")
        day.bridge("install", "-p", day.prefix, *day.sources, "other", "-y", "-q")

        assert day.conda("env", "config", "vars", "list", "-p", day.prefix, "--json").json == {"DAY": "1"}
        assert "DAY: '1'" in day.bridge("export", "-p", day.prefix).out.replace('"', "'")

    def test_conda_knows_the_environment(self, stage: Everyday) -> None:
        """``conda env list`` has it."""
        assert str(stage.prefix) in stage.conda("env", "list", "--json").json["envs"]
