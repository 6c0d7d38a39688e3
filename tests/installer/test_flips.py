"""A wheel and a conda package of one project under two names, which share paths: pixi #6721, #6902."""

import os
from dataclasses import replace

from tests.installer.wheelmaker import SUBDIR, Workshop, make_package, make_wheel, wheel_repodata
from wheelbridge.installer.listing import load_records


def lost_files(workshop: Workshop) -> list[str]:
    """Return the files of ``conda-meta`` that are not on disk."""
    owned = (str(file) for record in load_records(workshop.prefix) for file in record.files)
    return [path for path in owned if not os.path.lexists(workshop.prefix / path)]


def test_under_another_name_there_and_back(workshop: Workshop) -> None:
    """What goes has the paths of what comes, and must not take its files along."""
    files = {f"shared/m{number}.py": f"wheel {number}" for number in range(40)}
    wheel = make_wheel(workshop.folder, "shared", files=files)
    wheel = replace(wheel, record=wheel_repodata(wheel.path, name="pypi.shared"))
    contents = {f"site-packages/shared/m{number}.py": f"conda {number}" for number in range(40)}
    package = make_package(workshop.folder / "channel", "shared", contents, noarch="python")
    workshop.create(wheel, requested=("python", "pypi.shared"))

    for _ in range(3):
        workshop.run(workshop.request(records=(workshop.channel.python, package), removed=("pypi.shared",)))
        assert lost_files(workshop) == []
        assert {path.read_text()[:5] for path in workshop.site_packages.glob("shared/*.py")} == {"conda"}
        workshop.run(workshop.request(wheel, removed=("shared",)))
        assert lost_files(workshop) == []
        assert {path.read_text()[:5] for path in workshop.site_packages.glob("shared/*.py")} == {"wheel"}
        assert len([*workshop.site_packages.glob("shared/*.py")]) == len(files)
    assert {record.subdir for record in load_records(workshop.prefix)} == {SUBDIR}
