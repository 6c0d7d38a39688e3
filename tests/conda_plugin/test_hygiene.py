import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wheelbridge
from tests.benchmarks.plugin import HIDE
from tests.condapackages import index_channel, make_conda
from tests.loopback import LoopbackIndex
from tests.realconda import Conda, conda_python
from tests.realconda import make_conda as stage_conda

PACKAGE = Path(wheelbridge.__file__).parent
PLUGIN = PACKAGE / "conda_plugin"
MODULES = """
import atexit, json, sys
atexit.register(lambda: print("", json.dumps(list(sys.modules)), sep="\\n", file=sys.stderr))
from conda.cli.main import main
sys.exit(main(*sys.argv[1:]))
"""

PRIVATE = {
    "arguments.py": {"_action_groups"},
    "command_line.py": {"_argparse_args"},
    "context_channels.py": {"_channels"},
    "lazy.py": {"_subparsers"},
    "running.py": {"_native_subdir"},
    "solver/fetching.py": {"_get_pfe"},
    "solver/joint.py": {"_channels"},
    "wheel_checks.py": {"_native_subdir"},
}
"""What is private to conda, or to argparse, and has no public word; each has its reason where it is."""
NAMES = """
    import inspect, json
    from conda.base.context import context
    from wheelbridge.conda_plugin import hooks
    manager, names = context.plugin_manager, {}
    for hook, function in inspect.getmembers(hooks, inspect.isfunction):
        if hook.startswith("conda_") and not inspect.signature(function).parameters:
            names[hook] = [made.name for made in function()]
    print(json.dumps(names))
"""
PATCHED = """
    import importlib, inspect, json, pkgutil, sys
    from conda.base.context import context
    import wheelbridge.conda_plugin as plugin
    context.plugin_manager
    for found in pkgutil.walk_packages(plugin.__path__, "wheelbridge.conda_plugin."):
        importlib.import_module(found.name)
    ours = lambda value: str(getattr(value, "__module__", None)).startswith("wheelbridge")
    alien = set()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "conda":
            for key, value in vars(module).items():
                holders = [(f"{name}.{key}", value)]
                if inspect.isclass(value):
                    holders += [(f"{name}.{key}.{inner}", one) for inner, one in vars(value).items()]
                alien |= {path for path, one in holders if ours(one)}
    print(json.dumps(sorted(alien)))
"""
REPEATED = """
    import json, sys
    from wheelbridge.conda_plugin import hooks
    events, HOOK = [], sys.argv[1]
    list(getattr(hooks, HOOK)() or ())
    sys.addaudithook(lambda name, given: events.append(name) if name.startswith(("open", "os.", "import")) else None)
    list(getattr(hooks, HOOK)() or ())
    found = list(events)
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def conda(plugin: None, tmp_path_factory: pytest.TempPathFactory) -> Conda:
    """A conda with a channel of one small package, and an environment ``there`` that has it."""
    del plugin
    home = tmp_path_factory.mktemp("hygiene")
    make_conda(home / "channel", "small", "1.0", {"share/small.txt": "1.0"})
    index_channel(home / "channel")
    made = stage_conda(home / "conda", [(home / "channel").as_uri()])
    made("create", "-n", "there", "-y", "-q", "small")
    return made


def in_conda(conda: Conda, script: str, *arguments: str) -> Any:
    """Return what a script prints as JSON that runs in conda's own python."""
    lines = script.strip("\n").splitlines()
    text = "\n".join(line.removeprefix("    ") for line in lines)
    command = [conda_python(), "-c", text, *arguments]
    done = subprocess.run(command, env=conda.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def imported(conda: Conda, *arguments: str, plugins: bool = True) -> set[str]:
    """Return the modules that are there when a command of conda is done; not *plugins*: as if ours were not installed.

    That is no ``CONDA_NO_PLUGINS``: conda imports plugins then, and asks them nothing.
    """
    command = [conda_python(), "-c", MODULES if plugins else HIDE + MODULES, *arguments]
    done = subprocess.run(command, env=conda.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def private_names(file: Path) -> Iterator[str]:
    """Yield the private attributes that a file reads, by a dot or by their name, and does not define itself."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    read: set[str] = set()
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.Attribute):
            (read if isinstance(node.ctx, ast.Load) else own).add(node.attr)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr":
            read |= {str(part.value) for part in node.args[1:2] if isinstance(part, ast.Constant)}
    yield from (name for name in read - own if name.startswith("_") and not name.startswith("__"))


def imports(file: Path, *, nested: bool = True) -> Iterator[str]:
    """Yield the modules that a file names in its imports; those inside functions if *nested*."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if nested else tree.body:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{name.name}" for name in node.names)


class TestSources:
    """What the files say, with a conda at hand or without."""

    def test_conda_is_imported_by_the_plugin_alone(self) -> None:
        """There is a wheelbridge without conda: it is no dependency."""
        others = [file for file in PACKAGE.rglob("*.py") if PLUGIN not in file.parents]

        assert [file for file in others for name in imports(file) if name == "conda" or name.startswith("conda.")] == []

    @pytest.mark.parametrize("file", sorted(PLUGIN.rglob("*.py")), ids=lambda file: str(file.relative_to(PLUGIN)))
    def test_nothing_private_of_conda_is_used(self, file: Path) -> None:
        """``conda._private`` and ``conda._preview`` are no API."""
        parts = {part for name in imports(file) if name.startswith("conda.") for part in name.split(".")}

        assert not {part for part in parts if part.startswith("_") and not part.startswith("__")}
        assert set(private_names(file)) <= PRIVATE.get(str(file.relative_to(PLUGIN)), set())

    def test_no_error_of_condas_has_a_cause(self) -> None:
        """With ``-vv`` conda prints the causes of an error, and what a library said of a URL may hold a login."""
        raised = [
            node
            for file in PLUGIN.rglob("*.py")
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Raise) and node.exc and "as_" in ast.unparse(node.exc)
        ]

        assert len(raised) > len(("those of files", "of the solver", "of commands"))
        assert [ast.unparse(node) for node in raised if ast.unparse(node.cause or node) != "None"] == []

    def test_the_module_that_conda_always_imports_is_light(self) -> None:
        """It hands out, and imports what it hands out when it is asked."""
        found = {name.partition(".")[0] for name in imports(PLUGIN / "hooks.py", nested=False)}

        assert found == {"collections", "conda"}


