"""MatchSpecs of rows, taken apart so that a bound or a condition can be put on them: values, never texts appended."""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from wheelbridge.translate.requirement import render_match_spec

_SPEC = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)\s*(?P<rest>.*)", re.DOTALL)
_BRACKETS = re.compile(r"\[(?P<fields>[^\[\]]*)\]")
_FIELD = re.compile(
    r"""\s*(?P<key>[a-z_]+)\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s,"']+))\s*(?:,|$)"""
)
_CLAUSE = r"\(*(?:[<>=!~]=?=?)?[A-Za-z0-9_.!+*-]+\)*"
_POSITIONAL = re.compile(rf"(?P<version>{_CLAUSE}(?:[,|]{_CLAUSE})*)(?:\s+(?P<build>[^\s\[\]=<>!~,|]+))?")
_AROUND_SIGNS = re.compile(r"\s*([,|])\s*|(?<=[<>=!~])\s+")
_KEYS = {"version", "build"}
_TOKEN = re.compile(r"[(),|]|[^(),|]+")
_SIGNS = ("", ")", ",", "|")
_Clauses = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSpec:
    """A MatchSpec: a package, and perhaps its versions, its builds and a condition on python."""

    name: str
    version: str | None = None
    build: str | None = None
    when: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a MatchSpec in one of the forms that rows have.

        >>> RowSpec.parse("libblas * *_netlib")
        RowSpec(name='libblas', version=None, build='*_netlib', when=None)
        >>> RowSpec.parse('libblas[version=">=3.9"]').version
        '>=3.9'

        Raises:
            ValueError: if *text* has another form, or says more, such as a channel.
        """
        match = _SPEC.fullmatch(text.strip())
        if match is None:
            raise ValueError(text)
        name, rest = match["name"], match["rest"]
        if rest.startswith("["):
            return cls(name=name, **_read_brackets(rest))
        if not rest:
            return cls(name=name)
        found = _POSITIONAL.fullmatch(_AROUND_SIGNS.sub(r"\1", rest))
        if found is None:
            raise ValueError(text)
        return cls(name=name, **_read_fields(found.groupdict()))

    def limited(self, version: str | None) -> Self:
        """Return it with *version*, a conda version spec, to be met as well."""
        return replace(self, version=intersect_versions(self.version, version))

    def under(self, when: str | None) -> Self:
        """Return it under a condition."""
        return replace(self, when=when)

    def merged(self, other: Self) -> Self | None:
        """Return what asks for both; None where no one MatchSpec says it.

        >>> str(RowSpec.parse("libblas >=3.9").merged(RowSpec.parse("libblas * *_netlib")))
        'libblas >=3.9 *_netlib'
        """
        same = self.name == other.name and self.when == other.when
        if not same or (self.build and other.build and self.build != other.build):
            return None
        return replace(self.limited(other.version), build=self.build or other.build)

    @property
    def record_text(self) -> str:
        """As records have it (CEP 48)."""
        return render_match_spec(self.name, version=self.version, build=self.build, when=self.when)

    def __str__(self) -> str:
        """Write it as people do; with a condition, only brackets will do."""
        if self.when:
            return self.record_text
        version = self.version or ("*" if self.build else None)
        return " ".join(filter(None, (self.name, version, self.build)))


def intersect_versions(one: str | None, other: str | None) -> str | None:
    """Return the conda version spec of what is in both; None: all versions.

    >>> intersect_versions("(>=1|<0.5),!=2", "<3")
    '>=1,!=2,<3|<0.5,!=2,<3'

    ``|`` is weaker than ``,``. What two bounds are together has no parentheses: not every reader of records knows them.

    Raises:
        ValueError: if one is no version spec.
    """
    one, other = _meaning(one), _meaning(other)
    if one is None or other is None or one == other:
        return other if one is None else one
    both = [(*left, *right) for left in _alternatives(one) for right in _alternatives(other)]
    return None if () in both else "|".join(dict.fromkeys(",".join(dict.fromkeys(clauses)) for clauses in both))


def _read_brackets(text: str) -> dict[str, str | None]:
    match = _BRACKETS.fullmatch(text)
    if match is None:
        raise ValueError(text)
    fields: dict[str, str | None] = {}
    place, content = 0, match["fields"].strip().removesuffix(",")
    while place < len(content):
        found = _FIELD.match(content, place)
        if found is None or found["key"] not in _KEYS or found["key"] in fields:
            raise ValueError(text)
        value = next(text for text in (found["double"], found["single"], found["bare"]) if text is not None)
        fields[found["key"]] = value
        place = found.end()
    return _read_fields(fields)


def _read_fields(fields: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return what fields mean; the parentheses of a version must be sound."""
    found = {key: _meaning(value) for key, value in fields.items()}
    if version := found.get("version"):
        _alternatives(version)
    return found


def _meaning(text: str | None) -> str | None:
    return None if text in {None, "", "*"} else text


def _alternatives(version: str) -> list[_Clauses]:
    """Return the alternatives of a version spec, each the clauses that all have to be met; ``*`` is none."""
    tokens = deque(_TOKEN.findall(version))
    found = _read_alternatives(tokens)
    if tokens:
        raise ValueError(version)
    return found


def _read_alternatives(tokens: deque[str]) -> list[_Clauses]:
    found = _read_clauses(tokens)
    while tokens and tokens[0] == "|":
        tokens.popleft()
        found += _read_clauses(tokens)
    return found


def _read_clauses(tokens: deque[str]) -> list[_Clauses]:
    found = _read_clause(tokens)
    while tokens and tokens[0] == ",":
        tokens.popleft()
        more = _read_clause(tokens)
        found = [(*left, *right) for left in found for right in more]
    return found


def _read_clause(tokens: deque[str]) -> list[_Clauses]:
    word = tokens.popleft() if tokens else ""
    if word == "(":
        found = _read_alternatives(tokens)
        if not tokens or tokens.popleft() != ")":
            raise ValueError(word)
        return found
    if word in _SIGNS:
        raise ValueError(word)
    return [()] if word.strip() == "*" else [(word.strip(),)]
