"""``wheelbridge map site``: what is in the page, without a browser."""

import base64
import hashlib
import html
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.sitetables import HOSTILE, commit, git, write_tables
from wheelbridge.api.mapping.site import build_site
from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.rows import Confidence, Relation, Role
from wheelbridge.mapping.site_data import CONFIDENCES, RELATIONS, ROLES
from wheelbridge.model.name import NormalizedName
from wheelbridge.tables import find_mappings, load_names
from wheelbridge.tables.documents import load_document

ROWS = {
    "bundlers": "names/bundlers.yaml",
    "external": "external/conda-forge.yaml",
    "registry": "external/registry.yaml",
    "wheels": "wheels/conda-forge.yaml",
    "sonames": "sonames/conda-forge.yaml",
    "providers": "variants/providers.yaml",
    "runtimes": "variants/runtimes.yaml",
}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Return a folder of tables that git does not know."""
    return write_tables(tmp_path / "tables")


@pytest.fixture(scope="module")
def shipped() -> Any:
    """Return the data of the page about the tables that come with wheelbridge."""
    return read_data(build_site(history=False).text)


def read_data(page: str) -> Any:
    """Return the data that *page* has."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def decode(layer: dict[str, Any]) -> dict[str, TableRow]:
    """Read the rows of a layer as the page's script does."""
    rows = {}
    for line in filter(None, layer["plain"].split("\n")):
        pypi, conda, code, others = [*line.split("\t"), "", "", ""][:4]
        relation, level = ("", 0) if code == "?" else ((code or "dist4")[:-1], int((code or "dist4")[-1]))
        rows[pypi] = (conda or (pypi if relation not in {"", "none"} else None), relation, level, tuple(others.split()))
    for pypi, row in layer["rich"].items():
        facts = (row.get("conda"), row.get("relation", ""), row.get("confidence", 0))
        rows[pypi] = (*facts, tuple(row.get("alternatives", [])))
    return {
        pypi: TableRow(
            pypi=NormalizedName(pypi),
            conda=conda,
            relation=Relation(relation) if relation else None,
            confidence=Confidence(level) if level else None,
            alternatives=alternatives,
        )
        for pypi, (conda, relation, level, alternatives) in rows.items()
    }


def changes(data: Any, table: str, key: str) -> list[tuple[str, str]]:
    """Return what happened to a row after the first version of its table, and with what subject."""
    return [
        (what, change[2])
        for entry in data["history"]["tables"]
        if entry["table"] == table
        for change in entry["changes"]
        for what, keys in zip(("added", "changed", "removed"), change[3:], strict=True)
        if key in keys.split("\n")
    ]


def test_every_row_of_the_name_tables_is_in_the_data(shipped: Any) -> None:
    """The real tables: the page can decode what the look-up has, row by row and layer by layer."""
    names = load_names()

    for layer, held in zip(names.layers, shipped["layers"], strict=True):
        expected = {fields[0]: TableRow.parse(fields) for fields in layer.projects}
        found = decode(held)
        assert found.keys() == expected.keys()
        for project, row in expected.items():
            facts = [(one.conda, one.relation, one.confidence, one.alternatives) for one in (row, found[project])]
            assert facts[0] == facts[1]
            if row.reason:
                rich = held["rich"][project]
                assert rich.get("reason", "") == row.reason
                assert tuple(rich.get("evidence", ())) == row.evidence
                assert tuple(rich.get("not", ())) == row.rejected
                assert tuple(rich.get("specs", ())) == row.specs
                assert (rich.get("range", ""), rich.get("reviewed", "")) == (row.pypi_range, row.reviewed)


def test_the_counts_are_those_of_the_look_up(shipped: Any) -> None:
    """The numbers on the page are what the tables answer, and not what they hold."""
    names = load_names()
    rows = list(names.rows())
    counts = shipped["counts"]

    assert counts["projects"] - counts["ambiguous"] == len(rows)
    assert {name: number for name, number in counts["relations"].items() if number} == Counter(
        row.relation.value for row in rows
    )
    assert {name: number for name, number in counts["roles"].items() if number} == Counter(
        row.role.value for row in rows
    )
    assert counts["layers"] == Counter(row.layer for row in rows)
    assert sum(counts["confidences"].values()) == len(rows)
    packages = shipped["packages"]["conda-forge"].split("\n")
    assert packages == sorted(packages)
    assert all(map(names.is_conda_name, packages))
    assert len(packages) == counts["packages"] == len({name for layer in names.layers for (name, *_) in layer.packages})


