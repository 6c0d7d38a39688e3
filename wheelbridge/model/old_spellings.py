"""Spellings of earlier drafts of PEP 725, and what they are written like since: on texts, without judging the rest."""

import re

_SCHEME = re.compile(r"(?P<scheme>pkg|virtual|dep):(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_SCHEMES = {"pkg": "dep:", "virtual": "dep:virtual/", "dep": "dep:"}
_IN_PARENTHESES = re.compile(r"(?P<id>[^\s@()?#]+)\s*\((?P<versions>[^()]+)\)")
_BEHIND = re.compile(r"(?P<id>(?:[^\s@()?#<>=!~]|~(?!=))+)\s*(?P<versions>(?:[<>=!]|~=).*)")
_CXX = re.compile(r"dep:virtual/compiler/(?:cpp|c\+\+)(?=@|$)", re.IGNORECASE)
_VERS = re.compile(r"[?&]vers=", re.IGNORECASE)


def respell(text: str) -> str | None:
    """Return *text*, an external dependency specifier, as it is written today; None where nothing of it is old.

    >>> respell("pkg:generic/zlib (>=1.2); os_name == 'nt'")
    "dep:generic/zlib@>=1.2; os_name == 'nt'"
    >>> respell("virtual:compiler/cpp"), respell("dep:generic/zlib")
    ('dep:virtual/compiler/cxx', None)

    What comes out may still be invalid for other reasons. A ``vers`` range, which those drafts allowed as a qualifier,
    is not rewritten: it follows other rules than PEP 440.
    """
    url, mark, marker = text.partition(";")
    match = _SCHEME.fullmatch(url.strip())
    if match is None or _VERS.search(url):
        return None
    current = _SCHEMES[match["scheme"].lower()] + match["rest"]
    if found := _IN_PARENTHESES.fullmatch(current) or _BEHIND.fullmatch(current):
        current = f"{found['id']}@{found['versions'].strip()}"
    current = _CXX.sub("dep:virtual/compiler/cxx", current)
    if current.lower() == url.strip().lower():
        return None
    return f"{current}{url[len(url.rstrip()) :]}{mark}{marker}" if mark else current
