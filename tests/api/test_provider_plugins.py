"""Provider plugins, really installed and really run; one from the public index."""

import base64
import os
import platform
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from tests.loopback import LoopbackIndex, login
from tests.providers import plugin
from wheelbridge.api.demo import build_wheel
from wheelbridge.api.provider_errors import ProviderFailedError
from wheelbridge.api.provider_plugins import ANSWER_LIFETIME, PluginRunner
from wheelbridge.index import Index, open_index
from wheelbridge.model.variant import VariantProvider
from wheelbridge.target.detect import detect_target
from wheelbridge.translate.providers import find_support

LOGIN = "some-body:open-sesame"
USER, PASSWORD = LOGIN.split(":")

MODULE = """\
class Config:
    def __init__(self, name, values, multi_value=False):
        self.name, self.values, self.multi_value = name, values, multi_value

def get_supported_configs():
    return [Config("made_as", ["module"])]
"""
PLUGINS = """\
import os, pathlib, subprocess, sys, time
from . import Config

class Current:
    def __init__(self, needed):
        raise RuntimeError("PEP 817 has no instances")
    @classmethod
    def get_supported_configs(cls):
        return [Config("level", ["v3", "v2", "v1"]), Config("gpu", []), Config("a_2", ["on", "1.0_x"], True)]

class Namespace:
    class Inner(Current):
        pass

class Instance:
    def __init__(self):
        self.made_as = "instance"
    def get_supported_configs(self):
        return [Config("made_as", [self.made_as])]

def make():
    return Instance()

class Old:
    def get_supported_configs(self, known_properties):
        return [Config("given", [str(known_properties).lower()])]

class Context:
    @staticmethod
    def get_supported_configs(context=2, *rest, **others):
        return [Config("given", [str(context)])]

class Nothing:
    @staticmethod
    def get_supported_configs():
        return []

class Chatty(Current):
    @classmethod
    def get_supported_configs(cls):
        print("[]")
        subprocess.run([sys.executable, "-c", "print('[[1]]')"], check=True)
        return super().get_supported_configs()

class Surroundings:
    @staticmethod
    def get_supported_configs():
        prefixes = ("PYTHON", "PIP_", "UV_", "WHEELBRIDGE_", "RATTLER_", "NETRC")
        told = [key for key in os.environ if key.startswith(prefixes)]
        kept = [os.environ["PROBE_KEPT"], str(sys.flags.isolated), str(sys.prefix != sys.base_prefix).lower()]
        return [Config("kept", kept), Config("told", [key.lower() for key in told])]

class Counting:
    @staticmethod
    def get_supported_configs():
        with open(os.environ["PROBE_COUNT"], "a") as stream:
            stream.write("x")
        time.sleep(0.2)
        return [Config("count", ["1"])]

class CountingThenBroken(Counting):
    @staticmethod
    def get_supported_configs():
        Counting.get_supported_configs()
        print("looking for the device")
        raise OSError("the device at https://me:pass-word@host.example/ is \\x1b[31mgone")

class Exits:
    @staticmethod
    def get_supported_configs():
        raise SystemExit(0)

class Hanging:
    @staticmethod
    def get_supported_configs():
        print("asking the driver")
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        pathlib.Path(os.environ["PROBE_CHILD"]).write_text(str(child.pid))
        child.wait()

class Answers:
    @staticmethod
    def get_supported_configs():
        return Answers.configs

def answers(*configs):
    return type("Given", (), {"get_supported_configs": staticmethod(lambda: [Config(*config) for config in configs])})

upper_case = answers(("Level", ["v1"]))
bad_value = answers(("level", ["v 1"]))
number = answers(("level", [1]))
text = answers(("level", "v1"))
dictionary = answers(("level", {"v1": 1}))
twice = answers(("level", ["v1"]), ("level", ["v2"]))
same_value = answers(("level", ["v1", "v1"]))
not_json = answers(("level", {"v1"}))
"""
DECOY = "raise ImportError('this one comes from where nobody said')\n"
REQUIRES = ("Probe_Provider>=1.0",)


