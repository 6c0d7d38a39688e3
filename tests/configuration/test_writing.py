"""What is imported goes into a file that people wrote."""

import tomllib
from pathlib import Path

import pytest

from wheelbridge.configuration.documents import read_document
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.values import Configuration, RouteChoice, RouteEntry, SourceEntry
from wheelbridge.configuration.writing import add_to_file, render_document
from wheelbridge.errors import UsageError

NEW = Configuration(
    origin="a test",
    sources=(
        SourceEntry(
            kind="index",
            text="https://corp.example/simple",
            name="corp",
            claim="strict",
            explicit=True,
            trusted_hosts=("http://corp.example",),
            missing_codes=frozenset({403}),
        ),
        SourceEntry(kind="index", text="pypi", name="pypi"),
    ),
    routes=(
        RouteEntry(pattern="corp-*", choices=(RouteChoice("corp"),)),
        RouteEntry(pattern="pypi:torch", choices=(RouteChoice("corp", "sys_platform == 'linux'"), RouteChoice("pypi"))),
    ),
)
THERE = """\
# ours
priority = "flexible"  # because

[[sources]]
name = "old"  # the old one
index = "https://old.example/simple"

[routes]  # careful
"old-*" = "old"
"""


def settings(configuration: Configuration) -> object:
    """Return what counts of a configuration: where it came from does not."""
    sources = [
        (s.kind, s.text, s.name, s.claim, s.explicit, s.trusted_hosts, s.missing_codes) for s in configuration.sources
    ]
    return sources, [(route.pattern, route.choices) for route in configuration.routes]


def test_what_is_written_can_be_read() -> None:
    """The text says what the configuration says."""
    text = render_document(NEW)

    assert settings(read_document(tomllib.loads(text), "", Path())) == settings(NEW)


@pytest.mark.parametrize("there", [None, "", THERE, '[[sources]]\nindex = "pypi"'], ids=["no", "empty", "full", "end"])
def test_it_is_added(tmp_path: Path, there: str | None) -> None:
    """What was there keeps its place and its comments."""
    path = tmp_path / "wheelbridge.toml"
    if there is not None:
        path.write_text(there)
    before = read_document(tomllib.loads(there or ""), "", tmp_path)
    add_to_file(path, NEW)
    after = read_document(tomllib.loads(path.read_text()), "", tmp_path)

    assert after.sources[: len(before.sources)] == before.sources
    assert settings(after) == settings(
        Configuration(origin="", sources=before.sources + NEW.sources, routes=before.routes + NEW.routes)
    )
    comments = [line for line in (there or "").splitlines() if "#" in line]
    assert [line for line in path.read_text().splitlines() if "#" in line] == comments


@pytest.mark.parametrize(
    ("there", "message"),
    [
        pytest.param('[[sources]]\nname = "corp"\nindex = "pypi"', "has a source 'corp' already", id="source"),
        pytest.param('[[sources]]\nname = "mine"\nindex = "pypi"', "has the index pypi already", id="another name"),
        pytest.param('[[sources]]\nindex = "pypi"\nclaim = "strict"', "or other settings", id="other settings"),
        pytest.param('[routes]\n"corp-*" = "corp"', r"has a route 'corp-\*' already", id="route"),
    ],
)
def test_nothing_is_overwritten(tmp_path: Path, there: str, message: str) -> None:
    """A name that is taken is an error, and the file stays as it is."""
    path = tmp_path / "wheelbridge.toml"
    path.write_text(there)

    with pytest.raises(UsageError, match=message):
        add_to_file(path, NEW)
    assert path.read_text() == there


def test_files_that_are_not_written_to(tmp_path: Path) -> None:
    """One that cannot be read, and one that is other tools' too."""
    (tmp_path / "wheelbridge.toml").write_text("a = [")

    with pytest.raises(InvalidConfigurationError, match="no TOML"):
        add_to_file(tmp_path / "wheelbridge.toml", NEW)
    with pytest.raises(UsageError, match=r"pyproject\.toml is not written"):
        add_to_file(tmp_path / "pyproject.toml", NEW)
