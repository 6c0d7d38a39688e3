"""Whatever opens a source stands nowhere afterwards: neither in what is said, nor on disk."""

import json
import os
import random
import string
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_server
from urllib.parse import quote, quote_plus

import pytest

from tests.loopback import LoopbackIndex, authorization, edited, status
from tests.real_python import RealChannel

ROOT = Path(__file__).parents[2]
WRAPPER = (
    "import logging, sys; logging.basicConfig(level=logging.DEBUG, filename=sys.argv.pop(1)); "
    "from wheelbridge.cli import main; sys.exit(main(sys.argv[1:]))"
)
KEYRING = """
import json, os
from keyring.backend import KeyringBackend

class Backend(KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        return json.load(open(os.environ["TEST_KEYRING"], encoding="utf-8")).get(f"{username} {service}")

    def set_password(self, service, username, password):
        raise NotImplementedError  # the base class demands the method; nothing here writes a password

    def get_credential(self, service, username):
        from keyring.credentials import SimpleCredential
        for key, password in json.load(open(os.environ["TEST_KEYRING"], encoding="utf-8")).items():
            user, _, known = key.partition(" ")
            if known == service and username in (None, user):
                return SimpleCredential(user, password)
        return None
"""
PLAIN = string.ascii_letters + string.digits
SPECIAL = "/:@%?#&+=~!$'()*,;[]^{|}üß€" + PLAIN
UNSAFE = "'\"<> `!$&()*+,;={}|" + PLAIN
WORDS = "!%&*+,-./:=@^_~" + PLAIN
"""What a netrc takes without quotes."""


@dataclass
class Secrets:
    """The secrets of one run: all that must not be found."""

    chance: random.Random
    all: set[str] = field(default_factory=set)

    def make(self, alphabet: str = SPECIAL, length: int = 24) -> str:
        """Return a new one: it ends plain, so that every encoding of it keeps a part that is its own."""
        text = "".join(self.chance.choices(alphabet, k=length)) + "".join(self.chance.choices(PLAIN, k=12))
        self.all.add(text)
        return text

    def traces(self, user: str) -> dict[bytes, str]:
        """Return how each may be written: in the clear, percent-encoded, in JSON, in Python, in base64."""
        found: dict[bytes, str] = {}
        for text in self.all:
            pairs = (f"{user}:{text}", f":{text}", f"__token__:{text}", f"{text}:")
            forms = {
                *(text, text[-12:], quote(text, safe=""), quote(text), quote_plus(text), quote(text, safe="").lower()),
                *(json.dumps(text)[1:-1], repr(text)[1:-1]),
                *(b64encode(pair.encode()).decode().rstrip("=")[:-1] for pair in pairs),
            }
            found |= {form.encode(): text for form in forms}
        return found