class TestImports:
    """What the plugin makes conda import."""

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--help",),
            ("list", "-n", "there"),
            ("config", "--show", "solver"),
            ("info",),
            ("create", "-n", "new", "-d", "-y", "small"),
            ("remove", "-n", "there", "-d", "-y", "small"),
            ("export", "-n", "there"),
        ],
        ids=lambda arguments: arguments[0].strip("-"),
    )
    def test_no_library_more(self, conda: Conda, arguments: tuple[str, ...]) -> None:
        """A command that has nothing to do with wheels pays for no library, and for nothing of ours below."""
        added = imported(conda, *arguments) - imported(conda, *arguments, plugins=False)

        own = {name for name in added if name.partition(".")[0] == "wheelbridge"}
        others = {name for name in added if name.partition(".")[0] not in {*sys.stdlib_module_names, "conda"}} - own
        assert "wheelbridge.conda_plugin.hooks" in own
        assert others == set()
        light = ("wheelbridge.conda_plugin", "wheelbridge.errors", "wheelbridge.model", "wheelbridge.target")
        assert {name for name in own if not name.startswith(light)} == {"wheelbridge"}

    def test_help_asks_for_little(self, conda: Conda) -> None:
        """``conda --help`` needs commands, settings and the names of formats: nothing that solves, links or checks."""
        own = {name for name in imported(conda, "--help") if name.startswith("wheelbridge")}

        parsers = (
            "hooks",
            "settings",
            "subcommand",
            "lazy",
            "offered",
            "offering",
            "specifiers",
            "exporters",
            "errors",
        )
        assert own <= {
            "wheelbridge",
            "wheelbridge.conda_plugin",
            *(f"wheelbridge.conda_plugin.{name}" for name in parsers),
            "wheelbridge.errors",
        }

    @pytest.mark.parametrize("hook", ["conda_package_extractors", "conda_settings"])
    def test_what_is_asked_all_the_time_is_known(self, conda: Conda, hook: str) -> None:
        """Asked again, a hook imports nothing, opens nothing and looks for nothing."""
        assert in_conda(conda, REPEATED, hook) == []


