import pytest
from packaging.tags import parse_tag

from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.translate.fitting import find_misfit

LINUX = Target(subdir="linux-64", virtual_packages=(VirtualPackage("__glibc", "2.36"),))


@pytest.mark.parametrize(
    ("tag", "requires", "python", "reason"),
    [
        pytest.param("py3-none-any", None, "3.12.4", None, id="pure"),
        pytest.param("cp312-cp312-manylinux_2_17_x86_64", ">=3.8", "3.12.4", None, id="compiled"),
        pytest.param("cp39-abi3-manylinux_2_17_x86_64", None, "3.12.4", None, id="stable ABI"),
        pytest.param("cp313-cp313-linux_x86_64", None, "3.12.4", "python is 3.12.4", id="newer python"),
        pytest.param("cp312-cp312-win_amd64", None, "3.12.4", "is not for linux-64", id="other platform"),
        pytest.param("py3-none-any", ">=3.13", "3.12.4", "requires python >=3.13, and python is 3.12.4", id="minor"),
        pytest.param("py3-none-any", "!=3.12.4", "3.12.4", "requires python !=3.12.4", id="patch release"),
        pytest.param("py3-none-any", ">=3.13", "3.13.0rc1", "requires python >=3.13", id="pre-release"),
        pytest.param("py3-none-any", "what?", "3.12.4", "what?", id="no specifier"),
    ],
)
def test_a_wheel_fits_by_its_tags_and_its_requires_python(
    tag: str, requires: str | None, python: str, reason: str | None
) -> None:
    """PEP 440 says of which pythons Requires-Python speaks, patch releases and pre-releases among them."""
    found = find_misfit(parse_tag(tag), requires, (python, "0_cpython"), LINUX, is_of_this_machine=True)

    assert (found is None) == (reason is None)
    assert (reason or "") in (found or "")


def test_a_free_threaded_python_is_known_by_its_build() -> None:
    """PEP 703: its wheels have ``t`` in their ABI; conda-forge's python has ``cp313t`` in its build."""
    tags = parse_tag("cp313-cp313t-linux_x86_64")

    plain = find_misfit(tags, None, ("3.13.1", "h1_0_cp313"), LINUX, is_of_this_machine=True)
    threads = find_misfit(tags, None, ("3.13.1", "h1_0_cp313t"), LINUX, is_of_this_machine=True)

    assert (plain, threads) == ("python is 3.13.1", None)


def test_how_old_another_machine_is_nobody_knows() -> None:
    """PEP 600: the wheel needs a newer glibc than is assumed of it."""
    tags, python = parse_tag("py3-none-manylinux_2_99_x86_64"), ("3.12.4", "0")

    assert "2.99" in str(find_misfit(tags, None, python, LINUX, is_of_this_machine=True))
    assert find_misfit(tags, None, python, LINUX, is_of_this_machine=False) is None
