"""conda's ``disallowed_packages`` keeps packages out, whatever kind they are."""

from collections.abc import Sequence

import pytest
from rattler import RepoDataRecord

from tests.solver.test_lookalike_notes import make_conda, make_wheel
from wheelbridge.api.disallowed import DisallowedPackageError, refuse_disallowed
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.model.pin import Pin
from wheelbridge.solver.problem import ResolvedPackage


def rules(*specs: str) -> list[Pin]:
    """Return rules of one file."""
    return [Pin(spec, "/etc/conda/.condarc") for spec in specs]


@pytest.mark.parametrize(
    ("spec", "package"),
    [
        pytest.param("thing", make_conda("thing"), id="a conda package"),
        pytest.param("thing <2", make_wheel("thing"), id="a wheel, by its version"),
        pytest.param("pytorch", make_wheel("torch", name="pytorch"), id="by conda's name"),
        pytest.param("torch", make_wheel("torch", name="pytorch"), id="by the project's"),
        pytest.param("Greeter_Voice", make_wheel("greeter-voice"), id="by another spelling of the project's"),
    ],
)
def test_what_is_kept_out(spec: str, package: ResolvedPackage) -> None:
    """The rule and its place are named."""
    with pytest.raises(DisallowedPackageError, match=r"/etc/conda/\.condarc") as caught:
        refuse_disallowed([make_conda("fine"), package], rules("nothing", spec))

    assert caught.value.spec == spec


def refusal(
    packages: list[ResolvedPackage], disallowed: list[Pin], installed: Sequence[RepoDataRecord] = ()
) -> str | None:
    """Return the rule that keeps one of *packages* out; None where all may come in."""
    try:
        refuse_disallowed(packages, disallowed, installed)
    except DisallowedPackageError as error:
        return error.spec
    return None


def test_what_may_come_in() -> None:
    """Other versions, and other names; a version of a project's name is one of conda's."""
    packages = [make_conda("thing"), make_wheel("torch", name="pytorch")]

    assert refusal(packages, rules("thing >1", "torch <2", "other")) is None


def test_a_rule_that_is_no_spec() -> None:
    """It is said, not passed over."""
    with pytest.raises(InvalidConfigurationError, match="disallowed_packages"):
        refuse_disallowed([], rules("thing >=>1"))


def test_what_is_there_may_stay() -> None:
    """conda: it looks at what is to be linked."""
    package = make_conda("thing")

    assert refusal([package], rules("thing")) == "thing"
    assert refusal([package], rules("thing"), [package.record]) is None
