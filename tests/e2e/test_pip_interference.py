"""What pip does behind our back, with a real interpreter and the pip that comes with it."""

import csv
import ensurepip
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.cli.conftest import Run
from tests.installer.wheelmaker import Made, Workshop, make_wheel, wheel_repodata
from tests.real_python import RealChannel
from wheelbridge.api.checks.checking import check_environment
from wheelbridge.api.checks.findings import Finding
from wheelbridge.api.places import Caches
from wheelbridge.installer.errors import UnmanagedDistributionError
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.transaction import Caches as PackageCaches

_COMMAND = "[console_scripts]\nalpha = alpha:main\n"
_MAIN = {"alpha/__init__.py": "def main() -> None:\n    print('alpha')\n"}


@dataclass(frozen=True)
class Bench:
    """An environment of python, pip, alpha and beta, all ours, with a folder of wheels for pip to take."""

    shop: Workshop
    wheels: Path
    ours: tuple[Made, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The options of every command that solves."""
        return ("-p", str(self.shop.prefix), "-O", "-c", self.shop.channel.url, "-i", str(self.wheels))

    def pip(self, *arguments: str | Path) -> str:
        """Let the environment's pip do something."""
        return self.shop.call(self.shop.python, "-m", "pip", *arguments, "--disable-pip-version-check")

    def put(self, *requirements: str) -> None:
        """Let pip install, from the folder alone."""
        self.pip("install", "--no-index", "--find-links", self.wheels, *requirements)

    def codes(self) -> list[tuple[str, str]]:
        """Return code and package or project of what `check` finds."""
        return [(one.code, str(one.details.get("package") or one.details.get("project"))) for one in self.findings()]

    def findings(self) -> tuple[Finding, ...]:
        """Return what `check` finds."""
        return check_environment(self.shop.prefix)

    def versions(self) -> dict[str, str]:
        """Return what ``conda-meta`` has."""
        return {record.name.normalized: str(record.version) for record in load_records(self.shop.prefix)}

    def seen_by_pip(self) -> dict[str, str]:
        """Return what pip sees."""
        return {item["name"]: item["version"] for item in json.loads(self.pip("list", "--format=json"))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Bench:
    """The environment, made once; tests get copies of it."""
    folder = tmp_path_factory.mktemp("bench")
    wheels = folder / "wheels"
    pip = next(Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))
    ours = (
        make_wheel(wheels, "alpha", "1.0", files=_MAIN, entry_points=_COMMAND, requires=["beta>=1"]),
        make_wheel(wheels, "beta", "1.0"),
        Made(pip, wheel_repodata(pip)),
    )
    make_wheel(wheels, "alpha", "2.0", files=_MAIN, entry_points=_COMMAND, requires=["beta>=1", "gamma"])
    make_wheel(wheels, "gamma", "1.0")
    cache = Caches(folder / "cache")
    caches = PackageCaches(packages=cache.packages, wheels=cache.unpacked_wheels)
    shop = Workshop(folder=folder, prefix=folder / "env", channel=real_channel, caches=caches)
    shop.create(*ours, requested=["python", "pip", "alpha"])
    for made in ours:
        place = cache.downloads / hashlib.sha256(made.path.read_bytes()).hexdigest()
        place.mkdir(parents=True)
        shutil.copy(made.path, place)
    return Bench(shop, wheels, ours)


@pytest.fixture(scope="module")
def states(whole: Bench) -> dict[str, Path]:
    """Copies of what changes in the environment: as it was made, and after pip uninstalled or upgraded alpha."""
    folders = {name: whole.shop.folder / name for name in ("ours", "uninstalled", "upgraded")}
    copy_state(whole.shop.prefix, folders["ours"])
    whole.pip("uninstall", "-y", "alpha")
    copy_state(whole.shop.prefix, folders["uninstalled"])
    put_state(folders["ours"], whole.shop.prefix)
    whole.put("--upgrade", "alpha")
    copy_state(whole.shop.prefix, folders["upgraded"])
    return folders


@pytest.fixture
def bench(whole: Bench, states: dict[str, Path], run: Run, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The environment as it was made."""
    return enter("ours", whole, states, run, monkeypatch)


@pytest.fixture
def uninstalled(whole: Bench, states: dict[str, Path], run: Run, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The environment after ``pip uninstall alpha``."""
    return enter("uninstalled", whole, states, run, monkeypatch)


@pytest.fixture
def upgraded(whole: Bench, states: dict[str, Path], run: Run, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The environment after ``pip install --upgrade alpha``."""
    return enter("upgraded", whole, states, run, monkeypatch)


def enter(state: str, whole: Bench, states: Mapping[str, Path], run: Run, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Put the environment into one of its *states*; *run* must have set its own cache before."""
    del run
    monkeypatch.setenv("WHEELBRIDGE_CACHE_DIR", str(whole.shop.folder / "cache"))
    put_state(states[state], whole.shop.prefix)
    return whole


def copy_state(prefix: Path, folder: Path) -> None:
    """Copy what pip and we change there: records, commands and modules, but for those of python and pip."""
    for path in changing(prefix):
        place = folder / path.relative_to(prefix)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(path, place, symlinks=True) if path.is_dir() else shutil.copy2(path, place)


def put_state(folder: Path, prefix: Path) -> None:
    """Make the environment what it was when the copy was made."""
    for path in changing(prefix):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    copy_state(folder, prefix)


def changing(prefix: Path) -> list[Path]:
    """Return what `copy_state` copies; pip stays, with its byte code, which takes it seconds to make."""
    (modules,) = prefix.glob("lib/python*/site-packages")
    own = [path for path in modules.iterdir() if not path.name.startswith("pip")]
    return [prefix / "conda-meta", *prefix.glob("bin/alpha*"), *own]


def strip(bench: Bench, name: str) -> None:
    """Remove what the RECORD of a project lists, as ``pip uninstall`` does."""
    (record,) = bench.shop.site_packages.glob(f"{name}-*.dist-info/RECORD")
    for row in csv.reader(record.read_text().splitlines()):
        (bench.shop.site_packages / row[0]).unlink(missing_ok=True)
    shutil.rmtree(record.parent)


def lay(bench: Bench, wheel: Path, direct_url: Mapping[str, object] | None = None) -> None:
    """Unpack a wheel as pip does."""
    place = bench.shop.site_packages
    with ZipFile(wheel) as archive:
        archive.extractall(place)
        (record,) = (place / name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
    contents = {"INSTALLER": "pip\n", "REQUESTED": ""}
    if direct_url is not None:
        contents["direct_url.json"] = json.dumps(direct_url)
    for name, text in contents.items():
        (record.parent / name).write_text(text)
    record.write_text(record.read_text() + "".join(f"{record.parent.name}/{name},,\n" for name in contents))


def test_a_sound_environment_has_no_findings(bench: Bench) -> None:
    """What we linked is as we recorded it."""
    assert bench.findings() == ()


class TestUninstalled:
    """``pip uninstall`` of a wheel that is ours."""

    def test_check_says_what_happened(self, bench: Bench) -> None:
        """One finding for the package and one for who needs it, not one for each file."""
        strip(bench, "beta")

        assert bench.codes() == [("uninstalled-package", "beta"), ("unmet-requirement", "alpha")]

    def test_fix_puts_it_back(self, uninstalled: Bench, run: Run) -> None:
        """Out of the caches; nothing is left to find."""
        assert uninstalled.codes() == [("uninstalled-package", "alpha")]
        ran = run("check", "-p", uninstalled.shop.prefix, "--fix", "-y", "--offline")

        assert (ran.code, uninstalled.findings()) == (0, ()), ran.out + ran.err
        assert uninstalled.shop.call(uninstalled.shop.script("alpha")) == "alpha\n"

    def test_remove_takes_what_is_left(self, uninstalled: Bench, run: Run) -> None:
        """The record goes; that its files are gone already is no obstacle."""
        assert run("remove", "-p", uninstalled.shop.prefix, "alpha", "-y").code == 0
        assert ({*uninstalled.versions()}, uninstalled.findings()) == ({"python", "pip", "beta"}, ())


class TestUpgraded:
    """``pip install --upgrade`` over a wheel that is ours."""

    def test_check_says_what_is_there_instead(self, upgraded: Bench) -> None:
        """Both versions are named, and the tool."""
        (finding,) = upgraded.findings()

        assert finding.message == "pip put alpha 2.0 in the place of alpha 1.0, which is recorded."
        assert (finding.code, finding.severity, finding.repair) == ("displaced-package", "error", None)

    def test_fix_cannot_decide_and_says_so(self, upgraded: Bench, run: Run) -> None:
        """Whose version is wanted, nobody but the user knows; nothing changes."""
        ran = run("check", "-p", upgraded.shop.prefix, "--fix", "-y", "--offline")

        assert (ran.code, "adopt" in ran.out) == (1, True)
        assert [path.name for path in upgraded.shop.site_packages.glob("alpha-*")] == ["alpha-2.0.dist-info"]

    @pytest.mark.parametrize("names", [("alpha",), ()], ids=["removed", "linked-anew"])
    def test_its_files_are_not_taken(self, upgraded: Bench, names: tuple[str, ...]) -> None:
        """Neither a removal nor a new link of ours touches what is pip's now."""
        kept = upgraded.ours[1:] if names else upgraded.ours
        again = frozenset() if names else frozenset({"alpha"})

        with pytest.raises(UnmanagedDistributionError) as caught:
            upgraded.shop.change(*kept, removed=names, reinstall=again)
        assert caught.value.projects == ("alpha",)
        assert f"wheelbridge adopt -p {upgraded.shop.prefix} alpha" in str(caught.value.hint)
        assert upgraded.shop.call(upgraded.shop.script("alpha")) == "alpha\n"

    def test_adopted(self, upgraded: Bench, run: Run) -> None:
        """The record is that of what is there, with its real requirements; conda and solves know it from then on."""
        ran = run("adopt", *upgraded.sources, "-y", "--json")

        adopted = {one["project"]: one for one in ran.json["adopted"]}
        assert adopted["alpha"]["url"] == (upgraded.wheels / "alpha-2.0-py3-none-any.whl").as_uri()
        assert (adopted["alpha"]["requested"], adopted["gamma"]["requested"]) == (True, False)
        assert "gamma" in adopted["alpha"]["depends"]
        assert upgraded.versions() | {"python": ""} == {"python": "", "pip": upgraded.versions()["pip"]} | {
            "alpha": "2.0",
            "beta": "1.0",
            "gamma": "1.0",
        }
        assert upgraded.findings() == ()
        assert "Nothing to do" in run("install", *upgraded.sources, "pypi:alpha>=2", "-y").out
        assert upgraded.seen_by_pip()["alpha"] == "2.0"

    def test_adopted_and_removed(self, upgraded: Bench, run: Run) -> None:
        """Every file that pip put there goes, its byte code and its script included."""
        run("adopt", *upgraded.sources, "-y")

        assert run("remove", "-p", upgraded.shop.prefix, "alpha", "-y").code == 0
        assert not upgraded.shop.script("alpha").exists()
        left = [
            path.name for path in upgraded.shop.site_packages.rglob("*") if "alpha" in path.name or "gamma" in path.name
        ]
        assert (left, upgraded.findings()) == ([], ())

    def test_adopted_without_a_source(self, upgraded: Bench, run: Run) -> None:
        """Where nobody can say which file it was, the record says nothing false."""
        options = ("-p", upgraded.shop.prefix, "-O", "-c", upgraded.shop.channel.url, "--offline", "-y", "--json")
        (one,) = (item for item in run("adopt", "alpha", *options).json["adopted"])

        assert one["url"] == (upgraded.shop.site_packages / "alpha-2.0.dist-info").as_uri()
        assert one["sha256"] is None
        (record,) = upgraded.shop.prefix.glob("conda-meta/alpha-*.json")
        assert json.loads(record.read_bytes())["channel"] == "pypi"

    def test_replaced(self, upgraded: Bench, run: Run) -> None:
        """What pip put there goes and ours comes, in one transaction."""
        ran = run("adopt", *upgraded.sources, "--replace", "-y", "--json")

        assert ran.json["replaced"] == ["alpha", "gamma"]
        assert upgraded.findings() == ()
        assert {path.name for path in upgraded.shop.site_packages.glob("alpha-*")} == {
            f"alpha-{upgraded.versions()['alpha']}.dist-info"
        }
        assert (
            upgraded.shop.site_packages / f"alpha-{upgraded.versions()['alpha']}.dist-info/INSTALLER"
        ).read_text() == "wheelbridge\n"

    def test_a_dry_run_changes_nothing(self, upgraded: Bench, run: Run) -> None:
        """It only shows what would be."""
        before = upgraded.versions()

        assert "alpha 2.0 as alpha" in run("adopt", *upgraded.sources, "-d").out
        assert upgraded.versions() == before


class TestOther:
    """What else pip does."""

    def test_the_same_version_again(self, bench: Bench) -> None:
        """Same folder, other files: the folder is pip's now."""
        bench.put("--force-reinstall", "--no-deps", "alpha==1.0")

        assert bench.codes() == [("displaced-package", "alpha")]

    def test_editable(self, bench: Bench, run: Run, tmp_path: Path) -> None:
        """PEP 660: said to be so, and adopted with the folder that it is."""
        make_editable(bench, tmp_path / "src")
        (finding,) = bench.findings()

        assert finding.details["editable"] is True
        assert (tmp_path / "src").as_uri() in finding.message
        assert run("adopt", *bench.sources, "-y").code == 0
        assert bench.findings() == ()
        (record,) = bench.shop.prefix.glob("conda-meta/alpha-*.json")
        assert json.loads(record.read_bytes())["url"] == (tmp_path / "src").as_uri()

    def test_a_project_that_pip_has_is_not_installed_again(self, bench: Bench, run: Run) -> None:
        """No second metadata beside the first, no file replaced."""
        lay(bench, bench.wheels / "gamma-1.0-py3-none-any.whl")
        ran = run("install", *bench.sources, "pypi:gamma", "-y", "--json")

        assert (ran.code, ran.json["error"]["code"]) == (1, "unmanaged-distribution")
        assert bench.codes() == []

    def test_what_nobody_needs_to_know_is_told_on_request(self, bench: Bench, run: Run) -> None:
        """A sound distribution of pip's is a note, and no error."""
        lay(bench, bench.wheels / "gamma-1.0-py3-none-any.whl")

        assert run("check", "-p", bench.shop.prefix).code == 0
        ran = run("check", "-p", bench.shop.prefix, "-v", "--json")
        assert [(one["code"], one["severity"]) for one in ran.json["findings"]] == [("unmanaged-distribution", "note")]
        assert ran.json["success"] is True

    def test_nothing_is_adopted_by_a_name_that_nobody_has(self, bench: Bench, run: Run) -> None:
        """What is ours already, or not there, is no matter of adoption."""
        ran = run("adopt", *bench.sources, "beta", "--json")

        assert (ran.code, ran.json["error"]["code"]) == (1, "not-unmanaged")


def make_editable(bench: Bench, folder: Path) -> None:
    """Put down what ``pip install -e`` does; its build backend is not at hand without a network."""
    (folder / "alpha").mkdir(parents=True)
    (folder / "alpha/__init__.py").write_text(_MAIN["alpha/__init__.py"])
    made = make_wheel(folder, "alpha", "1.0", files={"__editable__.alpha-1.0.pth": f"{folder}\n"}, requires=["beta"])
    strip(bench, "alpha")
    lay(bench, made.path, {"url": folder.as_uri(), "dir_info": {"editable": True}})
