"""``--solver wheelbridge``: conda's own commands over channels and indexes, in a real conda."""

import json
from ast import literal_eval
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.condapackages import index_channel
from tests.condapackages import make_conda as make_package
from tests.loopback import LoopbackIndex, login
from tests.real_python import RealChannel
from tests.realconda import Conda, make_conda, run_python
from wheelbridge.api.demo import build_wheel

_CONDITIONS = (
    "Requires-Dist: lib; python_version >= '3.9'\nRequires-Dist: nowhere; python_version < '3.9'\n"
    "Requires-Dist: app[more]\n"
)


@dataclass(frozen=True)
class Stage:
    """A conda whose solver is ours, over a channel with a real python, one with packages, and an index."""

    conda: Conda
    index: LoopbackIndex

    def plan(self, command: str, prefix: Path, *rest: object) -> tuple[set[str], set[str]]:
        """Return what a dry run would link and unlink, names with their versions."""
        said: dict[str, Any] = self.conda(command, "-p", prefix, *rest, "--dry-run", "--json").json
        found = said.get("actions", {})
        linked, unlinked = (
            {f"{record['name']} {record['version']}" for record in found.get(kind, ())} for kind in ("LINK", "UNLINK")
        )
        return linked, unlinked

    def versions(self, prefix: Path) -> dict[str, str]:
        """Return name -> version of what is installed."""
        return {name: package["version"] for name, package in self.conda.packages(prefix).items()}

    def refusal(self, *command: object, code: int = 1) -> dict[str, Any]:
        """Return the JSON of the error of a command."""
        said: dict[str, Any] = self.conda(*command, "--dry-run", "--json", code=code).json
        return said

    def having(self, **settings: Any) -> "Stage":
        """Return the same with other settings of conda."""
        return replace(self, conda=replace(self.conda, settings={**self.conda.settings, **settings}))


def _make_packages(channel: Path) -> None:
    for version in ("1.0", "2.0"):
        make_package(channel, "native", version, {"share/native.txt": version})
        make_package(channel, "base", version, {"share/base.txt": version})
    make_package(channel, "user", "1.0", {"share/user.txt": ""}, depends=["native"])
    make_package(channel, "only-old", "1.0", {"share/only-old.txt": ""}, depends=["base <2"])
    make_package(channel, "pip", "1.0", {"share/pip.txt": ""})
    index_channel(channel)


@pytest.fixture(scope="module")
def stage(
    plugin: None, tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel, wheels: dict[str, list[Path]]
) -> Iterator[Stage]:
    """The stage of all these tests."""
    del plugin
    folder = tmp_path_factory.mktemp("solver")
    _make_packages(folder / "packages")
    picky = build_wheel(folder, "picky", "1.0", {"picky.py": ""}, _CONDITIONS)
    with LoopbackIndex({**wheels, "picky": [picky]}) as index:
        conda = make_conda(
            folder / "conda",
            [real_channel.url, (folder / "packages").as_uri()],
            solver="wheelbridge",
            plugins={"wheelbridge_indexes": [f"loop={index.url}"]},
        )
        yield Stage(conda, index)


@pytest.fixture(scope="module")
def env(stage: Stage) -> Path:
    """An environment that conda made with our solver, which tests look at, and change in dry runs only."""
    prefix = stage.conda.home / "env"
    stage.conda("create", "-y", "-p", prefix, "python", "loop::app>=1", "native=1.0", "user", "base")
    return prefix


def _old_rattler(folder: Path) -> None:
    info = folder / "py_rattler-0.26.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: py-rattler\nVersion: 0.26.0\n", encoding="utf-8")


def _broken_rattler(folder: Path) -> None:
    (folder / "rattler.py").write_text("raise ImportError('no such library')\n", encoding="utf-8")


def _history(prefix: Path) -> str:
    return (prefix / "conda-meta" / "history").read_text(encoding="utf-8")


def _record(prefix: Path, name: str) -> dict[str, Any]:
    (path,) = (prefix / "conda-meta").glob(f"{name}-[0-9]*.json")
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


