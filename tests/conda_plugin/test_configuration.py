"""conda's context as configuration: what a real conda reads and merges is what wheelbridge goes by."""

import shutil
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests import condapackages
from tests.conda_plugin.contexts import ask, run_inside
from tests.installer.wheelmaker import make_wheel
from tests.loopback import LoopbackIndex
from tests.realconda import Conda, make_conda

HOST = "https://host.example"
ENVIRONMENT = (
    *("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)


@pytest.fixture
def configured(plugin: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Conda:
    """A conda whose channels are names, and to whom the environment says nothing of the network."""
    del plugin
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    return make_conda(tmp_path / "conda", ["conda-forge", "corp"], channel_alias=f"{HOST}/conda")


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
        answer = ask(configured)

        assert [(source["name"], source["origin"]) for source in answer["sources"]] == [
            ("conda-forge", "condarc.yml"),
            ("corp", "condarc.yml"),
            ("far", ".condarc"),
        ]
        assert {source["claim"] for source in answer["sources"]} == {"strict"}

    def test_a_file_of_configuration(self, configured: Conda) -> None:
        """It takes the place of the project's."""
        own = configured.home / "admin.toml"
        own.write_text(f'sources = [{{name = "admin", index = "{HOST}/admin"}}]\n', encoding="utf-8")
        (configured.home / "wheelbridge.toml").write_text(f'sources = [{{index = "{HOST}/mine"}}]\n', encoding="utf-8")
        assert names(ask(configured), "index") == ["mine"]

        configured.settings["plugins"] = {"wheelbridge_config": str(own)}
        assert names(ask(configured), "index") == ["admin"]

    @pytest.mark.parametrize("key", ["wheelbridge_maps", "wheelbridge_config"])
    def test_a_relative_path(self, configured: Conda, key: str) -> None:
        """Conda merges files of several folders: nobody could tell which one is meant."""
        configured.settings["plugins"] = {key: ["names.yaml"] if key.endswith("maps") else "names.toml"}

        assert "absolute" in ask(configured)["error"]["message"]


class TestCaches:
    """What is linked into environments lies beside conda's packages; the rest is the user's."""

    @pytest.fixture
    def configured(self, configured: Conda) -> Conda:
        """No variable names the cache."""
        configured.variables["WHEELBRIDGE_CACHE_DIR"] = ""
        return configured

    def test_beside_condas(self, configured: Conda) -> None:
        """Pages of indexes are not there: others may read ``pkgs_dirs``."""
        caches, packages = ask(configured)["caches"], configured.home / "pkgs"

        assert caches["packages"] == str(packages / "wheelbridge" / "pkgs")
        assert caches["wheels"] == str(packages / "wheelbridge" / "unpacked")
        assert caches["archives"] == [str(packages)]
        assert not Path(caches["index"]).is_relative_to(packages)

    def test_the_first_that_can_be_written(self, configured: Conda) -> None:
        """Conda looks for it in the same way; without any, everything is the user's."""
        (configured.home / "file").write_text("", encoding="utf-8")
        configured.settings["pkgs_dirs"] = [str(configured.home / "file" / "pkgs"), str(configured.home / "second")]
        assert Path(ask(configured)["caches"]["packages"]).is_relative_to(configured.home / "second")

        configured.settings["pkgs_dirs"].pop()
        caches = ask(configured)["caches"]
        assert caches["packages"] == str(Path(caches["root"]) / "pkgs")

    def test_a_named_one(self, configured: Conda) -> None:
        """``WHEELBRIDGE_CACHE_DIR`` is for everything; what conda has downloaded is used all the same."""
        configured.variables["WHEELBRIDGE_CACHE_DIR"] = str(configured.home / "mine")
        caches = ask(configured)["caches"]

        assert caches["packages"] == str(configured.home / "mine" / "pkgs")
        assert caches["archives"] == [str(configured.home / "pkgs")]

    def test_conda_clean_leaves_it_alone(self, configured: Conda) -> None:
        """``conda clean --all`` takes what is conda's; nothing of conda's takes our folder for a package."""
        entry = Path(ask(configured)["caches"]["packages"]) / "thing-1-0"
        (entry / "info").mkdir(parents=True)
        (entry / "info" / "index.json").write_text("{}", encoding="utf-8")
        (configured.home / "pkgs" / "other-1-0" / "info").mkdir(parents=True)
        (configured.home / "pkgs" / "other-1-0" / "info" / "index.json").write_text("{}", encoding="utf-8")
        configured("clean", "--all", "--yes")

        assert not (configured.home / "pkgs" / "other-1-0").exists()
        assert (entry / "info" / "index.json").exists()

    def test_in_an_environment(self, configured: Conda, content: tuple[dict[str, list[Path]], Path]) -> None:
        """What conda has downloaded is not asked for again; links outlive the cache."""
        archive = "/channel/noarch/thing-1-0.conda"
        with LoopbackIndex({}, channel=content[1]) as server:
            configured.settings["channels"] = [server.channel]
            configured("create", "-n", "one", "thing", "--yes")
            assert server.count(archive) == 1
            configured("wheelbridge", "create", "-n", "two", "thing", "-O", "-c", server.channel, "--yes")
            assert server.count(archive) == 1
        linked, cached = configured.home / "envs" / "two" / "x", configured.home / "pkgs" / "wheelbridge" / "pkgs"
        assert linked.samefile(cached / "thing-1-0" / "x")

        configured("clean", "--force-pkgs-dirs", "--yes")
        assert not cached.exists()
        assert linked.read_text(encoding="utf-8") == "x"


REACH = """
import asyncio, io, os, sys
from conda.base.context import reset_context
reset_context()
from packaging.utils import canonicalize_name
from pathlib import Path
from rattler.package_streaming import download_to_writer
from wheelbridge.api.clients import open_client
from wheelbridge.conda_plugin.configuration import network_from_context
from wheelbridge.index.client import open_index

def attempt(action):
    try:
        return action()
    except Exception as error:
        return type(error).__name__

def read_channel():
    body = io.BytesIO()
    asyncio.run(download_to_writer(open_client(), sys.argv[2] + "/noarch/repodata.json", body))
    return f"{len(body.getvalue()) > 0}"

def read_index():
    index = open_index("it", sys.argv[1], cache_dir=Path(sys.argv[3]), trusted_hosts=["http://index.invalid"])
    return len(index.project_page(canonicalize_name("rich")).files)

with network_from_context().surroundings():
    print(attempt(read_index), attempt(read_channel), flush=True)
    os._exit(0)  # rattler's threads may still be at work
"""


def reach(conda: Conda, server: LoopbackIndex | None = None) -> str:
    """Read a page of an index and repodata of a channel inside conda; return what came."""
    conda.settings["remote_max_retries"] = 0
    index, channel = (server.url, server.channel) if server else ("http://index.invalid/simple", "http://chan.invalid")
    return run_inside(conda, REACH, index, channel, str(conda.home / "index")).strip()


@pytest.fixture
def authority() -> trustme.CA:
    """An authority of certificates that nobody knows."""
    return trustme.CA()


@pytest.fixture
def content(tmp_path: Path) -> tuple[dict[str, list[Path]], Path]:
    """Wheels for an index, and a channel."""
    channel = tmp_path / "channel"
    condapackages.make_conda(channel, "thing", "1", {"x": "x"})
    condapackages.index_channel(channel)
    return {"rich": [make_wheel(tmp_path / "wheels", "rich").path]}, channel


def encrypted(authority: trustme.CA, content: tuple[dict[str, list[Path]], Path], **options: Any) -> LoopbackIndex:
    """Return a server with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    for name, value in options.items():
        setattr(context, name, value)
    authority.configure_trust(context)
    return LoopbackIndex(content[0], tls=context, channel=content[1])


class TestNetwork:
    """conda's configuration of the network holds for channels and for indexes."""

    def test_a_proxy(self, configured: Conda) -> None:
        """``proxy_servers``; what it cannot say here is told."""
        with LoopbackIndex({}) as proxy:
            configured.settings["proxy_servers"] = {"http": proxy.root, "https://one.example": proxy.root}
            reach(configured)
            notes = ask(configured)["notes"]

        asked = {request.path for request, _ in proxy.requests}
        assert {"http://index.invalid/simple/rich/", "http://chan.invalid/noarch/repodata.json"} <= asked
        assert any("https://one.example is not followed" in note for note in notes)

    def test_a_variable_of_the_user_wins(self, configured: Conda) -> None:
        """As it does in conda."""
        configured.settings |= {"proxy_servers": {"http": "http://proxy.example"}, "ssl_verify": "condarc.yml"}
        configured.variables |= {"HTTP_PROXY": "http://mine.example", "SSL_CERT_FILE": "mine.pem"}

        assert ask(configured)["network"]["variables"] == {}

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere py-rattler asks the system which authority to trust")
    def test_an_authority(
        self, configured: Conda, authority: trustme.CA, content: tuple[dict[str, list[Path]], Path]
    ) -> None:
        """``ssl_verify`` names its file; without, nobody knows it."""
        authority.cert_pem.write_to_path(str(configured.home / "ca.pem"))
        with encrypted(authority, content) as server:
            assert reach(configured, server) == "IndexUnavailableError RuntimeError"
            configured.settings["ssl_verify"] = str(configured.home / "ca.pem")
            assert reach(configured, server) == "1 True"

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's store is no folder of the test's")
    @pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl names the authorities of a folder")
    def test_what_the_system_trusts(
        self, configured: Conda, authority: trustme.CA, content: tuple[dict[str, list[Path]], Path]
    ) -> None:
        """``ssl_verify: truststore``, for indexes; OpenSSL takes the system's authorities from a folder."""
        trusted = configured.home / "trusted"
        trusted.mkdir()
        command = ["openssl", "x509", "-hash", "-noout"]
        done = subprocess.run(command, input=authority.cert_pem.bytes(), capture_output=True, check=True)
        authority.cert_pem.write_to_path(str(trusted / f"{done.stdout.decode().strip()}.0"))
        configured.variables["SSL_CERT_DIR"] = str(trusted)
        with encrypted(authority, content) as server:
            assert reach(configured, server).startswith("IndexUnavailableError")
            configured.settings["ssl_verify"] = "truststore"
            assert reach(configured, server).startswith("1 ")

    def test_every_certificate_is_verified(
        self, configured: Conda, authority: trustme.CA, content: tuple[dict[str, list[Path]], Path]
    ) -> None:
        """``ssl_verify: false`` is not followed, and that is said."""
        configured.settings["ssl_verify"] = False
        with encrypted(authority, content) as server:
            assert reach(configured, server) == "IndexUnavailableError RuntimeError"

        assert any("ssl_verify: false is not followed" in note for note in ask(configured)["notes"])

    def test_a_certificate_of_the_client(
        self, configured: Conda, authority: trustme.CA, content: tuple[dict[str, list[Path]], Path]
    ) -> None:
        """An index that wants one gets it; py-rattler has none for channels, and that is said."""
        issued = authority.issue_cert("me@host.example")
        for name, blob in (("ca", authority.cert_pem), ("key", issued.private_key_pem)):
            blob.write_to_path(str(configured.home / f"{name}.pem"))
        issued.cert_chain_pems[0].write_to_path(str(configured.home / "cert.pem"))
        configured.settings["ssl_verify"] = str(configured.home / "ca.pem")
        with encrypted(authority, content, verify_mode=ssl.CERT_REQUIRED) as server:
            assert reach(configured, server).startswith("IndexUnavailableError")
            configured.settings["client_ssl_cert"] = str(configured.home / "cert.pem")
            configured.settings["client_ssl_cert_key"] = str(configured.home / "key.pem")
            assert reach(configured, server).startswith("1 ")

        assert any("client_ssl_cert holds for indexes" in note for note in ask(configured)["notes"])

    def test_patience(self, configured: Conda) -> None:
        """What is configured is handed on; conda's defaults are not ours."""
        assert ask(configured)["network"] == {"offline": False, "variables": {}}
        configured.settings |= {"remote_max_retries": 7, "remote_read_timeout_secs": 12, "offline": True}

        assert ask(configured)["network"] == {
            "offline": True,
            "variables": {"WHEELBRIDGE_HTTP_RETRIES": "7", "WHEELBRIDGE_HTTP_TIMEOUT": "12.0"},
        }
