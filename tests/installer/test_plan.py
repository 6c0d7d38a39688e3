from dataclasses import replace
from pathlib import Path

import pytest

from tests.installer.wheelmaker import Workshop, make_package, make_wheel, snapshot
from wheelbridge.installer.cache import PackageFile
from wheelbridge.installer.conflicts import find_conflicts
from wheelbridge.installer.errors import FileConflictError
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.past import FOLDER
from wheelbridge.installer.plan import make_plan
from wheelbridge.installer.transaction import wheels_to_fetch


class TestConflicts:
    """Two packages must not claim one file."""

    def test_identical_files_are_told_apart(self) -> None:
        """Namespace packages of wheels often bring the same empty file."""
        one = {"a": [PackageFile("x/__init__.py", "00"), PackageFile("x/a.py", "01")]}
        two = {"b": [PackageFile("x/__init__.py", "00"), PackageFile("x/a.py", "02")]}

        found = find_conflicts(one, two)

        assert [(item.path, item.packages, item.identical) for item in found] == [
            ("x/__init__.py", ("a", "b"), True),
            ("x/a.py", ("a", "b"), False),
        ]

    def test_commands_are_never_identical(self) -> None:
        """Files that are made while linking have no hash to compare."""
        files = [PackageFile("bin/run", patched=True)]

        assert not find_conflicts({"a": files, "b": files}, {})[0].identical

    def test_old_conflicts_are_not_news(self) -> None:
        """What is there stays; only what is linked now is looked at."""
        files = [PackageFile("x", "00")]

        assert find_conflicts({}, {"a": files, "b": files}) == ()

    def test_windows_folds_case(self) -> None:
        """On Windows ``X.py`` and ``x.py`` are one file."""
        one, two = {"a": [PackageFile("X.py", "00")]}, {"b": [PackageFile("x.py", "01")]}

        assert find_conflicts(one, two) == ()
        assert len(find_conflicts(one, two, fold=True)) == 1


def test_conflicting_wheels_are_refused_before_anything_changes(workshop: Workshop, tmp_path: Path) -> None:
    """The error names the file and the packages; the user may override it."""
    one = make_wheel(tmp_path / "dist", "one", files={"same.py": "1"})
    two = make_wheel(tmp_path / "dist", "two", files={"same.py": "2"})
    workshop.create(one)
    before = snapshot(workshop.prefix)

    with pytest.raises(FileConflictError, match=r"same\.py \(one, two\)"):
        workshop.change(one, two)
    assert snapshot(workshop.prefix) == before
    outcome = workshop.change(one, two, override=frozenset({"file-conflict"}))
    assert [item.packages for item in outcome.conflicts] == [("one", "two")]


def test_namespace_packages_of_wheels_share_files(workshop: Workshop, tmp_path: Path) -> None:
    """Identical files are let through, and each package can go again."""
    one = make_wheel(tmp_path / "dist", "one", files={"ns/__init__.py": "", "ns/one.py": ""})
    two = make_wheel(tmp_path / "dist", "two", files={"ns/__init__.py": "", "ns/two.py": ""})
    workshop.create(one)
    before = snapshot(workshop.prefix)
    workshop.change(one, two)
    workshop.call(workshop.python, "-c", "import ns.one, ns.two")

    workshop.change(one, removed=("two",))

    workshop.call(workshop.python, "-c", "import ns.one")
    after = snapshot(workshop.prefix)
    assert before.keys() == {path for path in after if "__pycache__" not in path and FOLDER not in path}


def test_a_wheel_may_not_overwrite_a_conda_package(workshop: Workshop, tmp_path: Path) -> None:
    """Entry points are seen, too; between conda's own packages conda's custom holds."""
    made = make_wheel(tmp_path / "dist", "thing", entry_points="[console_scripts]\nrun = thing:main\n")
    scripts = "Scripts/run.exe" if workshop.python.suffix else "bin/run"
    native = make_package(tmp_path / "channel", "native", {scripts: "native"})
    again = make_package(tmp_path / "channel", "again", {scripts: "again"})
    workshop.create()
    request = workshop.request(made)

    with pytest.raises(FileConflictError, match="native, thing"):
        workshop.run(replace(request, records=(*request.records, native)))
    request = workshop.request()
    outcome = workshop.run(replace(request, records=(*request.records, native, again)))
    assert [item.packages for item in outcome.conflicts] == [("again", "native")]


def test_a_plan_says_what_happens(workshop: Workshop, tmp_path: Path) -> None:
    """Link, unlink, change, keep; and how much there is to fetch at most."""
    old = make_wheel(tmp_path / "dist", "thing", "1.0")
    new = make_wheel(tmp_path / "dist", "thing", "2.0")
    gone, more = make_wheel(tmp_path / "dist", "gone"), make_wheel(tmp_path / "dist", "more")
    workshop.create(old, gone)
    request = workshop.request(new, more)

    plan = make_plan(load_records(workshop.prefix), request.records, request.subdir)

    assert [record.name.normalized for record in plan.link] == ["more"]
    assert [record.name.normalized for record in plan.unlink] == ["gone"]
    assert [(str(item.old.version), str(item.new.version)) for item in plan.change] == [("1.0", "2.0")]
    assert [record.name.normalized for record in plan.keep] == ["python"]
    assert plan.size == sum(made.path.stat().st_size for made in (new, more))
    assert {record.file_name for record in wheels_to_fetch(request, workshop.caches)} == {new.path.name, more.path.name}


def test_wheels_follow_a_python_that_moves(workshop: Workshop, tmp_path: Path) -> None:
    """CEP 17: another ``site-packages`` of the same python means that wheels are linked anew."""
    made = make_wheel(tmp_path / "dist", "thing")
    workshop.create(made)
    python = f"python={workshop.channel.python.version}"
    moved = make_package(tmp_path / "moved", python, {"lib/elsewhere/os.py": ""})
    moved.python_site_packages_path = "lib/elsewhere/site-packages"

    outcome = workshop.run(replace(workshop.request(made), records=(moved, made.record)))

    assert [item.new.name.normalized for item in outcome.plan.relink] == ["thing"]
    assert (workshop.prefix / "lib/elsewhere/site-packages/thing/__init__.py").exists()
    assert not list(workshop.prefix.glob("[Ll]ib/python*/site-packages/thing"))
