"""Selectors of ``environment.yml`` (CEP 24): lines and items that are for some platforms only."""

import ast
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from wheelbridge.environment.errors import InvalidEnvironmentFileError

SUBDIRS = (
    "emscripten-wasm32",
    "freebsd-64",
    "linux-32",
    "linux-64",
    "linux-aarch64",
    "linux-armv6l",
    "linux-armv7l",
    "linux-ppc64",
    "linux-ppc64le",
    "linux-riscv32",
    "linux-riscv64",
    "linux-s390x",
    "osx-64",
    "osx-arm64",
    "wasi-wasm32",
    "win-32",
    "win-64",
    "win-arm64",
    "zos-z",
)
"""The subdirs of conda's platforms; ``noarch`` is none of a machine."""
_OF_PYTHON = re.compile(r"py.*|np|build_platform").fullmatch
_SELECTOR = re.compile(r"(?<=[ \t])#[ \t]*\[([^\[\]\r\n]*)\]([^\r\n]*)")
_EXPRESSION = re.compile(r"(?:[A-Za-z_]\w*|[()]|\s)+", re.ASCII).fullmatch
_DICTIONARY = re.compile(r"sel\s*\((.*)\)").fullmatch
_OF_DICTIONARIES = ("unix", "linux", "osx", "win")


@dataclass(frozen=True, slots=True)
class SelectedText:
    """A text without the lines that are for other platforms; they are empty now, so that lines keep their numbers.

    *used* is True where there was a selector at all.
    """

    text: str
    used: bool
    notes: tuple[str, ...] = ()


class _NoSelectorError(ValueError):
    """What stands in the brackets is no expression of a selector."""


def selector_variables(subdir: str) -> dict[str, bool]:
    """Return the variables of selectors for a platform.

    CEP 24: "the OS- and architecture-specific values collected in conda-build's 25.1.x documentation, plus `osx64`
    (equivalent to `osx and x64`)".

    >>> sorted(name for name, value in selector_variables("osx-arm64").items() if value)
    ['arm64', 'osx', 'unix']
    """
    systems, machines = ({name.split("-")[part] for name in SUBDIRS} - {"32", "64"} for part in (0, 1))
    system, _, machine = subdir.partition("-")
    return {
        **{name: name == system for name in systems},
        **{name: name == machine for name in machines},
        "unix": system in {"linux", "osx", "emscripten"},
        "x86": machine in {"32", "64"},
        "x86_64": machine == "64",
        **{f"{name}{bits}": subdir == f"{name}-{bits}" for name in ("linux", "win") for bits in ("32", "64")},
        "osx64": subdir == "osx-64",
    }


def select_lines(text: str, subdir: str, file: str) -> SelectedText:
    """Take the lines out that are for other platforms.

    CEP 24: "If `true`, the expression MUST be removed and the value MUST be kept in the document. If `false`, both the
    expression and the value MUST be removed." An expression that is true stays: it is a comment.

    Raises:
        InvalidEnvironmentFileError: if a comment has the form of a selector, and is none.
    """
    variables = selector_variables(subdir)
    gone: list[tuple[int, int]] = []
    notes: list[str] = []
    used = False
    for match in _find(text):
        place = f"{file}:{text.count(chr(10), 0, match.start()) + 1}"
        try:
            holds = _evaluate(match[1], variables)
        except _NoSelectorError as error:
            if not match[2].strip():
                raise _no_selector(place, match[1], str(error)) from None
            notes.append(f"{place}: the comment '[{match[1]}]' is no selector; its line is for every platform.")
            continue
        if _SELECTOR.search(match[2]):
            raise _no_selector(place, match[1], "there is a second one behind it")
        used = True
        if not holds:
            gone.append((_line_start(text, match), match.end()))
    return SelectedText(_without(text, gone), used, tuple(notes))


def has_selector(line: str) -> bool:
    """Tell whether a line has a selector behind it, so that it is not for every platform.

    >>> has_selector("- numpy  # [win]"), has_selector("- numpy  # [see below]"), has_selector("- numpy")
    (True, False, False)
    """
    for match in _SELECTOR.finditer(line):
        with suppress(_NoSelectorError):
            _evaluate(match[1], selector_variables("linux-64"))
            return True
    return False