@pytest.mark.parametrize("table", ROWS)
def test_every_row_of_the_other_tables_is_in_the_data(table: str, shipped: Any) -> None:
    """The real tables, as they stand in their files; a file that is not there is null, not empty."""
    path = find_mappings() / ROWS[table]
    expected = json.loads(json.dumps(load_document(path), default=str)) if path.exists() else None

    assert shipped["documents"][table] == expected


def test_the_page_is_small_enough() -> None:
    """It can be sent around: below two megabytes with all tables and their history."""
    assert len(build_site().text.encode()) < 2_000_000


def test_the_same_tables_make_the_same_bytes(tables: Path) -> None:
    """No clock and no order of a file system is in the page."""
    assert build_site(tables).text == build_site(tables).text


def test_the_command_says_what_it_wrote(run: Run, tables: Path, tmp_path: Path) -> None:
    """One JSON object: the file, its size and hash, how many rows of each table."""
    done = run("map", "site", "-o", tmp_path / "out", "--mappings", tables, "--json")

    page = tmp_path / "out" / "index.html"
    assert done.code == 0
    assert done.json["path"] == str(page)
    assert done.json["sha256"] == hashlib.sha256(page.read_bytes()).hexdigest()
    assert done.json["bytes"] == page.stat().st_size
    assert done.json["counts"] == {
        "projects": 201,
        "ambiguous": 63,
        "packages": 205,
        "bundlers": 1,
        "external": 2,
        "registry": 4,
        "wheels": 1,
        "sonames": 1,
        "providers": 1,
        "runtimes": 1,
    }
    assert done.json["missing"] == []


def test_people_are_told_what_is_missing(run: Run, tables: Path) -> None:
    """By default the page goes into a folder of its own below the current one."""
    (tables / "sonames" / "conda-forge.yaml").unlink()
    done = run("map", "site", "--mappings", tables)

    assert Path("mapping-site/index.html").is_file()
    assert "201 projects" in done.out
    assert "no sonames" in done.err
    assert "not in a git checkout" in done.err
    assert read_data(Path("mapping-site/index.html").read_text("utf-8"))["documents"]["sonames"] is None


def test_a_page_of_somebody_else_stays(run: Run, tables: Path, tmp_path: Path) -> None:
    """Ours is written over, another one is refused and untouched."""
    for _ in range(2):
        assert run("map", "site", "-o", tmp_path / "out", "--mappings", tables).code == 0
    page = tmp_path / "out" / "index.html"
    page.write_text("<h1>My page</h1>", encoding="utf-8")

    done = run("map", "site", "-o", tmp_path / "out", "--mappings", tables, "--json")

    assert (done.code, done.json["error"]["code"]) == (1, "foreign-page")
    assert page.read_text("utf-8") == "<h1>My page</h1>"


def test_hostile_texts_do_not_leave_the_data(tables: Path) -> None:
    """No reason can end the element it stands in: nothing of it is there as HTML, all of it as data."""
    page = build_site(tables).text

    assert "<img" not in page
    assert page.count("</script>") == 3
    assert "<!--" not in page
    reason = read_data(page)["layers"][0]["rich"]["hostile"]["reason"]
    assert reason == " ".join(HOSTILE.split())


def test_only_the_scripts_of_the_page_may_run(tables: Path) -> None:
    """Its policy has the hash of each script and of the style, and allows nothing from anywhere."""
    page = build_site(tables).text
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])  # type: ignore[index] # no policy fails here
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (*styles, *scripts)]

    assert len(hashes) == 3
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "innerHTML" not in page
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//|@import|url\((?!#)""", page)


def test_words_are_there_for_every_member() -> None:
    """Each relation, role and level of confidence of the tables has its sentence on the page."""
    assert set(RELATIONS) == set(Relation)
    assert set(ROLES) == set(Role)
    assert {level.name.lower() for level in Confidence} <= set(CONFIDENCES)


