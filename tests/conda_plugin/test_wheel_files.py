"""Files of wheels in conda's own transactions: nobody else's place, and nothing damaged."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import condapackages
from tests.conda_plugin.conftest import Stage
from tests.conda_plugin.test_wheels import IS_X86, V9
from tests.realconda import Conda, conda_python
from wheelbridge.api.demo import build_wheel

WINDOWS = sys.platform == "win32"
STDLIB = "Lib" if WINDOWS else f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
RUN_APP = "Scripts/run-app.exe" if WINDOWS else "bin/run-app"
HEADER = "include/same.h"


@dataclass(frozen=True)
class Refused:
    """Wheels that conda has unpacked and was kept from linking, with what was said of them."""

    wheels: Mapping[str, Path]
    error: Mapping[str, Any]


def listed(stage: Stage) -> list[str]:
    """Return the records of the environment."""
    return sorted(path.name for path in (stage.prefix / "conda-meta").glob("*.json"))


def refuse(stage: Stage, *packages: object, **settings: object) -> dict[str, Any]:
    """Let conda install *packages*, which it must not; return the error, as JSON has it."""
    before = listed(stage)
    conda = Conda(stage.conda.home, {**stage.conda.settings, **settings})
    said = conda("install", "-y", "-q", "--json", "-p", stage.prefix, *packages, code=1).json
    assert listed(stage) == before
    errors = [one["error"] for one in said.get("errors", (said,))]  # conda has something to say, too
    (error,) = (one for one in errors if isinstance(one, dict))
    return error


@pytest.fixture(scope="module")
def refused(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Refused:
    """What was said of wheels that want the place of others' files; those called ``even`` do not."""
    place = tmp_path_factory.mktemp("conflicts")
    contents: dict[str, dict[str, str | bytes]] = {
        "prog": {f"prog-1.0.data/data/{STDLIB}/os.py": "evil"},
        "script": {"script-1.0.data/scripts/python": "#!python\n"},
        "command": {
            "command.py": "def main() -> None: ...\n",
            "command-1.0.dist-info/entry_points.txt": "[console_scripts]\nrun-app = command:main\n",
        },
        "module": {"lib.py": "VERSION = 'evil'\n"},
        "one": {"both.py": "1"},
        "two": {"both.py": "2"},
        "even": {"even.py": "", f"even-1.0.data/data/{HEADER}": "same", **_as_installed(stage)},
        "evener": {"evener.py": "", f"evener-1.0.data/data/{HEADER}": "same"},
    }
    wheels = {name: build_wheel(place, name, "1.0", files) for name, files in contents.items()}
    return Refused(wheels, refuse(stage, *wheels.values()))


def _as_installed(stage: Stage) -> dict[str, str | bytes]:
    """Return a file of the wheel ``app``, as it is there."""
    (path,) = stage.prefix.glob("[Ll]ib/**/site-packages/app/__init__.py")
    return {"app/__init__.py": path.read_bytes()}


def test_a_wheel_takes_no_file_of_another_package(refused: Refused) -> None:
    """Neither of one that is there, conda package or wheel, nor of one that comes with it; the same content is fine."""
    site = f"{STDLIB}/site-packages"
    scripts = "Scripts/python" if WINDOWS else "bin/python"

    assert refused.error["code"] == "file-conflict"
    expected = {
        f"{STDLIB}/os.py (prog, python)",
        f"{site}/lib.py (lib, module)",
        f"{site}/both.py (one, two)",
        f"{RUN_APP} (app, command)",
        *([] if WINDOWS else [f"{scripts} (python, script)"]),
    }
    assert expected <= {*refused.error["conflicts"]}
    assert not [text for text in refused.error["conflicts"] if "even" in text]


def test_a_conda_package_takes_no_file_of_a_wheel(stage: Stage, tmp_path: Path) -> None:
    """It is the wheel that would be broken; what conda's own packages do among themselves is conda's affair."""
    files = {"site-packages/lib.py": "", f"{STDLIB}/LICENSE.txt": "another"}
    package = condapackages.make_conda(tmp_path, "py-lib", "1.0", files, noarch="python", depends=["python"])

    assert refuse(stage, package)["conflicts"] == [f"{STDLIB}/site-packages/lib.py (lib, py-lib)"]


