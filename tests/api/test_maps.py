"""Maps of a command line and of a call, and the tables that a solve goes by with them."""

from pathlib import Path

import pytest

from wheelbridge.api.mapping.maps import load_maps, open_names, read_maps, take_maps
from wheelbridge.configuration.values import MapEntry
from wheelbridge.errors import UsageError
from wheelbridge.mapping.external.layers import Mode
from wheelbridge.mapping.overlays import InvalidMapError, parse_overlay
from wheelbridge.model.name import NormalizedName
from wheelbridge.model.source import Source, SourceKind


def source(name: str, url: str, kind: SourceKind = "channel") -> Source:
    """Make a source."""
    return Source(name, kind, url, 0)


class TestCommandLine:
    """``--map [MODE=]FILE``."""

    @pytest.mark.parametrize(
        ("text", "mode", "name"),
        [
            ("names.yaml", Mode.PATCH, "names.yaml"),
            ("use=names.yaml", Mode.USE, "names.yaml"),
            ("extend=a=b.yaml", Mode.EXTEND, "a=b.yaml"),
            ("a=b.yaml", Mode.PATCH, "a=b.yaml"),
            ("./use=x.yaml", Mode.PATCH, "use=x.yaml"),
        ],
    )
    def test_mode_and_file(self, text: str, mode: Mode, name: str) -> None:
        """What stands before the first ``=`` is a mode only if it is one."""
        (entry,) = read_maps([text])

        assert (entry.mode, entry.file, entry.name) == (mode, Path.cwd() / name, f"--map {name}")
        assert entry.origin == "the command line"

    @pytest.mark.parametrize("text", ["", " ", "use=", "https://me:s3cret@host.example/x.yaml", "conda=pixi.json"])
    def test_no_file(self, text: str) -> None:
        """No network is asked, and pixi's maps go the other way; nothing secret is said."""
        with pytest.raises(UsageError) as caught:
            read_maps([text])

        assert "s3cret" not in caught.value.message

    def test_a_word_that_is_no_mode(self) -> None:
        """It is part of the file's name, which is not there."""
        with pytest.raises(InvalidMapError, match="there is no such file"):
            load_maps(read_maps(["pach=names.yaml"]))


class TestCall:
    """``wheelbridge.solve(maps=…)``."""

    def test_files_and_mappings(self, tmp_path: Path) -> None:
        """In their order; a text may have a mode."""
        file = tmp_path / "m.yaml"
        file.write_text("p: c\n")
        found = take_maps([file, f"extend={file}", {"q": None}])

        assert [(one.mode, [row.pypi for row in one.rows]) for one in found] == [
            (Mode.PATCH, ["p"]),
            (Mode.EXTEND, ["p"]),
            (Mode.PATCH, ["q"]),
        ]
        assert [one.name for one in found] == [str(file), f"--map {file}", "maps[2]"]

    def test_specs_of_a_mapping_are_checked(self) -> None:
        """As those of a file."""
        with pytest.raises(InvalidMapError, match=r"maps\[0\]: p: 'x >=>1' is no MatchSpec"):
            take_maps([{"p": {"conda": "c", "specs": ["x >=>1"]}}])


def test_what_stands_behind_a_map_that_is_used_alone_is_not_read(tmp_path: Path) -> None:
    """It need not even be there."""
    own = MapEntry(name="own", overlay=parse_overlay({"p": "c"}, "own", Mode.USE), mode=Mode.USE)
    missing = MapEntry(name="missing", file=tmp_path / "missing.yaml")

    assert [one.name for one in load_maps([own, missing])] == ["own"]
    with pytest.raises(InvalidMapError, match="missing: there is no such file"):
        load_maps([missing, own])


@pytest.mark.parametrize(
    ("sources", "answer"),
    [
        pytest.param([], "anywhere", id="no source"),
        pytest.param([source("corp", "https://host.example/corp")], "at-corp", id="its name"),
        pytest.param([source("mine", "https://host.example/conda/corp")], "at-corp", id="the end of its URL"),
        pytest.param([source("corp/label/rc", "https://host.example/corp/label/rc")], "at-corp", id="a label"),
        pytest.param([source("rc", "https://host.example/corp/label/rc")], "at-corp", id="a label by another name"),
        pytest.param([source("corp", "https://corp.example/simple", "index")], "anywhere", id="an index"),
        pytest.param([source("other", "https://host.example/../corp.inverse")], "anywhere", id="another one"),
        pytest.param([source("conda-forge.inverse", "https://host.example/conda-forge.inverse")], "anywhere", id="odd"),
    ],
)
def test_rows_of_a_channel_count_where_it_is_a_source(sources: list[Source], answer: str) -> None:
    """Those for all channels always do."""
    rows = [
        {"pypi": "nobody-knows-this", "conda": "anywhere", "relation": "dist"},
        {"pypi": "nobody-knows-this", "conda": "at-corp", "relation": "dist", "channels": ["corp"]},
    ]
    (row,) = open_names(sources, [parse_overlay(rows, "mine")]).by_project(NormalizedName("nobody-knows-this")).rows

    assert row.conda == answer