def test_a_row_tells_its_history(tables: Path) -> None:
    """Added, changed and removed, each with the subject of its commit; then what is not committed yet."""
    commit(tables, "Begin")
    overrides = tables / "names" / "overrides.yaml"
    text = overrides.read_text("utf-8")
    overrides.write_text(text.replace("the time zone database", "the database"), encoding="utf-8")
    commit(tables, "Say it shorter")
    overrides.write_text(text[: text.index("- pypi: wget")], encoding="utf-8")
    commit(tables, "Forget wget")
    overrides.write_text(text, encoding="utf-8")

    data = read_data(build_site(tables).text)

    assert changes(data, "names", "tzdata") == [("changed", "Say it shorter"), ("changed", "Forget wget")]
    assert changes(data, "names", "wget") == [("removed", "Forget wget"), ("added", "")]
    assert changes(data, "names", "pyqt5") == []
    assert data["revision"][1:] == ["2026-11-20", "Forget wget"]
    (entry,) = [entry for entry in data["history"]["tables"] if entry["table"] == "names"]
    assert (entry["file"], entry["first"][1:]) == ("names/overrides.yaml", ["2026-11-20", "Begin"])


def test_comments_and_generated_columns_are_no_change(tables: Path) -> None:
    """A row is what it says: words around it, and empty fields behind it, do not make it another one."""
    commit(tables, "Begin")
    overrides, bulk = tables / "names" / "overrides.yaml", tables / "names" / "generated" / "conda-forge.tsv"
    overrides.write_text("# more words\n\n" + overrides.read_text("utf-8"), encoding="utf-8")
    lines = bulk.read_text("utf-8").replace("torch\tpytorch\tdist\t4\n", "torch\tpytorch\tdist\t3\t\t\n")
    bulk.write_text(lines.replace("numpy\tnumpy\tdist\t4\n", "numpy\tnumpy\tdist\t4\t\t\n"), encoding="utf-8")
    commit(tables, "Regenerate")

    data = read_data(build_site(tables).text)

    assert changes(data, "generated", "torch") == [("changed", "Regenerate")]
    assert [entry["table"] for entry in data["history"]["tables"] if entry["changes"]] == ["generated"]
    assert changes(data, "generated", "numpy") == []


def test_a_merge_is_one_change(tables: Path) -> None:
    """What counts is the line of first parents: there a branch arrives as a whole."""
    commit(tables, "Begin")
    overrides = tables / "names" / "overrides.yaml"
    git(tables, "checkout", "--quiet", "-b", "branch")
    for word in ("one", "two"):
        overrides.write_text(overrides.read_text("utf-8") + f"# {word}\n", encoding="utf-8")
        overrides.write_text(overrides.read_text("utf-8").replace("is the program", f"is {word}"), encoding="utf-8")
        commit(tables, f"Step {word}")
    git(tables, "checkout", "--quiet", "main")
    git(tables, "merge", "--quiet", "--no-ff", "--message=Merge the branch", "branch")

    assert changes(read_data(build_site(tables).text), "names", "wget") == [("changed", "Merge the branch")]


def test_a_shallow_checkout_says_that_its_history_is_cut(tables: Path, tmp_path: Path) -> None:
    """Its oldest commit did not add the rows that it has."""
    commit(tables, "Begin")
    git(tables, "commit", "--quiet", "--allow-empty", "--message=Nothing")
    git(tmp_path, "clone", "--quiet", "--depth=1", tables.as_uri(), "clone")

    history = read_data(build_site(tmp_path / "clone").text)["history"]

    assert (history["shallow"], history["missing"]) == (True, "")


@pytest.mark.parametrize("where", ["nowhere", "beside", "ignored", "off", "no-git"])
def test_without_a_history_the_page_says_so(tables: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No checkout, or one that does not track the tables, is no reason to write no page."""
    if where in {"beside", "ignored"}:
        (tables.parent / "README").write_text("", encoding="utf-8")
        (tables.parent / ".gitignore").write_text("tables\n" if where == "ignored" else "", encoding="utf-8")
        git(tables.parent, "init", "--quiet")
        git(tables.parent, "add", "README")
        git(tables.parent, "commit", "--quiet", "--message=Begin")
    if where == "no-git":
        monkeypatch.setenv("PATH", "")
    data = read_data(build_site(tables, history=where != "off").text)

    assert data["history"]["missing"]
    assert (data["history"]["tables"], data["revision"]) == ([], ["", "", ""])


def test_a_hook_of_another_repository_does_not_lead_astray(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git sets GIT_DIR where it runs a hook; the tables' own checkout is asked all the same."""
    commit(tables, "Begin")
    git(tmp_path, "init", "--quiet", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))

    assert read_data(build_site(tables).text)["revision"][2] == "Begin"


