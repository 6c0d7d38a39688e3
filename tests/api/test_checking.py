"""What `check` finds, and what it leaves alone, in small environments whose python is a stub: nothing of it is run."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.checkstage import SITE, Stage
from tests.installer.wheelmaker import SUBDIR, make_package
from wheelbridge.environment.lock import Lock, LockedFile, LockedPackage, LockedTarget
from wheelbridge.installer.journal import Journal, begin
from wheelbridge.installer.wheel_destination import PLACEHOLDER
from wheelbridge.model.target import Target


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage of the test's own."""
    return Stage(tmp_path)


class TestFiles:
    """Files are there, and are what was put there."""

    def test_missing_and_altered_files_of_both_kinds(self, stage: Stage) -> None:
        """One finding for each package; the rest of it is passed over."""
        tool = make_package(stage.folder / "channel", "tool", {"share/tool/a.txt": "a", "share/tool/b.txt": "b"})
        stage.make(tool, stage.wheel("alpha"))
        (stage.prefix / "share/tool/a.txt").unlink()
        replace(stage.prefix / "share/tool/b.txt", "changed")
        replace(stage.site / "alpha/__init__.py", "changed")

        found = [(one.code, one.severity, one.details["package"], one.details["files"]) for one in stage.find()]
        assert found == [
            ("missing-file", "error", "tool", ["share/tool/a.txt"]),
            ("altered-file", "warning", "alpha", [f"{SITE}/alpha/__init__.py"]),
            ("altered-file", "warning", "tool", ["share/tool/b.txt"]),
        ]

    def test_a_file_with_the_prefix_in_it_has_a_hash_of_its_own(self, stage: Stage) -> None:
        """What linking writes is no alteration; what is written after is."""
        script = f"#!{PLACEHOLDER}/bin/python\n"
        stage.make(stage.wheel("alpha", files={"alpha-1.0.data/scripts/run": "#!python\n", "alpha.py": ""}))

        assert str(stage.prefix) in (stage.prefix / "bin/run").read_text() != script
        assert stage.codes() == []
        replace(stage.prefix / "bin/run", "changed")
        assert stage.codes() == ["altered-file"]

    def test_byte_code_and_what_conda_writes_are_no_findings(self, stage: Stage) -> None:
        """People delete the one, ``conda init`` rewrites the other."""
        files = {"bin/activate": "a", "condabin/conda": "b", "lib/a/__pycache__/x.pyc": "c"}
        stage.make(make_package(stage.folder / "channel", "conda", files))
        for path in files:
            replace(stage.prefix / path, "changed")

        assert stage.codes() == []

    def test_a_file_of_two_packages_may_be_either_ones(self, stage: Stage) -> None:
        """Among channels' packages that is allowed; one of them is right."""
        one = make_package(stage.folder / "channel", "one", {"share/x": "one"})
        two = make_package(stage.folder / "channel", "two", {"share/x": "two"})
        stage.make(one, two)

        assert stage.codes() == []

    def test_what_a_post_link_script_does_is_no_damage(self, stage: Stage) -> None:
        """Conda runs it, and it may change what its package brought; --fix undoes nothing of that."""
        files = {"bin/.post-post-link.sh": "echo >> $PREFIX/etc/post.conf", "etc/post.conf": "a", "etc/gone": ""}
        stage.make(make_package(stage.folder / "channel", "post", files))
        replace(stage.prefix / "etc/post.conf", "a\nchanged")

        assert stage.codes() == []
        (finding,) = stage.find(notes=True)
        assert (finding.code, finding.severity, finding.repair) == ("altered-file", "note", None)
        (stage.prefix / "etc/gone").unlink()
        (finding,) = stage.find()
        assert (finding.code, finding.severity, finding.repair) == ("missing-file", "error", None)
        assert "post --force-reinstall links it anew, and undoes that" in finding.hint

    def test_fix_keeps_off_what_two_packages_write_differently(self, stage: Stage) -> None:
        """Where one of them is a wheel, to link it would damage the other; it is told, and the rest is mended."""
        stage.make(stage.wheel("one", files={"both/m.py": "1", "both/one.py": ""}), stage.wheel("two"))
        claim(stage, "two", {"_path": f"{SITE}/both/m.py", "path_type": "hardlink", "sha256": "2" * 64})
        (stage.site / "both/one.py").unlink()
        (stage.site / "two/__init__.py").unlink()

        assert [(one.package, "both/m.py (one, two) has other contents" in one.reason) for one in stage.mend()] == [
            ("one", True),
            ("two", True),
        ]
        assert (stage.site / "both/m.py").read_text() == "1"

    def test_fix_does_not_link_the_damage_again(self, stage: Stage) -> None:
        """Who writes into a file writes into the cache, too: it is the same file; so the cache is filled anew."""
        tool = make_package(stage.folder / "channel", "tool", {"share/a.txt": "a", "share/b.txt": "b"})
        stage.make(tool, stage.wheel("alpha"))
        for path in (stage.prefix / "share/a.txt", stage.site / "alpha/__init__.py"):
            path.write_text("!" * path.stat().st_size)
        assert stage.codes() == ["altered-file", "altered-file"]

        assert (stage.mend(), stage.codes()) == ((), [])
        assert (stage.prefix / "share/a.txt").read_text() == "a"

    def test_fix_says_what_nobody_has_any_more(self, stage: Stage) -> None:
        """The rest is mended all the same."""
        alpha, beta = stage.wheel("alpha"), stage.wheel("beta")
        stage.make(alpha, beta)
        shutil.rmtree(stage.caches.downloads / hashlib.sha256(alpha.path.read_bytes()).hexdigest())
        shutil.rmtree(stage.caches.unpacked_wheels)
        for name in ("alpha", "beta"):
            (stage.site / name / "__init__.py").unlink()

        (failure,) = stage.mend()
        assert failure.package == "alpha"
        assert [one.details["package"] for one in stage.find()] == ["alpha"]


