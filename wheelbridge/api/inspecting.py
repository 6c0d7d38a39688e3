"""Wheels inspected: will one run on a target, which libraries does it load, and where do those come from."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import NormalizedName, canonicalize_name

from wheelbridge.api.external.tables import open_externals
from wheelbridge.api.inspection import Inspection, Runtime
from wheelbridge.api.translating import Translator
from wheelbridge.api.wheel_paths import parse_wheel_path, read_wheel_member, read_wheel_metadata
from wheelbridge.binaries import read_wheel_binaries
from wheelbridge.errors import TranslationError, WheelbridgeError
from wheelbridge.index.errors import NotAWheelError
from wheelbridge.index.wheelfile import VARIANT_JSON
from wheelbridge.mapping.external.rows import SUBDIRS, package_of
from wheelbridge.mapping.natives.fields import matches_subdir
from wheelbridge.mapping.natives.linkage import Linkage, find_linkage, installed_path, reaches_environment
from wheelbridge.mapping.natives.needs import STATES, FindSoname, Judge, Need, list_optional, packages_of, propose_row
from wheelbridge.mapping.natives.variants import RuntimeRow, runtimes_of_file
from wheelbridge.mapping.natives.wheels import WheelRow
from wheelbridge.model.binary import Binary, Damaged
from wheelbridge.model.distribution import CoreMetadata
from wheelbridge.model.external import ExternalSpecifier
from wheelbridge.model.target import Target
from wheelbridge.tables.natives import load_runtimes, open_sonames
from wheelbridge.translate.errors import OtherPlatformError
from wheelbridge.translate.external import ExternalRows, translate_external_dependency
from wheelbridge.translate.markers import translate_marker
from wheelbridge.translate.platforms import translate_platform_tag
from wheelbridge.translate.requirement import parse_requirement
from wheelbridge.translate.variant_documents import InvalidVariantsError
from wheelbridge.translate.wheel import WheelName

if TYPE_CHECKING:
    from wheelbridge.mapping.overlays import Overlay

_SYSTEMS = {"linux": "Linux", "osx": "macOS", "win": "Windows"}
_NOARCH = "noarch"
_OF_CONDA = ("any", "linux_", "macosx_", "manylinux", "win")
"""How tags of platforms begin that conda has; what ``linux_`` means, its builder knows, and most have glibc."""


class Inspector:
    """Inspects wheels for one target, with the tables opened once."""

    def __init__(self, target: Target, maps: "Sequence[Overlay]" = ()) -> None:
        """Take *maps*, the nearest first, over the tables of names and of wheels."""
        self._target = target
        self._translator = Translator(target, maps)
        self._externals = open_externals(maps)

    def inspect(self, path: Path) -> Inspection:
        """Read a wheel; one binary of it at a time.

        Raises:
            UsageError: if there is no such file, or it cannot be opened.
            NotAWheelError, InvalidWheelNameError, InvalidMetadataError: if it is no wheel.
        """
        name = parse_wheel_path(path)
        text, metadata = read_wheel_metadata(path)
        wheel = _Wheel(name, metadata, platforms_of(name.tags), self._target.subdir)
        damaged: list[Damaged] = []
        binaries = read_wheel_binaries(path, damaged.append)
        linkage = find_linkage(binaries)
        needs = self._sorted_needs(linkage, binaries, damaged, wheel)
        declared, covered = self._declared(wheel)
        proposed = tuple(self._propose(wheel, needs, covered))
        return Inspection(
            fn=path.name,
            name=name.project,
            version=str(name.version),
            tags=tuple(sorted(map(str, name.tags))),
            subdirs=wheel.subdirs,
            target=self._target,
            translated=self._translate(path, text, name),
            binaries=binaries,
            bundled=linkage.bundled,
            external=needs,
            runtimes=tuple(self._runtimes_in(linkage.bundled, wheel)),
            declared=tuple(declared),
            proposed=proposed,
            optional=_optional(wheel, needs, covered, proposed),
            damaged=tuple(damaged),
            for_conda=wheel.is_for_conda,
        )

    def _translate(self, path: Path, metadata: bytes, name: WheelName) -> Mapping[str, object]:
        """Return the record of the wheel, or why the target has none; a variant wheel comes with what it says of it."""
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        value: dict[str, object] = {"fn": path.name, "metadata": metadata.decode("utf-8", "surrogateescape")}
        value |= {"sha256": digest, "size": path.stat().st_size}
        if name.label is not None:
            try:
                value["variant_json"] = json.loads(read_wheel_member(path, VARIANT_JSON))
            except (NotAWheelError, ValueError, RecursionError) as error:
                reason = f"Its {VARIANT_JSON} cannot be read: {error}"
                return {"refused": {"code": InvalidVariantsError.code, "reason": reason}}
        result = self._translator.translate("wheel", value)
        if isinstance(failure := result.get("error"), dict):
            return {"refused": {"code": failure["code"], "reason": failure["message"]}}
        return result

    def _sorted_needs(
        self, linkage: Linkage, binaries: Sequence[Binary], damaged: Sequence[Damaged], wheel: "_Wheel"
    ) -> tuple[Need, ...]:
        found = _without(damaged, self._needs(linkage, binaries, wheel))
        return tuple(sorted(found, key=lambda need: (STATES.index(need.state), need.soname, need.subdir)))

    def _needs(self, linkage: Linkage, binaries: Sequence[Binary], wheel: "_Wheel") -> Iterator[Need]:
        """Yield what the wheel loads and does not carry, for the platform of the files that ask for it."""
        platforms = {one.path: wheel.subdir_of(one) for one in binaries}
        away = frozenset(one.path for one in binaries if not reaches_environment(one, installed_path(one.path)))
        judges = {subdir: self._judge(wheel, subdir, away, linkage.plugins) for subdir in set(platforms.values())}
        for soname, paths in linkage.external.items():
            for subdir in dict.fromkeys(platforms[path] for path in paths):
                asking = [path for path in paths if platforms[path] == subdir]
                yield judges[subdir].judge(soname, asking, subdir)
        for soname, paths in linkage.python.items():
            subdir = platforms[paths[0]]
            yield Need(
                soname=soname, needed_by=paths, subdir=subdir, state="python", reason="of the interpreter itself"
            )
        for soname, paths in linkage.system.items():
            subdir = platforms[paths[0]]
            reason = f"of {_SYSTEMS.get(subdir.partition('-')[0], 'the system')}, by its name alone"
            yield Need(soname=soname, needed_by=paths, subdir=subdir, state="system", reason=reason)

    def _judge(self, wheel: "_Wheel", subdir: str, away: frozenset[str], plugins: frozenset[str]) -> Judge:
        return Judge(
            find_soname=self._find_soname,
            runtimes=self._runtimes,
            requires=wheel.requires(subdir),
            promised=wheel.is_manylinux,
            out_of_reach=away,
            plugins=plugins,
        )

    def _runtimes_in(self, bundled: Iterable[Binary], wheel: "_Wheel") -> Iterator[Runtime]:
        for one in bundled:
            names = dict.fromkeys((one.name, one.name.lower(), (one.soname or one.name).rpartition("/")[2]))
            found = (row for name in names for row in runtimes_of_file(self._runtimes, name))
            rows = {row.runtime: row for row in found if matches_subdir(row.when, wheel.subdir_of(one))}
            own = [row for row in rows.values() if wheel.name.project in {*row.pypi, *row.bundled_by}]
            yield from (Runtime(one.path, row) for row in own or rows.values())

    def _declared(self, wheel: "_Wheel") -> tuple[list[dict[str, object]], frozenset[str]]:
        """Return what is asked of conda already, and the packages of it."""
        rows = self._rows(wheel, wheel.judged)
        lines = [_declared_line(line, wheel.judged, self._externals.rows) for line in wheel.metadata.requires_external]
        packages = {package_of(spec) for specs, _ in lines for spec in specs}
        declared: list[dict[str, object]] = [
            {"from": "metadata", "dependency": line, "conda": list(specs), "one_of": [], "reason": reason}
            for line, (specs, reason) in zip(wheel.metadata.requires_external, lines, strict=True)
        ]
        declared += [
            {
                "from": "table",
                "dependency": None,
                "conda": list(row.depends),
                "one_of": list(row.one_of),
                "reason": row.reason,
            }
            for row in rows
        ]
        return declared, packages_of(rows) | packages

    def _rows(self, wheel: "_Wheel", subdir: str) -> tuple[WheelRow, ...]:
        return self._externals.natives.find(wheel.name.project, wheel.name.version, subdir).rows

    def _propose(self, wheel: "_Wheel", needs: Sequence[Need], covered: frozenset[str]) -> Iterator[dict[str, object]]:
        """Yield the row that the table lacks: for the platforms of the wheel that have the same packages for it."""
        if not wheel.is_for_conda:
            return
        asked = [need for need in needs if need.subdir == wheel.judged]
        same = [subdir for subdir in wheel.subdirs or (wheel.judged,) if self._is_same(asked, subdir)]
        title = f"{wheel.name.project} {wheel.name.version}, {wheel.kind} wheel"
        if row := propose_row(wheel.name.project, title, asked, covered, same):
            yield row

    def _is_same(self, needs: Iterable[Need], subdir: str) -> bool:
        found = ((need, self._find_soname(need.name, subdir)) for need in needs if need.conda or need.candidates)
        return all(
            subdir == need.subdir
            or {spec for row in answer.rows for spec in row.depends} == {*need.conda, *need.candidates}
            for need, answer in found
        )

    @cached_property
    def _find_soname(self) -> FindSoname:
        return open_sonames()

    @cached_property
    def _runtimes(self) -> tuple[RuntimeRow, ...]:
        return load_runtimes()


@dataclass(frozen=True)
class _Wheel:
    """What a wheel says of itself, as far as it decides where its libraries come from."""

    name: WheelName
    metadata: CoreMetadata
    subdirs: tuple[str, ...]
    wanted: str

    @property
    def judged(self) -> str:
        """The platform that its libraries are judged for: the target's, where the wheel is for that."""
        return self.wanted if self.wanted in self.subdirs or not self.subdirs else self.subdirs[0]

    @property
    def is_manylinux(self) -> bool:
        return all(tag.platform.startswith("manylinux") for tag in self.name.tags)

    @property
    def is_for_conda(self) -> bool:
        """Whether it may run on a python of conda: there are none for musl, and for telephones."""
        return any(tag.platform.startswith(_OF_CONDA) for tag in self.name.tags)

    @property
    def kind(self) -> str:
        """What people call such a wheel, as the evidence of tables has it."""
        system = self.judged.partition("-")[0]
        if system == "linux":
            platforms = {tag.platform.partition("_")[0].rstrip("0123456789") for tag in self.name.tags}
            return platforms.pop() if len(platforms) == 1 and "any" not in platforms else "Linux"
        return _SYSTEMS.get(system, system)

    def subdir_of(self, binary: Binary) -> str:
        """Return the platform of a binary: the wheel's, unless it is made for another one."""
        fitting = binary.subdirs
        return self.judged if self.judged in fitting or not fitting else fitting[0]

    def requires(self, subdir: str) -> frozenset[NormalizedName]:
        """Return the projects that it requires on *subdir* when no extra is asked for."""
        return frozenset(
            canonicalize_name(requirement.name)
            for requirement in _readable(self.metadata.requires_dist)
            if requirement.marker is None or _may_hold(str(requirement.marker), subdir)
        )


