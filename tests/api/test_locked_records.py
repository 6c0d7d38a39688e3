"""Records of locks: what goes in comes out."""

from typing import Any

import pytest

from wheelbridge.api.locking.records import IncompleteLockError, clean_record, from_record, to_record
from wheelbridge.environment.lock import LockedFile, LockedPackage

RECORD: dict[str, Any] = {
    "arch": "x86_64",
    "attestations_sha256": "61" * 32,
    "build": "0",
    "build_number": 10**17,
    "constrains": ["b <2"],
    "depends": ["python", '__cuda[version=">=12",when="python<3.12"]'],
    "extra_depends": {"more": ["c"]},
    "features": "f",
    "flags": ["wheel"],
    "indexed_timestamp": 1700000000123,
    "legacy_bz2_md5": "62" * 16,
    "legacy_bz2_size": 4,
    "license": "MIT",
    "license_family": "MIT",
    "md5": "63" * 16,
    "name": "foo",
    "noarch": "python",
    "platform": "linux",
    "purls": ["pkg:pypi/foo@1"],
    "python_site_packages_path": "lib/site",
    "sha256": "64" * 32,
    "size": 5,
    "subdir": "linux-64",
    "timestamp": 1700000000123,
    "track_features": "a b",
    "version": "1.0",
}


def package(record: dict[str, Any] | None, **file: Any) -> LockedPackage:
    """Make a package of a channel."""
    locked = LockedFile(filename="foo-1.0-0.conda", url="https://host.example/c/linux-64/foo-1.0-0.conda", **file)
    channel = "https://host.example/c"
    return LockedPackage(kind="conda", name="foo", version="1.0", file=locked, record=record, channel=channel)


def test_every_field_comes_back() -> None:
    """Nothing that a record may say is lost."""
    record = to_record(package(RECORD))

    assert from_record(record) == RECORD
    assert (record.url, record.file_name, record.channel) == (
        "https://host.example/c/linux-64/foo-1.0-0.conda",
        "foo-1.0-0.conda",
        "https://host.example/c",
    )


def test_the_hashes_of_the_file_count() -> None:
    """They are what is checked, whatever the record says."""
    record = to_record(package(RECORD, hashes={"sha256": "aa" * 32}, size=7))

    assert (record.sha256, record.size, record.md5) == (b"\xaa" * 32, 7, b"c" * 16)


def test_fields_of_no_record_are_left_out() -> None:
    """Such as those that conda adds to its own records."""
    assert clean_record({**RECORD, "auth": "x", "requested_spec": "foo"}) == RECORD


@pytest.mark.parametrize("record", [None, {}, {**RECORD, "version": ""}, {**RECORD, "sha256": "zz"}])
def test_half_a_record_is_refused(record: dict[str, Any] | None) -> None:
    """With the package's name, not with an error of rattler's."""
    with pytest.raises(IncompleteLockError, match="'foo'"):
        to_record(package(record))
