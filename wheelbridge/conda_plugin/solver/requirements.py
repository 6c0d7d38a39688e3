"""A spec of conda's that names an index, as the requirement that it is; nothing here needs a conda."""

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from wheelbridge.errors import WheelbridgeError

_OPERATOR = re.compile(r"[<>=!~]=?")


class NotARequirementError(WheelbridgeError):
    """A spec names an index, and asks for something that a requirement cannot say."""

    code = "not-a-requirement"
    exit_code = 2

    def __init__(self, spec: str, reason: str) -> None:
        super().__init__(
            f"{spec!r} asks an index, and is no requirement of one: {reason}",
            hint="Write what PEP 508 knows, such as 'pypi::foo>=1,<2'; for extras and markers: "
            "conda wheelbridge install 'pypi:foo[extra]'.",
        )
        self.spec = spec
        self.reason = reason


def read_requirement(spec: str, name: str, version: str) -> str:
    """Return the requirement of the project *name* in conda's *version*; *spec* is the whole, for messages.

    A bare version is that version, and one that ends in a star is what begins with it.

    >>> read_requirement("pypi::foo=1.2", "foo", "1.2.*"), read_requirement("pypi::foo>=1,<2", "foo", ">=1,<2")
    ('foo==1.2.*', 'foo<2,>=1')

    Raises:
        NotARequirementError: if the version is none that PEP 440 has.
    """
    parts = [part.strip() for part in version.split(",") if part.strip() not in {"", "*"}]
    text = ",".join(part if _OPERATOR.match(part) else f"=={part}" for part in parts)
    try:
        return f"{name}{SpecifierSet(text)}"
    except InvalidSpecifier as error:
        raise NotARequirementError(spec, f"{version!r} is no version specifier (PEP 440)") from error
