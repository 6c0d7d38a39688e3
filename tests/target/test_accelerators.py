import sys
from pathlib import Path

import pytest

from wheelbridge.model.target import VirtualPackage
from wheelbridge.target import accelerators
from wheelbridge.target.accelerators import detect_accelerators
from wheelbridge.target.detect import detect_target, parse_virtual_package

LINUX = VirtualPackage("__linux", "6.1")
CUDA_ARCH = VirtualPackage("__cuda_arch", "7.5")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tools are shell scripts")


def put_tool(folder: Path, name: str, prints: str, code: int = 0) -> None:
    """Write an executable that prints what the vendor's tool prints."""
    tool = folder / name
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{prints}\nEND\nexit {code}\n", encoding="utf-8")
    tool.chmod(0o755)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first on PATH, and a ROCm that is nowhere."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("ROCM_PATH", str(tmp_path / "rocm"))
    return folder


def put_gpus(folder: Path, *models: str) -> Path:
    """Write what the NVIDIA driver tells of its GPUs."""
    for number, model in enumerate(models):
        path = folder / f"gpus/0000:0{number}:00.0/information"
        path.parent.mkdir(parents=True)
        path.write_text(f"Model: \t\t {model}\nIRQ:   \t\t 42\n", encoding="utf-8")
    return folder / "gpus"


class TestAmd:
    """rocm_agent_enumerator(1): it "prints the list of available agent architecture names"; gfx000 is the CPU."""

    def test_gpus_are_listed_once_and_sorted(self, tools: Path) -> None:
        """Two GPUs of one kind are one value."""
        put_tool(tools, "rocm_agent_enumerator", "gfx000\ngfx942\ngfx90a\ngfx942")

        assert list(detect_accelerators([LINUX])) == [VirtualPackage("__variant_amd_gfx_arch", "1", "gfx90a+gfx942")]

    def test_the_release_is_read_from_its_file(self, tools: Path) -> None:
        """ROCm's own version file tells major and minor version; what comes behind does not count."""
        put_tool(tools, "rocm_agent_enumerator", "gfx000\ngfx1100")
        info = tools.parent / "rocm/.info"
        info.mkdir(parents=True)
        (info / "version").write_text("7.0.2-56\n", encoding="utf-8")

        assert [package.build for package in detect_accelerators([LINUX])] == ["gfx1100", "7.0"]

    @pytest.mark.parametrize(("prints", "code"), [("gfx000", 0), ("", 0), ("gfx942", 1)], ids=["cpu", "none", "fails"])
    def test_no_gpu_is_no_package(self, tools: Path, prints: str, code: int) -> None:
        """A CPU is no GPU, and a tool that fails tells nothing."""
        put_tool(tools, "rocm_agent_enumerator", prints, code)

        assert list(detect_accelerators([LINUX])) == []

    def test_a_tool_that_hangs_is_given_up(self, tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Detection goes on without it."""
        monkeypatch.setattr(accelerators, "_TIMEOUT", 0.2)
        (tools / "rocm_agent_enumerator").write_text("#!/bin/sh\nexec sleep 30\n", encoding="utf-8")
        (tools / "rocm_agent_enumerator").chmod(0o755)

        assert list(detect_accelerators([LINUX])) == []


class TestNvidia:
    """CEP 46: ``__cuda_arch`` is the lowest compute capability; a machine with several kinds has more to tell."""

    def test_different_gpus_are_told_highest_first(
        self, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """10.0 is more than 9.0, and each capability stands there once."""
        monkeypatch.setattr(accelerators, "_NVIDIA_GPUS", put_gpus(tmp_path, "NVIDIA T4", "NVIDIA H100", "NVIDIA B200"))
        put_tool(tools, "nvidia-smi", "7.5\n9.0\n10.0\n9.0")

        (package,) = detect_accelerators([LINUX, CUDA_ARCH])

        assert package == VirtualPackage("__variant_nvidia_compute_capability", "1", "10.0+9.0+7.5")

    def test_equal_gpus_need_no_question(self, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """``__cuda_arch`` says it all; the tool, which may be slow, is not run."""
        monkeypatch.setattr(accelerators, "_NVIDIA_GPUS", put_gpus(tmp_path, "NVIDIA T4", "NVIDIA T4"))
        put_tool(tools, "nvidia-smi", "7.5\n9.0")

        assert list(detect_accelerators([LINUX, CUDA_ARCH])) == []

    def test_an_override_is_the_users_word(self, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """With CONDA_OVERRIDE_CUDA_ARCH, this machine's GPUs are not looked at."""
        monkeypatch.setattr(accelerators, "_NVIDIA_GPUS", put_gpus(tmp_path, "NVIDIA T4", "NVIDIA H100"))
        monkeypatch.setenv("CONDA_OVERRIDE_CUDA_ARCH", "7.5")
        put_tool(tools, "nvidia-smi", "7.5\n9.0")

        assert list(detect_accelerators([LINUX, CUDA_ARCH])) == []


def test_a_given_list_is_a_build_string() -> None:
    """``__variant_amd_gfx_arch=gfx90a+gfx942`` needs no version, as ``__archspec=zen4`` needs none."""
    given = parse_virtual_package("__variant_amd_gfx_arch=gfx90a+gfx942")

    assert given == VirtualPackage("__variant_amd_gfx_arch", "1", "gfx90a+gfx942")
    assert parse_virtual_package("__variant_amd_rocm_version=1=7.0").build == "7.0"
    assert parse_virtual_package("__variant_amd_rocm_version=7.0").build == "7.0"


@pytest.mark.skipif(sys.platform != "linux", reason="the tools are asked on Linux only")
def test_a_given_gpu_replaces_the_detected_ones(tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who describes a GPU does not get the capabilities of this machine's."""
    monkeypatch.setattr(accelerators, "_NVIDIA_GPUS", put_gpus(tmp_path, "NVIDIA T4", "NVIDIA H100"))
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.8")
    put_tool(tools, "nvidia-smi", "7.5\n9.0")

    given = detect_target(virtual_packages=["__cuda=13.0", "__cuda_arch=12.0"])

    assert given.virtual_package("__variant_nvidia_compute_capability") is None