@pytest.mark.parametrize("text", ["rows: 1\n", "- text\n", "- [a, b]\n", "a: [\n"])
def test_a_table_that_is_no_list_of_rows_is_refused(run: Run, tables: Path, text: str) -> None:
    """No section of the page is left out in silence."""
    (tables / "wheels" / "conda-forge.yaml").write_text(text, encoding="utf-8")

    done = run("map", "site", "--mappings", tables, "--json")

    assert (done.code, done.json["error"]["code"]) == (1, "unreadable-table")


@pytest.mark.parametrize(
    ("file", "data", "reason"),
    [
        ("names/generated/conda-forge.tsv", b"\xff\tx\tdist\t4\n", "not UTF-8"),
        ("names/generated/conda-forge.inverse.tsv", b"\xff\tx\n", "not UTF-8"),
        ("names/generated/conda-forge.tsv", b"# header\n<<<<<<< HEAD\n", "line 2 is no row"),
        ("names/generated/conda-forge.tsv", b"", "it is empty"),
        ("wheels/conda-forge.yaml", b"- \xff\n", "not UTF-8"),
    ],
)
@pytest.mark.parametrize("history", ["--history", "--no-history"])
def test_a_broken_table_is_named(run: Run, tables: Path, file: str, data: bytes, reason: str, history: str) -> None:
    """A stray byte is no fault of wheelbridge, whether git reads the tables first or not."""
    commit(tables, "Begin")
    (tables / file).write_bytes(data)

    error = run("map", "site", "--mappings", tables, history, "--json").json["error"]

    assert error["code"] == "unreadable-table"
    assert reason in error["message"]
    assert error["path"].endswith(file)


def test_what_is_wanted_is_listed(run: Run, tables: Path, tmp_path: Path) -> None:
    """What `map coverage --json` prints can be given: its unmapped projects are there, the most wanted first."""
    (tmp_path / "requirements.txt").write_text("numpy\nrare\nabsolv\n", encoding="utf-8")
    (tmp_path / "other.txt").write_text("often\nrare-too\n", encoding="utf-8")
    (tmp_path / "more.txt").write_text("often\n", encoding="utf-8")
    files = [tmp_path / name for name in ("requirements.txt", "other.txt", "more.txt")]
    counted = run("map", "coverage", *files, "--mappings", tables, "--json")
    (tmp_path / "wanted.json").write_text(counted.out, encoding="utf-8")

    run("map", "site", "--mappings", tables, "-o", tmp_path / "out", "--wanted", tmp_path / "wanted.json")

    data = read_data((tmp_path / "out" / "index.html").read_text("utf-8"))
    assert data["wanted"] == [["often", 2], ["rare", 1], ["rare-too", 1]]
    assert read_data(build_site(tables).text)["wanted"] is None


def test_a_file_that_counts_nothing_is_refused(run: Run, tables: Path, tmp_path: Path) -> None:
    """Some other JSON is no list of what is wanted, and a file that is not there is no fault of the installation."""
    missing = run("map", "site", "--mappings", tables, "--wanted", tmp_path / "nope", "--json").json["error"]
    assert (missing["code"], missing["path"]) == ("missing-table", str(tmp_path / "nope"))
    assert missing["hint"] == "Write what `wheelbridge map coverage --json` prints there."

    (tmp_path / "wanted.json").write_text('{"names": [1]}', encoding="utf-8")

    done = run("map", "site", "--mappings", tables, "--wanted", tmp_path / "wanted.json", "--json")

    assert done.json["error"]["code"] == "unreadable-table"


def test_rows_of_another_channel_are_there(tables: Path) -> None:
    """They do not change the answers for conda-forge, and are not lost."""
    overrides = tables / "names" / "overrides.yaml"
    text = overrides.read_text("utf-8").replace("- pypi: wget\n", "- pypi: wget\n  channels: [bioconda]\n")
    overrides.write_text(text, encoding="utf-8")

    data = read_data(build_site(tables).text)

    (layer,) = [layer for layer in data["layers"] if layer["channel"] == "bioconda"]
    assert (layer["name"], list(layer["rich"])) == ("curated (bioconda)", ["wget"])
    assert data["counts"]["relations"]["none"] == 0


def test_a_package_that_two_layers_give_away_is_nobodys_answer(tables: Path) -> None:
    """The page knows why the lower layer's row is none: a layer above it claims the package."""
    assert read_data(build_site(tables).text)["rivals"] == {"claimant": {"generated": "curated"}}
