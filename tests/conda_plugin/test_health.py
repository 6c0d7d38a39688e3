"""``conda doctor`` with the checks of wheelbridge: what a real conda says of a real environment, and mends in it."""

import ast
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from tests.condapackages import Link, index_channel
from tests.condapackages import make_conda as make_package
from tests.loopback import LoopbackIndex
from tests.ran import Ran
from tests.real_python import RealChannel
from tests.realconda import Conda, make_conda, run_python
from wheelbridge.api.checks.checking import Examination
from wheelbridge.api.demo import build_wheel
from wheelbridge.conda_plugin.other_solvers import find_breakage
from wheelbridge.installer.journal import Journal, begin, is_interrupted

SOUND, UNSOUND = "✅", "❌"
CHECKS = ["change", "drift", "duplicates", "record", "requirements", "runtimes", "solvers", "tags"]
FIXED = ["change", "drift", "duplicates", "record", "tags"]
OF_CONDA = {"unmet-dependency", "violated-constraint"}
MINOR = f"{sys.version_info.major}{sys.version_info.minor}"
OTHER = f"{sys.version_info.major}{sys.version_info.minor + 1}"


@dataclass(frozen=True)
class Place:
    """An environment of a real conda; each test leaves it sound."""

    conda: Conda
    prefix: Path
    wheels: Mapping[str, Path]

    @cached_property
    def site(self) -> Path:
        """Its ``site-packages``."""
        return Path(run_python(self.prefix, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())

    def doctor(self, *arguments: object, code: int = 0, answer: str | None = None) -> Ran:
        """Run ``conda doctor``."""
        return self.conda("doctor", "-p", self.prefix, *arguments, code=code, answer=answer)

    def drop(self, name: str, metadata: str = "", files: tuple[str, ...] = ()) -> Path:
        """Put a distribution there as pip does; return its folder."""
        project, version = name.split("=")
        info = self.site / f"{project}-{version}.dist-info"
        info.mkdir()
        texts = {
            "METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n{metadata}",
            "WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
            "INSTALLER": "pip\n",
        }
        for path in files:
            (self.site / path).parent.mkdir(exist_ok=True)
            (self.site / path).write_text("")
        for path, text in texts.items():
            (info / path).write_text(text)
        rows = [*files, *(f"{info.name}/{path}" for path in (*texts, "RECORD"))]
        (info / "RECORD").write_text("".join(f"{row},,\n" for row in rows))
        return info


@pytest.fixture(scope="module")
def place(plugin: None, real_channel: RealChannel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An environment that ``conda wheelbridge create`` made: a python, a conda package with a link, and wheels."""
    del plugin
    folder = tmp_path_factory.mktemp("health")
    channel = folder / "channel"
    make_package(
        channel,
        "tool",
        "1.0",
        {"share/tool.txt": "tool", "share/tool-link.txt": Link("tool.txt")},
        depends=["llvm-openmp"],
    )
    make_package(channel, "llvm-openmp", "19.1", {"lib/libomp.so": "stub"})
    index_channel(channel)
    start = {"app/__init__.py": "import lib\n\n\ndef main() -> None:\n    print(lib.VERSION)\n"}
    start["app-1.0.dist-info/entry_points.txt"] = "[console_scripts]\nrun-app = app:main\n"
    made = {
        "app": build_wheel(folder, "app", "1.0", start, "Requires-Dist: lib>=1\n"),
        "lib": build_wheel(folder, "lib", "1.0", {"lib.py": "VERSION = '1.0'\n"}),
        "built": build_wheel(folder, "built", "1.0", {"built.py": f"PYTHON = {MINOR}\n"}, tag=f"cp{MINOR}-none-any"),
        "other": build_wheel(folder, "built", "1.0", {"built.py": f"PYTHON = {OTHER}\n"}, tag=f"cp{OTHER}-none-any"),
    }
    offered = {"app": [made["app"]], "lib": [made["lib"]], "built": [made["built"], made["other"]]}
    with LoopbackIndex(offered) as index:
        conda = make_conda(folder / "conda", [real_channel.url, channel.as_uri()])
        conda.settings["plugins"] = {"wheelbridge_indexes": [index.url]}
        prefix = folder / "env"
        conda("wheelbridge", "create", "-p", prefix, "-y", "python", "tool", "pypi:app")
        yield Place(conda, prefix, made)


def names(*checks: str) -> list[str]:
    """Return the names of checks."""
    return [f"wheelbridge-{check}" for check in checks]


class TestSound:
    """An environment that nobody harmed."""

    def test_each_check_says_so_and_so_do_condas(self, place: Place) -> None:
        """A link is no altered file, whatever its record was written by."""
        said = place.doctor(*names(*CHECKS), "altered-files", "missing-files", "consistency", "-v")

        assert said.out.count(SOUND) == len(CHECKS) + 3
        assert UNSOUND not in said.out
        assert "WARNING" not in said.err

    def test_they_are_listed_with_what_fixes_them(self, place: Place) -> None:
        """Three of them have no fixer: what to do is for people to say."""
        lines = [line.strip() for line in place.conda("doctor", "--list").out.splitlines() if "wheelbridge-" in line]

        assert [line.partition(":")[0] for line in lines] == names(*CHECKS)
        assert [line.partition(":")[0] for line in lines if "(fix: " in line] == names(*FIXED)

    def test_nothing_is_there_to_fix(self, place: Place) -> None:
        """Nobody is asked, and nothing is written."""
        before = (place.prefix / "conda-meta/history").read_bytes()
        said = place.doctor(*names(*CHECKS), "--fix")

        assert said.out.rpartition("Running fixes...")[2].count(".\n") == len(FIXED)
        assert (place.prefix / "conda-meta/history").read_bytes() == before

    def test_conda_sees_what_was_altered(self, place: Place) -> None:
        """Its own check goes by hashes in the prefix, which our records have as conda's do."""
        file = place.prefix / "share/tool.txt"
        file.unlink()  # it is a hard link to what the cache has
        file.write_text("altered")

        assert "share/tool.txt" in place.doctor("altered-files", "-v").out
        assert SOUND in place.doctor("wheelbridge-record").out, "conda's packages are conda's affair"
        file.write_text("tool")
        assert SOUND in place.doctor("altered-files").out


class TestFiles:
    """Files of wheels, by RECORD and by conda's records."""

    @pytest.fixture(autouse=True)
    def damage(self, place: Place) -> None:
        """Take a module away."""
        (place.site / "lib.py").unlink()

    def test_they_are_put_back_when_somebody_says_so(self, place: Place) -> None:
        """A dry run says what would be done, a no leaves it; a yes links the wheel anew, and it works."""
        dry = place.doctor("wheelbridge-record", "--fix", "--dry-run")
        assert f"{UNSOUND} Wheels whose files" in dry.out
        assert "lib lacks lib.py, which its record lists. [missing-file]" in dry.out
        assert f"conda wheelbridge remove -p {place.prefix} lib" in dry.out
        assert "link anew: lib" in dry.out
        assert "Dry run" in dry.err
        asked = place.doctor("wheelbridge-record", "--fix", answer="no\n")
        assert "Do this?" in asked.out
        assert not (place.site / "lib.py").exists()

        place.doctor("wheelbridge-record", "--fix", "-y")

        assert run_python(place.prefix, "-c", "import app; app.main()") == "1.0\n"
        assert place.doctor("wheelbridge-record", "missing-files").out.count(SOUND) == 2

    def test_a_frozen_environment_is_not_mended(self, place: Place) -> None:
        """CEP 22: "Tools MUST respect the presence of ``frozen`` in the environment and error out"."""
        marker = place.prefix / "conda-meta/frozen"
        marker.write_text(json.dumps({"message": "leave it"}))
        try:
            refused = place.doctor("wheelbridge-record", "--fix", "-y", code=1)
            assert "[frozen]" in refused.out
            assert "--override-frozen" in refused.out
            assert not (place.site / "lib.py").exists()
            place.doctor("wheelbridge-record", "--fix", "-y", "--override-frozen")
        finally:
            marker.unlink()
        assert (place.site / "lib.py").exists()


def test_what_is_left_of_a_project(place: Place) -> None:
    """It goes; what python would have read of it is gone."""
    info = place.drop("lib=0.9")
    assert "lib is there more than once" in place.doctor("wheelbridge-duplicates").out

    fixed = place.doctor("wheelbridge-duplicates", "--fix", "-y")

    assert f"remove: {info.relative_to(place.prefix).as_posix()}" in fixed.out
    assert not info.exists()


def test_what_pip_took_away(place: Place) -> None:
    """The record is there and the project is not: it is linked anew."""
    (place.site / "lib.py").unlink()
    shutil.rmtree(place.site / "lib-1.0.dist-info")
    assert "[uninstalled-package]" in place.doctor("wheelbridge-drift").out

    place.doctor("wheelbridge-drift", "--fix", "-y")

    assert run_python(place.prefix, "-c", "import app; app.main()") == "1.0\n"
    assert place.doctor(*names(*CHECKS)).out.count(SOUND) == len(CHECKS)


def test_a_history_with_a_gap(place: Place) -> None:
    """It is completed; conda reads it before it removes."""
    history = place.prefix / "conda-meta/history"
    kept = [line for line in history.read_text().splitlines(keepends=True) if "tool-1.0" not in line]
    history.write_text("".join(kept))
    assert "[history-drift]" in place.doctor("wheelbridge-drift").out

    fixed = place.doctor("wheelbridge-drift", "--fix", "-y")

    assert "complete the history" in fixed.out
    assert "tool-1.0" in history.read_text()


def test_what_pip_put_there(place: Place) -> None:
    """It works, so it is told with -v alone; what it requires is looked for."""
    info = place.drop("stray=1.0", "Requires-Dist: nowhere>=2\n", files=("stray.py",))
    try:
        assert SOUND in place.doctor("wheelbridge-drift").out
        told = place.doctor("wheelbridge-drift", "-v").out
        assert SOUND in told
        assert f"conda wheelbridge adopt -p {place.prefix} stray" in told

        required = place.doctor("wheelbridge-requirements").out
        assert "stray 1.0 requires nowhere>=2, and it is not there. [unmet-requirement]" in required
        assert f"conda wheelbridge install -p {place.prefix} 'pypi:nowhere>=2'" in required
    finally:
        shutil.rmtree(info)
        (place.site / "stray.py").unlink()


@pytest.mark.skipif(sys.platform != "linux", reason="GCC's OpenMP beside LLVM's is a matter of Linux")
def test_runtimes_that_clash(place: Place) -> None:
    """By the names of the libraries; advice is all there is."""
    carried = "scikit_learn.libs/libgomp-e985bcbb.so.1.0.0"
    info = place.drop("scikit_learn=1.0", files=(carried,))
    try:
        said = place.doctor("wheelbridge-runtimes").out
        assert UNSOUND in said
        assert "[two-runtimes]" in said
    finally:
        shutil.rmtree(info)
        shutil.rmtree((place.site / carried).parent)


def test_a_wheel_for_another_python(place: Place) -> None:
    """Plain conda links it where nobody verifies it; the fixer solves for one of the same version that fits."""
    place.conda.variables["CONDA_PLUGINS_WHEELBRIDGE_VERIFY_WHEELS"] = "false"
    place.conda("install", "-p", place.prefix, "-y", place.wheels["other"])
    del place.conda.variables["CONDA_PLUGINS_WHEELBRIDGE_VERIFY_WHEELS"]
    before = run_python(place.prefix, "-c", "import built; print(built.PYTHON)").strip()
    assert before == OTHER
    said = place.doctor("wheelbridge-tags").out
    assert "built 1.0 is for another interpreter or platform" in said
    dry = place.doctor("wheelbridge-tags", "--fix", "--dry-run")
    assert "built" in dry.out.rpartition("Running fixes")[2]

    fixed = place.doctor("wheelbridge-tags", "--fix", "-y")

    assert run_python(place.prefix, "-c", "import built; print(built.PYTHON)").strip() == MINOR
    assert "All wheels are for this" in fixed.out
    assert place.doctor(*names(*CHECKS)).out.count(SOUND) == len(CHECKS)


def test_a_change_that_was_interrupted(place: Place) -> None:
    """Nothing else can be said until it is undone, or complete; then all is as it was."""
    history = place.prefix / "conda-meta/history"
    journal = Journal(
        old=(), new=("x",), shared=(), before=(), after=(), history=history.stat().st_size, revision="none"
    )
    begin(place.prefix, journal)
    (place.prefix / "x").write_text("half a change")
    said = place.doctor(*names("change", "record", "tags"))
    assert said.out.count("[interrupted-change]") == 1
    assert said.out.count("cannot be done after a change that was interrupted") == 2

    assert "can fix nothing" in place.doctor("wheelbridge-record", "--fix", "-y", code=1).out
    fixed = place.doctor(*names(*FIXED), "--fix", "-y")

    assert "No change of this environment was interrupted" in fixed.out
    assert not is_interrupted(place.prefix)
    assert not (place.prefix / "x").exists()


def test_an_older_rattler_costs_one_line(place: Place, tmp_path: Path) -> None:
    """The other checks go on, and what is to be done is said once."""
    info = tmp_path / "py_rattler-0.26.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: py-rattler\nVersion: 0.26.0\n")
    place.conda.variables["PYTHONPATH"] = str(tmp_path)
    try:
        said = place.doctor(*names(*CHECKS), "missing-files")
        assert (said.out.count(UNSOUND), said.out.count(SOUND)) == (1, 2)
        assert said.out.count("[rattler-too-old]") == 1
        assert place.doctor("wheelbridge-record", "--fix", "-y", code=1).out.count("[rattler-too-old]") == 1
    finally:
        del place.conda.variables["PYTHONPATH"]


@pytest.mark.parametrize(
    ("needs", "broken"),
    [
        pytest.param("py_rattler >=0.26,<0.27", True, id="an older one"),
        pytest.param("py-rattler >=0.26", False, id="a bound that it meets"),
        pytest.param("py-rattler <0.27; python_version < '3'", False, id="of another python"),
        pytest.param("conda >=26", False, id="none"),
    ],
)
def test_a_solver_that_wants_another_rattler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, needs: str, broken: bool
) -> None:
    """conda-rattler-solver and wheelbridge share one py-rattler; what stands in metadata is enough to see it."""
    info = tmp_path / "conda_rattler_solver-0.2.0.dist-info"
    info.mkdir()
    text = f"Metadata-Version: 2.1\nName: conda-rattler-solver\nVersion: 0.2.0\nRequires-Dist: {needs}\n"
    (info / "METADATA").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)

    found = find_breakage()

    assert (found is not None) is broken
    if found:
        assert "conda-rattler-solver 0.2.0 needs py-rattler <0.27,>=0.26" in found.message
        assert "libmamba, classic or wheelbridge" in found.hint


def test_a_solver_that_breaks_is_told(place: Place, tmp_path: Path) -> None:
    """By ``conda doctor``, whatever environment it looks at."""
    info = tmp_path / "conda_rattler_solver-0.2.0.dist-info"
    info.mkdir()
    text = "Metadata-Version: 2.1\nName: conda-rattler-solver\nVersion: 0.2.0\nRequires-Dist: py-rattler <0.27\n"
    (info / "METADATA").write_text(text)
    place.conda.variables["PYTHONPATH"] = str(tmp_path)
    try:
        said = place.doctor("wheelbridge-solvers")
    finally:
        del place.conda.variables["PYTHONPATH"]
    assert UNSOUND in said.out
    assert "--solver rattler may break" in said.out


def test_every_finding_belongs_to_a_check(tmp_path: Path) -> None:
    """Of those of `wheelbridge check`, conda's own ``consistency`` has two; conda is not needed to see it."""
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta/history").touch()
    source = Path(__file__).parents[2] / "wheelbridge/conda_plugin/health.py"
    words = {node.value for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Constant)}

    codes = Examination(tmp_path, notes=True).codes

    assert "record-differs" in codes
    assert (codes - words) == OF_CONDA
