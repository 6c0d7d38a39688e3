import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_the_target_is_printed_as_json(run: Run) -> None:
    """The contract: subdir, virtual packages as [version, build], variants and where each was read."""
    target = run("target", "--json").json

    assert set(target) == {"subdir", "virtual_packages", "variants", "variants_from"}
    assert all(len(value) == 2 for value in target["virtual_packages"].values())
    assert set(target["variants"]) == set(target["variants_from"])


def test_another_platform_is_the_baseline(run: Run) -> None:
    """For a machine that is not here, what conda assumes of its platform."""
    target = run("target", "--json", "--platform", "osx-arm64", "--virtual-package", "__cuda=12.8").json

    assert (target["subdir"], target["virtual_packages"]) == (
        "osx-arm64",
        {"__archspec": ["1", "m1"], "__cuda": ["12.8", "0"], "__osx": ["13.0", "0"], "__unix": ["0", "0"]},
    )


def test_supported_variants_say_where_they_were_read(run: Run) -> None:
    """Ordered lists for each known provider, from the virtual packages of the described machine."""
    facts = ("--virtual-package", "__cuda=12.8", "--virtual-package", "__cuda_arch=9.0")
    target = run("target", "--json", "--platform", "osx-arm64", *facts).json

    assert target["variants_from"] == {"nvidia": "__cuda 12.8, __cuda_arch 9.0", "aarch64": "__archspec m1"}
    assert target["variants"]["nvidia"]["sm_arch"] == ["90_real", "90_virtual"]
    assert target["variants"]["aarch64"]["version"][0] == "8.4a"
    said = run("target", "--platform", "osx-arm64", *facts).out
    assert "90_real, 90_virtual" in said
    assert "__archspec m1" in said


def test_derived_lists_follow_anew_when_a_target_is_read(run: Run, tmp_path: Path) -> None:
    """Who edits the virtual packages of a printed target gets the lists of the new ones; given lists stay."""
    printed = run("target", "--json", "--platform", "linux-64", "--virtual-package", "__archspec=haswell").json
    printed["virtual_packages"]["__archspec"] = ["1", "zen4"]
    printed["variants"]["blas"] = {"library": ["mkl"]}
    path = tmp_path / "target.json"
    path.write_text(json.dumps(printed), encoding="utf-8")
    level = {"requires": ["provider-variant-x86-64"], "plugin-api": "provider_variant_x86_64.plugin:X8664Plugin"}
    document = {
        "default-priorities": {"namespace": ["x86_64", "blas"]},
        "providers": {"x86_64": level},
        "variants": {"v4": {"x86_64": {"level": ["v4"]}}, "mkl": {"blas": {"library": ["mkl"]}}},
    }

    done = run("translate", "variants", "--target", path, json.dumps({"variants_json": document})).json

    assert done["order"] == ["v4", "mkl"]


def test_conda_override_is_honoured(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """CEP 30: ``CONDA_OVERRIDE_CUDA`` gives the version of ``__cuda``; an option beats it."""
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")

    assert run("target", "--json").json["virtual_packages"]["__cuda"] == ["12.4", "0"]
    for platform in ("win-64", "linux-aarch64"):
        assert run("target", "--json", "--platform", platform).json["virtual_packages"]["__cuda"] == ["12.4", "0"]
    given = run("target", "--json", "--virtual-package", "__cuda=13.0").json
    assert given["virtual_packages"]["__cuda"] == ["13.0", "0"]


@pytest.mark.parametrize("value", ["abc!", "12..x"])
def test_an_override_that_is_no_version_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """For another platform as for this one."""
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", value)

    for platform in ("linux-64", "linux-aarch64"):
        assert run("target", "--json", "--platform", platform).json["error"]["code"] == "invalid-target"


def test_archspec_is_given_by_name(run: Run) -> None:
    """CEP 30: the microarchitecture is the build string, the version is 1."""
    target = run("target", "--json", "--virtual-package", "__archspec=zen4").json

    assert target["virtual_packages"]["__archspec"] == ["1", "zen4"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--platform", "amiga-68k"), "invalid-target"),
        (("--virtual-package", "cuda=12"), "invalid-target"),
        (("--virtual-package", "__variant_zz_f=1=$%^"), "invalid-target"),
        (("--virtual-package", "__variant_zz_f=a b"), "invalid-target"),
        (("--virtual-package", "__variant_zz_é=1"), "invalid-target"),
        (("--virtual-package", "__cuda=twelve!"), "invalid-target"),
        (("--virtual-package", f"__variant_zz_f={'x' * 65}"), "invalid-target"),
        (("--platform", "linux-64", "--frob"), "usage"),
    ],
)
def test_bad_descriptions_are_refused(run: Run, arguments: tuple[str, ...], code: str) -> None:
    """A bad target is an error with a code, never a guess."""
    ran = run("target", "--json", *arguments)

    assert ran.json["error"]["code"] == code
    assert ran.code == (2 if code == "usage" else 1)
