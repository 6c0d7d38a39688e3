"""A wheel and its core metadata as one repodata record, or the reason why not."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256

from packaging.tags import Tag
from packaging.utils import BuildTag, InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from wheelbridge.errors import TranslationError
from wheelbridge.model.distribution import CoreMetadata, DistributionFile
from wheelbridge.model.record import WHEEL_FLAG, Refusal, WheelRecord
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.model.variant import ABI_DEPENDENCY, WheelVariant, group_by_feature, is_label
from wheelbridge.translate.errors import (
    BuildStringTooLongError,
    InconsistentMetadataError,
    InvalidWheelNameError,
    UnsupportedTagError,
)
from wheelbridge.translate.platforms import PlatformSupport, translate_platform_tags
from wheelbridge.translate.pythons import (
    PythonSupport,
    Release,
    possible_minors,
    translate_python_requirement,
    translate_python_tags,
)
from wheelbridge.translate.requirement import (
    KnownVersions,
    Names,
    RequirementTranslation,
    only_extra,
    render_match_spec,
    translate_requirement,
)
from wheelbridge.translate.specifiers import translate_version
from wheelbridge.translate.variant_markers import VariantEnvironment, resolve_variant_markers
from wheelbridge.translate.wheel_externals import ExternalTables, translate_wheel_externals

_MAX_BUILD_LENGTH = 64
_GROUP = re.compile(r"[a-z0-9_.+-]{1,64}")
_BUILD_TAG_LIMIT = 10**8
_PLATFORM_LIMIT = 10**5
_PLAIN_PARTS = 5
_MAX_LABEL_LENGTH = 24
_VARIANT_LIMIT = 10**16
_NO_VARIANT = VariantEnvironment()


@dataclass(frozen=True, slots=True)
class WheelName:
    """What a wheel's file name says (PEP 427, 825); *label* is None for a non-variant wheel."""

    project: NormalizedName
    version: Version
    build_tag: BuildTag
    tags: frozenset[Tag]
    label: str | None = None

    @classmethod
    def parse(cls, filename: str) -> "WheelName":
        """Read a wheel's file name.

        >>> WheelName.parse("torch-2.9.0-cp313-cp313-linux_x86_64-cuda12.8.whl").label
        'cuda12.8'

        Raises:
            InvalidWheelNameError: if *filename* follows neither PEP 427 nor PEP 825.
        """
        plain, label = split_label(filename)
        try:
            return cls(*parse_wheel_filename(plain), label)
        except InvalidWheelFilename as error:
            raise InvalidWheelNameError(str(error)) from error


def split_label(filename: str) -> tuple[str, str | None]:
    """Take the variant label out of a wheel's file name, which `packaging` then reads.

    PEP 825: ``{distribution}-{version}(-{build tag})?-{python tag}-{abi tag}-{platform tag}(-{variant label})?.whl``;
    "The Python tag component MUST NOT start with a digit", a build tag must.

    >>> split_label("a-1-py3-none-any-null.whl")
    ('a-1-py3-none-any.whl', 'null')

    Raises:
        InvalidWheelNameError: if what stands there is no label.
    """
    if not filename.endswith(".whl"):
        return filename, None
    parts = filename.removesuffix(".whl").split("-")
    has_build_tag = len(parts) > _PLAIN_PARTS and parts[2][:1].isdigit()
    if len(parts) != _PLAIN_PARTS + has_build_tag + 1:
        return filename, None
    if not is_label(parts[-1]):
        raise InvalidWheelNameError(f"Invalid wheel filename (variant label {parts[-1]!r}): {filename!r}")
    return "-".join(parts[:-1]) + ".whl", parts[-1]


@dataclass(frozen=True, slots=True)
class WheelSupport:
    """Where a wheel runs: the intervals of Python, the platform, and the minor versions left by Requires-Python."""

    pythons: tuple[PythonSupport, ...]
    platform: PlatformSupport
    minors: tuple[Release, ...]

    @property
    def preference(self) -> int:
        """Order the wheels of one version on one target, the best highest, as ``sys_tags`` does."""
        return max(support.rank for support in self.pythons) * _PLATFORM_LIMIT + self.platform.rank


@dataclass(frozen=True, slots=True)
class Scope:
    """What a translation need not go beyond: most of what metadata asks for is never asked of it.

    Attributes:
        extras: the extras whose groups are wanted, None for all; those of others stay empty.
        pythons: the minor versions of Python that can occur, None for all; nothing is said of others.
    """

    extras: frozenset[str] | None = None
    pythons: frozenset[Release] | None = None


def translate_tags(tags: frozenset[Tag], target: Target, requires_python: str | None = None) -> WheelSupport:
    """Say on which interpreters and systems a wheel with *tags* runs.

    Raises:
        UnsupportedTagError: if the target runs no such wheel, or Requires-Python leaves no interpreter.
        PlatformTooOldError: if the target's system is too old for it.
        InvalidSpecifierError: if *requires_python* does not follow PEP 440.
    """
    pythons, platform = _support(tags, target.subdir, target.virtual_packages)
    minors = possible_minors(pythons, requires_python)
    if not minors:
        raise UnsupportedTagError(f"The wheel's tags and its Requires-Python {requires_python!r} exclude each other")
    return WheelSupport(pythons, platform, minors)


