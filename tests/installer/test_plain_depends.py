import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from rattler import PackageRecord
from rattler.package import BuildString

from tests.installer.wheelmaker import Made, Workshop, make_wheel
from wheelbridge.installer.history import distribution
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.past import load_past
from wheelbridge.installer.plain_depends import OWN, plain_depends

OLD = 'old[when="python<3"]'
NEW = 'new[version=">=1",when="python>=3"]'


def package(
    name: str, *depends: str, version: str = "1.0", extras: Mapping[str, Sequence[str]] | None = None
) -> PackageRecord:
    """Make a record with these needs, and those of its extras."""
    record = PackageRecord(name, version, BuildString("0"), 0, "noarch", depends=list(depends))
    record.extra_depends = {extra: list(specs) for extra, specs in (extras or {}).items()}
    return record


PYTHON = package("python", version="3.12.1")
APP = package("app", "lib", extras={"more": ["thing >=1"], "all": ["app[extras=[more]]"], "old": [OLD]})


class TestWords:
    """CEP 48 has words in MatchSpecs that conda reads with one solver only."""

    @pytest.mark.parametrize(
        ("records", "requested", "expected"),
        [
            pytest.param([APP], [], {}, id="nobody asks for an extra"),
            pytest.param([APP], ["app[extras=[more]]"], {"app": ("lib", "thing >=1")}, id="the user asks for an extra"),
            pytest.param([APP], ["app[extras=[all]]"], {"app": ("lib", "thing >=1")}, id="an extra asks for an extra"),
            pytest.param([APP], ["gone[extras=[x]]"], {}, id="of something that is not there"),
            pytest.param(
                [APP, package("a", "app[version='>=1',extras=[more]]", "b")],
                [],
                {"app": ("lib", "thing >=1"), "a": ("app[version='>=1']", "b")},
                id="a package asks for an extra",
            ),
            pytest.param([PYTHON, APP], ["app[extras=[old]]"], {}, id="an extra with a condition that does not hold"),
            pytest.param([PYTHON, package("a", OLD, NEW)], [], {"a": ("new[version='>=1']",)}, id="conditions"),
            pytest.param([package("a", OLD, NEW)], [], {"a": ()}, id="conditions on a python that is not there"),
            pytest.param(
                [package("a", 'b[when="__unix"]'), package("b")], [], {"a": ("b",)}, id="another, and it is there"
            ),
            pytest.param([package("a", 'b[when="__unix"]')], [], {"a": ()}, id="another, and it is not there"),
            pytest.param(
                [PYTHON, package("a", 'b[when="python<3 or __unix"]'), package("b")],
                [],
                {"a": ("b",)},
                id="one of two, and not only on python",
            ),
            pytest.param([package("a", "b[flags=[x]]")], [], {"a": ("b",)}, id="flags"),
            pytest.param([package("a", "b >=1,<2", "c 1.0 x")], [], {}, id="words that all read"),
            pytest.param(
                [package("a", '__variant_amd_gfx_arch[build="^(.*[+])?(gfx942)([+].*)?$"]')],
                [],
                {"a": (r'__variant_amd_gfx_arch[build="^(.*\+)?(gfx942)(\+.*)?$"]',)},
                id="brackets inside brackets",
            ),
        ],
    )
    def test_are_replaced(
        self, records: list[PackageRecord], requested: list[str], expected: dict[str, tuple[str, ...]]
    ) -> None:
        """By what they mean in the environment; records that have none of them are left alone."""
        assert plain_depends(records, requested) == expected


@pytest.fixture
def tool(workshop: Workshop) -> Made:
    """A wheel with a condition and an extra."""
    made = make_wheel(workshop.folder / "dist", "tool")
    made.record.depends = ["python", NEW, OLD]
    made.record.extra_depends = {"more": ["thing"]}
    return made


@pytest.fixture
def others(workshop: Workshop) -> list[Made]:
    """The wheels that it needs."""
    return [make_wheel(workshop.folder / "dist", name) for name in ("new", "thing")]


def stored(workshop: Workshop) -> dict[str, Any]:
    """Return the record of the wheel, as it is in ``conda-meta``."""
    (path,) = workshop.prefix.glob("conda-meta/tool-*.json")
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


def known(workshop: Workshop) -> list[str]:
    """Return the needs of the wheel, as everything of ours sees them."""
    (record,) = (record for record in load_records(workshop.prefix) if record.name.normalized == "tool")
    return list(record.depends)


class TestRecords:
    """What stands in ``conda-meta`` is for all, and what the package says itself is not lost."""

    def test_say_what_holds(self, workshop: Workshop, tool: Made, others: list[Made]) -> None:
        """``depends`` is plain; we read the wheel's own."""
        workshop.create(tool, *others, requested=["python", "tool[extras=[more]]"])

        assert stored(workshop)["depends"] == ["python", "new[version='>=1']", "thing"]
        assert known(workshop) == tool.record.depends

    def test_follow_what_is_asked_for(self, workshop: Workshop, tool: Made, others: list[Made]) -> None:
        """The wheel itself stays, and rattler writes its record anew as soon as it is asked for by name."""
        workshop.create(tool, *others)
        plain = ["python", "new[version='>=1']"]
        assert stored(workshop)["depends"] == plain

        for asked, depends in (("tool[extras=[more]]", [*plain, "thing"]), ("tool", plain)):
            outcome = workshop.change(tool, *others, requested=[asked])
            assert outcome.plan.is_empty
            assert stored(workshop)["depends"] == depends
            assert known(workshop) == tool.record.depends
        assert stored(workshop)["requested_specs"] == ["tool"]

    def test_lose_what_is_not_needed(self, workshop: Workshop, tool: Made, others: list[Made]) -> None:
        """Where the package's own words are plain, nothing of ours stands beside them."""
        tool.record.depends = ["python"]
        workshop.create(tool, *others, requested=["tool[extras=[more]]"])
        assert OWN in stored(workshop)

        workshop.change(tool, *others, requested=["tool"])
        assert OWN not in stored(workshop)
        assert stored(workshop)["depends"] == ["python"]

    def test_of_what_went_are_whole(self, workshop: Workshop, tool: Made, others: list[Made]) -> None:
        """A revision brings the package back as it was."""
        workshop.create(tool, *others, requested=["tool[extras=[more]]"])
        workshop.change(*others)

        past = load_past(workshop.prefix, distribution(tool.record))
        assert past is not None
        assert list(past.record.depends) == tool.record.depends
