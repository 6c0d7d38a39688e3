"""conda's own prompt before ``conda wheelbridge`` changes something: every answer, and none."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conda_plugin.conftest import Stage
from tests.realconda import Conda

pytestmark = pytest.mark.conda


def test_no(stage: Stage) -> None:
    """Nothing is changed, and it is no failure."""
    said = stage.conda("wheelbridge", "remove", "-n", "demo", "app", answer="n\n")

    assert "app" in said.out
    assert "app" in stage.conda.packages(stage.prefix)


@pytest.mark.parametrize("answer", ["", "what\n"], ids=["nothing", "no-answer"])
def test_nobody_answers(stage: Stage, answer: str) -> None:
    """That is wrong usage, as with `wheelbridge`: conda would go ahead."""
    said = stage.conda("wheelbridge", "remove", "-n", "demo", "app", answer=answer, code=2)

    assert "There is nobody to ask" in said.err
    assert "app" in stage.conda.packages(stage.prefix)


@pytest.mark.skipif(sys.platform == "win32", reason="it takes a POSIX shell to start a process without input")
def test_input_is_closed(stage: Stage) -> None:
    """There is nobody, either, and no bug report."""
    closed = replace(stage.conda, command=["sh", "-c", 'exec "$@" <&-', "sh", *stage.conda.command])

    said = closed("wheelbridge", "remove", "-n", "demo", "app", code=2)

    assert "There is nobody to ask" in said.err


def test_yes(stage: Stage, tmp_path: Path) -> None:
    """As with -y."""
    prefix = tmp_path / "env"
    stage.conda("wheelbridge", "create", "-p", prefix, "python", answer="y\n")

    assert set(stage.conda.packages(prefix)) == {"python"}


def test_always_yes(stage: Stage, tmp_path: Path) -> None:
    """Conda's setting holds here."""
    conda = Conda(stage.conda.home, {**stage.conda.settings, "always_yes": True})
    conda("wheelbridge", "create", "-p", tmp_path / "env", "python")

    assert set(conda.packages(tmp_path / "env")) == {"python"}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals to press Ctrl-C in")
@pytest.mark.parametrize(
    ("press", "code"),
    [
        pytest.param("\x03", 130, id="ctrl-c"),
        pytest.param("\x04", 130, id="ctrl-d"),
        pytest.param("n\n", 0, id="no"),
    ],
)
def test_interrupted(stage: Stage, press: str, code: int) -> None:
    """Ctrl-C and Ctrl-D at the prompt change nothing, as no does, and show no traceback."""
    command = ("wheelbridge", "remove", "-n", "demo", "app")
    said = stage.conda.in_terminal(*command, wait_for="Proceed ([y]/n)?", press=press, code=code)

    assert "Traceback" not in said
    assert "app" in stage.conda.packages(stage.prefix)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals to press Enter in")
def test_enter(stage: Stage, tmp_path: Path) -> None:
    """On a terminal, it is yes, as everywhere in conda."""
    prefix = tmp_path / "env"
    command = ("wheelbridge", "create", "-p", prefix, "python")
    stage.conda.in_terminal(*command, wait_for="Proceed", press="\n", code=0)

    assert set(stage.conda.packages(prefix)) == {"python"}
