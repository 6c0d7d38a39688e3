"""Distributions that no record has are neither written over nor taken apart; only on request do they go."""

from pathlib import Path

import pytest

from tests.installer.wheelmaker import Workshop, make_wheel, snapshot
from wheelbridge.installer.errors import LinkFailedError, UnmanagedDistributionError


def put(workshop: Workshop, project: str, *files: str) -> None:
    """Put a distribution there as pip does, whose RECORD lists *files*."""
    info = workshop.site_packages / f"{project}-9.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project}\nVersion: 9.0\n")
    for file in files:
        place = workshop.site_packages / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("pip's\n")
    names = [*files, f"{info.name}/METADATA", f"{info.name}/RECORD"]
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in names))


@pytest.mark.parametrize(
    ("project", "files"),
    [("Alpha", ["elsewhere.py"]), ("other", ["alpha/__init__.py"])],
    ids=["its-project", "its-files"],
)
def test_nothing_is_linked_over_it(workshop: Workshop, tmp_path: Path, project: str, files: list[str]) -> None:
    """Before anything changes: by project, or by file."""
    base = make_wheel(tmp_path, "base")
    workshop.create(base)
    put(workshop, project, *files)
    before = snapshot(workshop.prefix)

    with pytest.raises(UnmanagedDistributionError, match=rf"alpha would be installed over {project.lower()} 9\.0"):
        workshop.change(base, make_wheel(tmp_path, "alpha"))
    assert snapshot(workshop.prefix) == before


def test_its_files_stay_when_a_package_goes_that_listed_them(workshop: Workshop, tmp_path: Path) -> None:
    """Pip wrote over a module of ours; now it is pip's."""
    workshop.create(make_wheel(tmp_path, "alpha"))
    (workshop.site_packages / "alpha/__init__.py").unlink()
    put(workshop, "other", "alpha/__init__.py")

    with pytest.raises(UnmanagedDistributionError, match="alpha would take files of other 9"):
        workshop.change()
    assert (workshop.site_packages / "alpha/__init__.py").read_text() == "pip's\n"


def test_what_has_nothing_to_do_with_it_is_free(workshop: Workshop, tmp_path: Path) -> None:
    """Neither a second project, nor files of no distribution, which are replaced and told."""
    base = make_wheel(tmp_path, "base")
    workshop.create(base)
    put(workshop, "other", "other.py")
    (workshop.site_packages / "alpha").mkdir()
    (workshop.site_packages / "alpha/__init__.py").write_text("somebody's\n")

    outcome = workshop.change(base, make_wheel(tmp_path, "alpha"))
    assert [Path(path).parts[-2:] for path in outcome.overwritten] == [("alpha", "__init__.py")]


def test_it_goes_on_request(workshop: Workshop, tmp_path: Path) -> None:
    """All of it, in the same transaction, but for what packages that stay have."""
    beta = make_wheel(tmp_path, "beta")
    workshop.create(beta)
    kept = (workshop.site_packages / "beta/__init__.py").read_text()
    put(workshop, "alpha", "alpha/__init__.py", "alpha/old.py")
    record = workshop.site_packages / "alpha-9.0.dist-info/RECORD"
    record.write_text(f"{record.read_text()}beta/__init__.py,,\n../../../bin/python,,\n")

    outcome = workshop.change(make_wheel(tmp_path, "alpha"), beta, replaced=frozenset({"alpha"}))
    assert (outcome.overwritten, workshop.python.exists()) == ((), True)
    assert [path.name for path in sorted(workshop.site_packages.glob("alpha*"))] == ["alpha", "alpha-1.0.dist-info"]
    assert [path.name for path in (workshop.site_packages / "alpha").iterdir()] == ["__init__.py"]
    assert (workshop.site_packages / "beta/__init__.py").read_text() == kept


def test_a_failure_puts_it_back(workshop: Workshop, tmp_path: Path) -> None:
    """What went on request is there again."""
    base = make_wheel(tmp_path, "base")
    workshop.create(base)
    put(workshop, "alpha", "alpha/old.py")
    (workshop.site_packages / "blocked").write_text("a file where a directory must be\n")
    before = snapshot(workshop.prefix)

    with pytest.raises(LinkFailedError):
        workshop.change(
            base,
            make_wheel(tmp_path, "alpha"),
            make_wheel(tmp_path, "gamma", files={"blocked/x.py": ""}),
            replaced=frozenset({"alpha"}),
        )
    assert snapshot(workshop.prefix) == before
