import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

LINUX = {"subdir": "linux-64", "virtual_packages": {"__glibc": ["2.36", "0"]}, "variants": {}}
METADATA = """\
Metadata-Version: 2.1
Name: Foo-Bar
Version: 1.2+cu12
Requires-Python: >=3.9
Requires-Dist: numpy>=1.26,<3
Requires-Dist: tomli>=2; python_version < "3.11"
Requires-Dist: pywin32; sys_platform == "win32"
Requires-Dist: torch[opt]; extra == "gpu"
Provides-Extra: gpu

The description.
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A target in a file."""
    path = tmp_path / "target.json"
    path.write_text(json.dumps(LINUX), encoding="utf-8")
    return path


def batch(run: Run, monkeypatch: pytest.MonkeyPatch, kind: str, *lines: object, target: Path) -> list[Any]:
    """Translate lines of standard input."""
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    ran = run("translate", kind, "--batch", "--target", target)
    assert ran.code == 0
    return [json.loads(line) for line in ran.out.splitlines()]


def test_a_bad_line_never_stops_the_batch(run: Run, monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    """The contract: one object per line, in order, with the input and a result or an error."""
    results = batch(
        run, monkeypatch, "specifier", '">=1.0,!=1.5.*"', ">=1.0", '"nonsense"', '{"a": 1', "5", target=target
    )

    assert [result["input"] for result in results] == [">=1.0,!=1.5.*", ">=1.0", "nonsense", '{"a": 1', 5]
    assert [result.get("error", {}).get("code") for result in results] == [
        None,
        None,
        "invalid-specifier",
        "invalid-input",
        "invalid-input",
    ]
    assert results[1]["conda"] == ">=1.0"
    assert results[1]["lossy"] is False


def test_markers(run: Run, monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    """A constant on the target, a condition on python, or extras."""
    constant, condition, extra = batch(
        run,
        monkeypatch,
        "marker",
        "sys_platform == 'linux'",
        "python_version<'3.11' and sys_platform=='linux'",
        "extra == 'A_b' and python_version < '3.9'",
        target=target,
    )

    assert (constant["value"], constant["when"], constant["extras"]) == (True, None, [])
    assert (condition["value"], condition["when"]) == (None, "python<3.11dev0")
    assert (extra["value"], extra["when"], extra["extras"]) == (None, "python<3.9dev0", ["a-b"])


@pytest.mark.parametrize(
    ("requirement", "name", "specs"),
    [
        ("cupy-cuda12x>=13", "cupy", ['cupy[version=">=13"]', 'cuda-version[version=">=12,<13"]']),
        ("cupy-cuda11x", "cupy", ["cupy", 'cuda-version[version=">=11,<12"]']),
        ("cmake>=3", "pypi.cmake", ['pypi.cmake[version=">=3"]']),
        ("matplotlib", "matplotlib-base", ["matplotlib-base"]),
    ],
)
def test_a_requirement_on_what_a_row_acts_for(
    run: Run, monkeypatch: pytest.MonkeyPatch, target: Path, requirement: str, name: str, specs: list[str]
) -> None:
    """A row with further specs acts as specs; a tool is no answer to what a wheel needs."""
    (answer,) = batch(run, monkeypatch, "requirement", requirement, target=target)

    assert (answer["name"], answer["specs"]) == (name, specs)


def test_a_condition_holds_for_all_specs(run: Run, monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    """Else a requirement that does not hold would still bring half of what it means."""
    text = 'cupy-cuda12x>=13; python_version < "3.13"'
    (answer,) = batch(run, monkeypatch, "requirement", text, target=target)

    assert answer["specs"] == [
        'cupy[version=">=13",when="python<3.13dev0"]',
        'cuda-version[version=">=12,<13",when="python<3.13dev0"]',
    ]


def test_requirements(run: Run, monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    """A PyPI name becomes the conda name that a row maps; versions, extras and markers follow."""
    torch, url = batch(
        run,
        monkeypatch,
        "requirement",
        'torch[opt]>=2.5; python_version<"3.14"',
        "x @ https://host.example/x.whl",
        target=target,
    )

    assert torch["pypi_name"] == "torch"
    assert torch["name"] == "pytorch"
    assert torch["specs"] == ['pytorch[version=">=2.5",extras=[opt],when="python<3.14dev0"]']
    assert url["error"]["code"] == "url-requirement"


def test_a_wheel_becomes_a_record(run: Run, monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    """CEP 36 and 48: the whole record, by name of its published fields."""
    wheel = {
        "fn": "foo_bar-1.2+cu12-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "metadata": METADATA,
        "url": "https://host.example/foo.whl",
        "sha256": "ab" * 32,
        "size": 7,
        "upload_time": "2026-01-02T03:04:05Z",
    }
    (result,) = batch(run, monkeypatch, "wheel", wheel, target=target)

    assert result["record"] == {
        "name": "foo-bar",
        "version": "1.2",
        "build": "cp312_cp312_manylinux_2_17_x86_64_habababab+cu12",
        "build_number": result["record"]["build_number"],
        "subdir": "linux-64",
        "fn": wheel["fn"],
        "depends": [
            'python[version="3.12.*,>=3.9"]',
            '__glibc[version=">=2.17"]',
            'numpy[version=">=1.26,<3dev0"]',
        ],
        "constrains": ['python_abi[version="3.12.*",build="*_cp312"]'],
        "extra_depends": {"gpu": ["pytorch[extras=[opt]]"]},
        "noarch": "python",
        "url": "https://host.example/foo.whl",
        "sha256": "ab" * 32,
        "size": 7,
        "timestamp": 1767323045000,
        "flags": ["wheel"],
        "purls": ["pkg:pypi/foo-bar@1.2+cu12"],
    }


@pytest.mark.parametrize(
    ("fn", "code"),
    [
        ("foo_bar-1.2+cu12-cp312-cp312-win_amd64.whl", "other-platform"),
        ("foo_bar-1.2+cu12-cp312-cp312-musllinux_1_2_x86_64.whl", "incompatible-tag"),
        ("foo_bar-1.2+cu12-cp312-cp312-manylinux_2_40_x86_64.whl", "platform-too-old"),
        ("foo_bar-1.2+cu12-pp310-pypy310_pp73-manylinux_2_17_x86_64.whl", "incompatible-tag"),
        ("foo_bar-1.2+cu12-cp38-cp38-manylinux_2_17_x86_64.whl", "incompatible-tag"),
        ("foo_bar-1.3-py3-none-any.whl", "inconsistent-metadata"),
        ("foo-bar.whl", "invalid-wheel-name"),
    ],
)
def test_a_wheel_is_refused_with_a_reason(
    run: Run, monkeypatch: pytest.MonkeyPatch, target: Path, fn: str, code: str
) -> None:
    """What the target cannot run, and what contradicts itself, is refused by name."""
    (result,) = batch(run, monkeypatch, "wheel", {"fn": fn, "metadata": METADATA}, target=target)

    refused = result.get("refused") or result["error"]
    assert refused["code"] == code
    assert refused.get("reason") or refused.get("message")


def test_names_both_ways(run: Run, monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    """Identity is a row, with its relation and how sure it is."""
    torch, pytorch, docker = batch(
        run, monkeypatch, "name", "pypi:torch", "conda:pytorch", "conda:docker", target=target
    )

    assert torch["answers"][0]["name"] == "pytorch"
    assert pytorch["answers"][0]["name"] == "torch"
    assert docker["answers"] == []


def test_an_unknown_kind_is_wrong_usage(run: Run) -> None:
    """Exit code 2, and the kinds there are."""
    ran = run("translate", "nonsense", "x")

    assert ran.code == 2
    assert "specifier" in ran.err


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], "text 'subdir'"),
        ({"subdir": 64}, "text 'subdir'"),
        (LINUX | {"virtual_packages": ["__glibc"]}, "virtual_packages: "),
        (LINUX | {"virtual_packages": {"__glibc": 2.36}}, "virtual_packages.__glibc: "),
        (LINUX | {"virtual_packages": {"__glibc": ["2.36", "0", "x"]}}, "virtual_packages.__glibc: "),
        (LINUX | {"variants": {"nvidia": {"sm_arch": "90_real"}}}, "variants: "),
        (LINUX | {"variants": {"nvidia": ["sm_arch"]}}, "variants: "),
        (LINUX | {"variants": {"nvidia": {"sm_arch": [90]}}}, "variants: "),
    ],
)
def test_a_malformed_target_is_refused(run: Run, target: Path, data: object, place: str) -> None:
    """The message names the place."""
    target.write_text(json.dumps(data), encoding="utf-8")

    ran = run("translate", "marker", "os_name == 'posix'", "--target", target, "--json")
    error = json.loads(ran.out)["error"]

    assert (ran.code, error["code"]) == (1, "invalid-target")
    assert place in error["message"]
