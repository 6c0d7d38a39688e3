import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.loopback import LoopbackIndex, corrupted, redirect, status
from tests.ran import Ran
from wheelbridge.tables import find_mappings

REPOSITORY = Path(__file__).parents[2]
PUBLIC = REPOSITORY.parent / "shared" / "data"
FIRST, SECOND = "1f" * 20, "2e" * 19 + "ab"
INPUTS: dict[str, Any] = {
    "seen.json": {"numpy": ["numpy"], "lmdb": None, "python-lmdb": ["lmdb"], "gone": None, "x": ["x"], "x-base": ["x"]},
    "recipes.json": {"numpy": {"conda_name": "numpy"}},
    "purls.json": {"numpy": ["numpy"]},
}
NEWER: dict[str, Any] = {"numpy": ["numpy"], "lmdb": ["lmdb"], "x": None, "x-base": ["x"], "y": ["y"]}
OVERRIDES = """- pypi: lmdb
  conda: python-lmdb
  relation: dist
  reason: conda lmdb is the C library
  evidence: [a test]
"""


def packed(name: str) -> bytes:
    """Return the bytes of an input."""
    return json.dumps(INPUTS[name]).encode()


def pin(name: str, role: str, place: str) -> str:
    """Return a row of the pins."""
    return f"""
- name: {name} # a remark
  role: {role}
  channels: [conda-forge]
  what: a test
  file: {name}.json
  {place}
  sha256: {hashlib.sha256(packed(f"{name}.json")).hexdigest()}   # whatever has another one is refused
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Write the inputs into a folder."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    for name in INPUTS:
        (folder / name).write_bytes(packed(name))
    return folder


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[LoopbackIndex]:
    """Serve the inputs as two commits hold them."""
    folder = tmp_path / "upstream"
    for commit, seen in ((FIRST, packed("seen.json")), (SECOND, json.dumps(NEWER).encode())):
        (folder / commit).mkdir(parents=True)
        (folder / commit / "seen.json").write_bytes(seen)
        (folder / commit / "recipes.json").write_bytes(packed("recipes.json"))
    with LoopbackIndex({}, channel=folder) as server:
        yield server


@pytest.fixture
def mappings(tmp_path: Path, upstream: LoopbackIndex) -> Path:
    """Write tables with pins of a commit each, and one local input."""
    names = tmp_path / "mappings" / "names"
    (names / "inputs").mkdir(parents=True)
    (names / "inputs" / "purls.json").write_bytes(packed("purls.json"))
    (names / "overrides.yaml").write_text(OVERRIDES, encoding="utf-8")
    at = f"url: {upstream.channel}/{{commit}}"
    rows = (
        pin("seen", "parselmouth", f"{at}/seen.json\n  commit: {FIRST} # the first"),
        pin("recipes", "regro", f"{at}/recipes.json\n  commit: {FIRST}"),
        pin("purls", "purls", "local: true"),
    )
    (names / "sources.yaml").write_text("# the head\n" + "".join(rows), encoding="utf-8")
    return tmp_path / "mappings"


def table(mappings: Path) -> list[str]:
    """Return the rows of the generated table."""
    text = (mappings / "names" / "generated" / "conda-forge.tsv").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def files(mappings: Path) -> dict[str, bytes]:
    """Return every file of the tables."""
    return {path.relative_to(mappings).as_posix(): path.read_bytes() for path in mappings.rglob("*") if path.is_file()}


class TestFromAFolder:
    """Inputs that are on disk: no network is asked."""

    def test_the_tables_are_written(self, run: Run, mappings: Path, source: Path, upstream: LoopbackIndex) -> None:
        """Both directions, with the hashes of the inputs at the head."""
        ran = run("map", "sync", "--mappings", mappings, "--from", source)

        assert ran.code == 0
        assert table(mappings) == ["lmdb\tpython-lmdb\tdist\t3", "numpy\tnumpy\tdist\t4", "x\t\tambiguous\t\tx x-base"]
        inverse = (mappings / "names" / "generated" / "conda-forge.inverse.tsv").read_text(encoding="utf-8")
        assert f"# input: seen.json sha256={hashlib.sha256(packed('seen.json')).hexdigest()}\n" in inverse
        assert "gone\t\n" in inverse
        assert upstream.requests == []

    def test_the_same_inputs_make_the_same_bytes(self, run: Run, mappings: Path, source: Path) -> None:
        """A second run changes nothing, and says so."""
        run("map", "sync", "--mappings", mappings, "--from", source)
        before = files(mappings)

        ran = run("map", "sync", "--mappings", mappings, "--from", source)

        assert files(mappings) == before
        assert "The tables are what their inputs make." in ran.out

    def test_check_writes_nothing(self, run: Run, mappings: Path, source: Path) -> None:
        """It only says which files would be others, by its exit code too."""
        before = files(mappings)

        first = run("map", "sync", "--mappings", mappings, "--from", source, "--check")
        unchanged = files(mappings)
        run("map", "sync", "--mappings", mappings, "--from", source)
        second = run("map", "sync", "--mappings", mappings, "--from", source, "--check")

        assert (first.code, unchanged) == (1, before)
        assert "differs names/generated/conda-forge.tsv" in first.out
        assert second.code == 0

    def test_a_table_that_was_edited_by_hand_is_found(self, run: Run, mappings: Path, source: Path) -> None:
        """That is what --check is for."""
        run("map", "sync", "--mappings", mappings, "--from", source)
        path = mappings / "names" / "generated" / "conda-forge.tsv"
        path.write_bytes(path.read_bytes().replace(b"python-lmdb", b"lmdb"))

        told = run("map", "sync", "--mappings", mappings, "--from", source, "--check", "--json")

        assert told.code == 1
        assert [file["file"] for file in told.json["files"] if file["changed"]] == ["names/generated/conda-forge.tsv"]

    def test_another_input_is_refused(self, run: Run, mappings: Path, source: Path) -> None:
        """Nothing is written from what nobody pinned."""
        (source / "seen.json").write_text(json.dumps(NEWER), encoding="utf-8")
        before = files(mappings)

        ran = run("map", "sync", "--mappings", mappings, "--from", source, "--json")

        assert (ran.code, ran.json["error"]["code"], ran.json["error"]["name"]) == (1, "pin-mismatch", "seen")
        assert ran.json["error"]["actual"] == hashlib.sha256(json.dumps(NEWER).encode()).hexdigest()
        assert files(mappings) == before

    def test_a_missing_input_is_an_error(self, run: Run, mappings: Path, source: Path) -> None:
        """It is not fetched where a folder was given: the run would not be what was asked for."""
        (source / "seen.json").unlink()

        ran = run("map", "sync", "--mappings", mappings, "--from", source, "--json")

        assert ran.json["error"]["code"] == "input-not-found"

    def test_moving_a_pin_keeps_the_comments(self, run: Run, mappings: Path, source: Path) -> None:
        """Only the commit and the hash are others."""
        (source / "seen.json").write_text(json.dumps(NEWER), encoding="utf-8")
        pins = mappings / "names" / "sources.yaml"
        before = pins.read_text(encoding="utf-8")

        run("map", "sync", "--mappings", mappings, "--from", source, "--pin", f"seen={SECOND}")

        old, new = (hashlib.sha256(data).hexdigest() for data in (packed("seen.json"), json.dumps(NEWER).encode()))
        assert pins.read_text(encoding="utf-8") == before.replace(FIRST, SECOND, 1).replace(old, new)
        assert run("map", "sync", "--mappings", mappings, "--from", source, "--check").code == 0

    def test_a_local_input_is_kept_beside_its_pin(self, run: Run, mappings: Path, source: Path) -> None:
        """Else the pin would be of bytes that nobody has."""
        (source / "purls.json").write_bytes(b'{"numpy": []}')

        ran = run("map", "sync", "--mappings", mappings, "--from", source, "--pin", "purls=")

        assert ran.code == 0
        assert (mappings / "names" / "inputs" / "purls.json").read_bytes() == b'{"numpy": []}'
        assert hashlib.sha256(b'{"numpy": []}').hexdigest() in (mappings / "names" / "sources.yaml").read_text("utf-8")

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["--pin", f"nobody={FIRST}"], "usage"),
            (["--pin", "seen=main"], "invalid-pin"),
            (["--pin", f"purls={FIRST}"], "invalid-pin"),
            (["--channel", "bioconda"], "usage"),
        ],
    )
    def test_what_is_not_there_cannot_be_asked_for(
        self, run: Run, mappings: Path, source: Path, arguments: list[str], code: str
    ) -> None:
        """And nothing is written."""
        before = files(mappings)

        ran = run("map", "sync", "--mappings", mappings, "--from", source, *arguments, "--json")

        assert ran.json["error"]["code"] == code
        assert files(mappings) == before


class TestFetched:
    """Inputs that are at their pinned commits."""

    def test_each_input_is_fetched_once(self, run: Run, mappings: Path, upstream: LoopbackIndex) -> None:
        """What has the pinned hash is kept."""
        run("map", "sync", "--mappings", mappings)
        run("map", "sync", "--mappings", mappings, "--check")

        assert table(mappings)[0] == "lmdb\tpython-lmdb\tdist\t3"
        assert [request.path for request, _ in upstream.requests] == [
            f"/channel/{FIRST}/seen.json",
            f"/channel/{FIRST}/recipes.json",
        ]

    def test_a_kept_input_is_checked_again(
        self, run: Run, mappings: Path, upstream: LoopbackIndex, tmp_path: Path
    ) -> None:
        """A cache is anybody's to write to."""
        run("map", "sync", "--mappings", mappings)
        for path in (tmp_path / "cache").rglob(hashlib.sha256(packed("seen.json")).hexdigest()):
            path.write_bytes(b"{}")

        ran = run("map", "sync", "--mappings", mappings, "--check")

        assert (ran.code, upstream.count(f"/channel/{FIRST}/seen.json")) == (0, 2)

    def test_other_bytes_are_refused(self, run: Run, mappings: Path, upstream: LoopbackIndex) -> None:
        """Whoever serves them."""
        upstream.fail(f"/channel/{FIRST}/seen.json", corrupted)
        before = files(mappings)

        ran = run("map", "sync", "--mappings", mappings, "--json")

        assert (ran.code, ran.json["error"]["code"]) == (1, "pin-mismatch")
        assert files(mappings) == before

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            (status(404), "input-not-found"),
            (status(403), "index-unauthorized"),
            (redirect("https://host.example/seen.json"), "foreign-host"),
        ],
    )
    def test_what_the_server_does_not_give_is_an_error(
        self, run: Run, mappings: Path, upstream: LoopbackIndex, fault: Any, code: str
    ) -> None:
        """Also where it leads to somebody else."""
        upstream.fail(f"/channel/{FIRST}/seen.json", fault)

        assert run("map", "sync", "--mappings", mappings, "--json").json["error"]["code"] == code

    def test_an_input_without_a_commit_cannot_be_fetched(self, run: Run, mappings: Path) -> None:
        """Better no table than one of unknown make."""
        pins = mappings / "names" / "sources.yaml"
        pins.write_text(pins.read_text(encoding="utf-8").replace(f"{FIRST} # the first", "null"), encoding="utf-8")

        assert run("map", "sync", "--mappings", mappings, "--json").json["error"]["code"] == "unpinned-input"

    def test_nothing_is_fetched_without_tls(self, run: Run, mappings: Path) -> None:
        """But from this machine."""
        pins = mappings / "names" / "sources.yaml"
        text = pins.read_text(encoding="utf-8")
        place = text.partition("url: ")[2].partition("/channel")[0]
        pins.write_text(text.replace(place, "http://host.example"), encoding="utf-8")

        assert run("map", "sync", "--mappings", mappings, "--json").json["error"]["code"] == "insecure-url"