@dataclass
class Place:
    """Two closed servers, an index and a channel; an environment; and a home with nothing in it."""

    folder: Path
    index: LoopbackIndex
    channel: LoopbackIndex
    secrets: Secrets
    user: str = "us.er"
    variables: dict[str, str] = field(default_factory=dict)
    index_url: str = ""
    channel_url: str = ""
    said: list[str] = field(default_factory=list)

    def close(self, value: str, *servers: LoopbackIndex) -> None:
        """Let nobody in without the header's *value*."""
        for server in servers:
            server.fail("/", authorization(value))

    def basic(self, password: str) -> str:
        """Return the header's value."""
        return "Basic " + b64encode(f"{self.user}:{password}".encode()).decode()

    def with_login(self, url: str, password: str) -> str:
        """Put user and password into *url*."""
        return url.replace("://", f"://{quote(self.user, safe='')}:{quote(password, safe='')}@")

    def store(self, name: str, text: str) -> str:
        """Write a file of the user's, whose place is no place to search."""
        path = self.folder / "stores" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return str(path)

    def run(self, *arguments: str, index: str | None = None, channel: str | None = None) -> int:
        """Run a command in a process of its own, logging all there is to log; return its exit code."""
        sources = ("-c", channel or self.channel_url, "-i", f"mine={index or self.index_url}")
        options = sources if arguments[0] in ("create", "install", "solve") else ()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{self.folder / 'stores'}",
            "WHEELBRIDGE_CACHE_DIR": str(self.folder / "cache"),
            "XDG_CACHE_HOME": str(self.folder / "xdg"),
            "TMPDIR": str(self.folder / "tmp"),
            **self.variables,
        }
        command = [sys.executable, "-c", WRAPPER, str(self.folder / "log.txt"), *arguments, *options]
        done = subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, check=False, timeout=120
        )
        self.said += [done.stdout, done.stderr]
        return done.returncode

    def search(self) -> tuple[list[str], int, int]:
        """Return what holds a secret, and how many files and bytes were searched."""
        traces = self.secrets.traces(self.user)
        files = [path for path in self.folder.rglob("*") if path.is_file() and "stores" not in path.parts]
        texts = {str(path): path.read_bytes() for path in files if not path.is_symlink()}
        texts |= {f"output {number}: {text}": text.encode() for number, text in enumerate(self.said)}
        texts |= {f"name of {path}": str(path).encode() for path in self.folder.rglob("*")}
        found = [f"{name} holds {trace!r}" for name, text in texts.items() for trace in traces if trace in text]
        return found, len(texts), sum(map(len, texts.values()))


def url_of_index(place: Place) -> None:
    """User and password in the index's URL."""
    password = place.secrets.make()
    place.close(place.basic(password), place.index)
    place.index_url = place.with_login(place.index.url, password)


def not_encoded(place: Place) -> None:
    """User and password in both URLs, with signs that end a URL in a text but not in an argument."""
    for server in (place.index, place.channel):
        password = place.secrets.make(UNSAFE, 12) + place.secrets.make(UNSAFE, 12)
        place.secrets.all.add(password)
        place.close(place.basic(password), server)
        login = f"://{quote(place.user)}:{password}@"
        if server is place.index:
            place.index_url = server.url.replace("://", login)
        else:
            place.channel_url = server.channel.replace("://", login)


def user_name_alone(place: Place) -> None:
    """A token for a user name."""
    token = place.secrets.make()
    place.user = token
    place.close("Basic " + b64encode(f"{token}:".encode()).decode(), place.index)
    place.index_url = place.index.url.replace("://", f"://{quote(token, safe='')}@")


def url_of_channel(place: Place) -> None:
    """User and password in the channel's URL."""
    password = place.secrets.make()
    place.close(place.basic(password), place.channel)
    place.channel_url = place.with_login(place.channel.channel, password)


def conda_token(place: Place) -> None:
    """Conda's token in the channel's URL."""
    token = place.secrets.make(PLAIN + "-")
    place.channel.token = token
    place.channel_url = place.channel.channel.replace("/channel", f"/t/{token}/channel")


def conda_token_and_login(place: Place) -> None:
    """Both at once."""
    url_of_channel(place)
    token = place.secrets.make(PLAIN + "-")
    place.channel.token = token
    place.channel_url = place.channel_url.replace("/channel", f"/t/{token}/channel")


def netrc(place: Place) -> None:
    """One entry for both, as they are on one host."""
    password = place.secrets.make(WORDS)
    place.close(place.basic(password), place.index, place.channel)
    text = f"machine 127.0.0.1\nlogin {place.user}\npassword {password}\n"
    place.variables["NETRC"] = place.store("netrc", text)


def variables(place: Place) -> None:
    """User and password of each source."""
    for source, server in (("MINE", place.index), ("CHANNEL", place.channel)):
        password = place.secrets.make()
        place.close(place.basic(password), server)
        place.variables[f"WHEELBRIDGE_SOURCE_{source}_USERNAME"] = place.user
        place.variables[f"WHEELBRIDGE_SOURCE_{source}_PASSWORD"] = password
    place.variables["WHEELBRIDGE_SOURCE_CHANNEL_HOST"] = place.channel.root.removeprefix("http://")


