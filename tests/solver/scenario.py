"""Solver scenarios: TOML files that say what channels and indexes have, what is asked for, and what must come out."""

import asyncio
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from packaging.utils import canonicalize_name

from tests.fakes import FakeIndex, FakeNames
from wheelbridge.api.channel_specs import take_channels
from wheelbridge.api.external.tables import open_externals, read_no_external
from wheelbridge.api.solving import Silent
from wheelbridge.api.specs import read_request
from wheelbridge.api.variant_policies import read_variant_policy
from wheelbridge.mapping.external.layers import Mode
from wheelbridge.mapping.overlays import parse_overlay
from wheelbridge.mapping.overrides import parse_overrides
from wheelbridge.model.distribution import CoreMetadata
from wheelbridge.model.source import Claim, Route, Source, default_claim
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.solver.engine import solve_jointly
from wheelbridge.solver.problem import Problem, Solution
from wheelbridge.target.detect import parse_virtual_package
from wheelbridge.translate.wheel_externals import ExternalTables

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
        priority: what sources claim; ``default``: what their names say.
        claims: source -> claim, for one source.
        explicit: sources that serve only what is routed to them.
        mirrors: sources that count as one with the one before them.
        routes: as ``--route`` takes them.
        relations: channel -> what it declares (CEP 42).
        cutoffs: source -> its own time.
        decisions: name -> some of what its decision says, as JSON has it.
        rows: rows of the tables, as in a map file.
        tables: a map file's sections ``external`` and ``wheels``.
        no_external: projects whose wheels get nothing of conda.
        depends: name -> all that its record needs besides python and virtual packages.
        specs: what the history will say was asked for, whole.
        private: index -> projects that it must not even be asked for.
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
    priority: str = "flexible"
    claims: dict[str, Claim] = field(default_factory=dict)
    explicit: list[str] = field(default_factory=list)
    mirrors: list[str] = field(default_factory=list)
    routes: list[str] = field(default_factory=list)
    relations: dict[str, dict[str, str]] = field(default_factory=dict)
    cutoffs: dict[str, datetime] = field(default_factory=dict)
    follow: bool = True
    decisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    private: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    tables: dict[str, Any] = field(default_factory=dict)
    no_external: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    hashes: dict[str, list[str]] = field(default_factory=dict)
    prereleases: bool = False
    require_hashes: bool = False
    depends: dict[str, list[str]] = field(default_factory=dict)
    specs: list[str] = field(default_factory=list)
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

    def claim_of(self, name: str) -> Claim:
        """Return what a source claims."""
        general = default_claim(name) if self.priority == "default" else cast("Claim", self.priority)
        return self.claims.get(name, general)

    def __post_init__(self) -> None:
        """Refuse a scenario that nothing can fail."""
        if not (self.expect or self.labels or self.absent or self.conflict):
            raise ValueError(f"{self.name} says neither what to expect, nor what is absent, nor a conflict")


def load_scenarios(folder: Path) -> list[Scenario]:
    """Read every scenario of a folder."""
    paths = sorted(folder.glob("*.toml"))
    return [Scenario(name=path.stem, **tomllib.loads(path.read_text(encoding="utf-8"))) for path in paths]


def load_table(path: Path) -> list[Scenario]:
    """Read the scenarios of one file."""
    return [Scenario(**table) for table in tomllib.loads(path.read_text(encoding="utf-8"))["scenario"]]


def run_scenario(
    scenario: Scenario, folder: Path, new_index: Callable[[str], FakeIndex] = FakeIndex
) -> tuple[Solution, dict[str, FakeIndex]]:
    """Write the channels, fill the indexes, and solve with the real solver."""
    indexes = {name: _fill(new_index(name), wheels) for name, wheels in scenario.indexes.items()}
    sources = _place_sources(scenario, folder)
    request, named = take_channels(read_request(scenario.request), sources)
    problem = Problem(
        target=Target(subdir="linux-64", virtual_packages=TARGET).override(
            parse_virtual_package(f"{name}={value}") for name, value in scenario.target.items()
        ),
        variants=read_variant_policy(**scenario.policy),
        sources=sources,
        routes=(*named, *map(_read_route, scenario.routes)),
        specs=request.specs,
        requirements=request.requirements,
        relations=scenario.follow,
        complete=scenario.complete,
        exclude_newer=scenario.exclude_newer,
        externals=_open_externals(scenario),
        limits=tuple(scenario.limits),
        hashes={canonicalize_name(project): frozenset(digests) for project, digests in scenario.hashes.items()},
        prereleases=scenario.prereleases,
        require_hashes=scenario.require_hashes,
    )
    table = FakeNames(
        scenario.names,
        {key: tuple(value) for key, value in scenario.ambiguous.items()},
        frozenset(scenario.known),
        parse_overrides([{"conda": None, **row} for row in scenario.rows], own=True),
    )
    solution = asyncio.run(solve_jointly(problem, indexes, table, repodata_cache=folder / "cache", progress=Silent()))
    return solution, indexes