def _optional(
    wheel: _Wheel, needs: Iterable[Need], covered: frozenset[str], proposed: Iterable[Mapping[str, object]]
) -> tuple[Need, ...]:
    """Return what only plugins need, and the row does not bring either."""
    brought = {package_of(str(spec)) for row in proposed for spec in _specs(row)}
    asked = (need for need in needs if need.subdir == wheel.judged and wheel.is_for_conda)
    return list_optional(asked, covered | brought)


def _specs(row: Mapping[str, object]) -> Iterator[object]:
    for field in ("depends", "one_of"):
        if isinstance(specs := row.get(field), list):
            yield from specs


def _without(damaged: Iterable[Damaged], needs: Iterable[Need]) -> Iterator[Need]:
    """Yield *needs*; what the wheel carries in a file that cannot be read comes from nowhere else."""
    names = {PurePosixPath(one.path).name for one in damaged}
    for need in needs:
        if need.name in names:
            place = Need(soname=need.soname, needed_by=need.needed_by, subdir=need.subdir, state="unknown")
            yield replace(place, reason="the wheel carries a file of this name that cannot be read")
        else:
            yield need


def platforms_of(tags: Iterable[Tag]) -> tuple[str, ...]:
    """Return the conda subdirs that a wheel with *tags* is for; none for a wheel that is for all.

    >>> platforms_of(WheelName.parse("a-1-cp312-cp312-macosx_11_0_universal2.whl").tags)
    ('osx-64', 'osx-arm64')
    """
    platforms = {tag.platform for tag in tags}
    return tuple(subdir for subdir in SUBDIRS if any(_is_for(platform, subdir) for platform in platforms))


