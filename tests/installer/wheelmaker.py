"""Wheels made on the fly, honest ones and others."""

import asyncio
import base64
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from installer.utils import parse_wheel_filename
from rattler import MatchSpec, PackageRecord, RepoDataRecord, Subdir
from rattler.package import BuildString

from tests.real_python import RealChannel
from wheelbridge.installer.reporter import Reporter
from wheelbridge.installer.transaction import Caches, Outcome, Request, run_transaction

SUBDIR = str(Subdir.current())
INDEX = "https://index.example/simple"


@dataclass(frozen=True, slots=True)
class Made:
    """A wheel on disk, and the record a solver would return for it."""

    path: Path
    record: RepoDataRecord


def make_wheel(  # noqa: PLR0913 - one keyword for each thing that can be wrong
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    files: Mapping[str, str | bytes] | None = None,
    executable: Iterable[str] = (),
    entry_points: str = "",
    requires: Iterable[str] = (),
    record: str | None = None,
    tag: str = "py3-none-any",
    project: str | None = None,
) -> Made:
    """Make a wheel of *files*; *record* replaces its RECORD."""
    info = f"{name}-{version}.dist-info"
    lines = [f"Name: {project or name}", f"Version: {version}", *(f"Requires-Dist: {item}" for item in requires)]
    members: dict[str, str | bytes] = (
        {f"{name}/__init__.py": f"version = {version!r}\n"} if files is None else {**files}
    )
    members[f"{info}/METADATA"] = "\n".join(["Metadata-Version: 2.1", *lines, ""])
    members[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
    if entry_points:
        members[f"{info}/entry_points.txt"] = entry_points
    members[f"{info}/RECORD"] = make_record(members, info) if record is None else record
    path = folder / f"{name}-{version}-{tag}.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            item = zipfile.ZipInfo(member, (2024, 1, 1, 0, 0, 0))
            item.external_attr = (0o100755 if member in executable else 0o100644) << 16
            archive.writestr(item, data)
    return Made(path, wheel_repodata(path))


def make_record(members: Mapping[str, str | bytes], info: str) -> str:
    """Return an honest RECORD."""
    rows = []
    for member, data in members.items():
        raw = data.encode() if isinstance(data, str) else data
        digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
        rows.append(f"{member},sha256={digest},{len(raw)}")
    return "\n".join([*rows, f"{info}/RECORD,,", ""])


def wheel_repodata(path: Path, *, build: str = "py3_none_any_0", name: str | None = None) -> RepoDataRecord:
    """Return the record of a wheel, as the solver would."""
    parsed = parse_wheel_filename(path.name)
    package = PackageRecord(
        name or parsed.distribution.lower().replace("_", "-"),
        parsed.version,
        BuildString(build),
        0,
        SUBDIR,
        noarch="python",
        depends=["python"],
        size=path.stat().st_size,
    )
    package.sha256 = hashlib.sha256(path.read_bytes()).digest()
    return RepoDataRecord(package, path.name, f"https://files.example/{path.name}", INDEX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """A prefix with the caches to fill it, and a channel with a real python."""

    folder: Path
    prefix: Path
    channel: RealChannel
    caches: Caches
    reporter: Reporter = field(default_factory=Reporter)

    @property
    def python(self) -> Path:
        """The interpreter of the prefix."""
        return self.prefix / ("python.exe" if sys.platform == "win32" else "bin/python")

    @property
    def site_packages(self) -> Path:
        """Where the prefix keeps modules."""
        return next(self.prefix.glob("[Ll]ib/**/site-packages"))

    def request(self, *made: Made, create: bool = False, requested: Iterable[str] = (), **options: Any) -> Request:
        """Return the request for an environment of python and the wheels *made*."""
        request = Request(
            prefix=self.prefix,
            subdir=SUBDIR,
            records=(self.channel.python, *(item.record for item in made)),
            wheels={item.record.url: item.path for item in made},
            requested=tuple(MatchSpec(text) for text in requested),
            create=create,
        )
        return replace(request, **options)

    def run(self, request: Request) -> Outcome:
        """Run the transaction."""
        return asyncio.run(run_transaction(request, self.caches, reporter=self.reporter))

    def create(self, *made: Made, requested: Iterable[str] = ("python",)) -> Outcome:
        """Make the environment."""
        return self.run(self.request(*made, create=True, requested=requested))

    def change(self, *made: Made, requested: Iterable[str] = (), **options: Any) -> Outcome:
        """Make the environment hold just python and *made*."""
        return self.run(self.request(*made, create=False, requested=requested, **options))

    def call(self, *command: str | Path) -> str:
        """Run a command of the environment, and return what it prints."""
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, env=clean_env())
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def script(self, name: str) -> Path:
        """Return the path of a console script."""
        return self.prefix / (f"Scripts/{name}.exe" if sys.platform == "win32" else f"bin/{name}")


def clean_env() -> dict[str, str]:
    """Return an environment without anything that leads a python elsewhere."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "PIP"))}


def snapshot(prefix: Path) -> dict[str, bytes | str]:
    """Return path -> contents of everything below *prefix*, but for our own lock."""
    found: dict[str, bytes | str] = {}
    for path in sorted(prefix.rglob("*")):
        name = path.relative_to(prefix).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file() and path.name != ".wheelbridge.lock":
            found[name] = path.read_bytes()
    return found


def make_package(
    folder: Path,
    name: str,
    files: Mapping[str, str],
    *,
    noarch: str | None = None,
    sizes: bool = True,
    entry_points: Iterable[str] = (),
    depends: Iterable[str] = (),
) -> RepoDataRecord:
    """Make a conda package of *files*, ``NAME`` or ``NAME=VERSION``, in a channel that knows their *sizes* or not."""
    name, _, given = name.partition("=")
    version = given or "1.0"
    paths = [
        {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            **({"size_in_bytes": len(text.encode())} if sizes else {}),
        }
        for path, text in files.items()
    ]
    index = {"name": name, "version": version, "build": "0", "build_number": 0, "subdir": SUBDIR} | {
        "depends": [*depends]
    }
    if noarch:
        index |= {"noarch": noarch, "subdir": "noarch"}
    members = {
        **files,
        "info/index.json": json.dumps(index),
        "info/paths.json": json.dumps({"paths_version": 1, "paths": paths}),
        "info/link.json": json.dumps(
            {"package_metadata_version": 1, "noarch": {"type": "python", "entry_points": [*entry_points]}}
        ),
    }
    archive = folder / str(index["subdir"]) / f"{name}-{version}-0.tar.bz2"
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:bz2") as tar:
        for path, text in members.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(text.encode()), 0o644
            tar.addfile(member, BytesIO(text.encode()))
    record = asyncio.run(RepoDataRecord.from_package_archive(archive))
    record.channel = folder.as_uri()
    return record
