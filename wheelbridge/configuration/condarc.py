"""conda's configuration (``.condarc``), as far as it says where packages come from.

conda's documentation, "Using the .condarc conda configuration file": files are searched for in a fixed order, those
found later win, and variables ``CONDA_*`` beat all of them.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from wheelbridge.configuration.conda_channels import DEFAULTS, LOCAL, NO_DEFAULTS, CondaChannels
from wheelbridge.configuration.condarc_values import (
    Node,
    expand_variables,
    load_condarc,
    merge_lists,
    merge_single,
    merge_tables,
    read_environment,
    split,
)
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.fields import meant
from wheelbridge.configuration.values import Configuration, SourceEntry
from wheelbridge.model.pin import Pin
from wheelbridge.model.source import CLAIMS, Claim

_NAMES = (".condarc", "condarc")
_SUFFIXES = (".yml", ".yaml")
SYSTEM_FOLDERS: tuple[str, ...] = ("C:/ProgramData/conda",) if os.name == "nt" else ("/etc/conda", "/var/lib/conda")
_USER_FOLDERS = ("$XDG_CONFIG_HOME/conda", "~/.config/conda", "~/.conda")

_LISTS = {
    "channels": ("channels", "channel"),
    "default_channels": ("default_channels",),
    "migrated_channel_aliases": ("migrated_channel_aliases",),
    "allowlist_channels": ("allowlist_channels", "whitelist_channels"),
    "denylist_channels": ("denylist_channels",),
    "pinned_packages": ("pinned_packages",),
    "disallowed_packages": ("disallowed_packages", "disallow"),
}
_BETWEEN = {"pinned_packages": "&", "disallowed_packages": "&"}
"""What stands between the parts of a variable where it is no comma: a version may hold one."""
_TABLES = ("custom_channels", "migrated_custom_channels", "custom_multichannels", "mirrored_channels")
_SINGLE = ("channel_alias", "channel_priority", "override_channels_enabled")
_KNOWN = {*(name for names in _LISTS.values() for name in names), *_TABLES, *_SINGLE}
_HARMLESS = {"show_channel_urls", "number_channel_notices", "allow_non_channel_urls", "add_anaconda_token"}
_NOT_TAKEN = {"use_local", "restore_free_channel", "repodata_fns", "exclude_newer", "offline"}
"""Keys beside those with "channel" in their name that change what channels offer."""
_YES, _NO = {"true", "yes", "on", "y"}, {"false", "no", "off", "n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaSettings:
    """What conda is configured to: its channels as sources, what names mean, and what was not understood.

    Attributes:
        override_allowed: whether ``--override-channels`` may be used.
        notes: settings about channels that wheelbridge does not follow.
        pins: ``pinned_packages``.
        others: what else stands in conda's configuration, behind its channels.
        disallowed: ``disallowed_packages``.
        sealed_by: the file whose indexes nothing nearer may add to; empty: there is none.
    """

    configuration: Configuration
    channels: CondaChannels
    override_allowed: bool = True
    notes: tuple[str, ...] = ()
    pins: tuple[Pin, ...] = ()
    others: tuple[Configuration, ...] = ()
    disallowed: tuple[Pin, ...] = ()
    sealed_by: str = ""


def load_conda_settings(environ: Mapping[str, str] | None = None) -> CondaSettings | None:
    """Read conda's files and variables; None where there is nothing.

    Raises:
        InvalidConfigurationError: if one cannot be read.
    """
    known = os.environ if environ is None else environ
    layers = [load_condarc(path) for path in dict.fromkeys(find_condarcs(known))]
    variables = {key: node for key, node in read_environment(known).items() if key in _KNOWN}
    return _read_settings(layers, variables, known) if layers or variables else None


def find_condarcs(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that conda reads, the ones that win last; as conda, pass over what cannot be looked at."""
    for template in _search_path(environ):
        path = Path(os.path.expanduser(expand_variables(template, environ)))  # noqa: PTH111 - Path's raises without a home
        with suppress(OSError):
            if path.is_dir():
                entries = sorted(path.iterdir(), key=lambda entry: entry.name)
                yield from [entry for entry in entries if entry.suffix in _SUFFIXES and entry.is_file()]
            elif path.is_file() and (path.name in _NAMES or path.suffix in _SUFFIXES):
                yield path


def _search_path(environ: Mapping[str, str]) -> Iterator[str]:
    for folder in (*SYSTEM_FOLDERS, _conda_root(environ), *_USER_FOLDERS):
        yield from (f"{folder}/{name}" for name in (*_NAMES, "condarc.d"))
    yield "~/.condarc"
    yield from (f"$CONDA_PREFIX/{name}" for name in (*_NAMES, "condarc.d"))
    yield "$CONDARC"


def _conda_root(environ: Mapping[str, str]) -> str:
    """Return conda's root: it sets ``CONDA_ROOT`` for itself, and leaves ``CONDA_EXE`` in a shell."""
    executable = environ.get("CONDA_EXE", "")
    return environ.get("CONDA_ROOT") or (str(Path(executable).parent.parent) if executable else "$CONDA_ROOT")


