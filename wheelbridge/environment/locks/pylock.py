"""``pylock.toml`` (PEP 751): wheels as its packages, the rest of a lock in its ``[tool.wheelbridge]``.

Any installer of PEP 751 installs the wheels of a target by it, and needs nothing of the table. PEP 751, of ``tool``:
"Data recorded in the table MUST be disposable (i.e. it MUST NOT affect installation)": it does not affect how the
packages of the file are installed; it adds what the format has no packages for, those of conda.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.pylock import Pylock, PylockValidationError
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.lock import Lock, LockedPackage, LockedSource, LockedTarget
from wheelbridge.environment.locks.documents import load_toml, reading
from wheelbridge.environment.locks.fields import Fields, UnexpectedFormError
from wheelbridge.environment.locks.json_form import (
    Json,
    request_from_json,
    request_to_json,
    source_from_json,
    source_to_json,
    target_from_json,
    target_to_json,
)
from wheelbridge.environment.locks.parts import (
    KEY,
    VERSION,
    check_version,
    in_order,
    rest_of,
    with_rest,
    with_sorted_keys,
    with_source,
)
from wheelbridge.environment.locks.pixi_entries import conda_entry, conda_from_entry
from wheelbridge.environment.locks.places import file_name_of
from wheelbridge.environment.locks.pylock_entries import VARIANTS, identity, package_entry, project_of, said_of
from wheelbridge.environment.locks.pylock_markers import check_told_apart, target_markers
from wheelbridge.model.target import Target
from wheelbridge.model.variant import is_label

ANY = "any"
"""The one target of a lock of others, which is for any machine: markers and wheel tags choose."""
REST = "rest"
_NULL = {"null": True}
_OF_GROUPS = re.compile(r"""(['"])(?P<name>[^'"]*)\1\s+(?P<no>not\s+)?in\s+(?P<of>extras|dependency_groups)""")
_TRUE, _FALSE = "python_version >= '0'", "python_version < '0'"


def render_pylock(lock: Lock) -> str:
    """Return *lock* as the text of a ``pylock.toml``; what it says of places is written as it is.

    Raises:
        LockNotExpressibleError: if markers cannot tell its targets apart, or a file has no hash.
    """
    import tomli_w  # noqa: PLC0415 - a command that writes no lock does not wait for it

    markers = target_markers(lock.targets)
    packages = list(_entries(lock.targets, markers))
    document: Json = {"lock-version": "1.0"}
    if markers:
        document["environments"] = sorted(set(markers))
    document |= {"created-by": KEY, "packages": packages}
    said = _said(Fields({"packages": packages}), lock.sources)
    document["tool"] = {KEY: _encoded(_own_part(lock, said))}
    return tomli_w.dumps(document)


def read_pylock(text: str, file: str) -> Lock:
    """Read a ``pylock.toml``; *file* is its name, for messages.

    Of a lock of others, the one target is `ANY`: its packages have markers, and each has all its files, the first in
    `file`, the others in `alternatives`.

    Raises:
        InvalidEnvironmentFileError: if it is none.
    """
    top = load_toml(text, file)
    _validate(top, file)
    with reading(file):
        own = top.part("tool").part(KEY)
        return _read_own(top, Fields(_decoded_map(own.data), own.place), file) if own.data else _read_foreign(top, file)


# --- writing


def _entries(targets: Sequence[LockedTarget], markers: Sequence[str]) -> Iterator[Json]:
    groups: dict[tuple[str, object], list[tuple[str, LockedPackage]]] = {}
    chosen: list[dict[str, object]] = []
    for target, marker in zip(targets, markers, strict=True):
        wheels = [package for package in target.packages if package.kind == "wheel"]
        chosen.append({project_of(package): identity(package) for package in wheels})
        for package in wheels:
            groups.setdefault((project_of(package), identity(package)), []).append((marker, package))
    check_told_apart(targets, markers, chosen)
    for key in sorted(groups, key=lambda key: (key[0], str(key[1]))):
        here = sorted({marker for marker, _ in groups[key]})
        everywhere = len(here) == len(set(markers))
        text = here[0] if len(here) == 1 else " or ".join(f"({marker})" for marker in here)
        yield package_entry([package for _, package in groups[key]], None if everywhere else text)


def _said(top: Fields, sources: Iterable[LockedSource]) -> dict[str, LockedPackage]:
    """Return the place of each file -> the package that the format says it is."""
    found: dict[str, LockedPackage] = {}
    for entry in top.parts("packages"):
        for package in said_of(entry):
            found.setdefault(_at(package), with_source(replace(package, marker=None), sources))
    return found


def _at(package: LockedPackage) -> str:
    """Return what our own part calls a package by: the place of its file, or where the project is."""
    if package.direct_url is None:
        return package.file.url
    return f"{project_of(package)} @ {package.direct_url.get('url')}"


def _own_part(lock: Lock, said: Mapping[str, LockedPackage]) -> Json:
    own: Json = {"version": VERSION}
    if lock.request is not None:
        own["request"] = request_to_json(lock.request)
    if lock.sources:
        own["sources"] = [source_to_json(source) for source in lock.sources]
    own["targets"] = [_own_target(target, said, lock.sources) for target in lock.targets]
    return own


def _own_target(target: LockedTarget, said: Mapping[str, LockedPackage], sources: tuple[LockedSource, ...]) -> Json:
    values = target_to_json(target, with_packages=False)
    values["target"] = with_sorted_keys(values["target"])
    if target.packages:
        values["packages"] = [
            _conda_package(package, sources)
            if package.kind == "conda"
            else {"at": _at(package), **rest_of(package, said[_at(package)])}
            for package in target.packages
        ]
    return values


def _conda_package(package: LockedPackage, sources: tuple[LockedSource, ...]) -> Json:
    """Return a conda package as rattler-lock has it, and under `REST` what that does not say."""
    entry = conda_entry(package)
    rest = rest_of(package, with_source(conda_from_entry(Fields(entry)), sources))
    return {**entry, REST: rest} if rest else entry


def _encoded(value: object) -> object:
    """Write a null, which TOML lacks, as ``{null = true}``."""
    if isinstance(value, Mapping):
        return {key: _encoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    return dict(_NULL) if value is None else value


# --- reading


def _read_own(top: Fields, own: Fields, file: str) -> Lock:
    check_version(own)
    sources = tuple(source_from_json(part.data, part.place) for part in own.parts("sources"))
    said = _said(top, sources)
    request = own.mapping("request")
    return Lock(
        targets=tuple(_own_target_from(part, said, sources) for part in own.parts("targets")),
        sources=sources,
        request=None if request is None else request_from_json(request, own.at("request")),
        origin=file,
    )


def _own_target_from(
    part: Fields, said: Mapping[str, LockedPackage], sources: tuple[LockedSource, ...]
) -> LockedTarget:
    alone = target_from_json({key: value for key, value in part.data.items() if key != "packages"}, part.place)
    packages = (
        _conda_package_from(entry, sources) if "conda" in entry.data else _wheel_from(entry, said)
        for entry in part.parts("packages")
    )
    return replace(alone, packages=in_order(packages))


def _conda_package_from(entry: Fields, sources: tuple[LockedSource, ...]) -> LockedPackage:
    rest = entry.part(REST)
    return with_rest(with_source(conda_from_entry(entry), sources), rest.data, rest.place)


def _wheel_from(entry: Fields, said: Mapping[str, LockedPackage]) -> LockedPackage:
    place = entry.text("at")
    if place not in said:
        raise UnexpectedFormError(entry.place, f"the lock has no package {place!r}")
    return with_rest(said[place], {key: value for key, value in entry.data.items() if key != "at"}, entry.place)


def _read_foreign(top: Fields, file: str) -> Lock:
    groups = frozenset(top.texts("default-groups"))
    packages = in_order(_foreign_packages(top, groups))
    indexes = dict.fromkeys(package.channel for package in packages if package.channel)
    sources = tuple(
        LockedSource(name=url, kind="index", url=url, tier=tier, claim="strict") for tier, url in enumerate(indexes)
    )
    target = LockedTarget(
        name=ANY,
        target=Target(subdir="noarch"),
        packages=tuple(with_source(package, sources) for package in packages),
    )
    return Lock(targets=(target,), sources=sources, origin=file)


def _foreign_packages(top: Fields, groups: frozenset[str]) -> Iterator[LockedPackage]:
    for entry in top.parts("packages"):
        first, *others = said_of(entry)
        marker = first.marker and _OF_GROUPS.sub(lambda found: _chosen(found, groups), first.marker)
        yield replace(first, marker=marker, alternatives=tuple(package.file for package in others))


def _chosen(found: re.Match[str], groups: frozenset[str]) -> str:
    """Say what a marker says of extras and groups where none is asked for, and the default groups are installed."""
    inside = found["of"] == "dependency_groups" and found["name"] in groups
    return _TRUE if inside != bool(found["no"]) else _FALSE


def _decoded_map(value: Mapping[str, object]) -> dict[str, object]:
    return {key: _decoded(item) for key, item in value.items()}


def _decoded(value: object) -> object:
    if isinstance(value, dict):
        return None if value == _NULL else _decoded_map(value)
    return [_decoded(item) for item in value] if isinstance(value, list) else value


def _validate(top: Fields, file: str) -> None:
    """Let `packaging` check the file, which knows no variants yet: it sees their wheels without the label."""
    packages = top.data.get("packages")
    plain = [_without_variants(item) for item in packages] if isinstance(packages, list) else packages
    try:
        Pylock.from_dict({**top.data, "packages": plain})
    except PylockValidationError as error:
        raise InvalidEnvironmentFileError(file, error.context or "", error.message) from error


def _without_variants(package: object) -> object:
    if not isinstance(package, dict) or not isinstance(wheels := package.get("wheels"), list):
        return package
    return {
        **{key: value for key, value in package.items() if key != VARIANTS},
        "wheels": [_without_label(wheel) if isinstance(wheel, dict) else wheel for wheel in wheels],
    }


def _without_label(wheel: Mapping[str, object]) -> Mapping[str, object]:
    place = wheel.get("name") or wheel.get("url") or wheel.get("path")
    filename = file_name_of(place) if isinstance(place, str) else ""
    stem, _, label = filename.removesuffix(".whl").rpartition("-")
    try:
        parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return {**wheel, "name": f"{stem}.whl"} if is_label(label) else wheel
    return wheel