def token_variables(place: Place) -> None:
    """An API token for the index, a bearer's for the channel."""
    token, bearer = place.secrets.make(), place.secrets.make(PLAIN + "-._~+/")
    place.user = "__token__"
    place.close(place.basic(token), place.index)
    place.close(f"Bearer {bearer}", place.channel)
    place.variables |= {"WHEELBRIDGE_SOURCE_MINE_TOKEN": token, "WHEELBRIDGE_SOURCE_CHANNEL_TOKEN": bearer}
    place.variables["WHEELBRIDGE_SOURCE_CHANNEL_HOST"] = place.channel.root.removeprefix("http://")


def conda_token_variable(place: Place) -> None:
    """Conda's token of the channel."""
    place.channel.token = token = place.secrets.make(PLAIN + "-")
    place.variables["WHEELBRIDGE_SOURCE_CHANNEL_CONDA_TOKEN"] = token
    place.variables["WHEELBRIDGE_SOURCE_CHANNEL_HOST"] = place.channel.root.removeprefix("http://")


def auth_file(place: Place) -> None:
    """User and password in rattler's store."""
    password = place.secrets.make()
    place.close(place.basic(password), place.index, place.channel)
    logins = {"127.0.0.1": {"BasicHTTP": {"username": place.user, "password": password}}}
    place.variables["RATTLER_AUTH_FILE"] = place.store("auth.json", json.dumps(logins))


def bearer_in_auth_file(place: Place) -> None:
    """A bearer's token in rattler's store."""
    token = place.secrets.make(PLAIN + "-._~+/")
    place.close(f"Bearer {token}", place.index, place.channel)
    logins = {"127.0.0.1": {"BearerToken": token}}
    place.variables["RATTLER_AUTH_FILE"] = place.store("auth.json", json.dumps(logins))


def conda_token_in_auth_file(place: Place) -> None:
    """Conda's token in rattler's store."""
    place.channel.token = token = place.secrets.make(PLAIN + "-")
    place.variables["RATTLER_AUTH_FILE"] = place.store("auth.json", json.dumps({"127.0.0.1": {"CondaToken": token}}))


def keyring(place: Place) -> None:
    """The keyring, by a backend of its own."""
    password = place.secrets.make()
    place.close(place.basic(password), place.index)
    place.store("test_keyring_backend.py", KEYRING)
    place.variables["WHEELBRIDGE_KEYRING"] = "1"
    place.variables["PYTHON_KEYRING_BACKEND"] = "test_keyring_backend.Backend"
    place.variables["TEST_KEYRING"] = place.store("k.json", json.dumps({f"{place.user} {place.index.url}": password}))


WAYS = (
    *(url_of_index, not_encoded, user_name_alone, url_of_channel, conda_token, conda_token_and_login, netrc, variables),
    *(token_variables, conda_token_variable, auth_file, bearer_in_auth_file, conda_token_in_auth_file, keyring),
)
ERRING = (url_of_index, conda_token_and_login, variables, bearer_in_auth_file, keyring)
"""What goes wrong takes its time: one way for each kind of secret and each reader."""


@pytest.fixture
def place(
    tmp_path: Path, wheels: dict[str, list[Path]], real_channel: RealChannel, request: pytest.FixtureRequest
) -> Iterator[Place]:
    """The servers; secrets are the same for the same test, and others for each other one."""
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    secrets = Secrets(random.Random(request.node.name))
    with LoopbackIndex(wheels) as index, LoopbackIndex({}, channel=real_channel.folder) as channel:
        place = Place(tmp_path, index, channel, secrets)
        place.index_url, place.channel_url = index.url, channel.channel
        yield place


