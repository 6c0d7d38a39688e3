"""Wheels in conda's own transactions: unpacked, refused where they cannot run, and written down."""

import csv
import hashlib
import json
import subprocess
import sys
import sysconfig
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from tests import condapackages
from tests.cli.conftest import Run, run
from tests.ran import Ran
from tests.real_python import RealChannel
from tests.realconda import Conda, conda_python, make_conda, run_python
from tests.variantwheels import X86_64, make_document
from wheelbridge.api.checks.checking import check_environment
from wheelbridge.api.demo import build_wheel
from wheelbridge.installer.listing import load_records

__all__ = ["run"]

THIS = f"cp{sys.version_info.major}{sys.version_info.minor}"
PLATFORM = sysconfig.get_platform().replace("-", "_").replace(".", "_")
MACHINE = PLATFORM.removeprefix("linux_") if PLATFORM.startswith("linux_") else ""
"""Where there is a glibc."""
ELSEWHERE = "macosx_11_0_arm64" if sys.platform == "win32" else "win_amd64"
NONE: Mapping[str, str | bytes] = {}
IS_X86 = PLATFORM.endswith(("x86_64", "amd64"))
ONLY_X86 = pytest.mark.skipif(not IS_X86, reason="the variant is one of x86-64 CPUs")
ONLY_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="its scripts and folders are called otherwise there")


@dataclass(frozen=True)
class Stage:
    """A conda with an environment that has python and wheels that conda has put there; *warned* is what it said."""

    conda: Conda
    prefix: Path
    wheels: Path
    channel: str
    warned: str = ""

    def wheel(
        self, name: str, headers: str = "", *, files: Mapping[str, str | bytes] | None = None, **more: Any
    ) -> Path:
        """Make a wheel."""
        return build_wheel(self.wheels, name, "1.0", {f"{name}.py": "", **(files or {})}, headers, **more)

    def install(self, *packages: object, **options: Any) -> Ran:
        """Let conda install files into the environment."""
        return self.conda("install", "-y", "-q", "-p", self.prefix, *packages, **options)

    def refuses(self, *wheels: object) -> dict[str, Any]:
        """Let conda install *wheels*, which it must not; return the error, as JSON has it."""
        before = self.listed()
        said = self.install("--json", *wheels, code=1).json
        assert self.listed() == before
        error: dict[str, Any] = said["error"] if isinstance(said["error"], dict) else said["errors"][0]["error"]
        return error

    def listed(self) -> list[str]:
        """The files of ``conda-meta``."""
        return sorted(path.name for path in (self.prefix / "conda-meta").glob("*.json"))

    def record(self, name: str) -> dict[str, Any]:
        """What ``conda-meta`` says of a package."""
        (path,) = (self.prefix / "conda-meta").glob(f"{name}-1.0-*.json")
        content: dict[str, Any] = json.loads(path.read_bytes())
        return content

    def info(self, name: str) -> Path:
        """The ``.dist-info`` of a wheel."""
        (path,) = self.prefix.glob(f"[Ll]ib/**/site-packages/{name}-1.0.dist-info")
        return path


APP = {
    "app.py": "def main() -> None:\n    print('app runs')\n",
    "app-1.0.dist-info/entry_points.txt": "[console_scripts]\nrun-app = app:main\n",
    "app-1.0.data/scripts/app-script": "#!python\nimport sys\nprint(sys.prefix)\n",
    "app-1.0.data/data/share/app.txt": "data\n",
}
NEEDS = (
    "Requires-Dist: lib[more]>=1\nRequires-Dist: never; python_version < '3'\n"
    "Requires-Dist: fast; python_version >= '3.11'\nRequires-Dist: slow; python_version < '3.11'\n"
)
V1 = make_document(["x86_64"], {"x86_64": X86_64}, {"v1": {"x86_64": {"level": ["v1"]}}})
V9 = make_document(["x86_64"], {"x86_64": X86_64}, {"v9": {"x86_64": {"level": ["v9"]}}})
ODD = make_document(
    ["odd"], {"odd": {"requires": ["odd"], "plugin-api": "odd:Plugin"}}, {"x": {"odd": {"thing": ["1"]}}}
)


