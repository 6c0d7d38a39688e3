"""A wheel in conda's package cache: checked, unpacked as our installer does it, and with a record of its own.

conda unpacks a wheel once for all environments, and takes the record only where no channel, solver or lock has one:
for ``conda install ./x.whl`` and for lists of URLs.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from conda.base.constants import PLATFORMS
from conda.base.context import context
from conda.common.compat import on_win
from packaging.tags import Tag

from wheelbridge.conda_plugin.errors import WheelbridgeCondaError
from wheelbridge.conda_plugin.needs import require_rattler
from wheelbridge.conda_plugin.wheel_errors import UnusableWheelError
from wheelbridge.errors import TranslationError, WheelbridgeError

if TYPE_CHECKING:
    from wheelbridge.api.translating import Translator
    from wheelbridge.installer.layout import PythonLayout
    from wheelbridge.installer.wheel_source import CheckedWheel
    from wheelbridge.model.record import WheelRecord
    from wheelbridge.translate.wheel import WheelName

UNTRANSLATED = "wheelbridge_untranslated"
"""The key of ``info/index.json`` that says why it has nothing of what the wheel depends on."""
_EXACT = re.compile(r"cp(\d)(\d+)-(?:none|cp\d+(t?))")


class _BrokenArchiveError(WheelbridgeCondaError, OSError):
    """An error that is an `OSError`: where conda reads its cache, it then drops the archive, and does not stop."""


def extract_wheel(wheel: Path, directory: Path) -> None:
    """Unpack *wheel* into *directory*, where conda looks for an extracted package.

    Raises:
        WheelbridgeCondaError: if the wheel is damaged, unsafe, or for no platform of conda; nothing is left then.
    """
    try:
        require_rattler()
        _extract(wheel, directory)
    except WheelbridgeError as error:
        shutil.rmtree(directory, ignore_errors=True)
        raise type(type(error).__name__, (_BrokenArchiveError,), {})(error) from None
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def _extract(wheel: Path, directory: Path) -> None:
    from wheelbridge.installer.errors import os_errors
    from wheelbridge.installer.wheel import WheelUse, write_package
    from wheelbridge.installer.wheel_source import open_wheel
    from wheelbridge.translate.wheel import WheelName

    fn = unquote(wheel.name)  # conda calls the file what its URL ends in
    name = WheelName.parse(fn)
    subdir = _subdir_of(fn, name.tags)
    with os_errors(directory), wheel.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        with open_wheel(stream, fn) as source:
            told = {"fn": fn, "sha256": digest, "size": wheel.stat().st_size, **_told(source, name.label)}
            record, reason = _describe(told, name, subdir)
            write_package(source, record, directory, WheelUse(layout=_layout(name.tags)))
        _tell_conda(directory / "info/index.json", record, reason)


def _told(source: "CheckedWheel", label: str | None) -> dict[str, object]:
    """Return what a wheel says of itself, as `Translator` reads it."""
    from wheelbridge.index.wheelfile import METADATA, VARIANT_JSON

    told: dict[str, object] = {"metadata": source.read_dist_info(METADATA)}
    if label is not None and VARIANT_JSON in source.dist_info_filenames:
        told["variant_json"] = json.loads(source.read_dist_info(VARIANT_JSON))
    return told


def _describe(wheel: Mapping[str, object], name: "WheelName", subdir: str) -> "tuple[WheelRecord, str | None]":
    """Return the record of a wheel; where what it depends on cannot be told, also why not."""
    from wheelbridge.model.name import CondaName
    from wheelbridge.model.record import WheelRecord

    found = _translated(wheel, subdir)
    if isinstance(found, dict):
        lists: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in found.items()
        }
        return WheelRecord(**lists), None
    tags = str(wheel["fn"]).removesuffix(".whl").split("-")[2:]
    record = WheelRecord(
        name=CondaName(name.project),
        version=str(name.version),
        build="_".join([*tags, f"h{str(wheel['sha256'])[:8]}"]).replace(".", "_").replace("+", "_"),
        build_number=0,
        subdir="noarch" if all(tag.platform == "any" for tag in name.tags) else subdir,
        fn=str(wheel["fn"]),
        depends=("python",),
    )
    return record, found


def _translated(wheel: Mapping[str, object], subdir: str) -> dict[str, Any] | str:
    """Return the record in JSON, or why there is none."""
    try:
        result = _translator(subdir, tuple(getattr(context.plugins, "wheelbridge_maps", ()))).translate("wheel", wheel)
    except WheelbridgeError as error:
        return error.message
    match result:
        case {"record": dict(record)}:
            return record
        case {"refused": {"reason": reason}} | {"error": {"message": reason}}:
            return str(reason)
    raise ValueError(result)


@cache
def _translator(subdir: str, maps: tuple[str, ...]) -> "Translator":
    from wheelbridge.api.mapping.maps import take_maps
    from wheelbridge.api.translating import Translator
    from wheelbridge.target.detect import assume_target, detect_target

    target = detect_target(subdir) if subdir == context.subdir else assume_target(subdir)
    return Translator(target, take_maps(map(Path, maps)))


def _subdir_of(fn: str, tags: Iterable[Tag]) -> str:
    """Return the platform that a wheel is for: conda's own where it may be.

    Raises:
        UnusableWheelError: if it is for none that conda has.
    """
    from wheelbridge.model.target import Target
    from wheelbridge.translate.errors import OtherPlatformError
    from wheelbridge.translate.platforms import translate_platform_tags

    platforms = {tag.platform for tag in tags}
    for subdir in map(str, (context.subdir, *PLATFORMS)):
        try:
            translate_platform_tags(platforms, Target(subdir=subdir))
        except OtherPlatformError:
            continue
        except TranslationError:  # of this platform, though not for this machine
            return subdir
        return subdir
    raise UnusableWheelError(fn, tuple(sorted(platforms)))


def _layout(tags: Iterable[Tag]) -> "PythonLayout":
    """Return where conda will put the files, as far as the paths in RECORD depend on it.

    Only headers need the version of python; where the tags leave it open, they come to conda's own ``include``.
    """
    from wheelbridge.installer.layout import PythonLayout

    if on_win:
        return PythonLayout.of_python("3", "win-64")
    exact = {
        f"{match[1]}.{match[2]}{match[3] or ''}"
        for tag in tags
        if (match := _EXACT.fullmatch(f"{tag.interpreter}-{tag.abi}"))
    }
    include = f"include/python{exact.pop()}" if len(exact) == 1 else "include"
    return replace(PythonLayout.of_python("3", context.subdir), include=include)


def _tell_conda(index: Path, record: "WheelRecord", reason: str | None) -> None:
    """Put into ``index.json`` what every conda can read, and beside it what it cannot, for when the wheel is linked."""
    from rattler import PackageRecord
    from rattler.package import BuildString

    from wheelbridge.installer.plain_depends import OWN, plain_depends

    build = BuildString(record.build)
    depends = [*record.depends]
    package = PackageRecord(record.name, record.version, build, record.build_number, record.subdir, depends=depends)
    plain = plain_depends([package], []).get(record.name)
    more: dict[str, object] = {} if reason is None else {UNTRANSLATED: reason}
    if plain is not None:
        more |= {"depends": [*plain], OWN: {"depends": depends}}
    if more:
        content = {**json.loads(index.read_text(encoding="utf-8")), **more}
        index.write_text(json.dumps(content, indent=2), encoding="utf-8")
