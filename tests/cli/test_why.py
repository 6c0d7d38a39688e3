from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.real_python import RealChannel
from wheelbridge.api.demo import build_wheel


@pytest.fixture
def prefix(run: Run, tmp_path: Path, real_channel: RealChannel) -> Path:
    """An environment in which app needs lib, and lib needs base; other was asked for too."""
    index = tmp_path / "index"
    index.mkdir()
    build_wheel(index, "app", "1.0", {"app.py": ""}, "Requires-Dist: lib>=1\n")
    build_wheel(index, "lib", "1.0", {"lib.py": ""}, "Requires-Dist: Base_Thing\n")
    build_wheel(index, "Base_Thing", "1.0", {"base.py": ""})
    build_wheel(index, "other", "1.0", {"other.py": ""})
    place = tmp_path / "env"
    request = ("python", "pypi:app", "pypi:other")
    assert run("create", "-p", place, "-c", real_channel.url, "-i", index, *request, "-y").code == 0
    return place


def test_the_way_from_the_request_is_shown(run: Run, prefix: Path) -> None:
    """Who needs it, and the chain from what the user asked for."""
    why = run("why", "-p", prefix, "base-thing", "--json").json

    assert why["requested"] is None
    assert why["needed_by"] == {"lib": "base-thing"}
    assert why["chains"] == [["app", "lib", "base-thing"]]
    assert why["variant"] is None
    assert "you asked for app: app -> lib -> base-thing" in run("why", "-p", prefix, "pypi:Base_Thing").out


def test_what_was_asked_for_says_so(run: Run, prefix: Path) -> None:
    """The spec as it was asked."""
    assert run("why", "-p", prefix, "other", "--json").json["requested"] == "other"
    assert "you asked for it: python" in run("why", "-p", prefix, "python").out


def test_what_is_not_there_is_an_error(run: Run, prefix: Path, tmp_path: Path) -> None:
    """Neither a package nor an environment is made up."""
    assert run("why", "-p", prefix, "pypi:python", "--json").json["error"]["code"] == "not-installed"
    assert run("why", "-p", prefix, "nothing", "--json").json["error"]["code"] == "not-installed"
    assert run("why", "-p", tmp_path / "nowhere", "app", "--json").json["error"]["code"] == "not-an-environment"


def test_a_plan_says_why_of_what_several_sources_have(run: Run, tmp_path: Path, real_channel: RealChannel) -> None:
    """With ``-v``; of what one source alone has there is nothing to say."""
    near, far = tmp_path / "near", tmp_path / "far"
    near.mkdir()
    far.mkdir()
    build_wheel(near, "lib", "1.0", {"lib.py": ""})
    build_wheel(far, "lib", "2.0", {"lib.py": ""})
    sources = ("-c", real_channel.url, "-i", near, "-i", far)
    plain = run("solve", *sources, "python", "pypi:lib", "--route", "lib=far,near")
    said = run("solve", *sources, "python", "pypi:lib", "--priority", "far=disabled", "--route", "lib=far,near", "-v")

    assert "routed" not in plain.out
    assert "lib 2.0 from index far: routed by the command line (lib=far,near); near also has 1.0" in " ".join(
        said.out.split()
    )
