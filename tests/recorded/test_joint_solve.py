"""The joint solve over the recorded channel and the recorded index, both orders: sound by everybody's metadata."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from rattler import MatchSpec, PackageRecord
from rattler.package import BuildString

from tests.benchmarks.solve import unpack_channel
from tests.cli.conftest import Run, run
from tests.loopback import LoopbackIndex
from tests.oracle import evaluate, matches_any
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.tables import load_names

__all__ = ["run"]
pytestmark = pytest.mark.shared_data

REQUEST = ("python=3.12", "gdal", "pypi:jupyterlab", "pypi:pandas", "pypi:scikit-learn")
LINUX = ("--platform", "linux-64", "--virtual-package", "__glibc=2.36")


@dataclass(frozen=True)
class Recorded:
    """The recorded sources, ready to be asked."""

    index: LoopbackIndex
    channel: str
    metadata: Path


@pytest.fixture(scope="module")
def sources(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """The index behind a server, the channel unpacked."""
    channel = unpack_channel(tmp_path_factory.mktemp("channel") / "conda-forge")
    with LoopbackIndex(recorded) as index:
        yield Recorded(index, channel, recorded / "metadata")


@pytest.mark.parametrize("index_first", [True, False], ids=["index-first", "channel-first"])
def test_a_solution_is_sound_by_the_metadata_of_both_worlds(
    run: Run,
    sources: Recorded,
    index_first: bool,
) -> None:
    """`pip check` and conda's rules hold for every record, and a second run says the same."""
    options = ["-i", sources.index.url, "-c", sources.channel]
    options = options if index_first else options[2:] + options[:2]
    first = run("solve", *options, *REQUEST, *LINUX, "--json").json
    again = run("solve", *options, *REQUEST, *LINUX, "--json").json

    assert first["records"] == again["records"]
    kinds = {record["name"]: record["kind"] for record in first["records"]}
    assert kinds["python"] == kinds["gdal"] == "conda"
    assert kinds["pandas"] == ("wheel" if index_first else "conda")
    assert list(kinds) == sorted(kinds)
    _check_conda_rules(first["records"])
    assert _check_wheels(first["records"], sources.metadata) >= (90 if index_first else 0)


def _check_conda_rules(records: list[dict[str, Any]]) -> None:
    """Every dependency that holds is met by a chosen record (virtual packages aside)."""
    chosen = {record["name"]: _package_record(record) for record in records}
    for record in records:
        for text in record["depends"]:
            spec = MatchSpec(text)
            name = spec.name.normalized or ""
            if name.startswith("__") or (spec.condition and not _holds(spec.condition, chosen["python"])):
                continue
            assert name in chosen, f"{record['name']} needs {text}"
            met = spec.condition or spec.extras or spec.matches(chosen[name])
            assert met, f"{record['name']} needs {text}, got {chosen[name]}"


def _holds(condition: str, python: PackageRecord) -> bool:
    return matches_any(condition.split(" or "), python)


def _package_record(record: dict[str, Any]) -> PackageRecord:
    flags = ["wheel"] if record["kind"] == "wheel" else None
    return PackageRecord(
        record["name"],
        record["version"],
        BuildString(record["build"]),
        record["build_number"],
        record["subdir"],
        flags=flags,
    )


def _check_wheels(records: list[dict[str, Any]], metadata: Path) -> int:
    """Every Requires-Dist that holds is met, by `packaging`'s own evaluation; returns how many wheels there are."""
    names = load_names()
    by_name = {record["name"]: record for record in records}
    by_project = {record["pypi_name"]: record for record in records if record["pypi_name"]}
    python = by_name["python"]["version"]
    wheels = [record for record in records if record["kind"] == "wheel"]
    for wheel in wheels:
        text = (metadata / wheel["sha256"]).read_bytes()
        for line in parse_metadata(text, wheel["fn"]).requires_dist:
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue
            if requirement.marker and not evaluate(requirement.marker, "linux-64", python):
                continue
            project = canonicalize_name(requirement.name)
            identity = names.by_project(project).identity
            met_by = by_project.get(project) or by_name.get(str(identity.conda) if identity else "")
            assert met_by, f"{wheel['fn']} needs {line}"
            assert _is_in(met_by["version"], requirement), f"{wheel['fn']} needs {line}, got {met_by['version']}"
    return len(wheels)


def _is_in(version: str, requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False
