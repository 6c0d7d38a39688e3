"""The errors of wheelbridge: one root, a stable code each, a hint where one helps."""

import shlex
import sys
from typing import ClassVar


def shell_command(*words: object) -> str:
    """Return a command as one can type it: what a hint says must work for a path with a space too.

    >>> shell_command("wheelbridge", "list", "-p", "/my envs/a")
    "wheelbridge list -p '/my envs/a'"
    """
    texts = [str(word) for word in words]
    if sys.platform == "win32":  # neither of its shells takes what POSIX does
        return " ".join(f'"{text}"' if " " in text else text for text in texts)
    return shlex.join(texts)


class WheelbridgeError(Exception):
    """The root of every error that wheelbridge raises on purpose.

    The message is one sentence with the offending value; *hint* says what to do about it. Attributes set by
    subclasses are typed fields of the error and appear in its JSON form.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_json(self) -> dict[str, object]:
        """Return ``code``, ``message``, ``hint`` and the typed fields, ready for ``json.dumps``.

        >>> WheelbridgeError("No such thing 'x'", hint="Try 'y'.").as_json()
        {'code': 'error', 'message': "No such thing 'x'", 'hint': "Try 'y'."}
        """
        fields = {key: value for key, value in vars(self).items() if not key.startswith("_")}
        return {"code": self.code, **fields}


class UsageError(WheelbridgeError):
    """The command was called in a way that has no meaning."""

    code = "usage"
    exit_code = 2


class TranslationError(WheelbridgeError):
    """A PyPA value has no exact conda counterpart on the target.

    Leaf translators raise it; ``translate.wheel`` turns it into a ``Refusal``.
    """

    code = "not-expressible"


class InvalidSpecifierError(TranslationError):
    """A version specifier does not follow PEP 440."""

    code = "invalid-specifier"

    def __init__(self, specifier: str) -> None:
        super().__init__(f"{specifier!r} is not a PEP 440 version specifier", hint="Write it like '>=1.0,<2'.")
        self.specifier = specifier


class InvalidVersionError(TranslationError):
    """A version does not follow PEP 440."""

    code = "invalid-version"

    def __init__(self, version: str) -> None:
        super().__init__(f"{version!r} is not a PEP 440 version")
        self.version = version


class InvalidRequirementError(TranslationError):
    """A requirement does not follow PEP 508."""

    code = "invalid-requirement"

    def __init__(self, requirement: str, reason: str) -> None:
        super().__init__(
            f"{requirement!r} is not a PEP 508 requirement: {reason}",
            hint="Write it like 'name[extra]>=1.0; python_version < \"3.12\"'.",
        )
        self.requirement = requirement