def _read_settings(
    layers: Sequence[Mapping[str, Node]], variables: Mapping[str, Node], environ: Mapping[str, str]
) -> CondaSettings:
    reader = _Reader(layers, variables, environ)
    listed = reader.nodes("channels")
    names = [node.value for node in listed]
    dropped = {NO_DEFAULTS, LOCAL, *((DEFAULTS,) if NO_DEFAULTS in names else ())}
    entries = tuple(
        SourceEntry(kind="channel", text=str(node.value), origin=node.origin, path="channels")
        for node in listed
        if node.value not in dropped
    )
    origins = dict.fromkeys(node.origin for node in listed)
    return CondaSettings(
        configuration=Configuration(
            origin=", ".join(origins) or ".condarc", sources=entries, fallback=reader.claim("channel_priority")
        ),
        channels=_read_channels(reader),
        override_allowed=reader.flag("override_channels_enabled"),
        notes=tuple(_notes(layers, variables, has_local=LOCAL in names)),
        pins=tuple(Pin(str(node.value), node.origin) for node in reader.nodes("pinned_packages")),
        disallowed=tuple(Pin(str(node.value), node.origin) for node in reader.nodes("disallowed_packages")),
    )


def _read_channels(reader: "_Reader") -> CondaChannels:
    found: dict[str, object] = {
        "default_channels": reader.texts("default_channels") or None,
        "migrated_aliases": reader.texts("migrated_channel_aliases"),
        "allowed": reader.texts("allowlist_channels"),
        "denied": reader.texts("denylist_channels"),
        "migrated_custom": reader.table("migrated_custom_channels"),
        "multi": reader.table_of_lists("custom_multichannels"),
        "mirrored": reader.table_of_lists("mirrored_channels"),
    }
    if alias := reader.alias("channel_alias"):
        found["alias"] = alias
    if custom := reader.table("custom_channels"):
        found["custom"] = custom
    return CondaChannels(**found)  # type: ignore[arg-type] # each value is what its reader makes


def _notes(layers: Sequence[Mapping[str, Node]], variables: Mapping[str, Node], *, has_local: bool) -> Iterator[str]:
    for layer in layers:
        for key, node in layer.items():
            about = "channel" in key or key in _NOT_TAKEN
            if about and key not in _KNOWN | _HARMLESS and node.value not in (None, False, "", ()):
                yield f"{node.origin}: {key} is conda's, and wheelbridge does not follow it."
    for key in _TABLES:
        if key in variables:
            yield f"{variables[key].origin} is left out: conda takes {key} from files only."
    if has_local:
        yield "The channel 'local' of conda-build is left out; name its folder with -c."


class _Reader:
    """The merged values of all layers, the farthest first, and checked."""

    def __init__(
        self, layers: Sequence[Mapping[str, Node]], variables: Mapping[str, Node], environ: Mapping[str, str]
    ) -> None:
        self._layers = layers
        self._variables = variables
        self._environ = environ

    def nodes(self, key: str) -> tuple[Node, ...]:
        names = _LISTS[key]
        nodes = [self._listed(node, key) for node in self._from_files(names)]
        between = _BETWEEN.get(key, ",")
        nodes += [split(self._variables[name], between) for name in names if name in self._variables]
        merged = merge_lists(nodes) if nodes else ()
        return tuple(Node(self._text(node, key), node.origin) for node in merged)

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(str(node.value) for node in self.nodes(key))

    def table(self, key: str) -> dict[str, str]:
        return {name: self._text(node, f"{key}.{name}") for name, node in self._tables(key).items()}

    def table_of_lists(self, key: str) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name, node in self._tables(key).items():
            items = self._listed(node, f"{key}.{name}").items
            if items:
                found[name] = tuple(self._text(item, f"{key}.{name}") for item in items)
        return found

    def alias(self, key: str) -> str | None:
        nodes = self._all((key,))
        if not nodes:
            return None
        node = merge_single(nodes)
        text = self._text(node, key).rstrip("/")
        if text and "://" not in text:
            raise InvalidConfigurationError(node.origin, key, "it must be a URL with a scheme")
        return text or None

    def claim(self, key: str) -> Claim | None:
        nodes = self._all((key,))
        if not nodes:
            return None
        node = merge_single(nodes)
        text = str(node.value).lower()
        text = "flexible" if text in _YES else "disabled" if text in _NO else text
        for claim in CLAIMS:
            if claim == text:
                return claim
        raise InvalidConfigurationError(
            node.origin, key, f"{node.value!r} is none of {', '.join(CLAIMS)}", hint=meant(text, CLAIMS)
        )

    def flag(self, key: str) -> bool:
        nodes = self._all((key,))
        return not nodes or str(merge_single(nodes).value).lower() not in _NO

    def _tables(self, key: str) -> dict[str, Node]:
        nodes = list(self._from_files((key,)))
        for node in nodes:
            if not isinstance(node.value, dict):
                raise InvalidConfigurationError(node.origin, key, "it must be a mapping")
        return merge_tables(nodes) if nodes else {}

    def _all(self, names: tuple[str, ...]) -> list[Node]:
        found = [*self._from_files(names)]
        found += [self._variables[name] for name in names if name in self._variables]
        return found

    def _from_files(self, names: tuple[str, ...]) -> Iterator[Node]:
        for layer in self._layers:
            given = [name for name in names if name in layer and layer[name].value is not None]
            if len(given) > 1:
                raise InvalidConfigurationError(layer[given[1]].origin, given[1], f"it says the same as {given[0]}")
            yield from (layer[name] for name in given)

    def _listed(self, node: Node, key: str) -> Node:
        if not isinstance(node.value, tuple):
            raise InvalidConfigurationError(node.origin, key, "it must be a list")
        return node

    def _text(self, node: Node, key: str) -> str:
        if not isinstance(node.value, str):
            raise InvalidConfigurationError(node.origin, key, "it must be a text")
        return expand_variables(node.value, self._environ)
