from wheelbridge.mapping.difference import Entry, difference
from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.overrides import parse_overrides
from wheelbridge.mapping.report import (
    ChannelReport,
    PinChange,
    SyncReport,
    count_rows,
    find_contradicted,
    find_redundant,
    render_difference,
    render_report,
)
from wheelbridge.mapping.rows import Confidence, Relation
from wheelbridge.model.name import CondaName, NormalizedName


def row(project: str, package: str, confidence: Confidence = Confidence.VERIFIED) -> TableRow:
    """Make a generated row."""
    return TableRow(
        pypi=NormalizedName(project), conda=CondaName(package), relation=Relation.DIST, confidence=confidence
    )


def entry(package: str) -> Entry:
    """Make the entry of an identity."""
    return Entry({"conda": package, "relation": "dist", "confidence": "observed", "layer": "generated"}, package)


UNDECIDED = Entry({"candidates": ("a", "a_b")})


def report() -> SyncReport:
    """Make a report with something of everything."""
    old = {"names/conda-forge": {"lmdb": entry("lmdb"), "a": UNDECIDED, "b": entry("b"), "same": entry("same")}}
    new = {
        "names/conda-forge": {"lmdb": entry("python-lmdb"), "a": entry("a_b"), "b": UNDECIDED, "same": entry("same")}
    }
    pins = (
        PinChange(name="seen", old_commit=None, new_commit="2" * 40, old_sha256="a" * 64, new_sha256="b" * 64),
        PinChange(name="kept", old_commit="3" * 40, new_commit="3" * 40, old_sha256="c" * 64, new_sha256="c" * 64),
    )
    channel = ChannelReport(
        channel="conda-forge",
        before={"dist, observed": 3, "ambiguous": 1},
        after={"dist, observed": 3, "dist, verified": 1},
        changes=difference(old, new),
        behind=difference({"names": {"hist": entry("hist")}}, {"names": {}}).changes,
        redundant=(NormalizedName("six"),),
        contradicted=(NormalizedName("apex"),),
        bundlers=((CondaName("finesse"), 30),),
        vanished=(CondaName("gone"),),
    )
    return SyncReport(pins, (channel,))


def test_the_report_says_everything_that_a_reviewer_asks() -> None:
    """Inputs, numbers, then the answers that change, the dangerous ones first."""
    assert (
        render_report(report())
        == """\
# Mapping tables: sync

| input | commit | sha256 |
|---|---|---|
| `seen` | `no commit` -> **`222222222222`** | `aaaaaaaaaaaa` -> **`bbbbbbbbbbbb`** |
| `kept` | `333333333333` | `cccccccccccc` |

## conda-forge

| rows | before | after | |
|---|--:|--:|--:|
| dist, observed | 3 | 3 |  |
| dist, verified | 0 | 1 | +1 |
| ambiguous | 1 | 0 | -1 |
| all | 4 | 4 |  |

### \N{WARNING SIGN} Answers that are another package now (1)

- `lmdb`: lmdb (dist, observed, generated) -> python-lmdb (dist, observed, generated)

### \N{WARNING SIGN} Answers that appeared (1)

- `a`: undecided between a, a\\_b -> a\\_b (dist, observed, generated)

### \N{WARNING SIGN} Answers that vanished (1)

- `b`: b (dist, observed, generated) -> undecided between a, a\\_b

### Newly ambiguous: an override would decide (1)

- `b`: undecided between a, a\\_b

### Newly decided (1)

- `a`: undecided between a, a\\_b -> a\\_b (dist, observed, generated)

### Generated answers that changed behind curated rows (1)

- `hist`: hist (dist, observed, generated) -> nothing

### Curated rows that two sources contradict now: look again (1)

- `apex`

### Curated rows that the table says by itself now (1)

- `six`

### Carry many dist-infos that `bundlers.yaml` does not know (1)

- `finesse` carries 30 dist-infos

### Conda names that no source knows any more (1)

- `gone`
"""
    )


def test_a_long_section_ends_with_a_number() -> None:
    """A reviewer reads fifty lines, not five thousand; --all shows the rest."""
    changes = difference({}, {"names": {f"x{number}": entry("y") for number in range(5)}})

    assert "(5)" in render_difference(changes, 2)
    assert render_difference(changes, 2).count("\n- `x") == 2
    assert "- and 3 more" in render_difference(changes, 2)
    assert render_difference(changes, None).count("\n- `x") == 5
    assert "more" not in render_difference(changes, 5)


