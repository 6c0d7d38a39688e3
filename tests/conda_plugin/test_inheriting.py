"""Copies of an environment that conda makes: they remember what the first one does."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conda_plugin.conftest import Stage
from tests.realconda import NEEDS_CONDA
from wheelbridge.api.explaining.packages import explain_package
from wheelbridge.api.origins import standing_routes
from wheelbridge.installer.history import load_history, requested_specs
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.origins import load_memory

pytestmark = [pytest.mark.conda, NEEDS_CONDA]


@pytest.fixture(scope="module")
def copies(stage: Stage) -> Iterator[tuple[Path, Path]]:
    """An environment with an extra that was asked for, and what became of its clone when it was renamed."""
    folder = stage.conda.home / "envs"
    stage.conda("wheelbridge", "create", "-n", "first", "python", "pypi:app[more]", *stage.source, "-y")
    stage.conda("create", "-n", "second", "--clone", "first", "-y")
    stage.conda("rename", "-n", "second", "third", "-y")
    yield folder / "first", folder / "third"
    for name in ("first", "third"):
        stage.conda("env", "remove", "-n", name, "-y")


def test_private_names_stay_private(copies: tuple[Path, Path]) -> None:
    """A later command that names no private index cannot take them from elsewhere."""
    first, copy = ({route.pattern for route in standing_routes(it, load_records(it), ())} for it in copies)

    assert copy == first >= {"conda:app", "conda:extra-thing", "conda:lib"}
    assert load_memory(copies[1]) == load_memory(copies[0])


def test_what_was_asked_for_is_what_was_asked_for(copies: tuple[Path, Path]) -> None:
    """And no more: to conda's clone all packages were, each of them with its build."""
    first, copy = (
        requested_specs(load_history(it), [record.name.normalized for record in load_records(it)], exact=True)
        for it in copies
    )

    assert copy == first
    assert set(copy) == {"app", "python"}
    assert "extras=[more]" in copy["app"]
    assert [path.parent.name for path in copies[1].rglob("REQUESTED")] == ["app-1.0.dist-info"]


def test_records_and_reasons_are_those_of_the_first(copies: tuple[Path, Path]) -> None:
    """Whatever conda could learn of a file that it took by its URL alone; conda reads them."""
    first, copy = ({record.name.normalized: record for record in load_records(it)} for it in copies)
    for name in ("app", "lib", "extra-thing"):
        assert (copy[name].channel, copy[name].depends) == (first[name].channel, first[name].depends)
        assert explain_package(copies[1], name) == explain_package(copies[0], name)


def test_the_history_fits(stage: Stage, copies: tuple[Path, Path]) -> None:
    """It names the channels that the records have, so that the next change of conda tells that change alone."""
    text = (copies[1] / "conda-meta/history").read_text()

    assert "<unknown>" not in text
    stage.conda("remove", "-p", copies[1], "app", "--dry-run", "-y")
    assert json.loads(stage.conda("list", "-p", copies[1], "--revisions", "--json").out)[0]["rev"] == 0
