"""A stage for the life of an environment: a channel and an index whose packages come and go, and what is done there."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.condapackages import Files, index_channel, make_conda
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from wheelbridge.api.demo import build_wheel
from wheelbridge.api.installing import Prepared, carry_out, prepare
from wheelbridge.api.life.cloning import Clone, carry_out_clone, prepare_clone
from wheelbridge.api.life.modifiers import Modifiers
from wheelbridge.api.life.restoring import Restoration, carry_out_restoration
from wheelbridge.api.life.revisions import prepare_revision
from wheelbridge.api.life.updating import Update, prepare_update
from wheelbridge.api.mapping.maps import take_maps
from wheelbridge.api.places import Caches
from wheelbridge.api.removing import prepare_removal
from wheelbridge.api.running import run_to_end
from wheelbridge.api.solving import Settings, Silent
from wheelbridge.api.sources import read_sources
from wheelbridge.api.specs import read_request
from wheelbridge.installer.history import load_history, requested_specs
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.reporter import Reporter
from wheelbridge.installer.transaction import Caches as PackageCaches
from wheelbridge.installer.transaction import run_transaction
from wheelbridge.target.detect import detect_target


@dataclass
class Shelf:
    """A channel and an index in one folder; *wheels* by project, *maps* as the API takes them."""

    folder: Path
    wheels: dict[str, list[Path]] = field(default_factory=dict)
    maps: dict[str, str] = field(default_factory=dict)

    @property
    def channel(self) -> Path:
        """The channel's folder."""
        return self.folder / "channel"

    def conda(self, name: str, version: str, *depends: str, files: Files | None = None, **index: Any) -> Path:
        """Add a conda package; by default with one file of its own."""
        place = f"share/{name}/data"
        contents = files or {place: f"{name} {version}"}
        return make_conda(self.channel, name, version, contents, depends=[*depends], **index)

    def wheel(self, name: str, version: str, *requires: str, files: dict[str, str] | None = None) -> Path:
        """Add a wheel; by default with one module of its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        headers = "".join(f"Requires-Dist: {one}\n" for one in requires)
        contents = files or {f"{name}.py": f"VERSION = {version!r}\n"}
        path = build_wheel(self.folder, name, version, contents, headers)
        self.wheels.setdefault(name.replace("_", "-"), []).append(path)
        return path


@dataclass
class Life:
    """An environment, and what is done to it through the Python API."""

    prefix: Path
    settings: Settings

    def create(self, *specs: str, modifiers: Modifiers | None = None) -> Prepared:
        """Make it."""
        return self._change(specs, modifiers, create=True)

    def install(self, *specs: str, modifiers: Modifiers | None = None) -> Prepared:
        """Add packages."""
        return self._change(specs, modifiers, create=False)

    def update(self, *names: str, everything: bool = False, modifiers: Modifiers | None = None) -> Update:
        """Move packages."""
        update = self.plan_update(*names, everything=everything, modifiers=modifiers)
        carry_out(update.prepared, self.settings, Reporter())
        return update

    def plan_update(self, *names: str, everything: bool = False, modifiers: Modifiers | None = None) -> Update:
        """Say what `update` would do."""
        settings = replace(self.settings, modifiers=modifiers or Modifiers())
        return prepare_update(self.prefix, names, settings, Silent(), everything=everything)

    def remove(self, *names: str) -> None:
        """Remove packages."""
        removal = prepare_removal(self.prefix, names)
        caches = self.settings.caches
        kept = PackageCaches(packages=caches.packages, wheels=caches.unpacked_wheels)
        run_to_end(run_transaction(removal.transaction, kept))

    def go_back(self, number: int) -> Restoration:
        """Go back to a revision."""
        restoration = prepare_revision(self.prefix, number, self.settings, Silent())
        carry_out_restoration(restoration, Reporter())
        return restoration

    def clone(self, prefix: Path) -> Clone:
        """Make another environment like this one."""
        clone = prepare_clone(self.prefix, prefix, self.settings)
        carry_out_clone(clone, Reporter())
        return clone

    def lost_files(self) -> list[str]:
        """Return the files of ``conda-meta`` that are not on disk."""
        owned = (str(file) for record in load_records(self.prefix) for file in record.files)
        return sorted(path for path in owned if not os.path.lexists(self.prefix / path))

    def pin(self, *lines: str) -> None:
        """Write ``conda-meta/pinned``."""
        (self.prefix / "conda-meta" / "pinned").write_text("".join(f"{line}\n" for line in lines))

    @property
    def versions(self) -> dict[str, str]:
        """Name -> version of what is installed, without python."""
        found = {record.name.normalized: str(record.version) for record in load_records(self.prefix)}
        return {name: version for name, version in found.items() if name != "python"}

    @property
    def requested(self) -> dict[str, str]:
        """Name -> what the history says was asked for, without python."""
        specs = requested_specs(load_history(self.prefix), self.versions, exact=True)
        return {name: spec for name, spec in specs.items() if name != "python"}

    def _change(self, specs: Iterable[str], modifiers: Modifiers | None, *, create: bool) -> Prepared:
        settings = replace(self.settings, modifiers=modifiers or Modifiers())
        prepared = prepare(self.prefix, read_request(specs), settings, Silent(), create=create)
        carry_out(prepared, settings, Reporter())
        return prepared


def start_life(prefix: Path, shelf: Shelf, index: LoopbackIndex, real: RealChannel, cache: Path) -> Life:
    """Return the place of an environment of real python and what is on the *shelf*; its channel is indexed now."""
    index_channel(shelf.channel)
    sources = read_sources([("channel", real.url), ("channel", shelf.channel.as_uri()), ("index", index.url)])
    sources = tuple(replace(source, claim="flexible") for source in sources)
    settings = Settings(
        target=detect_target(),
        sources=sources,
        caches=Caches(cache),
        maps=take_maps([shelf.maps] if shelf.maps else []),
    )
    return Life(prefix, settings)
