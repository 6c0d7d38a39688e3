"""conda's context as configuration: what a real conda reads and merges is what wheelbridge goes by."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import condapackages
from tests.conda_plugin.contexts import HOST, ask, run_inside
from tests.realconda import Conda

DOORS = """
import json
from conda.base.context import reset_context
reset_context()
from wheelbridge.conda_plugin.door import CondaDoor
levels = [door.load_levels(None, search=True) for door in (CondaDoor(), CondaDoor(project=True))]
print(json.dumps(["wheelbridge.toml" in [place.origin for place in level.places] for level in levels]))
"""


def names(answer: dict[str, Any], kind: str = "channel") -> list[str]:
    """Return the names of the sources of one kind."""
    return [source["name"] for source in answer["sources"] if source["kind"] == kind]


class TestChannels:
    """conda: "the order in which channels are listed matters"."""

    def test_the_configured_ones_alone(self, configured: Conda) -> None:
        """Those of the command line are a caller's to add: conda puts them before, wheelbridge in their place."""
        answer = ask(configured, arguments={"channel": ["new"]})

        assert names(answer) == ["conda-forge", "corp"]
        assert {source["origin"] for source in answer["sources"] if source["kind"] == "channel"} == {"condarc.yml"}

    def test_all_that_names_mean(self, configured: Conda) -> None:
        """Aliases, custom channels and multichannels are conda's; logins stay out of names and URLs."""
        configured.settings |= {
            "channels": ["plain", "mine", "many", "defaults", f"{HOST}/old/thing"],
            "channel_alias": f"{HOST}/conda".replace("://", "://me:secret@"),
            "custom_channels": {"mine": "https://mine.example/x"},
            "custom_multichannels": {"many": ["https://a.example/one", "https://a.example/two"]},
            "default_channels": ["https://d.example/main"],
            "migrated_channel_aliases": [f"{HOST}/old"],
        }
        channels = [source for source in ask(configured)["sources"] if source["kind"] == "channel"]

        assert [source["url"] for source in channels] == [
            f"{HOST}/conda/plain",
            "https://mine.example/x/mine",
            "https://a.example/one",
            "https://a.example/two",
            "https://d.example/main",
            f"{HOST}/conda/thing",
        ]
        assert channels[0]["login"] == f"{HOST}/conda/plain".replace("://", "://me:secret@")

    def test_variables_count(self, configured: Conda) -> None:
        """``CONDA_*`` is merged by conda, and named as the place."""
        configured.variables["CONDA_CHANNELS"] = "near"
        answer = ask(configured)

        assert names(answer) == ["near", "conda-forge", "corp"]
        assert answer["sources"][0]["origin"] == "$CONDA_CHANNELS"

    def test_what_conda_build_built(self, configured: Conda) -> None:
        """``--use-local`` and ``-c local`` are the folders that are there."""
        built = configured.home / "conda-bld"
        condapackages.make_conda(built, "thing", "1", {"x": "x"})
        condapackages.index_channel(built)

        assert names(ask(configured, arguments={"use_local": True}))[0].endswith("conda-bld")
        given = ask(configured, sources=(("channel", "local"),))
        assert given["sources"][0]["url"] == built.as_uri()

    def test_a_token_of_anaconda_login(self, configured: Conda) -> None:
        """Conda puts it behind the host that it was made for, and nowhere else."""
        tokens = configured.home / "binstar" / "data"
        tokens.mkdir(parents=True)
        (tokens / "https%3A%2F%2Fhost.example%2Fconda.token").write_text("to-ken", encoding="utf-8")
        configured.variables["BINSTAR_CONFIG_DIR"] = str(tokens.parent)
        configured.settings["custom_channels"] = {"corp": "https://corp.example"}
        configured.settings["channels"] = ["conda-forge", "corp", f"{HOST}/conda/by-url"]
        logins = {source["name"]: source["login"] for source in ask(configured)["sources"]}

        assert logins["conda-forge"] == f"{HOST}/conda/t/to-ken/conda-forge"
        assert logins["conda/by-url"] == f"{HOST}/conda/t/to-ken/by-url"
        assert logins["corp"] is None

        configured.settings["denylist_channels"] = ["by-url"]
        assert ask(configured)["error"]["code"] == "channel-not-allowed"
        del configured.settings["denylist_channels"]

        configured.settings["add_anaconda_token"] = False
        assert ask(configured)["sources"][0]["login"] is None


