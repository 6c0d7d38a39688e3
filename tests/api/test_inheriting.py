"""What a copy that conda made takes over from the first environment, where conda knows less than that one."""

import json
from pathlib import Path

import pytest

from tests.writtenprefix import write_prefix
from wheelbridge.api.life.inheriting import inherit
from wheelbridge.installer.errors import BrokenRecordError
from wheelbridge.installer.history import load_history, requested_specs
from wheelbridge.installer.origins import load_memory, origins_path

INDEX = "https://corp.example/simple"
URL = "https://files.example/voice-1.0-py3-none-any.whl"
WHEEL = {"name": "voice", "version": "1.0", "fn": "voice-1.0-py3-none-any.whl", "url": URL}
SAID = {"channel": INDEX, "depends": ["lib"], "wheelbridge": {"depends": ["lib[extras=[x]]"]}}
HISTORY = """==> 2026-01-01 00:00:00 <==
# cmd: conda create --clone first
# conda version: 26.9.0
+<unknown>/noarch::voice-1.0-0
+https://host.example/channel/noarch::tool-1.0-0
# update specs: ['<unknown>/noarch::voice==1.0=0', 'https://host.example/channel/noarch::tool==1.0=0']
"""


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """An environment with a private wheel, asked for with an extra."""
    tool = {"name": "tool", "version": "1.0", "depends": ["other"]}
    prefix = write_prefix(tmp_path / "first", [{**WHEEL, **SAID}, tool])
    exact = "# wheelbridge specs: ['voice[extras=[x]]']\n# update specs: ['voice']\n"
    (prefix / "conda-meta/history").write_text(f"==> 2026-01-01 00:00:00 <==\n{exact}", encoding="utf-8")
    origin = {"url": URL, "source_url": INDEX, "private": True, "decision": {}, "locked": {}}
    content = {"version": 2, "origins": {"voice": origin}, "lock": {"request": {}}}
    origins_path(prefix).write_text(json.dumps(content), encoding="utf-8")
    return prefix


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Its copy, as conda makes it of packages that no cache has."""
    wheel = {**WHEEL, "channel": "<unknown>", "depends": ["lib", "python"]}
    prefix = write_prefix(tmp_path / "copy", [wheel, {"name": "tool", "version": "1.0", "depends": ["own"]}])
    (prefix / "conda-meta/history").write_text(HISTORY, encoding="utf-8")
    return prefix


def record(prefix: Path, name: str) -> dict[str, object]:
    """Return a record of ``conda-meta``."""
    content: dict[str, object] = json.loads((prefix / f"conda-meta/{name}-1.0-0.json").read_bytes())
    return content


def test_records_of_wheels_say_what_they_said(first: Path, copy: Path) -> None:
    """Of a conda package conda knows all that there is to know."""
    inherit(first, copy)

    assert {key: record(copy, "voice")[key] for key in SAID} == SAID
    assert record(copy, "tool")["depends"] == ["own"]
    assert load_memory(copy) == load_memory(first)


def test_the_history_says_what_was_asked_for(first: Path, copy: Path) -> None:
    """With extras, and with the channels of the records; the rest of conda's revision stays."""
    inherit(first, copy)

    (revision,) = load_history(copy)
    assert requested_specs([revision], ["voice", "tool"], exact=True) == {"voice": "voice[extras=[x]]"}
    assert revision.distributions == (
        "+https://corp.example/simple/noarch::voice-1.0-0",
        "+https://host.example/channel/noarch::tool-1.0-0",
    )
    assert revision.comments[:2] == ("# cmd: conda create --clone first", "# conda version: 26.9.0")


def test_another_file_of_the_same_name_says_nothing(first: Path, copy: Path) -> None:
    """The copy has it from elsewhere."""
    path = copy / "conda-meta/voice-1.0-0.json"
    other = json.loads(path.read_bytes()) | {"url": "https://other.example/voice-1.0-py3-none-any.whl"}
    path.write_text(json.dumps(other), encoding="utf-8")

    inherit(first, copy)

    assert record(copy, "voice") == other


def test_nothing_that_was_asked_for_stays_nothing(first: Path, copy: Path) -> None:
    """An environment whose history says nothing has a copy whose history says nothing."""
    (first / "conda-meta/history").write_text("", encoding="utf-8")

    inherit(first, copy)

    assert requested_specs(load_history(copy), ["voice", "tool"], exact=True) == {}


def test_a_damaged_memory_stays_damaged(first: Path, copy: Path) -> None:
    """It keeps names from being taken over, and a copy is no way around it."""
    origins_path(first).write_text("{", encoding="utf-8")

    inherit(first, copy)

    with pytest.raises(BrokenRecordError):
        load_memory(copy)
