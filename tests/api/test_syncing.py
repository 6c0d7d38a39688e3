"""A lock carried out: an environment made of it, changed to it, and read back as the same lock."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from rattler.index import index_fs

from tests.condapackages import make_conda
from tests.loopback import LoopbackIndex, login
from tests.real_python import RealChannel
from tests.variantwheels import X86_64, make_document, relabel, repack_installed, write_document
from wheelbridge.api.demo import build_wheel
from wheelbridge.api.exporting.describing import describe_environment
from wheelbridge.api.locking.records import LockMismatchError
from wheelbridge.api.locking.solution import lock_solution, lock_sources
from wheelbridge.api.places import Caches
from wheelbridge.api.solving import Settings, Silent, solve_request
from wheelbridge.api.sources import read_sources
from wheelbridge.api.specs import Request, read_request
from wheelbridge.api.syncing.packages import Reach
from wheelbridge.api.syncing.syncing import NoPythonForWheelsError, carry_out_sync, prepare_sync
from wheelbridge.configuration.levels import Levels, load_levels
from wheelbridge.environment.lock import Lock, LockedFile, LockedPackage, LockedRequest, LockedSource, LockedTarget
from wheelbridge.environment.locks.files import LockFormat, read_lock, render_lock
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.client import open_index
from wheelbridge.index.errors import HashMismatchError
from wheelbridge.installer.history import load_history, requested_specs
from wheelbridge.installer.listing import installed_packages
from wheelbridge.installer.origins import load_origins
from wheelbridge.installer.plan import Plan
from wheelbridge.installer.reporter import Reporter
from wheelbridge.installer.state import load_variables, state_path
from wheelbridge.installer.synced import Wanted, find_synced, write_synced
from wheelbridge.model.source import SourceKind
from wheelbridge.model.target import Target
from wheelbridge.solver.problem import Standing
from wheelbridge.target.detect import detect_target

VARIANTS = {"v3": {"x86_64": {"level": ["v3"]}}, "v2": {"x86_64": {"level": ["v2"]}}}
DOCUMENT = make_document(["x86_64"], {"x86_64": X86_64}, VARIANTS)
MACHINE = detect_target("linux-64", ["__archspec=haswell"])


@dataclass(frozen=True)
class Stage:
    """A lock, and what it takes to carry it out."""

    lock: Lock
    reach: Reach
    index: LoopbackIndex

    @property
    def target(self) -> LockedTarget:
        """Its one target."""
        return self.lock.targets[0]

    def sync(self, prefix: Path, lock: Lock | None = None) -> Plan:
        """Make *prefix* what the lock says; return what that took."""
        prepared = prepare_sync(prefix, lock or self.lock, MACHINE, self.reach)
        carry_out_sync(prepared, Reporter())
        return prepared.plan

    def without(self, *names: str) -> Lock:
        """Return the lock without some of its packages."""
        left = tuple(package for package in self.target.packages if package.name not in names)
        asked = tuple(spec for spec in self.target.requested if spec.split()[0].split("[")[0] not in names)
        return replace(self.lock, targets=(replace(self.target, packages=left, requested=asked),))

    def url(self, name: str) -> str:
        """Return the channel or index of a package."""
        return self.package(name).channel

    def package(self, name: str) -> LockedPackage:
        """Return a package of the lock."""
        return next(package for package in self.target.packages if package.name == name)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Iterator[Stage]:
    """A lock of python, a package of another channel, and wheels: with extras, with variants, and plain ones."""
    folder = tmp_path_factory.mktemp("stage")
    plain = repack_installed("filelock", folder)
    needs = "Provides-Extra: more\nRequires-Dist: lib; extra == 'more'\n"
    wheels = {
        "filelock": [plain, *(relabel(plain, label, DOCUMENT) for label in VARIANTS), write_document(plain, DOCUMENT)],
        "app": [build_wheel(folder, "app", "1.0", {"app.py": ""}, needs)],
        "lib": [build_wheel(folder, "lib", "1.1", {"lib.py": ""}, "Requires-Python: >=3.8\n")],
    }
    channel = folder / "channel"
    make_conda(channel, "tool", "1.0", {"share/tool.txt": "a tool"}, license="MIT", timestamp=1700000000000)
    asyncio.run(index_fs(channel))
    with LoopbackIndex(wheels) as index:
        caches = Caches(folder / "cache")
        given: list[tuple[SourceKind, str]] = [
            ("channel", real_channel.url),
            ("channel", channel.as_uri()),
            ("index", f"corp={index.url}"),
        ]
        settings = Settings(target=MACHINE, sources=read_sources(given), caches=caches)
        request = read_request(["python", "tool", "pypi:app[more]>=1", "pypi:filelock"])
        yield Stage(make_lock(request, settings), Reach(caches=caches, levels=Levels()), index)


def make_lock(request: Request, settings: Settings) -> Lock:
    """Solve and lock."""
    solution = solve_request(request, settings, Silent(), Standing())
    packages = lock_solution(solution, settings)
    target = LockedTarget(name="linux-64", target=settings.target, requested=solution.specs, packages=packages)
    return Lock(
        targets=(target,),
        sources=lock_sources(solution, [source.name for source in settings.sources]),
        request=LockedRequest(specs=request.specs, requirements=request.requirements, variables={"A": "1"}),
    )


@pytest.fixture(scope="module")
def prefix(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment made of the lock; the tests leave it as it is."""
    place = tmp_path_factory.mktemp("environments") / "env"
    stage.sync(place)
    return place


