"""Values out of a parsed file, each checked where it is read; an error says where the value stands."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

from wheelbridge.configuration.errors import InvalidConfigurationError

_T = TypeVar("_T")
_KINDS: dict[type, str] = {str: "a text", bool: "true or false", int: "a whole number", dict: "a table", list: "a list"}


class Fields:
    """A table of *file*, which *path* leads to."""

    def __init__(self, values: Mapping[str, object], file: str, path: str = "") -> None:
        self.values = values
        self.file = file
        self.path = path

    def check_keys(self, known: Collection[str]) -> None:
        """Refuse what is not *known*.

        Raises:
            InvalidConfigurationError: with the key that was meant, if one is near.
        """
        for key in self.values:
            if key not in known:
                near = get_close_matches(key, known, 1)
                hint = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(sorted(known))}."
                raise self.error(key, "there is no such key", hint=hint)

    def text(self, key: str) -> str | None:
        """Return a text that is not empty; None where there is none."""
        if key not in self.values:
            return None
        value = self._checked(key, self.values[key], str)
        if not value.strip():
            raise self.error(key, "it is empty")
        return value

    def flag(self, key: str) -> bool | None:
        """Return true or false; None where nothing is said."""
        return self._checked(key, self.values[key], bool) if key in self.values else None

    def texts(self, key: str, *, one: bool = False) -> tuple[str, ...]:
        """Return a list of texts, and with *one* a single text as a list of one."""
        value = self.values.get(key, [])
        if one and isinstance(value, str):
            return (value,)
        items = self._checked(key, value, list)
        return tuple(self._checked(f"{key}[{place}]", item, str) for place, item in enumerate(items))

    def numbers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        items = self._checked(key, self.values.get(key, []), list)
        return tuple(self._checked(f"{key}[{place}]", item, int) for place, item in enumerate(items))

    def table(self, key: str) -> "Fields | None":
        """Return a table; None where there is none."""
        if key not in self.values:
            return None
        return Fields(self._checked(key, self.values[key], dict), self.file, self.at(key))

    def tables(self, key: str) -> Iterator["Fields"]:
        """Return the tables of a list."""
        for place, item in enumerate(self._checked(key, self.values.get(key, []), list)):
            where = f"{key}[{place}]"
            yield Fields(self._checked(where, item, dict), self.file, self.at(where))

    def choice(self, key: str, options: Sequence[str]) -> str | None:
        """Return one of *options*; None where nothing is said."""
        value = self.text(key)
        if value is not None and value not in options:
            raise self.error(key, f"{value!r} is none of {', '.join(options)}", hint=meant(value, options))
        return value

    def at(self, key: str) -> str:
        """Return the path to *key*."""
        return f"{self.path}.{key}" if self.path else key

    def error(self, key: str, reason: str, *, hint: str | None = None) -> InvalidConfigurationError:
        """Return the error that *key* deserves."""
        return InvalidConfigurationError(self.file, self.at(key) if key else self.path, reason, hint=hint)

    def _checked(self, key: str, value: object, kind: type[_T]) -> _T:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(key, f"it must be {_KINDS[kind]}")
        return value


def meant(text: str, options: Collection[str]) -> str | None:
    """Return a hint at what *text* may have been meant to be.

    >>> meant("flexibel", ["strict", "flexible"])
    "Did you mean 'flexible'?"
    """
    near = get_close_matches(text, options, 1)
    return f"Did you mean {near[0]!r}?" if near else None
