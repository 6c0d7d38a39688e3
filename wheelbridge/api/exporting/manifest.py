"""An environment as an ``environment.yml``: all that is there, or what was asked for."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rattler import MatchSpec

from wheelbridge.api.exporting.describing import Described
from wheelbridge.environment.lock import LockedPackage, LockedSource
from wheelbridge.environment.locks.places import path_between, with_paths
from wheelbridge.environment.manifest import Manifest, Stated
from wheelbridge.index.client import PYPI, resolve_index_url
from wheelbridge.installer.history import canonical_channel, spec_name
from wheelbridge.model.source import default_claim
from wheelbridge.translate.errors import InvalidWheelNameError
from wheelbridge.translate.wheel import WheelName

_PIECE = re.compile(r"(>=|<=|==|!=|<|>)?(\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?)(\.\*|\*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How an ``environment.yml`` is to be written.

    Attributes:
        name: of the environment.
        folder: where the file will lie; paths are relative to it.
        from_history: what was asked for only.
        builds: conda packages with their build strings.
    """

    name: str
    folder: Path
    from_history: bool = False
    builds: bool = True


@dataclass(frozen=True, slots=True)
class _Content:
    """What an ``environment.yml`` asks for, and what it cannot say exactly."""

    specs: tuple[str, ...]
    requirements: tuple[str, ...]
    settings: Mapping[str, object]
    inexact: tuple[str, ...] = ()


def make_manifest(described: Described, wish: Wish) -> Manifest:
    """Return what asks for the environment; its notes tell what cannot be said exactly.

    Wheels stand in the section of pip, and the indexes that they are from with them.
    """
    lock = described.lock
    content = _what_was_asked(described, wish.folder) if wish.from_history else _all_there_is(described, wish)
    wheels = [package for package in described.target.packages if package.kind == "wheel"]
    indexes = _indexes(lock.sources, wheels)
    named = _named_indexes(indexes, wheels)
    public = resolve_index_url(PYPI)
    is_plain = bool(named) or [source.url for source in indexes] in ([], [public])
    folders = [source for source in indexes if _is_folder(source)]
    return Manifest(
        files=(),
        name=wish.name,
        channels=tuple(_channel_text(source) for source in lock.sources if _is_own_channel(source)),
        defaults=False,
        variables=lock.request.variables if lock.request else {},
        specs=tuple(Stated(text, "") for text in content.specs),
        requirements=tuple(Stated(text, "") for text in content.requirements),
        indexes=() if is_plain else tuple(source.url for source in indexes if source not in folders),
        only_indexes=not is_plain,
        find_links=() if is_plain else tuple(with_paths(wish.folder, source.url) for source in folders),
        settings={**named, **content.settings},
        notes=(*described.inexact, *content.inexact, *_local(lock.sources)),
    )


def _all_there_is(described: Described, wish: Wish) -> _Content:
    extras = _asked_extras(described.target.requested)
    specs, requirements = list[str](), list[str]()
    channels = {source.name for source in described.lock.sources if source.kind == "channel"}
    for package in described.target.packages:
        if package.kind == "conda" or package.source in channels:
            specs.append(_exact_spec(package, builds=wish.builds, extras=extras.get(package.name, ())))
        elif package.direct_url is not None:
            requirements.append(_direct_requirement(package, package.direct_url, wish.folder))
        else:
            requirements.append(_exact_requirement(package, extras.get(package.name, ())))
    requirements += [f"{one.project}=={one.version}" for one in described.by_pip if one.version]
    pins = {str(one.pypi_name): one.variant.label for one in described.target.packages if one.variant}
    return _Content(tuple(specs), tuple(requirements), {"variants": {"pins": pins}} if pins else {})


def _exact_spec(package: LockedPackage, *, builds: bool, extras: Collection[str] = ()) -> str:
    build = (package.record or {}).get("build") if builds else None
    if not extras:
        return f"{package.name}={package.version}" + (f"={build}" if build else "")
    keys = [f"extras=[{','.join(sorted(extras))}]", f'version="{package.version}"']
    keys += [f'build="{build}"'] if build else []
    return f"{package.name}[{','.join(keys)}]"


def _exact_requirement(package: LockedPackage, extras: Iterable[str]) -> str:
    """Return the requirement of one version; PEP 440 has it, as the wheel's name does."""
    try:
        version = str(WheelName.parse(package.file.filename).version)
    except InvalidWheelNameError:
        version = package.version
    listed = ",".join(sorted(extras))
    return f"{package.pypi_name or package.name}{f'[{listed}]' if listed else ''}=={version}"