class TestCreate:
    """What ``conda create`` makes."""

    def test_wheels_are_linked_beside_conda_packages(self, stage: Stage, env: Path) -> None:
        """The list has wheels with their versions, and the real python runs them."""
        assert stage.versions(env).items() >= {"app": "1.0", "lib": "1.1", "native": "1.0", "user": "1.0"}.items()
        assert run_python(env, "-c", "import app; app.main()") == "app on lib 1.1\n"

    def test_the_record_is_the_wheels_own(self, stage: Stage, env: Path) -> None:
        """File name, index, hash and kind are what conda writes down."""
        record = _record(env, "app")

        assert record["fn"] == "app-1.0-py3-none-any.whl"
        assert record["channel"] == stage.index.url.rstrip("/")
        assert record["url"].endswith(record["fn"])
        assert len(record["sha256"]) == 64
        assert record["package_type"] == "noarch_python"

    def test_the_history_names_no_index(self, env: Path) -> None:
        """No solver of conda would find ``loop::app`` again, so the history has the name and the bounds alone."""
        (line,) = (line for line in _history(env).splitlines() if line.startswith("# update specs"))

        assert sorted(literal_eval(line.partition(":")[2].strip())) == [
            "app[version='>=1']",
            "base",
            "native=1.0",
            "python",
            "user",
        ]

    def test_the_environment_remembers_what_was_decided(self, env: Path) -> None:
        """Our own commands know the index that a wheel came from, and why."""
        memory = json.loads((env / "conda-meta" / "wheelbridge").read_text(encoding="utf-8"))

        assert memory["origins"]["app"]["decision"]["source"] == "loop"
        assert memory["origins"]["app"]["decision"]["route"] == "pypi:app=loop"

    def test_pip_comes_with_python_where_conda_says_so(self, stage: Stage) -> None:
        """``add_pip_as_python_dependency`` holds, and pip is nothing that the user asked for."""
        said = stage.having(add_pip_as_python_dependency=True).conda(
            "create", "-n", "pipped", "python", "--dry-run", "--json"
        )

        assert {record["name"] for record in said.json["actions"]["LINK"]} == {"python", "pip"}

    def test_what_is_too_new_is_left_out(self, stage: Stage, env: Path) -> None:
        """The cutoff of conda holds here, too."""
        said = stage.refusal("install", "-p", env, "loop::extra-thing", "--exclude-newer", "2020-01-01")

        assert "--exclude-newer" in said["error"]["hint"]


class TestInstall:
    """What ``conda install`` changes."""

    @pytest.mark.parametrize(
        ("specs", "linked", "unlinked"),
        [
            pytest.param(["pip"], {"pip 1.0"}, set(), id="what is there stays"),
            pytest.param(["loop::lib=1.0"], {"lib 1.0"}, {"lib 1.1"}, id="of an index, by conda's version"),
            pytest.param(["pypi:lib<1.1"], {"lib 1.0"}, {"lib 1.1"}, id="a requirement, as we write it"),
            pytest.param(["loop::extra-thing", "pip"], {"extra-thing 1.0", "pip 1.0"}, set(), id="both at once"),
            pytest.param(["native=2"], {"native 2.0"}, {"native 1.0"}, id="against what was asked for earlier"),
            pytest.param(["only-old"], {"only-old 1.0", "base 1.0"}, {"base 2.0"}, id="what must move moves"),
            pytest.param(["only-old", "--no-deps"], {"only-old 1.0"}, set(), id="without dependencies"),
            pytest.param(["only-old", "--only-deps"], {"base 1.0"}, {"base 2.0"}, id="dependencies alone"),
            pytest.param(["-S", "native"], set(), set(), id="satisfied, and not solved"),
            pytest.param(["user", "--update-deps"], {"native 2.0"}, {"native 1.0"}, id="with all that it needs"),
            pytest.param(
                ["base=1.0", "--update-all"], {"base 1.0", "native 2.0"}, {"base 2.0", "native 1.0"}, id="all"
            ),
            pytest.param(["app", "--force-reinstall"], {"app 1.0"}, {"app 1.0"}, id="linked anew"),
        ],
    )
    def test_plan(self, stage: Stage, env: Path, specs: Sequence[str], linked: set[str], unlinked: set[str]) -> None:
        """The modifiers of conda mean what they mean to its own solver."""
        assert stage.plan("install", env, *specs) == (linked, unlinked)

    def test_nothing_installed_moves_where_it_is_frozen(self, stage: Stage, env: Path) -> None:
        """``--freeze-installed`` refuses what would move something."""
        said = stage.refusal("install", "-p", env, "only-old", "--freeze-installed")

        assert said["exception_name"] == "UnsatisfiableError"
        assert "--freeze-installed" in said["error"]["hint"]

    def test_pins_hold(self, stage: Stage, env: Path) -> None:
        """What the configuration pins is refused as conda refuses it, and ``--no-pin`` lets it go."""
        pinned = stage.having(pinned_packages=["native <2"])

        assert pinned.refusal("install", "-p", env, "native=2")["exception_name"] == "PinConflictError"
        assert pinned.plan("install", env, "native=2", "--no-pin") == ({"native 2.0"}, {"native 1.0"})