def test_nothing_is_said_to_be_nothing() -> None:
    """An empty text would look like a failure."""
    assert render_difference(difference({}, {})) == "No difference.\n"


def test_what_a_table_says_is_not_read_as_markdown() -> None:
    """A reason may hold any sign."""
    old, new = {"t": {"k": Entry({"reason": "x"})}}, {"t": {"k": Entry({"reason": "<b>*|[y](z)"})}}

    assert "t: `k`: reason x -> \\<b>\\*\\|\\[y\\](z)" in render_difference(difference(old, new))


EVIL = "a` <b>x</b>\n\n# Approved by maintainers\n| x |\x1b[31m"


def test_nothing_that_a_table_says_leaves_its_line() -> None:
    """A heading of somebody else's, or a colour of the terminal, would look like ours; keys and names too."""
    changes = difference(
        {EVIL: {EVIL: Entry({"reason": "x"})}, "names": {EVIL: entry(EVIL)}},
        {EVIL: {EVIL: Entry({"reason": EVIL})}, "names": {EVIL: UNDECIDED}},
    )
    pin = PinChange(name=EVIL, old_commit=EVIL, new_commit=EVIL * 2, old_sha256="a", new_sha256="b")
    name = CondaName(EVIL)
    channel = ChannelReport(
        channel=EVIL,
        before={},
        after={},
        changes=changes,
        redundant=(NormalizedName(EVIL),),
        contradicted=(NormalizedName(EVIL),),
        bundlers=((name, 30),),
        vanished=(name,),
    )

    lines = render_report(SyncReport((pin,), (channel,))).splitlines()

    assert [line for line in lines if line.startswith("#") and "Approved" in line] == [
        "## a\\` \\<b>x\\</b> \\# Approved by maintainers \\| x \\|?\\[31m"
    ]
    assert not [line for line in lines if not line.isprintable()]
    assert {line[0] for line in lines if line} == {"#", "|", "-"}
    for line in lines:
        outside = "".join(line.replace("\\`", "").split("`")[::2])
        assert "<b>" not in outside.replace("\\<b>", "")
        assert not line.startswith("| `") or line.replace("\\|", "").count("|") == 4


def test_curated_rows_that_the_table_says_by_itself() -> None:
    """A row that rejects look-alikes, or has another relation, says more."""
    curated = parse_overrides(
        [
            {"pypi": "same", "conda": "same", "relation": "dist"},
            {"pypi": "rejects", "conda": "rejects", "relation": "dist", "not": ["other"]},
            {"pypi": "moved", "conda": "moved", "relation": "dist"},
            {"pypi": "silent", "conda": "silent", "relation": "dist"},
            {"pypi": "tool", "conda": "tool", "relation": "tool"},
        ],
        own=True,
    )
    names = {"same": "same", "rejects": "rejects", "moved": "elsewhere", "tool": "tool"}
    generated = {NormalizedName(project): row(project, package) for project, package in names.items()}

    assert find_redundant(curated, generated) == {"same"}
    assert find_contradicted(curated, generated) == {"moved"}


def test_a_dist_info_alone_contradicts_nobody() -> None:
    """A person saw more than one source does."""
    curated = parse_overrides([{"pypi": "x", "conda": None, "relation": "none"}], own=True)

    assert find_contradicted(curated, {NormalizedName("x"): row("x", "y", Confidence.OBSERVED)}) == set()
    assert find_contradicted(curated, {NormalizedName("x"): row("x", "y", Confidence.VERIFIED)}) == {"x"}


def test_rows_are_counted_by_what_they_are() -> None:
    """Rows without an answer are one kind."""
    rows = [row("a", "a"), row("b", "b"), row("c", "c", Confidence.OBSERVED), TableRow(pypi=NormalizedName("d"))]

    assert count_rows(rows) == {"dist, verified": 2, "ambiguous": 1, "dist, observed": 1}


def test_the_report_as_json() -> None:
    """For scripts: every list, without a limit."""
    (channel,) = report().channels
    told = channel.as_json()

    assert told["counts"] == {
        "before": {"dist, observed": 3, "ambiguous": 1},
        "after": {"dist, observed": 3, "dist, verified": 1},
    }
    assert (told["newly_ambiguous"], told["newly_decided"]) == (["b"], ["a"])
    assert (told["redundant"], told["contradicted"], told["vanished"]) == (["six"], ["apex"], ["gone"])
    assert told["bundlers"] == {"finesse": 30}