class TestReport:
    """What a pull request says."""

    @pytest.fixture
    def told(self, run: Run, mappings: Path, tmp_path: Path) -> tuple[Ran, str]:
        """Move to the second commit, with a report."""
        run("map", "sync", "--mappings", mappings)
        report = tmp_path / "report.md"
        ran = run("map", "sync", "--mappings", mappings, "--pin", f"seen={SECOND}", "--report", report, "--json")
        return ran, report.read_text(encoding="utf-8")

    def test_the_json_says_what_changed(self, told: tuple[Ran, str]) -> None:
        """Effective answers: the curated row holds lmdb where it is, so only its table changed."""
        value = told[0].json
        (channel,) = value["channels"]

        assert (value["success"], value["different"], value["written"]) == (True, True, True)
        assert [pin["name"] for pin in value["pins"] if pin["commit"]["old"] != pin["commit"]["new"]] == ["seen"]
        assert [(change["key"], change["kind"], change["new"]) for change in channel["difference"]["changes"]] == [
            ("x", "appeared", "x-base"),
            ("y", "appeared", "y"),
        ]
        assert [(change["key"], change["new"]) for change in channel["behind"]] == [("lmdb", "lmdb")]
        assert channel["newly_decided"] == ["x"]
        assert channel["vanished"] == ["gone", "python-lmdb"]

    def test_the_report_is_markdown(self, told: tuple[Ran, str]) -> None:
        """Pins first, then the answers."""
        text = told[1]

        assert f"| `seen` | `{FIRST[:12]}` -> **`{SECOND[:12]}`** |" in text
        assert "Answers that appeared (2)" in text
        assert "- `x`: undecided between x, x-base -> x-base (base, observed, generated)" in text
        assert "- `python-lmdb`" in text.partition("no source knows")[2]

    def test_a_curated_row_that_became_redundant_is_told_once(self, run: Run, mappings: Path) -> None:
        """With the table that says so by itself; it is nothing new the next time."""
        first = run("map", "sync", "--mappings", mappings, "--json")
        second = run("map", "sync", "--mappings", mappings, "--json")

        assert [ran.json["channels"][0]["redundant"] for ran in (first, second)] == [["lmdb"], []]

    def test_people_are_told_what_changed(self, run: Run, mappings: Path) -> None:
        """Answers on standard output, what to look at again beside it."""
        run("map", "sync", "--mappings", mappings)

        ran = run("map", "sync", "--mappings", mappings, "--pin", f"seen={SECOND}")

        assert [" ".join(line.split()) for line in ran.out.splitlines()] == [
            "conda-forge: 4 rows",
            "Answers that change (2)",
            "names/conda-forge appeared x undecided between x, x-base -> x-base (base, observed, generated)",
            "names/conda-forge appeared y nothing -> y (dist, observed, generated)",
            "wrote names/generated/conda-forge.tsv",
            "wrote names/generated/conda-forge.inverse.tsv",
            "wrote names/sources.yaml",
        ]
        assert "generated answers that changed behind curated rows: lmdb" in ran.err

    def test_the_table_moved_to_the_other_commit(self, told: tuple[Ran, str], mappings: Path) -> None:
        """The report is of what was written."""
        assert told[0].code == 0
        assert table(mappings) == [
            "lmdb\tlmdb\tdist\t3",
            "numpy\tnumpy\tdist\t4",
            "x\tx-base\tbase\t3",
            "y\ty\tdist\t3",
        ]


@pytest.mark.shared_data
@pytest.mark.skipif(not (PUBLIC / "names").is_dir(), reason="the public tables are not beside the checkout")
class TestShipped:
    """What is checked in is what the pinned inputs make."""

    def test_the_checked_in_tables_are_reproducible(self, run: Run) -> None:
        """Byte for byte; whoever edits the list of bundlers makes them again."""
        ran = run("map", "sync", "--from", PUBLIC, "--check", "--json")

        assert [file for file in ran.json["files"] if file["changed"]] == []
        assert ran.code == 0

    def test_a_channel_without_recipes_is_asked_for_by_name(self, run: Run, tmp_path: Path) -> None:
        """Its candidates can be looked at; nothing decides between two packages of one project there."""
        folder = tmp_path / "mappings"
        shutil.copytree(find_mappings(), folder)

        run("map", "sync", "--mappings", folder, "--from", PUBLIC, "--channel", "pytorch")

        rows = (folder / "names" / "generated" / "pytorch.tsv").read_text(encoding="utf-8").splitlines()
        assert "torch\t\tambiguous\t\tpytorch pytorch-cpu" in rows
        assert "torchvision\ttorchvision\tdist\t3" in rows
