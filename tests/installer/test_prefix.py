import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rattler import RepoDataRecord

from tests.installer.wheelmaker import Workshop, clean_env, make_package, make_wheel, snapshot
from wheelbridge.installer.errors import (
    ExternallyManagedError,
    FrozenEnvironmentError,
    NotAnEnvironmentError,
    PrefixLockedError,
    PrefixNotEmptyError,
    PrefixNotWritableError,
)
from wheelbridge.installer.prefix import check_environment, check_new, hold_prefix
from wheelbridge.installer.transaction import Request

HOLDER = """
import sys
from pathlib import Path
from wheelbridge.installer.prefix import hold_prefix
with hold_prefix(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
OTHER = """
import sys
from pathlib import Path
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.prefix import hold_prefix
try:
    with hold_prefix(Path(sys.argv[1]), timeout=0.1):
        print("held")
except WheelbridgeError as error:
    print(type(error).__name__)
"""


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """What conda takes for an environment."""
    (tmp_path / "env/conda-meta").mkdir(parents=True)
    (tmp_path / "env/conda-meta/history").touch()
    return tmp_path / "env"


class TestNew:
    """A new environment needs a place where nothing is."""

    def test_an_empty_directory_will_do(self, tmp_path: Path) -> None:
        """As for conda."""
        (tmp_path / "empty").mkdir()

        check_new(tmp_path / "empty")
        check_new(tmp_path / "deep/not/there")
        assert [path.name for path in tmp_path.rglob("*")] == ["empty"]

    def test_an_environment_is_in_the_way(self, environment: Path) -> None:
        """The hint says what to do with it."""
        with pytest.raises(PrefixNotEmptyError) as caught:
            check_new(environment)
        assert "install -p" in str(caught.value.hint)

    def test_other_things_are_in_the_way(self, tmp_path: Path) -> None:
        """Neither a directory with files nor a file is a place."""
        (tmp_path / "x").write_text("x")

        for path in (tmp_path, tmp_path / "x"):
            with pytest.raises(PrefixNotEmptyError):
                check_new(path)


def test_a_directory_is_not_an_environment(workshop: Workshop) -> None:
    """Nothing is made in it, not even a lock."""
    workshop.prefix.mkdir()
    (workshop.prefix / "x").write_text("x")

    with pytest.raises(NotAnEnvironmentError, match="is not a conda environment"):
        workshop.change()
    assert list(snapshot(workshop.prefix)) == ["x"]
    assert [path.name for path in workshop.prefix.iterdir()] == ["x"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX")
def test_what_cannot_be_written_is_refused(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is known before anything is downloaded."""
    monkeypatch.setattr("os.access", lambda *_: False)  # the tests may run as root, who may write anywhere

    with pytest.raises(PrefixNotWritableError):
        check_environment(environment)
    with pytest.raises(PrefixNotWritableError), hold_prefix(environment):
        pass


class TestCep22:
    """Tools MUST respect the presence of ``frozen`` in the environment and error out."""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            pytest.param("", "no reason is given", id="empty"),
            pytest.param('{"message": "in production"}', "in production", id="message"),
            pytest.param("[]", "no reason is given", id="other"),
        ],
    )
    def test_the_message_is_shown_with_the_way_out(self, environment: Path, text: str, message: str) -> None:
        """The message included in the ``message`` key, and how to override the check."""
        (environment / "conda-meta/frozen").write_text(text)

        with pytest.raises(FrozenEnvironmentError, match=message) as caught:
            check_environment(environment)
        assert "--override-frozen" in str(caught.value.hint)
        check_environment(environment, override={"frozen"})

    def test_transactions_respect_it(self, workshop: Workshop, tmp_path: Path) -> None:
        """Neither wheels nor packages get in, until overridden."""
        workshop.create()
        (workshop.prefix / "conda-meta/frozen").touch()
        made = make_wheel(tmp_path / "dist", "thing")

        with pytest.raises(FrozenEnvironmentError):
            workshop.change(made)
        workshop.change(made, override=frozenset({"frozen"}))


class TestPep668:
    """A tool should check for the file EXTERNALLY-MANAGED in the directory of the standard library."""

    def test_wheels_are_refused_and_packages_are_not(self, workshop: Workshop, tmp_path: Path) -> None:
        """The file keeps Python's installers out; conda's packages are its owner's own business."""
        workshop.create()
        (stdlib,) = (path.parent for path in workshop.prefix.glob("[Ll]ib/**/os.py"))
        (stdlib / "EXTERNALLY-MANAGED").write_text("[externally-managed]\nError=Use the\n  other tool, 100%\n")
        made = make_wheel(tmp_path / "dist", "thing")
        package = make_package(tmp_path / "channel", "native", {"share/native": "x"})

        with pytest.raises(ExternallyManagedError, match="Use the other tool, 100%"):
            workshop.change(made)
        workshop.run(with_records(workshop.request(), package))
        workshop.change(made, override=frozenset({"externally-managed"}))


def with_records(request: Request, *records: RepoDataRecord) -> Request:
    """Add conda packages."""
    return replace(request, records=(*request.records, *records))


class TestHold:
    """One process at a time works on a prefix."""

    def test_others_wait_and_give_up(self, environment: Path) -> None:
        """The message names the prefix; when the holder ends, the next may."""
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, environment],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_env() | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        with holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with (
                pytest.raises(PrefixLockedError, match=r"gave up waiting after 0\.1 s"),
                hold_prefix(environment, timeout=0.1),
            ):
                pass
            holder.communicate()
        with hold_prefix(environment, timeout=1):
            pass

    def test_a_process_may_hold_twice(self, environment: Path) -> None:
        """A use case holds the prefix while it solves; the transaction holds it again, and lets no other in after."""
        with hold_prefix(environment):
            with hold_prefix(environment, timeout=0.1):
                pass
            other = subprocess.run(
                [sys.executable, "-c", OTHER, environment],
                capture_output=True,
                text=True,
                check=False,
                env=clean_env() | {"PYTHONPATH": str(Path(__file__).parents[2])},
            )
        assert (other.stdout, other.stderr) == ("PrefixLockedError\n", "")

    def test_nothing_is_left_where_nothing_was_made(self, tmp_path: Path) -> None:
        """Directories made for the lock go again."""
        with hold_prefix(tmp_path / "a/b"):
            assert (tmp_path / "a/b/conda-meta").exists()
        assert list(tmp_path.iterdir()) == []
