import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.installer.wheelmaker import Made, Workshop, make_record, make_wheel, wheel_repodata
from wheelbridge.errors import WheelbridgeError
from wheelbridge.installer.errors import (
    HashMismatchError,
    InvalidWheelError,
    MissingWheelError,
    NoPythonError,
    RecordMismatchError,
    UnsafePathError,
)
from wheelbridge.installer.layout import PythonLayout
from wheelbridge.installer.wheel import WheelUse, find_unpacked, unpack_wheel, wheel_record

LINUX = WheelUse(layout=PythonLayout.of_python("3.12.1", "linux-64"))
WINDOWS = WheelUse(layout=PythonLayout.of_python("3.12.1", "win-64"))
HONEST = {"thing/__init__.py": "x = 1\n"}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A place for a wheel cache, not there yet."""
    return tmp_path / "wheels"


def unpack(made: Made, cache: Path, use: WheelUse = LINUX) -> Path:
    """Unpack as the transaction does."""
    return unpack_wheel(made.path, wheel_record(made.record), cache, use=use)


def refuse(made: Made, cache: Path, error: type[WheelbridgeError]) -> str:
    """Return the message; nothing may have been left in the cache."""
    with pytest.raises(error) as caught:
        unpack(made, cache)
    assert not cache.exists() or list(cache.iterdir()) == []
    return caught.value.message


def test_a_wrong_hash_is_found_before_anything_is_unpacked(tmp_path: Path, cache: Path) -> None:
    """The announced sha256 decides; the cache is not even made."""
    made = make_wheel(tmp_path, "thing")
    made.path.write_bytes(b"not a wheel at all")

    assert "thing-1.0-py3-none-any.whl has the hash" in refuse(made, cache, HashMismatchError)
    assert not cache.exists()


def test_an_archive_that_something_was_cut_out_of_is_damaged(tmp_path: Path, cache: Path) -> None:
    """Its members begin elsewhere than it says, the first of them before its beginning."""
    path = make_wheel(tmp_path, "thing").path
    path.write_bytes(path.read_bytes()[1:])
    made = Made(path, wheel_repodata(path))

    assert "the archive is damaged" in refuse(made, cache, InvalidWheelError)


class TestRecord:
    """Installation will fail if any file is not both mentioned and correctly hashed in RECORD."""

    @pytest.mark.parametrize(
        ("record", "issue"),
        [
            pytest.param(make_record({"thing/__init__.py": "x = 2\n"}, "i"), "didn't match RECORD", id="content"),
            pytest.param("", "is not mentioned in RECORD", id="missing"),
            pytest.param("thing/__init__.py,,\n", "is not included in RECORD", id="unhashed"),
            pytest.param("one,two\n", "Unable to retrieve `RECORD`", id="malformed"),
        ],
    )
    def test_a_record_that_lies_is_refused(self, tmp_path: Path, cache: Path, record: str, issue: str) -> None:
        """Changed, missing, unhashed, and invented files are named."""
        made = make_wheel(tmp_path, "thing", files=HONEST, record=record)

        assert issue in refuse(made, cache, RecordMismatchError)

    def test_a_file_that_record_invents_is_named(self, tmp_path: Path, cache: Path) -> None:
        """The wheel must hold what it promises."""
        honest = make_wheel(tmp_path / "a", "thing", files=HONEST)
        with zipfile.ZipFile(honest.path) as archive:
            record = archive.read("thing-1.0.dist-info/RECORD").decode()
        made = make_wheel(tmp_path / "b", "thing", files=HONEST, record=f"thing/lost.py,sha256=abc,3\n{record}")

        assert "thing/lost.py is not in the wheel" in refuse(made, cache, RecordMismatchError)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../evil.py", "leads outside the environment"),
        ("/evil.py", "leads outside the environment"),
        ("thing/../../evil.py", "leads outside the environment"),
        ("C:/evil.py", "leads outside the environment"),
        ("..\\evil.py", "leads outside the environment"),
        ("thing-1.0.data/data/../../evil", "leads outside the environment"),
        ("thing-1.0.data/scripts/../../evil", "leads outside the environment"),
        ("thing-1.0.data/data/info/index.json", "conda keeps for itself"),
        ("thing-1.0.data/data/conda-meta/history", "conda keeps for itself"),
        ("thing-1.0.data/data/site-packages/thing.py", "conda keeps for itself"),
        ("thing-1.0.data/data/Info/index.json", "conda keeps for itself"),
    ],
)
def test_paths_that_leave_their_place_are_refused(tmp_path: Path, cache: Path, path: str, reason: str) -> None:
    """No member lands outside the prefix, nor among conda's own files."""
    made = make_wheel(tmp_path, "thing", files=HONEST | {path: "evil"})

    message = refuse(made, cache, UnsafePathError)
    assert repr(path) in message
    assert reason in message