def test_an_environment_is_made(stage: Stage, prefix: Path) -> None:
    """Every package of the lock is there and works, and nothing else."""
    assert {package.url for package in installed_packages(prefix)} == {p.file.url for p in stage.target.packages}
    done = subprocess.run(
        [prefix / "bin" / "python", "-c", "import app, lib, filelock"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_lock_comes_out_again(stage: Stage, prefix: Path) -> None:
    """Lock, sync, export: what comes out is what went in."""
    described = describe_environment(prefix)

    assert described.lock == stage.lock
    assert described.inexact == ()


@pytest.mark.parametrize(("form", "name"), [("pixi", "pixi.lock"), ("pylock", "pylock.toml")])
def test_a_lock_file_comes_out_again(stage: Stage, tmp_path: Path, form: LockFormat, name: str) -> None:
    """Lock, sync, export, byte by byte: a wheel with extras, a variant wheel, packages of two channels."""
    written = tmp_path / name
    written.write_text(render_lock(stage.lock, form, tmp_path), encoding="utf-8")
    stage.sync(tmp_path / "env", read_lock(written))

    assert render_lock(describe_environment(tmp_path / "env").lock, form, tmp_path) == written.read_text(
        encoding="utf-8"
    )


def test_a_wheel_and_a_package_of_one_name(stage: Stage, tmp_path: Path) -> None:
    """Two things, where no row says that they are one; what is written of each is its own."""
    wheel = build_wheel(tmp_path, "tool", "9.0", {"tool.py": ""})
    with LoopbackIndex({"tool": [wheel]}) as index:
        given: list[tuple[SourceKind, str]] = [("channel", stage.url("python")), ("channel", stage.url("tool"))]
        sources = read_sources([*given, ("index", f"mine={index.url}")])
        settings = Settings(target=MACHINE, sources=sources, caches=stage.reach.caches)
        lock = make_lock(read_request(["python", "tool", "pypi:tool"]), settings)
        written = tmp_path / "pylock.toml"
        written.write_text(render_lock(lock, "pylock", tmp_path), encoding="utf-8")
        stage.sync(tmp_path / "env", read_lock(written))

    assert {package.kind for package in lock.targets[0].packages if "tool" in package.name} == {"conda", "wheel"}
    assert render_lock(describe_environment(tmp_path / "env").lock, "pylock", tmp_path) == written.read_text("utf-8")


def test_nothing_is_done_twice(stage: Stage, prefix: Path) -> None:
    """The lock that is there already takes nothing; its history does not grow."""
    before = len(load_history(prefix))

    assert stage.sync(prefix).is_empty
    assert len(load_history(prefix)) == before


def test_the_history_has_what_the_lock_was_asked_for(prefix: Path) -> None:
    """By it conda and later commands know what nobody needs any more."""
    names = [package.name for package in installed_packages(prefix)]

    assert sorted(requested_specs(load_history(prefix), names)) == ["app", "filelock", "python", "tool"]


def test_decisions_and_variables_are_written_down(stage: Stage, prefix: Path) -> None:
    """What ``why`` tells of a solve, it tells of a lock; activation sets the variables."""
    origin = load_origins(prefix)["app"]

    assert origin.decision == stage.package("app").decision
    assert origin.private  # the index claims strictly
    assert load_variables(prefix) == {"A": "1"}


class TestChanges:
    """An environment is made what the lock says, whatever it was."""

    @pytest.fixture
    def place(self, stage: Stage, tmp_path: Path) -> Path:
        """An environment of its own, from the caches."""
        stage.sync(tmp_path / "env")
        return tmp_path / "env"

    def test_what_the_lock_does_not_have_goes(self, stage: Stage, place: Path) -> None:
        """Files, record, history and memory; and the whole lock brings it back."""
        plan = stage.sync(place, stage.without("tool", "filelock"))

        assert [record.name.normalized for record in plan.unlink] == ["filelock", "tool"]
        assert not (place / "share/tool.txt").exists()
        assert load_origins(place).keys().isdisjoint({"tool", "filelock"})
        names = [package.name for package in installed_packages(place)]
        assert sorted(requested_specs(load_history(place), [*names, "tool"])) == ["app", "python"]
        stage.sync(place)
        assert describe_environment(place).lock == stage.lock

    def test_what_stays_keeps_its_record(self, stage: Stage, place: Path) -> None:
        """A channel may change what it says of a file that is there already; what is written is the lock again."""
        tool = stage.package("tool")
        patched = replace(tool, record={**(tool.record or {}), "constrains": ["other >=1"]})
        packages = tuple(patched if one is tool else one for one in stage.target.packages)
        lock = replace(stage.lock, targets=(replace(stage.target, packages=packages),))

        assert stage.sync(place, lock).is_empty
        assert describe_environment(place).lock == lock

    def test_what_pip_did_is_undone(self, stage: Stage, place: Path) -> None:
        """It put one wheel in the place of another, took one away, and added one; a file was deleted by hand."""
        put(place, "app", "2.0")
        put(place, "extra", "1.0")
        shutil.rmtree(site_packages(place) / "lib-1.1.dist-info")
        (place / "share/tool.txt").unlink()
        plan = (prepared := prepare_sync(place, stage.lock, MACHINE, stage.reach)).plan

        assert [change.new.name.normalized for change in plan.relink] == ["app", "lib", "tool"]
        assert {str(one) for one in prepared.strays.foreign} == {"app 2.0", "extra 1.0"}
        assert "extra 1.0 goes: pip put it there, not the lock" in prepared.notes
        carry_out_sync(prepared, Reporter())
        assert prepare_sync(place, stage.lock, MACHINE, stage.reach).is_empty
        names = {path.name for path in site_packages(place).glob("*.dist-info")}
        assert {"app-1.0.dist-info", "lib-1.1.dist-info"} < names
        assert not any(name.startswith(("app-2.0", "extra")) for name in names)
        assert (place / "share/tool.txt").is_file()

    def test_what_pip_added_alone_goes(self, stage: Stage, place: Path) -> None:
        """No package changes, and the environment does."""
        put(place, "extra", "1.0")
        prepared = prepare_sync(place, stage.lock, MACHINE, stage.reach)

        assert prepared.plan.is_empty
        assert not prepared.is_empty
        carry_out_sync(prepared, Reporter())
        assert not (site_packages(place) / "extra.py").exists()
        assert not list(site_packages(place).glob("extra*"))

    def test_what_nobody_can_remove_is_told(self, stage: Stage, place: Path) -> None:
        """Nothing lists its files; it is told every time."""
        put(place, "old", "1.0")
        (site_packages(place) / "old-1.0.dist-info/RECORD").unlink()
        prepared = prepare_sync(place, stage.lock, MACHINE, stage.reach)

        assert (prepared.is_empty, prepared.lasts) == (True, False)
        assert prepared.notes == ("old 1.0 stays, which the lock does not have: nothing lists its files",)

    def test_the_quick_look_sees_what_pip_did(self, stage: Stage, place: Path, tmp_path: Path) -> None:
        """It knows one environment, and the distributions in it."""
        wanted = Wanted(lock=b"lock")
        write_synced(place, wanted, "linux-64")
        assert find_synced(place, wanted) == "linux-64"
        shutil.copytree(place, tmp_path / "copy", symlinks=True)
        assert find_synced(tmp_path / "copy", wanted) is None
        moved = prepare_sync(tmp_path / "copy", stage.lock, MACHINE, stage.reach)
        assert len(moved.plan.relink) == len(stage.target.packages)  # scripts name the place of the first
        assert moved.strays.moved
        put(place, "extra", "1.0")
        assert find_synced(place, wanted) is None

    def test_variables_go_with_the_lock(self, stage: Stage, place: Path) -> None:
        """Those of the lock before are no more; what else conda keeps there stays."""
        state_path(place).write_text('{"env_vars": {"A": "1", "B": "2"}, "version": 1}', encoding="utf-8")
        stage.sync(place, replace(stage.lock, request=LockedRequest(variables={"C": "3"})))

        assert load_variables(place) == {"C": "3"}
        assert '"version": 1' in state_path(place).read_text(encoding="utf-8")

    def test_a_wheel_that_is_another_file_is_refused(self, stage: Stage, place: Path, tmp_path: Path) -> None:
        """The lock's hash decides; the environment is as it was."""
        package = stage.package("lib")
        forged = replace(
            package,
            file=replace(package.file, hashes={"sha256": "0" * 64}),
            record={**(package.record or {}), "sha256": "0" * 64},
        )
        packages = tuple(forged if one is package else one for one in stage.target.packages)
        lock = replace(stage.lock, targets=(replace(stage.target, packages=packages),))

        with pytest.raises(HashMismatchError):
            stage.sync(tmp_path / "other", lock)
        assert not (tmp_path / "other").exists()
        with pytest.raises(HashMismatchError):
            stage.sync(place, lock)
        assert describe_environment(place).lock == stage.lock

    def test_offline_the_caches_do(self, stage: Stage, tmp_path: Path) -> None:
        """No server is asked for what was there before."""
        asked = len(stage.index.requests)
        prepared = prepare_sync(tmp_path / "off", stage.lock, MACHINE, replace(stage.reach, offline=True))
        carry_out_sync(prepared, Reporter())

        assert describe_environment(tmp_path / "off").lock == stage.lock
        assert len(stage.index.requests) == asked

    def test_another_tool_changed_it(self, place: Path) -> None:
        """A request is the lock's while the environment is the lock's; what is written says what is there."""
        prefix_without_tool(place)
        described = describe_environment(place)

        assert "tool" not in {package.name for package in described.target.packages}
        assert described.lock.request == LockedRequest(
            specs=('app[version=">=1",extras=[more]]', "filelock", "python"), variables={"A": "1"}
        )


def site_packages(prefix: Path) -> Path:
    """Return where an environment has its modules."""
    return next(prefix.glob("lib/python*/site-packages"))


def put(prefix: Path, name: str, version: str) -> None:
    """Install a module as pip does: without a word to ``conda-meta``, and what has its name goes."""
    for path in site_packages(prefix).glob(f"{name}-*.dist-info"):
        shutil.rmtree(path)
    info = site_packages(prefix) / f"{name}-{version}.dist-info"
    info.mkdir()
    module = site_packages(prefix) / f"{name}.py"
    module.unlink(missing_ok=True)  # a hard link: the cache has the file, too
    module.write_text(f"version = {version!r}\n", encoding="utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    (info / "INSTALLER").write_text("pip\n", encoding="utf-8")
    files = [f"{name}.py", *(f"{info.name}/{kept}" for kept in ("METADATA", "INSTALLER", "RECORD"))]
    (info / "RECORD").write_text("".join(f"{path},,\n" for path in files), encoding="utf-8")


def prefix_without_tool(prefix: Path) -> None:
    """Remove a package's record, as another tool would."""
    next((prefix / "conda-meta").glob("tool-*.json")).unlink()
    (prefix / "share/tool.txt").unlink()


class TestLocksOfOthers:
    """Locks without records, without sources, for any machine."""

    def bare(self, stage: Stage, *kinds: str) -> Lock:
        """Return the lock as another tool might have written it."""
        packages = tuple(
            replace(
                package,
                name=package.pypi_name or package.name,
                record=None,
                source=None,
                channel="",
                decision=None,
                variants_json=None,
                variant=None,
            )
            for package in stage.target.packages
            if package.kind in kinds
        )
        return Lock(targets=(LockedTarget(name="linux-64", target=Target(subdir="linux-64"), packages=packages),))

    def test_records_are_read_out_of_the_packages(self, stage: Stage, tmp_path: Path) -> None:
        """The environment is the same; what nothing else needs counts as asked for."""
        stage.sync(tmp_path / "env", self.bare(stage, "conda", "wheel"))
        described = describe_environment(tmp_path / "env")

        known = {package.name: (package.record or {}) for package in stage.target.packages}
        found = {package.name: (package.record or {}) for package in described.target.packages}
        assert {name: record["depends"] for name, record in found.items()} == {
            name: record["depends"] for name, record in known.items()
        }
        assert described.target.requested == ("app", "filelock", "lib", "tool")
        sizes = {package.name: package.file.size for package in stage.target.packages if package.kind == "conda"}
        assert {name: found[name].get("size") for name in sizes} == sizes

    def test_a_wheel_of_another_version(self, stage: Stage, tmp_path: Path) -> None:
        """The file tells which it is; a lock that says another is not believed in the rest, either."""
        lock = self.bare(stage, "conda", "wheel")
        packages = tuple(replace(one, version="7.0") if one.name == "tool" else one for one in lock.targets[0].packages)

        with pytest.raises(LockMismatchError, match=r"tool 7\.0"):
            stage.sync(tmp_path / "env", replace(lock, targets=(replace(lock.targets[0], packages=packages),)))

    def test_wheels_alone_need_a_python(self, stage: Stage, tmp_path: Path) -> None:
        """There is none in the lock and none in the environment: said with the way out."""
        with pytest.raises(NoPythonForWheelsError) as refused:
            stage.sync(tmp_path / "env", self.bare(stage, "wheel"))

        assert "create -p" in str(refused.value.hint)

    def test_wheels_alone_leave_what_conda_has(self, stage: Stage, tmp_path: Path) -> None:
        """A lock that knows no conda says nothing of its packages; of wheels, it says all."""
        place = tmp_path / "env"
        stage.sync(place, stage.without("filelock", "app"))
        stage.sync(place, self.bare(replace(stage, lock=stage.without("lib", "app")), "wheel"))

        assert {package.name for package in installed_packages(place)} == {"python", "tool", "filelock"}
        names = [package.name for package in installed_packages(place)]
        assert sorted(requested_specs(load_history(place), names)) == ["filelock", "python", "tool"]


class TestLogins:
    """A lock holds no login; the user's own opens the same place."""

    def test_a_configured_source_lends_its_login(self, stage: Stage, tmp_path: Path) -> None:
        """By its URL, whatever the lock calls it; without it, the server refuses."""
        wheel = build_wheel(tmp_path, "secret", "1.0", {"secret.py": ""})
        with LoopbackIndex({"secret": [wheel]}) as index:
            index.fail("/", login("bWU6cHc="))
            closed = Lock(
                targets=(
                    replace(stage.target, requested=(), packages=(stage.package("python"), locked(wheel, index))),
                ),
                sources=(LockedSource(name="mine", kind="index", url=index.url.rstrip("/"), tier=0, claim="strict"),),
            )
            (tmp_path / "wheelbridge.toml").write_text(
                f'[[sources]]\nname = "corp"\nindex = "{index.url.replace("://", "://me:pw@")}"\n', encoding="utf-8"
            )
            with pytest.raises(WheelbridgeError):
                stage.sync(tmp_path / "no", closed)
            levels = load_levels(tmp_path / "wheelbridge.toml", search=False)
            replace(stage, reach=replace(stage.reach, levels=levels)).sync(tmp_path / "yes", closed)

        assert "secret" in {package.name for package in installed_packages(tmp_path / "yes")}
        written = (path.read_bytes() for path in (tmp_path / "yes/conda-meta").iterdir() if path.is_file())
        assert not any(b"me:pw" in content for content in written)


def locked(wheel: Path, index: LoopbackIndex) -> LockedPackage:
    """Return a wheel of an index as a lock of others has it."""
    (file,) = (
        open_index("i", index.url.replace("://", "://me:pw@"), cache_dir=wheel.parent / "cache")
        .project_page(canonicalize_name(wheel.name.split("-")[0]))
        .files
    )
    place = LockedFile(filename=file.filename, url=file.url, hashes=dict(file.hashes))
    return LockedPackage(kind="wheel", name="secret", version="1.0", file=place, source="mine")
