"""uv's configuration: ``uv.toml``, ``[tool.uv]``, and variables ``UV_*`` (uv's documentation, "Package indexes")."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from wheelbridge.configuration.cutoff import read_cutoff
from wheelbridge.configuration.fields import Fields
from wheelbridge.configuration.files import PYPROJECT, load_toml
from wheelbridge.configuration.folders import find_index, show_path
from wheelbridge.configuration.imported import Imported, LeftOut, name_entries
from wheelbridge.configuration.texts import is_marker, read_patterns
from wheelbridge.configuration.values import Configuration, RouteChoice, RouteEntry, SourceEntry
from wheelbridge.errors import UsageError
from wheelbridge.model.redaction import redact_argument
from wheelbridge.model.source import Claim

_OWN = "uv.toml"
_STRATEGIES: dict[str, Claim] = {
    "first-index": "strict",
    "unsafe-first-match": "flexible",
    "unsafe-best-match": "disabled",
}
_DEFAULT_STRATEGY = "first-index"
_ABOUT_SOURCES = {
    "no-index": "wheelbridge has --override-channels",
    "allow-insecure-host": "certificates are always verified",
    "keyring-provider": "logins are looked for without it",
    "index-cache-control": "pages are kept as the index says",
    "exclude-newer-package": "a source can have a time, a package cannot",
    "pip": "only what holds for all of uv's commands is read",
    "dependency-metadata": "metadata comes from the index alone",
    "override-dependencies": "it does not say where packages come from",
    "constraint-dependencies": "it does not say where packages come from",
    "torch-backend": "write a route to the index of that backend",
}
_INDEX_KEYS = {"name", "url", "explicit", "default", "ignore-error-codes", "format", "exclude-newer"}
_DAYS = re.compile(r"P?(?P<days>\d+) ?(?:D|d|days?|(?P<weeks>W|w|weeks?))")
"""uv's ``exclude-newer`` as an age, which it takes as "7 days" or "P7D"."""


@dataclass(frozen=True, slots=True)
class _Index:
    """An index of uv's, before they are put in order."""

    entry: SourceEntry
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """What one place says: a file, or the variables."""

    indexes: tuple[_Index, ...] = ()
    folders: tuple[SourceEntry, ...] = ()
    routes: tuple[RouteEntry, ...] = ()
    strategy: str | None = None
    exclude_newer: datetime | None = None


def import_uv(file: Path | None, environ: Mapping[str, str], public_index: str) -> Imported:
    """Read uv's configuration; with *file*, that file alone.

    Raises:
        InvalidConfigurationError: if a file cannot be read.
    """
    left_out: list[LeftOut] = []
    layers = [_Reader(path, left_out).read() for path in ([file] if file else find_uv_files(environ))]
    if file is None:
        layers.insert(0, _read_variables(environ, left_out))
    ordered = [*_order([index for layer in layers for index in layer.indexes], public_index)]
    folders = [folder for layer in layers for folder in layer.folders]
    claim = _STRATEGIES[next((layer.strategy for layer in layers if layer.strategy), _DEFAULT_STRATEGY)]
    entries = (replace(entry, claim=claim) for entry in (*ordered, *folders))
    sources = tuple(name_entries(entries, public_index, left_out))
    routes = _keep_known([route for layer in layers for route in layer.routes], sources, left_out)
    return Imported(
        configuration=Configuration(
            origin=show_path(file) if file else "uv's configuration",
            sources=sources,
            routes=tuple(routes),
            exclude_newer=next((layer.exclude_newer for layer in layers if layer.exclude_newer), None),
        ),
        left_out=tuple(left_out),
    )


