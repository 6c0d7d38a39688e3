"""YAML, written as rattler-lock writes it (serde_yaml), so that files that pass through both stay the same.

A writer of our own: ruamel.yaml takes seconds for what has thousands of packages, and quotes otherwise.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
_OTHER_TYPE = re.compile(
    r"~|null|Null|NULL|true|True|TRUE|false|False|FALSE"
    r"|[-+]?0[xX][0-9a-fA-F]+|[-+]?0o[0-7]+|[-+]?0b[01]+"
    r"|[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_NOT_PLAIN = re.compile(r"[#,\[\]{}&*!|>'\"%@`]|[-?:](?:\s|$)|---|\.\.\.|\s|.*(?::(?:\s|$)|\s#|\s$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Inline:
    """A value to be written on one line, as JSON: YAML reads that, too."""

    value: object


def render_yaml(value: Mapping[str, object]) -> str:
    """Return a document.

    >>> print(render_yaml({"name": "a", "version": "1.0", "depends": ["b >=1"], "more": Inline({"x": None})}), end="")
    name: a
    version: '1.0'
    depends:
    - b >=1
    more: {"x": null}
    """
    return "".join(f"{line}\n" for line in _lines(value))


def render_scalar(value: object) -> str:
    """Return a text, a number, a boolean or None.

    >>> [render_scalar(value) for value in ("yes", "1.0", "a: b", "", 3, True, None)]
    ['yes', "'1.0'", "'a: b'", "''", '3', 'true', 'null']
    """
    if not isinstance(value, str):
        return json.dumps(value)
    if "\n" in value or "\t" in value or _UNPRINTABLE.search(value):
        return _quoted(value)
    if not value or _OTHER_TYPE.fullmatch(value) or _NOT_PLAIN.match(value):
        return "'" + value.replace("'", "''") + "'"
    return value


def _lines(value: object) -> Iterator[str]:
    items = value.items() if isinstance(value, Mapping) else ()
    for key, item in items:
        name = render_scalar(key)
        if (short := _short(item)) is not None:
            yield f"{name}: {short}"
        else:
            yield f"{name}:"
            yield from _lines(item) if isinstance(item, list) else (f"  {line}" for line in _lines(item))
    for item in value if isinstance(value, list) else ():
        if (short := _short(item)) is not None:
            yield f"- {short}"
        else:
            inner = _lines(item)
            yield f"- {next(inner)}"
            yield from (f"  {line}" for line in inner)


def _short(value: object) -> str | None:
    """Return what stands on one line; None for what takes several."""
    match value:
        case Inline():
            return _escape(json.dumps(value.value, ensure_ascii=False, sort_keys=True))
        case Mapping() | list():
            return None if value else ("[]" if isinstance(value, list) else "{}")
        case _:
            return render_scalar(value)


def _quoted(text: str) -> str:
    return _escape(json.dumps(text, ensure_ascii=False))


def _escape(text: str) -> str:
    """Write what YAML must not hold as it is; what JSON itself escapes is escaped already."""
    return _UNPRINTABLE.sub(lambda found: _code(ord(found[0])), text)


def _code(point: int) -> str:
    return f"\\x{point:02X}" if point < 1 << 8 else f"\\u{point:04X}" if point < 1 << 16 else f"\\U{point:08X}"
