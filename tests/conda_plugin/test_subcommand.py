"""``conda wheelbridge`` in a real conda: every command, and what conda's own options and settings do to it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conda_plugin.conftest import Stage
from tests.conda_plugin.contexts import run_inside
from tests.condapackages import index_channel
from tests.condapackages import make_conda as make_package
from tests.loopback import LoopbackIndex
from tests.realconda import Conda, conda_python, run_python
from tests.variantwheels import X86_64, make_document, relabel, repack_installed, write_document
from wheelbridge.conda_plugin.subcommand import COMMANDS

pytestmark = pytest.mark.conda


def _registered(conda: Conda) -> list[str]:
    """Return the environments that the user's list has; ``conda env list`` reads others' of root, and not this one."""
    return (conda.home / ".conda" / "environments.txt").read_text(encoding="utf-8").splitlines()


def test_what_create_says(stage: Stage) -> None:
    """The environment is where conda makes them, is known to conda, and runs."""
    listed = stage.conda("env", "list", "--json").json["envs"]
    history = (stage.prefix / "conda-meta" / "history").read_text(encoding="utf-8")

    assert str(stage.prefix) in listed
    assert "# cmd: conda wheelbridge create -n demo python pypi:app" in history
    assert run_python(stage.prefix, "-c", "import app; app.main()") == "app on lib 1.1\n"
    assert set(stage.conda.packages(stage.prefix)) == {"app", "lib", "python"}


def test_help_of_every_command(stage: Stage) -> None:
    """Conda builds every parser of ours, with every help text in it."""
    script = (
        "import argparse\n"
        "from conda.cli.conda_argparse import generate_parser\n"
        "def walk(parser):\n"
        "    print(parser.format_help())\n"
        "    for action in parser._actions:\n"
        "        if isinstance(action, argparse._SubParsersAction):\n"
        "            for name, found in action.choices.items():\n"
        "                walk(found)\n"
        "top = generate_parser()\n"
        "(subs,) = [a for a in top._actions if isinstance(a, argparse._SubParsersAction)]\n"
        "walk(subs.choices['wheelbridge'])\n"
    )
    found = Conda(stage.conda.home, stage.conda.settings, command=[conda_python(), "-c", script])().out

    assert [name for name in COMMANDS if f"usage: conda wheelbridge {name}" not in found] == []
    assert "usage: conda wheelbridge map lookup" in found
    assert "--override-frozen" in found


def test_the_history_has_no_secret(stage: Stage, tmp_path: Path) -> None:
    """The command stands there as it was typed, but for what opens an index."""
    index = stage.index.replace("://", "://me:s3cret@")
    stage.conda("wheelbridge", "create", "-p", tmp_path / "env", "python", "pypi:lib", "-i", f"mine={index}", "-y")

    history = (tmp_path / "env" / "conda-meta" / "history").read_text(encoding="utf-8")
    assert f"# cmd: conda wheelbridge create -p {tmp_path / 'env'} python pypi:lib -i mine=" in history
    assert "s3cret" not in history


def test_install_update_and_remove(stage: Stage, tmp_path: Path) -> None:
    """One package comes, moves, and goes; nothing else does."""
    prefix, conda = tmp_path / "env", stage.conda
    conda("wheelbridge", "create", "-p", prefix, "python", "pypi:lib==1.0", *stage.source, "-y")

    dry = conda("wheelbridge", "update", "-p", prefix, "lib", *stage.source, "--dry-run")
    assert "1.0 -> 1.1" in dry.out
    assert "DryRunExit" in dry.err
    assert conda.packages(prefix)["lib"]["version"] == "1.0"

    moved = conda("wheelbridge", "update", "-p", prefix, "lib", *stage.source, "-y", "--json").json
    assert {record["name"]: record["version"] for record in moved["records"]}["lib"] == "1.1"
    conda("wheelbridge", "install", "-p", prefix, "pypi:app", *stage.source, "-y")
    conda("wheelbridge", "remove", "-p", prefix, "app", "-y")
    assert set(conda.packages(prefix)) == {"lib", "python"}
    assert str(prefix) in _registered(conda)
    conda("wheelbridge", "remove", "-p", prefix, "--all", "-y")
    assert not prefix.exists()
    assert str(prefix) not in _registered(conda)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("list",), id="list"),
        pytest.param(("why", "lib"), id="why"),
        pytest.param(("check",), id="check"),
        pytest.param(("list", "--revisions"), id="revisions"),
    ],
)
def test_what_only_looks(stage: Stage, command: tuple[str, ...]) -> None:
    """By name and by path the answer is the same."""
    named = stage.conda("wheelbridge", *command, "-n", "demo", "--json").json
    by_path = stage.conda("wheelbridge", *command, "-p", stage.prefix, "--json").json

    assert named == by_path
    assert named


def test_the_active_environment(stage: Stage) -> None:
    """Without -n and -p it is the one that is active, as everywhere in conda."""
    active = {"CONDA_PREFIX": str(stage.prefix), "CONDA_DEFAULT_ENV": "demo", "CONDA_SHLVL": "1"}
    conda = Conda(stage.conda.home, stage.conda.settings, variables=active)

    assert conda("wheelbridge", "list", "--json").json["prefix"] == str(stage.prefix)


def test_solve_sources_variants_and_target(stage: Stage) -> None:
    """Conda's channels stand before the index of the command line; all of it as `wheelbridge` prints it."""
    conda = stage.conda
    solved = conda("wheelbridge", "solve", "python", "pypi:app", *stage.source, "--json").json
    sources = conda("wheelbridge", "sources", *stage.source, "--json").json

    assert {record["name"]: record["kind"] for record in solved["records"]} == {
        "app": "wheel",
        "lib": "wheel",
        "python": "conda",
    }
    assert [source["kind"] for source in solved["sources"]] == ["channel", "index"]
    assert [source["name"] for source in sources["sources"]] == [source["name"] for source in solved["sources"]]
    assert conda("wheelbridge", "target", "--json").json["subdir"] == solved["target"]["subdir"]
    none = conda("wheelbridge", "variants", "lib", *stage.source, "--json", code=1).json
    assert none["error"]["code"] == "no-variants"


