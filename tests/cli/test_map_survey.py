"""``wheelbridge map survey`` against a real index over HTTP, and what the tables make of it."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.loopback import LoopbackIndex
from wheelbridge.api.demo import build_wheel

CARRIED = {"lib": ["lib"], "ghost": ["ghost"], "twin": ["twin"], "native": None}
PIN = """- name: {name}
  role: {name}
  channels: [conda-forge]
  what: a test
  file: {name}.json
  local: true # stays
  sha256: {sha256}
"""


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    """A folder of tables whose dist-infos are known, and no survey yet."""
    folder = tmp_path / "mappings"
    (folder / "names" / "inputs").mkdir(parents=True)
    data = json.dumps(CARRIED).encode()
    (folder / "names" / "inputs" / "parselmouth.json").write_bytes(data)
    pins = PIN.format(name="parselmouth", sha256=hashlib.sha256(data).hexdigest())
    pins += "\n" + PIN.format(name="survey", sha256="f" * 64)
    (folder / "names" / "sources.yaml").write_text(f"# The pins.\n{pins}", encoding="utf-8")
    return folder


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """An index that has two of the projects."""
    wheels = {
        "lib": [build_wheel(tmp_path, "lib", "1.0", {"lib.py": ""})],
        "twin": [build_wheel(tmp_path, "twin", "0.1", {"twin.py": ""})],
    }
    with LoopbackIndex(wheels) as server:
        yield server.url


@pytest.fixture
def repodata(tmp_path: Path) -> Path:
    """The versions that the channel has."""
    folder = tmp_path / "channel"
    (folder / "noarch").mkdir(parents=True)
    records = {name: {"name": name, "version": version} for name, version in (("lib", "1.0"), ("twin", "5.0"))}
    (folder / "noarch" / "repodata.json").write_text(json.dumps({"packages": records}), encoding="utf-8")
    return folder


def test_what_the_index_lacks_is_left_out_of_the_table(run: Run, mappings: Path, index: str, repodata: Path) -> None:
    """Asked once for each project; the pin moves, its comments stay, and the next sync goes by it."""
    options = ("--mappings", mappings, "-i", index)
    ran = run("map", "survey", *options, "--channel-data", repodata, "--json")

    assert (ran.code, ran.json["counts"]) == (0, {"present": 2, "foreign": 1})
    kept = mappings / "names" / "inputs" / "survey.json"
    assert json.loads(kept.read_bytes())["present"] == ["lib", "twin"]
    pins = (mappings / "names" / "sources.yaml").read_text(encoding="utf-8")
    assert f"sha256: {hashlib.sha256(kept.read_bytes()).hexdigest()}" in pins
    assert pins.count("# stays") == 2
    assert run("map", "sync", "--mappings", mappings, "--json").json["success"]
    table = (mappings / "names" / "generated" / "conda-forge.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    assert [(row[0], row[1], row[2]) for row in rows] == [("lib", "lib", "dist"), ("twin", "", "ambiguous")]


def test_an_index_that_does_not_answer_leaves_everything_as_it_was(run: Run, mappings: Path, index: str) -> None:
    """Half a survey would take names out of the table."""
    pins = (mappings / "names" / "sources.yaml").read_bytes()

    other = run("map", "survey", "--mappings", mappings, "-i", index.replace("/simple", "/nothing-here"), "--json")
    gone = run("map", "survey", "--mappings", mappings, "-i", "http://127.0.0.1:9/simple", "--json")

    assert (other.code, other.json["error"]["code"]) == (2, "usage")
    assert "none of the projects" in other.json["error"]["message"]
    assert (gone.code, gone.json["success"]) == (1, False)
    assert (mappings / "names" / "sources.yaml").read_bytes() == pins
    assert not (mappings / "names" / "inputs" / "survey.json").exists()


def test_pins_without_a_survey_are_said(run: Run, mappings: Path, index: str) -> None:
    """There is nowhere to write it to."""
    path = mappings / "names" / "sources.yaml"
    path.write_text(path.read_text(encoding="utf-8").split("\n- name: survey")[0], encoding="utf-8")

    ran = run("map", "survey", "--mappings", mappings, "-i", index, "--json")

    assert (ran.code, ran.json["error"]["code"]) == (2, "usage")
    assert "survey" in ran.json["error"]["message"]
