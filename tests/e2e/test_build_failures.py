"""Builds that fail: what is said, and what is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.buildmaker import Project
from tests.buildstage import Stage
from tests.compiled import needs_compiler
from tests.installer.wheelmaker import make_wheel

pytestmark = needs_compiler

_RETURN = "    return wheel\n"
_ASKED = "return ASKS"
_LOST = ("/cache/builds/", "external upgrade")


def edited(*edits: tuple[str, str]) -> dict[str, object]:
    """Return the field of a project that is wrong somewhere."""
    return {"edits": edits}


def fail(stage: Stage, **fields: object) -> Mapping[str, object]:
    """Build a project in vain; return the error."""
    stage.project(**fields).pack(stage.index)
    return stage.error("pypi:pygreet", "--build", "pygreet")


def kept(stage: Stage) -> list[Path]:
    """Return the wheels that were kept."""
    return [*(stage.folder / "cache").glob("built/*/*.whl")]


class TestMessages:
    """The user named a project; what its build needed is nothing that the user wrote."""

    @pytest.mark.parametrize(
        ("edit", "code", "advice"),
        [
            pytest.param(
                ('"build-helper"', '"build-helper>=9"'), "unsatisfiable", "The build asks for it", id="not-in-versions"
            ),
            pytest.param(
                ('"build-helper"', '"no-such-thing"'), "package-not-found", "The build asks for it", id="not-there"
            ),
            pytest.param(('"build-helper"', '"a b!"'), "invalid-requirement", "another version", id="no-requirement"),
            pytest.param(('["."]', '[".."]'), "invalid-project", "another version", id="a-path-outside"),
            pytest.param(("requires =", "requires"), "unreadable-project", "another version", id="no-toml"),
        ],
    )
    def test_they_name_the_file_and_what_can_be_done(
        self, stage: Stage, edit: tuple[str, str], code: str, advice: str
    ) -> None:
        """Codes stay; folders that are gone, and hints for a project of one's own, do not."""
        error = fail(stage, **edited(edit))

        assert error["code"] == code
        assert "pygreet-1.0.tar.gz" in str(error["message"]).partition("\n")[0]
        assert advice in str(error["hint"])
        assert [text for text in _LOST if text in json.dumps(error)] == []

    def test_an_old_table_is_not_to_be_upgraded_by_the_user(self, stage: Stage) -> None:
        """Nobody can upgrade the file of an archive."""
        error = fail(stage, external='build-requires = ["virtual:compiler/c"]')

        assert error["code"] == "outdated-external-table"
        assert error["hint"] == "Ask for another version, and tell the maintainers of the project."
        assert str(error["message"]).startswith("To build pygreet-1.0.tar.gz: ")

    def test_what_needs_itself_is_not_told_to_build_itself(self, stage: Stage) -> None:
        """``--build`` was given; what is missing is a wheel."""
        error = fail(stage, **edited(('"build-helper"', '"pygreet"')))

        assert error["code"] == "no-wheel"
        assert "--build" not in str(error["hint"])
        assert "pygreet needs itself to be built" in str(error["hint"])

    def test_nor_where_something_between_needs_it(self, stage: Stage) -> None:
        """The solver's text and the list of refusals do not advise it either."""
        make_wheel(stage.index, "build_helper", "2.0", requires=["pygreet"])
        error = fail(stage, **edited(('"build-helper"', '"build-helper>=2"')))

        assert error["code"] == "unsatisfiable"
        assert "--build" not in json.dumps(error)
        assert "pygreet needs itself to be built" in str(error["hint"])


