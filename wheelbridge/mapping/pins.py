"""Pins: which bytes of which input the generated tables are made from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from wheelbridge.errors import WheelbridgeError

_REQUIRED = ("name", "role", "channels", "file", "sha256", "what")
_TEXTS = frozenset({"name", "role", "file", "sha256", "what", "url", "licence", "note"})
_FIELDS = _TEXTS | {"channels", "commit", "local"}
_COMMIT = re.compile(r"[0-9a-f]{40}").fullmatch
_SHA256 = re.compile(r"[0-9a-f]{64}").fullmatch
_FILE = re.compile(r"[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)*").fullmatch
_PLACE = "{commit}"


class InvalidPinError(WheelbridgeError):
    """A row of the pins breaks a rule; *path* says where."""

    code = "invalid-pin"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(
            f"{path}: {problem}", hint="The fields are explained at the head of mappings/names/sources.yaml."
        )
        self.path = path
        self.problem = problem


class PinMismatchError(WheelbridgeError):
    """An input is not the one that is pinned."""

    code = "pin-mismatch"

    def __init__(self, name: str, expected: str, actual: str) -> None:
        super().__init__(
            f"The input {name!r} has the sha256 {actual}, not the pinned {expected}",
            hint=f"Get the pinned file, or move the pin: --pin {name}=COMMIT, or {name}= where no commit is known.",
        )
        self.name = name
        self.expected = expected
        self.actual = actual


class UnpinnedInputError(WheelbridgeError):
    """An input cannot be fetched: nobody knows from which commit it is."""

    code = "unpinned-input"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The input {name!r} has no commit to be fetched from",
            hint=f"Give the file with --from DIR, or move the pin: --pin {name}=COMMIT.",
        )
        self.name = name


class InputNotFoundError(WheelbridgeError):
    """An input is not where its pin says."""

    code = "input-not-found"

    def __init__(self, name: str, place: str) -> None:
        super().__init__(
            f"The input {name!r} is not at {place}", hint="Check the commit, or give the file with --from DIR."
        )
        self.name = name
        self.place = place


class Role(StrEnum):
    """What an input says; see `wheelbridge.mapping.evidence.Evidence`."""

    PARSELMOUTH = "parselmouth"
    """Conda name -> dist-infos that its builds carried."""
    REGRO = "regro"
    """Project -> conda name whose recipe builds it."""
    GRAYSKULL = "grayskull"
    """Project -> conda name, as people wrote it."""
    PURLS = "purls"
    """Conda name -> projects, as lock files recorded them."""
    SURVEY = "survey"
    """Projects that the index has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One input.

    Attributes:
        name: what the command line calls it.
        role: what it says.
        channels: the channels whose names it speaks of.
        file: where it is in a folder of inputs, with ``/``.
        sha256: of its bytes.
        what: one sentence for people.
        url: where its bytes are, with ``{commit}``; empty where it has no upstream.
        commit: 40 hexadecimal digits; None where nobody knows, or there is none.
        local: it has no upstream, and is kept beside the pins.
    """

    name: str
    role: Role
    channels: tuple[str, ...]
    file: str
    sha256: str
    what: str
    url: str = ""
    commit: str | None = None
    local: bool = False
    licence: str = ""
    note: str = ""

    @classmethod
    def parse(cls, data: object, path: str) -> Self:
        """Read one entry of the file as YAML loads it; *path* is its place, for messages.

        Raises:
            InvalidPinError: if a field is missing, unknown or wrong.
        """
        fields = _check_fields(data, path)
        try:
            role = Role(str(fields["role"]))
        except ValueError:
            known = ", ".join(member.value for member in Role)
            raise InvalidPinError(path, f"{fields['role']!r} is no role; there are {known}") from None
        channels = fields["channels"]
        texts = {name: " ".join(str(fields[name]).split()) for name in _TEXTS - {"role"} if name in fields}
        commit = None if fields.get("commit") is None else str(fields["commit"])
        pin = cls(
            role=role,
            channels=tuple(map(str, channels)) if isinstance(channels, list) else (),
            commit=commit,
            local=fields.get("local") is True,
            **texts,
        )
        for problem in pin.problems():
            raise InvalidPinError(path, problem)
        return pin

    def problems(self) -> list[str]:
        """Return what is wrong with the row by itself, a clause each."""
        rules = {
            f"'channels' of {self.name!r} is no list of names": bool(self.channels),
            f"'file' {self.file!r} is no plain path": _FILE(self.file) is not None,
            f"'sha256' {self.sha256!r} is none": _SHA256(self.sha256) is not None,
            f"'commit' {self.commit!r} is not 40 hexadecimal digits": not self.commit or _is_commit(self.commit),
            "'local' and 'url' exclude each other, and one of them is needed": self.local != bool(self.url),
            f"'url' {self.url!r} has no {_PLACE}": self.local or _PLACE in self.url,
            "what is local has no commit": not (self.local and self.commit),
        }
        return [problem for problem, holds in rules.items() if not holds]

    @property
    def place(self) -> str | None:
        """Where the pinned bytes are, or None where that is not known."""
        return self.url.replace(_PLACE, self.commit) if self.url and self.commit else None


def parse_pins(data: object) -> tuple[Pin, ...]:
    """Read the file as YAML loads it.

    Raises:
        InvalidPinError: if an entry is wrong, or a channel has two inputs of a role.
    """
    if not isinstance(data, list):
        raise InvalidPinError("sources", f"expected a list of inputs, got {type(data).__name__}")
    pins = tuple(Pin.parse(entry, f"[{number}]") for number, entry in enumerate(data))
    seen: set[tuple[str, ...]] = set()
    for pin in pins:
        for mark in (("name", pin.name), ("file", pin.file), *((channel, pin.role) for channel in pin.channels)):
            if mark in seen:
                raise InvalidPinError(pin.name, f"{' '.join(mark)} is there twice")
            seen.add(mark)
    return pins


def parse_move(text: str) -> tuple[str, str | None]:
    """Read ``NAME=COMMIT`` of a command line; ``NAME=`` moves a pin to a file of no known commit.

    >>> parse_move("regro=")
    ('regro', None)

    Raises:
        InvalidPinError: if it is not that.
    """
    name, sign, commit = text.partition("=")
    if not name or not sign or (commit and not _is_commit(commit)):
        raise InvalidPinError(f"--pin {text}", "write NAME=COMMIT, with all 40 digits of the commit, or NAME=")
    return name, commit or None


def move_pin(text: str, name: str, commit: str | None, sha256: str) -> str:
    r"""Return the file's *text* with other values in the pin *name*; every other byte stays, comments too.

    >>> move_pin("- name: a\n  commit: null # none\n  sha256: 00\n", "a", None, "ff")
    '- name: a\n  commit: null # none\n  sha256: ff\n'

    Raises:
        InvalidPinError: if the pin is not written a field a line.
    """
    first = re.compile(rf"^- name: {re.escape(name)}[ \t]*(?:#.*)?\r?$", re.MULTILINE).search(text)
    if first is None:
        raise InvalidPinError(name, "the row does not begin with its name, on a line of its own")
    following = re.compile(r"^- ", re.MULTILINE).search(text, first.end())
    end = following.start() if following else len(text)
    row = _set(text[first.start() : end], name, "sha256", sha256)
    if _line("commit").search(row) or commit:
        row = _set(row, name, "commit", commit or "null")
    return text[: first.start()] + row + text[end:]


def _set(row: str, name: str, field: str, value: str) -> str:
    changed, found = _line(field).subn(lambda match: f"{match[1]}{value}", row)
    if found != 1:
        raise InvalidPinError(name, f"the field {field!r} has no line of its own")
    return changed


def _line(field: str) -> re.Pattern[str]:
    return re.compile(rf"^(  {field}: )[^\s#]+", re.MULTILINE)


def _is_commit(text: str) -> bool:
    return _COMMIT(text) is not None


def _check_fields(data: object, path: str) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise InvalidPinError(path, f"expected a mapping, got {type(data).__name__}")
    for name in _REQUIRED:
        if name not in data:
            raise InvalidPinError(path, f"the field {name!r} is missing")
    for name, value in data.items():
        if name not in _FIELDS:
            raise InvalidPinError(path, f"there is no field {name!r}")
        if name in _TEXTS and not isinstance(value, str):
            raise InvalidPinError(path, f"{name!r} must be a text, got {value!r}")
    if not isinstance(data.get("commit"), str | None):
        raise InvalidPinError(path, f"'commit' must be a text or null, got {data['commit']!r}; quote it")
    return data
