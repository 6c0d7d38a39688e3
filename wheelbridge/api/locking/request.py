"""What a lock answers, as values that can be compared later."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from wheelbridge.api.locking.asked import Asked
from wheelbridge.environment.lock import LockedRequest
from wheelbridge.environment.locks.places import texts_as_written
from wheelbridge.environment.manifest import Link
from wheelbridge.model.redaction import without_login
from wheelbridge.model.source import Route
from wheelbridge.model.variant_policy import VariantPolicy
from wheelbridge.solver.records import needed_name
from wheelbridge.translate.requirement import parse_requirement


def lock_request(asked: Sequence[Asked], folder: Path | None) -> LockedRequest:
    """Return what is asked for on all targets together, without logins.

    Paths of links are relative to *folder*, where the lock lies; without one, they are URLs.

    Raises:
        SecretInLockError: if a query of a URL may be a secret.
    """
    first = asked[0]
    links = (write_link(link, folder) for one in asked for link in one.settings.links)
    return LockedRequest(
        specs=texts_as_written("a spec", _union(one.request.specs for one in asked)),
        requirements=texts_as_written("a requirement", _union(one.request.requirements for one in asked)),
        constraints=texts_as_written("a constraint", _union(one.request.limits for one in asked)),
        links=tuple(sorted(set(links))),
        routes=lock_routes(route for one in asked for route in one.settings.routes),
        variants=lock_policy(first.settings.variants),
        prereleases=any(one.request.prereleases for one in asked),
        builds=_union(tuple(one.settings.builds) for one in asked),
        no_external=_union(tuple(one.settings.no_external) for one in asked),
        exclude_newer=first.settings.exclude_newer,
        variables=dict(sorted(first.variables.items())),
    )


def join_requests(before: LockedRequest, now: LockedRequest) -> LockedRequest:
    """Return what is asked for by *before* and *now* together: of a name, what was said last.

    >>> before, now = LockedRequest(specs=("python=3.11", "zlib")), LockedRequest(specs=("python=3.12",))
    >>> join_requests(before, now).specs
    ('python=3.12', 'zlib')
    """
    specs = {needed_name(text): text for text in (*before.specs, *now.specs)}
    requirements = {_project(text): text for text in (*before.requirements, *now.requirements)}
    return LockedRequest(
        specs=tuple(sorted(specs.values())),
        requirements=tuple(sorted(requirements.values())),
        constraints=_union((before.constraints, now.constraints)),
        links=_union((before.links, now.links)),
        routes=tuple(dict.fromkeys((*now.routes, *before.routes))),
        variants={**before.variants, **now.variants},
        prereleases=before.prereleases or now.prereleases,
        builds=_union((before.builds, now.builds)),
        no_external=_union((before.no_external, now.no_external)),
        exclude_newer=now.exclude_newer,
        variables={**before.variables, **now.variables},
    )


def lock_routes(routes: Iterable[Route]) -> tuple[str, ...]:
    """Return routes as ``--route`` takes them, in order.

    >>> lock_routes([Route(pattern="torch", sources=("pytorch",))])
    ('torch=pytorch',)
    """
    return tuple(dict.fromkeys(map(str, routes)))


def lock_policy(policy: VariantPolicy) -> dict[str, object]:
    """Return what the user said of variants: the option of the command line -> its values; unsaid options are left out.

    >>> lock_policy(VariantPolicy(disabled=True))
    {'no-variants': True}
    """
    pins = [f"{project}={_pin(pin.label, pin.pattern)}" for project, pin in policy.pins.items()]
    if policy.pin_all:
        pins.append(_pin(policy.pin_all.label, policy.pin_all.pattern))
    said: dict[str, object] = {
        "variant": sorted(pins),
        "variant-ban": sorted(map(str, policy.ban)),
        "variant-enable": sorted(policy.enabled),
        "variant-mode": policy.mode if policy.mode != "flexible" else None,
        "variant-prefer": [*map(str, policy.prefer)],
        "no-variants": policy.disabled,
    }
    return {option: values for option, values in said.items() if values}


def write_link(link: Link, folder: Path | None) -> str:
    """Return *link* as pip would take it; of a path, relative to *folder*, if there is one; without a login."""
    place = without_login(link.url)
    if folder is not None and place.startswith("file:"):
        from wheelbridge.index.local import url_to_path  # noqa: PLC0415 - it takes a while, and few locks have links

        place = _relative(url_to_path(place), folder)
    if link.vcs:
        place = f"{link.vcs}+{place}" + (f"@{link.revision}" if link.revision else "")
    place += f"#subdirectory={link.subdirectory}" if link.subdirectory else ""
    extras = f"[{','.join(link.extras)}]" if link.extras else ""
    name = f"{link.project}{extras} @ " if link.project else ""
    text = f"-e {place}{extras}" if link.editable else f"{name}{place}"
    return f"{text} ; {link.marker}" if link.marker else text


def _relative(path: Path, folder: Path) -> str:
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:  # on another drive of Windows, where nothing is relative to it
        return path.as_posix()
    return f"./{Path(relative).as_posix()}" if not relative.startswith("..") else Path(relative).as_posix()


def _project(requirement: str) -> str:
    return canonicalize_name(parse_requirement(requirement).name)


def _pin(label: str | None, pattern: object) -> str:
    return str(pattern) if pattern else label or ""


def _union(texts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(sorted({text for group in texts for text in group}))
