"""Packages of a lock that came from no index."""

import pytest

from wheelbridge.api.locking.links import is_changing
from wheelbridge.environment.lock import LockedFile, LockedPackage


@pytest.mark.parametrize(
    ("direct", "expected"),
    [
        ({"dir_info": {}}, True),
        ({"dir_info": {"editable": True}}, False),
        ({"vcs_info": {"vcs": "git", "commit_id": "0a1b"}}, False),
        ({"archive_info": {"hashes": {"sha256": "00"}}}, False),
        (None, False),
    ],
    ids=["folder", "editable", "repository", "file", "index"],
)
def test_what_changes_by_itself(direct: dict[str, object] | None, expected: bool) -> None:
    """A wheel of what a folder held then; an editable project is what the folder holds now."""
    told = None if direct is None else {"url": "file:///there/tool", **direct}
    file = LockedFile(filename="tool", url="file:///there/tool")

    assert is_changing(LockedPackage(kind="wheel", name="tool", version="1", file=file, direct_url=told)) is expected
