"""What `adopt` writes down of distributions that pip put into an environment, and what it refuses."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rattler import RepoDataRecord

from tests.checkstage import SITE, Stage
from tests.condapackages import index_channel
from tests.installer.wheelmaker import make_package
from wheelbridge.api.checks.adopting import (
    Adopted,
    NotAdoptableError,
    adopt,
    prepare_adoption,
    prepare_replacement,
)
from wheelbridge.api.installing import carry_out
from wheelbridge.api.mapping.maps import take_maps
from wheelbridge.api.solving import Silent
from wheelbridge.api.sources import read_sources
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.recording import write_records
from wheelbridge.installer.reporter import Reporter


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage of the test's own."""
    return Stage(tmp_path)


def take(stage: Stage, *names: str) -> Adopted:
    """Adopt, and return the one that was."""
    adoptions = prepare_adoption(stage.prefix, names, stage.settings)
    adopt(stage.prefix, adoptions)
    (one,) = adoptions.taken
    return one


def conda_alpha(stage: Stage, *more: str) -> RepoDataRecord:
    """Return a conda package of the project alpha, with modules, a file elsewhere, and metadata."""
    files = {f"{SITE}/alpha/__init__.py": "", "share/alpha.txt": "text", **dict.fromkeys(more, "Name: beta\n")}
    info = {f"{SITE}/alpha-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\n"}
    return make_package(stage.folder / "channel", "alpha-py", {**files, **info})