class TestRecords:
    """RECORD, disk and ``conda-meta`` tell the same story."""

    def test_record_and_conda_meta_differ(self, stage: Stage) -> None:
        """Pip would leave a file behind, or take one of somebody else."""
        stage.make(stage.wheel("alpha"))
        claim(stage, "alpha", {"_path": "share/extra", "path_type": "hardlink"})
        (stage.prefix / "share").mkdir()
        (stage.prefix / "share/extra").write_text("")

        (finding,) = stage.find()
        assert (finding.code, finding.details["conda_meta_only"]) == ("record-differs", ["share/extra"])

    def test_a_file_of_which_conda_wrote_nothing_down(self, stage: Stage) -> None:
        """Conda links a damaged file, lists it in ``files``, and leaves it out of ``paths_data``; the rest is checked.

        Of a ``noarch: python`` package it writes paths as they are inside of the package.
        """
        stage.make(stage.wheel("alpha", files={"alpha.py": "", "beta.py": ""}))
        (path,) = stage.prefix.glob("conda-meta/alpha-*.json")
        content = json.loads(path.read_bytes())
        entries = [one for one in content["paths_data"]["paths"] if not one["_path"].endswith("/alpha.py")]
        for one in entries:
            one["_path"] = one["_path"].replace(f"{SITE}/", "site-packages/")
        content["paths_data"]["paths"] = entries
        path.write_text(json.dumps(content))
        replace(stage.site / "beta.py", "changed\n")

        found = {finding.code: finding for finding in stage.find()}
        assert found.keys() == {"record-differs", "altered-file"}
        assert found["record-differs"].details["record_only"] == [f"{SITE}/alpha.py"]
        assert found["altered-file"].details["files"] == [f"{SITE}/beta.py"]

    def test_a_copy_that_waits_is_no_difference(self, stage: Stage) -> None:
        """Rattler moves aside what another package has at the same place, and says so in its record."""
        files = {"ns/__init__.py": ""}
        stage.make(stage.wheel("one", files={**files, "ns/one.py": ""}), stage.wheel("two", files={"ns/two.py": ""}))
        info = stage.site / "two-1.0.dist-info/RECORD"
        info.write_text(f"{info.read_text()}ns/__init__.py,,\n")
        place = f"__clobbers__/two/{SITE}/ns/__init__.py"
        claim(stage, "two", {"_path": place, "path_type": "hardlink"}, RECORD=info)
        (stage.prefix / place).parent.mkdir(parents=True)
        (stage.prefix / place).write_text("")

        assert stage.codes() == []

    def test_two_folders_of_one_project(self, stage: Stage) -> None:
        """Names count as normalized; the one with nothing else left goes by --fix, the other stays."""
        stage.make(stage.wheel("my_alpha"))
        stale = stage.drop("My.Alpha=0.9", "", {"my_alpha/__init__.py": "version = '1.0'\n"})

        assert [(one.code, one.details.get("project")) for one in stage.find()] == [
            ("duplicate-distribution", "my-alpha")
        ]
        assert (stage.mend(), stage.codes(), stale.exists()) == ((), [], False)

    @pytest.mark.parametrize(
        "name", ["old-1.0.dist-info", "~lpha-0.9.dist-info", "~lpha"], ids=["no-metadata", "stashed", "stashed-package"]
    )
    def test_leftovers_are_removed(self, stage: Stage, name: str) -> None:
        """What no package has and nothing can be read of."""
        stage.make(stage.wheel("alpha"))
        (stage.site / name).mkdir(parents=True)
        (stage.site / name / "INSTALLER").write_text("pip\n")

        assert stage.codes() == ["leftover"]
        assert (stage.mend(), stage.codes(), (stage.site / name).exists()) == ((), [], False)

    def test_what_pip_moved_aside_is_known_by_its_metadata(self, stage: Stage) -> None:
        """Nothing else is left of the project: what its RECORD lists begins with the same character."""
        stage.make()
        info = stage.drop("old=1.0", "", {"old/__init__.py": ""})
        for path in (info, stage.site / "old"):
            path.rename(path.with_name(f"~{path.name[1:]}"))

        assert stage.codes() == ["leftover", "leftover"]
        assert (stage.mend(), stage.codes(), list(stage.site.iterdir())) == ((), [], [])

    def test_what_is_only_called_so_stays(self, stage: Stage) -> None:
        """Somebody's own folder, which no project ever had."""
        stage.make(stage.wheel("alpha"))
        (stage.site / "~mine").mkdir()
        (stage.site / "~mine/notes.txt").write_text("")

        (finding,) = stage.find()
        assert (finding.code, finding.repair) == ("leftover", None)

    @pytest.mark.parametrize("names", [("RECORD",), ("METADATA",), ("RECORD", "METADATA")], ids="+".join)
    def test_metadata_that_is_lost_is_no_other_tools_work(self, stage: Stage, names: tuple[str, ...]) -> None:
        """It is a file that is missing as any other, and comes back as any other."""
        stage.make(stage.wheel("alpha"))
        for name in names:
            (stage.site / f"alpha-1.0.dist-info/{name}").unlink()

        assert stage.codes(notes=True) == ["missing-file"]
        assert (stage.mend(), stage.codes(notes=True)) == ((), [])

    def test_a_record_that_somebody_changed_is_no_other_tools_work(self, stage: Stage) -> None:
        """Another tool would have written its name beside it."""
        stage.make(stage.wheel("alpha"))
        place = stage.site / "alpha-1.0.dist-info/RECORD"
        replace(place, place.read_text().replace("alpha/__init__.py", "alpha/gone.py"))

        assert stage.codes(notes=True) == ["altered-file", "record-differs"]
        assert (stage.mend(), stage.codes(notes=True)) == ((), [])

    def test_what_may_still_be_used_is_not_removed(self, stage: Stage) -> None:
        """Without RECORD nobody knows whether modules belong to it."""
        stage.make()
        info = stage.drop("old=1.0", "")
        (info / "RECORD").unlink()

        (finding,) = stage.find()
        assert (finding.code, finding.repair) == ("leftover", None)

    def test_a_python_that_is_gone(self, stage: Stage) -> None:
        """What pip put into its folder is lost to the new one."""
        stage.make()
        (stage.prefix / "lib/python3.9/site-packages/old-1.0.dist-info").mkdir(parents=True)

        assert stage.codes() == ["stranded-distribution"]

    def test_files_of_nobody_are_a_note(self, stage: Stage) -> None:
        """They may be somebody's own; asked for alone are they told."""
        stage.make(stage.wheel("alpha"))
        (stage.site / "mine.py").write_text("")

        assert stage.codes() == []
        (finding,) = stage.find(notes=True)
        assert (finding.code, finding.details["files"]) == ("unowned-file", [f"{SITE}/mine.py"])

    def test_one_project_as_two_packages(self, stage: Stage) -> None:
        """By the tables: what has another name on conda, and no metadata that pip could see."""
        opencv = make_package(stage.folder / "channel", "matplotlib-base", {"share/m": ""})
        stage.make(opencv, stage.wheel("matplotlib"))

        (finding,) = stage.find()
        assert (finding.code, finding.details["package"]) == ("project-twice", "matplotlib-base")