def is_dictionary_selector(key: str) -> bool:
    """Tell a key of the form ``sel(<expression>)``.

    >>> is_dictionary_selector("sel(win)"), is_dictionary_selector("pip")
    (True, False)
    """
    return _DICTIONARY(key.strip()) is not None


def holds_for(key: str, subdir: str, place: str) -> bool:
    """Tell whether ``sel(<expression>)`` holds for a platform.

    CEP 24: "The expression MUST only contain one of the following boolean variables: `unix` (true when the target OS is
    Linux or macOS), `linux`, `osx`, or `win`".

    >>> holds_for("sel(unix)", "osx-arm64", "environment.yml:3")
    True

    Raises:
        InvalidEnvironmentFileError: if there is another expression; *place* is where.
    """
    match = _DICTIONARY(key.strip())
    variable = match[1].strip() if match else key
    if variable not in _OF_DICTIONARIES:
        raise InvalidEnvironmentFileError(
            place,
            "dependencies",
            f"{key!r} is no selector of this form",
            hint=f"Between the parentheses stands one of {', '.join(_OF_DICTIONARIES)}.",
        )
    system = subdir.partition("-")[0]
    return system in {"linux", "osx"} if variable == "unix" else system == variable


def _evaluate(expression: str, variables: Mapping[str, bool]) -> bool:
    """Return whether *expression* holds.

    CEP 24: "composed of one or more boolean variables, and can be chained with `and` and `or` logic operators.
    Precedence can be specified with parentheses." ``not`` is of conda-build's documentation, which CEP 24 refers to.
    """
    if not _EXPRESSION(expression):
        raise _NoSelectorError("it is not made of variables, 'and', 'or', 'not' and parentheses")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _NoSelectorError("it is not made of variables, 'and', 'or', 'not' and parentheses") from None
    return _holds(tree, variables)


def _holds(node: ast.expr, variables: Mapping[str, bool]) -> bool:
    match node:
        case ast.Name(id=name) if name in variables:
            return variables[name]
        case ast.Name(id=name) if _OF_PYTHON(name):
            raise _NoSelectorError(f"CEP 24 has no variable {name!r}: 'py', 'np' and 'build_platform' are of recipes")
        case ast.Name(id=name):
            raise _NoSelectorError(f"there is no variable {name!r}")
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _holds(operand, variables)
        case ast.BoolOp(op=operator, values=values):
            parts = [_holds(value, variables) for value in values]
            return all(parts) if isinstance(operator, ast.And) else any(parts)
        case _:
            raise _NoSelectorError("it is not made of variables, 'and', 'or', 'not' and parentheses")


def _no_selector(place: str, expression: str, reason: str) -> InvalidEnvironmentFileError:
    return InvalidEnvironmentFileError(
        place,
        "",
        f"the selector '[{expression}]' cannot be read: {reason}",
        hint="Write it like '# [linux and not aarch64]'; if it is a comment only, write it without brackets.",
    )


def _find(text: str) -> list[re.Match[str]]:
    """Return the comments that have the form of a selector, behind something that they can select."""
    found = [match for match in _SELECTOR.finditer(text) if _is_behind_something(text, match)]
    scalars = _scalars(text) if found else []
    return [match for match in found if not any(start <= match.start() < end for start, end in scalars)]


def _scalars(text: str) -> list[tuple[int, int]]:
    """Return where values stand that may hold what looks like a comment: in quotes, or in a block."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - other commands must not pay for it
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - same
    from ruamel.yaml.tokens import ScalarToken  # noqa: PLC0415 - same

    try:
        tokens = list(YAML(typ="safe", pure=True).scan(text))
    except (YAMLError, ValueError):
        return []  # it is no YAML: who reads it says so
    return [(token.start_mark.index, token.end_mark.index) for token in tokens if isinstance(token, ScalarToken)]


def _is_behind_something(text: str, match: re.Match[str]) -> bool:
    before = text[_line_start(text, match) : match.start()].strip(" \t\ufeff")
    return bool(before) and not before.startswith("#")


def _line_start(text: str, match: re.Match[str]) -> int:
    return max(text.rfind("\n", 0, match.start()), text.rfind("\r", 0, match.start())) + 1


def _without(text: str, gone: list[tuple[int, int]]) -> str:
    for start, end in reversed(gone):
        text = text[:start] + text[end:]
    return text
