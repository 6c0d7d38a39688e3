import json
import shutil
from pathlib import Path

import pytest

from wheelbridge.api.mapping.export import NoExternalTableError, UnwritableExportError
from wheelbridge.cli.mapping.export import run
from wheelbridge.mapping.external.parsing import InvalidExternalError
from wheelbridge.mapping.external.pep804 import parse_mapping
from wheelbridge.tables import MissingTableError, find_mappings


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    """Copy the tables that the command reads, to be broken."""
    shutil.copytree(find_mappings() / "external", tmp_path / "mappings" / "external")
    return tmp_path / "mappings"


def test_the_document_is_on_standard_output_and_what_is_lost_beside(capsys: pytest.CaptureFixture[str]) -> None:
    """So that the output can be piped into a file as it is."""
    assert run(channel="conda-forge", out=None, mappings=None, as_json=False) == 0

    said = capsys.readouterr()
    mapping = parse_mapping(json.loads(said.out))
    assert mapping.name == "conda-forge"
    assert mapping.alternatives("dep:virtual/interface/blas")[0].run == ("libblas", "libcblas")
    assert "note: dep:virtual/interface/openmp: lost is that 'linux' is for linux-* only" in said.err
    assert "leaves out: dep:generic/bliss, dep:generic/boost" in said.err


def test_a_file_is_written_and_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One path in a line, for the next command; what was there is replaced."""
    path = tmp_path / "conda-forge.mapping.json"
    path.write_text("old", encoding="utf-8")

    assert run(channel="conda-forge", out=path, mappings=None, as_json=False) == 0

    said = capsys.readouterr()
    assert said.out == f"{path}\n"
    run(channel="conda-forge", out=None, mappings=None, as_json=False)
    assert path.read_text(encoding="utf-8") == capsys.readouterr().out


def test_json_is_one_object_with_the_notes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A program has both in one place; a document that a file has is not said twice."""
    path = tmp_path / "x.json"

    run(channel="conda-forge", out=None, mappings=None, as_json=True)
    shown = json.loads(capsys.readouterr().out)
    run(channel="conda-forge", out=path, mappings=None, as_json=True)
    said = capsys.readouterr()
    written = json.loads(said.out)

    assert (shown["success"], shown["file"], written["file"], written["document"]) == (True, None, str(path), None)
    assert json.loads(path.read_bytes()) == shown["document"]
    assert shown["notes"] == written["notes"] != []
    assert said.err == ""


def test_a_channel_without_a_table_is_an_error(mappings: Path) -> None:
    """The hint says which there are; a path is no channel."""
    for channel in ("bioconda", "../external/conda-forge", "registry"):
        with pytest.raises(NoExternalTableError) as caught:
            run(channel=channel, out=None, mappings=mappings, as_json=False)
        assert repr(channel) in caught.value.message
        assert caught.value.hint == "There are tables for: conda-forge."


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("conda-forge.yaml", "- {id: zlib, relation: tool, alternatives: []}", "external/conda-forge.yaml [0].id"),
        ("registry.yaml", "- {id: zlib}", "external/registry.yaml definitions[0].id"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(mappings: Path, name: str, text: str, place: str) -> None:
    """Nothing is written before all is read."""
    (mappings / "external" / name).write_text(text, encoding="utf-8")
    target = mappings / "out.json"

    with pytest.raises(InvalidExternalError) as caught:
        run(channel="conda-forge", out=target, mappings=mappings, as_json=False)

    assert caught.value.path == place
    assert not target.exists()


def test_a_missing_registry_is_an_error(mappings: Path) -> None:
    """Without it nobody knows which ids may go upstream."""
    (mappings / "external" / "registry.yaml").unlink()

    with pytest.raises(MissingTableError, match=r"registry\.yaml"):
        run(channel="conda-forge", out=None, mappings=mappings, as_json=False)


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """The folder must be there."""
    with pytest.raises(UnwritableExportError, match="No such file"):
        run(channel="conda-forge", out=tmp_path / "nowhere" / "x.json", mappings=None, as_json=False)