def _is_for(platform: str, subdir: str) -> bool:
    try:
        return translate_platform_tag(platform, Target(subdir=subdir)).subdir != _NOARCH
    except OtherPlatformError:
        return False
    except TranslationError:  # the machine lacks something, but is of this platform
        return True


def _may_hold(marker: str, subdir: str) -> bool:
    """Tell whether a marker holds on *subdir*, for some python, with no extra asked for."""
    try:
        return translate_marker(marker, Target(subdir=subdir)).base.value is not False
    except TranslationError:  # of the kernel: nobody knows
        return True


def _readable(lines: Iterable[str]) -> Iterator[Requirement]:
    """Yield the requirements that can be read; of the others, the translation of the wheel tells."""
    for line in lines:
        with suppress(TranslationError):
            yield parse_requirement(line)


def _declared_line(line: str, subdir: str, rows: ExternalRows) -> tuple[tuple[str, ...], str]:
    """Return the MatchSpecs of a Requires-External-Dep (PEP 725), or none and why."""
    try:
        translated = translate_external_dependency(ExternalSpecifier.parse(line), "run", Target(subdir=subdir), rows)
    except WheelbridgeError as error:
        return (), error.message
    return (*translated.base, *(spec for specs in translated.groups.values() for spec in specs)), ""
