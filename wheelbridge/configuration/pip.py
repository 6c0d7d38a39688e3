"""pip's configuration: its files, and the variables ``PIP_*`` (pip's documentation, "Configuration")."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from configparser import Error, RawConfigParser
from dataclasses import replace
from pathlib import Path

from platformdirs import site_config_dir, user_config_dir

from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.folders import find_index, show_path
from wheelbridge.configuration.imported import Imported, LeftOut, name_entries
from wheelbridge.configuration.values import Configuration, SourceEntry
from wheelbridge.model.redaction import redact_argument

_SECTIONS = ("global", "install")
"""What ``pip install`` reads, the one that wins last."""
_IGNORED = ("version", "help")
_FILE = "pip.ini" if os.name == "nt" else "pip.conf"
_MERGES = (
    "pip takes the best version that any of its indexes has. wheelbridge goes by their order and their claims: the "
    "first index that has a project provides it."
)
_Settings = dict[str, tuple[str, str]]
"""Key -> value and origin."""


def import_pip(file: Path | None, environ: Mapping[str, str], public_index: str) -> Imported:
    """Read pip's configuration as ``pip install`` sees it; with *file*, that file alone.

    Raises:
        InvalidConfigurationError: if a file cannot be read.
    """
    settings = _collect(file, environ)
    reader = _Reader(settings, file.absolute().parent if file else Path.cwd(), public_index)
    entries = tuple(name_entries(reader.entries(), public_index, reader.left_out))
    origin = show_path(file) if file else "pip's configuration"
    several = sum(entry.kind == "index" for entry in entries) > 1
    return Imported(
        configuration=Configuration(origin=origin, sources=entries),
        left_out=tuple(reader.left_out),
        notes=(_MERGES,) if several else (),
    )


def find_pip_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that pip reads, the ones that win last."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    yield from _global_files()
    if not (named and Path(named).exists()):
        yield Path.home() / ("pip" if os.name == "nt" else ".pip") / _FILE
        yield _user_folder() / _FILE
    yield Path(environ.get("VIRTUAL_ENV") or sys.prefix) / _FILE
    if named:
        yield Path(named)


def _global_files() -> Iterator[Path]:
    """Yield pip's places for all users; beside those of the platform, ``/etc`` on Unix."""
    folders = site_config_dir("pip", appauthor=False, multipath=True).split(os.pathsep)
    yield from (Path(folder) / _FILE for folder in folders)
    if sys.platform not in ("win32", "darwin"):
        yield Path("/etc") / _FILE


def _user_folder() -> Path:
    """On macOS pip uses ``~/.config`` unless its other folder is there."""
    folder = Path(user_config_dir("pip", appauthor=False, roaming=True))
    if sys.platform == "darwin" and not folder.is_dir():
        return Path.home() / ".config" / "pip"
    return folder


def _collect(file: Path | None, environ: Mapping[str, str]) -> _Settings:
    sections: dict[str, _Settings] = {section: {} for section in _SECTIONS}
    for path in [file] if file else list(find_pip_files(environ)):
        if path.is_file() or path == file:
            for section, settings in _load(path).items():
                sections.setdefault(section, {}).update(settings)
    found = {key: value for section in _SECTIONS for key, value in sections[section].items() if value[0]}
    if file is None:
        for name, value in environ.items():
            key = name.removeprefix("PIP_").lower().replace("_", "-")
            if name.startswith("PIP_") and key not in (*_IGNORED, "config-file") and value:
                found[key] = (value, f"${name}")
    return found


def _load(path: Path) -> dict[str, _Settings]:
    parser = RawConfigParser()
    parser.optionxform = _normal_key  # type: ignore[method-assign, assignment] # configparser's own way
    origin = show_path(path)
    try:
        with path.open(encoding="utf-8") as stream:
            parser.read_file(stream)
    except Error as error:
        line = getattr(error, "lineno", None)  # its message would show the line, which may hold a password
        reason = f"line {line} cannot be read" if line else "it cannot be read"
        raise InvalidConfigurationError(origin, "", reason, hint="See 'pip config debug'.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InvalidConfigurationError(origin, "", reason) from error
    return {
        section: {key: (value, f"{origin} [{section}]") for key, value in parser.items(section)}
        for section in parser.sections()
    }


def _normal_key(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


class _Reader:
    """Takes the settings that are understood, and lists the others."""

    def __init__(self, settings: _Settings, folder: Path, public_index: str) -> None:
        self._settings = settings
        self._folder = folder
        self._public_index = public_index
        self.left_out: list[LeftOut] = []

    def entries(self) -> Iterator[SourceEntry]:
        settings = dict(self._settings)
        main = settings.pop("index-url", None) or settings.pop("pypi-url", None)
        settings.pop("pypi-url", None)
        extra, links = settings.pop("extra-index-url", None), settings.pop("find-links", None)
        hosts = settings.pop("trusted-host", ("", ""))
        found = list(self._indexes(main or (self._public_index, "pip's default"), extra))
        if "no-index" in settings and settings["no-index"][0].lower() in ("1", "true", "yes", "on", "y", "t"):
            self._leave(
                "no-index", settings.pop("no-index")[1], "its indexes are not used, so they were not taken over"
            )
            found = []
        settings.pop("no-index", None)
        found += self._folders(links)
        trusting = [self._trusting(entry, hosts[0].split()) for entry in found]
        yield from trusting
        taken = {host.partition("://")[2] for entry in trusting for host in entry.trusted_hosts or ()}
        for host in hosts[0].split():
            if host not in taken | {one.partition(":")[0] for one in taken}:
                self._leave(f"trusted-host {host}", hosts[1], "certificates are always verified")
        for name, (_, origin) in settings.items():
            self._leave(name, origin, "it does not say where packages come from")

    def _indexes(self, main: tuple[str, str], extra: tuple[str, str] | None) -> Iterator[SourceEntry]:
        for value, origin in (main, *((extra,) if extra else ())):
            for url in value.split():
                text = find_index(url, self._folder)
                if text is None:
                    self._leave(redact_argument(url), origin, "it is neither a URL nor a folder that exists")
                else:
                    yield SourceEntry(kind="index", text=text, origin=origin)

    def _folders(self, links: tuple[str, str] | None) -> Iterator[SourceEntry]:
        for link in links[0].split() if links else ():
            text = find_index(link, self._folder)
            origin = links[1] if links else ""
            if text is None or re.match(r"https?://", link):
                reason = "a page of links is no index; only a folder that exists can be one"
                self._leave(f"find-links {redact_argument(link)}", origin, reason)
            else:
                yield SourceEntry(kind="index", text=text, origin=origin)

    @staticmethod
    def _trusting(entry: SourceEntry, hosts: list[str]) -> SourceEntry:
        """Let an index do without TLS where pip trusts its host; no more of that can be taken over."""
        scheme, _, rest = entry.text.partition("://")
        host = rest.partition("/")[0].rpartition("@")[2]
        if scheme == "http" and {host, host.partition(":")[0]} & set(hosts):
            return replace(entry, trusted_hosts=(f"http://{host}",))
        return entry

    def _leave(self, name: str, origin: str, reason: str) -> None:
        self.left_out.append(LeftOut(name=name, origin=origin, reason=reason))
