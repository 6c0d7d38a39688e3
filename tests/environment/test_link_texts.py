"""Links as people write them: what pip takes behind ``pip install``, and what is refused by name."""

from dataclasses import replace
from pathlib import Path

import pytest

from wheelbridge.environment.manifest import Link
from wheelbridge.environment.pip.links import InvalidLinkError, is_link, parse_link, render_link

_SHA = "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "Tool @ https://host.example/tool-1-py3-none-any.whl",
            Link(kind="file", url="https://host.example/tool-1-py3-none-any.whl", project="tool"),  # type: ignore[arg-type] # normalized
            id="pep-508",
        ),
        pytest.param(
            f"tool[B,a] @ https://host.example/t.zip#sha256={_SHA.upper()}&subdirectory=py ; os_name == 'nt'",
            Link(
                kind="file",
                url="https://host.example/t.zip",
                project="tool",  # type: ignore[arg-type] # normalized
                extras=("a", "b"),
                marker='os_name == "nt"',
                hashes={"sha256": _SHA},
                subdirectory="py",
            ),
            id="all-that-can-be-said",
        ),
        pytest.param(
            "git+ssh://git@host.example/group/tool.git@release/1.0#egg=Tool[cli]",
            Link(
                kind="vcs",
                url="ssh://git@host.example/group/tool.git",
                vcs="git",
                revision="release/1.0",
                project="tool",  # type: ignore[arg-type] # normalized
                extras=("cli",),
            ),
            id="a-user-is-no-revision",
        ),
        pytest.param(
            "git+https://host.example/tool",
            Link(kind="vcs", url="https://host.example/tool", vcs="git"),
            id="no-revision",
        ),
    ],
)
def test_a_link_is_read(text: str, expected: Link) -> None:
    """Name, extras, marker, place, revision and hashes come apart."""
    assert is_link(text)
    assert parse_link(text, Path("/work")) == expected


class TestPaths:
    """Paths are relative to the folder of what states them, and are written so into locks."""

    def test_a_folder(self, tmp_path: Path) -> None:
        """The URL is absolute; what is written in locks is relative."""
        (tmp_path / "tool").mkdir()

        found = parse_link("./tool[cli]; os_name=='nt'", tmp_path, place="env.yml:3")

        assert found == Link(
            kind="folder",
            url=(tmp_path / "tool").as_uri(),
            given="tool",
            extras=("cli",),
            marker='os_name == "nt"',
            place="env.yml:3",
        )
        assert render_link(found) == './tool[cli] ; os_name == "nt"'

    @pytest.mark.parametrize("text", ["-e .", "--editable .", "--editable=.", "-e."])
    def test_an_editable_folder(self, tmp_path: Path, text: str) -> None:
        """As pip spells it."""
        found = parse_link(text, tmp_path)

        assert (found.kind, found.editable, found.url) == ("folder", True, tmp_path.as_uri())
        assert render_link(found) == "-e ."

    def test_a_name_before_a_path(self, tmp_path: Path) -> None:
        """PEP 508 has URLs only; pip takes a path as well."""
        (tmp_path / "tool").mkdir()

        assert parse_link("tool @ ./tool", tmp_path).project == "tool"

    def test_what_is_written_is_read_again(self, tmp_path: Path) -> None:
        """A lock holds what `render_link` writes."""
        (tmp_path / "tool").mkdir()
        link = replace(parse_link("./tool#subdirectory=a", tmp_path), extras=("x",), marker='os_name == "nt"')

        assert parse_link(render_link(link), tmp_path) == link


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("./none", "there is no such file or folder"),
        ("hg+https://host.example/tool", "hg is not supported"),
        ("git+git@host.example:tool", "is no URL"),
        ("git+https://host.example/tool@--upload-pack=x", "is no revision"),
        ("git+https://host.example/tool@", "is no revision"),
        ("git+https://host.example/tool#sha256=aa", "a repository has no hash"),
        ("git+https://host.example/tool#colour=red", "what is behind # is not known: colour"),
        ("-e git+https://host.example/tool", "a repository cannot be installed editable"),
        ("-e https://host.example/tool.zip", "a file cannot be installed editable"),
        ("ftp://host.example/tool.zip", "nothing is fetched by 'ftp'"),
        ("tool @ https://host.example/t.zip#egg=other", "it is called 'tool' and 'other'"),
        ("./a.whl ; os_name ==", "its marker cannot be read"),
    ],
)
def test_what_cannot_be_taken_says_why(tmp_path: Path, text: str, reason: str) -> None:
    """Nothing is passed over."""
    with pytest.raises(InvalidLinkError) as caught:
        parse_link(text, tmp_path)

    assert reason in caught.value.message


def test_no_secret_is_told(tmp_path: Path) -> None:
    """Logins in a link stand in no message."""
    with pytest.raises(InvalidLinkError) as caught:
        parse_link("git+https://me:secret@host.example/tool@-x", tmp_path)

    assert "secret" not in f"{caught.value.message}{caught.value.hint}{vars(caught.value)}"


@pytest.mark.parametrize("text", ["rich>=13", "rich[all]>=1; python_version < '3.12'", "a.b==1", "rich"])
def test_a_requirement_is_no_link(text: str) -> None:
    """What is called by its name is looked for in indexes."""
    assert not is_link(text)