def find_uv_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that uv reads, the ones that win first."""
    if environ.get("UV_NO_CONFIG", "").lower() in ("1", "true", "yes", "on"):
        return
    if named := environ.get("UV_CONFIG_FILE"):
        yield Path(named)
        return
    yield from _find_project_file()
    windows = sys.platform == "win32"
    unix = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    user = environ.get("APPDATA", "") if windows else unix
    system = [environ.get("PROGRAMDATA", "")] if windows else environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
    if (path := Path(user) / "uv" / _OWN).is_file():
        yield path
    found = (Path(folder) / "uv" / _OWN for folder in (*system, *(() if windows else ("/etc",))) if folder)
    yield from islice((path for path in found if path.is_file()), 1)


def _find_project_file() -> Iterator[Path]:
    """Yield the nearest file of the working directory and those above it; ``uv.toml`` hides the other."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        own, pyproject = folder / _OWN, folder / PYPROJECT
        if own.is_file() or (pyproject.is_file() and _tool(load_toml(pyproject))):
            yield own if own.is_file() else pyproject
            return


def _order(indexes: Sequence[_Index], public_index: str) -> Iterator[SourceEntry]:
    """Yield the indexes as uv asks them: in the order given, the first of a name counts, the default one comes last."""
    first = {index.entry.name or str(place): index for place, index in reversed(list(enumerate(indexes)))}
    kept = [index for index in indexes if any(index is one for one in first.values())]
    yield from (index.entry for index in kept if not index.default)
    default = next((index.entry for index in kept if index.default), None)
    yield default or SourceEntry(kind="index", text=public_index, origin="uv's default")


def _keep_known(
    routes: Iterable[RouteEntry], sources: Sequence[SourceEntry], left_out: list[LeftOut]
) -> Iterator[RouteEntry]:
    known = {source.name for source in sources}
    for route in routes:
        if all(choice.source in known for choice in route.choices):
            yield route
        else:
            left_out.append(LeftOut(name=route.path, origin=route.origin, reason="it names an index that is not there"))


def _read_variables(environ: Mapping[str, str], left_out: list[LeftOut]) -> _Layer:
    """Read the variables as uv does: a list stands between blanks, an index may be ``NAME=URL``."""
    indexes = []
    for variable in ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX_URL"):
        default = variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
        for text in environ.get(variable, "").split():
            name, separator, url = text.partition("=")
            named = bool(separator) and "/" not in name and ":" not in name
            found = find_index(url if named else text, Path.cwd())
            if found is None:
                reason = "it is neither a URL nor a folder that exists"
                left_out.append(LeftOut(name=redact_argument(text), origin=f"${variable}", reason=reason))
                continue
            entry = SourceEntry(kind="index", text=found, name=name if named else None, origin=f"${variable}")
            indexes.append(_Index(entry, default))
    values: dict[str, object] = {}
    for variable, key in (("UV_INDEX_STRATEGY", "index-strategy"), ("UV_EXCLUDE_NEWER", "exclude-newer")):
        if value := environ.get(variable):
            values[key] = value
    if links := environ.get("UV_FIND_LINKS"):
        values["find-links"] = [link for link in links.split(",") if link]
    rest = _Reader(Path.cwd() / "variables", left_out, values).read()
    return replace(rest, indexes=tuple(indexes))