@pytest.mark.parametrize(
    ("text", "settings"),
    [("longer", {}), ("2", {"extra_safety_checks": True})],
    ids=["another size", "hashes where somebody asks for them"],
)
def test_a_wheel_that_is_not_whole_any_more_is_not_linked(
    stage: Stage, refused: Refused, text: str, settings: dict[str, object]
) -> None:
    """Conda warns of another size, links the file, and leaves it out of the record; it says nothing of a wheel."""
    (unpacked,) = stage.conda.home.glob("pkgs/one-1.0-*/site-packages/both.py")
    before = unpacked.read_bytes()
    unpacked.write_text(text, encoding="utf-8")

    error = refuse(stage, refused.wheels["one"], **settings)
    unpacked.write_bytes(before)

    assert (error["code"], error["name"]) == ("altered-wheel", "one")
    assert Path(error["directory"]) == unpacked.parent.parent


def test_nothing_is_left_of_a_wheel_that_cannot_be_unpacked(stage: Stage, tmp_path: Path) -> None:
    """Conda tidies up behind a download that fails; where it reads its cache, it takes a folder for a package."""
    files: dict[str, str | bytes] = {"half.py": "1", "half-1.0.data/purelib/half.py": "2"}
    wheel, folder = build_wheel(tmp_path, "half", "1.0", files), tmp_path / "half"
    code = "import sys; from wheelbridge.conda_plugin.extracting import extract; extract(*sys.argv[1:])"

    command = [conda_python(), "-c", code, str(wheel), str(folder)]
    done = subprocess.run(command, env=stage.conda.environment(), capture_output=True, text=True, check=False)

    assert "two of its files belong at" in done.stderr
    assert not folder.exists()


ASK = """
import json, sys
from pathlib import Path
from conda.base.context import reset_context
reset_context()
from conda.core.package_cache_data import PackageCacheData, ProgressiveFetchExtract
from conda.models.match_spec import MatchSpec
from wheelbridge.conda_plugin.verifying import trust_variant
from wheelbridge.conda_plugin.wheel_checks import Change, LinkedWheel, check_wheels
from wheelbridge.errors import WheelbridgeError

def says(record, *unlinked):
    try:
        check_wheels(Change(Path(sys.argv[1]), [record], unlinked, sys.argv[2]))
    except WheelbridgeError as error:
        return error.code

twin, quick = map(MatchSpec, sys.argv[3:])
ProgressiveFetchExtract([twin, quick]).execute()
twin, quick = (next(PackageCacheData.query_all(spec)) for spec in (twin, quick))
said = [says(twin), says(twin, "py-twin"), says(quick)]
trust_variant(str(quick.url))
said.append(says(quick))
Path(twin.package_tarball_full_path).unlink()
print(json.dumps([*said, LinkedWheel(twin).digest("sha256")]))
"""


@pytest.mark.skipif(not IS_X86, reason="the variant is one of x86-64 CPUs")
def test_what_a_solve_of_ours_has_decided_is_not_refused(stage: Stage, tmp_path: Path) -> None:
    """A wheel takes the place of a conda package of its project that goes; of a variant that was chosen, more is known.

    A file's hash is known when the file is gone from conda's cache, too.
    """
    prefix, site = tmp_path / "env", f"{STDLIB}/site-packages"
    info = prefix / site / "twin-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: twin\n", encoding="utf-8")
    (python,) = (stage.prefix / "conda-meta").glob("python-*.json")
    (prefix / "conda-meta").mkdir()
    shutil.copy(python, prefix / "conda-meta")
    record = {"name": "py-twin", "version": "2.0", "build": "0", "build_number": 0, "fn": "py-twin-2.0-0.conda"}
    place = {"channel": "https://host.example/c", "subdir": "noarch", "files": [f"{site}/{info.name}/METADATA"]}
    (prefix / "conda-meta/py-twin-2.0-0.json").write_text(json.dumps({**record, **place}), encoding="utf-8")
    twin = build_wheel(tmp_path, "twin", "1.0", {"twin.py": ""})
    quick = build_wheel(tmp_path, "quick", "1.0", {"quick.py": ""}, label="v9", variant_json=V9)
    digest = hashlib.sha256(twin.read_bytes()).hexdigest()

    command = [conda_python(), "-c", ASK, str(prefix), site, twin.as_uri(), quick.as_uri()]
    said = subprocess.run(command, env=stage.conda.environment(), capture_output=True, text=True, check=True)

    assert json.loads(said.stdout.splitlines()[-1]) == ["duplicate-wheel", None, "wrong-wheel", None, digest]