def test_an_interrupted_change_is_all_that_is_told(stage: Stage) -> None:
    """What is there is neither the old environment nor the new one, so that no other advice would be true."""
    stage.make(stage.wheel("alpha"))
    begin(stage.prefix, Journal(old=(), new=("x",), shared=(), before=(), after=(), history=None, revision=""))
    (stage.site / "alpha/__init__.py").unlink()

    (finding,) = stage.find(notes=True)
    assert (finding.code, finding.severity) == ("interrupted-change", "error")
    assert f"wheelbridge check -p {stage.prefix} --fix" in finding.hint


class TestRequirements:
    """What is required is there, as ``pip check`` looks at it and beyond."""

    @pytest.mark.parametrize(
        ("line", "found"),
        [
            ("beta", None),
            ("beta>=2", "1.0"),
            ("beta>=1", None),
            ("gone", ""),
            ("gone; python_version < '3.12'", None),
            ("gone; python_version >= '3.12'", ""),
            ("gone; extra == 'more'", None),
            ("gone; platform_release > '2'", None),
            ("beta[x]", None),
        ],
    )
    def test_versions_markers_and_extras(self, stage: Stage, line: str, found: str | None) -> None:
        """Markers are those of the environment's python, not of the one that runs this test."""
        stage.make(stage.wheel("alpha", requires=[line]), stage.wheel("beta"))
        unmet = [one for one in stage.find() if one.code == "unmet-requirement"]
        expected = [] if found is None else [found or None]

        assert [one.details["installed"] for one in unmet] == expected

    def test_an_extra_that_another_one_asks_for(self, stage: Stage) -> None:
        """It counts once somebody wants it, through several projects, too."""
        stage.make()
        stage.drop("one=1", "Requires-Dist: two[x]\n")
        stage.drop("two=1", "Provides-Extra: x\nRequires-Dist: three[y]; extra == 'x'\n")
        stage.drop(
            "three=1", "Provides-Extra: y\nRequires-Dist: four; extra == 'y'\nRequires-Dist: five; extra == 'z'\n"
        )

        assert [one.details["requirement"] for one in stage.find()] == ['four; extra == "y"']

    def test_a_conda_package_may_be_the_project(self, stage: Stage) -> None:
        """By the tables, where pip sees nothing; its version counts."""
        stage.make(make_package(stage.folder / "channel", "matplotlib-base=3.8", {"share/m": ""}))
        stage.drop("plots=1", "Requires-Dist: matplotlib>=3\nRequires-Dist: Matplotlib<3.5\n")

        assert [one.details["requirement"] for one in stage.find()] == ["Matplotlib<3.5"]

    def test_records_depend_and_constrain(self, stage: Stage) -> None:
        """What ``conda remove --force`` leaves behind."""
        tool = make_package(stage.folder / "channel", "tool", {"share/t": ""}, depends=["lost >=1", "python >=3.13"])
        stage.make(tool)

        assert [(one.code, one.details["spec"], one.details["installed"]) for one in stage.find()] == [
            ("unmet-dependency", "python >=3.13", "3.12.4"),
            ("unmet-dependency", "lost >=1", None),
        ]

    @pytest.mark.parametrize(
        ("tag", "wrong"),
        [
            ("py3-none-any", False),
            ("cp312-cp312-linux_x86_64", False),
            ("cp39-abi3-linux_x86_64", False),
            ("cp311-cp311-linux_x86_64", True),
            ("cp312-cp312-win_amd64", True),
            ("py2-none-any", True),
        ],
    )
    @pytest.mark.skipif(SUBDIR != "linux-64", reason="the tags are those of linux-64")
    def test_tags(self, stage: Stage, tag: str, wrong: bool) -> None:
        """WHEEL's tags against the environment's python and platform."""
        stage.make()
        stage.drop("alpha=1", "", wheel=f"Wheel-Version: 1.0\nTag: {tag}\n")

        assert stage.codes() == (["wrong-tags"] if wrong else [])

    def test_requires_python(self, stage: Stage) -> None:
        """It counts as a tag does."""
        stage.make()
        stage.drop("alpha=1", "Requires-Python: >=3.13\n")

        assert stage.codes() == ["wrong-tags"]


