"""``wheelbridge translate``: one JSON object per input, in order; a bad input never stops the others."""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from wheelbridge.api.mapping.maps import take_maps
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
    maps: Sequence[str] = (),
) -> int:
    """Translate *inputs*, or with *batch* every line of standard input."""
    if batch and target == "-":
        raise UsageError("--target - and --batch both want standard input", hint="Write the target into a file.")
    translator = Translator(_read_target(target) if target else detect_target(platform, facts), take_maps(maps))
    if kind not in translator.kinds:
        raise UsageError(f"{kind!r} is no kind of translation", hint=f"Choose from {', '.join(translator.kinds)}.")
    failed = False
    for value in map(_parse, _read_lines()) if batch else map(_read_argument, inputs):
        result = value.result if isinstance(value, _BadInput) else translator.translate(kind, value)
        failed |= "error" in result
        print_json(result)
    return int(failed and not batch)


@dataclass(frozen=True, slots=True)
class _BadInput:
    """A line that looks like JSON and is none."""

    text: str
    reason: str

    @property
    def result(self) -> dict[str, object]:
        """The line's place in the output."""
        return {"input": self.text, "error": InvalidInputError(f"The input is no JSON: {self.reason}").as_json()}


def _read_target(path: str) -> Target:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        return Target.from_json(json.loads(text))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidTargetError(f"The target {path!r} cannot be read: {error}") from error


def _read_lines() -> Iterator[str]:
    """Read lines as UTF-8, whatever the terminal's encoding; what is none of it is kept as it is."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return map(str.strip, sys.stdin)


def _read_argument(text: str) -> object:
    if text.endswith(".json") and (path := Path(text)).is_file():
        return _parse(path.read_text(encoding="utf-8", errors="surrogateescape").strip())
    return _parse(text) if text.startswith("{") else text


def _parse(text: str) -> object:
    """Read a JSON value; a text that does not even look like one stands for itself."""
    if not text:
        return _BadInput(text, "the line is empty")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return _BadInput(text, str(error)) if text[0] in '{["-0123456789NI' else text


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