def probe(name: str | None, **changes: Any) -> VariantProvider:
    """Make the provider of which the plugin is called *name*; None for no plugin-api."""
    endpoint = f"probe_provider.plugins:{name}" if name else None
    return plugin("probe", **{"requires": REQUIRES, "plugin_api": endpoint, **changes})


@pytest.fixture(scope="module", autouse=True)
def decoys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point Python and pip elsewhere, by every variable and file that they would listen to."""
    folder = tmp_path_factory.mktemp("decoys")
    build_wheel(folder, "probe_provider", "2.0", {"probe_provider/__init__.py": DECOY})
    (folder / "probe_provider.py").write_text(DECOY, encoding="utf-8")
    settings = folder / "pip.conf"
    settings.write_text(f"[global]\nfind-links = {folder}\ntarget = {folder}\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_FIND_LINKS", str(folder))
        patch.setenv("PIP_CONFIG_FILE", str(settings))
        patch.setenv("PIP_TARGET", str(folder / "target"))
        patch.setenv("PYTHONPATH", str(folder))
        yield


@dataclass(frozen=True)
class World:
    """Indexes, and a cache with the provider's environment, which is costly.

    Attributes:
        indexes: one that wants a login and has the provider, and a folder that has what it requires, flat and in
            the layout of the simple API; there is a blank in its name.
        rubbish: a file of the environment that a killed run had left before.
        answers: what two who came at once were told.
        runs: what the plugin wrote meanwhile: a letter for each time it ran.
    """

    cache: Path
    indexes: tuple[Index, ...]
    rubbish: Path
    answers: tuple[object, ...]
    runs: str

    def run(self, *, offline: bool = False, limit: float = 30) -> PluginRunner:
        """Make a runner that trusts the provider, with nothing in its memory."""
        return PluginRunner(["probe.provider"], self.cache, self.indexes, offline=offline, limit=limit)

    def ask(self, provider: VariantProvider) -> list[tuple[str, tuple[str, ...]]]:
        """Ask, and return the answer in its order."""
        return [*self.run()(provider).items()]

    def forget(self) -> None:
        """Take the answers away."""
        for path in (self.cache / "providers").glob("*.json"):
            path.unlink()

    def kept(self) -> Path:
        """Find the only answer."""
        (path,) = (self.cache / "providers").glob("*.json")
        return path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Let two ask at once where a killed run has left half an environment."""
    folder, wheels, cache, runs = (tmp_path_factory.mktemp(name) for name in ("an index", "wheels", "cache", "runs"))
    files = {"probe_provider/__init__.py": MODULE, "probe_provider/plugins.py": PLUGINS}
    wheel = build_wheel(wheels, "probe_provider", "1.0", files, "Requires-Dist: probe-words\n")
    build_wheel(folder, "probe_words", "1.0", {"probe_words.py": ""}, "Requires-Dist: probe-more\n")
    (folder / "probe-more").mkdir()
    more = build_wheel(folder / "probe-more", "probe_more", "1.0", {"probe_more.py": ""})
    (folder / "probe-more" / "index.html").write_text(f'<a href="{more.name}">{more.name}</a>', encoding="utf-8")
    with LoopbackIndex({"probe-provider": [wheel]}) as server, pytest.MonkeyPatch.context() as patch:
        server.fail("/", login(base64.b64encode(LOGIN.encode()).decode()))
        patch.setenv("PROBE_COUNT", str(runs / "count"))
        urls = (server.url.replace("://", f"://{LOGIN}@"), folder.as_uri())
        indexes = tuple(open_index("corp", url, cache_dir=cache / "index") for url in urls)
        rubbish = _leave_rubbish(cache, indexes)
        runners = [PluginRunner(["probe-provider"], cache, indexes) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            answers = tuple(pool.map(lambda runner: runner(probe("Counting")), runners))
        yield World(cache, indexes, rubbish, answers, (runs / "count").read_text(encoding="utf-8"))


def _leave_rubbish(cache: Path, indexes: tuple[Index, ...]) -> Path:
    """Begin the environment of the provider; its name is that of the lock."""
    with pytest.raises(ProviderFailedError, match="not in the cache"):
        PluginRunner(["probe-provider"], cache, indexes, offline=True)(probe("Counting"))
    (lock,) = (cache / "providers").iterdir()
    rubbish = lock.with_suffix("") / "lib" / "rubbish"
    rubbish.parent.mkdir(parents=True)
    rubbish.touch()
    return rubbish


@pytest.fixture
def count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name the file that has a letter for every time that the counting plugins ran."""
    monkeypatch.setenv("PROBE_COUNT", str(tmp_path / "count"))
    return tmp_path / "count"


def set_age(path: Path, seconds: float) -> None:
    """Let a file look as if it was written so long ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))


