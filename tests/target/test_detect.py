"""Targets: this machine as rattler detects it, others as conda assumes them to be."""

import pytest
from rattler import Subdir, VirtualPackageOverrides
from rattler import VirtualPackage as DetectedPackage

from wheelbridge.model.target import InvalidTargetError, Target, VirtualPackage
from wheelbridge.target.detect import detect_target, parse_virtual_package

CURRENT = str(Subdir.current())


@pytest.fixture(autouse=True)
def no_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the developer has set."""
    for name in ("CONDA_SUBDIR", *(f"CONDA_OVERRIDE_{what}" for what in ("ARCHSPEC", "CUDA", "GLIBC", "LINUX", "OSX"))):
        monkeypatch.delenv(name, raising=False)


def facts(target: Target) -> dict[str, str]:
    """Return name -> version, and the build where it says something."""
    return {p.name: p.version + (f"={p.build}" if p.build != "0" else "") for p in target.virtual_packages}


def test_this_machine_is_what_rattler_detects() -> None:
    """Name by name, sorted."""
    found = [package.into_generic() for package in DetectedPackage.detect(VirtualPackageOverrides())]
    target = detect_target()

    assert target.subdir == CURRENT
    assert target.virtual_packages == tuple(sorted(target.virtual_packages))
    assert {p.name: (p.version, p.build) for p in target.virtual_packages} == {
        p.name.normalized: (str(p.version), str(p.build_string)) for p in found
    }


@pytest.mark.parametrize(
    ("subdir", "expected"),
    [
        (
            "linux-64",
            {"__archspec": "1=x86_64", "__glibc": "2.28", "__linux": "4.18", "__unix": "0"},
        ),
        ("linux-aarch64", {"__archspec": "1=aarch64", "__glibc": "2.28", "__linux": "4.18", "__unix": "0"}),
        ("linux-ppc64le", {"__archspec": "1=ppc64le", "__glibc": "2.28", "__linux": "4.18", "__unix": "0"}),
        ("osx-64", {"__archspec": "1=x86_64", "__osx": "13.0", "__unix": "0"}),
        ("osx-arm64", {"__archspec": "1=m1", "__osx": "13.0", "__unix": "0"}),
        ("win-64", {"__archspec": "1=x86_64", "__win": "10.0"}),
        ("win-arm64", {"__archspec": "1=aarch64", "__win": "10.0"}),
    ],
)
def test_other_platforms_have_a_baseline(subdir: str, expected: dict[str, str]) -> None:
    """What conda assumes of a machine that it cannot ask."""
    if subdir == CURRENT:
        pytest.skip("this machine is asked")
    assert facts(detect_target(subdir)) == expected


@pytest.mark.parametrize(
    ("variables", "given", "expected"),
    [
        pytest.param({}, [], None, id="nothing"),
        pytest.param({"CUDA": "12.4"}, [], "12.4", id="variable"),
        pytest.param({"CUDA": ""}, [], None, id="an empty variable"),
        pytest.param({"CUDA": "12.4"}, ["__cuda=13.0"], "13.0", id="given"),
        pytest.param({}, ["__cuda=12.8=0"], "12.8", id="given with a build"),
        pytest.param({"CUDA": "12.4"}, ["__cuda="], None, id="taken away"),
        pytest.param({}, ["__cuda=12.8", "__cuda=13.1"], "13.1", id="given twice"),
    ],
)
@pytest.mark.parametrize("subdir", ["linux-aarch64", "win-64"])
def test_overrides(
    monkeypatch: pytest.MonkeyPatch, subdir: str, variables: dict[str, str], given: list[str], expected: str | None
) -> None:
    """CEP 30: ``CONDA_OVERRIDE_*`` replaces what is detected; what is given beats it; empty takes it away."""
    for name, value in variables.items():
        monkeypatch.setenv(f"CONDA_OVERRIDE_{name}", value)

    assert facts(detect_target(subdir, given)).get("__cuda") == expected


def test_the_subdir_may_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """``CONDA_SUBDIR`` is conda's; what is given beats it."""
    monkeypatch.setenv("CONDA_SUBDIR", "osx-arm64")

    assert detect_target().subdir == "osx-arm64"
    assert detect_target("win-64").subdir == "win-64"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("__cuda=12.8", VirtualPackage("__cuda", "12.8")),
        ("__foo=1=bar", VirtualPackage("__foo", "1", "bar")),
        ("__archspec=zen4", VirtualPackage("__archspec", "1", "zen4")),
        ("__archspec=1=zen4", VirtualPackage("__archspec", "1", "zen4")),
        ("__cuda=", VirtualPackage("__cuda", "")),
    ],
)
def test_virtual_packages_as_text(text: str, expected: VirtualPackage) -> None:
    """Name, version, build; of an ``__archspec`` the build alone will do."""
    assert parse_virtual_package(text) == expected


@pytest.mark.parametrize("text", ["", "cuda=12", "__cuda", "_cuda=12", "12"])
def test_texts_that_are_none(text: str) -> None:
    """Refused, with an example."""
    with pytest.raises(InvalidTargetError) as caught:
        parse_virtual_package(text)
    assert "__cuda=12.8" in str(caught.value.hint)


@pytest.mark.parametrize("subdir", ["amiga-68k", "linux", "noarch", "linux-", "zos-z"])
def test_platforms_without_wheels(subdir: str) -> None:
    """Refused by name."""
    with pytest.raises(InvalidTargetError, match=repr(subdir)):
        detect_target(subdir)


class TestListsOfVariants:
    """conda: a virtual package is overridden by ``CONDA_OVERRIDE_`` and its name, those of variants like all others."""

    @pytest.mark.parametrize("platform", [None, "osx-arm64"])
    def test_one_is_given(self, monkeypatch: pytest.MonkeyPatch, platform: str | None) -> None:
        """The value is the list, and what the command line says beats it."""
        monkeypatch.setenv("CONDA_OVERRIDE_VARIANT_AMD_GFX_ARCH", "gfx942+gfx90a")
        name = "__variant_amd_gfx_arch"

        found = {package.name: package for package in detect_target(platform).virtual_packages}
        given = {package.name: package for package in detect_target(platform, [f"{name}=gfx1100"]).virtual_packages}

        assert (found[name].version, found[name].build) == ("1", "gfx942+gfx90a")
        assert given[name].build == "gfx1100"

    def test_without_a_value_there_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As everywhere in conda."""
        monkeypatch.setenv("CONDA_OVERRIDE_VARIANT_AMD_GFX_ARCH", "")

        assert "__variant_amd_gfx_arch" not in {package.name for package in detect_target().virtual_packages}