class TestDrift:
    """The environment is what was written down."""

    def test_history(self, stage: Stage) -> None:
        """A record that somebody deleted, and one that the history never heard of; --fix writes down what is there."""
        stage.make(stage.wheel("alpha"), stage.wheel("beta"))
        (path,) = stage.prefix.glob("conda-meta/alpha-*.json")
        path.unlink()
        shutil.rmtree(stage.site / "alpha")
        shutil.rmtree(stage.site / "alpha-1.0.dist-info")

        (finding,) = stage.find()
        assert (finding.code, finding.details["history_only"]) == ("history-drift", ["alpha-1.0-py3_none_any_0"])
        assert (stage.mend(), stage.codes()) == ((), [])
        assert "\n-https://index.example/simple" in (stage.prefix / "conda-meta/history").read_text()

    def test_requests(self, stage: Stage) -> None:
        """What was asked for and is not there in that version."""
        stage.make(stage.wheel("alpha"), requested=["python", "alpha >=2"])

        assert stage.codes() == ["unfulfilled-request"]

    def test_lock(self, stage: Stage) -> None:
        """Other files, too few and too many packages; of several targets, the nearest."""
        alpha, beta = stage.wheel("alpha"), stage.wheel("beta")
        stage.make(alpha, beta)
        stage.drop("more=1", "")
        python = stage.python.sha256
        assert python is not None
        near = {"python": python.hex(), "alpha": "0" * 64, "gone": "1" * 64}
        far = {"other": "2" * 64}
        lock = Lock(targets=tuple(make_target(packages) for packages in (far, near)))

        drift = [(one.details["package"], one.details["installed"]) for one in stage.find(lock=lock)]
        assert drift == [
            ("alpha", "alpha-1.0-py3-none-any.whl"),
            ("beta", "beta-1.0-py3-none-any.whl"),
            ("gone", None),
            ("more", None),
        ]

    def test_a_lock_of_another_platform(self, stage: Stage) -> None:
        """It says nothing of this environment."""
        stage.make()

        assert stage.codes(lock=Lock(targets=(make_target({}, "win-arm64"),))) == ["lock-drift"]


