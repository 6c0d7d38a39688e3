"""Environment variables in files: replaced by their values, which no message shows and no shared file holds."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?P<authority>[^\s/?#]*)(?P<rest>[^\s#]*)")
_SHORTEST = 4
"""Characters of a value that is hidden; a shorter one is no secret, and stands in many words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """A text with the values of variables.

    Attributes:
        hidden: value -> how it was written.
        in_path: variables that stand in the path or the query of a URL; a login, a host, a token of conda's behind
            ``/t/`` and a revision behind ``@`` are none of it.
    """

    text: str = field(repr=False)
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)
    in_path: tuple[str, ...] = ()


def expand(text: str, pattern: re.Pattern[str], value_of: Callable[[str], str]) -> Expanded:
    r"""Return *text* with what *value_of* says in the place of each variable that *pattern* finds.

    >>> find = re.compile(r"\$\{(\w+)\}")
    >>> expand("https://${U}@host.example/t/${T}/${P}/x", find, {"U": "me", "T": "tt", "P": "pp"}.__getitem__).in_path
    ('P',)
    """
    names = {match[0]: next(filter(None, match.groups())) for match in pattern.finditer(text)}
    values = {written: value_of(name) for written, name in names.items()}
    found = [
        names[match[0]]
        for url in _URL.finditer(text)
        for match in pattern.finditer(text, url.start("rest"), url.end("rest"))
        if not text[: match.start()].endswith(("/t/", "@"))
    ]
    return Expanded(
        text=pattern.sub(lambda match: values[match[0]], text),
        hidden={value: written for written, value in values.items() if len(value) >= _SHORTEST},
        in_path=tuple(dict.fromkeys(found)),
    )