def test_a_project_redirects_nothing(stage: Stage, env: Path, tmp_path: Path) -> None:
    """A folder in which somebody happens to be does not say what conda's own commands install, elsewhere, too."""
    stranger = '[[sources]]\nname = "stranger"\nindex = "http://127.0.0.1:1/simple"\n[routes]\nlib = "stranger"\n'
    (tmp_path / "wheelbridge.toml").write_text(stranger, encoding="utf-8")
    there = replace(stage, conda=replace(stage.conda, home=tmp_path))

    assert there.plan("install", env, "lib==1.0")[0] == {"lib 1.0"}


class TestRefusals:
    """What conda says where there is no answer."""

    def test_what_nobody_has(self, stage: Stage, env: Path) -> None:
        """The error has the fields of conda's own, so that hints of plugins find the name."""
        said = stage.refusal("install", "-p", env, "nothere")

        assert said["packages"] == ["nothere"]
        assert len(said["channel_urls"]) == 2
        assert said["error"]["code"] == "package-not-found"

    def test_what_an_index_lacks(self, stage: Stage, env: Path) -> None:
        """A spec that names an index asks that index alone."""
        assert stage.refusal("install", "-p", env, "loop::native")["error"]["sources"] == ["loop"]

    @pytest.mark.parametrize("spec", ["loop::lib[build=x]", "loop::lib[version='1.0|2.0']"])
    def test_what_no_requirement_can_say(self, stage: Stage, env: Path, spec: str) -> None:
        """A build, or a choice of versions, means nothing to an index."""
        assert stage.refusal("install", "-p", env, spec, code=2)["error"]["code"] == "not-a-requirement"

    def test_a_channel_that_nobody_configured(self, stage: Stage, env: Path) -> None:
        """No host is asked for a name because a spec names it."""
        said = stage.refusal("install", "-p", env, "stranger::native", code=2)

        assert "names no source of the list" in said["message"]

    def test_no_second_try_and_no_report(self, stage: Stage, env: Path) -> None:
        """A request that cannot be met is told once, with its next step."""
        said = stage.conda("install", "-p", env, "native>900", "--dry-run", code=1)

        assert said.err.count("UnsatisfiableError: The request cannot be met") == 1
        assert said.out.count("Solving environment") == 1
        assert "Next steps" in said.err
        assert "ERROR REPORT" not in said.err

    @pytest.mark.parametrize("lack", [pytest.param(_old_rattler, id="old"), pytest.param(_broken_rattler, id="broken")])
    def test_an_old_rattler(self, stage: Stage, env: Path, tmp_path: Path, lack: Callable[[Path], None]) -> None:
        """The solver says what it lacks, and so does the subcommand; another solver goes on."""
        lack(tmp_path)
        old = replace(stage, conda=replace(stage.conda, variables={"PYTHONPATH": str(tmp_path)}))

        assert old.refusal("install", "-p", env, "pip")["error"]["code"] == "rattler-too-old"
        assert old.conda("wheelbridge", "list", "-p", env, "--json", code=1).json["error"]["code"] == "rattler-too-old"
        assert old.plan("install", env, "pip", "--solver", "classic") == ({"pip 1.0"}, set())


