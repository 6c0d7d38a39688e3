from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.condapackages import index_channel, make_conda
from tests.realconda import Conda
from tests.realconda import make_conda as stage_conda


@pytest.fixture(scope="module")
def conda(plugin: None, tmp_path_factory: pytest.TempPathFactory) -> Conda:
    """A conda whose channel has three packages, and an environment ``there`` with the first of them."""
    del plugin
    home = tmp_path_factory.mktemp("hints")
    channel = home / "channel"
    make_conda(channel, "msgpack-python", "1.0", {"share/msgpack.txt": "1.0"})
    make_conda(channel, "numpy", "1.0", {"share/numpy.txt": "1.0"}, depends=["python 3.11.*"])
    make_conda(channel, "native", "1.0", {"share/native.txt": "1.0"}, depends=["python 3.12.*"])
    for version in ("3.11.0", "3.12.0"):
        make_conda(channel, "python", version, {f"share/{version}.txt": ""})
    index_channel(channel)
    made = stage_conda(home / "conda", [channel.as_uri()])
    made("create", "-n", "there", "-y", "-q", "msgpack-python")
    return made


def hints(conda: Conda, *arguments: object) -> dict[str, str]:
    """Return our hints of a command that fails, text by code."""
    said: Any = conda(*arguments, "--json", code=1).json
    found = said.get("guidance", {}).get("hints", [])
    return {hint["hint_code"]: hint["text"] for hint in found if hint["hint_code"].startswith("wheelbridge_")}


