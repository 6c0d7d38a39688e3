"""The ``wheelbridge:`` table of an environment file: what `wheelbridge.toml` knows, and what belongs to one request."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from wheelbridge.api.variant_policies import read_variant_policy
from wheelbridge.configuration.documents import read_document
from wheelbridge.configuration.fields import Fields, meant
from wheelbridge.configuration.values import Configuration
from wheelbridge.environment.manifest import Manifest
from wheelbridge.environment.yml.selectors import SUBDIRS
from wheelbridge.errors import UsageError
from wheelbridge.model.source import CLAIMS, Claim
from wheelbridge.model.variant_policy import VariantPolicy

TABLE = "wheelbridge"
"""The one top-level key of an environment file that holds settings of ours."""

_DOCUMENT = ("priority", "exclude-newer", "channel-relations", "sources", "routes", "map", "maps", "no-external")
_OWN = ("indexes", "claims", "target", "variants", "build")
_VARIANTS = ("prefer", "ban", "pins", "mode", "enable", "disable")
_EVERYWHERE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """What one file's ``wheelbridge:`` table says, or those of several files together.

    Attributes:
        configuration: as of a `wheelbridge.toml` beside the file; its indexes stand below the channels of the file.
        facts: subdir, or empty for every one -> virtual packages, as ``--virtual-package`` takes them.
        variants: what to prefer, ban and pin.
        builds: projects of which a wheel is built.
        notes: what several files contradict each other in.
    """

    configuration: Configuration
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variants: VariantPolicy = field(default_factory=VariantPolicy)
    builds: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def facts_of(self, subdir: str) -> tuple[str, ...]:
        """Return what is said of machines of *subdir*; of one virtual package, the nearer word comes last."""
        return (*self.facts.get(_EVERYWHERE, ()), *self.facts.get(subdir, ()))


@dataclass(frozen=True, slots=True)
class Files:
    """What several files ask for together, and what their ``wheelbridge:`` tables say."""

    manifest: Manifest
    settings: FileSettings


def read_settings(values: Mapping[str, object], origin: str, folder: Path) -> FileSettings:
    """Read the table *values* of the file that people call *origin*; relative folders are relative to *folder*.

    Raises:
        InvalidConfigurationError: with the path to what cannot be read.
    """
    fields = Fields(values, origin, TABLE)
    fields.check_keys((*_DOCUMENT, *_OWN))
    if "indexes" in values and "sources" in values:
        raise fields.error("indexes", "there are 'sources' as well", hint="List the indexes among the sources.")
    document = {key: value for key, value in values.items() if key in _DOCUMENT}
    if "indexes" in values:
        document["sources"] = [*_read_indexes(fields)]
    configuration = read_document(document, origin, folder, TABLE)
    sources = tuple(replace(entry, of_project=True) for entry in configuration.sources)
    return FileSettings(
        configuration=replace(configuration, sources=sources, claims=dict(_read_claims(fields))),
        facts=_read_target(fields),
        variants=_read_variants(fields),
        builds=fields.texts("build", one=True),
    )


def combine_settings(read: Sequence[FileSettings]) -> FileSettings:
    """Return what several files say together; where two speak of one thing, the last one holds, as in conda.

    A note names both. What gives one name to two sources is refused where the sources are gathered.
    """
    notes = tuple(_contradictions(read))
    read = read[::-1]
    places = [one.configuration for one in read]
    first = Configuration(origin=", ".join(dict.fromkeys(place.origin for place in places)))
    configuration = replace(
        first,
        sources=tuple(entry for place in places for entry in place.sources),
        routes=tuple(entry for place in places for entry in place.routes),
        priority=next((place.priority for place in places if place.priority), None),
        exclude_newer=next((place.exclude_newer for place in places if place.exclude_newer), None),
        channel_relations=next((p.channel_relations for p in places if p.channel_relations is not None), None),
        maps=tuple(entry for place in places for entry in place.maps),
        no_external=frozenset[str]().union(*(place.no_external for place in places)),
        claims={name: claim for place in reversed(places) for name, claim in place.claims.items()},
    )
    variants = VariantPolicy()
    for one in reversed(read):
        variants = one.variants.over(variants)
    return FileSettings(
        configuration=configuration,
        facts=_join_facts([one.facts for one in reversed(read)]),
        variants=variants,
        builds=tuple(dict.fromkeys(project for one in read for project in one.builds)),
        notes=notes,
    )


def _contradictions(read: Iterable[FileSettings]) -> Iterator[str]:
    """Yield a note for each thing that a later file says in another way."""
    said: dict[str, tuple[str, str]] = {}
    for one in read:
        for what, value in _scalars(one):
            before, place = said.get(what, (value, ""))
            said[what] = value, one.configuration.origin
            if before != value:
                last = one.configuration.origin
                yield f"{what} is {value} ({last}), not {before} ({place}): the last file that says it has the word."


def _scalars(one: FileSettings) -> Iterator[tuple[str, str]]:
    """Yield what can have one value only, by what people call it."""
    configuration = one.configuration
    if configuration.priority:
        yield "priority", configuration.priority
    if configuration.exclude_newer:
        yield "exclude-newer", configuration.exclude_newer.isoformat()
    if configuration.channel_relations is not None:
        yield "channel-relations", str(configuration.channel_relations).lower()
    for route in configuration.routes:
        choices = (f"{one.source}; {one.marker}" if one.marker else one.source for one in route.choices)
        yield f"The route of {route.pattern}", ", ".join(choices)
    for name, claim in configuration.claims.items():
        yield f"The claim of {name}", claim
    for subdir, facts in one.facts.items():
        for name, _, value in (fact.partition("=") for fact in facts):
            yield f"{name}{f' of {subdir}' if subdir else ''}", value
    for project, pin in one.variants.pins.items():
        yield f"The variant of {project}", str(pin)


def _join_facts(read: Iterable[Mapping[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    joined: dict[str, tuple[str, ...]] = {}
    for facts in read:
        for subdir, texts in facts.items():
            joined[subdir] = (*joined.get(subdir, ()), *texts)
    return joined


def _read_indexes(fields: Fields) -> Iterator[Mapping[str, object]]:
    """Yield the entries of ``indexes`` as those of ``sources``: a text is what ``-i`` takes, a table has ``url``."""
    listed = fields.values["indexes"]
    if not isinstance(listed, list):
        raise fields.error("indexes", "it must be a list")
    for place, item in enumerate(listed):
        if isinstance(item, str) and item.strip():
            name, separator, url = item.partition("=")
            named = separator and "/" not in name and ":" not in name
            yield {"name": name.strip(), "index": url.strip()} if named else {"index": item}
        elif isinstance(item, dict):
            entry = dict(item)
            if "url" in entry:
                entry["index"] = entry.pop("url")
            yield entry
        else:
            raise fields.error(f"indexes[{place}]", "it must be what -i takes, or a table with 'url'")


def _read_claims(fields: Fields) -> Iterator[tuple[str, Claim]]:
    table = fields.table("claims")
    for name in table.values if table else ():
        if table is not None and (claim := table.choice(name, CLAIMS)):
            yield name, cast("Claim", claim)


def _read_target(fields: Fields) -> dict[str, tuple[str, ...]]:
    """Read virtual packages: ``__cuda: "12.8"`` for every platform, or below the name of one."""
    found: dict[str, tuple[str, ...]] = {}
    table = fields.table("target")
    if table is None:
        return found
    everywhere = {key: value for key, value in table.values.items() if key.startswith("__")}
    if everywhere:
        found[_EVERYWHERE] = tuple(_read_facts(Fields(everywhere, table.file, table.path)))
    for subdir in table.values.keys() - everywhere.keys():
        own = table.table(subdir)
        if "-" not in subdir or own is None:
            raise table.error(subdir, "it is no virtual package, and no platform", hint='Write it like __cuda: "12.8".')
        if subdir not in SUBDIRS:
            hint = meant(subdir, SUBDIRS) or f"There are {', '.join(SUBDIRS)}."
            raise table.error(subdir, "it is no platform", hint=hint)
        found[subdir] = tuple(_read_facts(own))
    return found


def _read_facts(table: Fields) -> Iterator[str]:
    for name, value in table.values.items():
        if not name.startswith("__"):
            raise table.error(name, "it is no virtual package", hint='Write it like __cuda: "12.8".')
        if isinstance(value, float):
            raise table.error(name, "it must be a text, or 12.10 would be 12.1", hint=f'Write it like {name}: "12.10".')
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise table.error(name, "it must be a text")
        yield f"{name}={value}"


def _read_variants(fields: Fields) -> VariantPolicy:
    table = fields.table("variants")
    if table is None:
        return VariantPolicy()
    if "trust" in table.values:
        hint = "Say --variant-trust on the command line: it runs a plugin, which is for you to decide."
        raise table.error("trust", "a file cannot trust a provider", hint=hint)
    table.check_keys(_VARIANTS)
    pins = table.table("pins")
    try:
        return read_variant_policy(
            prefer=table.texts("prefer", one=True),
            ban=table.texts("ban", one=True),
            pins=[f"{name}={pins.text(name)}" for name in pins.values] if pins else (),
            mode=table.text("mode") or "flexible",
            disabled=bool(table.flag("disable")),
            enabled=table.texts("enable", one=True),
        )
    except UsageError as error:
        raise table.error("", error.message, hint=error.hint) from error
