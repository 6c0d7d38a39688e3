"""Routes: which sources alone may serve a project, as the command line and configurations say."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.texts import is_marker, read_patterns
from wheelbridge.configuration.values import COMMAND_LINE, RouteChoice, RouteEntry
from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.model.source import Route
from wheelbridge.model.target import Target
from wheelbridge.translate.errors import MarkerNotExpressibleError
from wheelbridge.translate.markers import translate_marker

_FORM = "Write it like --route torch=pytorch, 'corp-*=corp,pypi', or \"torch=cu130; sys_platform == 'linux'\"."


def read_routes(texts: Iterable[str]) -> tuple[RouteEntry, ...]:
    """Read ``PATTERN=SOURCE[,SOURCE...][; MARKER]``.

    >>> read_routes(["corp-*=corp,pypi"])[0].choices
    (RouteChoice(source='corp', marker=None), RouteChoice(source='pypi', marker=None))

    Raises:
        UsageError: if one has another form.
    """
    return tuple(entry for text in texts for entry in _read_route(text))


def _read_route(text: str) -> Sequence[RouteEntry]:
    route, separator, marker = (part.strip() for part in text.partition(";"))
    pattern, _, names = (part.strip() for part in route.partition("="))
    sources = [name.strip() for name in names.split(",")]
    patterns = list(read_patterns(pattern))
    if not patterns or not all(sources):
        raise UsageError(f"{text!r} is no route", hint=_FORM)
    if separator and not is_marker(marker):
        raise UsageError(f"{marker!r} is no marker (PEP 508)", hint=_FORM)
    choices = tuple(RouteChoice(source, marker or None) for source in sources)
    return [RouteEntry(pattern=pattern, choices=choices, origin=COMMAND_LINE) for pattern in patterns]


def resolve_routes(
    entries: Iterable[RouteEntry], members: Mapping[str, Sequence[str]], target: Target | None
) -> tuple[tuple[Route, ...], tuple[Route, ...]]:
    """Return the routes that hold on *target*, and those that do not, or that a nearer place replaces.

    *members* are the sources that a name means: itself, or those of a group. Where several places have routes for one
    pattern, those of the nearest hold; *entries* have it first.

    Raises:
        WheelbridgeError: if a route leads to a source that is not there, or a marker is not constant on the target.
    """
    held: list[Route] = []
    idle: list[Route] = []
    for entry in entries:
        for choice in entry.choices:
            if choice.source not in members:
                raise _error(entry, f"{choice.source!r} is no source", _hint(choice.source, members))
        true = [choice for choice in entry.choices if _holds(entry, choice.marker, target)]
        names = [name for choice in true or entry.choices for name in members[choice.source]]
        markers = {choice.marker for choice in entry.choices}
        route = Route(
            pattern=entry.pattern,
            sources=tuple(dict.fromkeys(names)),
            marker=markers.pop() if len(markers) == 1 else None,
            origin=entry.origin,
        )
        replaced = any(other.pattern == route.pattern and other.origin != route.origin for other in held)
        (held if true and not replaced else idle).append(route)
    return tuple(held), tuple(idle)


def keep_known(entries: Iterable[RouteEntry], names: Iterable[str]) -> tuple[list[RouteEntry], list[str]]:
    """Return the routes of configurations as far as they lead to *names*, and notes on those that lead nowhere."""
    known, kept, notes = set(names), [], []
    for entry in entries:
        choices = tuple(choice for choice in entry.choices if choice.source in known)
        if choices:
            kept.append(RouteEntry(pattern=entry.pattern, choices=choices, origin=entry.origin, path=entry.path))
        else:
            notes.append(
                f"The route of {entry.pattern} in {entry.origin} is left out: its sources are not in the list."
            )
    return kept, notes


def _holds(entry: RouteEntry, marker: str | None, target: Target | None) -> bool:
    if marker is None or target is None:
        return True
    try:
        translation = translate_marker(marker, target)
    except MarkerNotExpressibleError as error:
        raise _error(entry, error.message, error.hint) from error
    if translation.base.value is None or translation.extras:
        what = "extras" if translation.extras else "python"
        hint = "A route holds for a whole solve: leave out python_version and extras, ask for the system or machine."
        raise _error(entry, f"the marker {marker!r} depends on {what}", hint)
    return translation.base.value


def _hint(name: str, members: Mapping[str, Sequence[str]]) -> str:
    near = get_close_matches(name, members, 1)
    return f"Did you mean {near[0]!r}?" if near else f"Sources: {', '.join(members)}."


def _error(entry: RouteEntry, reason: str, hint: str | None) -> WheelbridgeError:
    if entry.path:
        return InvalidConfigurationError(entry.origin, entry.path, reason, hint=hint)
    return UsageError(f"The route of {entry.pattern}: {reason}", hint=hint)
