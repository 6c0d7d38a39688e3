"""What `adopt` writes down of distributions that pip put into an environment, and what it refuses."""

import json
from pathlib import Path

import pytest

from tests.checkstage import SITE, Stage
from tests.installer.wheelmaker import make_package
from wheelbridge.api.checks.adopting import Adopted, NotAdoptableError, adopt, prepare_adoption
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.recording import write_records


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


def conda_alpha(stage: Stage, *more: str) -> object:
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
        stage.make(conda_alpha(stage))  # type: ignore[arg-type]  # a record
        remove_alpha(stage)
        stage.drop("alpha=2.0", "", {"alpha/__init__.py": "new"})
        assert stage.codes() == ["displaced-package"]
        one = take(stage, "alpha")

        assert (one.record.name.normalized, str(one.record.version)) == ("alpha-py", "2.0")
        assert "share/alpha.txt" in map(str, one.record.files)
        assert stage.codes() == []

    def test_a_package_of_several_projects_is_not_taken_apart(self, stage: Stage) -> None:
        """The other one would lose its record."""
        stage.make(conda_alpha(stage, f"{SITE}/beta-1.0.dist-info/METADATA"))  # type: ignore[arg-type]  # a record
        remove_alpha(stage)
        stage.drop("alpha=2.0", "", {"alpha/__init__.py": "new"})

        with pytest.raises(NotAdoptableError, match="alpha-py, in whose place it is, has beta, too"):
            prepare_adoption(stage.prefix, ("alpha",), stage.settings)


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
    def test_the_reason_is_told(self, stage: Stage, change: "object", reason: str) -> None:
        """By name it is an error; among others, a note."""
        stage.make()
        change(stage.drop("alpha=1", ""))  # type: ignore[operator]  # one of the functions above
        with pytest.raises(NotAdoptableError, match=reason):
            prepare_adoption(stage.prefix, ("alpha",), stage.settings)

        stage.drop("beta=1", "")
        adoptions = prepare_adoption(stage.prefix, (), stage.settings)
        assert [one.distribution.project for one in adoptions.taken] == ["beta"]
        assert [one.distribution.project for one in adoptions.refused] == ["alpha"]


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