def make_target(packages: Mapping[str, str], subdir: str = SUBDIR) -> LockedTarget:
    """Return a target with packages of these hashes."""
    locked = (
        LockedPackage(
            kind="wheel", name=name, version="1", file=LockedFile(filename=name, url="", hashes={"sha256": digest})
        )
        for name, digest in packages.items()
    )
    return LockedTarget(name=subdir, target=Target(subdir=subdir), packages=tuple(locked))


def claim(stage: Stage, name: str, entry: Mapping[str, str], **hashed: Path) -> None:
    """Let the record of a package list one more file; of those *hashed*, write down what they are now."""
    (path,) = stage.prefix.glob(f"conda-meta/{name}-*.json")
    content = json.loads(path.read_bytes())
    content["paths_data"]["paths"].append(entry)
    content["files"].append(entry["_path"])
    for one in content["paths_data"]["paths"]:
        if (place := hashed.get(one["_path"].rpartition("/")[2])) is not None:
            digest = hashlib.sha256(place.read_bytes()).hexdigest()
            one.update(sha256=digest, sha256_in_prefix=digest, size_in_bytes=place.stat().st_size)
    path.write_text(json.dumps(content))


def replace(path: Path, text: str) -> None:
    """Put another file in the place of one: it may have links in the cache."""
    path.unlink()
    path.write_text(text)
