"""The packages of a small world, for lives by chance, and a real pip to interfere with them."""

import ensurepip
import subprocess
from pathlib import Path
from zipfile import ZipFile

from tests.condapackages import Files, Link
from tests.installer.wheelmaker import clean_env
from tests.lifestage import Shelf

CONDA_SPECS = (
    "tool",
    "tool=1.0",
    "tool>=2",
    "tool<2",
    "libx",
    "libx=1",
    "libx>=2",
    "proj",
    "proj=1.0",
    "proj>=2",
    "py-duo",
    "py-duo=1.0",
    "user",
    "cli",
    "linked",
)
REQUIREMENTS = (
    "alpha",
    "alpha==1.0",
    "alpha>=2",
    "alpha[more]",
    "beta",
    "beta<2",
    "beta==2.0",
    "gamma",
    "delta",
    "proj",
    "proj==1.0",
    "proj>=2",
    "duo",
    "duo<2",
    "tool",
    "spread-a",
    "spread-b",
    "clash",
)
PINS = ("beta<2", "proj=1.0", "libx=1", "alpha>=2")
MAPS = {"proj": "proj", "duo": "py-duo"}
"""Project -> the conda package that is the same thing; a wheel and a package are both called ``tool``, and differ."""


def fill(shelf: Shelf) -> None:
    """Put the world on *shelf*."""
    shelf.maps.update(MAPS)
    shelf.conda("libx", "1.0")
    shelf.conda("libx", "2.0", files={"share/libx/data": "libx 2.0", "share/libx/more/data": "more"})
    for version, need in (("1.0", "libx"), ("1.1", "libx"), ("2.0", "libx >=2")):
        shelf.conda("tool", version, need)
    shelf.conda("linked", "1.0", files={"share/linked/b": "b", "share/linked/a": Link("b")})
    shelf.conda("user", "1.0", "proj >=1")
    entry = '{"package_metadata_version": 1, "noarch": {"type": "python", "entry_points": ["run-cli = cli:main"]}}'
    files = {"site-packages/cli.py": "def main() -> None:\n    pass\n"}
    shelf.conda("cli", "1.0", "python", files=files, noarch="python", info={"info/link.json": entry})
    for version in ("1.0", "2.0"):
        _both_kinds(shelf, version)
    _wheels(shelf)


def _both_kinds(shelf: Shelf, version: str) -> None:
    """Add two projects that are there as wheels and as conda packages, at the same paths; one of these has a RECORD."""
    for project, package, has_record in (("proj", "proj", False), ("duo", "py-duo", True)):
        code = {f"{project}/__init__.py": f"KIND = 'conda {version}'\n", f"{project}/only{version[0]}.py": "K = 'c'\n"}
        info = f"{project}-{version}.dist-info"
        code |= {f"{project}/conda.txt": "c", f"{info}/INSTALLER": "conda\n"}
        code |= {f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n\n"}
        if has_record:
            code |= {f"{info}/RECORD": "".join(f"{path},,\n" for path in (*code, f"{info}/RECORD"))}
        files: Files = {f"site-packages/{path}": text for path, text in code.items()}
        shelf.conda(package, version, "python", files=files, noarch="python")
        own = {f"{project}/__init__.py": f"KIND = 'wheel {version}'\n", f"{project}/only{version[0]}.py": "K = 'w'\n"}
        shelf.wheel(project, version, files={**own, f"{project}/wheel.txt": "w"})


def _wheels(shelf: Shelf) -> None:
    script = {"{0}.dist-info/entry_points.txt": "[console_scripts]\nrun-alpha = alpha:main\n"}
    first = {
        "alpha/__init__.py": "def main() -> None:\n    pass\n",
        "alpha/old.py": "",
        "alpha/deep/er/__init__.py": "",
    }
    later = {"alpha/__init__.py": "def main() -> None:\n    print(2)\n", "alpha/new.py": ""}
    for version, files, needs in (
        ("1.0", first, ("beta",)),
        ("2.0", later, ("beta>=2", "gamma", "delta; extra == 'more'\nProvides-Extra: more")),
    ):
        named = {path.format(f"alpha-{version}"): text for path, text in script.items()}
        shelf.wheel("alpha", version, *needs, files={**files, **named})
    shelf.wheel("beta", "1.0")
    shelf.wheel("beta", "2.0")
    data = {"gamma-1.0.data/scripts/run-gamma": "#!python\n", "gamma-1.0.data/data/share/gamma/a.txt": "a"}
    shelf.wheel("gamma", "1.0", files={"gamma.py": "", **data})
    shelf.wheel("delta", "1.0", "proj>=1", "duo")
    shelf.wheel("tool", "9.0", files={"tool_wheel.py": ""})
    for letter in "ab":
        code = {"spread/__init__.py": "# shared\n", f"spread/{letter}.py": "", "spread/py.typed": ""}
        shelf.wheel(f"spread_{letter}", "1.0", files=code)
    shelf.wheel("clash", "1.0", files={"beta.py": "not beta's\n"})


class Pip:
    """The pip that comes with the interpreter, run by an environment's python from a folder of its own."""

    def __init__(self, folder: Path, wheels: Path) -> None:
        self._program = folder / "pip"
        self._wheels = wheels
        bundled = next(Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))
        with ZipFile(bundled) as archive:
            archive.extractall(folder)

    def __call__(self, prefix: Path, *arguments: str) -> tuple[int, str]:
        """Return exit code and what it said."""
        command = [str(prefix / "bin/python"), "-I", str(self._program), "--disable-pip-version-check", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean_env(), cwd=prefix)
        return done.returncode, done.stdout + done.stderr

    def install(self, prefix: Path, *arguments: str) -> tuple[int, str]:
        """Install from the shelf alone."""
        return self(prefix, "install", "--no-index", "--find-links", str(self._wheels), *arguments)