@pytest.fixture(scope="module")
def stage(plugin: None, tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Stage:
    """One environment for the module, whose wheels all came with one command: conda takes its second for each."""
    del plugin
    place = tmp_path_factory.mktemp("wheels")
    conda = make_conda(place / "conda", [real_channel.url])
    stage = Stage(conda, place / "env", place / "files", real_channel.url)
    stage.wheels.mkdir()
    twin = condapackages.dist_info("twin", "2.0")
    wheels = [
        stage.wheel("app", NEEDS, files=APP),
        stage.wheel("lib"),
        stage.wheel("fast"),
        stage.wheel("brief"),
        stage.wheel("linked", "Requires-Dist: lib @ https://host.example/lib-1.0-py3-none-any.whl\n"),
        stage.wheel("exact", files={"exact-1.0.data/headers/exact.h": ""}, tag=f"{THIS}-{THIS}-{PLATFORM}"),
        stage.wheel("loose", files={"loose-1.0.data/headers/loose.h": ""}),
        stage.wheel("oddity", label="x", variant_json=ODD),
        *([stage.wheel("swift", label="v1", variant_json=V1)] if IS_X86 else []),
        condapackages.make_conda(place / "channel", "py-twin", "2.0", twin, noarch="python", depends=["python"]),
    ]
    conda("create", "-y", "-q", "-p", stage.prefix, "python")
    said = stage.install(*wheels)
    return replace(stage, warned=said.err)


@ONLY_POSIX
def test_a_wheel_works_as_our_own_installer_makes_it(stage: Stage) -> None:
    """Entry points, scripts with the prefix in them and data are there, and python knows the distribution."""
    command = subprocess.run([stage.prefix / "bin/run-app"], capture_output=True, text=True, check=True)
    script = subprocess.run([stage.prefix / "bin/app-script"], capture_output=True, text=True, check=True)
    known = run_python(stage.prefix, "-c", "from importlib.metadata import version; print(version('app'))")

    assert (command.stdout, script.stdout, known) == ("app runs\n", f"{stage.prefix}\n", "1.0\n")
    assert (stage.prefix / "share/app.txt").read_text(encoding="utf-8") == "data\n"


def test_record_lists_every_file_with_its_hash(stage: Stage) -> None:
    """RECORD is right, with REQUESTED and direct_url.json in it, which the environment alone decides."""
    info = stage.info("app")
    rows = {row[0]: row for row in csv.reader((info / "RECORD").read_text(encoding="utf-8").splitlines())}

    for path, digest, size in rows.values():
        data = (info.parent / path).read_bytes()
        told = urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        assert not digest or (digest, size) == (f"sha256={told}", str(len(data)))
    assert {f"app-1.0.dist-info/{name}" for name in ("REQUESTED", "direct_url.json", "INSTALLER")} <= rows.keys()
    assert (info / "INSTALLER").read_text(encoding="utf-8") == "wheelbridge\n"
    direct_url = json.loads((info / "direct_url.json").read_bytes())
    assert direct_url["url"] == (stage.wheels / "app-1.0-py3-none-any.whl").as_uri()


def test_no_check_finds_anything(stage: Stage) -> None:
    """Neither conda's nor our own: records, hashes and files agree; the cache's own RECORD is not written to."""
    said = stage.conda("doctor", "-p", stage.prefix, "altered-files", "missing-files").out

    assert "no packages with altered files" in said
    assert "no packages with missing files" in said
    assert [finding.message for finding in check_environment(stage.prefix)] == []
    cached = stage.conda.home / "pkgs/app-1.0-py3-none-any/site-packages/app-1.0.dist-info/RECORD"
    assert "REQUESTED" not in cached.read_text(encoding="utf-8")


def test_a_record_says_what_is_needed_in_words_that_every_conda_reads(stage: Stage) -> None:
    """Conditions are decided for the environment's python; the wheel's own words are kept for wheelbridge."""
    told = stage.record("app")["depends"]
    own = next(record.depends for record in load_records(stage.prefix) if record.name.normalized == "app")

    assert not [text for text in told if "extras" in text or "when" in text]
    assert {text.partition("[")[0] for text in told} == {"python", "lib", "fast"}
    assert any("extras=[more]" in text for text in own)


def test_the_record_is_the_one_that_our_own_installer_writes(stage: Stage, tmp_path: Path, run: Run) -> None:
    """Of the same wheel: name, version, build, file, hashes and files; byte code is made by conda alone."""
    lib = stage.wheels / "lib-1.0-py3-none-any.whl"
    prefix = tmp_path / "env"
    run("create", "-p", str(prefix), "-y", "-c", stage.channel, "python", f"pypi:lib @ {lib.as_uri()}")
    (path,) = (prefix / "conda-meta").glob("lib-1.0-*.json")
    ours, theirs = json.loads(path.read_bytes()), stage.record("lib")

    same = ("name", "version", "build", "fn", "url", "sha256", "size", "subdir", "noarch", "flags", "depends")
    assert {key: theirs.get(key) for key in same} == {key: ours.get(key) for key in same}
    assert {file for file in theirs["files"] if "__pycache__" not in file} == set(ours["files"])


def test_what_a_wheel_depends_on_is_told_or_missed_aloud(stage: Stage) -> None:
    """A requirement that names a URL has no counterpart in conda: the wheel comes, and the user knows."""
    assert "conda is not told what linked-1.0-py3-none-any.whl depends on" in stage.warned
    assert stage.record("linked")["depends"] == ["python"]


def test_headers_come_where_the_tags_put_them(stage: Stage) -> None:
    """A wheel for one python has them beside that python's; another one in conda's own include."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    include = "Include" if sys.platform == "win32" else "include"
    own = include if sys.platform == "win32" else f"include/python{version}"

    assert (stage.prefix / own / "exact/exact.h").exists()
    assert (stage.prefix / include / "loose/loose.h").exists()


@ONLY_X86
def test_a_variant_has_its_label_in_its_build(stage: Stage) -> None:
    """As in our own records, by which `list` and `variants` know it."""
    assert stage.record("swift")["build"].startswith("v1_py3_none_any_h")


def test_a_variant_of_an_unknown_provider_is_linked_with_a_warning(stage: Stage) -> None:
    """Nobody here can tell whether the machine runs it, and the user named the file."""
    assert "whether this machine runs its variant x is not known" in stage.warned
    assert (stage.info("oddity") / "variant.json").exists()


def test_wheels_that_cannot_run_are_refused(stage: Stage) -> None:
    """Conda itself links them without a word; the message names each and why, and the hint what to do."""
    patch = ".".join(map(str, sys.version_info[:3]))
    wheels = {
        "older": stage.wheel("older", tag=f"cp37-cp37m-{PLATFORM}"),
        "threads": stage.wheel("threads", tag=f"{THIS}-{THIS}t-{PLATFORM}"),
        "away": stage.wheel("away", tag=f"{THIS}-{THIS}-{ELSEWHERE}"),
        "future": stage.wheel("future", "Requires-Python: >=3.99\n"),
        "patch": stage.wheel("patch", f"Requires-Python: !={patch}\n"),
        **({"newer": stage.wheel("newer", tag=f"py3-none-manylinux_2_999_{MACHINE}")} if MACHINE else {}),
        **({"quick": stage.wheel("quick", label="v9", variant_json=V9)} if IS_X86 else {}),
    }

    error = stage.refuses(*wheels.values(), stage.wheel("fits", tag=f"{THIS}-{THIS}-{PLATFORM}"))

    assert error["code"] == "wrong-wheel"
    assert error["projects"] == [*wheels]
    reasons = dict(reason.split(".whl: ") for reason in error["reasons"])
    assert reasons["future-1.0-py3-none-any"] == f"it requires python >=3.99, and python is {patch}"
    assert ELSEWHERE in reasons[wheels["away"].stem]
    assert "newer" not in wheels or "2.999" in reasons[wheels["newer"].stem]
    assert "quick" not in wheels or "its variant v9" in reasons[wheels["quick"].stem]
    assert f"conda wheelbridge install -p {stage.prefix} pypi:older" in error["hint"]


def test_a_damaged_wheel_is_refused_and_does_no_harm(stage: Stage) -> None:
    """Nothing of it is unpacked, and what is left in conda's cache does not stand in the way of a sound one.

    The other wheel is for no platform of conda, and would never be of use.
    """
    phone = stage.wheel("phone", tag=f"{THIS}-{THIS}-ios_13_0_arm64_iphoneos")
    path = stage.wheel("broken", files={"broken-1.0.data/purelib/broken.py": "found when the first lies unpacked"})

    errors = [one["error"] for one in stage.install("--json", path, phone, code=1).json["errors"]]

    assert {error["code"] for error in errors} == {"invalid-wheel", "unusable-wheel"}
    assert not (stage.conda.home / "pkgs" / path.stem).exists()
    stage.install(stage.wheel("broken"))
    assert stage.record("broken")["fn"] == path.name


def test_a_wheel_is_not_linked_over_a_conda_package_of_its_project(stage: Stage) -> None:
    """The conda package has another name, so that conda itself sees two packages."""
    error = stage.refuses(stage.wheel("twin"))

    assert (error["code"], error["package"]) == ("duplicate-wheel", "py-twin")
    assert f"conda remove -p {stage.prefix} py-twin" in error["hint"]


def test_a_wheel_is_not_linked_over_what_pip_put_there(stage: Stage) -> None:
    """Its files would be overwritten, and pip's metadata would tell of a project twice."""
    info = stage.info("lib").parent / "stray-0.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stray\nVersion: 0.9\n", encoding="utf-8")

    error = stage.refuses(stage.wheel("stray"))
    rmtree(info)

    assert (error["code"], error["package"]) == ("duplicate-wheel", None)