def test_lock_sync_and_export(stage: Stage, tmp_path: Path) -> None:
    """A file becomes a lock, and the lock an environment, which exports as that lock's packages."""
    conda, file, lock = stage.conda, tmp_path / "environment.yml", tmp_path / "pixi.lock"
    file.write_text("dependencies: [python, pip: [app]]\n", encoding="utf-8")

    conda("wheelbridge", "lock", "-f", file, "-o", lock, *stage.source)
    conda("wheelbridge", "sync", "-p", tmp_path / "env", lock, "-y")
    exported = conda("wheelbridge", "export", "-p", tmp_path / "env", "--format", "pixi.lock").out

    assert set(conda.packages(tmp_path / "env")) == {"app", "lib", "python"}
    assert exported == lock.read_text(encoding="utf-8")
    assert str(tmp_path / "env") in _registered(conda)


def test_external_and_map(stage: Stage, tmp_path: Path) -> None:
    """The tables answer, and external dependencies become conda's names."""
    project = tmp_path / "pyproject.toml"
    project.write_text(
        '[project]\nname = "x"\nversion = "1"\n[external]\nhost-requires = ["dep:generic/libjpeg"]\n', encoding="utf-8"
    )
    looked = stage.conda("wheelbridge", "map", "lookup", "pypi:torch", "--json").json
    translated = stage.conda("wheelbridge", "external", "translate", project, "--json", code=None)

    assert looked["names"][0]["answers"][0]["name"] == "pytorch"
    assert json.loads(translated.out)