def check(place: Place) -> None:
    """Find nothing, and say where it was looked for."""
    found, texts, size = place.search()
    forms = len(place.secrets.traces(place.user))
    print(f"\n{forms} forms of {len(place.secrets.all)} secrets in {texts} files, names and outputs, {size} bytes")
    assert found == []
    assert (place.folder / "log.txt").stat().st_size > 0


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_goes_well(place: Place, way: object) -> None:
    """Every command that reads sources, or what they left behind."""
    assert callable(way)
    way(place)
    prefix = ("-p", str(place.folder / "env"))
    codes = [
        place.run("create", *prefix, "python", "pypi:app", "-y", "-v"),
        place.run("install", *prefix, "pypi:extra-thing", "-y", "--json"),
        place.run("solve", "python", "pypi:app", "-v"),
        place.run("solve", "python", "pypi:app", "--json"),
        place.run("list", *prefix),
        place.run("list", *prefix, "--json"),
        place.run("why", *prefix, "lib"),
        place.run("remove", *prefix, "pypi:extra-thing", "-y"),
    ]

    assert codes == [0] * len(codes), "\n".join(place.said)
    check(place)
    assert "create" in (place.folder / "env/conda-meta/history").read_text()
    assert place.index.count(code=200)
    assert place.channel.count(code=200)


@pytest.mark.parametrize("way", ERRING, ids=lambda way: way.__name__)
def test_what_goes_wrong(place: Place, way: object) -> None:
    """Wrong logins, refusals, broken servers, broken pages, no answer, no solution."""
    assert callable(way)
    way(place)
    with create_server(("127.0.0.1", 0)) as listener:
        nowhere = f"127.0.0.1:{listener.getsockname()[1]}"
    asked = ("python", "pypi:app")
    codes = [place.run("solve", "python", "pypi:nonesuch"), place.run("solve", "python", "pypi:app>9", "--json")]
    closed = (place.index.root.removeprefix("http://"), place.channel.root.removeprefix("http://"))
    codes += [place.run("solve", *asked, index=place.index_url.replace(closed[0], nowhere))]
    codes += [place.run("solve", *asked, "--json", channel=place.channel_url.replace(closed[1], nowhere))]
    wrong = place.secrets.make()
    codes += [
        place.run("solve", *asked, index=place.with_login(place.index.url, wrong) + "/none"),
        place.run("solve", *asked, index=place.with_login(place.index.url, wrong).replace("http:", "ftp:")),
        place.run("solve", *asked, "--json", index=place.with_login(place.index.url, wrong).replace("127.", "[::1")),
        place.run("solve", *asked, channel=place.with_login(place.channel.channel, wrong) + "/none"),
        place.run("solve", *asked, channel=place.channel.channel + f"?token={quote(wrong)}"),
    ]
    for code, server in ((403, place.index), (500, place.index), (403, place.channel)):
        server.fail("/", status(code))
        codes += [
            place.run("create", "-p", str(place.folder / "env"), *asked, "-y", *json) for json in ((), ("--json",))
        ]
        server.heal()
    place.index.fail("/simple/extra-thing/", edited(lambda page: page["files"][0].update(size="large")))
    codes += [place.run("solve", "pypi:extra-thing", "python")]

    assert set(codes) <= {1, 2}, codes
    assert not [text for text in place.said if "Traceback" in text or '"internal"' in text]
    check(place)


def test_the_search_finds_what_is_there(place: Place) -> None:
    """In every form, in a file, in a name, in what was said."""
    secret = place.secrets.make()
    for number, trace in enumerate(place.secrets.traces(place.user)):
        (place.folder / "home" / str(number)).write_bytes(b"x" + trace + b"y")
    place.said.append(f"error: {quote(secret)}")

    found, _, _ = place.search()
    assert len({text.partition(" holds ")[0] for text in found}) == len(place.secrets.traces(place.user)) + 1
