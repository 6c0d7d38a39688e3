"""Solver scenarios: TOML files that say what channels and indexes have, what is asked for, and what must come out."""

import asyncio
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fakes import FakeIndex, FakeNames
from wheelbridge.api.solving import Silent
from wheelbridge.api.specs import read_request
from wheelbridge.api.variant_policies import read_variant_policy
from wheelbridge.model.distribution import CoreMetadata
from wheelbridge.model.source import Source
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.solver.engine import solve_jointly
from wheelbridge.solver.problem import Problem, Solution
from wheelbridge.target.detect import parse_virtual_package

_PYTHONS = ("3.10.14", "3.11.9", "3.12.4")
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TARGET = (VirtualPackage("__glibc", "2.36"), VirtualPackage("__linux", "6.1"), VirtualPackage("__unix", "0"))


@dataclass
class Scenario:
    """One file: *expect*, *labels*, *absent* or *conflict* says what must happen.

    Attributes:
        target: virtual packages beside those of `TARGET`.
        policy: the arguments of `read_variant_policy`.
        labels: name -> variant label, empty for a wheel without one.
        notes: texts that the notes must have; *silent*: texts that they must not have.
        refused: file name -> reason, whole.
        rounds: how often the solver is asked.
        metadata_at_most: how many wheels' metadata is read.
    """

    name: str
    description: str
    sources: list[str]
    request: list[str]
    channels: dict[str, list[Any]] = field(default_factory=dict)
    indexes: dict[str, list[Any]] = field(default_factory=dict)
    target: dict[str, str] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)
    expect: dict[str, str] = field(default_factory=dict)
    builds: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    conflict: list[str] = field(default_factory=list)
    error: str = "unsatisfiable"
    unasked: list[str] = field(default_factory=list)
    complete: bool = False
    exclude_newer: datetime | None = None
    rounds: int | None = None
    metadata_at_most: int | None = None

    def __post_init__(self) -> None:
        """Refuse a scenario that nothing can fail."""
        if not (self.expect or self.labels or self.absent or self.conflict):
            raise ValueError(f"{self.name} says neither what to expect, nor what is absent, nor a conflict")


def load_scenarios(folder: Path) -> list[Scenario]:
    """Read every scenario of a folder."""
    paths = sorted(folder.glob("*.toml"))
    return [Scenario(name=path.stem, **tomllib.loads(path.read_text(encoding="utf-8"))) for path in paths]


def run_scenario(
    scenario: Scenario, folder: Path, new_index: Callable[[str], FakeIndex] = FakeIndex
) -> tuple[Solution, dict[str, FakeIndex]]:
    """Write the channels, fill the indexes, and solve with the real solver."""
    indexes = {name: _fill(new_index(name), wheels) for name, wheels in scenario.indexes.items()}
    sources = []
    for tier, name in enumerate(scenario.sources):
        if name in indexes:
            sources.append(Source(name, "index", f"https://{name}.example/simple", tier))
        else:
            url = write_channel(folder / name, scenario.channels[name])
            sources.append(Source(name, "channel", url, tier))
    request = read_request(scenario.request)
    problem = Problem(
        target=Target(subdir="linux-64", virtual_packages=TARGET).override(
            parse_virtual_package(f"{name}={value}") for name, value in scenario.target.items()
        ),
        variants=read_variant_policy(**scenario.policy),
        sources=tuple(sources),
        specs=request.specs,
        requirements=request.requirements,
        complete=scenario.complete,
        exclude_newer=scenario.exclude_newer,
    )
    table = FakeNames(
        scenario.names, {key: tuple(value) for key, value in scenario.ambiguous.items()}, frozenset(scenario.known)
    )
    solution = asyncio.run(solve_jointly(problem, indexes, table, repodata_cache=folder / "cache", progress=Silent()))
    return solution, indexes


def _fill(index: FakeIndex, wheels: list[Any]) -> FakeIndex:
    """Read ``"foo 1.0"``, ``"foo-1.0.tar.gz"`` or a table with ``wheel``, ``requires`` and more."""
    for entry in wheels:
        table = entry if isinstance(entry, dict) else {"wheel": entry}
        if table["wheel"].endswith(".tar.gz"):
            index.add(table["wheel"], None)
            continue
        project, version = table["wheel"].split()
        if "variants" in table:
            index.add_variants(project, version, table["variants"])
            continue
        label = f"-{table['label']}" if "label" in table else ""
        filename = f"{project.replace('-', '_')}-{version}-{table.get('tag', 'py3-none-any')}{label}.whl"
        metadata = CoreMetadata(
            name=project,
            version=version,
            requires_dist=tuple(table.get("requires", ())),
            requires_python=table.get("python"),
            provides_extra=tuple(table.get("extras", ())),
        )
        index.add(filename, metadata, table.get("yanked"), table.get("uploaded"))
    return index


def write_channel(folder: Path, packages: list[Any]) -> str:
    """Write repodata of ``"foo 1.0"`` or tables with ``package``, ``depends``, ``build``; python is always there."""
    pythons = [{"package": f"python {version}", "build": "0_cpython"} for version in _PYTHONS]
    records: dict[str, object] = {}
    for entry in [*pythons, *packages]:
        table = entry if isinstance(entry, dict) else {"package": entry}
        name, version = table["package"].split()
        build = table.get("build", "0")
        records[f"{name}-{version}-{build}.conda"] = {
            "name": name,
            "version": version,
            "build": build,
            "build_number": 0,
            "depends": table.get("depends", []),
            "subdir": "linux-64",
            "sha256": "0" * 64,
            "timestamp": int(table.get("built", _LONG_AGO).timestamp() * 1000),
        }
    for subdir in ("linux-64", "noarch"):
        place = folder / subdir
        place.mkdir(parents=True, exist_ok=True)
        found = records if subdir == "linux-64" else {}
        text = json.dumps({"info": {"subdir": subdir}, "packages": {}, "packages.conda": found, "repodata_version": 1})
        (place / "repodata.json").write_text(text, encoding="utf-8")
    return folder.as_uri()
