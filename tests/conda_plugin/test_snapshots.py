"""What people and programs read of ``conda wheelbridge``: whole outputs, but for what differs from run to run."""

import json
import re
from typing import Any

import pytest

from tests.conda_plugin.conftest import Stage

pytestmark = pytest.mark.conda


def _steady(text: str, stage: Stage) -> str:
    """Replace places, versions of the running python, hashes and sizes; lines lose the blanks at their end."""
    channel = stage.conda.settings["channels"][0]
    for known, name in ((channel, "CHANNEL"), (stage.index, "INDEX"), (str(stage.conda.home), "HOME")):
        text = text.replace(known, name)
    text = text.replace(channel.rpartition("/")[2], "channel")
    text = re.sub(r"_h[0-9a-f]{8}\b", "_hHASH", text)
    text = re.sub(r"\b\d+\.\d+ (?:k|M)?B\b|\b\d+ B\b", "SIZE", text)
    text = re.sub(r"(?m)^([+ ]+python +)\S+( +)\S+", r"\1VERSION\2BUILD", text)
    return "\n".join(re.sub(r"  +", "  ", line).rstrip() for line in text.strip().splitlines())


def _text(wanted: str) -> str:
    return "\n".join(re.sub(r"  +", "  ", line).rstrip() for line in wanted.strip().splitlines())


def test_a_plan(stage: Stage) -> None:
    """A dry run: conda's spinner, our plan, conda's end."""
    said = stage.conda("wheelbridge", "create", "-n", "new", "python", "pypi:app", *stage.source, "--dry-run")

    assert _steady(said.out, stage) == _text("""
Solving environment: ...working... done
Plan for HOME/envs/new
   package  version  build               source           size
+  app      1.0      py3_none_any_hHASH  mine (wheel)     SIZE
+  lib      1.1      py3_none_any_hHASH  mine (wheel)     SIZE
+  python   VERSION  BUILD               channel (conda)  SIZE
3 to add, 0 to change, 0 to remove, 0 kept; to fetch: at most SIZE
""")
    assert said.err.strip() == "DryRunExit: Dry run. Exiting."


def test_nothing_to_do(stage: Stage) -> None:
    """What is asked for is there."""
    said = stage.conda("wheelbridge", "install", "-n", "demo", "pypi:app", *stage.source)

    assert _steady(said.out, stage) == _text("""
Solving environment: ...working... done
Nothing to do: HOME/envs/demo has what was asked for.
""")
    assert said.err == ""


def test_an_error(stage: Stage) -> None:
    """As conda tells its own: the kind of error, the message, what to do next with a name for it."""
    said = stage.conda("wheelbridge", "why", "-n", "demo", "nothere", code=1)

    assert said.out == ""
    assert _steady(said.err, stage) == _text("""
NotInstalledError: 'nothere' is not installed in HOME/envs/demo

Next steps:
  - (not-installed) See what is: conda wheelbridge list -p HOME/envs/demo.
""")


def test_an_error_for_programs(stage: Stage) -> None:
    """Wheelbridge's ``error``, ``success``, and the keys that conda's errors have."""
    said = stage.conda("wheelbridge", "solve", "python", "pypi:nothere", *stage.source, "--json", code=1)

    assert json.loads(_steady(said.out, stage)) == {
        "success": False,
        "error": {
            "code": "package-not-found",
            "message": "No source has 'nothere' (asked: channel, mine)",
            "hint": None,
            "name": "nothere",
            "sources": ["channel", "mine"],
            "route": None,
        },
        "message": "No source has 'nothere' (asked: channel, mine)",
        "exception_name": "PackageNotFoundError",
        "exception_type": "<class 'wheelbridge.conda_plugin.errors.PackageNotFoundError'>",
    }


def test_a_solution_for_programs(stage: Stage) -> None:
    """The whole object of ``solve --json``."""
    said = stage.conda("wheelbridge", "solve", "python", "pypi:app", *stage.source, "--json")
    found: dict[str, Any] = json.loads(said.out)
    target, statistics = found.pop("target"), found.pop("statistics")
    records = {record["name"]: record for record in found.pop("records")}

    assert set(target) == {"subdir", "virtual_packages", "variants"}
    assert {"wall_seconds", "solve_seconds", "rounds", "pages", "metadata"} <= set(statistics)
    assert [(source["kind"], source["tier"]) for source in found.pop("sources")] == [("channel", 0), ("index", 1)]
    assert found.pop("refused") == []
    assert found.pop("success") is True
    assert found.pop("dry_run") is True
    assert list(records) == ["app", "lib", "python"]
    assert records["lib"] | {"build": "", "url": "", "sha256": "", "size": 0} == {
        "kind": "wheel",
        "name": "lib",
        "pypi_name": "lib",
        "version": "1.1",
        "build": "",
        "build_number": 0,
        "subdir": "noarch",
        "source": "mine",
        "fn": "lib-1.1-py3-none-any.whl",
        "url": "",
        "sha256": "",
        "size": 0,
        "depends": records["lib"]["depends"],
        "variant": None,
    } | {key: records["lib"][key] for key in records["lib"].keys() - CONTRACT}


CONTRACT = {
    "kind",
    "name",
    "pypi_name",
    "version",
    "build",
    "build_number",
    "subdir",
    "source",
    "fn",
    "url",
    "sha256",
    "size",
    "depends",
    "variant",
}
"""The keys of a record that the commands promise; there may be more."""
