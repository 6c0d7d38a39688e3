"""The order of sources on a command line, with the command line's own parser as the oracle of what is a source."""

from collections.abc import Sequence

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from typer.core import TyperGroup
from typer.main import get_command

from wheelbridge.cli.app import app
from wheelbridge.cli.order import order_sources
from wheelbridge.model.source import SourceKind

_PLAIN = st.sampled_from(
    ["conda-forge", "pypi", "x", "c", "i", "https://h.example/a,b", "n=https://h.example/s", "a b"]
)
_ATTACHED = st.one_of(_PLAIN, st.sampled_from(["-c", "-i", "--channel", "--index=x", "--", "-ci", "=", "i\nc"]))
"""What is written in one word with its option may look like anything."""


def _spell(kind: SourceKind) -> st.SearchStrategy[tuple[list[str], SourceKind, str]]:
    long, short = f"--{kind}", f"-{kind[0]}"
    flags = st.text("qv", max_size=3)
    return st.one_of(
        _PLAIN.map(lambda value: ([long, value], kind, value)),
        _ATTACHED.map(lambda value: ([f"{long}={value}"], kind, value)),
        st.builds(lambda more, value: ([f"-{more}{short[1]}", value], kind, value), flags, _PLAIN),
        st.builds(lambda more, value: ([f"-{more}{short[1]}{value}"], kind, value), flags, _ATTACHED),
    )


_SOURCES = st.one_of(_spell("channel"), _spell("index"))
_OTHERS = st.sampled_from(
    [
        ["python"],
        ["pypi:rich"],
        ["--json"],
        ["-q"],
        ["-vv"],
        ["-O"],
        ["--offline"],
        ["--pypi", "click"],
        ["--pypi=-c"],
        ["--platform", "linux-64"],
        ["--virtual-package=__cuda=12"],
        ["--exclude-newer=--index"],
        ["-"],
    ]
)
_AFTER = st.lists(st.sampled_from(["-c", "-ix", "--channel=y", "--", "python"]), max_size=3).map(lambda x: ["--", *x])


def _parse(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return channels and indexes, as the command gets them."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    command = group.commands["solve"]
    given = command.make_context("solve", [*arguments]).params
    return list(given["channel"] or ()), list(given["index"] or ())


@settings(max_examples=120, deadline=None)
@given(
    parts=st.lists(st.one_of(_SOURCES, _OTHERS.map(lambda words: (words, None, ""))), max_size=8),
    after=st.one_of(st.just([]), _AFTER),
)
def test_sources_keep_their_order(parts: list[tuple[list[str], SourceKind | None, str]], after: list[str]) -> None:
    """However they are spelled, whatever stands between them; what follows ``--`` is no option."""
    arguments = [word for words, _, _ in parts for word in words] + after
    expected = [(kind, value) for _, kind, value in parts if kind]
    channels, indexes = _parse(arguments)

    assert channels == [value for kind, value in expected if kind == "channel"]
    assert indexes == [value for kind, value in expected if kind == "index"]
    assert order_sources(["solve", *arguments], channels, indexes) == expected


@pytest.mark.parametrize("command", ["create", "install"])
@pytest.mark.parametrize("before", ["-dyqv", "-Oy", "-p"])
def test_flags_before_a_source_in_one_word(command: str, before: str) -> None:
    """``-yc x`` is ``-y -c x``; in ``-pc`` the ``c`` is a path."""
    channels = [] if before == "-p" else ["x"]
    argv = [command, f"{before}c", *channels, "-i", "y", "-c", "z"]

    found = order_sources(argv, [*channels, "z"], ["y"])

    assert found == [*(("channel", text) for text in channels), ("index", "y"), ("channel", "z")]
