"""conda's context as the network and the caches of wheelbridge: each reaches what conda would, and keeps it."""

import shutil
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.conda_plugin.contexts import ask, run_inside
from tests.loopback import LoopbackIndex
from tests.realconda import Conda


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
from wheelbridge.conda_plugin.context_network import network_from_context
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


SURROUNDED = """
import os
from wheelbridge.conda_plugin.context_network import Network
with Network(variables={"MINE": "conda's", "OTHER": "conda's"}).surroundings():
    print(os.environ["MINE"], os.environ["OTHER"])
print(os.environ["MINE"], os.environ.get("OTHER"))
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

    def test_nothing_of_the_users_is_overwritten(self, configured: Conda) -> None:
        """What a command finds in its environment is the user's, else conda's; afterwards all is as it was."""
        configured.variables |= {"MINE": "mine"}

        assert run_inside(configured, SURROUNDED).split() == ["mine", "conda's", "mine", "None"]

    def test_a_folder_of_authorities(self, configured: Conda) -> None:
        """``ssl_verify`` may name one; OpenSSL reads it by another variable than a file."""
        configured.settings["ssl_verify"] = str(configured.home)

        assert ask(configured)["network"]["variables"] == {
            "SSL_CERT_DIR": str(configured.home),
            "REQUESTS_CA_BUNDLE": str(configured.home),
        }

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
        configured.settings |= {
            "remote_max_retries": 7,
            "remote_read_timeout_secs": 12,
            "remote_connect_timeout_secs": 3,
            "offline": True,
        }

        assert ask(configured)["network"] == {
            "offline": True,
            "variables": {
                "WHEELBRIDGE_HTTP_RETRIES": "7",
                "WHEELBRIDGE_HTTP_TIMEOUT": "12.0",
                "WHEELBRIDGE_HTTP_CONNECT_TIMEOUT": "3.0",
            },
        }