def test_symbolic_links_are_refused(tmp_path: Path, cache: Path) -> None:
    """A link could lead a later member anywhere."""
    made = make_wheel(tmp_path, "thing", files=HONEST)
    with zipfile.ZipFile(made.path, "a") as archive:
        link = zipfile.ZipInfo("thing/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc")

    with pytest.raises(UnsafePathError, match="symbolic link"):
        unpack_wheel(made.path, replace(wheel_record(made.record), sha256=None), cache, use=LINUX)


@pytest.mark.parametrize(
    ("entry_point", "reason"),
    [
        ("../../evil = thing:main", "../../evil = thing:main cannot be made a command"),
        (".hidden = thing:main", ".hidden = thing:main cannot be made a command"),
        ("a/b = thing:main", "a/b = thing:main cannot be made a command"),
        ("evil = thing:1", "evil = thing:1 cannot be made a command"),
        ("evil = thing:import os;main", "has not the form command = module:function"),
        ("evil = thing", "has not the form command = module:function"),
        ("evil = thing:main\nevil = thing:more", "option 'evil' in section 'console_scripts' already exists"),
        ("evil = %(home)s:main", "entry_points.txt cannot be read"),
    ],
)
def test_entry_points_that_cannot_be_commands_are_refused(
    tmp_path: Path, cache: Path, entry_point: str, reason: str
) -> None:
    """An entry point becomes a file name and a line of python; it may be no more than that."""
    made = make_wheel(tmp_path, "thing", entry_points=f"[console_scripts]\n{entry_point}\n")

    assert reason in refuse(made, cache, InvalidWheelError)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param({"thing.py": "1", "thing-1.0.data/purelib/thing.py": "2"}, "belong at", id="two-modules"),
        pytest.param({"thing-1.0.data/scripts/run": "1", "thing-1.0.data/data/bin/run": "2"}, "belong at", id="run"),
        pytest.param({"thing-1.0.data/elsewhere/x": "1"}, "elsewhere", id="unknown-scheme"),
    ],
)
def test_wheels_that_cannot_be_laid_out_are_refused(
    tmp_path: Path, cache: Path, files: dict[str, str], reason: str
) -> None:
    """One place holds one file."""
    made = make_wheel(tmp_path, "thing", files=files)

    assert reason in refuse(made, cache, InvalidWheelError)


def test_metadata_of_another_project_is_refused(tmp_path: Path, cache: Path) -> None:
    """The name becomes a directory; it must be the one that was asked for."""
    made = make_wheel(tmp_path, "thing", files=HONEST | {"thing-1.0.data/headers/x.h": ""}, project="../../../evil")

    assert "evil" in refuse(made, cache, InvalidWheelError)


def test_what_is_no_wheel_is_refused(tmp_path: Path, cache: Path) -> None:
    """A file without an announced hash may be anything."""
    path = tmp_path / "thing-1.0-py3-none-any.whl"
    path.write_bytes(b"<html>404</html>")
    record = replace(wheel_record(make_wheel(tmp_path / "a", "thing").record), sha256=None)

    with pytest.raises(InvalidWheelError, match="not a zip file"):
        unpack_wheel(path, record, cache, use=LINUX)


def test_byte_code_and_files_of_the_installer_are_left_out(tmp_path: Path, cache: Path) -> None:
    """A wheel cannot say who installed it, nor bring byte code to be run instead of its sources."""
    made = make_wheel(
        tmp_path,
        "thing",
        files=HONEST | {"thing/__pycache__/x.cpython-312.pyc": b"x", "thing-1.0.dist-info/INSTALLER": "pip"},
    )
    entry = unpack(made, cache)

    assert (entry / "site-packages/thing-1.0.dist-info/INSTALLER").read_text() == "wheelbridge\n"
    assert not (entry / "site-packages/thing/__pycache__").exists()
    assert "__pycache__" not in (entry / "site-packages/thing-1.0.dist-info/RECORD").read_text()


class TestRecordOfTheEnvironment:
    """Recording installed projects: paths are relative to the directory that holds ``.dist-info``."""

    @pytest.mark.parametrize(
        ("use", "scripts"),
        [
            pytest.param(LINUX, ["../../../bin/run", "../../../bin/old"], id="linux"),
            pytest.param(
                WINDOWS, ["../../Scripts/run.exe", "../../Scripts/run-script.py", "../../Scripts/old"], id="win"
            ),
        ],
    )
    def test_record_lists_scripts_and_data(
        self, tmp_path: Path, cache: Path, use: WheelUse, scripts: list[str]
    ) -> None:
        """Each platform's files, as seen from ``site-packages``."""
        made = make_wheel(
            tmp_path,
            "thing",
            files=HONEST | {"thing-1.0.data/scripts/old": "#!python\n", "thing-1.0.data/data/share/x": "x"},
            entry_points="[console_scripts]\nrun = thing:main\n",
        )
        record = unpack(made, cache, use) / "site-packages/thing-1.0.dist-info/RECORD"

        lines = record.read_text().splitlines()
        assert {f"{path},," for path in scripts} <= set(lines)
        assert any(line.startswith(f"{use.layout.up}share/x,sha256=") for line in lines)
        assert "thing-1.0.dist-info/RECORD,," in lines