@lru_cache(maxsize=8192)
def _support(
    tags: frozenset[Tag], subdir: str, virtual_packages: tuple[VirtualPackage, ...]
) -> tuple[tuple[PythonSupport, ...], PlatformSupport]:
    """Translate tags; the target comes in the parts that tags depend on, since its variants cannot be a cache's key."""
    target = Target(subdir=subdir, virtual_packages=virtual_packages)
    platform = translate_platform_tags({tag.platform for tag in tags}, target)
    pairs = {(tag.interpreter, tag.abi) for tag in tags}
    return translate_python_tags(pairs, pure=platform.subdir == "noarch"), platform


def translate_wheel(
    file: DistributionFile,
    metadata: CoreMetadata,
    target: Target,
    names: Names,
    known: KnownVersions | None = None,
    variant: WheelVariant | None = None,
    *,
    externals: ExternalTables | None = None,
) -> WheelRecord | Refusal:
    """Translate a wheel to a repodata record (CEP 36, 48) that is exact on *target*, or refuse it with a reason.

    *known* gives the versions of projects whose candidates are known; it makes otherwise inexact specifiers exact.
    A wheel with a label needs its *variant*, as `wheelbridge.translate.variant_wheel.describe_variant` makes it.
    *externals* says what external dependencies (PEP 725) are; without it, a wheel that declares some is refused.
    """
    try:
        record = compose_wheel(file, metadata, target, names, known, variant=variant)[0]
        name = WheelName.parse(file.filename)
        minors = translate_tags(name.tags, target, metadata.requires_python).minors
        tables = externals or ExternalTables()
        return translate_wheel_externals(metadata, name.version, target, tables, pythons=minors).add_to(record)
    except TranslationError as error:
        return Refusal(file.filename, error.code, error.message)


def compose_wheel(
    file: DistributionFile,
    metadata: CoreMetadata,
    target: Target,
    names: Names,
    known: KnownVersions | None = None,
    *,
    scope: Scope | None = None,
    variant: WheelVariant | None = None,
) -> tuple[WheelRecord, list[RequirementTranslation]]:
    """Translate a wheel as `translate_wheel` does, and return its requirements beside the record.

    With a *scope*, the record is exact within it only.

    Raises:
        TranslationError: if the wheel has no exact counterpart on *target*.
    """
    name = WheelName.parse(file.filename)
    _check_identity(name, metadata, file.filename)
    _check_variant(name, variant)
    support = translate_tags(name.tags, target, metadata.requires_python)
    requirements = _requirements(metadata, support, target, names, known, scope=scope or Scope(), variant=variant)
    version, local = translate_version(name.version)
    python = translate_python_requirement(support.pythons, metadata.requires_python)
    abi = [spec for python_support in support.pythons if (spec := python_support.abi_constraint)]
    record = WheelRecord(
        name=names(name.project),
        version=version,
        build=_build_string(file, name, local),
        build_number=_preference(support, name.build_tag, variant),
        subdir=support.platform.subdir,
        fn=file.filename,
        depends=(
            python,
            *_unique([support.platform.virtual_packages, variant.depends if variant else ()]),
            *_unique(r.base for r in requirements),
        ),
        constrains=tuple(abi) if len(support.pythons) == 1 else (),
        extra_depends=_groups(metadata, requirements),
        url=file.url or None,
        sha256=file.sha256,
        size=file.size,
        timestamp=int(file.upload_time.timestamp() * 1000) if file.upload_time else None,
        track_features=("prerelease",) if name.version.is_prerelease else (),
        flags=(WHEEL_FLAG, *(variant.flags if variant else ())),
        purls=(f"pkg:pypi/{name.project}@{name.version}",),
        variant=variant,
    )
    return record, requirements


def translate_requirements(
    metadata: CoreMetadata,
    target: Target,
    names: Names,
    pythons: Sequence[Release] = (),
    known: KnownVersions | None = None,
) -> list[RequirementTranslation]:
    """Translate every Requires-Dist of *metadata*, in order.

    Raises:
        TranslationError: if one of them has no exact counterpart.
    """
    return [translate_requirement(line, target, names, pythons=pythons, known=known) for line in metadata.requires_dist]


def _requirements(
    metadata: CoreMetadata,
    support: WheelSupport,
    target: Target,
    names: Names,
    known: KnownVersions | None,
    *,
    scope: Scope,
    variant: WheelVariant | None,
) -> list[RequirementTranslation]:
    """Translate what a wheel requires within *scope*, its variant's dependencies included."""
    minors = [minor for minor in support.minors if scope.pythons is None or minor in scope.pythons]
    asked = _asked(metadata, scope.extras)
    lines = replace(asked, requires_dist=tuple(_own_lines(asked, variant)))
    requirements = translate_requirements(lines, target, names, minors or support.minors, known)
    return [*requirements, *_abi_requirements(variant, target, names)]


