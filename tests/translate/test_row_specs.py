"""MatchSpecs of rows as values."""

from itertools import product

import pytest
from rattler import Version, VersionSpec

from wheelbridge.mapping.rows import Confidence, NameRow, Relation
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.solver.stand_ins import act_as_specs
from wheelbridge.translate.row_specs import RowSpec, intersect_versions

VERSIONS = ("0.4", "1.0", "1.5", "2.0", "2.1", "3.0", "4.0", "5.0")
SPECS = ("*", "<2", ">=1|<0.5", "(>=1,<2)|(>=4)", "(>=1|<0.5),!=2", "((1.*|>=4),!=1.5)|2.0", "*|1.*")


def accepted(spec: str | None) -> list[str]:
    """Return the versions that rattler's parser accepts."""
    return [version for version in VERSIONS if VersionSpec(spec or "*").matches(Version(version))]


class TestIntersection:
    """A version spec of conda: ``|`` is weaker than ``,``, and parentheses group."""

    @pytest.mark.parametrize(("one", "other"), list(product(SPECS, repeat=2)))
    def test_both_hold(self, one: str, other: str) -> None:
        """Rattler accepts what it accepts of both, and nothing else."""
        both = intersect_versions(one, other)

        assert accepted(both) == [version for version in accepted(one) if version in accepted(other)]
        assert one == other or "*" in {one, other} or "(" not in (both or "")

    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [("*", "<2", "<2"), ("<2", "*", "<2"), (None, "<2", "<2"), ("*", None, None), ("<2", "<2", "<2")],
    )
    def test_all_versions_say_nothing(self, one: str | None, other: str | None, expected: str | None) -> None:
        """``*,<2`` is no better than ``<2``."""
        assert intersect_versions(one, other) == expected

    @pytest.mark.parametrize("wrong", ["(>=1", ">=1)", "((1)", "1,,2", "1|", "()", "1(2"])
    def test_unsound_parentheses(self, wrong: str) -> None:
        """They are refused where the row is read, too."""
        with pytest.raises(ValueError, match=r".*"):
            intersect_versions(wrong, "<9")
        with pytest.raises(ValueError, match=r".*"):
            RowSpec.parse(f'x[version="{wrong}"]')


def test_rows_that_act_as_specs_combine_in_the_same_way() -> None:
    """What stands between parentheses is not torn apart."""
    row = NameRow(
        pypi=NormalizedName("p"),
        conda=CondaName("c"),
        relation=Relation.EQUIVALENT,
        confidence=Confidence.CURATED,
        layer="curated",
        specs=("c (>=1,<2)|(>=4)",),
    )

    assert act_as_specs('p[version="<5"]', row) == ['c[version="<5,>=1,<2|<5,>=4"]']
