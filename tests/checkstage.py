"""A small environment whose python is a stub, for checks and repairs: nothing of it is run."""

import asyncio
import hashlib
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from rattler import MatchSpec, RepoDataRecord

from tests.installer.wheelmaker import SUBDIR, Made, make_package, make_wheel
from wheelbridge.api.checks.checking import check_environment
from wheelbridge.api.checks.findings import Finding
from wheelbridge.api.checks.fixing import Failure, mend, plan_mending
from wheelbridge.api.places import Caches
from wheelbridge.api.solving import Settings
from wheelbridge.installer.reporter import Reporter
from wheelbridge.installer.transaction import Caches as PackageCaches
from wheelbridge.installer.transaction import Request, run_transaction
from wheelbridge.model.target import Target

SITE = "lib/python3.12/site-packages"


class Stage:
    """An environment that is made of what a test needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prefix = folder / "env"
        self.site = self.prefix / SITE
        self.caches = Caches(folder / "cache")
        self.python = make_package(folder / "channel", "python=3.12.4", {"bin/python": "stub"})

    def make(self, *made: Made | RepoDataRecord, requested: Iterable[str] = ("python",)) -> None:
        """Make the environment of python and *made*."""
        records = [one.record if isinstance(one, Made) else one for one in made]
        wheels = {one.record.url: one.path for one in made if isinstance(one, Made)}
        request = Request(
            prefix=self.prefix,
            subdir=SUBDIR,
            records=(self.python, *records),
            wheels=wheels,
            requested=tuple(map(MatchSpec, requested)),
            create=True,
        )
        caches = PackageCaches(packages=self.caches.packages, wheels=self.caches.unpacked_wheels)
        asyncio.run(run_transaction(request, caches))

    def wheel(self, name: str, version: str = "1.0", **given: object) -> Made:
        """Make a wheel, and keep it as a download is kept."""
        made = make_wheel(self.folder / "wheels", name, version, **given)  # type: ignore[arg-type]  # passed through as it is
        digest = hashlib.sha256(made.path.read_bytes()).hexdigest()
        place = self.caches.downloads / digest
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(made.path, place)
        return made

    def drop(self, name: str, metadata: str, files: Mapping[str, str] | None = None, *, wheel: str = "") -> Path:
        """Put a distribution there as pip does, with an honest RECORD; return its folder."""
        project, version = name.split("=")
        info = self.site / f"{project}-{version}.dist-info"
        info.mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n{metadata}"
        inside = {"METADATA": text, "INSTALLER": "pip\n", "WHEEL": wheel or "Wheel-Version: 1.0\nTag: py3-none-any\n"}
        contents = {
            **(files or {f"{project}.py": ""}),
            **{f"{info.name}/{key}": value for key, value in inside.items()},
        }
        for path, content in contents.items():
            (self.site / path).parent.mkdir(parents=True, exist_ok=True)
            (self.site / path).write_text(content)
        rows = [f"{path},," for path in contents]
        (info / "RECORD").write_text("\n".join([*rows, f"{info.name}/RECORD,,", ""]))
        return info

    def find(self, **given: object) -> list[Finding]:
        """Return the findings."""
        return list(check_environment(self.prefix, **given))  # type: ignore[arg-type]  # passed through as it is

    def codes(self, **given: object) -> list[str]:
        """Return the codes of the findings."""
        return [finding.code for finding in self.find(**given)]

    def mend(self) -> tuple[Failure, ...]:
        """Mend what can be mended."""
        return mend(self.prefix, plan_mending(self.find()), self.settings, Reporter())

    @property
    def settings(self) -> Settings:
        """No source, no network."""
        return Settings(target=Target(subdir=SUBDIR), sources=(), caches=self.caches, offline=True)