def test_an_unpacked_wheel_is_used_again(tmp_path: Path, cache: Path) -> None:
    """The same use of the same wheel is one entry; pythons share it; another use is another."""
    made = make_wheel(tmp_path, "thing")
    entry = unpack(made, cache)
    made.path.unlink()
    newer = WheelUse(layout=PythonLayout.of_python("3.13.0", "linux-64"))

    assert find_unpacked(wheel_record(made.record), cache, newer) == entry
    assert find_unpacked(wheel_record(made.record), cache, WINDOWS) is None
    assert find_unpacked(wheel_record(made.record), cache, replace(LINUX, requested=True)) is None


def test_headers_tell_pythons_apart(tmp_path: Path, cache: Path) -> None:
    """The python version is part of the path of headers."""
    made = make_wheel(tmp_path, "thing", files={"thing-1.0.data/headers/thing.h": ""})
    entry = unpack(made, cache)

    assert (entry / "include/python3.12/thing/thing.h").exists()
    newer = WheelUse(layout=PythonLayout.of_python("3.13.0", "linux-64"))
    assert (unpack(made, cache, newer) / "include/python3.13/thing/thing.h").exists()


def test_a_damaged_entry_is_replaced(tmp_path: Path, cache: Path) -> None:
    """Files that vanished or were cut short are noticed."""
    made = make_wheel(tmp_path, "thing")
    entry = unpack(made, cache)
    (entry / "site-packages/thing/__init__.py").write_text("")

    assert find_unpacked(wheel_record(made.record), cache, LINUX) is None
    assert (unpack(made, cache) / "site-packages/thing/__init__.py").read_text() == "version = '1.0'\n"


def test_many_may_unpack_the_same_wheel_at_once(tmp_path: Path, cache: Path) -> None:
    """All get the whole entry; nothing else stays in the cache."""
    made = make_wheel(tmp_path, "thing", files={f"thing/m{number}.py": "x\n" for number in range(50)})
    with ThreadPoolExecutor(8) as pool:
        entries = set(pool.map(lambda _: unpack(made, cache), range(16)))

    assert len(entries) == 1
    assert len(list(cache.iterdir())) == 1


def test_metadata_follows_the_record(tmp_path: Path, cache: Path) -> None:
    """A new mapping changes what a wheel depends on, not what it holds."""
    made = make_wheel(tmp_path, "thing")
    record = wheel_record(made.record)
    unpack_wheel(made.path, record, cache, use=LINUX)
    entry = unpack_wheel(made.path, replace(record, depends=("python", "libthing")), cache, use=LINUX)

    assert json.loads((entry / "info/index.json").read_text())["depends"] == ["python", "libthing"]


def test_direct_url_is_written_where_due(tmp_path: Path, cache: Path) -> None:
    """PEP 610: it must not be there for what came from an index."""
    made = make_wheel(tmp_path, "thing")
    url = {"url": "file:///x.whl", "archive_info": {}}
    info = "site-packages/thing-1.0.dist-info/direct_url.json"

    assert not (unpack(made, cache) / info).exists()
    entry = unpack(made, cache, replace(LINUX, direct_url=url))
    assert json.loads((entry / info).read_text()) == url


def test_wheels_need_a_python(workshop: Workshop, tmp_path: Path) -> None:
    """Without an interpreter there is no place to put modules."""
    made = make_wheel(tmp_path / "dist", "thing")
    request = replace(workshop.request(made, create=True), records=(made.record,))

    with pytest.raises(NoPythonError):
        workshop.run(request)
    assert not workshop.prefix.exists()


def test_a_wheel_that_nobody_downloaded(workshop: Workshop, tmp_path: Path) -> None:
    """The prefix is not made for what cannot be had."""
    made = make_wheel(tmp_path / "dist", "thing")

    with pytest.raises(MissingWheelError, match=r"thing-1\.0"):
        workshop.run(replace(workshop.request(made, create=True), wheels={}))
    assert not workshop.prefix.exists()


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            {"other-2.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: other\nVersion: 2.0\n"},
            "it has 2 .dist-info folders instead of one: other-2.0.dist-info, thing-1.0.dist-info",
        ),
        ({"thing-1.0.data/weird/x": "x"}, "thing-1.0.data/weird/x is not contained in a valid .data subdirectory"),
    ],
    ids=["two distributions", "a scheme that nobody knows"],
)
def test_what_is_no_wheel_is_told_in_plain_words(
    tmp_path: Path, cache: Path, files: dict[str, str], reason: str
) -> None:
    """Neither RECORD is blamed nor an object of the library shown."""
    made = make_wheel(tmp_path, "thing", files=HONEST | files)

    assert refuse(made, cache, InvalidWheelError).partition(" cannot be installed: ")[2] == reason
