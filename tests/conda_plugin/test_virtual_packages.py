import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rattler import Subdir

from tests.condapackages import index_channel, make_conda
from tests.realconda import Conda, conda_python
from tests.realconda import make_conda as stage_conda
from wheelbridge.model.target import GPU_LIST
from wheelbridge.translate.providers.catalogue import KNOWN_PROVIDERS
from wheelbridge.translate.providers.listed import ListedProvider, package_name

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="AMD's tools are asked on Linux only")
CUDA = {"CONDA_OVERRIDE_CUDA": "12.8"}
GFX = "__variant_amd_gfx_arch"


@pytest.fixture
def conda(plugin: None, tmp_path: Path) -> Conda:
    """A conda without channels."""
    del plugin
    return stage_conda(tmp_path / "conda", [])


def ours(conda: Conda, **variables: str) -> dict[str, list[str]]:
    """Return what conda has of the virtual packages that the plugin offers; version and build by name."""
    conda.variables = {**conda.variables, **variables}
    found = conda("info", "--json").json["virtual_pkgs"]
    return {name: rest for name, *rest in found if name == "__cuda_arch" or name.startswith("__variant_")}


def put_plugin(folder: Path, source: str) -> None:
    """Put another plugin of conda's into *folder*, which is to be on ``PYTHONPATH``."""
    (folder / "other-1.0.dist-info").mkdir(parents=True)
    (folder / "other.py").write_text(source, encoding="utf-8")
    (folder / "other-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (folder / "other-1.0.dist-info" / "entry_points.txt").write_text("[conda]\nother = other\n")


class TestCudaArch:
    """CEP 46: "Implementing the ``__cuda_arch`` virtual package is RECOMMENDED"."""

    def test_absent_without_cuda(self, conda: Conda) -> None:
        """CEP 46: "MUST be absent when the ``__cuda`` virtual package is absent", whatever was given."""
        assert ours(conda, CONDA_OVERRIDE_CUDA="", CONDA_OVERRIDE_CUDA_ARCH="9.0") == {}

    def test_given(self, conda: Conda) -> None:
        """CEP 46: it "MUST be exposed with that version with the build string set to ``0``"."""
        assert ours(conda, **CUDA, CONDA_OVERRIDE_CUDA_ARCH="9.0") == {"__cuda_arch": ["9.0", "0"]}

    def test_taken_away(self, conda: Conda) -> None:
        """CEP 46: "If [it] is set to the empty string, the ``__cuda_arch`` virtual package MUST be absent"."""
        assert ours(conda, **CUDA, CONDA_OVERRIDE_CUDA_ARCH="") == {}

    def test_given_in_condarc(self, conda: Conda) -> None:
        """Conda's own setting counts as its variable does."""
        conda.settings["override_virtual_packages"] = {"cuda_arch": "8.6"}

        assert ours(conda, **CUDA) == {"__cuda_arch": ["8.6", "0"]}

    def test_no_compute_capability(self, conda: Conda) -> None:
        """What cannot be read is refused, with the value and the way to write it."""
        conda.variables = {**CUDA, "CONDA_OVERRIDE_CUDA_ARCH": "sm_90"}

        assert "CONDA_OVERRIDE_CUDA_ARCH: 'sm_90' is no compute capability" in conda("info", code=1).err

    def test_another_plugin_has_it(self, conda: Conda, tmp_path: Path) -> None:
        """Two of one name would make every solve fail: ours steps back."""
        other = """
            from conda import plugins
            from conda.plugins.types import CondaVirtualPackage

            @plugins.hookimpl
            def conda_virtual_packages():
                yield CondaVirtualPackage("cuda_arch", "7.5", "theirs")
        """
        put_plugin(tmp_path / "site", "\n".join(line.removeprefix(" " * 12) for line in other.splitlines()))

        assert ours(conda, PYTHONPATH=str(tmp_path / "site")) == {"__cuda_arch": ["7.5", "theirs"]}


class TestLists:
    """Lists of supported values, in the build strings of ``__variant_...``."""

    def test_one_for_each_known_feature(self, plugin: None) -> None:
        """Every list that a known provider reads can be there, and no other one."""
        del plugin
        script = "from wheelbridge.conda_plugin.virtual_packages import LISTS; print(*LISTS)"
        told = subprocess.run([conda_python(), "-c", script], capture_output=True, text=True, check=True).stdout

        listed = [known for known in KNOWN_PROVIDERS if isinstance(known, ListedProvider)]
        names = {package_name(known.namespace, feature) for known in listed for feature in known.features}
        assert {f"__{name}" for name in told.split()} == {*names, GPU_LIST}

    @pytest.mark.parametrize("given", ["9.0,8.0; rm", "a-b", "x" * 65])
    def test_no_list(self, conda: Conda, given: str) -> None:
        """CEP 26: build strings have letters, numbers, periods, plus symbols, and underscores, at most 64."""
        conda.variables = {"CONDA_OVERRIDE_VARIANT_AMD_GFX_ARCH": given}

        assert f"CONDA_OVERRIDE_VARIANT_AMD_GFX_ARCH: {given!r} is no list of values" in conda("info", code=1).err

    @ON_LINUX
    def test_the_vendors_tool_is_asked(self, conda: Conda, tmp_path: Path) -> None:
        """Conda has what ``wheelbridge target`` has, on the same machine."""
        tool = tmp_path / "bin" / "rocm_agent_enumerator"
        tool.parent.mkdir()
        tool.write_text("#!/bin/sh\necho gfx000\necho gfx942\necho gfx90a\n", encoding="utf-8")
        tool.chmod(0o755)

        found = ours(
            conda, PATH=f"{tool.parent}{os.pathsep}{os.environ['PATH']}", **CUDA, CONDA_OVERRIDE_CUDA_ARCH="9.0"
        )

        command = [conda_python(), "-m", "wheelbridge", "target", "--json"]
        told = subprocess.run(command, env=conda.environment(), capture_output=True, text=True, check=True).stdout
        packages = json.loads(told)["virtual_packages"]
        assert found == {"__cuda_arch": ["9.0", "0"], GFX: ["1", "gfx90a+gfx942"]}
        assert found.items() <= packages.items()

    def test_conda_solves_with_them(self, conda: Conda, tmp_path: Path) -> None:
        """A list meets a requirement in conda's own solve, too; one without the value does not."""
        needed = rf'{GFX}[build="^(.*\+)?(gfx942)(\+.*)?$"]'
        make_conda(tmp_path / "channel", "tuned", "1.0", {"share/tuned.txt": ""}, depends=[needed])
        index_channel(tmp_path / "channel")
        conda.settings["channels"] = [(tmp_path / "channel").as_uri()]
        command = ("create", "-p", tmp_path / "new", "-d", "-y", "tuned")

        conda.variables = {"CONDA_OVERRIDE_VARIANT_AMD_GFX_ARCH": "gfx90a"}
        refused = conda(*command, code=1)
        conda.variables = {"CONDA_OVERRIDE_VARIANT_AMD_GFX_ARCH": "gfx90a+gfx942"}
        planned = conda(*command)

        assert GFX in refused.err
        assert "tuned-1.0" in planned.out

    def test_our_solver_misses_what_was_taken_away(self, conda: Conda, tmp_path: Path) -> None:
        """Conda's virtual packages are all there are, whatever else py-rattler finds."""
        make_conda(tmp_path / "channel", "tuned", "1.0", {"share/tuned.txt": ""}, depends=["__archspec"])
        index_channel(tmp_path / "channel")
        conda.settings |= {"channels": [(tmp_path / "channel").as_uri()], "solver": "wheelbridge"}
        command = ("create", "-p", tmp_path / "new", "-d", "-y", "tuned")

        conda(*command)
        conda.settings["override_virtual_packages"] = {"archspec": ""}
        assert "__archspec" in conda(*command, code=1).err


class TestTarget:
    """What ``conda wheelbridge`` takes for the machine is what conda takes for it."""

    def test_overrides_of_condarc(self, conda: Conda) -> None:
        """An empty one takes a package away; a variable beats it, an empty one, too."""
        conda.settings["override_virtual_packages"] = {
            "cuda": "12.8",
            "archspec": "",
            "__variant_amd_gfx_arch": "gfx942",
        }
        there = conda("wheelbridge", "target", "--json").json["virtual_packages"]

        assert conda.environment()["CONDA_OVERRIDE_CUDA"] == ""
        assert there[GFX] == ["1", "gfx942"]
        assert not there.keys() & {"__cuda", "__archspec"}

    def test_a_platform_of_the_command_line(self, conda: Conda) -> None:
        """It beats the variable, as in conda, this machine's own, too; without it, the variable counts."""
        native = str(Subdir.current())
        conda.variables = {"CONDA_SUBDIR": "win-64" if native != "win-64" else "linux-64"}
        target = ("wheelbridge", "target", "--json")

        assert conda(*target, "--platform", native).json["subdir"] == native
        assert conda(*target).json["subdir"] == conda.variables["CONDA_SUBDIR"]
