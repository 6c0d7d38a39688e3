"""Maps in files, and the tables that they are put over."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from wheelbridge.mapping.external.layers import Mode
from wheelbridge.mapping.overlays import InvalidMapError, parse_overlay, stack_overlays
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.tables import load_names
from wheelbridge.tables.documents import UnreadableTableError
from wheelbridge.tables.overlays import check_specs, load_overlay

IMPORTED = """
import sys
from wheelbridge.api.mapping.maps import load_maps, open_names
assert load_maps(()) == ()
assert open_names().by_project("matplotlib").identity.conda == "matplotlib-base"
names = "json", "yaml", "ruamel", "ruamel.yaml", "wheelbridge.mapping.overlays", "wheelbridge.mapping.overrides"
print(*(name for name in names if name in sys.modules))
"""


ROWS = """
[[names]]
pypi = "torch"
conda = "my-torch"
relation = "dist"

[[names]]
pypi = "nothing"
relation = "none"
reviewed = 2026-11-21
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("map.yaml", "Torch: my-torch\nnothing: null\n"),
        ("map.yml", "names:\n  Torch: my-torch\n  nothing: []\n"),
        ("map.json", '{"torch": "my-torch", "nothing": null}'),
        ("map.toml", 'Torch = "my-torch"\nnothing = false\n'),
        ("rows.toml", ROWS),
    ],
)
def test_every_format_says_the_same(tmp_path: Path, name: str, text: str) -> None:
    """YAML, JSON and TOML, told by the suffix."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    overlay = load_overlay(tmp_path / name, "mine", Mode.EXTEND)

    assert [(row.pypi, row.conda) for row in overlay.rows] == [("torch", "my-torch"), ("nothing", None)]
    assert (overlay.name, overlay.mode) == ("mine", Mode.EXTEND)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is the user's, so nobody is told to reinstall."""
    with pytest.raises(InvalidMapError, match="mine: there is no such file") as caught:
        load_overlay(tmp_path / "map.yaml", "mine")

    assert "Reinstall" not in str(caught.value.hint)


@pytest.mark.parametrize(("name", "text"), [("m.json", "{"), ("m.toml", "a = "), ("m.yaml", "a: b\na: c\n")])
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, name: str, text: str) -> None:
    """One key twice is none of it, either."""
    (tmp_path / name).write_text(text)

    with pytest.raises(UnreadableTableError):
        load_overlay(tmp_path / name, "mine")


@pytest.mark.parametrize("spec", ["*", ">=3", "libblas * *_openblas>=0.3", "a b c d"])
def test_a_spec_that_the_solver_cannot_read(spec: str) -> None:
    """It is refused before a solve, with the project that it is for."""
    with pytest.raises(InvalidMapError, match="mine: p: ") as caught:
        check_specs(parse_overlay({"p": {"conda": "c", "specs": [spec]}}, "mine"))

    assert (caught.value.path, repr(spec) in caught.value.problem) == ("p", True)


ALTERNATIVE = {"name": "default", "when": ["*"], "host": ["a b c d"]}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"wheels": [{"pypi": "p", "depends": ["a b c d"]}]}, "p"),
        ({"wheels": [{"pypi": "p", "one_of": ["x", "a b c d"]}]}, "p"),
        (
            {"external": [{"id": "dep:generic/x", "relation": "library", "alternatives": [ALTERNATIVE]}]},
            "dep:generic/x",
        ),
    ],
)
def test_a_spec_of_the_other_sections(data: dict[str, object], place: str) -> None:
    """It is refused just so: a solve would take it as it stands."""
    with pytest.raises(InvalidMapError, match="is no MatchSpec") as caught:
        check_specs(parse_overlay(data, "mine"))

    assert caught.value.path == place


@pytest.mark.parametrize("spec", ["forge::libgreet", "libgreet[channel=forge]", "libgreet[when='python <3']"])
def test_a_spec_that_says_more_than_a_record_of_a_wheel_takes(spec: str) -> None:
    """Channels are the request's matter; what the solve cannot use is refused where it is written."""
    with pytest.raises(InvalidMapError, match="says more than a name, versions and builds"):
        check_specs(parse_overlay({"wheels": [{"pypi": "p", "depends": [spec]}]}, "mine"))


class TestOverTheTables:
    """What comes with wheelbridge, with maps over it, below it and in its place."""

    def test_patch(self) -> None:
        """The user's word wins; the package that it takes is no other project's any more."""
        stack = stack_overlays([parse_overlay({"my-docker": "docker-py"}, "mine")])
        names = load_names(above=stack.above)

        assert [row.pypi for row in names.by_conda(CondaName("docker-py")).rows] == ["my-docker"]
        assert names.by_project(NormalizedName("docker")).rows == ()
        assert names.by_project(NormalizedName("docker")).ambiguous == ("docker-py",)

    def test_use(self) -> None:
        """Nothing else answers; conda's names stay known, so that no project is confused with a package."""
        stack = stack_overlays([parse_overlay({"torch": "my-torch"}, "mine", Mode.USE)])
        names = load_names(above=stack.above, below=stack.below, alone=stack.alone)

        assert names.by_project(NormalizedName("docker")).rows == ()
        assert names.by_conda(CondaName("docker-py")).rows == ()
        assert names.is_conda_name("docker-py")
        assert [row.conda for row in names.rows()] == ["my-torch"]

    def test_extend(self) -> None:
        """It answers for what nobody speaks of, and for nothing else."""
        stack = stack_overlays([parse_overlay({"docker": "x", "nobody-knows-this": "y"}, "mine", Mode.EXTEND)])
        names = load_names(below=stack.below)
        (docker,) = names.by_project(NormalizedName("docker")).rows
        (other,) = names.by_project(NormalizedName("nobody-knows-this")).rows

        assert (docker.conda, docker.layer) != ("x", "mine")
        assert (other.conda, other.layer) == ("y", "mine")

    def test_the_trace_shows_every_layer(self) -> None:
        """With what was silenced."""
        stack = stack_overlays([parse_overlay({"my-docker": "docker-py"}, "mine")])
        words = list(load_names(above=stack.above).trace(NormalizedName("docker")))

        assert [word.layer for word in words][:1] == ["mine"]
        assert [word.rival for word in words if word.row] == ["mine"] * sum(1 for word in words if word.row)


def test_who_has_no_maps_pays_for_none() -> None:
    """Neither a parser of YAML nor one of JSON is imported, nor what reads maps."""
    found = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True)

    assert found.stdout.split() == []


def test_json_keys(tmp_path: Path) -> None:
    """A map that a program writes."""
    path = tmp_path / "map.json"
    path.write_text(json.dumps([{"pypi": "p", "conda": "c", "relation": "tool"}]))

    assert [row.relation.value for row in load_overlay(path, "mine").rows] == ["tool"]
