import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from ruamel.yaml import YAML

from tests.condapackages import PackageServer, dist_info, index_channel, make_conda
from wheelbridge.api.mapping.lint import LintRequest, lint_tables
from wheelbridge.cli.mapping import verify as map_verify
from wheelbridge.errors import UsageError
from wheelbridge.tables import find_mappings
from wheelbridge.tables.natives import find_soname


@dataclass(frozen=True)
class Ran:
    """What the command said and returned."""

    code: int
    out: str
    err: str


Run: TypeAlias = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command against the channel of this module, with a cache of its own."""
    monkeypatch.setenv("WHEELBRIDGE_CACHE_DIR", str(tmp_path / "cache"))

    def call(*names: str, **options: Any) -> Ran:
        capsys.readouterr()
        code = map_verify.run(names, **{"channel": str(tmp_path / "channel"), "platform": "linux-64", **options})
        return Ran(code, *capsys.readouterr())

    return call


@pytest.fixture(autouse=True)
def channel(tmp_path: Path) -> Path:
    """A channel with what the shipped tables know: one package as they say, one that is not, a library."""
    folder = tmp_path / "channel"
    make_conda(folder, "six", "1.16.0", dist_info("six", "1.16.0"))
    make_conda(folder, "requests", "2.0", {"site-packages/requests.py": ""})
    make_conda(folder, "libwb-test", "1.0", {"lib/libwb.so.1": b""}, subdir="linux-64")
    index_channel(folder)
    return folder


class TestTable:
    """What people see."""

    def test_what_holds(self, run: Run) -> None:
        """A row that a package confirms, and the sentence that says so."""
        ran = run("six")

        assert ran.code == 0
        assert "six = six (dist" in ran.out
        assert "confirmed: six 1.16.0 carries six: one dist-info" in ran.out
        assert "Packages: 1; verdicts: 1 confirmed" in ran.out

    def test_what_does_not_hold(self, run: Run) -> None:
        """The exit code tells, whatever else holds."""
        ran = run("six", "requests")

        assert ran.code == 1
        assert "contradicted: requests 2.0 carries no dist-info" in ran.out
        assert "Packages: 2; verdicts: 1 confirmed, 1 contradicted" in ran.out

    def test_what_cannot_be_read(self, run: Run, tmp_path: Path) -> None:
        """It stands beside the others."""
        ran = run("six", packages=[str(tmp_path / "none.conda")])

        assert ran.code == 1
        assert "none.conda cannot be read" in " ".join(ran.out.split())
        assert "Packages: 2 (1 could not be read); verdicts: 1 confirmed" in ran.out

    def test_all_up_to_a_limit(self, run: Run) -> None:
        """What is left out is said."""
        ran = run(every=True, limit=1)

        assert ran.code == 0
        assert "silent: no row ties a project to libwb-test" in ran.out
        assert "Left out by --limit: 2." in ran.err

    def test_downloads_are_said(self, run: Run, channel: Path) -> None:
        """What was downloaded whole is spoken of, and nothing else is."""
        with PackageServer(channel, ranges=False) as server:
            whole = run(packages=[f"{server.url}/noarch/six-1.16.0-0.conda"])

        assert "Downloaded whole: 1, such as http://127.0.0.1" in whole.err
        assert "Downloaded" not in run("six").err


class TestJson:
    """What programs read."""

    def test_all_fields(self, run: Run) -> None:
        """Evidence, verdict and row of a package."""
        ran = run("six", as_json=True)
        said = json.loads(ran.out)
        (package,) = said.pop("packages")

        assert (ran.code, ran.err, said) == (0, "", {"success": True, "left_out": 0})
        assert (package["name"], package["version"], package["trust"]) == ("six", "1.16.0", "verified")
        assert package["dist_infos"] == [
            {
                "name": "six",
                "version": "1.16.0",
                "kind": "dist-info",
                "directory": "site-packages/six-1.16.0.dist-info",
                "direct": True,
            }
        ]
        (verdict,) = package["verdicts"]
        assert (verdict["status"], verdict["code"], verdict["project"]) == ("confirmed", "verified", "six")
        assert (verdict["row"]["conda"], verdict["row"]["relation"]) == ("six", "dist")

    def test_failures(self, run: Run) -> None:
        """An error has the form that errors have everywhere."""
        ran = run("nothing-of-that-name", as_json=True)
        (package,) = json.loads(ran.out)["packages"]

        assert ran.code == 1
        assert (package["asked"], package["error"]["code"]) == ("nothing-of-that-name", "package-not-found")


class TestSonames:
    """Rows ready for ``mappings/sonames``."""

    def test_as_yaml(self, run: Run) -> None:
        """Standard output is the rows, and nothing else."""
        ran = run(every=True, sonames=True)

        (row,) = YAML(typ="safe").load(ran.out)
        assert (row["soname"], row["conda"], row["when"]) == ("libwb.so.1", "libwb-test", ["linux-64"])
        assert "when: [linux-64]" in ran.out
        assert "requests contradicts the tables" in ran.err
        assert ran.code == 1

    def test_as_json(self, run: Run) -> None:
        """They stand beside the packages."""
        (row,) = json.loads(run("libwb-test", sonames=True, as_json=True).out)["soname_rows"]

        assert (row["relation"], row["provenance"], row["confidence"]) == ("library", "generated", "observed")

    def test_of_several_packages(self, run: Run, channel: Path) -> None:
        """One soname in two packages is said."""
        make_conda(channel, "otherwb", "1.0", {"lib/libwb.so.1": b""})
        index_channel(channel)

        ran = run("otherwb", "libwb-test", sonames=True)

        assert "libwb.so.1 is carried by several packages: libwb-test, otherwb." in ran.err


LIBRARIES = {
    "zlib-ng": ["lib/libz-ng.so", "lib/libz-ng.so.2", "lib/libz-ng.so.2.3.3"],
    "unixodbc": ["lib/libodbc.so", "lib/libodbc.so.2", "lib/libodbc.so.2.0.0", "lib/libodbcinst.so.2"],
    "not-the-system": ["lib/libdl.so.2"],
}


class TestIntoTheTable:
    """What a maintainer does: rows out of a channel over HTTP, put into ``mappings/sonames``."""

    @pytest.fixture
    def tables(self, tmp_path: Path) -> Path:
        """A copy of the tables that came with wheelbridge."""
        return Path(shutil.copytree(find_mappings(), tmp_path / "mappings"))

    def read(self, run: Run, folder: Path, tables: Path) -> Ran:
        """Ask for the rows of a channel's packages, by a real server."""
        for name, paths in LIBRARIES.items():
            make_conda(folder, name, "2.3.3", dict.fromkeys(paths, b""), subdir="linux-64")
        index_channel(folder)
        with PackageServer(folder) as server:
            return run(*LIBRARIES, channel=server.url, sonames=True, mappings=tables)

    def test_rows_that_the_table_has_are_left_out(self, run: Run, tmp_path: Path, tables: Path) -> None:
        """So is what the table says that no package has: a person looks at that."""
        ran = self.read(run, tmp_path / "forge", tables)
        rows = YAML(typ="safe").load(ran.out)

        assert ran.code == 0
        assert [row["soname"] for row in rows] == ["libz-ng.so.2"]
        assert "the table has them: 2." in ran.err
        assert "libdl.so.2: left out" in ran.err

    def test_the_output_can_be_put_into_the_table(self, run: Run, tmp_path: Path, tables: Path) -> None:
        """At its end: the lint sorts it in, finds nothing else, and the look-up answers."""
        ran = self.read(run, tmp_path / "forge", tables)
        path = tables / "sonames" / "conda-forge.yaml"
        with path.open("a", encoding="utf-8") as file:
            file.write(ran.out)
        mended = lint_tables(LintRequest(mappings=tables, fix=True, ignore=["WB012"]))
        found = find_soname("libz-ng.so.2", "linux-64", mappings=tables).row

        assert [finding.message for finding in mended.findings] == []
        assert [finding.code for finding in mended.fixed] == ["WB009"]
        assert found is not None
        assert (found.conda, found.provenance, found.confidence) == ("zlib-ng", "generated", "observed")
        assert found.evidence == ("carried by zlib-ng-2.3.3-0.conda (linux-64)",)
        again = self.read(run, tmp_path / "forge", tables)
        assert again.out == ""
        assert "the table has them: 3." in again.err


class TestUsage:
    """Calls without a meaning."""

    @pytest.mark.parametrize(
        ("names", "options", "words"),
        [
            ((), {}, "Nothing to verify"),
            (("six",), {"every": True}, "--all"),
            (("six",), {"limit": 0}, "--limit 0"),
            (("Six==1",), {}, "'Six==1'"),
        ],
    )
    def test_refused(self, run: Run, names: tuple[str, ...], options: dict[str, Any], words: str) -> None:
        """Each with a sentence."""
        with pytest.raises(UsageError, match=words):
            run(*names, **options)


def test_nothing_of_a_package_is_a_command_of_the_terminal(run: Run, tmp_path: Path) -> None:
    """What its paths hold reaches the screen as text."""
    package = make_conda(tmp_path, "six", "1.0", dist_info("six", "1\x1b[31m"))

    ran = run(packages=[str(package)])

    assert "six 1?[31m" in ran.out
    assert "\x1b" not in ran.out + ran.err