def _direct_requirement(package: LockedPackage, direct: Mapping[str, object], folder: Path) -> str:
    """Return how pip is asked for what came from no index (PEP 610 to PEP 508)."""
    url = str(direct.get("url", ""))
    path = path_between(folder, url)
    fragment = f"#subdirectory={direct['subdirectory']}" if direct.get("subdirectory") else ""
    match direct:
        case {"dir_info": {"editable": True}}:
            return f"-e {path or url}{fragment}"
        case {"vcs_info": {"vcs": vcs, "commit_id": commit}}:
            return f"{package.pypi_name} @ {vcs}+{url}@{commit}{fragment}"
        case _:
            return f"{path}{fragment}" if path else f"{package.pypi_name} @ {url}{fragment}"


def _asked_extras(requested: Iterable[str]) -> dict[str, tuple[str, ...]]:
    return {spec_name(text): tuple(MatchSpec(text).extras or ()) for text in requested}


def _what_was_asked(described: Described, folder: Path) -> _Content:
    """Return the request as it was written, where it is known; else what the history has of it."""
    request, requested = described.lock.request, described.target.requested
    if request is not None and (request.requirements or request.links):
        links = [with_paths(folder, link) for link in request.links]
        unchanged = set(request.links) & {link for link in links if "://" not in link}
        inexact = [f"{link} stands relative to the folder of a lock" for link in sorted(unchanged)]
        return _Content(request.specs, (*links, *request.requirements), {}, tuple(inexact))
    packages = {package.name: package for package in described.target.packages}
    specs, requirements, inexact = list[str](), list[str](), list[str]()
    channels = {source.name for source in described.lock.sources if source.kind == "channel"}
    for text in requested:
        package = packages[spec_name(text)]
        if package.kind == "conda" or package.source in channels:
            specs.append(text)
            continue
        known = described.requirements.get(package.name)
        requirement, is_exact = (known, True) if known else _as_requirement(text, package)
        requirements.append(requirement)
        if not is_exact:
            inexact.append(f"no requirement of PEP 508 says what {text!r} does: {requirement} is written")
    return _Content(tuple(specs), tuple(requirements), {}, tuple(inexact))


def _as_requirement(text: str, package: LockedPackage) -> tuple[str, bool]:
    """Return a MatchSpec on a wheel as a requirement, and whether that says the same."""
    spec = MatchSpec(text)
    extras = ",".join(sorted(spec.extras or ()))
    name = f"{package.pypi_name}{f'[{extras}]' if extras else ''}"
    pieces = [_PIECE.fullmatch(piece) for piece in (spec.version or "").split(",") if piece not in ("", "*")]
    matches = [piece for piece in pieces if piece is not None]
    is_exact = len(matches) == len(pieces) and spec.build in (None, "*")
    versions = [f"{match[1] or '=='}{match[2]}{'.*' if match[3] else ''}" for match in matches]
    return f"{name}{','.join(versions)}" if is_exact else name, is_exact


def _is_own_channel(source: LockedSource) -> bool:
    return source.kind == "channel" and not source.brought


def _channel_text(source: LockedSource) -> str:
    """Return what people call a channel where that means it everywhere, else its URL."""
    known = canonical_channel(source.url)
    return known if known == source.name and "/" not in known else source.url


def _indexes(sources: Iterable[LockedSource], wheels: Iterable[LockedPackage]) -> list[LockedSource]:
    """Return the indexes that wheels are from, in order."""
    used = {package.source for package in wheels if package.direct_url is None}
    return [source for source in sources if source.kind == "index" and source.name in used]


def _named_indexes(indexes: Sequence[LockedSource], wheels: Iterable[LockedPackage]) -> dict[str, object]:
    """Return what the table of ours must say of *indexes*; nothing where options of pip say it all.

    Pip knows neither claims nor routes, and to it ``--find-links`` is no place in an order: here, it is before indexes.
    """
    claims = {source.name: source.claim for source in indexes if source.claim != default_claim(source.name)}
    routed = [package for package in wheels if (package.decision or {}).get("route")]
    folders_first = sorted(indexes, key=lambda source: not _is_folder(source)) == [*indexes]
    if not claims and not routed and folders_first:
        return {}
    routes = {f"pypi:{package.pypi_name}": [str(package.source)] for package in routed}
    named: dict[str, object] = {"indexes": [f"{source.name}={source.url}" for source in indexes]}
    return {**named, **({"claims": claims} if claims else {}), **({"routes": routes} if routes else {})}


def _is_folder(source: LockedSource) -> bool:
    return source.kind == "index" and source.url.startswith("file:")


def _local(sources: Iterable[LockedSource]) -> list[str]:
    urls = [source.url for source in sources if source.url.startswith("file:")]
    return [f"{', '.join(urls)}: a folder of this machine, which others do not have"] if urls else []