class TestBackends:
    """What a backend answers is code's word."""

    @pytest.mark.parametrize(
        "edit",
        [
            pytest.param((_ASKED, "return [1]"), id="requirements-that-are-no-texts"),
            pytest.param((_ASKED, "return 'build-helper'"), id="requirements-as-a-text"),
            pytest.param((_ASKED, "return None"), id="no-requirements"),
            pytest.param((_ASKED, "return ['a b!']"), id="no-requirement"),
            pytest.param((_RETURN, "    return None\n"), id="no-name"),
            pytest.param((_RETURN, "    return '../x.whl'\n"), id="a-name-outside"),
            pytest.param((_RETURN, "    os._exit(0)\n"), id="no-answer"),
            pytest.param((_RETURN, "    os._exit(3)\n"), id="an-end"),
            pytest.param(('"backend"', '"no_backend"'), id="no-backend"),
        ],
    )
    def test_what_breaks_the_rules_fails(self, stage: Stage, edit: tuple[str, str]) -> None:
        """Such a build failed, and its log is there to be read."""
        error = fail(stage, **edited(edit))

        assert error["code"] == "build-failed"
        assert Path(str(error["log"])).stat().st_size

    @pytest.mark.parametrize(
        "edit",
        [
            pytest.param((_RETURN, f"    open(os.path.join(folder, wheel), 'wb').close()\n{_RETURN}"), id="no-archive"),
            pytest.param(('"py3-none-any"', '"py3-none-win32"'), id="of-another-platform"),
            pytest.param(('"py3-none-any"', '"cp37-cp37m-any"'), id="of-another-python"),
            pytest.param(("Name: pygreet", "Name: other"), id="of-another-project"),
            pytest.param(('"/RECORD,,"', '"/NOTHING,,"'), id="of-files-that-are-not-there"),
            pytest.param(("nVersion: 1.0", "nVersion: 2.0"), id="of-another-version"),
            pytest.param(('wheel = "pygreet-1.0', 'wheel = "pygreet-2.0'), id="of-another-release"),
        ],
    )
    def test_a_wheel_that_is_of_no_use_is_not_kept(self, stage: Stage, edit: tuple[str, str]) -> None:
        """It would be found again and again, and never built anew."""
        error = fail(stage, **edited(edit))

        assert (error["code"], "cannot be used" in str(error["message"])) == ("build-failed", True)
        assert kept(stage) == []

    @pytest.mark.parametrize(
        "edits",
        [
            pytest.param((('"pygreet-1.0', '"other-1.0'), ("Name: pygreet", "Name: other")), id="name"),
            pytest.param((('"pygreet-1.0', '"pygreet-2.0'), ("nVersion: 1.0", "nVersion: 2.0")), id="version"),
        ],
    )
    def test_a_good_wheel_of_another_release_is_not_taken(
        self, stage: Stage, edits: tuple[tuple[str, str], ...]
    ) -> None:
        """Nothing is wrong with it, but for that nobody asked for it."""
        error = fail(stage, edits=edits)

        assert (error["code"], "is another release" in str(error["message"])) == ("build-failed", True)
        assert kept(stage) == []

    def test_what_lies_beside_the_wheel_is_not_kept(self, stage: Stage) -> None:
        """The folder becomes a part of the cache as it is: another wheel in it could be taken for a built one."""
        more = "    open(os.path.join(folder, 'other-1.0-py3-none-any.whl'), 'wb').close()\n"
        error = fail(stage, **edited((_RETURN, more + _RETURN)))

        assert error["code"] == "build-failed"
        assert "left 'other-1.0-py3-none-any.whl' beside the wheel" in str(error["message"])
        assert kept(stage) == []

    @pytest.mark.parametrize(
        "code",
        [
            pytest.param("return os.path.join('..', wheel)", id="relative"),
            pytest.param("return os.path.abspath(os.path.join(folder, '..', wheel))", id="absolute"),
            pytest.param("os.symlink(os.path.join('..', wheel), made); return wheel", id="a-link"),
        ],
    )
    def test_a_wheel_elsewhere_is_not_taken(self, stage: Stage, code: str) -> None:
        """PEP 517: "the basename (not the full path)" of a file in the folder; this one is there, and is good."""
        moved = "    made = os.path.join(folder, wheel); os.rename(made, os.path.join(folder, '..', wheel))\n"
        error = fail(stage, **edited((_RETURN, f"{moved}    {code}\n")))

        assert (error["code"], "its backend says it made" in str(error["message"])) == ("build-failed", True)
        assert kept(stage) == []

    def test_a_new_prefix_goes_again(self, stage: Stage) -> None:
        """An environment that is half of what was asked for is none to build in; one that was there stays."""
        folder = stage.project(edits=((_ASKED, "return [1]"),)).write(stage.folder / "project")
        command = ("external", "build-env", folder, "-p", stage.prefix, *stage.sources, "-y", "--json")

        error = stage.run(*command).json["error"]
        left = stage.prefix.exists()
        stage.prefix.mkdir()
        stage.run(*command)

        assert (error["code"], left, [*stage.prefix.iterdir()]) == ("build-failed", False, [])


def sleeping(stage: Stage) -> Project:
    """Return a project whose build takes a minute."""
    code = f"import time; open({str(stage.folder / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    return stage.project(code=code)


def begin(stage: Stage, *arguments: object) -> "subprocess.Popen[bytes]":
    """Begin a command in a process of its own, until its backend runs."""
    command = [sys.executable, "-m", "wheelbridge", *map(str, arguments), *stage.sources]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    end = time.monotonic() + 60
    while not ((stage.folder / "pid").exists() and (stage.folder / "pid").read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    return process


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
class TestInterrupts:
    """Ctrl-C, and what is worse."""

    def test_a_build_ends_at_once(self, stage: Stage) -> None:
        """Where only the command gets the signal, it does not wait for its build."""
        sleeping(stage).pack(stage.index)
        process = begin(stage, "solve", "python", "pypi:pygreet", "--build", "pygreet", "--json")

        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)

        assert (process.returncode, json.loads(out)["error"]["code"]) == (130, "interrupted")
        with pytest.raises(ProcessLookupError):
            os.kill(int((stage.folder / "pid").read_text()), 0)
        assert [*(stage.folder / "cache" / "builds").iterdir()] == []

    def test_so_does_a_build_environment(self, stage: Stage) -> None:
        """Its new prefix goes, too."""
        project = sleeping(stage)
        edits = ((_ASKED, f"{project.code}; {_ASKED}"),)
        folder = stage.project(edits=edits).write(stage.folder / "project")
        process = begin(stage, "external", "build-env", folder, "-p", stage.prefix, "-y")

        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)

        assert (process.returncode, stage.prefix.exists()) == (130, False)

    def test_what_a_killed_one_left_goes_with_the_next(self, stage: Stage) -> None:
        """Nobody else would ever look for it."""
        sleeping(stage).pack(stage.index)
        process = begin(stage, "solve", "python", "pypi:pygreet", "--build", "pygreet")
        process.kill()
        process.communicate(timeout=20)
        os.killpg(int((stage.folder / "pid").read_text()), signal.SIGKILL)
        builds = stage.folder / "cache" / "builds"
        left = [path for path in builds.iterdir() if path.is_dir()]

        stage.project().pack(stage.index)
        stage.create("pypi:pygreet", "--build", "pygreet")

        assert len(left) == 1
        assert [path.name for path in builds.iterdir() if path.suffix != ".log"] == []