class TestPriority:
    """A claim is a decision: conda's default is none, what somebody wrote is one."""

    def test_each_kind_of_channel_has_its_own(self, configured: Conda) -> None:
        """A private channel is strict where nobody says otherwise."""
        assert [source["claim"] for source in ask(configured)["sources"]][:2] == ["flexible", "strict"]

    def test_what_is_configured_holds_for_channels(self, configured: Conda) -> None:
        """Conda's ``channel_priority`` says nothing of indexes."""
        configured.settings |= {"channel_priority": "disabled", "plugins": {"wheelbridge_indexes": [f"w={HOST}/w"]}}
        claims = {source["name"]: source["claim"] for source in ask(configured)["sources"]}

        assert claims == {"conda-forge": "disabled", "corp": "disabled", "w": "strict"}


class TestForbidden:
    """An administrator's lists hold for wheelbridge."""

    @pytest.mark.parametrize("key", ["denylist_channels", "allowlist_channels"])
    @pytest.mark.parametrize("search", [True, False])
    def test_a_channel(self, configured: Conda, key: str, search: bool) -> None:
        """With ``--no-config``, too: that leaves out lists of sources, not what is forbidden."""
        configured.settings[key] = ["corp"] if key.startswith("deny") else ["conda-forge"]
        answer = ask(configured, sources=(("channel", "corp"),), search=search)

        assert answer["error"]["code"] == "channel-not-allowed"

    def test_one_that_is_left_out(self, configured: Conda) -> None:
        """``--override-channels`` leaves out what is configured and forbidden."""
        configured.settings["denylist_channels"] = ["corp"]

        assert names(ask(configured, sources=(("channel", "other"),), defaults=False)) == ["other"]

    @pytest.mark.parametrize("rule", ["thing >=1", "thing"])
    def test_a_package(self, configured: Conda, content: tuple[dict[str, list[Path]], Path], rule: str) -> None:
        """``disallowed_packages``: nothing is installed, with ``--no-config``, too."""
        configured.settings |= {"disallowed_packages": [rule], "channels": [content[1].as_uri()]}
        for options in ((), ("--no-config", "-O", "-c", content[1].as_uri())):
            refused = configured("wheelbridge", "create", "-n", "e", "thing", "-y", "--json", *options, code=1)
            assert refused.json["error"]["code"] == "package-disallowed"
        assert not (configured.home / "envs" / "e").exists()

        configured.settings["disallowed_packages"] = ["thing <1", "other"]
        configured("wheelbridge", "create", "-n", "e", "thing", "-y")

    def test_override_channels(self, configured: Conda) -> None:
        """``override_channels_enabled: false``."""
        configured.settings["override_channels_enabled"] = False
        answer = ask(configured, sources=(("channel", "other"),), defaults=False)

        assert "override_channels_enabled" in answer["error"]["message"]

    def test_without_configuration_there_are_no_channels_of_condas(self, configured: Conda) -> None:
        """Names keep their meaning."""
        answer = ask(configured, search=False)

        assert [source["url"] for source in answer["sources"]][:1] == [f"{HOST}/conda/conda-forge"]
        assert names(answer) == ["conda-forge"]


def test_pins(configured: Conda) -> None:
    """With the file that has them; ``--no-pin`` takes them away."""
    configured.settings["pinned_packages"] = ["python 3.11.*"]

    assert ask(configured)["pins"] == [["python 3.11.*", "condarc.yml"]]
    assert ask(configured, arguments={"ignore_pinned": True})["pins"] == []


class TestCutoffs:
    """conda's ``exclude_newer``."""

    def test_for_all_and_for_a_channel(self, configured: Conda) -> None:
        """An age is one from now on; ``false`` takes the cutoff of one channel away."""
        configured.settings |= {
            "exclude_newer": "7d",
            "channel_settings": [
                {"channel": "corp", "exclude_newer": "2026-01-31T12:00:00Z"},
                {"channel": "conda-forge", "exclude_newer": "false"},
            ],
        }
        answer = ask(configured)
        age = datetime.now(UTC) - datetime.fromisoformat(answer["cutoff"])

        assert timedelta(days=7) <= age < timedelta(days=7, minutes=5)
        assert [source["cutoff"] for source in answer["sources"]][:2] == [
            "9999-01-01T00:00:00+00:00",
            "2026-01-31T12:00:00+00:00",
        ]

    def test_a_package_that_may_be_newer(self, configured: Conda) -> None:
        """It is held to the cutoff of the rest, and that is said."""
        configured.settings |= {"exclude_newer": "7d", "exclude_newer_package": {"numpy": "false"}}

        assert any("numpy" in note for note in ask(configured)["notes"])

    @pytest.mark.parametrize(("general", "channel"), [("", "7d"), ("7d", "7d"), ("60d", "false")])
    def test_a_package_that_must_be_older(self, configured: Conda, general: str, channel: str) -> None:
        """Nothing would see to that, so it is refused, even where one channel alone allows more."""
        configured.settings |= {
            "exclude_newer": general,
            "exclude_newer_package": {"numpy": "30d"},
            "channel_settings": [{"channel": "corp", "exclude_newer": channel}],
        }

        assert ask(configured)["error"]["code"] == "package-cutoff"


