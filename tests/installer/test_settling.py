import json
from pathlib import Path
from typing import Any

import pytest
from rattler import RepoDataRecord

from tests.installer.wheelmaker import Workshop, make_package, snapshot
from wheelbridge.installer import transaction
from wheelbridge.installer.errors import LinkFailedError
from wheelbridge.installer.history import load_history
from wheelbridge.installer.listing import load_installed_files, load_records
from wheelbridge.installer.prefix import hold_prefix
from wheelbridge.installer.settling import CLOBBERS, place_paths, settle_clobbers, settle_hashes

INFO = "tool-1.0.dist-info"


def _record(prefix: Path, name: str) -> tuple[Path, Any]:
    (path,) = (prefix / "conda-meta").glob(f"{name}-[0-9]*.json")
    return path, json.loads(path.read_bytes())


def _write_as_conda(prefix: Path, name: str, site_packages: str) -> None:
    """Write a record as conda does: the package's own paths in ``paths_data``, and the channel with its subdir."""
    path, content = _record(prefix, name)
    for entry in content["paths_data"]["paths"]:
        if entry["_path"].startswith(site_packages):
            entry["_path"] = f"site-packages{entry['_path'].removeprefix(site_packages)}"
        elif entry["path_type"] == "hardlink" and entry["_path"].startswith("bin/"):
            entry["_path"] = f"python-scripts/{entry['_path'].removeprefix('bin/')}"
    content["channel"] = f"{content['channel'].rstrip('/')}/{content['subdir']}"
    path.write_text(json.dumps(content))


@pytest.fixture
def tool(workshop: Workshop) -> RepoDataRecord:
    """A ``noarch: python`` package with metadata, a script and a command."""
    files = {
        "site-packages/tool.py": "def main(): print(1)\n",
        f"site-packages/{INFO}/METADATA": "Metadata-Version: 2.1\nName: tool\nVersion: 1.0\n",
        f"site-packages/{INFO}/RECORD": "tool.py,,\n",
        "python-scripts/tool-script": "#!/bin/sh\n",
    }
    return make_package(workshop.folder / "channel", "tool", files, noarch="python", entry_points=["tool = tool:main"])


@pytest.mark.skipif("sys.platform == 'win32'", reason="the record is written as conda does on Unix")
class TestLinkedByConda:
    """conda leaves the package's own paths in the records of ``noarch: python`` packages."""

    @pytest.fixture
    def there(self, workshop: Workshop, tool: RepoDataRecord) -> Workshop:
        """An environment whose record of the tool is as conda writes it."""
        workshop.run(workshop.request(records=(workshop.channel.python, tool), create=True))
        _write_as_conda(workshop.prefix, "tool", workshop.site_packages.relative_to(workshop.prefix).as_posix())
        assert "site-packages/tool.py" in _record(workshop.prefix, "tool")[0].read_text()
        return workshop

    def test_its_files_are_known_and_go_with_it(self, there: Workshop) -> None:
        """It is no other tool's, and rattler finds what it has to remove."""
        (record,) = (one for one in load_records(there.prefix) if one.name.normalized == "tool")
        files = {file.path for file in load_installed_files(there.prefix, (record,))["tool"]}
        assert all((there.prefix / path).is_file() for path in files)
        assert {"bin/tool", "bin/tool-script"} < files

        there.change()

        assert files.isdisjoint(snapshot(there.prefix))
        assert not list(there.prefix.rglob(INFO))

    def test_it_is_not_unmanaged_and_the_history_keeps_its_name(self, there: Workshop, tool: RepoDataRecord) -> None:
        """Its channel has the subdir in it, which the history does not say twice."""
        other = make_package(there.folder / "channel", "other", {"share/o": "o"})

        there.run(there.request(records=(there.channel.python, tool, other), reinstall=frozenset({"tool"})))

        assert [line.rpartition("::")[2] for line in load_history(there.prefix)[-1].distributions] == ["other-1.0-0"]

    def test_a_failure_puts_the_record_back(self, there: Workshop) -> None:
        """What was written into it for rattler is undone with all else."""
        (there.prefix / "share").write_text("a file of the user's\n")
        before = snapshot(there.prefix)
        blocked = make_package(there.folder / "channel", "blocked", {"share/b": "b"})

        with pytest.raises(LinkFailedError):
            there.run(there.request(records=(there.channel.python, blocked)))

        assert snapshot(there.prefix) == before


