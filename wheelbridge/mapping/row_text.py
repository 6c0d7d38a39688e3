"""A curated row as the text that stands in ``names/overrides.yaml``: plain where YAML reads it as written."""

import json
import re
from collections.abc import Iterable, Iterator

from wheelbridge.mapping.overrides import Override

_PLAIN = re.compile(r"[A-Za-z][\w ./@+,'()<>=*;-]*", re.ASCII)
_PLAIN_ITEM = re.compile(r"[A-Za-z][\w./@+-]*", re.ASCII)
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
"""What YAML, of one age or another, reads as something else."""


def render_row(row: Override) -> str:
    r"""Write a row, its lines ended, as the file has them.

    >>> from wheelbridge.mapping.rows import Relation
    >>> text = render_row(Override(pypi="torch", conda="pytorch", relation=Relation.DIST, reason="it: is",
    ...                            evidence=("a recipe",), rejected=("torch",), reviewed="2026-11-21"))
    >>> print(text, end="")
    - pypi: torch
      conda: pytorch
      relation: dist
      not: [torch]
      reason: "it: is"
      evidence:
        - a recipe
      reviewed: 2026-11-21
    """
    return "".join(f"{'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(_lines(row)))


def render_entry(row: Override) -> str:
    r"""Write a row that only says which package a project is, or that there is none, as short maps have it.

    >>> from wheelbridge.mapping.rows import Relation
    >>> render_entry(Override(pypi="my-tool", conda="my_tool", relation=Relation.DIST))
    'my-tool: my_tool\n'
    """
    return f"{_scalar(row.pypi)}: {_scalar(row.conda) if row.conda else 'null'}\n"


def _lines(row: Override) -> Iterator[str]:
    yield f"pypi: {_scalar(row.pypi)}"
    yield f"conda: {_scalar(row.conda) if row.conda else 'null'}"
    yield f"relation: {_scalar(row.relation.value)}"
    yield from _flow("specs", row.specs)
    if row.pypi_range:
        yield f"pypi_range: {_scalar(row.pypi_range)}"
    yield from _flow("not", row.rejected)
    if row.channels != ("conda-forge",):
        yield from _flow("channels", row.channels)
    if row.reason:
        yield f"reason: {_scalar(row.reason)}"
    if row.evidence:
        yield "evidence:"
        yield from (f"  - {_scalar(item)}" for item in row.evidence)
    if row.reviewed:
        yield f"reviewed: {row.reviewed}"


def _flow(field: str, items: Iterable[str]) -> Iterator[str]:
    texts = [
        item if _PLAIN_ITEM.fullmatch(item) and item.lower() not in _WORDS else json.dumps(item, ensure_ascii=False)
        for item in items
    ]
    if texts:
        yield f"{field}: [{', '.join(texts)}]"


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and not text.endswith(" ") and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)
