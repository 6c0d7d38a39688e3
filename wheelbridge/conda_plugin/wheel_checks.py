"""What keeps wheels out of an environment that conda is about to link them into.

Nothing here needs py-rattler: where conda-pypi unpacks wheels, and an old one is beside it, they are checked all the
same.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cached_property
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from conda.base.context import context
from conda.core.package_cache_data import PackageCacheData
from conda.core.prefix_data import PrefixData
from packaging.tags import InvalidTag, Tag, parse_tag
from packaging.utils import NormalizedName, canonicalize_name

from wheelbridge.conda_plugin.verifying import is_trusted, is_wheel, unpacked
from wheelbridge.conda_plugin.wheel_errors import DuplicateWheelError, ForgedWheelError, WrongWheelError
from wheelbridge.conda_plugin.wheel_files import check_files
from wheelbridge.conda_plugin.wheel_packages import UNTRANSLATED
from wheelbridge.errors import TranslationError, WheelbridgeError
from wheelbridge.installer.errors import NoPythonError
from wheelbridge.installer.layout import PythonLayout
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.translate.fitting import find_misfit
from wheelbridge.translate.wheel import WheelName

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

log = getLogger(f"conda.{__name__}")
_ANY = "noarch"
_OF_TAGS = frozenset({"glibc", "osx", "win", "linux", "unix"})
"""Virtual packages that tags of platforms are about, as plugins call them."""


def check_wheels(change: "Change") -> None:
    """Make sure that the wheels of a change can run where they are to be linked, and hide nothing that is there.

    Raises:
        NoPythonError: if the environment will have no interpreter.
        WrongWheelError: if some are for another python, platform or machine.
        DuplicateWheelError: if one is of a project that something else there is already.
        ForgedWheelError: if one has not the hash that was announced; conda does not look at those of local files.
        AlteredWheelError: if one is not whole where conda has it unpacked.
        FileConflictError: if a wheel, be it new or there before, and another package have different files of one name.
    """
    if change.wheels:
        _check_linked(change.wheels, change)
    check_files(change)


def _check_linked(wheels: "Sequence[LinkedWheel]", change: "Change") -> None:
    if change.python is None:
        raise NoPythonError(tuple(wheel.fn for wheel in wheels))
    misfits = {wheel: reason for wheel in wheels if (reason := _misfit(wheel, change))}
    if misfits:
        reasons = tuple(f"{wheel.fn}: {reason}" for wheel, reason in misfits.items())
        raise WrongWheelError(change.prefix, reasons, tuple(wheel.project for wheel in misfits))
    for wheel in wheels:
        _check_hash(wheel, change)
        if twin := _find_twin(wheel, change):
            raise DuplicateWheelError(change.prefix, wheel.fn, wheel.project, twin.package)
        if reason := wheel.untranslated:
            log.warning("conda is not told what %s depends on: %s", wheel.fn, reason)


@dataclass(frozen=True)
class LinkedWheel:
    """A wheel that conda has unpacked and is about to link."""

    record: "PackageRecord"

    @cached_property
    def fn(self) -> str:
        """The wheel's own name; in the ``fn`` of a channel's record, something else may stand."""
        ends = (str(self.record.get(key) or "").partition("#")[0].rpartition("/")[2] for key in ("url", "fn"))
        return next(unquote(end) for end in ends if end.endswith(".whl"))

    @cached_property
    def name(self) -> WheelName | None:
        """What its file's name says; None where it is no wheel's."""
        try:
            return WheelName.parse(self.fn)
        except TranslationError:
            return None

    @property
    def project(self) -> NormalizedName:
        """The project."""
        return self.name.project if self.name else canonicalize_name(str(self.record.name))

    @cached_property
    def tags(self) -> frozenset[Tag]:
        """What it is for, by its file's name, else by its WHEEL."""
        if self.name:
            return self.name.tags
        lines = self.read("WHEEL").splitlines()
        try:
            texts = (line.partition(":")[2].strip() for line in lines if line.lower().startswith("tag:"))
            return frozenset(tag for text in texts for tag in parse_tag(text))
        except InvalidTag:
            return frozenset()

    @property
    def requires_python(self) -> str | None:
        """Its Requires-Python."""
        return HeaderParser().parsestr(self.read("METADATA")).get("Requires-Python")

    @cached_property
    def directory(self) -> Path:
        """Where conda has unpacked it."""
        return unpacked(self.record)

    @property
    def untranslated(self) -> str | None:
        """Why its record has nothing of what it depends on."""
        reason = self._index.get(UNTRANSLATED)
        return reason if tuple(self.record.depends) == tuple(self._index.get("depends", ())) else None

    def announced(self, algorithm: str) -> str | None:
        """Return the hash that a channel, a list or a lock tells of it."""
        return str(self.record[algorithm]).lower() if self.record.get(algorithm) else None

    def digest(self, algorithm: str) -> str | None:
        """Return the hash of the file that was unpacked, None where it is gone and nobody wrote that down."""
        if known := self._index.get(algorithm):
            return str(known)
        archive = Path(PackageCacheData.get_entry_to_link(self.record).package_tarball_full_path)
        if not archive.is_file():
            return None
        with archive.open("rb") as stream:
            digest = hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False))
        return digest.hexdigest()

    @cached_property
    def _index(self) -> Mapping[str, Any]:
        content: Mapping[str, Any] = json.loads((self.directory / "info/index.json").read_bytes())
        return content

    def read(self, member: str) -> str:
        """Return a file of its ``.dist-info``; empty where it has none."""
        found = next(self.directory.glob(f"site-packages/*.dist-info/{member}"), None)
        return found.read_text(encoding="utf-8", errors="replace") if found else ""


