"""Documents of PEP 804 as values: the registry of ids, read; the mapping of an ecosystem, read and written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wheelbridge.mapping.external.fields import (
    InvalidExternalError,
    kind_of,
    read_list,
    read_mapping,
    read_text,
    read_texts,
)
from wheelbridge.mapping.external.ids import (
    Definition,
    InvalidExternalIdError,
    Registry,
    normalize_alias,
)
from wheelbridge.mapping.external.pep804_managers import PackageManager, parse_manager, render_manager
from wheelbridge.mapping.external.rows import CATEGORIES, Specs

SCHEMAS = "https://raw.githubusercontent.com/jaimergp/external-metadata-mappings/main/schemas"
"""Where PEP 804 says that its schemas are; an address in documents, never asked."""

_VERSION = 1
_HEAD = frozenset({"$schema", "schema_version"})
_URL_LABEL = "url"
_MAPPING_HINT = "The fields are those that PEP 804 has for mappings: 'name', 'mappings' and 'package_managers'."


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one ecosystem has for an id.

    Attributes:
        id: normalized.
        specs: the ecosystem's own words, by category; without any, "the ecosystem does not have packages for this
            entry" (PEP 804). None exactly where *specs_from* says whose they are.
        specs_from: the id, normalized, of an entry with the same specs.
        description: for people.
        urls: label -> address.
        extra: whatever else the document says.
    """

    id: str
    specs: Specs | None = None
    specs_from: str | None = None
    description: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EcosystemMapping:
    """The mapping of one ecosystem; two entries of one id are alternatives."""

    name: str
    entries: tuple[Entry, ...] = ()
    managers: tuple[PackageManager, ...] = ()
    description: str = ""

    def alternatives(self, name: str) -> tuple[Specs, ...]:
        """Return what the ecosystem has for a normalized id, the specs of other entries followed to their end."""
        found: list[Specs] = []
        for entry in self.entries:
            if entry.id == name:
                found += self.alternatives(entry.specs_from) if entry.specs_from else [entry.specs or Specs()]
        return tuple(found)


def parse_registry(data: object) -> Registry:
    """Read ``registry.json``, or the same as a list of rows with ``what`` for ``description``: our own file.

    Raises:
        InvalidExternalError: if a definition is wrong, or they contradict each other.
    """
    if isinstance(data, list):
        entries, told = data, "what"
    else:
        fields = read_mapping(data, "registry", known=_HEAD | {"definitions"}, required=("definitions",))
        entries, told = list(read_list(fields["definitions"], "definitions")), "description"
    return Registry.build(_definition(entry, f"definitions[{number}]", told) for number, entry in enumerate(entries))


def parse_mapping(data: object) -> EcosystemMapping:
    """Read ``<ecosystem>.mapping.json``.

    Raises:
        InvalidExternalError: if an entry is wrong, or takes its specs from one that is not there or from itself.
    """
    try:
        return _mapping(data)
    except InvalidExternalError as error:
        error.hint = _MAPPING_HINT
        raise


def render_document(mapping: EcosystemMapping, registry: Registry | None = None) -> dict[str, object]:
    """Return the mapping as ``<ecosystem>.mapping.json`` has it, ids as the *registry* spells them."""
    document: dict[str, object] = {
        "$schema": f"{SCHEMAS}/external-mapping.schema.json",
        "schema_version": _VERSION,
        "name": mapping.name,
    }
    if mapping.description:
        document["description"] = mapping.description
    spelling = registry or Registry()
    document["mappings"] = [_render_entry(entry, spelling) for entry in mapping.entries]
    document["package_managers"] = [render_manager(manager) for manager in mapping.managers]
    return document


def _mapping(data: object) -> EcosystemMapping:
    known = _HEAD | {"name", "description", "mappings", "package_managers"}
    fields = read_mapping(data, "mapping", known=known, required=("name", "mappings", "package_managers"))
    entries = read_list(fields["mappings"], "mappings")
    managers = read_list(fields["package_managers"], "package_managers")
    mapping = EcosystemMapping(
        name=read_text(fields["name"], "name"),
        description=_optional_text(fields, "description", "mapping"),
        entries=tuple(_entry(entry, f"mappings[{number}]") for number, entry in enumerate(entries)),
        managers=tuple(parse_manager(one, f"package_managers[{number}]") for number, one in enumerate(managers)),
    )
    _check_sources(mapping)
    return mapping