class TestSettings:
    """``plugins.wheelbridge_*``."""

    def test_indexes_stand_behind_channels(self, configured: Conda) -> None:
        """In the order given; variables are put in; the names of indexes are theirs."""
        configured.variables["WHEELS"] = f"{HOST}/simple"
        configured.settings["plugins"] = {
            "wheelbridge_indexes": ["wheels=$WHEELS", "pypi"],
            "wheelbridge_priority": "disabled",
            "wheelbridge_maps": ["~/names.yaml"],
        }
        answer = ask(configured)

        assert [source["name"] for source in answer["sources"]] == ["conda-forge", "corp", "wheels", "pypi"]
        assert {source["claim"] for source in answer["sources"]} == {"disabled"}
        assert answer["sources"][2]["url"] == f"{HOST}/simple"
        assert answer["sources"][2]["origin"] == "condarc.yml"
        assert answer["maps"] == [str(configured.home / "names.yaml")]

    def test_a_key_that_is_final(self, configured: Conda) -> None:
        """Nearer files do not change it; the place that is told is the one that holds."""
        far = (
            f"plugins:\n  wheelbridge_priority: strict #!final\n  wheelbridge_indexes: #!final\n    - far={HOST}/far\n"
        )
        (configured.home / ".condarc").write_text(far, encoding="utf-8")
        near = {"wheelbridge_priority": "disabled", "wheelbridge_indexes": [f"near={HOST}/near"]}
        configured.settings["plugins"] = near
        own = f'sources = [{{index = "{HOST}/mine", name = "mine"}}]\nroutes = {{same = "mine"}}\n'
        (configured.home / "wheelbridge.toml").write_text(own, encoding="utf-8")
        answer = ask(configured)

        assert [(source["name"], source["origin"]) for source in answer["sources"]] == [
            ("conda-forge", "condarc.yml"),
            ("corp", "condarc.yml"),
            ("far", ".condarc"),
        ]
        assert {source["claim"] for source in answer["sources"]} == {"strict"}
        assert "wheelbridge.toml is left out: the indexes of .condarc are final." in answer["notes"]

    def test_a_file_of_configuration(self, configured: Conda) -> None:
        """It takes the place of the project's."""
        own = configured.home / "admin.toml"
        own.write_text(f'sources = [{{name = "admin", index = "{HOST}/admin"}}]\n', encoding="utf-8")
        (configured.home / "wheelbridge.toml").write_text(f'sources = [{{index = "{HOST}/mine"}}]\n', encoding="utf-8")
        assert names(ask(configured), "index") == ["mine"]
        assert names(ask(configured, project=False), "index") == ["pypi"]

        configured.settings["plugins"] = {"wheelbridge_config": str(own)}
        assert names(ask(configured), "index") == ["admin"]

    def test_a_project_counts_for_our_own_command_alone(self, configured: Conda) -> None:
        """Nobody expects ``conda update`` to go by the folder that he happens to be in."""
        (configured.home / "wheelbridge.toml").write_text(f'sources = [{{index = "{HOST}/mine"}}]\n', encoding="utf-8")

        assert json.loads(run_inside(configured, DOORS)) == [False, True]

    @pytest.mark.parametrize("key", ["wheelbridge_maps", "wheelbridge_config"])
    def test_a_relative_path(self, configured: Conda, key: str) -> None:
        """Conda merges files of several folders: nobody could tell which one is meant."""
        configured.settings["plugins"] = {key: ["names.yaml"] if key.endswith("maps") else "names.toml"}

        assert "absolute" in ask(configured)["error"]["message"]