def _asked(metadata: CoreMetadata, extras: Collection[str] | None) -> CoreMetadata:
    """Leave out the requirements that hold with other extras only."""
    if extras is None:
        return metadata
    kept = (line for line in metadata.requires_dist if (extra := only_extra(line)) is None or extra in extras)
    return replace(metadata, requires_dist=tuple(kept))


def _check_identity(name: WheelName, metadata: CoreMetadata, filename: str) -> None:
    try:
        version = Version(metadata.version)
    except InvalidVersion as error:
        raise InconsistentMetadataError(f"The metadata of {filename} has no valid version: {error}") from error
    if canonicalize_name(metadata.name) != name.project or version != name.version:
        raise InconsistentMetadataError(f"The metadata of {filename} is of {metadata.name} {metadata.version}")


def _groups(metadata: CoreMetadata, requirements: Iterable[RequirementTranslation]) -> dict[str, tuple[str, ...]]:
    """Collect the CEP 44 groups: one for each extra that is provided or that a requirement names."""
    groups: dict[str, list[str]] = {canonicalize_name(extra): [] for extra in metadata.provides_extra}
    for requirement in requirements:
        for extra, specs in requirement.groups.items():
            groups.setdefault(extra, []).extend(specs)
    for group in groups:
        if not _GROUP.fullmatch(group):
            raise InconsistentMetadataError(f"The extra {group!r} cannot name a group of optional dependencies")
    return {group: _unique([specs]) for group, specs in groups.items()}


def _unique(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(spec for group in groups for spec in group))


def _preference(support: WheelSupport, build_tag: BuildTag, variant: WheelVariant | None) -> int:
    """Order wheels that nobody compared: a variant above the null one, that above none, then tags, then build tags."""
    tier = 0 if variant is None else 2 if variant.properties else 1
    number = min(build_tag[0], _BUILD_TAG_LIMIT - 1) if build_tag else 0
    return tier * _VARIANT_LIMIT + support.preference * _BUILD_TAG_LIMIT + number


def _check_variant(name: WheelName, variant: WheelVariant | None) -> None:
    label = variant.label if variant else None
    if label != name.label:
        told = "has no variant metadata" if label is None else f"has the metadata of the variant {label!r}"
        raise InconsistentMetadataError(f"The wheel with the variant label {name.label!r} {told}")


def _own_lines(metadata: CoreMetadata, variant: WheelVariant | None) -> Iterator[str]:
    """Decide the variant markers of a wheel's requirements: they are its own and nobody else's."""
    environment = VariantEnvironment(label=variant.label, supported=variant.supported) if variant else _NO_VARIANT
    return (resolve_variant_markers(line, environment) for line in metadata.requires_dist)


def _abi_requirements(variant: WheelVariant | None, target: Target, names: Names) -> Iterator[RequirementTranslation]:
    """Turn ``abi_dependency`` into plain dependencies: one version series of several, of each project."""
    for (namespace, feature), values in group_by_feature(variant.properties if variant else ()).items():
        if namespace == ABI_DEPENDENCY:
            project = canonicalize_name(feature)
            spec = render_match_spec(names(project), version="|".join(f"{value}.*" for value in values))
            for value in values:
                one = translate_requirement(f"{project}=={value}.*", target, names)
                yield replace(one, base=(spec,), lossy=False)


def _build_string(file: DistributionFile, name: WheelName, local: str | None) -> str:
    """Name the build after tags and hash, the local version label last: ``py3_none_any_h0a1b2c3d+cu121``.

    The hash keeps two wheels of one version apart in a package cache; the label ends the string so that
    ``*+cu121`` finds it.
    """
    python, abi, platform = split_label(file.filename)[0].removesuffix(".whl").rsplit("-", 3)[1:]
    parts = [python.split(".")[-1], abi.split(".")[-1], platform.split(".")[0]]
    if name.build_tag:
        parts.append("".join(map(str, name.build_tag)))
    if name.label:
        parts.insert(0, _shorten(name.label))
    tail = (f"_h{file.sha256[:8]}" if file.sha256 else "") + (f"+{local}" if local else "")
    head = re.sub(r"[^A-Za-z0-9_.]", "_", "_".join(parts))[: _MAX_BUILD_LENGTH - len(tail)]
    if len(head) < len("py3"):
        raise BuildStringTooLongError(f"The local version label {local!r} is too long for a build string")
    return head + tail


def _shorten(label: str) -> str:
    """Return *label*, or its beginning with a hash of it, so that tags still fit into the build string behind it."""
    if len(label) <= _MAX_LABEL_LENGTH:
        return label
    return f"{label[: _MAX_LABEL_LENGTH - 9]}_{sha256(label.encode()).hexdigest()[:8]}"
