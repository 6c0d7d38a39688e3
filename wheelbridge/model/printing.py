"""Texts of others on a line of ours: nothing that a file or a server says acts on the terminal, or begins a line."""

import re

_OTHER_SPACE = re.compile(r"[^\S ]+")


def printable(text: str) -> str:
    r"""Return *text* as it may stand in a line: blanks stay, other white space is one blank, what is not printable `?`.

    Escapes of terminals, and signs that turn the direction of the text, are not printable.

    >>> printable("a\n\tb  \x1b[31mred\u202e")
    'a b  ?[31mred?'
    """
    return "".join(char if char.isprintable() else "?" for char in _OTHER_SPACE.sub(" ", text))
