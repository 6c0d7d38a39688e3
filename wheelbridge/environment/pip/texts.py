"""The text of requirements files, as pip reads it: its encoding, continued lines, comments, variables.

pip-requirements-parser holds pip's parser of 2022, which lacks options that pip has today; so the little that a line
needs is here and held to the pip of today by the tests.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Stated
from wheelbridge.environment.variables import Expanded, expand
from wheelbridge.model.redaction import redact_argument, redact_text

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of UTF-16: before it
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
_COMMENT = re.compile(r"(^|\s+)#.*$")
_ODD_LOGIN = re.compile(r"""://[^/?#@\s]*:[^@]*["'`<>\s][^@]*@""")
"""A login that should have been encoded, of which the end cannot be told."""
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """A line without comments, its continuations joined, its variables replaced.

    Attributes:
        text: what is meant.
        shown: what was written, without what may be secret, for messages.
        place: where its first line stands.
        hidden: value of a variable in it -> how that is written.
        in_path: variables in the path or the query of a URL.
    """

    text: str
    shown: str
    place: str
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)
    in_path: tuple[str, ...] = ()


def read_stated(path: Path, shown: str) -> tuple[Stated, ...]:
    """Read the lines of the file at *path*, which messages name *shown*.

    pip's documentation: "Requirements files are utf-8 encoding by default and also support PEP 263 style comments to
    change the encoding". Where it is neither, pip takes the encoding of the locale; what then depends on the machine
    is refused.

    Raises:
        InvalidEnvironmentFileError: if the file cannot be read.
    """
    try:
        text = decode(path.read_bytes())
    except OSError as error:
        raise InvalidEnvironmentFileError(shown, "", f"it cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, LookupError) as error:
        reason = f"its text cannot be decoded: {error}" if isinstance(error, LookupError) else "it is not UTF-8"
        hint = "Save it as UTF-8, or name its encoding in the first line, as in '# -*- coding: latin-1 -*-'."
        raise InvalidEnvironmentFileError(shown, "", reason, hint=hint) from None
    return tuple(Stated(line, f"{shown}:{number}") for number, line in enumerate(text.splitlines(), start=1))


def decode(data: bytes) -> str:
    r"""Return the text of a requirements file.

    >>> decode(b"# -*- coding: latin-1 -*-\n./caf\xe9")
    '# -*- coding: latin-1 -*-\n./café'

    Raises:
        UnicodeDecodeError: if the text is not in its encoding.
        LookupError: if the encoding is not known.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.removeprefix(mark).decode(encoding)
    for line in data.split(b"\n")[:2]:
        if line.startswith(b"#") and (match := _CODING.search(line)):
            return data.decode(match[1].decode("ascii"))
    return data.decode("utf-8")


def logical_lines(lines: Iterable[Stated], environ: Mapping[str, str]) -> Iterator[LogicalLine]:
    r"""Yield what the lines mean.

    pip's documentation: "A line ending in an unescaped ``\`` is treated as a line continuation"; "a line that begins
    with # is treated as a comment"; "pip supports the use of environment variables inside the requirements file",
    written ``${MY_VARIABLE}``. pip keeps what is not set as it stands; here it is refused.

    >>> lines = [Stated("numpy \\", "a:1"), Stated("  >=2 # or later", "a:2"), Stated("# no more", "a:3")]
    >>> [(line.text, line.place) for line in logical_lines(lines, {})]
    [('numpy   >=2', 'a:1')]

    Raises:
        InvalidEnvironmentFileError: if a variable is not set.
    """
    for line in join_lines(lines):
        text = _COMMENT.sub("", line.text).strip()
        if text:
            found = _expand(text, environ, line.place)
            yield LogicalLine(found.text, show_text(text), line.place, found.hidden, found.in_path)


def show_text(text: str) -> str:
    """Return *text* as messages may show it.

    >>> show_text("name @ git+https://me:secret@host.example/x@main")
    'name @ git+https://host.example/x@main'
    >>> show_text("-i 'https://me:its a secret@host.example'")
    "-i 'https://host.example'"
    """
    return redact_argument(text) if _ODD_LOGIN.search(text) else redact_text(text)


def join_lines(lines: Iterable[Stated]) -> Iterator[Stated]:
    """Yield the lines with those joined that a backslash continues; comments stay in them."""
    begun: Stated | None = None
    for stated in lines:
        is_comment = _COMMENT.match(stated.text) is not None
        # with a blank in front, a comment behind a continued line stays one
        text = f" {stated.text}" if is_comment else stated.text
        line = Stated(begun.text + text, begun.place) if begun else Stated(text, stated.place)
        if text.endswith("\\") and not is_comment:
            begun = Stated((begun.text if begun else "") + text.strip("\\"), line.place)
        else:
            begun = None
            yield line
    if begun:
        yield begun


def _expand(text: str, environ: Mapping[str, str], place: str) -> Expanded:
    def value(name: str) -> str:
        if not (found := environ.get(name)):
            hint = f"Set {name}, or write its value."
            raise InvalidEnvironmentFileError(place, "", f"the environment variable {name} is not set", hint=hint)
        return found

    return expand(text, _VARIABLE, value)