class TestRecord:
    """The record says what is true of what is there."""

    def test_the_solver_knows_its_requirements(self, stage: Stage) -> None:
        """Translated with the tables, extras apart; the name is the one that a solve would give."""
        stage.make()
        stage.drop("Plots=1.5", "Requires-Dist: matplotlib>=3\nProvides-Extra: x\nRequires-Dist: six; extra == 'x'\n")
        take(stage)

        (record,) = (one for one in load_records(stage.prefix) if one.name.normalized == "plots")
        assert 'matplotlib-base[version=">=3"]' in record.depends
        assert record.extra_depends == {"x": ["six"]}
        assert (record.file_name, record.noarch.python) == ("Plots-1.5-py3-none-any.whl", True)

    def test_the_users_own_names_count(self, stage: Stage) -> None:
        """A map of the user's says which packages a solve would take, so it says what the record depends on."""
        stage.make()
        stage.drop("plots=1.5", "Requires-Dist: matplotlib>=3\n")
        settings = replace(stage.settings, maps=take_maps([{"matplotlib": "our-plots"}]))
        (one,) = prepare_adoption(stage.prefix, (), settings).taken

        assert 'our-plots[version=">=3"]' in one.record.depends

    def test_its_files_are_those_of_its_record(self, stage: Stage) -> None:
        """With the hashes that RECORD has, so that later changes show; nothing of them is written."""
        stage.make()
        info = stage.drop("alpha=1", "")
        before = {path: path.read_bytes() for path in stage.site.rglob("*") if path.is_file()}
        take(stage)

        (path,) = stage.prefix.glob("conda-meta/alpha-1-*.json")
        assert f"{SITE}/{info.name}/INSTALLER" in json.loads(path.read_bytes())["files"]
        assert {path: path.read_bytes() for path in stage.site.rglob("*") if path.is_file()} == before
        assert stage.codes() == []

    @pytest.mark.parametrize(
        ("direct", "url", "sha256"),
        [
            (
                {
                    "url": "https://host.example/alpha-1-py3-none-any.whl",
                    "archive_info": {"hashes": {"sha256": "a" * 64}},
                },
                "https://host.example/alpha-1-py3-none-any.whl",
                "a" * 64,
            ),
            (
                {"url": "https://host.example/alpha-1.tar.gz", "archive_info": {"hashes": {"sha256": "a" * 64}}},
                "https://host.example/alpha-1.tar.gz",
                None,
            ),
            (
                {"url": "https://host.example/alpha.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
                "git+https://host.example/alpha.git@c0ffee",
                None,
            ),
        ],
        ids=["wheel", "sdist", "git"],
    )
    def test_direct_url(self, stage: Stage, direct: dict[str, object], url: str, sha256: str | None) -> None:
        """PEP 610; the hash of a source archive is not that of the wheel that was built of it."""
        stage.make()
        (stage.drop("alpha=1", "") / "direct_url.json").write_text(json.dumps(direct))
        record = take(stage).record

        assert (record.url, record.sha256.hex() if record.sha256 else None) == (url, sha256)

    def test_who_wants_it(self, stage: Stage) -> None:
        """The history asks for what was asked for by name, or nothing else requires: the rest may go with those."""
        stage.make()
        stage.drop("one=1", "Requires-Dist: two\nRequires-Dist: three\n")
        (stage.drop("two=1", "") / "REQUESTED").write_text("")
        stage.drop("three=1", "")
        adoptions = prepare_adoption(stage.prefix, (), stage.settings)
        adopt(stage.prefix, adoptions)

        assert [(one.distribution.project, one.requested) for one in adoptions.taken] == [
            ("one", True),
            ("three", False),
            ("two", True),
        ]
        assert "update specs: ['one', 'two']" in (stage.prefix / "conda-meta/history").read_text()


class TestInThePlaceOfAPackage:
    """Pip upgraded what a conda package brought."""

    def test_what_is_left_of_the_package_goes_along(self, stage: Stage) -> None:
        """Its name stays, as others depend on it; its other files belong to the new record, and are not forgotten."""
        stage.make(conda_alpha(stage))
        remove_alpha(stage)
        stage.drop("alpha=2.0", "", {"alpha/__init__.py": "new"})
        assert stage.codes() == ["displaced-package"]
        one = take(stage, "alpha")

        assert (one.record.name.normalized, str(one.record.version)) == ("alpha-py", "2.0")
        assert "share/alpha.txt" in map(str, one.record.files)
        assert stage.codes() == []

    def test_a_package_of_several_projects_is_not_taken_apart(self, stage: Stage) -> None:
        """The other one would lose its record."""
        stage.make(conda_alpha(stage, f"{SITE}/beta-1.0.dist-info/METADATA"))
        remove_alpha(stage)
        stage.drop("alpha=2.0", "", {"alpha/__init__.py": "new"})

        with pytest.raises(NotAdoptableError, match="alpha-py, in whose place it is, has beta, too"):
            prepare_adoption(stage.prefix, ("alpha",), stage.settings)


class TestReplaced:
    """What a solve gives comes in the place of what pip put there."""

    def test_a_conda_package_comes_back(self, stage: Stage) -> None:
        """Its metadata says that it is the project, though no table does; an index is not asked for another one."""
        stage.make(conda_alpha(stage))
        remove_alpha(stage)
        stage.drop("alpha=2.0", "", {"alpha/__init__.py": "new"})
        stage.wheel("alpha", "3.0")
        channel = stage.folder / "channel"
        index_channel(channel)
        sources = read_sources([("channel", channel.as_uri()), ("index", str(stage.folder / "wheels"))])
        settings = replace(stage.settings, sources=sources, offline=False)
        prepared = prepare_replacement(stage.prefix, ("alpha",), settings, Silent())
        carry_out(prepared, settings, Reporter())

        assert [record.name.normalized for record in load_records(stage.prefix)] == ["alpha-py", "python"]
        assert (stage.codes(), [path.name for path in stage.site.glob("*-info")]) == ([], ["alpha-1.0.dist-info"])
        assert (stage.site / "alpha/__init__.py").read_text() == ""


class TestRefused:
    """What cannot be a record."""

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda info: (info / "RECORD").unlink(), "it has no RECORD"),
            (lambda info: (info / "WHEEL").write_text("Tag: cp311-cp311-win_amd64\n"), "is not for"),
            (lambda info: (info / "WHEEL").unlink(), "its WHEEL has no tag"),
            (lambda info: (info / "variant.json").write_text("{}"), "variant wheel"),
        ],
        ids=["no-record", "other-platform", "no-tag", "variant"],
    )
    def test_the_reason_is_told(self, stage: Stage, change: Callable[[Path], object], reason: str) -> None:
        """By name it is an error; among others, a note."""
        stage.make()
        change(stage.drop("alpha=1", ""))
        with pytest.raises(NotAdoptableError, match=reason):
            prepare_adoption(stage.prefix, ("alpha",), stage.settings)

        stage.drop("beta=1", "")
        adoptions = prepare_adoption(stage.prefix, (), stage.settings)
        assert [one.distribution.project for one in adoptions.taken] == ["beta"]
        assert [one.distribution.project for one in adoptions.refused] == ["alpha"]


