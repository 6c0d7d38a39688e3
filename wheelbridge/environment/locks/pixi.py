"""``pixi.lock``, the format of rattler-lock: written as version 7, read as of version 4.

What it has no place for stands under one key of ours at the top, `wheelbridge`, which rattler-lock passes over; a file
that pixi wrote anew lacks it, and is still a whole lock.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from wheelbridge.environment.lock import Lock, LockedPackage, LockedSource, LockedTarget
from wheelbridge.environment.locks.documents import load_yaml, reading
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
from wheelbridge.environment.locks.parts import KEY, VERSION, check_version, in_order, rest_of, with_rest, with_source
from wheelbridge.environment.locks.pixi_entries import (
    conda_entry,
    conda_from_entry,
    location_of,
    told_by,
    wheel_entry,
    wheel_from_entry,
)
from wheelbridge.environment.locks.pixi_old import modern
from wheelbridge.environment.locks.places import file_name_of, find_channel, is_url
from wheelbridge.environment.locks.yaml_form import Inline, render_yaml
from wheelbridge.model.source import default_claim
from wheelbridge.model.target import Target, VirtualPackage

ENVIRONMENT = "default"
_WRITTEN = 7
_OLDEST = 4
_KINDS = ("conda", "pypi", "conda_source")
_NO_NAME = re.compile(r"[^\w-]")
_FACT = re.compile(r"\s*([\w-]+)\s*(?:[=<>!~]+\s*([^\s=,|]+)(?:(?:=|\s+)(\S+))?)?.*", re.DOTALL)


def render_pixi_lock(lock: Lock) -> str:
    """Return *lock* as the text of a ``pixi.lock``; what it says of places is written as it is."""
    names = _platform_names(lock.targets)
    index = _default_index(lock.sources)
    entries: dict[str, Json] = {}
    for package in (package for target in lock.targets for package in target.packages):
        entry = conda_entry(package) if package.kind == "conda" else wheel_entry(package)
        entries.setdefault(location_of(package), entry)
    said = {location: _package(Fields(entry), index, lock.sources) for location, entry in entries.items()}
    document: Json = {
        "version": _WRITTEN,
        "platforms": [
            _platform(name, target) for name, target in sorted(zip(names, lock.targets, strict=True), key=_first)
        ],
        "environments": {ENVIRONMENT: _environment(lock, dict(zip(names, lock.targets, strict=True)))},
        "packages": sorted(entries.values(), key=_selector),
        KEY: _own_part(lock, names, said),
    }
    return render_yaml(document)


def read_pixi_lock(text: str, file: str) -> Lock:
    """Read a ``pixi.lock``; *file* is its name, for messages. Every environment in it has its own targets.

    Raises:
        InvalidEnvironmentFileError: if it is none, or of a version that cannot be read.
    """
    top = load_yaml(text, file)
    with reading(file):
        version = top.integer("version")
        if version is None or not _OLDEST <= version <= _WRITTEN:
            raise UnexpectedFormError("version", f"versions {_OLDEST} to {_WRITTEN} can be read, not {version}")
        return _read(modern(top, version), file)


def _read(top: Fields, file: str) -> Lock:
    own = top.part(KEY)
    if own.data:
        check_version(own)
    sources = _own_sources(own) if own.data else _foreign_sources(top)
    entries = {_selected(entry)[1]: entry for entry in top.parts("packages")}
    targets = tuple(_targets(top, entries, sources))
    return Lock(
        targets=_with_own_part(targets, own) if own.data else targets,
        sources=sources,
        request=request_from_json(own.mapping("request"), own.at("request"))
        if own.mapping("request") is not None
        else None,
        origin=file,
    )


# --- writing


def _platform_names(targets: Sequence[LockedTarget]) -> list[str]:
    """Return what platforms are called: rattler-lock takes letters, digits, ``_`` and ``-``, and each name once."""
    names: list[str] = []
    for target in targets:
        plain = name = _NO_NAME.sub("-", target.name)
        number = 1
        while name in names:
            number += 1
            name = f"{plain}-{number}"
        names.append(name)
    return names


def _platform(name: str, target: LockedTarget) -> Json:
    entry: Json = {"name": name}
    if name != target.target.subdir:
        entry["subdir"] = target.target.subdir
    if facts := [_fact(package) for package in target.target.virtual_packages]:
        entry["virtual-packages"] = facts
    return entry


def _fact(package: VirtualPackage) -> str:
    return f"{package.name}={package.version}" + ("" if package.build == "0" else f"={package.build}")


def _environment(lock: Lock, targets: Mapping[str, LockedTarget]) -> Json:
    environment: Json = {
        "channels": [
            {"url": f"{source.url}/" if is_url(source.url) else source.url}
            for source in lock.sources
            if source.kind == "channel"
        ]
    }
    if indexes := [source.url for source in lock.sources if source.kind == "index" and is_url(source.url)]:
        environment["indexes"] = indexes
    environment["packages"] = {
        name: sorted(({_kind(package): location_of(package)} for package in target.packages), key=_selector)
        for name, target in sorted(targets.items())
    }
    return environment


def _own_part(lock: Lock, names: Sequence[str], said: Mapping[str, LockedPackage]) -> Json:
    own: Json = {"version": VERSION}
    if lock.request is not None:
        own["request"] = {
            key: value if isinstance(value, list) else Inline(value) if isinstance(value, dict) else value
            for key, value in request_to_json(lock.request).items()
        }
    if lock.sources:
        own["sources"] = [Inline(source_to_json(source)) for source in lock.sources]
    own["targets"] = [_own_target(name, target, said) for name, target in zip(names, lock.targets, strict=True)]
    return own


def _own_target(platform: str, target: LockedTarget, said: Mapping[str, LockedPackage]) -> Json:
    values = target_to_json(target, with_packages=False)
    own: Json = {"name": target.name}
    if platform != target.name:
        own["platform"] = platform
    if _target_of(Fields(_platform(platform, target))) != target.target:
        own["target"] = Inline(values["target"])
    if target.requested:
        own["requested"] = list(target.requested)
    rests = ((location_of(package), rest_of(package, said[location_of(package)])) for package in target.packages)
    if more := [_own_package(location, rest) for location, rest in rests if rest]:
        own["packages"] = more
    return own


def _own_package(location: str, rest: Json) -> Json:
    """Return one line for each field: a package that changes changes its own lines."""
    return {
        "at": location,
        **{key: Inline(value) if isinstance(value, (dict, list)) else value for key, value in rest.items()},
    }


def _kind(package: LockedPackage) -> str:
    return "conda" if package.kind == "conda" else "pypi"


def _selector(entry: Mapping[str, object]) -> tuple[str, str]:
    kind, location = next(iter(entry.items()))
    return kind, str(location)


def _first(item: tuple[str, LockedTarget]) -> str:
    return item[0]


def _default_index(sources: Iterable[LockedSource]) -> str | None:
    return next((source.url for source in sources if source.kind == "index" and is_url(source.url)), None)


# --- reading


def _package(entry: Fields, index: str | None, sources: Iterable[LockedSource]) -> LockedPackage:
    package = conda_from_entry(entry) if "conda" in entry.data else wheel_from_entry(entry, index)
    return with_source(package, sources)


def _selected(entry: Fields) -> tuple[str, str]:
    """Return the kind of a package, and its location."""
    kind = next((kind for kind in _KINDS if kind in entry.data), None)
    if kind is None:
        raise UnexpectedFormError(entry.place, "expected a package: conda, or pypi")
    return kind, entry.text(kind)


def _targets(top: Fields, entries: Mapping[str, Fields], sources: tuple[LockedSource, ...]) -> Iterator[LockedTarget]:
    platforms = {part.text("name"): _target_of(part) for part in top.parts("platforms")}
    environments = top.part("environments")
    for environment in sorted(environments.data, key=lambda name: (name != ENVIRONMENT, name)):
        part = environments.part(environment)
        index = next(iter(part.texts("indexes")), None)
        alone = environment == ENVIRONMENT or len(environments.data) == 1
        for platform in part.part("packages").data:
            packages = [
                _package(_entry(chosen, entries), index, sources) for chosen in part.part("packages").parts(platform)
            ]
            yield LockedTarget(
                name=platform if alone else f"{environment}/{platform}",
                target=platforms.get(platform) or Target(subdir=platform),
                packages=in_order(packages),
            )


def _entry(chosen: Fields, entries: Mapping[str, Fields]) -> Fields:
    kind, location = _selected(chosen)
    if kind == "conda_source":
        raise UnexpectedFormError(chosen.place, f"{location!r} is a source package, which has to be built")
    if (entry := entries.get(location)) is None or kind not in entry.data:
        raise UnexpectedFormError(chosen.place, f"{location!r} is not among the packages")
    return entry


def _target_of(platform: Fields) -> Target:
    found = (_FACT.fullmatch(text) for text in platform.texts("virtual-packages"))
    packages = {match[1]: VirtualPackage(match[1], match[2] or "0", match[3] or "0") for match in found if match}
    subdir = platform.optional_text("subdir") or platform.text("name")
    return Target(subdir=subdir, virtual_packages=tuple(sorted(packages.values())))


def _own_sources(own: Fields) -> tuple[LockedSource, ...]:
    return tuple(source_from_json(part.data, part.place) for part in own.parts("sources"))


def _foreign_sources(top: Fields) -> tuple[LockedSource, ...]:
    """Return the channels and indexes of all environments, channels first, as pixi solves.

    Of a channel that is named, packages tell the URL; one that no package is of is left out.
    """
    environments = top.part("environments")
    parts = [environments.part(name) for name in environments.data]
    of_packages = dict.fromkeys(told_by(_selected(entry)[1]).get("channel", "") for entry in top.parts("packages"))
    said = [channel.text("url").rstrip("/") for part in parts for channel in part.parts("channels")]
    channels = [url for text in said if (url := find_channel(text, of_packages)) is not None]
    indexes = [url.rstrip("/") for part in parts for url in part.texts("indexes")]
    found = dict.fromkeys([("channel", url) for url in channels] + [("index", url) for url in indexes])
    names: dict[str, str] = {}
    for kind, url in found:
        short = file_name_of(url) if kind == "channel" else "index"
        names[url] = short if short and short not in names.values() else url
    return tuple(
        LockedSource(
            name=names[url],
            kind="channel" if kind == "channel" else "index",
            url=url,
            tier=tier,
            claim=default_claim(names[url]),
        )
        for tier, (kind, url) in enumerate(found)
    )


def _with_own_part(targets: tuple[LockedTarget, ...], own: Fields) -> tuple[LockedTarget, ...]:
    by_platform = {target.name: target for target in targets}
    made = []
    for part in own.parts("targets"):
        platform = part.optional_text("platform") or part.text("name")
        if (said := by_platform.pop(platform, None)) is None:
            raise UnexpectedFormError(part.place, f"the lock has no packages for {platform!r}")
        given: Json = {"name": part.text("name"), "requested": list(part.texts("requested"))}
        given["target"] = part.data.get("target") or said.target.as_json()
        named = target_from_json(given, part.place)
        rests = {rest.text("at"): rest for rest in part.parts("packages")}
        packages = in_order(_completed(package, rests.pop(location_of(package), None)) for package in said.packages)
        if rests:
            raise UnexpectedFormError(part.at("packages"), f"the lock has no package {next(iter(rests))!r}")
        made.append(LockedTarget(name=named.name, target=named.target, requested=named.requested, packages=packages))
    return (*made, *by_platform.values())


def _completed(package: LockedPackage, rest: Fields | None) -> LockedPackage:
    if rest is None:
        return package
    return with_rest(package, {key: value for key, value in rest.data.items() if key != "at"}, rest.place)