LEVELS = [("level", ("v3", "v2", "v1")), ("a_2", ("on", "1.0_x"))]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("Current", LEVELS, id="class-methods"),
        pytest.param("Namespace.Inner", LEVELS, id="dotted"),
        pytest.param("Instance", [("made_as", ("instance",))], id="class-to-instantiate"),
        pytest.param("make", [("made_as", ("instance",))], id="callable-that-makes-one"),
        pytest.param("Old", [("given", ("none",))], id="old-signature"),
        pytest.param("Context", [("given", ("2",))], id="optional-argument"),
        pytest.param("Nothing", [], id="supports-nothing"),
        pytest.param("Chatty", LEVELS, id="prints"),
        pytest.param(None, [("made_as", ("module",))], id="module-by-requirement"),
    ],
)
def test_every_generation_of_plugins_is_asked(
    world: World, name: str | None, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    """Whatever the endpoint names, and whatever it prints; features without values are not supported."""
    assert world.ask(probe(name)) == expected


def test_a_plugin_runs_isolated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What speaks to Python and pip is taken away, and logins; other variables stay, as providers have conventions."""
    monkeypatch.setenv("PROBE_KEPT", "kept")
    for name in ("WHEELBRIDGE_SOURCE_CORP_PASSWORD", "RATTLER_AUTH_FILE", "NETRC", "UV_INDEX_CORP_PASSWORD"):
        monkeypatch.setenv(name, "s3cret")

    assert world.ask(probe("Surroundings")) == [("kept", ("kept", "1", "true"))]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        pytest.param("Missing", "has no attribute 'Missing'", id="no-such-object"),
        pytest.param("PLUGINS:x.y", "PLUGINS is no module of Probe_Provider", id="no-such-module"),
        pytest.param("Config", "missing 2 required positional arguments", id="no-plugin"),
        pytest.param("Answers", "no attribute 'configs'", id="raises"),
        pytest.param("not_json", "not JSON serializable", id="not-json"),
        pytest.param("Exits", "None is no feature", id="no-answer"),
        pytest.param("upper_case", "['Level', ['v1']] is no feature", id="name"),
        pytest.param("bad_value", "['level', ['v 1']] is no feature", id="value"),
        pytest.param("number", "['level', [1]] is no feature", id="number"),
        pytest.param("text", "['level', 'v1'] is no feature", id="text-for-a-list"),
        pytest.param("dictionary", "['level', {'v1': 1}] is no feature", id="dictionary-for-a-list"),
        pytest.param("twice", "['level', ['v2']] is no feature", id="feature-twice"),
        pytest.param("same_value", "['level', ['v1', 'v1']] is no feature", id="value-twice"),
    ],
)
def test_nonsense_is_an_error(world: World, name: str, says: str) -> None:
    """The error names the provider, says what was wrong and what to do."""
    endpoint = name if ":" in name else f"probe_provider.plugins:{name}"

    with pytest.raises(ProviderFailedError) as failed:
        world.ask(probe(None, plugin_api=endpoint))

    assert failed.value.message.startswith("The variant provider Probe_Provider>=1.0 ")
    assert says in failed.value.message
    assert "maintainers" in (failed.value.hint or "")


def test_a_failure_ends_with_what_the_plugin_said_last(world: World, count: Path) -> None:
    """Without credentials and without colours; it is remembered, for the plugin may have taken its time."""
    runner = world.run()
    for _ in range(2):
        with pytest.raises(ProviderFailedError) as failed:
            runner(probe("CountingThenBroken"))

    assert failed.value.message.startswith("The variant provider Probe_Provider>=1.0 could not be asked:\n")
    assert failed.value.message.endswith("OSError: the device at https://host.example/ is  [31mgone")
    assert "pass-word" not in str(failed.value.as_json())
    assert count.read_text() == "x"


def test_a_plugin_that_hangs_is_ended(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is what it started: often it is a driver's tool that hangs."""
    monkeypatch.setenv("PROBE_CHILD", str(tmp_path / "child"))

    with pytest.raises(ProviderFailedError, match=r"could not be asked within 1\.5 seconds:\nasking the driver"):
        world.run(limit=1.5)(probe("Hanging"))

    assert _has_ended(int((tmp_path / "child").read_text()))


class TestTrust:
    """PEP 9999: with an untrusted package, tools "MUST NOT install or use the provider packages"."""

    @pytest.mark.parametrize(
        ("changes", "trusted"),
        [
            pytest.param({}, True, id="by-name"),
            pytest.param({"requires": ("probe-provider[cuda]; sys_platform == 'win32'", "Second")}, True, id="all"),
            pytest.param({"requires": ("probe-provider", "third")}, False, id="one-is-not"),
            pytest.param({"requires": ("third; sys_platform == 'none'", "second")}, False, id="one-elsewhere"),
            pytest.param({"requires": ()}, False, id="none-named"),
            pytest.param({"kind": "static"}, False, id="static"),
            pytest.param(
                {"requires": ("probe-provider @ https://host.example/p-1-py3-none-any.whl",)}, False, id="url"
            ),
            pytest.param({"requires": ("--index-url=https://host.example probe-provider",)}, False, id="option"),
            pytest.param({"requires": ("probe-provider\n--pre",)}, False, id="lines"),
        ],
    )
    def test_is_by_name(self, tmp_path: Path, changes: dict[str, object], *, trusted: bool) -> None:
        """Names are compared as indexes do; a URL is no name."""
        assert PluginRunner(["Probe_Provider", "SECOND"], tmp_path, []).trusts(probe(None, **changes)) is trusted

    def test_comes_first(self, tmp_path: Path) -> None:
        """Nothing is made for a provider that is not trusted, whoever asks."""
        url = "probe-provider @ https://me:pass-word@host.example/p-1-py3-none-any.whl"
        with pytest.raises(ProviderFailedError, match="is not trusted") as failed:
            PluginRunner(["probe-provider"], tmp_path / "cache", [])(probe(None, requires=(url,)))

        assert not (tmp_path / "cache").exists()
        assert "pass-word" not in str(failed.value.as_json())


class TestCache:
    """An answer is kept for a day, an environment for good."""

    def test_two_at_once_ask_once(self, world: World) -> None:
        """One makes the environment and asks; the other waits for the answer."""
        assert world.answers == ({"count": ("1",)},) * 2
        assert world.runs == "x"

    def test_a_killed_run_leaves_nothing_that_is_used(self, world: World) -> None:
        """Half an environment is made anew."""
        assert world.rubbish.parent.is_dir()
        assert not world.rubbish.exists()

    def test_a_plugin_runs_once(self, world: World, count: Path) -> None:
        """The second time, and another process, read what it said."""
        world.forget()
        runner = world.run()
        asked = [runner(probe("Counting")), runner(probe("Counting"))]
        offline = world.run(offline=True)(probe("Counting"))

        assert asked == [offline, offline] == [{"count": ("1",)}] * 2
        assert count.read_text() == "x"

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda path: set_age(path, ANSWER_LIFETIME + 1), id="old"),
            pytest.param(lambda path: set_age(path, -ANSWER_LIFETIME - 60), id="future"),
            pytest.param(lambda path: path.write_text("3"), id="nonsense"),
            pytest.param(lambda path: path.write_bytes(b"\xff"), id="broken"),
        ],
    )
    def test_an_answer_that_cannot_be_believed_is_asked_for_again(
        self, world: World, count: Path, spoil: Callable[[Path], object]
    ) -> None:
        """Offline too: the environment is there."""
        world.forget()
        world.ask(probe("Counting"))
        spoil(world.kept())

        assert world.run(offline=True)(probe("Counting")) == {"count": ("1",)}
        assert count.read_text() == "xx"
        assert world.ask(probe("Counting")) == [("count", ("1",))]
        assert count.read_text() == "xx"

    def test_an_answer_is_believed_for_hours(self, world: World, count: Path) -> None:
        """To ask costs the start of a Python, and what the plugin does."""
        world.forget()
        world.ask(probe("Counting"))
        set_age(world.kept(), ANSWER_LIFETIME - 3600)

        assert world.ask(probe("Counting")) == [("count", ("1",))]
        assert count.read_text() == "x"

    def test_offline_without_an_environment(self, tmp_path: Path) -> None:
        """Nothing is downloaded, and the hint says what would help."""
        with pytest.raises(ProviderFailedError, match="is not in the cache") as failed:
            PluginRunner(["probe-provider"], tmp_path, [], offline=True)(probe("Current"))

        assert "network" in (failed.value.hint or "")
        assert [path.suffix for path in (tmp_path / "providers").iterdir()] == [".lock"]

    def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        """Which is nobody's fault but has to be said."""
        (tmp_path / "providers").touch()

        with pytest.raises(ProviderFailedError, match="File exists"):
            PluginRunner(["probe-provider"], tmp_path, [])(probe("Current"))


