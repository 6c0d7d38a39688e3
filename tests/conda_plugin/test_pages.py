"""The pages about ``conda wheelbridge``'s commands say what the commands take."""

from tests.conda_plugin.pages import FOLDER, render_pages


def test_the_pages_are_those_of_the_commands() -> None:
    """``python -m tests.conda_plugin.pages`` makes them."""
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}

    assert written == render_pages()
