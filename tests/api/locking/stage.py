"""A channel and an index to lock from, and what is asked of them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.solver.scenario import write_channel
from tests.variantwheels import NVIDIA, X86_64, make_document, write_document
from wheelbridge.api.demo import build_wheel
from wheelbridge.api.locking.asked import Asked
from wheelbridge.api.locking.earlier import Earlier
from wheelbridge.api.locking.making import Made, make_lock
from wheelbridge.api.locking.targets import choose_targets
from wheelbridge.api.places import Caches
from wheelbridge.api.solving import Settings, Silent
from wheelbridge.api.sources import read_sources
from wheelbridge.api.specs import read_request
from wheelbridge.environment.lock import Lock, LockedPackage
from wheelbridge.target.detect import assume_target

SUBDIRS = ("linux-64", "osx-arm64")
PACKAGES: tuple[Any, ...] = ("lib 1.0", {"package": "app 1.0", "depends": ["lib >=1"]})
VARIANTS = {
    "cu12": {"nvidia": {"cuda_version_lower_bound": ["12.0"]}},
    "v3": {"x86_64": {"level": ["v3"]}},
}
DOCUMENT = {
    **make_document(["nvidia", "x86_64"], {"nvidia": NVIDIA, "x86_64": X86_64}, VARIANTS),
    "x-unknown": {"kept": [1, 2]},
}


@dataclass(frozen=True)
class Stage:
    """A channel in a folder, and the URL or folder of an index."""

    channel: Path
    index: str
    cache: Path

    def publish(self, *packages: Any) -> None:
        """Let the channel have the usual packages and *packages*, for each subdir."""
        write_channel(self.channel, [*PACKAGES, *packages])
        written = self.channel / "linux-64" / "repodata.json"
        for subdir in SUBDIRS[1:]:
            content = json.loads(written.read_text(encoding="utf-8").replace('"linux-64"', f'"{subdir}"'))
            (self.channel / subdir).mkdir(exist_ok=True)
            (self.channel / subdir / "repodata.json").write_text(json.dumps(content), encoding="utf-8")

    @property
    def settings(self) -> Settings:
        """The two sources, the channel first."""
        sources = read_sources([("channel", self.channel.as_uri()), ("index", f"here={self.index}")], defaults=False)
        return Settings(target=assume_target("linux-64"), sources=sources, caches=Caches(self.cache))

    def ask(
        self, *specs: str, platforms: Sequence[str] = ("linux-64",), facts: Iterable[str] = (), **changes: Any
    ) -> list[Asked]:
        """Ask for *specs* on each of *platforms*; *changes* are of the settings."""
        settings = replace(self.settings, **changes)
        return [
            Asked(
                name=choice.name,
                request=read_request(specs),
                settings=replace(settings, target=assume_target(choice.platform or "", choice.facts)),
            )
            for choice in choose_targets(platforms, facts)
        ]

    def lock(self, asked: Sequence[Asked], before: Lock | None = None, **options: Any) -> Made:
        """Make a lock beside the channel, near to what was *before*."""
        every = options.pop("all_variants", False)
        earlier = Earlier(lock=before, **options)
        return make_lock(asked, self.channel.parent, Silent(), earlier, all_variants=every)


def fill_index(folder: Path) -> Path:
    """Make the wheels: a tool with a helper, and a project with two variants and a plain wheel; return the folder."""
    tool, accelerated = folder / "tool", folder / "accel"
    for place in (tool, accelerated, folder / "helper"):
        place.mkdir(parents=True)
    build_wheel(tool, "tool", "1.0", {"tool.py": ""}, "Requires-Python: >=3.9\nRequires-Dist: helper>=1\n")
    build_wheel(folder / "helper", "helper", "1.0", {"helper.py": ""})
    plain = build_wheel(accelerated, "accel", "1.0", {"accel.py": ""})
    for label in ("cu12", "v3"):
        own = {**DOCUMENT, "variants": {label: VARIANTS[label]}}
        build_wheel(accelerated, "accel", "1.0", {"accel.py": ""}, label=label, variant_json=own)
    build_wheel(accelerated, "accel", "1.0", {"accel.py": ""}, tag="cp310-cp310-manylinux_2_17_x86_64", label="v3")
    write_document(plain, DOCUMENT)
    return folder


def package(lock: Lock, name: str, target: str | None = None) -> LockedPackage:
    """Return one package of a target, the first one if none is named."""
    chosen = next(one for one in lock.targets if target in (None, one.name))
    return next(one for one in chosen.packages if one.name == name)


def versions(lock: Lock) -> dict[str, str]:
    """Return name -> version of the first target's packages."""
    return {one.name: one.version for one in lock.targets[0].packages}
