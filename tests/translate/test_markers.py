import pytest

from wheelbridge.model.target import Target
from wheelbridge.translate.errors import MarkerNotExpressibleError
from wheelbridge.translate.markers import Condition, translate_marker

LINUX = Target(subdir="linux-64")


@pytest.mark.parametrize(
    ("marker", "when"),
    [
        ('python_version == "3.10"', "python>=3.10dev0,<3.11dev0"),
        ('python_version <= "3.10"', "python<3.11dev0"),
        ('python_version > "3.10"', "python>=3.11dev0"),
        ('python_version != "3.10"', "python<3.10dev0 or python>=3.11dev0"),
        ('"3.8" < python_version', "python>=3.9dev0"),
        ('python_version ~= "3.7"', "python>=3.7dev0,<4dev0"),
        ('python_version == "3.*"', "python>=3dev0,<4dev0"),
        ('python_version in "2.7"', "python>=2.7dev0,<2.8dev0"),
        ('python_full_version < "3.11.0a6"', "python<3.11.0a6"),
        ('python_full_version < "3.11.4"', "python<3.11.4dev0"),
        ('python_full_version >= "3.11.4"', "python>=3.11.4"),
        ('implementation_version < "3.11"', "python<3.11dev0"),
    ],
)
def test_python_becomes_a_condition(marker: str, when: str) -> None:
    """CEP 43: a `when` is a MatchSpec query on a package that may be in the solution."""
    assert translate_marker(marker, LINUX).base == Condition(None, when)


@pytest.mark.parametrize(
    ("marker", "value"),
    [
        ('sys_platform == "linux"', True),
        ('sys_platform != "darwin"', True),
        ('platform_machine == "x86_64" or python_version < "3.8"', True),
        ('platform_machine == "arm64" and python_version < "3.8"', False),
        ('implementation_name == "pypy"', False),
        ("platform_python_implementation != 'PyPy'", True),
        ('sys_platform == "darwin" and platform_release >= "20"', False),
        ("os_name in 'posix java'", True),
    ],
)
def test_the_target_decides_platform_atoms(marker: str, value: bool) -> None:
    """Platform atoms become constants; the target, not the host, says which."""
    assert translate_marker(marker, LINUX).base == Condition(value)


def test_an_extra_becomes_a_group() -> None:
    """CEP 44: what an extra brings is a group of the record."""
    translation = translate_marker('extra == "A_b" and python_version < "3.8"', LINUX)

    assert translation.base == Condition(value=False)
    assert translation.extras == {"a-b": Condition(None, "python<3.8dev0")}


def test_an_extra_in_an_or_adds_to_what_holds_without_it() -> None:
    """The group adds; what holds without the extra stays a plain dependency."""
    translation = translate_marker('extra == "a" or python_version < "3.8"', LINUX)

    assert translation.base == Condition(None, "python<3.8dev0")
    assert translation.extras == {"a": Condition(value=True)}


@pytest.mark.parametrize(
    ("marker", "reason"),
    [
        ('extra != "a"', "takes the requirement away"),
        ('platform_release >= "20"', "depends on the kernel"),
        ('platform_version == "1" and python_version > "3.8"', "depends on the kernel"),
        ('python_full_version in "3.9.1, 3.9.2"', "looks for a full version in a text"),
        ('python_full_version < "3.9.post1"', "no Python is called"),
        ('"a" in extra', "== or != only"),
        ("python_version <> '3'", "does not follow PEP 508"),
        ('python_version ~= "3"', "packaging cannot evaluate it"),
    ],
)
def test_what_has_no_counterpart_is_refused(marker: str, reason: str) -> None:
    """Lossless or refused, with the reason."""
    with pytest.raises(MarkerNotExpressibleError, match=reason):
        translate_marker(marker, LINUX)


def test_nothing_is_said_of_pythons_that_cannot_occur() -> None:
    """A condition that every possible python meets is no condition."""
    assert translate_marker('python_version >= "3.8"', LINUX, [(3, 9), (3, 12)]).base == Condition(value=True)
    assert translate_marker('python_version < "3.8"', LINUX, [(3, 9)]).base == Condition(value=False)
    assert translate_marker('python_version < "3.10"', LINUX, [(3, 9), (3, 10)]).base == Condition(
        None, "python<3.10dev0"
    )
