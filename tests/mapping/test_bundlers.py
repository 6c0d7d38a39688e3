import hashlib
from typing import Any

import pytest

from wheelbridge.mapping.bundlers import parse_bundlers
from wheelbridge.mapping.decide import decide
from wheelbridge.mapping.evidence import parse_evidence
from wheelbridge.mapping.natives.fields import InvalidTableRowError
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.tables import find_mappings

QGIS: dict[str, Any] = {"conda": "qgis", "not_theirs": ["future", "six"], "reason": "a test", "evidence": ["this one"]}


def test_a_row_says_what_a_package_carries_without_being_it() -> None:
    """Rows of other channels do not count here."""
    rows = [QGIS, {"conda": "bart", "not_theirs": ["six"], "channels": ["bioconda"]}]

    assert parse_bundlers(rows, "conda-forge") == {"qgis": {"future", "six"}}
    assert parse_bundlers(rows, "bioconda") == {"bart": {"six"}}


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param({}, id="no-list"),
        pytest.param([QGIS, QGIS], id="twice"),
        pytest.param([{**QGIS, "conda": "QGIS!"}], id="no-conda-name"),
        pytest.param([{**QGIS, "not_theirs": ["Future"]}], id="not-normalized"),
        pytest.param([{**QGIS, "not_theirs": "future"}], id="no-list-of-projects"),
        pytest.param([{"conda": "qgis"}], id="no-projects"),
        pytest.param([{**QGIS, "relation": "part"}], id="no-such-field"),
    ],
)
def test_a_wrong_row_is_refused(rows: object) -> None:
    """A name that is written wrong would be ignored, and nobody would see it."""
    with pytest.raises(InvalidTableRowError):
        parse_bundlers(rows, "conda-forge")


@pytest.mark.parametrize(
    ("seen", "locked", "alone", "told"),
    [
        pytest.param({"qgis": ["future"]}, {}, None, None, id="unrelated-name-needs-no-telling"),
        pytest.param({"py-future": ["future"]}, {}, "py-future", None, id="only-a-bundler-has-it"),
        pytest.param({"future": ["future"], "py-future": ["future"]}, {}, None, "future", id="the-other-one-has-it"),
        pytest.param({"py-future": ["future"]}, {"py-future": ["future"]}, "py-future", None, id="locks-copied-it"),
        pytest.param({"future": ["future", "six"], "x": ["six"]}, {}, "future", "future", id="its-own-stays"),
    ],
)
def test_a_bundler_is_no_evidence(
    seen: dict[str, list[str] | None], locked: dict[str, list[str]], alone: str | None, told: str | None
) -> None:
    """What people know of a package is taken from what it was seen to carry."""
    bundlers = {
        CondaName("py-future"): frozenset({NormalizedName("future")}),
        CondaName("future"): frozenset({NormalizedName("six")}),
    }

    def answer(**more: Any) -> str | None:
        row = decide(NormalizedName("future"), parse_evidence(parselmouth=seen, purls=locked, **more))
        return row.conda if row else None

    assert answer() == alone
    assert answer(bundlers=bundlers) == told


def test_a_bundler_stays_a_known_package() -> None:
    """It exists, so that no wheel of its name is taken for it."""
    bundlers = {CondaName("isce2"): frozenset({NormalizedName("pip")})}

    evidence = parse_evidence(parselmouth={"isce2": ["pip"]}, bundlers=bundlers)

    assert evidence.packages == {"isce2"}
    assert evidence.carries_nothing(CondaName("isce2"))


def test_the_generated_table_knows_the_bundlers_of_today() -> None:
    """Whoever edits `bundlers.yaml` and forgets `map sync` is told here, without the inputs."""
    names = find_mappings() / "names"
    digest = hashlib.sha256((names / "bundlers.yaml").read_bytes()).hexdigest()

    for name in ("conda-forge.tsv", "conda-forge.inverse.tsv"):
        assert f"# input: bundlers.yaml sha256={digest}\n" in (names / "generated" / name).read_text(encoding="utf-8")
