import ensurepip
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.installer.wheelmaker import Made, Workshop, make_wheel, wheel_repodata
from wheelbridge.installer.listing import installed_packages
from wheelbridge.installer.past import FOLDER

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes and shebangs are of POSIX")


@pytest.fixture
def rich_wheel(tmp_path: Path) -> Made:
    """A wheel with one of everything."""
    return make_wheel(
        tmp_path / "dist",
        "everything",
        files={
            "everything/__init__.py": "def main():\n    print('console says hello')\n\ndef gui():\n    print('gui')\n",
            "everything/tool.sh": "#!/bin/sh\necho tool\n",
            "everything/ext.so": b"\x7fELF\0not really",
            "space/part/mod.py": "x = 1\n",
            "single.py": "y = 2\n",
            "everything.pth": "import sys; sys.everything_pth = 1\n",
            "everything-1.0.data/scripts/old-style": "#!python\nimport sys\nprint(sys.executable)\n",
            "everything-1.0.data/scripts/shell-style": "#!/bin/sh\necho shell\n",
            "everything-1.0.data/data/share/everything/data.txt": "data\n",
            "everything-1.0.data/headers/everything.h": "#define EVERYTHING\n",
            "everything-1.0.data/purelib/everything_pure.py": "z = 3\n",
        },
        executable=["everything/tool.sh"],
        entry_points="[console_scripts]\nhello = everything:main\n\n[gui_scripts]\nhello-gui = everything:gui\n",
    )


def bundled_pip(folder: Path) -> Made:
    """Return the pip that comes with python."""
    bundled = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"), None)
    if bundled is None:
        pytest.skip("this python has no ensurepip")
    path = folder / bundled.name
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bundled.read_bytes())
    return Made(path, wheel_repodata(path))


@pytest.fixture
def pip(tmp_path: Path) -> Made:
    """The pip that comes with python, as a wheel."""
    return bundled_pip(tmp_path / "dist")


def test_all_kinds_of_files_of_a_wheel_work(workshop: Workshop, rich_wheel: Made) -> None:
    """What pip would install works when linked, from the new prefix's own python."""
    workshop.create(rich_wheel, requested=["python", "everything"])

    code = (
        "import sys, everything, single, everything_pure, space.part.mod, importlib.metadata as m;"
        "print(sys.prefix); print(sys.everything_pth); print(m.version('everything'));"
        "print(m.distribution('everything').read_text('INSTALLER').strip());"
        "print(m.distribution('everything').read_text('REQUESTED') == '')"
    )
    prefix, pth, version, installer, requested = workshop.call(workshop.python, "-c", code).split()
    assert Path(prefix).resolve() == workshop.prefix.resolve()
    assert (pth, version, installer, requested) == ("1", "1.0", "wheelbridge", "True")
    assert workshop.call(workshop.script("hello")) == "console says hello\n"
    assert workshop.call(workshop.script("hello-gui")) == "gui\n"
    assert (workshop.prefix / "share/everything/data.txt").read_text() == "data\n"
    assert [path.name for path in workshop.prefix.glob("[Ii]nclude/**/everything/*")] == ["everything.h"]


@POSIX
def test_scripts_and_modes(workshop: Workshop, rich_wheel: Made) -> None:
    """Scripts run with the prefix's python; files keep their executable bits."""
    workshop.create(rich_wheel)

    shown = Path(workshop.call(workshop.prefix / "bin/old-style").strip())
    assert shown == workshop.prefix / "bin/python"
    assert workshop.call(workshop.prefix / "bin/shell-style") == "shell\n"
    assert workshop.call(workshop.site_packages / "everything/tool.sh") == "tool\n"
    assert not (workshop.site_packages / "single.py").stat().st_mode & 0o111


@POSIX
@pytest.mark.parametrize("folder", ["with space", "deep/" * 12 + "deeper-than-a-shebang-may-be-long-on-linux"])
def test_any_prefix_will_do(workshop: Workshop, rich_wheel: Made, folder: str) -> None:
    """Spaces and long paths do not fit into a ``#!`` line."""
    shop = replace(workshop, prefix=workshop.folder / folder)
    shop.create(rich_wheel)

    assert shop.call(shop.script("hello")) == "console says hello\n"
    assert shop.call(shop.prefix / "bin/old-style").strip() == str(shop.prefix / "bin/python")