class TestUpdate:
    """What ``conda update`` moves."""

    @pytest.mark.parametrize("what", ["native", "--all"])
    def test_it_lets_go_of_the_version_that_was_asked_for(self, stage: Stage, env: Path, what: str) -> None:
        """native=1.0 was asked for, and an update of it, or of all, means to leave that."""
        assert stage.plan("update", env, what) == ({"native 2.0"}, {"native 1.0"})

    def test_a_wheel_that_is_the_newest_stays(self, stage: Stage, env: Path) -> None:
        """It is asked for by its name in conda."""
        assert stage.plan("update", env, "app") == (set(), set())


class TestRemove:
    """What ``conda remove`` takes away."""

    @pytest.mark.parametrize(
        ("names", "gone"),
        [
            pytest.param(["user"], {"user 1.0"}, id="one thing, and what else was asked for stays"),
            pytest.param(["app"], {"app 1.0", "lib 1.1"}, id="a wheel, with what only it needs"),
            pytest.param(["lib"], {"app 1.0", "lib 1.1"}, id="a wheel, with what needs it"),
            pytest.param(["pypi:lib", "--force"], {"lib 1.1"}, id="by force, one thing"),
            pytest.param(["native"], {"native 1.0", "user 1.0"}, id="a conda package, with what needs it"),
        ],
    )
    def test_plan(self, stage: Stage, env: Path, names: Sequence[str], gone: set[str]) -> None:
        """It is what our own ``remove`` takes away."""
        assert stage.plan("remove", env, *names) == (set(), gone)

    def test_what_is_not_there(self, stage: Stage, env: Path) -> None:
        """It is conda's own error."""
        said = stage.refusal("remove", "-p", env, "nothere")

        assert said["exception_name"] == "PackagesNotFoundInPrefixError"


class TestClassic:
    """What conda's own solver makes of the environment afterwards."""

    def test_wheels_stay(self, stage: Stage, env: Path) -> None:
        """The history names them as it can read, and their records need what is there."""
        assert stage.plan("install", env, "pip", "--solver", "classic") == ({"pip 1.0"}, set())

    def test_a_removed_wheel_takes_its_own(self, stage: Stage, env: Path) -> None:
        """Nothing else goes."""
        assert stage.plan("remove", env, "app", "--solver", "classic") == (set(), {"app 1.0", "lib 1.1"})


