"""What a lock answers, as values that can be compared later."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from wheelbridge.api.locking.asked import Asked
from wheelbridge.environment.lock import LockedRequest
from wheelbridge.environment.manifest import Link
from wheelbridge.index.local import url_to_path
from wheelbridge.model.redaction import without_login
from wheelbridge.model.source import Route
from wheelbridge.model.variant_policy import VariantPolicy


def lock_request(asked: Sequence[Asked], folder: Path) -> LockedRequest:
    """Return what is asked for on all targets together; paths are relative to *folder*, where the lock lies."""
    first = asked[0]
    links = (write_link(link, folder) for one in asked for link in one.settings.links)
    return LockedRequest(
        specs=_union(one.request.specs for one in asked),
        requirements=_union(one.request.requirements for one in asked),
        constraints=_union(one.request.limits for one in asked),
        links=tuple(sorted(set(links))),
        routes=lock_routes(route for one in asked for route in one.settings.routes),
        variants=lock_policy(first.settings.variants),
        exclude_newer=first.settings.exclude_newer,
        variables=dict(sorted(first.variables.items())),
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


def write_link(link: Link, folder: Path) -> str:
    """Return *link* as pip would take it; of a path, relative to *folder*; without a login."""
    place = without_login(link.url)
    if place.startswith("file:"):
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


def _pin(label: str | None, pattern: object) -> str:
    return str(pattern) if pattern else label or ""


def _union(texts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(sorted({text for group in texts for text in group}))