@pytest.mark.parametrize(("algorithm", "digest"), [("sha256", "0" * 64), ("md5", "0" * 32)])
def test_a_file_that_is_not_the_announced_one_is_refused(stage: Stage, algorithm: str, digest: str) -> None:
    """Conda looks at the hashes of what it downloads, and not at those of files of this machine."""
    told = digest if algorithm == "md5" else f"{algorithm}:{digest}"

    error = stage.refuses(f"{stage.wheel('forged').as_uri()}#{told}")

    assert (error["code"], error["algorithm"], error["expected"]) == ("forged-wheel", algorithm, digest)


def test_a_clone_is_the_same(stage: Stage) -> None:
    """`conda create --clone` names the files by their URLs: everything is written down once more."""
    prefix = stage.prefix.parent / "clone"

    stage.conda("create", "-y", "-q", "-p", prefix, "--clone", stage.prefix)

    clone = replace(stage, prefix=prefix)
    assert clone.listed() == stage.listed()
    assert sorted(clone.record("app")["files"]) == sorted(stage.record("app")["files"])
    assert clone.record("app")["depends"] == stage.record("app")["depends"]


def test_who_takes_the_responsibility_is_not_refused(stage: Stage, tmp_path: Path) -> None:
    """`wheelbridge_verify_wheels: false`."""
    wheel = stage.wheel("mine", tag=f"{THIS}-{THIS}-{ELSEWHERE}")
    settings = {**stage.conda.settings, "plugins": {"wheelbridge_verify_wheels": False}}
    (python,) = (url for url in stage.conda.home.glob("pkgs/python-*.conda"))
    free = Conda(stage.conda.home, settings)

    free("create", "-y", "-q", "-p", tmp_path / "env", python, wheel)

    assert list((tmp_path / "env/conda-meta").glob("mine-1.0-*.json"))