@dataclass(frozen=True)
class Change:
    """What conda is about to do to the environment at *prefix*.

    Attributes:
        link: the records that it links.
        unlinked: the names of those that go.
        site_packages: where modules will be, relative to the prefix.
    """

    prefix: Path
    link: "Sequence[PackageRecord]"
    unlinked: Collection[str]
    site_packages: str | None

    @cached_property
    def wheels(self) -> tuple[LinkedWheel, ...]:
        """The wheels among what it links."""
        return tuple(LinkedWheel(record) for record in self.link if is_wheel(record))

    @cached_property
    def python(self) -> "PackageRecord | None":
        """The interpreter that there will be."""
        if linked := next((record for record in self.link if record.name == "python"), None):
            return linked
        return None if "python" in self.unlinked else PrefixData(str(self.prefix)).get("python", None)

    @property
    def staying(self) -> "Sequence[PackageRecord]":
        """The records of what is there and stays as it is."""
        gone = {*self.unlinked, *(str(record.name) for record in self.link)}
        return [record for record in PrefixData(str(self.prefix)).iter_records() if str(record.name) not in gone]

    @cached_property
    def subdir(self) -> str:
        """The platform that the environment is for."""
        return str(self.python.subdir) if self.python and self.python.subdir != _ANY else str(context.subdir)

    @cached_property
    def layout(self) -> PythonLayout | None:
        """Where its python keeps things; None where it has none."""
        return (
            PythonLayout.of_python(str(self.python.version), self.subdir, self.site_packages) if self.python else None
        )

    @cached_property
    def target(self) -> Target:
        """The machine that the environment is for, as far as tags ask: to look for a GPU's driver takes a process."""
        return self._target(_OF_TAGS)

    @cached_property
    def machine(self) -> Target:
        """The machine that the environment is for, as conda sees it."""
        return self._target(None)

    def _target(self, names: frozenset[str] | None) -> Target:
        hooks = context.plugin_manager.get_hook_results("virtual_packages")
        records = (hook.to_virtual_package() for hook in hooks if names is None or hook.name in names)
        found = {f"{one.name}": VirtualPackage(f"{one.name}", f"{one.version}", one.build) for one in records if one}
        return Target(subdir=self.subdir, virtual_packages=tuple(sorted(found.values())))

    @property
    def is_of_this_machine(self) -> bool:
        """Whether the environment is for machines like this one."""
        return self.subdir == str(context._native_subdir())  # noqa: SLF001 - conda has no other name for it


