"""What is installed in a prefix."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any, Literal

from packaging.utils import canonicalize_name
from rattler import PrefixRecord

from wheelbridge.installer.cache import PackageFile
from wheelbridge.installer.errors import BrokenRecordError
from wheelbridge.installer.plain_depends import read_record
from wheelbridge.installer.record_files import record_path
from wheelbridge.installer.wheel import is_wheel
from wheelbridge.model.name import wheel_file_name
from wheelbridge.model.variant import ReleaseVariants, WheelVariant
from wheelbridge.translate.errors import InvalidWheelNameError
from wheelbridge.translate.variant_documents import InvalidVariantsError, parse_variants
from wheelbridge.translate.wheel import split_label

_VARIANT_JSON = ".dist-info/variant.json"
_INSIDE = ("site-packages/", "python-scripts/")
"""Begin the paths of a ``noarch: python`` package that lie elsewhere in an environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledPackage:
    """One package of an environment.

    Attributes:
        kind: where it came from: a channel's package, or a wheel.
        channel: the channel's or the index's URL, as recorded.
        sha256: lower-case hexadecimal, where recorded.
        variant: of a variant wheel, its label and the properties that it says it has.
        flags: CEP 45 flags, by which a spec can ask for it.
    """

    name: str
    version: str
    build: str
    kind: Literal["conda", "wheel"]
    channel: str
    url: str
    fn: str
    sha256: str | None = None
    variant: WheelVariant | None = None
    flags: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {**asdict(self), "variant": self.variant.as_json() if self.variant else None}


def installed_packages(prefix: Path) -> tuple[InstalledPackage, ...]:
    """Return the packages of the environment at *prefix*, sorted by name.

    Raises:
        BrokenRecordError: if a file of ``conda-meta`` cannot be read.
    """
    return tuple(describe_installed(prefix, record) for record in load_records(prefix))


def load_records(prefix: Path) -> tuple[PrefixRecord, ...]:
    """Return rattler's records of what is installed at *prefix*, sorted by name.

    Raises:
        BrokenRecordError: if a file of ``conda-meta`` cannot be read.
    """
    records = [_load(path) for path in sorted((prefix / "conda-meta").glob("*.json"))]
    return tuple(sorted(records, key=lambda record: record.name.normalized))


def load_installed_files(prefix: Path, records: tuple[PrefixRecord, ...]) -> Mapping[str, tuple[PackageFile, ...]]:
    """Return name -> files of *records*; read as plain JSON, since there may be a hundred thousand of them."""
    files: dict[str, tuple[PackageFile, ...]] = {}
    for record in records:
        path = record_path(prefix, record)
        try:
            content = json.loads(path.read_bytes())
            entries = zip(content["paths_data"]["paths"], linked_paths(content), strict=True)
            files[record.name.normalized] = tuple(_file(entry, linked) for entry, linked in entries)
        except (OSError, ValueError, KeyError) as error:
            raise BrokenRecordError(path, str(error)) from error
    return files