def _open_externals(scenario: Scenario) -> ExternalTables:
    """Open the scenario's own tables in the place of those that come with wheelbridge."""
    sections = {"external": [], "wheels": [], **scenario.tables}
    maps = [parse_overlay(sections, "the scenario", Mode.USE)]
    return open_externals(maps, read_no_external(scenario.no_external))


def _place_sources(scenario: Scenario, folder: Path) -> tuple[Source, ...]:
    sources: list[Source] = []
    for name in scenario.sources:
        tier = (sources[-1].tier + (name not in scenario.mirrors)) if sources else 0
        is_index = name in scenario.indexes
        url = f"https://{name}.example/simple" if is_index else (folder / name).as_uri()
        source = Source(
            name,
            "index" if is_index else "channel",
            url,
            tier,
            claim=scenario.claim_of(name),
            explicit=name in scenario.explicit,
            exclude_newer=scenario.cutoffs.get(name),
            trusted_hosts=(f"{name}.example",),
        )
        sources.append(source)
    for name, packages in scenario.channels.items():
        write_channel(folder / name, packages, scenario.relations.get(name, {}))
    return tuple(sources)


def _read_route(text: str) -> Route:
    route, _, marker = text.partition(";")
    pattern, _, sources = route.partition("=")
    assert not marker, "markers are decided before a problem is posed"
    return Route(pattern=pattern, sources=tuple(sources.split(",")), origin="the test")


def _fill(index: FakeIndex, wheels: list[Any]) -> FakeIndex:
    """Read ``"foo 1.0"``, ``"foo-1.0.tar.gz"`` or a table with ``wheel``, ``requires`` and more."""
    for entry in wheels:
        table = entry if isinstance(entry, dict) else {"wheel": entry}
        if "down" in table:
            index.down = table["down"]
            continue
        if "page" in table:
            index.files[canonicalize_name(table["page"])] = []
            continue
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
            requires_external=tuple(table.get("external", ())),
            provides_external_extra=tuple(table.get("external_extras", ())),
        )
        where = {key: table[key] for key in ("content", "url") if key in table}
        index.add(filename, metadata, table.get("yanked"), table.get("uploaded"), **where)
    return index


def write_channel(folder: Path, packages: list[Any], relations: Mapping[str, str] | None = None) -> str:
    """Write repodata of ``"foo 1.0"`` or tables with ``package``, ``depends``, ``build``; python is always there."""
    pythons = [{"package": f"python {version}", "build": "0_cpython", "content": "python"} for version in _PYTHONS]
    records: dict[str, object] = {}
    for entry in [*pythons, *packages]:
        table = entry if isinstance(entry, dict) else {"package": entry}
        name, version = table["package"].split()
        build = table.get("build", "0")
        content = table.get("content", folder.name)
        digest = sha256(f"{content}/{name}-{version}-{build}".encode()).hexdigest()
        records[f"{name}-{version}-{build}.conda"] = {
            "name": name,
            "version": version,
            "build": build,
            "build_number": table.get("number", 0),
            "depends": table.get("depends", []),
            "subdir": "linux-64",
            **({"sha256": digest} if content else {}),
            "timestamp": int(table.get("built", _LONG_AGO).timestamp() * 1000),
        }
    for subdir in ("linux-64", "noarch"):
        place = folder / subdir
        place.mkdir(parents=True, exist_ok=True)
        found = records if subdir == "linux-64" else {}
        info = {"subdir": subdir, **({"channel_relations": relations} if relations else {})}
        text = json.dumps({"info": info, "packages": {}, "packages.conda": found, "repodata_version": 1})
        (place / "repodata.json").write_text(text, encoding="utf-8")
    return folder.as_uri()