class _Reader:
    """Reads one file, and adds to *left_out* what has no place here."""

    def __init__(self, path: Path, left_out: list[LeftOut], values: dict[str, object] | None = None) -> None:
        origin = "$UV_*" if values is not None else show_path(path)
        loaded = load_toml(path) if values is None else values
        is_project = values is None and path.name != _OWN and "tool" in loaded
        self._fields = Fields(_tool(loaded) if is_project else loaded, origin, "tool.uv" if is_project else "")
        self._folder = path.absolute().parent
        self._left_out = left_out

    def read(self) -> _Layer:
        fields = self._fields
        for key in fields.values:
            if key in _ABOUT_SOURCES:
                self._leave(fields.at(key), _ABOUT_SOURCES[key])
        indexes = [*filter(None, map(self._index, fields.tables("index")))]
        for key in ("extra-index-url", "index-url"):
            for url in fields.texts(key, one=True):
                if (text := self._text(fields.at(key), url)) is not None:
                    entry = SourceEntry(kind="index", text=text, origin=fields.file)
                    indexes.append(_Index(entry, key == "index-url"))
        return _Layer(
            indexes=tuple(indexes),
            folders=tuple(self._folders()),
            routes=tuple(self._routes()),
            strategy=fields.choice("index-strategy", tuple(_STRATEGIES)),
            exclude_newer=self._cutoff(fields),
        )

    def _index(self, fields: Fields) -> _Index | None:
        for key in fields.values:
            if key not in _INDEX_KEYS:
                self._leave(fields.at(key), "a source has no such setting here")
        url = fields.text("url")
        if url is None:
            raise fields.error("url", "it is missing")
        text = self._text(fields.at("url"), url)
        if fields.text("format") == "flat" and (text is None or "://" in text):
            self._leave(fields.path, "a page of links is no index; only a folder that exists can be one")
            return None
        if text is None:
            return None
        entry = SourceEntry(
            kind="index",
            text=text,
            name=fields.text("name"),
            explicit=fields.flag("explicit"),
            missing_codes=frozenset(fields.numbers("ignore-error-codes")) - {404, 410},
            exclude_newer=self._cutoff(fields),
            origin=fields.file,
        )
        return _Index(entry, fields.flag("default") or False)

    def _folders(self) -> Iterator[SourceEntry]:
        for link in self._fields.texts("find-links", one=True):
            text = find_index(link, self._folder)
            if text is None or link.startswith(("http:", "https:")):
                reason = "a page of links is no index; only a folder that exists can be one"
                self._leave(f"{self._fields.at('find-links')} {redact_argument(link)}", reason)
            else:
                yield SourceEntry(kind="index", text=text, origin=self._fields.file)

    def _routes(self) -> Iterator[RouteEntry]:
        table = self._fields.table("sources")
        for project, value in table.values.items() if table else ():
            place = self._fields.at(f"sources.{project}")
            patterns = list(read_patterns(f"pypi:{project}"))
            choices = [*filter(None, map(self._choice, value if isinstance(value, list) else [value]))]
            if not patterns or len(choices) != (len(value) if isinstance(value, list) else 1):
                self._leave(place, "only sources with an index, and a marker perhaps, can be routes")
            elif choices:
                yield RouteEntry(pattern=patterns[0], choices=tuple(choices), origin=self._fields.file, path=place)

    @staticmethod
    def _choice(value: object) -> RouteChoice | None:
        if not isinstance(value, dict) or not value.keys() <= {"index", "marker"}:
            return None
        index, marker = value.get("index"), value.get("marker")
        usable = isinstance(index, str) and (marker is None or (isinstance(marker, str) and is_marker(marker)))
        return RouteChoice(str(index), marker) if usable else None

    def _cutoff(self, fields: Fields) -> datetime | None:
        value = fields.values.get("exclude-newer")
        if value is None or value is False:
            return None
        text = value.isoformat() if isinstance(value, date) else str(value)
        if match := _DAYS.fullmatch(text):
            days = int(match["days"]) * (7 if match["weeks"] else 1)
            self._leave(fields.at("exclude-newer"), f'it is an age; write exclude-newer = "{days}d"')
            return None
        try:
            return read_cutoff(text)
        except UsageError:
            self._leave(fields.at("exclude-newer"), f"{text!r} is no date")
            return None

    def _text(self, place: str, url: str) -> str | None:
        text = find_index(url, self._folder)
        if text is None:
            self._leave(f"{place} {redact_argument(url)}", "it is neither a URL nor a folder that exists")
        return text

    def _leave(self, name: str, reason: str) -> None:
        self._left_out.append(LeftOut(name=name, origin=self._fields.file, reason=reason))


def _tool(values: Mapping[str, object]) -> dict[str, object]:
    tools = values.get("tool", {})
    table = tools.get("uv", {}) if isinstance(tools, dict) else {}
    return table if isinstance(table, dict) else {}
