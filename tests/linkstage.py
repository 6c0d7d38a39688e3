"""Projects to link to: folders, archives, and repositories of git that are served by no host but this one."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.buildmaker import Project
from tests.cli.conftest import Run
from tests.installer.wheelmaker import clean_env
from tests.ran import Ran

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git, which clones what is linked to")
_EDITABLE = """def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "@MODULE@"
    return _build(folder, {"__editable__." + name + ".pth": os.getcwd() + "\\n"})


def build_wheel(folder, config_settings=None, metadata_directory=None):
    return _build(folder, {name: open(name, "rb").read() for name in ("@MODULE@.py",)})


def _build(folder, more):
"""


def write_project(
    folder: Path,
    name: str = "tool",
    version: str = "1.0",
    *,
    requires: str = "",
    editable: bool = True,
    dynamic: bool = False,
    tag: str = "py3-none-any",
) -> Project:
    """Write a project whose backend is in its tree; return what tells how often that was run."""
    module = name.replace("-", "_")
    head = "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
    hooks = _EDITABLE if editable else _EDITABLE.replace("build_editable", "build_nothing")
    wanted = f'files = {{k: v if isinstance(v, bytes) else v.encode() for k, v in more.items()}}\n    tag = "{tag}"\n'
    edits = [
        (head, hooks.replace("@MODULE@", module)),
        ('files = {}\n    tag = "py3-none-any"\n', wanted),
        (f'files["{module}.py"] = b"BUILT = True\\n"', "pass"),
        ('["build-helper"]', "[]"),
        ("    import build_helper\n", ""),
    ]
    if requires:
        edits.append((f'Version: {version}\\n"\n', f'Version: {version}\\nRequires-Dist: {requires}\\n"\n'))
    if dynamic:
        edits.append((f'version = "{version}"\n', 'dynamic = ["version"]\n'))
    project = Project(marker=folder.parent / f"{folder.name}-ran", name=name, version=version, edits=tuple(edits))
    project.write(folder)
    (folder / f"{module}.py").write_text("WORD = 'first'\n")
    return project


def git(folder: Path, *arguments: str) -> str:
    """Run git in *folder*, as nobody; return what it prints."""
    options = ("-c", "user.name=Nobody", "-c", "user.email=nobody@host.example", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *options, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(folder: Path, message: str = "one") -> str:
    """Commit all that is in *folder*, which becomes a repository; return the commit's hash."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@dataclass(frozen=True)
class LinkStage:
    """A place for an environment, and the sources it comes from."""

    run: Run
    folder: Path
    channel: Path
    more: tuple[str, ...] = field(default=())

    @property
    def prefix(self) -> Path:
        """The environment."""
        return self.folder / "env"

    def call(self, command: str, *arguments: object) -> Ran:
        """Run a command that changes the environment."""
        place = () if command == "solve" else ("-p", self.prefix, "-y")
        return self.run(command, *place, "-O", "--no-config", "-c", self.channel, *self.more, "--json", *arguments)

    def python(self, *arguments: str) -> str:
        """Run the environment's python elsewhere; return what it prints."""
        command = [str(self.prefix / "bin" / "python"), *arguments]
        variables = {**clean_env(), "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables, cwd=self.channel)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def direct_url(self, name: str) -> str:
        """Return the text of the ``direct_url.json`` of a project; empty where it has none."""
        found = self.prefix.glob(f"lib/python*/site-packages/{name}-*.dist-info/direct_url.json")
        return next((path.read_text() for path in found), "")
