"""All records of a lock at once are the same as one after the other."""

import json
from dataclasses import replace

import pytest

from tests.api.locking.stage import Stage
from wheelbridge.api.locking.batches import to_records
from wheelbridge.api.locking.records import IncompleteLockError, to_record


def test_they_are_the_same(stage: Stage) -> None:
    """Conda packages and wheels, variants too, field by field and in their order."""
    packages = stage.lock(stage.ask("python=3.12", "app", "pypi:tool", "pypi:accel", facts=["__cuda=12.8"])).lock
    locked = packages.targets[0].packages[::-1]

    assert {one.kind for one in locked} == {"conda", "wheel"}
    together = [json.loads(record.to_json()) for record in to_records(locked)]
    assert together == [json.loads(to_record(one).to_json()) for one in locked]


def test_the_file_decides_the_hash(stage: Stage) -> None:
    """What is fetched is what counts, as with one record."""
    (app, *_) = stage.lock(stage.ask("app")).lock.targets[0].packages
    other = replace(app, file=replace(app.file, hashes={"sha256": "ab" * 32}, size=7))

    (record,) = to_records([other])
    assert (record.sha256, record.size) == (bytes.fromhex("ab" * 32), 7)


@pytest.mark.parametrize("record", [None, {"name": "app"}])
def test_the_package_to_blame_is_named(stage: Stage, record: dict[str, object] | None) -> None:
    """One that has no record, or half of one."""
    (app, lib) = stage.lock(stage.ask("app")).lock.targets[0].packages

    with pytest.raises(IncompleteLockError, match="'app'"):
        to_records([lib, replace(app, record=record)])