class TestBesideOthers:
    """What other packages of the environment have."""

    def test_a_conda_package_provides_a_project(self, stage: Stage) -> None:
        """By its metadata, though no table knows the two as one: the new record depends on what meets it."""
        info = {f"{SITE}/zz_flip-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: zz-flip\nVersion: 1.0\n"}
        stage.make(make_package(stage.folder / "channel", "zz-flip", info))
        stage.drop("user=1", "Requires-Dist: zz-flip>=1\n")
        (written,) = prepare_adoption(stage.prefix, ("user",), stage.settings).taken
        adopt(stage.prefix, prepare_adoption(stage.prefix, ("user",), stage.settings))

        assert 'zz-flip[version=">=1"]' in written.record.depends
        assert stage.codes() == []

    def test_what_others_have_with_other_contents(self, stage: Stage) -> None:
        """To mend one would damage the other; neither is touched, and `check` advises nothing of the kind."""
        stage.make(stage.wheel("one", files={"both/m.py": "1"}))
        stage.drop("two=1.0", "", {"both/m.py": "2"})

        with pytest.raises(NotAdoptableError, match=r"it and one both have .*both/m\.py, with different"):
            prepare_adoption(stage.prefix, ("two",), stage.settings)
        (finding,) = stage.find()
        assert (finding.code, finding.severity, finding.repair) == ("overwritten-file", "warning", None)
        assert finding.message == "two 1.0, which pip put there, wrote over m.py of one."

    def test_what_two_tools_put_there_with_other_contents(self, stage: Stage) -> None:
        """The same among what pip put there."""
        stage.make()
        first = stage.drop("one=1.0", "", {"both/m.py": "1"})
        text = (first / "RECORD").read_text()
        digest = "sha256=a4ayc_80_OGda4BO_1o_V0etpOqiLx1JwB5S3beHW0s"
        (first / "RECORD").write_text(text.replace("both/m.py,,", f"both/m.py,{digest},1"))
        stage.drop("two=1.0", "", {"both/m.py": "2"})

        with pytest.raises(NotAdoptableError, match=r"it and one 1\.0 both have"):
            prepare_adoption(stage.prefix, ("two",), stage.settings)

    def test_what_others_have_alike(self, stage: Stage) -> None:
        """Both records list it, so that it stays until the last of them goes."""
        stage.make(stage.wheel("one", files={"both/__init__.py": "", "both/one.py": ""}))
        stage.drop("two=1.0", "", {"both/__init__.py": "", "both/two.py": ""})

        assert f"{SITE}/both/__init__.py" in map(str, take(stage).record.files)
        assert stage.codes() == []

    def test_a_project_that_a_package_has_in_another_folder(self, stage: Stage) -> None:
        """It would get a second record."""
        stage.make(conda_alpha(stage))
        stage.drop("alpha=2.0", "", {"alpha/__init__.py": ""})

        with pytest.raises(NotAdoptableError, match=r"alpha 1\.0 is there, too, and the package alpha-py has it"):
            prepare_adoption(stage.prefix, ("alpha",), stage.settings)

    def test_a_project_that_is_a_package_by_the_tables(self, stage: Stage) -> None:
        """Two records of one name are none."""
        stage.make(make_package(stage.folder / "channel", "matplotlib-base=3.8", {"share/m": ""}))
        stage.drop("matplotlib=3.8", "")

        with pytest.raises(NotAdoptableError, match="the package matplotlib-base is there, too"):
            prepare_adoption(stage.prefix, ("matplotlib",), stage.settings)


def test_a_failure_leaves_records_and_history(stage: Stage) -> None:
    """A record that cannot be written takes the others back with it."""
    stage.make()
    before = {path.name: path.read_bytes() for path in (stage.prefix / "conda-meta").iterdir() if path.is_file()}

    with pytest.raises(TypeError):
        write_records(stage.prefix, {"a-1-0.json": {"name": "a"}, "b-1-0.json": {"name": object()}}, (), "==> x <==\n")
    after = {path.name: path.read_bytes() for path in (stage.prefix / "conda-meta").iterdir() if path.is_file()}
    assert after == before


def remove_alpha(stage: Stage) -> None:
    """Take the conda package's distribution away as pip does: by its own list, which has not all of the package."""
    for path in (f"{SITE}/alpha/__init__.py", f"{SITE}/alpha-1.0.dist-info/METADATA"):
        (stage.prefix / path).unlink()
    (stage.prefix / f"{SITE}/alpha-1.0.dist-info").rmdir()