def _definition(data: object, path: str, told: str) -> Definition:
    fields = read_mapping(data, path, known=frozenset({"id", told, "provides", "urls"}), required=("id",))
    provides = fields.get("provides") or []
    targets = [provides] if isinstance(provides, str) else read_list(provides, f"{path}.provides")
    spelling = read_text(fields["id"], f"{path}.id")
    return Definition(
        id=_id(spelling, f"{path}.id"),
        spelling=spelling,
        what=_optional_text(fields, told, path),
        provides=tuple(_id(target, f"{path}.provides[{number}]") for number, target in enumerate(targets)),
        urls=_urls(fields.get("urls"), f"{path}.urls"),
    )


def _entry(data: object, path: str) -> Entry:
    known = frozenset({"id", "description", "specs", "specs_from", "urls", "extra_metadata"})
    fields = read_mapping(data, path, known=known, required=("id",))
    if ("specs" in fields) == ("specs_from" in fields):
        raise InvalidExternalError(path, "exactly one of 'specs' and 'specs_from' must be present (PEP 804)")
    return Entry(
        id=_id(fields["id"], f"{path}.id"),
        specs=_specs(fields["specs"], f"{path}.specs") if "specs" in fields else None,
        specs_from=_id(fields["specs_from"], f"{path}.specs_from") if "specs_from" in fields else None,
        description=_optional_text(fields, "description", path),
        urls=_urls(fields.get("urls"), f"{path}.urls"),
        extra=read_mapping(fields.get("extra_metadata") or {}, f"{path}.extra_metadata"),
    )


def _render_entry(entry: Entry, registry: Registry) -> dict[str, object]:
    rendered: dict[str, object] = {"id": registry.spell(entry.id)}
    if entry.description:
        rendered["description"] = entry.description
    if entry.specs_from:
        rendered["specs_from"] = registry.spell(entry.specs_from)
    else:
        rendered["specs"] = _render_specs(entry.specs or Specs())
    if entry.urls:
        rendered["urls"] = dict(entry.urls)
    if entry.extra:
        rendered["extra_metadata"] = dict(entry.extra)
    return rendered


def _specs(data: object, path: str) -> Specs:
    """PEP 804: "a single string or a list of strings … will be used to populate the three categories identically"."""
    if not isinstance(data, Mapping):
        texts = _one_or_more(data, path)
        return Specs(build=texts, host=texts, run=texts)
    fields = read_mapping(data, path, known=frozenset(CATEGORIES))
    return Specs(**{name: _one_or_more(fields.get(name, []), f"{path}.{name}") for name in CATEGORIES})


def _render_specs(specs: Specs) -> object:
    if specs == Specs():
        return []
    return {category: list(specs.of(category)) for category in CATEGORIES}


def _one_or_more(data: object, path: str) -> tuple[str, ...]:
    return (read_text(data, path),) if isinstance(data, str) else read_texts(data, path)


def _urls(data: object, path: str) -> Mapping[str, str]:
    """Return label -> address; what has no label gets one."""
    if data is None:
        return {}
    if isinstance(data, str):
        return {_URL_LABEL: read_text(data, path)}
    if isinstance(data, list):
        return {f"{_URL_LABEL} {number}": url for number, url in enumerate(read_texts(data, path), start=1)}
    return {label: read_text(url, f"{path}.{label}") for label, url in read_mapping(data, path).items()}


def _optional_text(fields: Mapping[str, object], name: str, path: str) -> str:
    """Return a text that may be missing, null or empty: all the same."""
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidExternalError(f"{path}.{name}", f"expected a text, got {kind_of(value)}")
    return read_text(value, f"{path}.{name}") if value else ""


def _id(data: object, path: str) -> str:
    try:
        return normalize_alias(read_text(data, path))
    except InvalidExternalIdError as error:
        raise InvalidExternalError(path, error.message) from None


def _check_sources(mapping: EcosystemMapping) -> None:
    sources = {entry.id: entry.specs_from for entry in mapping.entries if entry.specs_from}
    known = {entry.id for entry in mapping.entries}
    for name in sources:
        chain: list[str] = [name]
        while source := sources.get(chain[-1]):
            if source not in known:
                raise InvalidExternalError(
                    "mappings", f"{chain[-1]!r} takes its specs from {source!r}, which is not there"
                )
            if source in chain:
                raise InvalidExternalError("mappings", f"the specs go round: {' -> '.join([*chain, source])}")
            chain.append(source)