def _check_hash(wheel: LinkedWheel, change: Change) -> None:
    for algorithm in ("sha256", "md5"):
        expected = wheel.announced(algorithm)
        actual = wheel.digest(algorithm) if expected else None
        if expected is not None and actual is not None and expected != actual:
            raise ForgedWheelError(change.prefix, wheel.fn, algorithm=algorithm, expected=expected, actual=actual)


@dataclass(frozen=True)
class _Twin:
    """Metadata of a project that stays in the environment; *package* has it, nobody where it is None."""

    package: str | None


def _misfit(wheel: LinkedWheel, change: Change) -> str | None:
    if not wheel.tags or change.python is None:
        return "neither its name nor its WHEEL says what it is for"
    python = (str(change.python.version), str(change.python.build))
    of_this_machine = change.is_of_this_machine
    reason = find_misfit(wheel.tags, wheel.requires_python, python, change.target, is_of_this_machine=of_this_machine)
    return reason or (_variant_misfit(wheel, change) if of_this_machine else None)


def _variant_misfit(wheel: LinkedWheel, change: Change) -> str | None:
    """Say why this machine does not run a variant wheel; a warning where nobody here can tell."""
    if wheel.name is None or wheel.name.label is None or is_trusted(str(wheel.record.get("url"))):
        return None
    from wheelbridge.index.variants import read_variants
    from wheelbridge.translate.providers.catalogue import find_known
    from wheelbridge.translate.variant_order import rank_variants

    label = wheel.name.label
    try:
        release = read_variants(wheel.read("variant.json").encode())
    except WheelbridgeError as error:
        return f"its variant.json cannot be used: {error.message}"
    reason = rank_variants(release, change.machine).reason(label)
    if reason is None:
        return None
    used = {item.namespace for item in release.variants.get(label, ())} & release.providers.keys()
    providers = [release.providers[namespace] for namespace in used]
    if all(one.static or (find_known(one, change.machine) and not one.optional) for one in providers):
        return f"its variant {label} {reason}"
    log.warning("%s: whether this machine runs its variant %s is not known", wheel.fn, label)
    return None


def _find_twin(wheel: LinkedWheel, change: Change) -> _Twin | None:
    """Return other metadata of the wheel's project: of a package that stays or comes, or of what pip put there."""
    for record in change.link:
        if record.name != wheel.record.name and wheel.project in _projects_of(record):
            return _Twin(str(record.name))
    for folder in _infos(change.prefix / change.site_packages if change.site_packages else None):
        if _project_of(folder) == wheel.project and any((folder / file).is_file() for file in ("METADATA", "PKG-INFO")):
            owner = _owner(change, folder)
            if owner not in {*change.unlinked, str(wheel.record.name)}:
                return _Twin(owner)
    return None


def _projects_of(record: "PackageRecord") -> Iterator[NormalizedName]:
    """Yield the projects whose metadata a package to be linked has."""
    directory = unpacked(record)
    for pattern in ("site-packages", "lib/python*/site-packages", "Lib/site-packages"):
        for folder in directory.glob(pattern):
            yield from map(_project_of, _infos(folder))


def _infos(folder: Path | None) -> Iterator[Path]:
    if folder and folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if path.suffix in {".dist-info", ".egg-info"})


def _project_of(folder: Path) -> NormalizedName:
    return canonicalize_name(folder.name.removesuffix(folder.suffix).partition("-")[0])


def _owner(change: Change, folder: Path) -> str | None:
    start = f"{folder.relative_to(change.prefix).as_posix()}/"
    for record in PrefixData(str(change.prefix)).iter_records():
        if any(str(file).replace("\\", "/").startswith(start) for file in record.files or ()):
            return str(record.name)
    return None