class TestShared:
    """Files of the same content belong to all packages that bring them."""

    def test_all_claim_them_and_the_last_one_takes_them_along(self, workshop: Workshop) -> None:
        """As conda has it: nothing waits in ``__clobbers__``."""
        folder = workshop.folder / "channel"
        packages = [make_package(folder, name, {"share/x": "same", f"share/{name}": ""}) for name in ("c1", "c2", "c3")]
        python = workshop.channel.python
        workshop.run(workshop.request(records=(python, *packages), create=True))
        records = [_record(workshop.prefix, name)[1] for name in ("c1", "c2", "c3")]
        assert all("share/x" in record["files"] for record in records)
        assert all("share/x" in {entry["_path"] for entry in record["paths_data"]["paths"]} for record in records)
        assert not (workshop.prefix / CLOBBERS).exists()

        for last in (1, 2):
            workshop.run(workshop.request(records=(python, *packages[last:])))
            assert (workshop.prefix / "share/x").read_text() == "same"
        workshop.change()

        assert not (workshop.prefix / "share").exists()
        assert not (workshop.prefix / CLOBBERS).exists()

    def test_what_differs_waits_for_its_turn(self, workshop: Workshop) -> None:
        """Of conda packages with two contents for one path, the second is not lost."""
        folder = workshop.folder / "channel"
        packages = {name: make_package(folder, name, {"share/x": name}) for name in ("c1", "c2")}
        python = workshop.channel.python
        workshop.run(workshop.request(records=(python, *packages.values()), create=True))
        first = (workshop.prefix / "share/x").read_text()
        second = "c2" if first == "c1" else "c1"
        assert (workshop.prefix / CLOBBERS / second / "share/x").read_text() == second

        workshop.run(workshop.request(records=(python, packages[second])))

        assert (workshop.prefix / "share/x").read_text() == second
        assert _record(workshop.prefix, second)[1]["files"] == ["share/x"]
        assert not (workshop.prefix / CLOBBERS).exists()

    def test_what_breaks_off_leaves_them_where_they_were(
        self, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What packages that stay share, rattler moves whatever is asked for; so all of it can be put back."""
        folder, python = workshop.folder / "channel", workshop.channel.python
        shared = [make_package(folder, name, {"share/x": "same"}) for name in ("c1", "c2", "c3")]
        differing = [make_package(folder, name, {"share/y": name}) for name in ("d1", "d2")]
        other = make_package(folder, "other", {"share/o": "o"}, depends=["c2", "d2"])
        workshop.run(workshop.request(records=(python, *shared, *differing), create=True))
        before = snapshot(workshop.prefix)
        for left in (shared, shared[1:]):
            request = workshop.request(records=(python, *left, differing[1], other))
            monkeypatch.setattr(transaction, "finish", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                workshop.run(request)
            assert snapshot(workshop.prefix) != before
            with hold_prefix(workshop.prefix):  # which puts right what broke off
                assert snapshot(workshop.prefix) == before


def _make_prefix(folder: Path, **records: list[str]) -> Path:
    meta = folder / "conda-meta"
    meta.mkdir()
    for name, paths in records.items():
        entries = [{"_path": path, "path_type": "hardlink", "original_path": "share/x"} for path in paths]
        content = {"name": name, "files": paths, "paths_data": {"paths_version": 1, "paths": entries}}
        (meta / f"{name}-1-0.json").write_text(json.dumps(content))
    return folder


def _put(prefix: Path, **files: str) -> None:
    for path, text in files.items():
        place = prefix / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


@pytest.mark.parametrize("there", ["same", None])
def test_a_waiting_file_takes_its_place(tmp_path: Path, there: str | None) -> None:
    """Where nothing is there, as after conda removed the other owner's, or the same is."""
    prefix = _make_prefix(tmp_path, a=["share/x"], b=[f"{CLOBBERS}/b/share/x"])
    _put(prefix, **{f"{CLOBBERS}/b/share/x": "same", f"{CLOBBERS}/gone/share/y": "nobody's"})
    _put(prefix, **({"share/x": there} if there else {}))

    settle_clobbers(prefix)
    settle_clobbers(prefix)

    content = _record(prefix, "b")[1]
    assert content["files"] == ["share/x"]
    assert content["paths_data"]["paths"] == [{"_path": "share/x", "path_type": "hardlink"}]
    assert (prefix / "share/x").read_text() == "same"
    assert not (prefix / CLOBBERS).exists()


def test_only_records_that_say_otherwise_are_written(tmp_path: Path) -> None:
    """A record that rattler wrote stays byte for byte."""
    prefix = _make_prefix(tmp_path, a=["share/x"])
    before = (prefix / "conda-meta/a-1-0.json").stat()

    place_paths(prefix, ["a-1-0.json"])

    assert (prefix / "conda-meta/a-1-0.json").stat().st_mtime_ns == before.st_mtime_ns


class TestHashes:
    """What conda writes down of files: each has ``sha256_in_prefix``, and no link."""

    @pytest.mark.parametrize(
        ("entry", "settled"),
        [
            ({"path_type": "hardlink", "sha256": "a"}, {"sha256_in_prefix": "a"}),
            ({"path_type": "hardlink", "sha256": "a", "sha256_in_prefix": "b"}, {"sha256_in_prefix": "b"}),
            ({"path_type": "hardlink"}, {}),
            ({"path_type": "softlink", "sha256": "a", "sha256_in_prefix": "of the target's name"}, {}),
            ({"path_type": "unix_python_entry_point", "sha256": "a"}, {}),
        ],
        ids=["as it was packed", "prefix written into it", "of no known hash", "link", "made when it was linked"],
    )
    def test_of_a_path(self, tmp_path: Path, entry: dict[str, str], settled: dict[str, str]) -> None:
        """Once or twice, it is the same."""
        prefix = _make_prefix(tmp_path, a=[])
        path, content = _record(prefix, "a")
        path.write_text(json.dumps({**content, "paths_data": {"paths_version": 1, "paths": [{"_path": "x", **entry}]}}))

        settle_hashes(prefix, [path.name, "gone-1-0.json"])
        settle_hashes(prefix, [path.name])

        (found,) = _record(prefix, "a")[1]["paths_data"]["paths"]
        kept = {key: value for key, value in entry.items() if key != "sha256_in_prefix"}
        assert found == {"_path": "x", **kept, **settled}

    def test_of_what_is_linked(self, workshop: Workshop, tool: RepoDataRecord) -> None:
        """A transaction leaves them so; and a file that is as it was packed is nothing that linking changed."""
        workshop.run(workshop.request(records=(workshop.channel.python, tool), create=True))

        entries = _record(workshop.prefix, "tool")[1]["paths_data"]["paths"]
        plain = [entry for entry in entries if entry["path_type"] == "hardlink"]
        assert plain
        assert all(entry["sha256_in_prefix"] == entry["sha256"] for entry in plain)
        files = load_installed_files(workshop.prefix, load_records(workshop.prefix))["tool"]
        assert {file.path for file in files if not file.patched} == {entry["_path"] for entry in plain}