class TestLife:
    """One environment, changed for real."""

    def test_changes_follow_each_other(self, stage: Stage) -> None:
        """Down, up with all, away: versions, history and files say the same."""
        prefix = stage.conda.home / "life"
        stage.conda("create", "-y", "-q", "-p", prefix, "python", "loop::app", "native=1.0")
        stage.conda("install", "-y", "-q", "-p", prefix, "loop::lib<1.1")
        assert run_python(prefix, "-c", "import app; app.main()") == "app on lib 1.0\n"

        stage.conda("update", "-y", "-q", "-p", prefix, "--all")
        assert stage.versions(prefix).items() >= {"lib": "1.1", "native": "2.0"}.items()
        assert stage.plan("install", prefix, "base") == ({"base 2.0"}, set())

        stage.conda("remove", "-y", "-q", "-p", prefix, "app")
        assert set(stage.versions(prefix)) == {"python", "native", "lib"}
        assert run_python(prefix, "-c", "import lib; print(lib.VERSION)") == "1.1\n"

    def test_an_extra_is_needed_while_somebody_asks_for_it(self, stage: Stage) -> None:
        """Records keep what packages say themselves, for us, and tell conda what holds, after a removal, too."""
        prefix, cache = stage.conda.home / "extra", stage.conda.home / "fresh"
        fresh = stage.having(pkgs_dirs=[str(cache)])
        fresh.conda("create", "-y", "-q", "-p", prefix, "python", "loop::picky", "loop::app")
        before, picky = _record(prefix, "app"), _record(prefix, "picky")
        own = picky["wheelbridge"]["depends"]
        (cached,) = cache.glob("app-1.0-*/info/repodata_record.json")
        stage.conda("remove", "-y", "-q", "-p", prefix, "picky")

        assert {"lib", "app"} <= set(picky["depends"])
        assert not any("nowhere" in need or "extras" in need or "when" in need for need in picky["depends"])
        assert "extra-thing" in before["depends"]
        assert "extra-thing" not in cached.read_text(encoding="utf-8"), "the cache is for all environments"
        assert before["extra_depends"] == {"more": ["extra-thing"]}
        assert any("extras=[more]" in need for need in own)
        assert "extra-thing" not in _record(prefix, "app")["depends"]
        assert stage.plan("install", prefix, "base", "--solver", "classic") == ({"base 2.0"}, set())

    def test_a_request_that_was_left_is_no_request_any_more(self, stage: Stage) -> None:
        """base=2.0 gave way to what was asked for later; no solver of conda's goes back to it."""
        prefix = stage.conda.home / "left"
        stage.conda("create", "-y", "-q", "-p", prefix, "base=2.0")
        stage.conda("install", "-y", "-q", "-p", prefix, "only-old")

        assert "# neutered specs: ['base']" in _history(prefix)
        assert stage.plan("install", prefix, "pip", "--solver", "classic") == ({"pip 1.0"}, set())

    def test_what_is_to_be_the_newest_always_moves_along(self, stage: Stage) -> None:
        """``aggressive_update_packages``: with every installation, whatever was asked for."""
        prefix = stage.conda.home / "aggressive"
        stage.having(pinned_packages=["native <2"]).conda("create", "-y", "-q", "-p", prefix, "user")
        eager = stage.having(aggressive_update_packages=["native"])

        assert eager.plan("install", prefix, "pip") == ({"pip 1.0", "native 2.0"}, {"native 1.0"})

    def test_a_file_says_all_there_is(self, stage: Stage) -> None:
        """``conda env update --prune`` leaves nothing that the file does not ask for."""
        prefix = stage.conda.home / "pruned"
        stage.conda("create", "-y", "-q", "-p", prefix, "python", "loop::app", "base=1.0")
        file = stage.conda.home / "environment.yml"
        file.write_text("dependencies:\n- python\n- base\n- loop::lib\n", encoding="utf-8")

        stage.conda("env", "update", "-p", prefix, "-f", file, "--prune")

        assert stage.versions(prefix).keys() == {"python", "base", "lib"}
        assert stage.versions(prefix)["base"] == "2.0"

    def test_a_login_is_used_and_written_nowhere(self, stage: Stage, wheels: dict[str, list[Path]]) -> None:
        """The wheel is fetched with what the index wants; neither the environment nor the cache tells of it."""
        prefix, cache = stage.conda.home / "login", stage.conda.home / "private"
        with LoopbackIndex({"lib": wheels["lib"]}) as server:
            server.fail("/", login(b64encode(b"me:hidden").decode()))
            url = server.url.replace("://", "://me:hidden@")
            private = stage.having(plugins={"wheelbridge_indexes": [f"loop={url}"]}, pkgs_dirs=[str(cache)])
            said = private.conda("create", "-y", "-p", prefix, "python", "loop::lib==1.0")

        assert stage.versions(prefix)["lib"] == "1.0"
        assert "hidden" not in said.out + said.err
        assert _tells(b"hidden@", prefix / "conda-meta", cache) == []


def _tells(secret: bytes, *folders: Path) -> list[Path]:
    files = [path for folder in folders for path in folder.rglob("*.json")] + [folders[0] / "history"]
    files += [path for folder in folders for path in (folder / "wheelbridge", folder / "urls.txt") if path.is_file()]
    assert len(files) > 3
    return [path for path in files if secret in path.read_bytes()]
