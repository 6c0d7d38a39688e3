"""An environment of everything that can be in one, on which conda's everyday commands are tried."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sysconfig import get_platform
from typing import Any

from tests.condapackages import dist_info, index_channel
from tests.condapackages import make_conda as make_package
from tests.installer.wheelmaker import SUBDIR, clean_env
from tests.loopback import LoopbackIndex
from tests.ran import Ran
from tests.real_python import RealChannel
from tests.realconda import Conda, make_conda
from tests.variantwheels import X86_64, make_document, relabel, write_document
from wheelbridge.api.demo import build_wheel

SOLVER = os.environ.get("WHEELBRIDGE_TEST_SOLVER", "classic")
"""The solver of conda's that is tried."""
ASKED = ("python", "native=1.0", "tool=1.0", "pypi:app[more]", "pypi:fast", "pypi:chip", "pypi:old==1.0", "pypi:needy")
"""What the environment was asked for: packages of a channel and projects of an index."""
WHEELS = frozenset({"app", "chip", "cond", "extra-thing", "fast", "lib", "mate", "needy", "old", "pair"})
CONDA = frozenset({"native", "python", "pyyaml", "tool"})
_SCRIPT = "[console_scripts]\nrun-app = app:main\n"
_MAIN = "import lib\n\n\ndef main() -> None:\n    print('app on lib', lib.VERSION)\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Everyday:
    """The environment, its copy to begin each test with, the sources, and a conda that knows the channels.

    Attributes:
        sources: the options of `wheelbridge` for what the environment came from.
        index: the URL of the index.
    """

    conda: Conda
    prefix: Path
    pristine: Path
    sources: tuple[str, ...]
    index: str

    def bridge(self, *arguments: object, code: int = 0) -> Ran:
        """Run ``wheelbridge`` in a process of its own."""
        command = [sys.executable, "-m", "wheelbridge", *map(str, arguments)]
        variables = {**self.conda.environment()}
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def call(self, name: str, *arguments: str, prefix: Path | None = None) -> str:
        """Run a command of the environment, and return what it prints."""
        folder = (prefix or self.prefix) / ("Scripts" if sys.platform == "win32" else "bin")
        place = folder.parent if sys.platform == "win32" and name == "python" else folder
        done = subprocess.run(
            [place / name, *arguments], capture_output=True, text=True, check=False, env=clean_env(), cwd=folder.parent
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def works(self, prefix: Path | None = None) -> bool:
        """Tell whether everything in it can be imported, and the entry points run."""
        self.call(
            "python",
            "-c",
            "import app, chip, cond, extra_thing, fast, lib, mate, needy, old, pair, tool, yaml",
            prefix=prefix,
        )
        ran = self.call("run-app", prefix=prefix), self.call("tool", prefix=prefix)
        return ran == ("app on lib 1.1\n", "tool 1.0\n")

    def names(self, prefix: Path | None = None) -> frozenset[str]:
        """Return the names of what conda says is installed."""
        return frozenset(self.conda.packages(prefix or self.prefix))

    def restore(self) -> None:
        """Make the environment what it was in the beginning."""
        shutil.rmtree(self.prefix, ignore_errors=True)
        shutil.copytree(self.pristine, self.prefix, symlinks=True)


@contextmanager
def everyday(folder: Path, real_channel: RealChannel) -> Iterator[Everyday]:
    """Make the sources and the environment in *folder*; the index is there as long as the context."""
    channel = make_channel(folder / "channel")
    conda = make_conda(folder / "conda", [channel, real_channel.url], solver=SOLVER)
    prefix = folder / "conda" / "envs" / "day"
    with LoopbackIndex(make_index(folder / "index")) as index:
        sources = ("-O", "-c", channel, "-c", real_channel.url, "-i", index.url)
        made = Everyday(conda=conda, prefix=prefix, pristine=folder / "pristine", sources=sources, index=index.url)
        made.bridge("create", "-p", prefix, *sources, *ASKED, "-y", "-q")
        shutil.copytree(prefix, made.pristine, symlinks=True)
        yield made


def make_channel(folder: Path) -> str:
    """Make a channel: libraries in two versions, a command in two, and what a wheel of the index needs."""
    for version in ("1.0", "2.0"):
        make_package(folder, "native", version, {"lib/native.txt": version}, subdir=SUBDIR)
        _make_tool(folder, version)
    yaml = {"site-packages/yaml.py": "", **dist_info("PyYAML", "6.0")}
    make_package(folder, "pyyaml", "6.0", yaml, depends=["python"], **_noarch())
    make_package(folder, "other", "1.0", {"share/other.txt": "other"})
    index_channel(folder)
    return folder.as_uri()


def _make_tool(folder: Path, version: str) -> None:
    code = f"def main() -> None:\n    print('tool', {version!r})\n"
    files = {"site-packages/tool.py": code, **dist_info("tool", version)}
    make_package(folder, "tool", version, files, depends=["python"], **_noarch("tool = tool:main"))


def _noarch(*points: str) -> Mapping[str, Any]:
    shown = ", ".join(f'"{point}"' for point in points)
    link = f'{{"noarch": {{"type": "python", "entry_points": [{shown}]}}, "package_metadata_version": 1}}'
    return {"noarch": "python", "info": {"info/link.json": link}}


def make_index(folder: Path) -> Mapping[str, list[Path]]:
    """Make wheels: pure, of this platform, with an extra, of two versions, and a variant."""
    folder.mkdir()
    app = {"app.py": _MAIN, "app-1.0.dist-info/entry_points.txt": _SCRIPT}
    needs = "Requires-Dist: lib>=1\nProvides-Extra: more\nRequires-Dist: extra-thing; extra == 'more'\n"
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    tag = f"{python}-{python}-{get_platform().replace('-', '_').replace('.', '_')}"
    fast: dict[str, str | bytes] = {"fast.py": "", "fast_native.txt": b"\x7fnot text\x00"}
    return {
        "app": [build_wheel(folder, "app", "1.0", app, needs)],
        "lib": [
            build_wheel(folder, "lib", version, {"lib.py": f"VERSION = {version!r}\n"}) for version in ("1.0", "1.1")
        ],
        "extra-thing": [build_wheel(folder, "extra_thing", "1.0", {"extra_thing.py": ""})],
        "fast": [build_wheel(folder, "fast", "1.0", fast, "Requires-Dist: PyYAML>=5\n", tag=tag)],
        "old": [build_wheel(folder, "old", version, {"old.py": ""}) for version in ("1.0", "2.0")],
        "chip": _make_variants(folder),
        **_make_needy(folder),
    }


def _make_needy(folder: Path) -> Mapping[str, list[Path]]:
    """Make a wheel whose needs conda has no words for: another one with its extra, and one that depends on python."""
    needs = "Requires-Dist: pair[both]\nRequires-Dist: cond; python_version < '3.99'\n"
    pair = "Provides-Extra: both\nRequires-Dist: mate; extra == 'both'\n"
    headers = {"needy": needs, "pair": pair, "mate": "", "cond": ""}
    return {name: [build_wheel(folder, name, "1.0", {f"{name}.py": ""}, text)] for name, text in headers.items()}


def _make_variants(folder: Path) -> list[Path]:
    document = make_document(["x86_64"], {"x86_64": X86_64}, {"v2": {"x86_64": {"level": ["v2"]}}, "null": {}})
    plain = build_wheel(folder, "chip", "1.0", {"chip.py": ""})
    labelled = [relabel(plain, label, document) for label in ("v2", "null")]
    return [plain, *labelled, write_document(plain, document)]
