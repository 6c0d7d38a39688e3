"""Names of sources: a file that came with a project cannot take one that means another place to the user."""

from pathlib import Path

import pytest

from wheelbridge.api.manifests.settings import Files, combine_settings, read_settings
from wheelbridge.api.manifests.sources import add_files
from wheelbridge.api.sources import DEFAULTS, SourceChoice, SourceList, gather_sources
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.levels import Levels
from wheelbridge.configuration.values import Configuration, RouteChoice, RouteEntry, SourceEntry
from wheelbridge.environment.manifest import Manifest
from wheelbridge.index.client import PYPI, resolve_index_url

MINE, OTHER = "https://mine.example/simple", "https://other.example/simple"
_CORP = SourceEntry(kind="index", text=MINE, name="corp", origin="wheelbridge.toml")
USERS = Configuration(
    origin="wheelbridge.toml",
    sources=(_CORP,),
    routes=(RouteEntry(pattern="pypi:aa", choices=(RouteChoice("corp"),), origin="wheelbridge.toml"),),
)


def gather(
    *tables: dict[str, object],
    manifest: Manifest | None = None,
    users: Configuration = USERS,
    choice: SourceChoice | None = None,
) -> SourceList:
    """Merge the tables of files, one each, with what the user configured, and a command line."""
    read = [read_settings(table, f"{number}.yml", Path("/nowhere")) for number, table in enumerate(tables)]
    files = Files(manifest or Manifest(files=("0.yml",)), combine_settings(read))
    return gather_sources(choice or SourceChoice(), add_files(Levels(places=(users,)), files, DEFAULTS))


@pytest.mark.parametrize(
    "table",
    [
        {"indexes": [f"corp={OTHER}"]},
        {"sources": [{"name": "corp", "channel": "https://other.example/channel"}]},
        {"sources": [{"group": "corp", "index": OTHER}]},
    ],
)
def test_a_file_cannot_take_a_name_of_the_users(table: dict[str, object]) -> None:
    """Otherwise the user's own routes would lead to the file's host; both places are named."""
    with pytest.raises(InvalidConfigurationError) as caught:
        gather(table)

    assert "other.example" in caught.value.message
    assert f"{MINE} in wheelbridge.toml" in caught.value.message


def test_nor_one_of_the_command_line() -> None:
    """What the user says now counts no less."""
    with pytest.raises(InvalidConfigurationError, match="'mine'"):
        gather({"indexes": [f"mine={OTHER}"]}, choice=SourceChoice(sources=(("index", f"mine={MINE}"),)))


def test_the_same_place_may_have_the_same_name() -> None:
    """Then both mean one thing."""
    assert [source.url for source in gather({"indexes": [f"corp={MINE}/"]}).sources if source.name == "corp"] == [MINE]


def test_an_index_that_nobody_named_does_not_take_one() -> None:
    """``https://host/corp/simple`` goes by the last part of its path, unless that means another one."""
    listed = gather(manifest=Manifest(files=("0.yml",), indexes=("https://other.example/corp/simple",)))

    assert [source.url for source in listed.sources if source.name == "corp"] == [MINE]
    assert listed.routes[0].sources == ("corp",)


@pytest.mark.parametrize("name", ["pypi", "conda-forge", "pytorch"])
def test_a_file_gives_no_public_name_to_another_place(name: str) -> None:
    """Whoever sees ``pypi`` in a list takes it for that."""
    with pytest.raises(InvalidConfigurationError, match=f"public source '{name}'"):
        gather({"indexes": [f"{name}={OTHER}"]})


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("pypi", resolve_index_url(PYPI)),
        ("pypi", "http://127.0.0.1:8933/simple"),
        ("pytorch", "https://download.pytorch.org/whl/cu126"),
    ],
)
def test_the_place_itself_and_copies_on_this_machine_may_have_it(name: str, url: str) -> None:
    """A recorded copy is no stranger's."""
    assert name in [source.name for source in gather({"indexes": [f"{name}={url}"]}).sources]


def test_users_may_call_their_mirrors_so() -> None:
    """It is for the user to say what ``pypi`` is; and a file may then name the same place so."""
    given = SourceChoice(sources=(("index", f"pypi={MINE}"),))
    assert [s.name for s in gather(users=Configuration(origin="u"), choice=given).sources] == ["conda-forge", "pypi"]

    users = Configuration(origin="u", sources=(SourceEntry(kind="index", text=MINE, name="pypi", origin="u"),))
    assert gather({"indexes": [f"pypi={MINE}"]}, users=users).sources[-1].url == MINE


def test_two_files_cannot_give_one_name_to_two_places() -> None:
    """The later one would capture the routes of the first; both files are named."""
    with pytest.raises(InvalidConfigurationError, match=r"mine\.example.* in 0\.yml|other\.example.* in 1\.yml"):
        gather(
            {"indexes": [f"shared={MINE}"], "routes": {"pypi:aa": "shared"}},
            {"indexes": [f"shared={OTHER}"]},
            users=Configuration(origin="u"),
        )


def test_a_named_source_keeps_its_name_beside_one_that_ends_so() -> None:
    """Of two sources of files, the one that somebody named goes by the name."""
    manifest = Manifest(files=("0.yml",), indexes=("https://other.example/named/simple",))
    listed = gather({"indexes": [f"named={MINE}"]}, manifest=manifest, users=Configuration(origin="u"))

    assert {source.url: source.name for source in listed.sources if source.kind == "index"} == {
        "https://other.example/named/simple": "https://other.example/named/simple",
        MINE: "named",
        resolve_index_url(PYPI): "pypi",
    }