class TestErrors:
    """Each in conda's form, with wheelbridge's code; no bug report for a user's mistake."""

    def test_what_nobody_has(self, stage: Stage) -> None:
        """The message, and no traceback."""
        said = stage.conda("wheelbridge", "solve", "python", "pypi:nothere", *stage.source, code=1)

        assert "PackageNotFoundError: No source has 'nothere'" in said.err
        assert "ERROR REPORT" not in said.err
        assert "Traceback" not in said.err

    def test_as_json(self, stage: Stage) -> None:
        """The object that `wheelbridge --json` prints, beside conda's own keys."""
        said = stage.conda("wheelbridge", "solve", "python", "pypi:nothere", *stage.source, "--json", code=1).json

        assert said["success"] is False
        assert said["error"]["code"] == "package-not-found"
        assert said["error"]["name"] == "nothere"
        assert said["exception_name"] == "PackageNotFoundError"

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("bogus",),
            ("--bogus", "list"),
            ("install", "--bogus"),
            ("map",),
            ("map", "bogus"),
            ("why", "-p", "x", "-n", "y"),
            ("solve",),
            ("install", "-n", "demo"),
            ("create", "-n", "a/b", "python"),
            ("list", "-n", ""),
        ],
        ids=lambda words: " ".join(words) or "nothing",
    )
    def test_wrong_usage(self, stage: Stage, arguments: tuple[str, ...]) -> None:
        """Exit code 2, with JSON where that was asked for."""
        assert "UsageError" in stage.conda("wheelbridge", *arguments, code=2).err
        said = stage.conda("wheelbridge", *arguments, "--json", code=2).json
        assert (said["success"], said["error"]["code"]) == (False, "usage")

    def test_json_before_the_command(self, stage: Stage) -> None:
        """It is the same word there."""
        assert stage.conda("wheelbridge", "--json", "list", "-n", "demo").json["success"] is True

    def test_what_conda_refuses_itself(self, stage: Stage) -> None:
        """Its error has our keys beside its own, and its text and exit code stay."""
        kind = "CustomValidationError"
        plugins = {"wheelbridge_priority": "bogus"}
        conda = replace(stage.conda, settings={**stage.conda.settings, "plugins": plugins})

        said = conda("wheelbridge", "sources", "--json", code=1).json

        assert said["success"] is False
        assert said["error"]["code"] == "conda-error"
        assert "wheelbridge_priority = 'bogus'" in said["error"]["message"]
        assert said["error"]["kind"] == said["exception_name"] == kind
        assert said["parameter_name"] == "wheelbridge_priority"
        assert f"{kind}: Parameter wheelbridge_priority" in conda("wheelbridge", "sources", code=1).err

    def test_several_errors_of_conda_are_one(self, stage: Stage) -> None:
        """Conda would ask each for its JSON; and what is no error of an exit code stays what it is."""
        code = (
            "import json\n"
            "from conda import CondaError, CondaMultiError\n"
            "from conda.exceptions import CondaSystemExit\n"
            "from wheelbridge.conda_plugin.conda_errors import complete_error\n"
            "several, end = CondaMultiError([CondaError('one'), CondaError('two')]), CondaSystemExit('end')\n"
            "assert complete_error(end) is end\n"
            "print(json.dumps(complete_error(several).dump_map()['error']))\n"
        )
        said = json.loads(run_inside(stage.conda, code))

        assert (said["code"], said["kind"]) == ("conda-error", "CondaMultiError")
        assert said["message"].split() == ["one", "two"]

    def test_no_environment(self, stage: Stage) -> None:
        """The hint names the command that makes one, as one types it behind conda."""
        said = stage.conda("wheelbridge", "install", "-n", "nope", "pypi:lib", *stage.source, "-y", code=1)

        assert "NotAnEnvironmentError" in said.err
        assert "conda wheelbridge create" in said.err


def test_a_revision_that_never_was(stage: Stage) -> None:
    """No wheel is what conda misses there, and wheelbridge could do no better."""
    said = stage.conda("install", "-n", "demo", "--revision", "99", "--json", code=1).json

    assert said["exception_name"] == "CondaIndexError"
    assert "wheelbridge_revision" not in str(said.get("guidance"))


class TestProtected:
    """Environments that are not to be changed."""

    def test_frozen(self, stage: Stage, tmp_path: Path) -> None:
        """CEP 22: a frozen environment is refused, with its message, but for --override-frozen."""
        prefix = tmp_path / "env"
        stage.conda("wheelbridge", "create", "-p", prefix, "python", "-y")
        (prefix / "conda-meta" / "frozen").write_text('{"message": "Ask the owner."}', encoding="utf-8")
        command = ("wheelbridge", "install", "-p", prefix, "pypi:lib", *stage.source, "-y")

        refused = stage.conda(*command, "--json", code=1).json["error"]
        stage.conda(*command, "--override-frozen")

        assert refused["code"] == "frozen"
        assert "Ask the owner." in refused["message"]
        assert "lib" in stage.conda.packages(prefix)


