"""Specs of environment files as the solver reads them."""

import pytest

from wheelbridge.api.manifests.specs import check_specs
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Manifest, Stated


def file(*specs: str) -> Manifest:
    """Return what a file with *specs* says."""
    return Manifest(files=("env.yml",), specs=tuple(Stated(spec, f"env.yml:{n}") for n, spec in enumerate(specs, 7)))


def test_extras_are_passed_over_as_conda_does() -> None:
    """Conda 26.7: ``MatchSpec("nbconvert[execute]!=6.0.0")`` is ``nbconvert[version='!=6.0.0']``; here a note tells."""
    checked = check_specs(file("numpy", "nbconvert[execute]!=6.0.0,!=6.0.1"))

    assert [stated.text for stated in checked.specs] == ["numpy", "nbconvert!=6.0.0,!=6.0.1"]
    assert checked.specs[1].place == "env.yml:8"
    (note,) = checked.notes
    assert "env.yml:8: [execute]" in note


@pytest.mark.parametrize("spec", ["numpy[version='>=2']", "numpy[build=*py312*]", "python=3.12=*_cpython", "a::b>=1"])
def test_what_conda_reads_stays(spec: str) -> None:
    """Brackets with fields, builds and channels are no extras."""
    assert check_specs(file(spec)) == file(spec)


@pytest.mark.parametrize(("spec", "hint"), [("python='3.10'", "quotes"), ("foo @ https://host.example/f.whl", "pip")])
def test_what_is_no_spec_is_named_with_its_place(spec: str, hint: str) -> None:
    """An error leads to the line."""
    with pytest.raises(InvalidEnvironmentFileError, match=r"env\.yml:7") as caught:
        check_specs(file(spec))

    assert spec in caught.value.message
    assert hint in (caught.value.hint or "")
