"""File names of variant wheels (PEP 825)."""

import pytest

from wheelbridge.translate.errors import InvalidWheelNameError
from wheelbridge.translate.wheel import WheelName


@pytest.mark.parametrize(
    ("filename", "build_tag", "tags", "label"),
    [
        ("a-1-py3-none-any.whl", (), "py3-none-any", None),
        ("a-1-py3-none-any-null.whl", (), "py3-none-any", "null"),
        ("a-1-7-py3-none-any.whl", (7, ""), "py3-none-any", None),
        ("a-1-7b-py3-none-any-x86_64_v3.whl", (7, "b"), "py3-none-any", "x86_64_v3"),
        ("a-1-cp313-cp313t-linux_x86_64-cuda12.8.whl", (), "cp313-cp313t-linux_x86_64", "cuda12.8"),
        ("a-1-py3-none-any-00000000.whl", (), "py3-none-any", "00000000"),
        ("a-1-py3-none-any-_.whl", (), "py3-none-any", "_"),
    ],
)
def test_read(filename: str, build_tag: tuple[int, str] | tuple[()], tags: str, label: str | None) -> None:
    """The third part is a build tag where it starts with a digit; what follows the platform is the label."""
    name = WheelName.parse(filename)

    assert (name.project, str(name.version), name.build_tag, name.label) == ("a", "1", build_tag, label)
    assert {*map(str, name.tags)} == {tags}


@pytest.mark.parametrize(
    ("filename", "label"),
    [
        ("a-1-py3-none-any-CUDA.whl", "CUDA"),
        ("a-1-py3-none-any-.whl", ""),
        ("a-1-py3-none-any-a+b.whl", "a+b"),
        ("a-1-7-py3-none-any-x y.whl", "x y"),
    ],
)
def test_refused_labels(filename: str, label: str) -> None:
    """With the label and the whole name."""
    with pytest.raises(InvalidWheelNameError) as caught:
        WheelName.parse(filename)

    assert caught.value.message == f"Invalid wheel filename (variant label {label!r}): {filename!r}"


@pytest.mark.parametrize(
    "filename",
    [
        "a-1-none-any.whl",
        "a-1-py3-none-any-x-y.whl",
        "a-1-7-py3-none-any-x-y.whl",
        "a-x.y-py3-none-any-null.whl",
        "a-1-py3-none-any-null",
        "a-1-py3-none-any-null.zip",
        "a-1-py3-none-any-null.whl.asc",
    ],
)
def test_refused(filename: str) -> None:
    """What is not the name of a wheel; a label does not make it one."""
    with pytest.raises(InvalidWheelNameError):
        WheelName.parse(filename)