def test_conda_meta_names_the_real_wheel(workshop: Workshop, rich_wheel: Made) -> None:
    """``conda-meta`` has the URL and the file name of the wheel on the index."""
    workshop.create(rich_wheel)

    (path,) = (workshop.prefix / "conda-meta").glob("everything-*.json")
    record = json.loads(path.read_text())
    assert (record["url"], record["fn"]) == (rich_wheel.record.url, "everything-1.0-py3-none-any.whl")
    wheel, python = installed_packages(workshop.prefix)
    assert (wheel.name, wheel.kind) == ("everything", "wheel")
    assert rich_wheel.record.sha256 is not None
    assert wheel.sha256 == rich_wheel.record.sha256.hex()
    assert (python.name, python.kind, python.channel) == ("python", "conda", workshop.channel.url)


def test_pip_understands_the_environment(workshop: Workshop, rich_wheel: Made, pip: Made) -> None:
    """``pip check``, ``list`` and ``uninstall`` work, scripts and data included."""
    workshop.create(rich_wheel, pip)

    assert "No broken requirements" in workshop.call(workshop.python, "-m", "pip", "check")
    listed = json.loads(workshop.call(workshop.python, "-m", "pip", "list", "--format=json"))
    assert {item["name"] for item in listed} == {"everything", "pip"}
    workshop.call(workshop.python, "-m", "pip", "uninstall", "-y", "everything")
    left = [path for path in workshop.prefix.rglob("*everything*") if "conda-meta" not in path.parts]
    assert left == []
    assert not workshop.script("hello").exists()
    assert not workshop.script("old-style").exists()
    assert workshop.script("pip").exists()


def test_a_second_run_does_nothing(workshop: Workshop, rich_wheel: Made) -> None:
    """Nothing to do is nothing done: not even the history grows."""
    workshop.create(rich_wheel, requested=["everything"])
    history = (workshop.prefix / "conda-meta/history").read_text()

    outcome = workshop.change(rich_wheel, requested=["everything"])

    assert outcome.plan.is_empty
    assert (workshop.prefix / "conda-meta/history").read_text() == history


def test_remove_leaves_nothing(workshop: Workshop, rich_wheel: Made) -> None:
    """Byte code that python wrote, and directories, go with the wheel."""
    workshop.create()
    before = {path for path in workshop.prefix.rglob("*") if "__pycache__" not in path.parts and path.is_file()}
    workshop.change(rich_wheel)
    workshop.call(workshop.python, "-c", "import everything, single, everything_pure, space.part.mod")
    assert list(workshop.site_packages.glob("__pycache__/single.*"))

    workshop.change(removed=("everything",))

    assert {
        path for path in workshop.prefix.rglob("*") if not {"__pycache__", FOLDER} & {*path.parts} and path.is_file()
    } == before
    assert [path for path in workshop.prefix.rglob("*") if "site-packages" in path.parts[:-1]] == []
    assert not (workshop.prefix / "share").exists()


def test_an_upgrade_replaces_all_files(workshop: Workshop, tmp_path: Path) -> None:
    """No file of the old version is left, and the new one is imported."""
    old = make_wheel(tmp_path / "dist", "thing", "1.0", files={"thing/__init__.py": "v = 1\n", "thing/gone.py": ""})
    new = make_wheel(tmp_path / "dist", "thing", "2.0", files={"thing/__init__.py": "v = 22\n"})
    workshop.create(old)
    workshop.call(workshop.python, "-c", "import thing.gone")

    outcome = workshop.change(new)

    assert [change.new.file_name for change in outcome.plan.change] == [new.path.name]
    assert workshop.call(workshop.python, "-c", "import thing; print(thing.v)") == "22\n"
    assert not list(workshop.site_packages.glob("thing/**/gone*"))


def test_wheels_of_one_name_and_other_content_are_not_confused(workshop: Workshop, tmp_path: Path) -> None:
    """Two indexes may serve two files of one name; each environment gets what was solved for it."""
    one = make_wheel(tmp_path / "a", "thing", files={"thing.py": "print('one')\n"})
    other = make_wheel(tmp_path / "b", "thing", files={"thing.py": "print('another')\n"})
    workshop.create(one)
    assert workshop.call(workshop.python, "-c", "import thing") == "one\n"

    workshop.change(other)
    assert workshop.call(workshop.python, "-c", "import thing") == "another\n"
    workshop.change(one)
    assert workshop.call(workshop.python, "-c", "import thing") == "one\n"
