"""``wheelbridge translate``: one JSON object per input, in order; a bad input never stops the others."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from wheelbridge.api.translating import InvalidInputError, Translator
from wheelbridge.cli.output import print_json
from wheelbridge.errors import UsageError
from wheelbridge.model.target import InvalidTargetError, Target
from wheelbridge.target.detect import detect_target


def run(
    kind: str,
    inputs: Sequence[str],
    *,
    batch: bool,
    target: str | None,
    platform: str | None,
    facts: Sequence[str],
) -> int:
    """Translate *inputs*, or with *batch* every line of standard input."""
    if batch and target == "-":
        raise UsageError("--target - and --batch both want standard input", hint="Write the target into a file.")
    translator = Translator(_read_target(target) if target else detect_target(platform, facts))
    if kind not in translator.kinds:
        raise UsageError(f"{kind!r} is no kind of translation", hint=f"Choose from {', '.join(translator.kinds)}.")
    failed = False
    for value in _read_lines() if batch else map(_read_argument, inputs):
        if isinstance(value, InvalidInputError):
            result: dict[str, object] = {"input": value.hint, "error": {**value.as_json(), "hint": None}}
        else:
            result = translator.translate(kind, value)
        failed |= "error" in result
        print_json(result)
    return int(failed and not batch)


def _read_target(path: str) -> Target:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        return Target.from_json(json.loads(text))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InvalidTargetError(f"The target {path!r} cannot be read: {error}") from error


def _read_lines() -> Iterator[object]:
    """Read JSON values, one per line; a line that is none is taken as a text."""
    for line in sys.stdin:
        if text := line.strip():
            yield _parse(text)


def _read_argument(text: str) -> object:
    if text.endswith(".json") and Path(text).is_file():
        return _parse(Path(text).read_text(encoding="utf-8"))
    return _parse(text) if text.startswith("{") else text


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if text[0] in '{["':
            return InvalidInputError(f"The line is no JSON: {error}", hint=text)
        return text
