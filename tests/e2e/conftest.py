import ensurepip
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.buildstage import build_channel, stage
from tests.cli.conftest import run
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from wheelbridge.api.demo import build_wheel

__all__ = ["build_channel", "run", "stage"]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Real wheels: an application with a console script and an extra, a library in two versions, and pip itself."""
    folder = tmp_path_factory.mktemp("wheels")
    app = {
        "app/__init__.py": "import lib\n\n\ndef main() -> None:\n    print('app on lib', lib.VERSION)\n",
        "app-1.0.dist-info/entry_points.txt": "[console_scripts]\nrun-app = app:main\n",
    }
    needs = (
        "Requires-Dist: lib>=1\nRequires-Dist: old; python_version < '3.9'\n"
        "Provides-Extra: more\nRequires-Dist: extra-thing; extra == 'more'\n"
    )
    bundled = sorted(Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))
    return {
        "app": [build_wheel(folder, "app", "1.0", app, needs)],
        "lib": [
            build_wheel(folder, "lib", version, {"lib.py": f"VERSION = '{version}'\n"}) for version in ("1.0", "1.1")
        ],
        "extra-thing": [build_wheel(folder, "extra_thing", "1.0", {"extra_thing.py": ""})],
        "pip": bundled[-1:],
    }


@pytest.fixture
def index(wheels: dict[str, list[Path]]) -> Iterator[LoopbackIndex]:
    """The wheels behind a real HTTP server."""
    with LoopbackIndex(wheels) as server:
        yield server


@dataclass(frozen=True)
class Environment:
    """An environment and the sources it comes from."""

    prefix: Path
    channel: str
    index: str

    @property
    def options(self) -> tuple[str, ...]:
        """Where and from what: the options of every command that solves."""
        return ("-p", str(self.prefix), "-c", self.channel, "-i", self.index)

    def python(self, *arguments: str) -> str:
        """Run the environment's python; return what it prints."""
        return self.command("python", *arguments)

    def command(self, name: str, *arguments: str) -> str:
        """Run a command of the environment."""
        path = self.prefix / "bin" / name
        done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def environment(tmp_path: Path, real_channel: RealChannel, index: LoopbackIndex) -> Environment:
    """A place for an environment."""
    return Environment(tmp_path / "env", real_channel.url, index.url)
