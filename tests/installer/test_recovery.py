import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.installer.wheelmaker import Made, Workshop, clean_env, make_package, make_wheel, snapshot
from wheelbridge.installer.errors import FileConflictError, HashMismatchError, LinkFailedError, NoSpaceError
from wheelbridge.installer.journal import JOURNAL
from wheelbridge.installer.listing import installed_packages
from wheelbridge.installer.reporter import Reporter
from wheelbridge.installer.transaction import run_transaction

HERE = Path(__file__).parent
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

VICTIM = """
import asyncio, os, pickle, signal, sys
from tests.installer.wheelmaker import *
folder, prefix, packages, wheels, channel, moment, create, *made = sys.argv[1:]
from tests.real_python import RealChannel
from wheelbridge.installer.reporter import Reporter
from wheelbridge.installer.transaction import run_transaction
class Killer(Reporter):
    count = 0
    def hit(self, name, package=""):
        if moment == name or moment == f"{name}:{package}":
            os.kill(os.getpid(), signal.SIGKILL)
    def on_link_start(self, operations): self.hit("start")
    def on_unlinked(self, name): self.hit("unlinked", name)
    def on_linking(self, name): self.hit("linking", name)
    def on_linked(self, name): self.hit("linked", name)
if moment == "finish":
    import wheelbridge.installer.journal as journal
    journal._complete = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
(archive,) = Path(channel).glob("*/python-*.conda")
python = asyncio.run(RepoDataRecord.from_package_archive(archive)); python.channel = Path(channel).as_uri()
shop = Workshop(folder=Path(folder), prefix=Path(prefix), channel=RealChannel(Path(channel), python),
    caches=Caches(packages=Path(packages), wheels=Path(wheels)), reporter=Killer())
shop.run(shop.request(*[Made(Path(p), wheel_repodata(Path(p))) for p in made], create=create == "1"))
"""


