"""Fields of nested data, read with their types checked; what is wrong is told with its place."""

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

_SHOWN = 80


class UnexpectedFormError(ValueError):
    """A piece of data has another form than it must have; who reads a file says which file."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.place = place
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping of a file and its place there, such as ``packages[0]``; empty at the top."""

    data: Mapping[str, object]
    place: str = field(default="", compare=False)

    def at(self, key: str) -> str:
        """Return the place of a field.

        >>> Fields({}, "packages[0]").at("name")
        'packages[0].name'
        """
        return f"{self.place}.{key}" if self.place else key

    def fail(self, key: str, expected: str) -> UnexpectedFormError:
        """Return the error that says what a field should have been."""
        value = self.data.get(key)
        got = "nothing" if value is None else shown(value)
        return UnexpectedFormError(self.at(key), f"expected {expected}, got {got}")

    def text(self, key: str) -> str:
        """Return a text that must be there.

        >>> Fields({"name": 3}, "packages[0]").text("name")
        Traceback (most recent call last):
        wheelbridge.environment.locks.fields.UnexpectedFormError: packages[0].name: expected a text, got 3
        """
        value = self.data.get(key)
        if not isinstance(value, str):
            raise self.fail(key, "a text")
        return value

    def optional_text(self, key: str) -> str | None:
        """Return a text, or None where there is none."""
        return None if self.data.get(key) is None else self.text(key)

    def integer(self, key: str) -> int | None:
        """Return a whole number, or None where there is none."""
        value = self.data.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise self.fail(key, "a whole number")

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty where there is none."""
        value = self.data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(key, "a list of texts")
        return tuple(value)

    def time(self, key: str) -> datetime | None:
        """Return a point in time with a time zone, of a text (ISO 8601) or a time of TOML."""
        value = self.data.get(key)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                raise self.fail(key, "a time") from None
        if value is None or (isinstance(value, datetime) and value.tzinfo is not None):
            return value
        raise self.fail(key, "a time with a time zone")

    def mapping(self, key: str) -> Mapping[str, object] | None:
        """Return a mapping as it is, or None where there is none."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, dict):
            raise self.fail(key, "a mapping")
        return value

    def text_map(self, key: str) -> dict[str, str]:
        """Return a mapping of texts to texts, empty where there is none."""
        value = self.mapping(key) or {}
        if not all(isinstance(item, str) for item in value.values()):
            raise self.fail(key, "a mapping of texts to texts")
        return {name: str(item) for name, item in value.items()}

    def part(self, key: str) -> "Fields":
        """Return the fields of a mapping, none where there is none."""
        return Fields(self.mapping(key) or {}, self.at(key))

    def parts(self, key: str) -> tuple["Fields", ...]:
        """Return the fields of each mapping of a list."""
        value = self.data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.fail(key, "a list")
        return tuple(as_fields(item, f"{self.at(key)}[{position}]") for position, item in enumerate(value))


def as_fields(value: object, place: str = "") -> Fields:
    """Return the fields of *value*, which must be a mapping.

    Raises:
        UnexpectedFormError: if it is none.
    """
    if not isinstance(value, dict):
        raise UnexpectedFormError(place, f"expected a mapping, got {shown(value)}")
    return Fields(value, place)


def shown(value: object) -> str:
    """Return a value for messages, shortened: what stands in a file may be huge."""
    return reprlib.repr(value)[:_SHOWN]