class TestMissing:
    """Packages that no channel has."""

    def test_conda_calls_the_project_otherwise(self, conda: Conda) -> None:
        """The other name comes from the tables, and the command is for the environment that the user named."""
        assert hints(conda, "install", "-n", "there", "torch") == {
            "wheelbridge_other_name": "torch is called pytorch in conda-forge.",
            "wheelbridge_index": "Take torch from a Python index: conda wheelbridge install -n there pypi:torch",
        }

    def test_the_index_calls_the_package_otherwise(self, conda: Conda) -> None:
        """The name of another project on the index is not taken for the package."""
        assert hints(conda, "install", "-n", "there", "pytorch") == {
            "wheelbridge_index": (
                "Take pytorch, there torch, from a Python index: conda wheelbridge install -n there pypi:torch"
            )
        }

    def test_several_packages_share_a_hint(self, conda: Conda) -> None:
        """A version stays where an index reads it as conda does; the rest of a spec goes."""
        told = hints(conda, "install", "-n", "there", "rich 13.*", "attrs>=20,<30", "scipy[build=py*]")

        *_, command = told["wheelbridge_index"].partition(": ")
        assert sorted(command.replace("'", "").split(" ")[5:]) == [
            "pypi:attrs<30,>=20",
            "pypi:rich==13.*",
            "pypi:scipy",
        ]

    def test_an_environment_that_is_not_there_is_created(self, conda: Conda, tmp_path: Path) -> None:
        """What is in no folder of environments is named by its path, as a shell takes it."""
        prefix = tmp_path / "my envs" / "new"

        told = hints(conda, "create", "-p", prefix, "rich")["wheelbridge_index"]

        assert told.endswith(f"conda wheelbridge create -p '{prefix}' pypi:rich")

    def test_the_active_environment_is_not_named(self, conda: Conda) -> None:
        """The command is as short as the user's own."""
        there = conda.home / "envs" / "there"
        active = {"CONDA_PREFIX": str(there), "CONDA_DEFAULT_ENV": "there", "CONDA_SHLVL": "1"}

        told = hints(replace(conda, variables=active), "install", "rich")["wheelbridge_index"]

        assert told.endswith(": conda wheelbridge install pypi:rich")

    def test_the_rest_of_the_command_stays(self, conda: Conda) -> None:
        """What else the new environment shall have, and where that comes from."""
        (channel,) = conda.settings["channels"]

        told = hints(conda, "create", "-n", "new", "-O", "-c", channel, "python=3.11", "rich")["wheelbridge_index"]

        assert told.endswith(f": conda wheelbridge create -n new -O -c {channel} python=3.11 pypi:rich")

    @pytest.mark.parametrize(
        ("command", "condition"),
        [
            pytest.param(("search", "rich"), "", id="search"),
            pytest.param(("create", "-n", "new", "--subdir", "win-64", "rich"), "", id="platform"),
            pytest.param(("install", "-n", "there", "rich<1|>2"), ", with versions as PEP 440 has them", id="version"),
        ],
    )
    def test_no_command_does_the_same(self, conda: Conda, command: tuple[str, ...], condition: str) -> None:
        """Then none is written: one that drops a part of what was asked for does something else."""
        told = hints(conda, *command)["wheelbridge_index"]

        assert told == f"Take rich from a Python index: conda wheelbridge install takes pypi:rich{condition}."

    def test_our_solver_has_asked_the_indexes(self, conda: Conda) -> None:
        """With it, no other command is needed."""
        ours = replace(conda, settings={**conda.settings, "solver": "wheelbridge"})

        assert list(hints(ours, "search", "torch")) == ["wheelbridge_other_name"]

    def test_a_metapackage_is_the_project_by_its_own_name(self, conda: Conda) -> None:
        """``matplotlib`` only adds to ``matplotlib-base``: it is no other name."""
        assert list(hints(conda, "install", "-n", "there", "matplotlib")) == ["wheelbridge_index"]

    def test_a_library_of_conda_is_no_project(self, conda: Conda) -> None:
        """Whoever has the name of a C library on an index is not recommended."""
        assert hints(conda, "install", "-n", "there", "openssl") == {}

    def test_a_name_that_means_two_things(self, conda: Conda) -> None:
        """Conda's package of the name is something else than the project, and that is said."""
        assert hints(conda, "install", "-n", "there", "docker") == {
            "wheelbridge_other_name": "the Python project docker is called docker-py in conda-forge."
        }

    def test_a_project_that_nobody_should_install(self, conda: Conda) -> None:
        """People noted why."""
        assert hints(conda, "install", "-n", "there", "sklearn") == {
            "wheelbridge_name": "sklearn: a dummy on PyPI that fails on purpose; scikit-learn is meant"
        }

    def test_a_slip_is_asked_about(self, conda: Conda) -> None:
        """A name that is almost another one gives a question, no command."""
        assert hints(conda, "install", "-n", "there", "reqeusts") == {
            "wheelbridge_name": "reqeusts is not known; did you mean requests?"
        }

    def test_nothing_is_made_up(self, conda: Conda) -> None:
        """Of a name that nobody knows, nothing is said."""
        assert hints(conda, "install", "-n", "there", "wb-nobody-knows-this") == {}

    def test_where_nothing_is_found_the_channels_are_wrong(self, conda: Conda) -> None:
        """Conda says that itself, and five names would bury it."""
        assert hints(conda, "install", "-n", "there", "torch", "rich", "attrs", "scipy", "pandas") == {}

    def test_people_see_it(self, conda: Conda) -> None:
        """Conda prints hints below the error, as next steps."""
        told = conda("install", "-n", "there", "-y", "torch", code=1).err

        assert "Next steps:\n  - (wheelbridge_other_name) torch is called pytorch in conda-forge." in told


class TestInstalled:
    """Packages that the environment does not have."""

    def test_the_package_is_there_by_another_name(self, conda: Conda) -> None:
        """A project is removed by the name that conda has for it."""
        assert hints(conda, "remove", "-n", "there", "msgpack") == {
            "wheelbridge_other_name": "msgpack is called msgpack-python in this environment."
        }

    def test_the_other_name_is_not_there_either(self, conda: Conda) -> None:
        """Nothing is said of packages that are not installed."""
        assert hints(conda, "remove", "-n", "there", "torch") == {}


class TestConflict:
    """Packages that channels have, and that do not fit each other."""

    def test_a_wheel_may_fit(self, conda: Conda) -> None:
        """What the user asked for and an index has is offered; what it has not is left alone."""
        assert hints(conda, "create", "-n", "new", "numpy", "native") == {
            "wheelbridge_index": (
                "Wheels of numpy may fit where no conda package does: conda wheelbridge create -n new pypi:numpy native"
            )
        }


def test_other_errors_have_no_hints(conda: Conda) -> None:
    """An environment that is not there has nothing to do with names."""
    assert hints(conda, "list", "-n", "nowhere") == {}
