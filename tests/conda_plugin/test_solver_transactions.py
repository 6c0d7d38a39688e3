"""What conda's transaction fetches, keeps and writes down for ``--solver wheelbridge``, in a real conda."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.condapackages import index_channel
from tests.condapackages import make_conda as make_package
from tests.faults import edited
from tests.loopback import LoopbackIndex, login
from tests.real_python import RealChannel
from tests.realconda import Conda, make_conda
from tests.variantwheels import make_document, write_document
from wheelbridge.api.demo import build_wheel

_BLAS = {"static-properties": {"library": ["mkl", "openblas"]}}


@dataclass(frozen=True)
class Place:
    """A conda whose solver is ours, and an environment of it with a real python alone."""

    conda: Conda
    prefix: Path
    real: RealChannel

    def having(self, **settings: Any) -> "Place":
        """Return the same with other settings of conda, and an empty cache."""
        said = {**self.conda.settings, "pkgs_dirs": [str(self.conda.home / "fresh" / str(len(settings)))], **settings}
        return replace(self, conda=replace(self.conda, settings=said))

    def over(self, index: str, **more: str) -> "Place":
        """Return the same over an index, of which *more* is said in a configuration."""
        said = {"index": f'"{index}"', "name": '"loop"', **more}
        lines = ["[[sources]]\n", *(f"{key} = {text}\n" for key, text in said.items())]
        file = self.conda.home / "own.toml"
        file.write_text("".join(lines), encoding="utf-8")
        return self.having(plugins={"wheelbridge_config": str(file)})

    def fetch(self, *specs: str, code: int = 0) -> str:
        """Bring packages into the cache, and no further; return what conda says."""
        return self.conda("install", "-p", self.prefix, *specs, "--download-only", "--json", "-y", code=code).out

    def cached(self, name: str) -> dict[str, Any]:
        """Return what conda's cache has as the record of a package."""
        (path,) = Path(self.conda.settings["pkgs_dirs"][0]).glob(f"{name}-*/info/repodata_record.json")
        return _read(path)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


@pytest.fixture(scope="module")
def place(plugin: None, tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Place:
    """The place of all these tests."""
    del plugin
    conda = make_conda(tmp_path_factory.mktemp("fetched") / "conda", [real_channel.url], solver="wheelbridge")
    conda.settings["plugins"] = {"wheelbridge_indexes": [f"none={conda.home}"]}
    prefix = conda.home / "env"
    conda("create", "-y", "-q", "-p", prefix, "python")
    return Place(conda, prefix, real_channel)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackIndex]:
    """An index that tells no hash and no size of ``bare``, another variant of ``liar``, and too much of ``boast``."""
    folder = tmp_path_factory.mktemp("wheels")
    document = make_document(["blas"], {"blas": _BLAS}, {"mkl": {"blas": {"library": ["mkl"]}}})
    own = {**document, "variants": {"mkl": {"blas": {"library": ["openblas"]}}}}
    liar = build_wheel(folder, "liar", "1.0", {"liar.py": ""}, label="mkl", variant_json=own)
    wheels = {
        "picky": [build_wheel(folder, "picky", "1.0", {"picky.py": ""}, "Requires-Dist: bare; python_version > '3'\n")],
        "bare": [build_wheel(folder, "bare", "1.0", {"bare.py": ""})],
        "boast": [build_wheel(folder, "boast", "1.0", {"boast.py": ""})],
        "liar": [liar, write_document(liar, document)],
    }
    with LoopbackIndex(wheels) as server:
        server.fail("/simple/bare/", edited(_without_hashes))
        server.fail("/simple/boast/", edited(lambda page: page["files"][0].update(provenance=f"{server.root}/nothing")))
        yield server


def _without_hashes(page: Mapping[str, Any]) -> None:
    for file in page["files"]:
        file["hashes"] = {}
        file.pop("size", None)


def test_a_file_whose_index_publishes_no_hash(place: Place, index: LoopbackIndex) -> None:
    """Hash and size are those of what came: in the cache, in the environment, and in what it remembers for locks."""
    stage = place.over(index.url)
    prefix = place.conda.home / "bare"
    stage.conda("create", "-y", "-q", "-p", prefix, "python", "loop::bare")
    record = _read(next((prefix / "conda-meta").glob("bare-1.0-*.json")))
    memory = _read(prefix / "conda-meta" / "wheelbridge")
    again = place.conda.home / "again"
    said = stage.conda("create", "-y", "-p", again, "python", "loop::bare", "--json").json
    cached = stage.cached("bare")

    assert len(record["sha256"]) == 64
    assert record["size"] > 500
    assert (cached["sha256"], cached["size"]) == (record["sha256"], record["size"])
    assert memory["origins"]["bare"]["locked"]["file"]["hashes"] == {"sha256": record["sha256"]}
    assert _read(next((again / "conda-meta").glob("bare-1.0-*.json")))["sha256"] == record["sha256"]
    assert (
        _read(again / "conda-meta" / "wheelbridge")["origins"]["bare"]["locked"] == memory["origins"]["bare"]["locked"]
    )
    assert not said["actions"].get("FETCH")


def test_a_wheel_that_is_another_variant_is_refused(place: Place, index: LoopbackIndex) -> None:
    """Index and wheel contradict each other: it does not even come into the cache."""
    said = place.over(index.url).fetch("loop::liar", code=1)

    assert "variant-mismatch" in said


def test_what_must_be_attested_is(place: Place, index: LoopbackIndex) -> None:
    """What a source must attest, and does not although it said so, is not linked."""
    said = place.over(index.url, attestations="true").fetch("loop::boast", code=1)

    assert json.loads(said)["error"]["code"].startswith("attestation")


def test_the_login_of_a_channel(place: Place, tmp_path: Path) -> None:
    """Packages are downloaded with what the channel was given with."""
    make_package(tmp_path / "channel", "native", "1.0", {"share/native.txt": ""})
    index_channel(tmp_path / "channel")
    with LoopbackIndex({}, channel=tmp_path / "channel") as server:
        server.fail("/channel", login(b64encode(b"me:hidden").decode()))
        url = server.channel.replace("://", "://me:hidden@")
        stage = place.having(channels=[place.real.url, url])
        stage.fetch("native")

    assert stage.cached("native")["size"] > 0


def test_what_cannot_be_written_down_afterwards_is_told(place: Place, index: LoopbackIndex) -> None:
    """The environment is as it should be: no error, no roll-back; what else there is to write is written."""
    stage = place.over(index.url)
    plan = stage.conda("install", "-p", place.prefix, "loop::picky", "--dry-run", "--json").json["actions"]["LINK"]
    (build,) = (one["build_string"] for one in plan if one["name"] == "picky")
    record = place.prefix / "conda-meta" / f"picky-1.0-{build}.json"
    in_the_way = record.with_name(f"{record.name}.wheelbridge")
    in_the_way.mkdir()
    said = stage.conda("install", "-y", "-p", place.prefix, "loop::picky")
    known = "picky" in _read(place.prefix / "conda-meta" / "wheelbridge")["origins"]
    removed = stage.conda("remove", "-y", "-p", place.prefix, "picky")
    in_the_way.rmdir()

    assert "not all of it is written down" in said.err
    assert known
    assert removed.code == 0
    assert not record.exists()