class TestSettings:
    """conda's settings, as its context has them."""

    def test_a_denied_channel(self, stage: Stage) -> None:
        """denylist_channels holds here."""
        denied = stage.conda.settings["channels"]
        conda = Conda(stage.conda.home, {**stage.conda.settings, "denylist_channels": denied})

        said = conda("wheelbridge", "solve", "python", "--json", code=1).json
        assert said["error"]["code"] == "channel-not-allowed"

    def test_an_index_of_condarc(self, stage: Stage) -> None:
        """``plugins.wheelbridge_indexes`` stands behind the channels."""
        plugins = {"wheelbridge_indexes": [f"mine={stage.index}"]}
        conda = Conda(stage.conda.home, {**stage.conda.settings, "plugins": plugins})

        solved = conda("wheelbridge", "solve", "python", "pypi:app", "--json").json

        assert [source["name"] for source in solved["sources"]][-1] == "mine"
        assert "app" in {record["name"] for record in solved["records"]}

    def test_a_channel_before_those_that_are_configured(self, stage: Stage, tmp_path: Path) -> None:
        """``-c`` comes first and takes nothing away, as in conda; with ``-O`` it is alone."""
        make_package(tmp_path / "more", "greet", "1.0", {"greet.txt": "x"})
        index_channel(tmp_path / "more")
        channel = (tmp_path / "more").as_uri()

        both = stage.conda("wheelbridge", "sources", "-c", channel, *stage.source, "--json").json["sources"]
        alone = stage.conda("wheelbridge", "sources", "-O", "-c", channel, "--json").json["sources"]

        assert [source["url"] for source in both] == [channel, *stage.conda.settings["channels"], stage.index]
        assert [source["url"] for source in alone] == [channel]

    def test_what_is_banned_of_variants(self, stage: Stage, tmp_path: Path) -> None:
        """``plugins.wheelbridge_variant_ban`` holds, unless the command line has a ban of its own."""
        plain = repack_installed("filelock", tmp_path)
        document = make_document(["x86_64"], {"x86_64": X86_64}, {"v2": {"x86_64": {"level": ["v2"]}}, "null": {}})
        labelled = [relabel(plain, label, document) for label in ("v2", "null")]
        conda = Conda(stage.conda.home, {**stage.conda.settings, "plugins": {"wheelbridge_variant_ban": ["x86_64"]}})
        with LoopbackIndex({"filelock": [plain, *labelled, write_document(plain, document)]}) as index:
            machine = ("--virtual-package", "__archspec=nehalem")
            command = ("wheelbridge", "solve", "python", "pypi:filelock", "-i", f"v={index.url}", "--json", *machine)
            banned, allowed = conda(*command).json, conda(*command, "--variant-ban", "nvidia").json

        assert [r["variant"]["label"] for r in banned["records"] if r["name"] == "filelock"] == ["null"]
        assert [r["variant"]["label"] for r in allowed["records"] if r["name"] == "filelock"] == ["v2"]

    def test_offline(self, stage: Stage) -> None:
        """Conda's ``offline`` asks no network."""
        conda = Conda(stage.conda.home, {**stage.conda.settings, "offline": True})
        said = conda("wheelbridge", "solve", "python", "pypi:extra-thing", *stage.source, "--json", code=1).json

        assert said["error"]["code"] == "offline"

    def test_another_platform(self, stage: Stage) -> None:
        """``subdir`` of the settings is the target's, as --platform is."""
        conda = Conda(stage.conda.home, {**stage.conda.settings, "subdir": "osx-arm64"})

        assert conda("wheelbridge", "target", "--json").json["subdir"] == "osx-arm64"
        assert stage.conda("wheelbridge", "target", "--platform", "win-64", "--json").json["subdir"] == "win-64"

    def test_the_platform_of_a_new_environment(self, stage: Stage, tmp_path: Path) -> None:
        """It remembers it, as the help of the option, which is conda's, says."""
        make_package(tmp_path / "more", "greet", "1.0", {"greet.txt": "x"})
        index_channel(tmp_path / "more")
        options = ("-O", "-c", (tmp_path / "more").as_uri(), "-y")
        stage.conda("wheelbridge", "create", "-p", tmp_path / "env", "greet", *options, "--platform", "osx-arm64")
        stage.conda("wheelbridge", "create", "-p", tmp_path / "own", "greet", *options)

        assert (tmp_path / "env" / ".condarc").read_text(encoding="utf-8") == "subdir: osx-arm64\n"
        assert not (tmp_path / "own" / ".condarc").exists()

    def test_options_of_conda_that_mean_nothing_here(self, stage: Stage) -> None:
        """They are told of, not passed over."""
        said = stage.conda("wheelbridge", "solve", "python", "--repodata-fn", "current_repodata.json", "--json")

        assert "--repodata-fn" in said.err


def test_conda_knows_the_command(stage: Stage) -> None:
    """``conda commands``, which shells complete with, and ``conda plugins list`` have it."""
    assert "wheelbridge" in stage.conda("commands").out.split()
    assert "wheelbridge" in stage.conda("plugins", "list").out