def test_a_wheel_is_removed_whole_and_alone(stage: Stage) -> None:
    """What was added behind conda's linking goes with it, what was asked for stays; who wants to know is told."""
    info, before = stage.info("brief"), set(stage.listed())
    wanted = Conda(stage.conda.home, {**stage.conda.settings, "plugins": {"wheelbridge_notices": True}})

    quiet = stage.conda("remove", "-y", "--dry-run", "-p", stage.prefix, "brief")
    told = wanted("remove", "-y", "-p", stage.prefix, "brief")

    assert not info.exists()
    assert {name.partition("-1.0")[0] for name in before - set(stage.listed())} == {"brief"}
    assert "notice: the wheel brief 1.0 would be removed" in told.err
    assert "notice" not in quiet.err


@pytest.mark.parametrize(
    ("wish", "beside", "offered"),
    [("auto", False, 1), ("auto", True, 0), ("always", True, 1), ("never", False, 0)],
    ids=["alone", "conda-pypi is there", "in its place", "never"],
)
def test_of_two_extractors_one_is_offered(
    stage: Stage, tmp_path: Path, wish: str, offered: int, *, beside: bool
) -> None:
    """Conda silently takes the last by name, which is ours: so ours is there where it shall be, and heavy nowhere."""
    if beside:
        (tmp_path / "conda_pypi").mkdir()
        (tmp_path / "conda_pypi/__init__.py").write_text("", encoding="utf-8")
    code = (
        "import sys; from conda.base.context import context, reset_context; reset_context();"
        "from wheelbridge.conda_plugin.extracting import extractors as ask;"
        "print(len(ask()), ask() is ask(), 'rattler' in sys.modules)"
    )
    own = {"PYTHONPATH": str(tmp_path), "CONDA_PLUGINS_WHEELBRIDGE_EXTRACT_WHEELS": wish}
    environment = {**stage.conda.environment(), **own}
    said = subprocess.run([conda_python(), "-c", code], env=environment, capture_output=True, text=True, check=True)

    assert said.stdout.split() == [str(offered), "True", "False"]


