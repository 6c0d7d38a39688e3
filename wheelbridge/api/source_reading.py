"""From what was written of sources, here and there, to candidates: one for each source of a place."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from urllib.parse import urlsplit

from wheelbridge.api.source_candidates import Candidate, Level, find, find_twin
from wheelbridge.api.source_places import SourcePlace, read_channel, read_index
from wheelbridge.configuration.conda_channels import CondaChannels
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.inheriting import have_same_settings, inherit
from wheelbridge.configuration.values import COMMAND_LINE, Configuration, SourceEntry
from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.model.redaction import redact
from wheelbridge.model.source import Claim, SourceKind


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns what was written into candidates; *windows* says what ``defaults`` stands for."""

    channels: CondaChannels
    windows: bool = False

    def read_places(self, places: Sequence[Configuration]) -> list[Level]:
        """Return the sources of each configuration, with what farther ones say of the same source.

        *places* are the nearest first.

        Raises:
            InvalidConfigurationError: with the path to a source that cannot be read, is there twice, or requires less
                than a farther place does.
        """
        levels: list[Level] = []
        for place in reversed(places):
            level = _join_twins(self._read_place(place))
            names = {name for candidate in level for name in (candidate.place.name, candidate.group) if name}
            level = [_complete(candidate, find_twin(candidate, levels), names) for candidate in level]
            _check_groups(level)
            levels.insert(0, level)
        return levels

    def read_given(self, given: Iterable[tuple[SourceKind, str]], configured: Sequence[Level]) -> Level:
        """Return the sources of a command line; name or URL of a *configured* one mean that one, settings and all.

        Raises:
            UsageError: if one cannot be read, is there twice, or has the name of a configured one of the other kind.
        """
        found: list[Candidate] = []
        for kind, text in dict.fromkeys(given):
            found += find(text, configured, kind) or self._read_text(kind, text, configured)
        return _join_twins(found, given=True)

    def _read_place(self, place: Configuration) -> list[Candidate]:
        found: list[Candidate] = []
        for entry in place.sources:
            try:
                found += self._expand(entry, place.fallback)
            except WheelbridgeError as error:
                raise InvalidConfigurationError(entry.origin, entry.path, error.message, hint=error.hint) from error
        return found

    def _read_text(self, kind: SourceKind, text: str, configured: Sequence[Level]) -> Level:
        if others := find(text, configured):
            kind_there, option = others[0].kind, "-i" if others[0].kind == "index" else "-c"
            raise UsageError(
                f"{text} is no {kind}, but the {kind_there} of {others[0].entry.origin}", hint=f"Say {option} {text}."
            )
        expanded = self._expand(SourceEntry(kind=kind, text=text, origin=COMMAND_LINE), None)
        if len(expanded) == 1 and (twin := find_twin(expanded[0], configured)):
            return [_join(expanded[0], twin, replace(twin, is_given=True))]
        return [_complete(candidate, find_twin(candidate, configured)) for candidate in expanded]

    def _expand(self, entry: SourceEntry, fallback: Claim | None) -> list[Candidate]:
        if entry.kind == "index":
            places: tuple[SourcePlace, ...] = (read_index(entry.text),)
        else:
            places = read_channel(entry.text, self.channels, windows=self.windows)
        group = entry.group
        if len(places) > 1:
            group = group or entry.name or entry.text
        elif entry.name:
            places = (replace(places[0], name=entry.name, is_named=True),)
        elif entry.variables:
            places = (replace(places[0], name=urlsplit(places[0].url).hostname or "", public_name=""),)
        places = tuple(replace(place, named_by_user=place.is_named and not entry.of_project) for place in places)
        return [Candidate(place=place, entry=entry, group=group, fallback=fallback) for place in places]


def _join_twins(level: Level, *, given: bool = False) -> list[Candidate]:
    """Return *level* with each source once; what is there twice must have one name and the same settings.

    Raises:
        InvalidConfigurationError: if it has not; where the sources were *given* on a command line, `UsageError`.
    """
    joined: dict[object, Candidate] = {}
    for candidate in level:
        key = candidate.place.key
        twin = joined.get(key, candidate)
        names = {one.place.name: None for one in (twin, candidate) if one.place.is_named}
        if len(names) > 1 or not have_same_settings(twin.entry, candidate.entry):
            how = f"with two names, {' and '.join(names)}" if len(names) > 1 else "with different settings"
            raise _repeated(candidate, how, given=given)
        first, second = (candidate, twin) if candidate.place.is_named else (twin, candidate)
        joined[key] = _join(first, second, twin)
    return list(joined.values())


def _repeated(candidate: Candidate, how: str, *, given: bool) -> WheelbridgeError:
    reason, hint = f"the {candidate.kind} {redact(candidate.place.url)} is there twice, {how}", "Name it once."
    if given:
        return UsageError(f"{reason[0].upper()}{reason[1:]}", hint=hint)
    return InvalidConfigurationError(candidate.entry.origin, candidate.entry.path, reason, hint=hint)


def _join(near: Candidate, far: Candidate, base: Candidate, taken: Collection[str] = ()) -> Candidate:
    """Return *base*, called as somebody named *near*, else *far* if that is not *taken*; either's login opens it."""
    takes_name = far.place.is_named and not near.place.is_named and far.place.name not in taken
    naming = (far if takes_name else near).place
    place = (far if far.place.login_url and not near.place.login_url else near).place
    by_user = any(one.place.named_by_user and one.place.name == naming.name for one in (near, far))
    called = {name for one in (near, far) for name in (one.place.name, *one.aliases)}
    return replace(
        base,
        place=replace(place, name=naming.name, is_named=naming.is_named, named_by_user=by_user),
        aliases=frozenset(called - {naming.name}),
    )


def _complete(near: Candidate, far: Candidate | None, taken: Collection[str] = ()) -> Candidate:
    """Return *near* with what *far*, the same source at a farther place, adds to it; names that are *taken* stay there.

    A group has one claim, so only a group of that name adds a claim to one of its sources.

    Raises:
        InvalidConfigurationError: if *near* requires less than *far*.
    """
    if far is None:
        return near
    entry = inherit(near.entry, far.entry, ordering=near.group in (None, far.group))
    joined = _join(near, far, near, taken)
    adds = entry != near.entry or joined.place.login_url != near.place.login_url
    claimed_by = far.claimed_by or far.entry.origin
    return replace(
        joined,
        entry=entry,
        aliases=joined.aliases | ({far.group} if far.group else frozenset()),
        claimed_by=claimed_by if entry.claim != near.entry.claim else "",
        settings_of=far.origins if adds else (),
    )


def _check_groups(level: Level) -> None:
    """See whether the sources of each group, with what farther places say of them, still count as one.

    Raises:
        InvalidConfigurationError: if they differ in their claim, or in whether they are explicit.
    """
    for _, tier in groupby(level, key=lambda candidate: candidate.tier_key):
        entries = [candidate.entry for candidate in tier]
        if len({(entry.claim, bool(entry.explicit)) for entry in entries}) > 1:
            raise InvalidConfigurationError(
                entries[0].origin,
                entries[0].path,
                "farther places say different things of the sources of its group",
                hint="Say 'claim' and 'explicit' here.",
            )
