"""The real pip, uv and rattler, asked what they take of a row's sources."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from rattler import Channel, ChannelPriority, Gateway, MultiSource, PackageRecord, RepoDataRecord, solve
from rattler.exceptions import SolverError
from rattler.package import BuildString

from tests.priorities.rows import PEERS, UV, Outcome, Row, RowSource, World
from tests.priorities.stage import Stage, make_records

UNSATISFIABLE: Mapping[str, str] = {
    "pip": "No matching distribution found|ResolutionImpossible",
    "uv": "No solution found when resolving dependencies",
    "rattler": "Cannot solve the request",
}
_PRIORITIES = {
    "strict": ChannelPriority.Strict,
    "flexible": ChannelPriority.Flexible,
    "disabled": ChannelPriority.Disabled,
}
_FROM_THE_OUTSIDE = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_")
_LOCK = Lock()


def ask(peer: str, stage: Stage, world: World) -> Outcome:
    """Let *peer* resolve the request of the row on *stage*."""
    if peer == "pip":
        return _ask_pip(stage)
    return _ask_uv(peer, stage) if peer in UV else asyncio.run(_ask_rattler(peer, stage, world))


def is_there(peer: str) -> bool:
    """Tell whether *peer* can be asked on this machine."""
    if peer == "pip":
        return find_spec("pip") is not None
    return peer not in UV or _find_uv() is not None


def versions() -> str:
    """Say who was asked."""
    found = {
        "py-rattler": version("py-rattler"),
        "pip": version("pip") if is_there("pip") else "(none)",
        "uv": "(none)",
    }
    if uv := _find_uv():
        run = subprocess.run([uv, "--version"], capture_output=True, text=True, check=True)
        found["uv"] = run.stdout.split()[1]
    return ", ".join(f"{name} {text}" for name, text in found.items())


def _find_uv() -> str | None:
    """Return the uv beside this python, or the one on the path."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv")


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run *command* where no settings of this machine, this user or this shell reach it."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(_FROM_THE_OUTSIDE)}
    nowhere = {key: str(folder / "nowhere") for key in ("HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "NETRC")}
    environment = {**kept, **nowhere, "PIP_CONFIG_FILE": os.devnull, "UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "5"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _ask_pip(stage: Stage) -> Outcome:
    folder = stage.folder / "pip"
    folder.mkdir()
    isolation = ["--isolated", "--no-cache-dir", "--disable-pip-version-check", "--no-input", "--quiet"]
    patience = ["--retries", "0", "--timeout", "5"]
    what = ["--dry-run", "--ignore-installed", "--report", "report.json", *_index_options(stage), *stage.row.request]
    only_binary = ["--only-binary", ":all:"] if stage.row.only_binary else []
    pip = [sys.executable, "-I", "-m", "pip", "install"]
    run = _run([*pip, *isolation, *patience, *only_binary, *what], folder)
    if run.returncode:
        return Outcome(refusal=run.stderr)
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    found = {}
    for package in report["install"]:
        url, hashes = package["download_info"]["url"], package["download_info"]["archive_info"]["hashes"]
        stage.check_hash(url, hashes["sha256"])
        found[package["metadata"]["name"]] = package["metadata"]["version"], stage.origin(url)
    return Outcome.of(found)


def _index_options(stage: Stage) -> list[str]:
    links = [source.name for source in stage.row.sources if source.flat or source.links]
    main, extra = _main_and_extra(stage.row)
    options = [f"--index-url={stage.indexes[main]}" if main else "--no-index"]
    options += [f"--extra-index-url={stage.indexes[name]}" for name in extra]
    return options + [f"--find-links={stage.indexes[name]}" for name in links]


def _main_and_extra(row: Row) -> tuple[str | None, list[str]]:
    """Return the source for ``--index-url``: the first that is not said to be another; and all others."""
    served = [source for source in row.sources if not (source.flat or source.links)]
    main = next((source.name for source in served if not source.extra), None)
    return main, [source.name for source in served if source.name != main]


def _ask_uv(peer: str, stage: Stage) -> Outcome:
    folder = stage.folder / peer
    folder.mkdir()
    (folder / "pyproject.toml").write_text(_write_project(stage, peer.partition(".")[2]), encoding="utf-8")
    shutil.copytree(_fresh_cache(stage.folder.parent / "uv"), folder / "cache")
    run = _compile(folder, *(["--no-build"] if stage.row.only_binary else []))
    if run.returncode:
        return Outcome(refusal=run.stderr)
    found = {}
    for package in tomllib.loads(run.stdout)["packages"]:
        for file in (*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())):
            url = file.get("url") or (folder / file["path"]).resolve().as_uri()
            stage.check_hash(url, file["hashes"]["sha256"])
            found[package["name"]] = package["version"], stage.origin(url)
    return Outcome.of(found)


def _compile(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Let uv resolve the project in *folder*, with the cache there."""
    uv = _find_uv()
    assert uv is not None
    what = ["pip", "compile", "pyproject.toml", "--format", "pylock.toml", "--no-header", "--cache-dir", "cache"]
    return _run([uv, *what, "--python", sys.executable, "--no-python-downloads", "--color", "never", *options], folder)


def _fresh_cache(folder: Path) -> Path:
    """Return a cache that knows this python and no index: to ask a python takes uv longer than all else."""
    with _LOCK:
        if not folder.exists():
            folder.mkdir()
            (folder / "pyproject.toml").write_text('[project]\nname = "none"\nversion = "0"\n', encoding="utf-8")
            _compile(folder).check_returncode()
    return folder / "cache"


def _write_project(stage: Stage, strategy: str) -> str:
    """Write the pyproject.toml that says what the row says."""
    row = stage.row
    lines = ["[project]", 'name = "request"', 'version = "0"', f"dependencies = {json.dumps(row.request)}"]
    lines += ["[tool.uv]", f'index-strategy = "{strategy}"']
    links = [stage.indexes[source.name] for source in row.sources if source.links]
    lines += [f"find-links = {json.dumps(links)}"] if links else []
    ordered = [source for source in row.sources if not source.links]
    if any(source.extra for source in ordered):
        main, extra = _main_and_extra(row)
        lines += [f'index-url = "{stage.indexes[main or ""]}"']
        lines += [f"extra-index-url = {json.dumps([stage.indexes[name] for name in extra])}"]
    else:
        lines += [] if ordered else ["no-index = true"]
        default = next((s for s in ordered if s.default), next((s for s in reversed(ordered) if not s.explicit), None))
        for source in ordered:
            lines += _write_index(source, stage.indexes[source.name], is_default=source is default)
    return "\n".join((*lines, *_write_routes(row), ""))


def _write_index(source: RowSource, url: str, *, is_default: bool) -> list[str]:
    lines = ["[[tool.uv.index]]", f'name = "{source.name}"', f'url = "{url}"']
    lines += ["explicit = true"] if source.explicit else []
    lines += ["default = true"] if is_default else []
    lines += ['format = "flat"'] if source.flat else []
    return lines + ([f"ignore-error-codes = {list(source.missing)}"] if source.missing else [])


def _write_routes(row: Row) -> list[str]:
    found: dict[str, list[str]] = {}
    for route in row.routes:
        marker = f', marker = "{route.marker}"' if route.marker else ""
        found.setdefault(route.package, []).append(f'{{ index = "{route.source}"{marker} }}')
    lines = [f"{package} = [{', '.join(entries)}]" for package, entries in found.items()]
    return ["[tool.uv.sources]", *lines] if lines else []


class Records:
    """A source of rattler's, in Python, as wheelbridge hands it its indexes."""

    def __init__(self, source: RowSource, url: str) -> None:
        self._url = url
        self._records = [
            RepoDataRecord(_record(record), fn, f"{url}/noarch/{fn}", url)
            for fn, record in make_records(source.packages).items()
        ]

    async def fetch_package_records(self, subdir: Any, name: Any) -> list[RepoDataRecord]:
        """Return the records of one package."""
        return [
            record for record in self._records if str(subdir) == "noarch" and record.name.normalized == name.normalized
        ]

    def package_names(self, subdir: Any) -> list[str]:
        """Return the names."""
        return sorted({record.name.normalized for record in self._records}) if str(subdir) == "noarch" else []


def _record(record: Mapping[str, Any]) -> PackageRecord:
    fields = {key: record[key] for key in ("name", "version", "build_number", "subdir", "depends")}
    found = PackageRecord(**fields, build=BuildString(record["build"]))
    found.timestamp = datetime.fromtimestamp(record["timestamp"] / 1000, UTC)
    return found


async def _ask_rattler(peer: str, stage: Stage, world: World) -> Outcome:
    tiers: dict[object, list[Any]] = {}
    for number, source in enumerate(stage.row.sources):
        url = stage.channels.get(source.name, f"https://{source.name}.example")
        found = Records(source, url) if is_index(source, number, world) else Channel(url)
        tiers.setdefault(source.name if source.tier is None else source.tier, []).append(found)
    sources = [group[0] if len(group) == 1 else MultiSource("group", group) for group in tiers.values()]
    try:
        records = await solve(
            sources,
            [spec.format(**stage.channels) for spec in stage.row.request],
            gateway=Gateway(cache_dir=stage.folder / f"{peer} {world}"),
            platforms=["linux-64", "noarch"],
            channel_priority=_PRIORITIES[PEERS[peer]],
        )
    except SolverError as error:
        return Outcome(refusal=str(error))
    return Outcome.of({one.name.normalized: (str(one.version), stage.origin(one.url)) for one in records})


def is_index(source: RowSource, number: int, world: World) -> bool:
    """Tell whether the source at place *number* is an index in *world*."""
    if source.kind is not None:
        return source.kind == "index"
    return {"indexes": True, "channels": False, "channel above": number > 0, "index above": number == 0}[world]