def linked_paths(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Return where the paths of a record of ``conda-meta`` lie in the prefix, in their order.

    Of a ``noarch: python`` package that conda linked, ``paths_data`` has the paths inside of the package; where they
    lie is in ``files`` alone, in the same order (``CreatePrefixRecordAction``; a menu is twice in it). Of a file that
    was damaged in its cache, conda writes nothing into ``paths_data``.

    >>> paths = [{"_path": "site-packages/a.py"}, {"_path": "bin/a"}]
    >>> files = ["lib/x/site-packages/a.py", "bin/a"]
    >>> linked_paths({"noarch": "python", "files": files, "paths_data": {"paths": paths}})
    ('lib/x/site-packages/a.py', 'bin/a')
    """
    paths = [str(entry["_path"]).replace("\\", "/") for entry in content["paths_data"]["paths"]]
    files = [str(file).replace("\\", "/") for file in dict.fromkeys(content.get("files", ()))]
    if content.get("noarch") != "python":
        return tuple(paths)
    if len(files) != len(paths):
        rest = iter(files)
        files = [found for path in paths if (found := next((file for file in rest if _lies_at(path, file)), None))]
    if len(files) != len(paths):
        return tuple(paths)
    pairs = zip(paths, files, strict=True)
    return tuple(file if path.startswith(_INSIDE) else path for path, file in pairs)


def _lies_at(path: str, file: str) -> bool:
    """Tell whether *file* may be where the *path* of a package was linked to."""
    return file == path or (path.startswith(_INSIDE) and file.endswith(f"/{path.partition('/')[2]}"))


def _file(entry: Mapping[str, object], path: str) -> PackageFile:
    sha256 = entry.get("sha256")
    size = entry.get("size_in_bytes")
    return PackageFile(
        path,
        sha256 if isinstance(sha256, str) else None,
        size if isinstance(size, int) else 0,
        _is_patched(entry),
        _hash_in_prefix(entry),
    )


def _is_patched(entry: Mapping[str, object]) -> bool:
    """Tell whether a file is not as in its package: conda writes down its hash in the prefix where it is the same, too.

    >>> _is_patched({"path_type": "hardlink", "sha256": "a", "sha256_in_prefix": "a"})
    False
    """
    differs = "sha256_in_prefix" in entry and entry["sha256_in_prefix"] != entry.get("sha256")
    return differs or "prefix_placeholder" in entry or "python_entry_point" in str(entry["path_type"])


def _hash_in_prefix(entry: Mapping[str, object]) -> str | None:
    """Return the hash of the file as it was linked: one into which the prefix was written has another than its package.

    A link's says nothing certain: some tools hash where it leads, others what is there.
    """
    if entry.get("path_type") in {"softlink", "directory"}:
        return None
    digest = entry.get("sha256_in_prefix") or (None if entry.get("prefix_placeholder") else entry.get("sha256"))
    return digest if isinstance(digest, str) else None


def _load(path: Path) -> PrefixRecord:
    try:
        record = read_record(path)
    except Exception as error:  # rattler raises many kinds, none of them with a common root
        raise BrokenRecordError(path, str(error)) from error
    record.file_name = wheel_file_name(record.file_name, record.url)
    if (channel := record.channel.rstrip("/")).endswith(f"/{record.subdir}"):  # as conda writes it
        record.channel = channel.removesuffix(f"/{record.subdir}")
    return record


def installed_variant(prefix: Path, record: PrefixRecord) -> WheelVariant | None:
    """Return what an installed wheel is as a variant: its label by its name, its properties by its own word."""
    try:
        label = split_label(record.file_name)[1] if is_wheel(record) else None
    except InvalidWheelNameError:  # no name that any index could have given
        return None
    if label is None:
        return None
    release = installed_release(prefix, record)
    properties = release.variants.get(label, frozenset()) if release else frozenset()
    return WheelVariant(label=label, properties=properties, flags=tuple(record.flags))


def installed_release(prefix: Path, record: PrefixRecord) -> ReleaseVariants | None:
    """Return the ``variant.json`` of an installed wheel; None where it has none, or it cannot be read."""
    project = canonicalize_name(record.file_name.partition("-")[0])
    found = (PurePath(file) for file in record.files if str(file).endswith(_VARIANT_JSON))
    place = next((path for path in found if canonicalize_name(path.parent.name.partition("-")[0]) == project), None)
    if place is not None:
        with suppress(OSError, ValueError, RecursionError, InvalidVariantsError):
            return parse_variants(json.loads((prefix / place).read_bytes()))
    return None


def describe_installed(prefix: Path, record: PrefixRecord) -> InstalledPackage:
    """Return what is to be said of one installed package."""
    return InstalledPackage(
        name=record.name.normalized,
        version=str(record.version),
        build=str(record.build),
        kind="wheel" if is_wheel(record) else "conda",
        channel=record.channel.rstrip("/"),
        url=record.url,
        fn=record.file_name,
        sha256=record.sha256.hex() if record.sha256 else None,
        variant=installed_variant(prefix, record),
        flags=tuple(record.flags),
    )
