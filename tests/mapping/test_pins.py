from typing import Any

import pytest

from wheelbridge.mapping.pins import InvalidPinError, Role, move_pin, parse_move, parse_pins

COMMIT = "345e9bfbd11d932d63df2bc1146511337f7ba5dd"
SHA256 = "92ce0c08f81f7dd940333c3567ee900bfb4599c2e7c01cf5e8b6472f3b77f4b5"
PIN: dict[str, Any] = {
    "name": "seen",
    "role": "parselmouth",
    "channels": ["conda-forge"],
    "what": "what was seen",
    "file": "names/seen.json",
    "url": "https://host.example/{commit}/seen.json",
    "commit": COMMIT,
    "sha256": SHA256,
}
TEXT = f"""# the head
- name: other # a remark
  commit: {COMMIT}
  sha256: {SHA256}

# before the row
- name: seen
  note: "sha256: in a text"
  commit: null   # not known

  sha256: {SHA256}# glued
- name: seen-too
  sha256: {SHA256}
"""


def test_a_pin_says_where_its_bytes_are() -> None:
    """The commit stands in the address; without one, nobody knows."""
    known, unknown = parse_pins([PIN, {**PIN, "name": "b", "file": "b.json", "channels": ["x"], "commit": None}])

    assert (known.role, known.place) == (Role.PARSELMOUTH, f"https://host.example/{COMMIT}/seen.json")
    assert unknown.place is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"role": "odd"}, "no role"),
        ({"sha256": "ff"}, "'sha256' 'ff' is none"),
        ({"commit": "main"}, "not 40 hexadecimal digits"),
        ({"commit": 1}, "'commit' must be a text or null"),
        ({"url": "https://host.example/main/seen.json"}, "has no {commit}"),
        ({"local": True}, "exclude each other"),
        ({"url": ""}, "exclude each other"),
        ({"local": True, "url": ""}, "what is local has no commit"),
        ({"file": "../seen.json"}, "no plain path"),
        ({"file": "/seen.json"}, "no plain path"),
        ({"channels": []}, "no list of names"),
        ({"what": 3}, "'what' must be a text"),
        ({"owner": "me"}, "there is no field 'owner'"),
    ],
)
def test_a_wrong_pin_is_refused(changes: dict[str, Any], problem: str) -> None:
    """With its place, and what is wrong."""
    with pytest.raises(InvalidPinError) as caught:
        parse_pins([{**PIN, **changes}])

    assert problem in caught.value.message
    assert caught.value.path == "[0]"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="no-list"),
        pytest.param([3], id="no-mapping"),
        pytest.param([{name: value for name, value in PIN.items() if name != "sha256"}], id="no-hash"),
        pytest.param([PIN, PIN], id="twice"),
        pytest.param([PIN, {**PIN, "name": "b", "file": "b.json"}], id="two-of-a-role"),
    ],
)
def test_wrong_pins_are_refused(data: object) -> None:
    """A channel has one input of a role at most: which of two should be believed?"""
    with pytest.raises(InvalidPinError):
        parse_pins(data)


def test_moving_a_pin_changes_its_two_values_and_no_other_byte() -> None:
    """People write comments to be kept."""
    moved = move_pin(TEXT, "seen", COMMIT, "f" * 64)

    assert moved.splitlines() == [
        line.replace("null", COMMIT) if "null" in line else line.replace(SHA256, "f" * 64) if "glued" in line else line
        for line in TEXT.splitlines()
    ]


def test_a_file_of_no_commit_makes_the_commit_unknown() -> None:
    """Better unknown than wrong."""
    assert move_pin(TEXT, "other", None, SHA256) == TEXT.replace(f"commit: {COMMIT}", "commit: null", 1)


@pytest.mark.parametrize(("name", "commit"), [("nobody", None), ("seen-too", COMMIT)])
def test_a_row_that_is_written_otherwise_is_not_guessed_at(name: str, commit: str | None) -> None:
    """There is no such row, or no such line in it."""
    with pytest.raises(InvalidPinError):
        move_pin(TEXT, name, commit, SHA256)


@pytest.mark.parametrize("text", ["seen", "=", f"={COMMIT}", "seen=main", "seen=345e9bf", f"seen={COMMIT.upper()}"])
def test_a_move_names_a_whole_commit(text: str) -> None:
    """A branch moves, and a short commit may mean two."""
    with pytest.raises(InvalidPinError):
        parse_move(text)


def test_a_move_is_read() -> None:
    """A commit, or none."""
    assert parse_move(f"seen={COMMIT}") == ("seen", COMMIT)
    assert parse_move("seen=") == ("seen", None)
