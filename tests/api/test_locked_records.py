"""Records of locks: what goes in comes out."""

from dataclasses import replace
from typing import Any

import pytest

from wheelbridge.api.locking.batches import to_records
from wheelbridge.api.locking.records import (
    IncompleteLockError,
    LockedSpecError,
    LockMismatchError,
    clean_record,
    find_unmet,
    from_record,
    to_record,
)
from wheelbridge.environment.lock import LockedFile, LockedPackage
from wheelbridge.installer.errors import UnsafeNameError

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


WHEEL = {**RECORD, "build": "py3_none_any_h0"}


def wheel(record: dict[str, Any], filename: str = "foo-1.0+cpu-py3-none-any.whl", **changes: Any) -> LockedPackage:
    """Make a wheel of an index; its solver's name need not be the project's."""
    file = LockedFile(filename=filename, url=f"https://host.example/{filename}")
    fields: dict[str, Any] = {"name": "foo", "version": "1.0", "pypi_name": "foo"} | changes
    return LockedPackage(kind="wheel", file=file, record=record, channel="https://host.example", **fields)


class TestIdentity:
    """A lock that says two things of a package was changed after it was made."""

    def test_a_wheel_may_have_a_name_of_conda(self) -> None:
        """Versions are compared without the local part, which conda's versions do not have."""
        assert str(to_record(wheel(WHEEL)).version) == "1.0"
        renamed = wheel({**WHEEL, "name": "foo-python"}, name="foo-python")
        assert to_record(renamed).name.normalized == "foo-python"

    @pytest.mark.parametrize(
        "bad",
        [
            package({**RECORD, "name": "evil"}),
            package({**RECORD, "version": "9.9"}),
            package({**RECORD, "build": "1"}),
            replace(package(RECORD), name="evil"),
            replace(package(RECORD), version="9.9"),
            wheel({**WHEEL, "version": "7.0"}, version="7.0"),
            wheel(WHEEL, pypi_name="evil"),
            wheel(WHEEL, filename="foo-one-py3-none-any.whl"),
        ],
    )
    def test_what_its_file_is_not(self, bad: LockedPackage) -> None:
        """One by one, and all at once."""
        with pytest.raises(LockMismatchError, match="its name says otherwise"):
            to_record(bad)
        with pytest.raises(LockMismatchError):
            to_records([bad])

    @pytest.mark.parametrize("bad", [package({**RECORD, "build": "x/../../y"}), wheel({**WHEEL, "build": "x/../../y"})])
    def test_a_build_that_is_no_name(self, bad: LockedPackage) -> None:
        """It would become a folder of the cache."""
        with pytest.raises(UnsafeNameError):
            to_record(bad)


class TestNeeds:
    """What locked packages need of each other."""

    RECORDS = (to_record(package({**RECORD, "depends": ["lib >=2", "__glibc >=2", "other"]})),)

    def test_what_is_missing_or_too_old(self) -> None:
        """By its owner or the request; what has no record may meet anything."""
        found = [
            (need.owner is not None, need.spec, why) for need, why in find_unmet(self.RECORDS, ["foo >1"], ["other"])
        ]

        assert sorted(found) == [
            (False, "foo >1", "the lock has 1.0"),
            (True, "lib >=2", "the lock has no such package"),
        ]

    def test_what_is_no_spec(self) -> None:
        """An error of ours, not one of rattler's."""
        with pytest.raises(LockedSpecError):
            list(find_unmet(self.RECORDS, ["py thon ]["]))
