"""Project pages in JSON (PEP 691, 700, 714), read by direct access: some have thousands of files."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import urljoin

from packaging.utils import canonicalize_name

from wheelbridge.index.errors import InvalidIndexPageError
from wheelbridge.index.page_checks import (
    LieError,
    PageSource,
    check_api_version,
    check_filename,
    check_hashes,
)
from wheelbridge.model.distribution import DistributionFile, ProjectPage

_PLAIN_PATH = re.compile(r"((?:\.\./)*)([\w%][\w%./+~!-]*)", re.ASCII).fullmatch
_Object: TypeAlias = dict[str, object]


def parse_json_page(source: PageSource) -> ProjectPage:
    """Read a page of PEP 691.

    PEP 691: "clients MUST ignore keys that they don't understand". ``size`` is not insisted on, since mirrors of
    API version 1.1 leave it out.

    Raises:
        InvalidIndexPageError: with the place, as in ``files[3].hashes``.
        UnsupportedIndexVersionError: if its API has another major version.
    """
    try:
        return ProjectPage(source.project, tuple(_read_page(_decode(source.body), source)))
    except LieError as lie:
        raise InvalidIndexPageError(source.url, lie.path or "the top", lie.reason) from None


def _decode(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise LieError("", f"it is not JSON ({error})") from None


def _read_page(data: object, source: PageSource) -> Iterator[DistributionFile]:
    page = _object(data)
    check_api_version(_text(_object(page.get("meta"), "meta"), "api-version", "meta.api-version"), source.url)
    if canonicalize_name(name := _text(page, "name")) != source.project:
        raise LieError("name", f"the page of {source.project!r} says it is that of {name!r}")
    if not isinstance(entries := page.get("files"), list):
        raise LieError("files", f"expected an array, got {_show(entries)}")
    for index, entry in enumerate(entries):
        try:
            file = _read_file(entry, source)
        except LieError as lie:
            raise LieError(f"files[{index}]" + (lie.path and f".{lie.path}"), lie.reason) from None
        yield file


def _read_file(entry: object, source: PageSource) -> DistributionFile:
    data = _object(entry)
    filename = check_filename(_text(data, "filename"))
    get = data.get
    return DistributionFile(
        filename=filename,
        url=_absolute(_text(data, "url"), source),
        hashes=check_hashes(_object(get("hashes"), "hashes"), "hashes"),
        requires_python=_requires_python(get("requires-python")),
        yanked=_yanked(get("yanked")),
        core_metadata=_core_metadata(data),
        size=_size(get("size")),
        upload_time=_upload_time(get("upload-time")),
        provenance=_provenance(get("provenance")),
    )


def _absolute(url: str, source: PageSource) -> str:
    """Resolve *url*: PEP 691: "If relative, they are relative to the current URL as if it were HTML"."""
    if not url.startswith(("https://", "http://")):
        try:
            url = _join(source.url, url)
        except ValueError:
            raise LieError("url", f"{url!r} is no URL") from None
    return url.partition("#")[0]


def _join(base: str, url: str) -> str:
    """Do what `urljoin` does, which takes longer than all else on a page: join the directory once.

    >>> _join("https://host.example/simple/x/", "../../files/x-1.tar.gz")
    'https://host.example/files/x-1.tar.gz'
    """
    if (parts := _PLAIN_PATH(url)) is None or "/." in parts[2] or "//" in parts[2]:
        return urljoin(base, url)
    return _join_directory(base, parts[1]) + parts[2]


@lru_cache(maxsize=64)
def _join_directory(base: str, climb: str) -> str:
    return urljoin(base, climb or ".")


def _requires_python(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise LieError("requires-python", f"expected a text, got {_show(value)}")
    return value.strip() or None


def _yanked(value: object) -> str | None:
    """Read PEP 691: "either a boolean …, or a non empty, but otherwise arbitrary, string"."""
    if value is None or value is False or value == "":
        return None
    if value is True:
        return ""
    if not isinstance(value, str):
        raise LieError("yanked", f"expected a boolean or a text, got {_show(value)}")
    return value


def _core_metadata(data: _Object) -> dict[str, str] | None:
    """Read PEP 714: the older key counts only "if it is present but ``core-metadata`` is not"."""
    key = "core-metadata" if "core-metadata" in data else "dist-info-metadata"
    value = data.get(key)
    if value is None or value is False:
        return None
    if value is True:
        return {}
    return check_hashes(_object(value, key), key)


def _size(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise LieError("size", f"{_show(value)} is no number of bytes")
    return value


def _upload_time(value: object) -> datetime | None:
    """Read PEP 700: an ISO 8601 time "which must be a UTC date/time"."""
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        time = None
    if time is None:
        raise LieError("upload-time", f"{_show(value)} is no ISO 8601 time")
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _provenance(value: object) -> str | None:
    """Read PEP 740: "either a JSON string or ``null``"; where it may lead is judged when it is asked for."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise LieError("provenance", f"expected a text, got {_show(value)}")
    return value or None


def _text(data: _Object, key: str, path: str | None = None) -> str:
    if not isinstance(value := data.get(key), str):
        raise LieError(path or key, f"expected a text, got {_show(value)}")
    return value


def _object(value: object, path: str = "") -> _Object:
    if not isinstance(value, dict):
        raise LieError(path, f"expected an object, got {_show(value)}")
    return value


def _show(value: object) -> str:
    """Name a wrong value briefly: its kind where it is large."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    return "nothing" if value is None else repr(value)