def test_what_the_indexes_do_not_have(world: World, tmp_path: Path) -> None:
    """The error says so, without credentials; no other index was asked, and no environment stays behind."""
    provider = probe("Current", requires=("probe-provider>=2",))
    with pytest.raises(ProviderFailedError) as failed:
        PluginRunner(["probe-provider"], tmp_path, world.indexes)(provider)

    message = failed.value.message
    assert message.startswith("The variant provider probe-provider>=2 could not be installed:\n")
    assert "(from versions: 1.0)" in message
    assert PASSWORD not in str(failed.value.as_json())
    assert "wheels" in (failed.value.hint or "")
    assert [path.suffix for path in (tmp_path / "providers").iterdir()] == [".lock"]


def test_credentials_of_an_index_are_not_in_the_cache(world: World) -> None:
    """The environment came from an index that wanted them."""
    files = [path for path in world.cache.rglob("*") if path.is_file()]

    assert len(files) > 100
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]


def test_credentials_are_never_shown() -> None:
    """Pip hides passwords alone, and plugins print what they like."""
    url = f"https://{LOGIN}@host.example/simple"
    error = ProviderFailedError(f"a @ {url}", f"fails at {url}", output=[f"HTTP error 404 at {url}"])

    assert USER not in str(error.as_json())
    assert "404 at https://host.example/simple" in error.message


@pytest.mark.network
@pytest.mark.skipif(platform.machine().lower() not in {"x86_64", "amd64"}, reason="the provider is for x86_64")
def test_a_real_provider_says_what_the_translation_says(tmp_path: Path) -> None:
    """The provider of x86_64 on this machine, and wheelbridge's knowledge of it on the machine's virtual packages."""
    try:
        requests.head(PYPI_SIMPLE_ENDPOINT, timeout=5)
    except requests.RequestException as error:
        pytest.skip(f"the public index cannot be reached: {type(error).__name__}")
    provider = plugin("x86_64", requires=("provider-variant-x86-64==0.0.1.post2",))
    known = find_support(provider, detect_target()).features
    index = open_index("pypi", "pypi", cache_dir=tmp_path, trusted_hosts=["*"])

    asked = PluginRunner(["provider-variant-x86-64"], tmp_path, [index])(provider)

    assert known
    assert [*asked.items()] == [*known.items()]


def _has_ended(pid: int) -> bool:
    """Wait for the end of a process that is not a child of ours."""
    for _ in range(100):
        with suppress(FileNotFoundError):
            if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX":
                time.sleep(0.05)
                continue
        return True
    return False