class TestManners:
    """How the plugin behaves among others."""

    def test_every_name_is_ours(self, conda: Conda) -> None:
        """Two plugins of one name are an error of every command; formats that people type have the name, too."""
        names = in_conda(conda, NAMES)
        virtual = names.pop("conda_virtual_packages")

        assert names["conda_subcommands"] == names["conda_solvers"] == ["wheelbridge"]
        assert all(name.startswith("wheelbridge_") for name in names.pop("conda_settings"))
        rest = [name for hook in names for name in names[hook] if name != "wheelbridge"]
        assert [name for name in rest if not name.startswith("wheelbridge-")] == []
        assert [name for name in virtual if not name.startswith(("variant_", "cuda_arch"))] == []

    def test_nothing_of_conda_is_replaced(self, conda: Conda) -> None:
        """With all of the plugin imported, no module and no class of conda holds anything of ours."""
        assert in_conda(conda, PATCHED) == []


class TestSecrets:
    """What opens a source is in no message, however much conda is to tell."""

    @pytest.mark.parametrize(
        "ours", [("wheelbridge", "solve"), ("create", "-n", "new", "-d", "--solver", "wheelbridge")]
    )
    def test_a_token(self, conda: Conda, ours: tuple[str, ...]) -> None:
        """py-rattler's errors name whole URLs."""
        with LoopbackIndex({}) as server:
            channel = f"{server.root}/t/to-ken/there"
            said = conda(*ours, "small", "-O", "-c", channel, "-vv", code=1)

        assert f"{server.root}/t/***/there" in said.err
        assert "Traceback" in said.err
        assert "to-ken" not in said.out + said.err

    @pytest.mark.parametrize("how", ["--json", "-vv"])
    def test_a_value_of_a_variable(self, conda: Conda, tmp_path: Path, how: str) -> None:
        """A file may put one into a URL; people see its name."""
        file = tmp_path / "env.yml"
        with LoopbackIndex({}) as server:
            file.write_text(f"channels: ['{server.root}/${{PART}}/there', nodefaults]\ndependencies: [small]\n")
            private = Conda(conda.home, conda.settings, {"PART": "s3cret"})
            said = private("wheelbridge", "create", "-n", "new", "-f", file, "-y", how, code=1)

        assert "${PART}/there" in said.out + said.err
        assert "s3cret" not in said.out + said.err


class TestOld:
    """What the plugin needs is missing, or too old."""

    @pytest.fixture
    def old(self, conda: Conda, tmp_path: Path) -> Conda:
        """A conda beside which metadata of an old py-rattler come first."""
        folder = tmp_path / "py_rattler-0.26.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: py-rattler\nVersion: 0.26.0\n", encoding="utf-8")
        return Conda(conda.home, conda.settings, {"PYTHONPATH": str(tmp_path)})

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--help",),
            ("list", "-n", "there"),
            ("info",),
            ("create", "-n", "old", "-y", "-q", "small"),
            ("export", "-n", "there"),
        ],
        ids=["help", "list", "info", "create", "export"],
    )
    def test_conda_goes_on(self, old: Conda, arguments: tuple[str, ...]) -> None:
        """An ordinary command does not care about py-rattler."""
        assert old(*arguments).err == ""

    def test_a_gpu_is_not_looked_for(self, old: Conda) -> None:
        """``__cuda_arch`` is read by py-rattler: without it, there is none."""
        old.variables["CONDA_OVERRIDE_CUDA"] = "12.8"

        assert "__cuda_arch" not in old("info").out

    def test_ours_says_what_it_needs(self, old: Conda) -> None:
        """One line names both versions, the next says what to do; no bug report."""
        said = old("wheelbridge", "list", "-n", "there", code=1).err

        assert said.splitlines()[0 if said[0] != "\n" else 1] == (
            "RattlerTooOldError: conda wheelbridge needs py-rattler 0.28 or newer beside conda, and 0.26.0 is installed"
        )
        assert "Traceback" not in said

    def test_an_older_conda(self, conda: Conda) -> None:
        """Conda before 26.7 has no hints: it says so on one line, and does what it was to do."""
        script = (
            "import sys, conda.plugins.manager, conda.plugins.types as types; del types.CondaErrorHint\n"
            "from conda.cli.main import main; sys.exit(main('list', '-n', 'there'))"
        )
        command = [conda_python(), "-c", script]
        done = subprocess.run(command, env=conda.environment(), capture_output=True, text=True, check=False)

        assert done.returncode == 0
        assert "small" in done.stdout
        assert done.stderr.strip() == (
            "Error while loading conda entry point: wheelbridge (wheelbridge needs conda 26.7 or newer)"
        )