def run_and_be_killed(workshop: Workshop, moment: str, *made: Made, create: bool = False) -> None:
    """Run a transaction in a process that dies at *moment*."""
    shop = workshop
    arguments = (shop.folder, shop.prefix, shop.caches.packages, shop.caches.wheels, shop.channel.folder, moment)
    path = str(HERE.parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", VICTIM, *arguments, str(int(create)), *(item.path for item in made)],
        check=False,
        capture_output=True,
        text=True,
        env=clean_env() | {"PYTHONPATH": path},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
def old(tmp_path: Path) -> Made:
    """The version that is there."""
    return make_wheel(tmp_path / "dist", "thing", "1.0", files={f"thing/m{i}.py": f"v = {i}\n" for i in range(300)})


@pytest.fixture
def new(tmp_path: Path) -> Made:
    """The version to come, with fewer files and a command."""
    return make_wheel(
        tmp_path / "dist",
        "thing",
        "2.0",
        files={f"thing/m{i}.py": f"v = {i + 1}\n" for i in range(200)},
        entry_points="[console_scripts]\nthing = thing.m1:main\n",
    )


@pytest.fixture
def other(tmp_path: Path) -> Made:
    """Another wheel with many files."""
    return make_wheel(tmp_path / "dist", "other", files={f"other/n{i}.py": "" for i in range(300)})


@POSIX
@pytest.mark.parametrize("moment", ["start", "unlinked", "unlinked:thing", "linking", "linked", "linked:thing"])
def test_a_killed_change_is_undone_by_the_next_run(
    workshop: Workshop, old: Made, new: Made, other: Made, moment: str
) -> None:
    """Whenever the process dies while linking, the next run starts from the old environment."""
    workshop.create(old, requested=["thing"])
    before = snapshot(workshop.prefix)
    run_and_be_killed(workshop, moment, new, other)
    assert (workshop.prefix / "conda-meta" / JOURNAL).exists()

    outcome = workshop.change(old)

    assert outcome.plan.is_empty
    assert snapshot(workshop.prefix) == before


@POSIX
def test_after_a_kill_the_change_can_be_made_again(workshop: Workshop, old: Made, new: Made, other: Made) -> None:
    """The same command, run again, does what it was to do."""
    workshop.create(old)
    run_and_be_killed(workshop, "linked", new, other)

    workshop.change(new, other)

    assert workshop.call(workshop.python, "-c", "import thing.m1, other.n1; print(thing.m1.v)") == "2\n"
    assert {item.version for item in installed_packages(workshop.prefix) if item.name == "thing"} == {"2.0"}
    assert not (workshop.site_packages / "thing/m250.py").exists()
    assert not (workshop.prefix / "conda-meta" / JOURNAL).exists()


@POSIX
@pytest.mark.parametrize("moment", ["start", "linking", "linked:other"])
def test_a_killed_creation_can_be_repeated(workshop: Workshop, other: Made, moment: str) -> None:
    """What is left of it does not count as something that is in the way."""
    run_and_be_killed(workshop, moment, other, create=True)

    workshop.create(other)

    workshop.call(workshop.python, "-c", "import other.n1")
    assert "other-1.0" in (workshop.prefix / "conda-meta/history").read_text()


@POSIX
def test_when_all_is_linked_the_next_run_completes(workshop: Workshop, old: Made, new: Made) -> None:
    """Killed between the last link and the history, the environment is the new one and the history says so."""
    workshop.create(old)
    run_and_be_killed(workshop, "finish", new)
    assert "thing-2.0" not in (workshop.prefix / "conda-meta/history").read_text()

    assert workshop.change(new).plan.is_empty
    assert (workshop.prefix / "conda-meta/history").read_text().count("thing-2.0") == 1


@POSIX
def test_recovery_may_be_interrupted_too(workshop: Workshop, old: Made, new: Made) -> None:
    """Putting back is repeatable: half of it done by hand changes nothing."""
    workshop.create(old)
    before = snapshot(workshop.prefix)
    run_and_be_killed(workshop, "linked", new)
    kept = sorted((workshop.prefix / "conda-meta" / JOURNAL / "files").iterdir(), key=lambda path: int(path.name))
    names = sorted(path for path in before if path.startswith("lib") and "/thing" in path)
    assert len(names) >= 300
    assert kept
    (workshop.site_packages / "thing/m0.py").unlink()

    workshop.change(old)

    assert snapshot(workshop.prefix) == before


def test_a_failure_while_linking_puts_everything_back(workshop: Workshop, old: Made, tmp_path: Path) -> None:
    """A file where a directory must be makes rattler fail in the middle."""
    workshop.create(old)
    (workshop.prefix / "share").write_text("a file of the user's\n")
    before = snapshot(workshop.prefix)
    bad = make_wheel(tmp_path / "dist", "bad", files={"bad.py": "", "bad-1.0.data/data/share/bad/x": "x"})

    with pytest.raises(LinkFailedError) as caught:
        workshop.change(bad)

    assert "is as it was" in caught.value.message
    assert snapshot(workshop.prefix) == before
    workshop.call(workshop.python, "-c", "import thing.m1")


def test_shared_files_are_put_back_too(workshop: Workshop, tmp_path: Path) -> None:
    """A file that a package keeps and another claims, with the record that says whose it is."""
    one = make_wheel(tmp_path / "dist", "one", files={"ns/__init__.py": "", "ns/one.py": ""})
    an = make_wheel(tmp_path / "dist", "an", files={"ns/__init__.py": "", "ns/an.py": ""})
    bad = make_wheel(tmp_path / "dist", "bad", files={"bad.py": "", "bad-1.0.data/data/share/bad/x": "x"})
    workshop.create(one)
    (workshop.prefix / "share").write_text("a file of the user's\n")
    before = snapshot(workshop.prefix)

    with pytest.raises(LinkFailedError):
        workshop.change(one, an, bad)

    assert snapshot(workshop.prefix) == before
    workshop.change(one, an)
    workshop.change(an)
    workshop.call(workshop.python, "-c", "import ns.an")


def test_a_failed_creation_leaves_no_prefix(workshop: Workshop, tmp_path: Path) -> None:
    """A wrong hash is found before the prefix is made."""
    made = make_wheel(tmp_path / "dist", "thing")
    made.path.write_bytes(b"something else")

    with pytest.raises(HashMismatchError):
        workshop.create(made)
    assert not workshop.prefix.exists()


def test_cancellation_waits_for_linking(workshop: Workshop, old: Made, other: Made) -> None:
    """Ctrl-C while linking does not stop in the middle."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        current = asyncio.current_task()
        assert current is not None
        cancel = current.cancel

        class Canceller(Reporter):
            def on_linking(self, name: str) -> None:
                del name
                loop.call_soon_threadsafe(cancel)

        request = workshop.request(old, other, create=True)
        await run_transaction(request, workshop.caches, reporter=Canceller())

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    workshop.call(workshop.python, "-c", "import thing.m1, other.n1")
    assert not (workshop.prefix / "conda-meta" / JOURNAL).exists()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    mount = tmp_path / "tiny"
    mount.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount], check=False, capture_output=True)
    if done.returncode != 0:
        pytest.skip("mounting a small file system needs rights this machine does not give")
    yield mount
    subprocess.run(["umount", "-l", mount], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs is of Linux")
class TestFullDisk:
    """A full disk is one clear error, and the prefix stays as it was."""

    def test_too_little_space_for_the_prefix(self, workshop: Workshop, tiny_disk: Path, other: Made) -> None:
        """It is known before anything is linked."""
        small = replace(workshop, prefix=tiny_disk / "env")

        with pytest.raises(NoSpaceError, match="bytes are needed"):
            small.create(other)
        assert list(tiny_disk.iterdir()) == []

    def test_too_little_space_for_the_cache(self, workshop: Workshop, tiny_disk: Path, tmp_path: Path) -> None:
        """What was half unpacked is removed again."""
        big = make_wheel(tmp_path / "dist", "big", files={"big.bin": os.urandom(3_000_000)})
        small = replace(workshop, caches=replace(workshop.caches, wheels=tiny_disk / "wheels"))

        with pytest.raises(NoSpaceError, match="No space left"):
            small.create(big)
        assert list((tiny_disk / "wheels").iterdir()) == []
        assert not small.prefix.exists()

    def test_the_disk_fills_up_while_linking(self, workshop: Workshop, tiny_disk: Path, tmp_path: Path) -> None:
        """A package that lies about its size is only found out when it is too late, and is put back."""
        small = replace(workshop, prefix=tiny_disk / "env")
        honest = make_package(tmp_path / "channel", "honest", {"share/honest": "x"})
        liar = make_package(tmp_path / "channel", "liar", {"share/liar": "x" * 3_000_000}, sizes=False)
        small.run(replace(small.request(create=True), records=(honest,)))
        before = snapshot(small.prefix)

        with pytest.raises(NoSpaceError):
            small.run(replace(small.request(), records=(honest, liar)))
        assert snapshot(small.prefix) == before


def test_a_directory_in_the_way_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    """A user's directory is not thrown away for a file."""
    workshop.create()
    (workshop.prefix / "share/x").mkdir(parents=True)
    (workshop.prefix / "share/x/mine").write_text("mine")
    made = make_wheel(tmp_path / "dist", "thing", files={"thing-1.0.data/data/share/x": "theirs"})

    with pytest.raises(FileConflictError, match="a directory is there"):
        workshop.change(made)
    assert (workshop.prefix / "share/x/mine").read_text() == "mine"


def test_foreign_files_in_the_way_are_reported(workshop: Workshop, tmp_path: Path) -> None:
    """A file that belongs to no package is replaced, as conda does, and named."""
    workshop.create()
    (workshop.prefix / "share").mkdir()
    (workshop.prefix / "share/x").write_text("mine")
    made = make_wheel(tmp_path / "dist", "thing", files={"thing-1.0.data/data/share/x": "theirs"})

    assert workshop.change(made).overwritten == ("share/x",)
    assert (workshop.prefix / "share/x").read_text() == "theirs"
