# ruff: noqa: INP001 - read by MkDocs, in no package
"""A griffe extension: doctests stand as code on the site, wherever in a docstring they are."""

import re
from typing import Any

from griffe import Extension, Object

_DOCTEST = re.compile(r"^>>> .*\n(?:.+\n?)*", re.MULTILINE)


class Doctests(Extension):
    """Puts every doctest of a docstring into a fence, which Markdown does not touch."""

    def on_object(self, *, obj: Object, **_kwargs: Any) -> None:  # noqa: ANN401 - griffe's signature
        """Rewrite the docstring of *obj*."""
        if obj.docstring is not None:
            obj.docstring.value = _DOCTEST.sub(_fence, obj.docstring.value)


def _fence(match: re.Match[str]) -> str:
    return f"```pycon\n{match[0].rstrip()}\n```\n"
