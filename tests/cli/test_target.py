import pytest

from tests.cli.conftest import Run


def test_the_target_is_printed_as_json(run: Run) -> None:
    """The contract: subdir, virtual packages as [version, build], variants."""
    target = run("target", "--json").json

    assert set(target) == {"subdir", "virtual_packages", "variants"}
    assert all(len(value) == 2 for value in target["virtual_packages"].values())


def test_another_platform_is_the_baseline(run: Run) -> None:
    """For a machine that is not here, what conda assumes of its platform."""
    target = run("target", "--json", "--platform", "osx-arm64", "--virtual-package", "__cuda=12.8").json

    assert target == {
        "subdir": "osx-arm64",
        "virtual_packages": {
            "__archspec": ["1", "m1"],
            "__cuda": ["12.8", "0"],
            "__osx": ["13.0", "0"],
            "__unix": ["0", "0"],
        },
        "variants": {},
    }


def test_conda_override_is_honoured(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """CEP 30: ``CONDA_OVERRIDE_CUDA`` gives the version of ``__cuda``; an option beats it."""
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")

    assert run("target", "--json").json["virtual_packages"]["__cuda"] == ["12.4", "0"]
    for platform in ("win-64", "linux-aarch64"):
        assert run("target", "--json", "--platform", platform).json["virtual_packages"]["__cuda"] == ["12.4", "0"]
    given = run("target", "--json", "--virtual-package", "__cuda=13.0").json
    assert given["virtual_packages"]["__cuda"] == ["13.0", "0"]


def test_archspec_is_given_by_name(run: Run) -> None:
    """CEP 30: the microarchitecture is the build string, the version is 1."""
    target = run("target", "--json", "--virtual-package", "__archspec=zen4").json

    assert target["virtual_packages"]["__archspec"] == ["1", "zen4"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--platform", "amiga-68k"), "invalid-target"),
        (("--virtual-package", "cuda=12"), "invalid-target"),
        (("--platform", "linux-64", "--frob"), "usage"),
    ],
)
def test_bad_descriptions_are_refused(run: Run, arguments: tuple[str, ...], code: str) -> None:
    """A bad target is an error with a code, never a guess."""
    ran = run("target", "--json", *arguments)

    assert ran.json["error"]["code"] == code
    assert ran.code == (2 if code == "usage" else 1)