def test_what_was_added_goes_when_conda_takes_a_transaction_back(stage: Stage, tmp_path: Path) -> None:
    """Another plugin fails behind ours; conda calls ``reverse`` twice, and knows nothing of what was added."""
    (tmp_path / "failing.py").write_text(
        "from conda.core.path_actions import Action\n"
        "from conda.plugins import hookimpl, types\n\n\n"
        "class Fail(Action):\n"
        "    def verify(self): pass\n"
        "    def execute(self): raise ValueError('on purpose')\n"
        "    def reverse(self): pass\n"
        "    def cleanup(self): pass\n\n\n"
        "@hookimpl\n"
        "def conda_post_transaction_actions():\n"
        "    yield types.CondaPostTransactionAction(name='zzz-fail', action=Fail)\n",
        encoding="utf-8",
    )
    info = tmp_path / "failing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: failing\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[conda]\nfailing = failing\n", encoding="utf-8")
    failing = Conda(stage.conda.home, stage.conda.settings, {"PYTHONPATH": str(tmp_path)})
    before = stage.listed()

    said = failing("install", "-y", "-q", "-p", stage.prefix, stage.wheel("undone"), block(stage, "stuck"), code=1)

    assert "on purpose" in said.out + said.err
    assert stage.listed() == before
    assert not [path for name in ("undone", "stuck") for path in stage.info("lib").parent.glob(f"{name}*")]


def test_what_cannot_be_written_down_is_told(stage: Stage) -> None:
    """The wheel is there and runs: that is no reason to take back what conda has done."""
    said = stage.install(block(stage, "hindered"))

    assert "not all of it is written down" in said.err
    assert stage.record("hindered")["fn"] == "hindered-1.0-py3-none-any.whl"


def block(stage: Stage, name: str) -> Path:
    """Make a wheel whose record, once it is there, cannot be written anew."""
    wheel = stage.wheel(name)
    build = f"py3_none_any_h{hashlib.sha256(wheel.read_bytes()).hexdigest()[:8]}"
    (stage.prefix / f"conda-meta/{name}-1.0-{build}.json.wheelbridge").mkdir()
    return wheel
