"""``channel::name``: a MatchSpec that names its source becomes a route."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name
from rattler import MatchSpec

from wheelbridge.api.specs import Request
from wheelbridge.errors import UsageError
from wheelbridge.model.redaction import redact_text
from wheelbridge.model.source import Route, Source

_CHANNEL = re.compile(r"channel=(?:\"[^\"]*\"|'[^']*'),?")
_URL_OR_PATH = re.compile(r"[^\[]*(?:://|^\s*[./~])|.*channel=[\"']?(?:[^\"'\],]*://|[./~])")
_DEFAULTS = "defaults"
_OF_DEFAULTS = "pkgs/"


def take_channels(request: Request, sources: Sequence[Source]) -> tuple[Request, tuple[Route, ...]]:
    """Turn ``source::name`` into routes: return the request without sources, and the routes.

    A source goes by its name or its URL, an index as well as a channel. Other than with conda it has to be one of the
    list: to ask the public host for a name that nobody configured would hand a misspelt private name to strangers.

    Raises:
        UsageError: if a spec names what is no source, shows a login, or two specs want one package from two sources.
    """
    specs: list[str] = []
    wanted: dict[str, tuple[Source, ...]] = {}
    routes: list[Route] = []
    for spec in request.specs:
        match = MatchSpec(spec)
        if match.channel is None:
            specs.append(spec)
            continue
        found, name = _find_sources(match, spec, sources), match.name.normalized or ""
        if wanted.setdefault(name, found) != found:
            raise UsageError(f"The specs of {name!r} name different sources", hint="Name one of them.")
        routes += _routes(name, found, spec)
        specs.append(without_channel(match))
    return replace(request, specs=tuple(specs)), tuple(routes)


def without_channel(spec: MatchSpec) -> str:
    """Return the text of *spec* without its channel.

    >>> without_channel(MatchSpec("conda-forge/linux-64::numpy>=2")), without_channel(MatchSpec("numpy[channel=a]"))
    ('numpy >=2[subdir="linux-64"]', 'numpy')
    """
    text = str(spec)
    _, separator, rest = text.partition("::")
    if not separator or "[" in text.partition("::")[0]:
        return _CHANNEL.sub("", text).replace(",]", "]").replace("[]", "")
    if spec.subdir is None:
        return rest
    own = f'subdir="{spec.subdir}"'
    return f"{rest[:-1]},{own}]" if rest.endswith("]") else f"{rest}[{own}]"


def _find_sources(match: MatchSpec, spec: str, sources: Sequence[Source]) -> tuple[Source, ...]:
    """Return the source that *spec* names; of ``defaults``, all of its channels."""
    if redact_text(spec) != spec:
        raise UsageError("A spec names a channel with credentials", hint="Give the channel with -c, and a name here.")
    channel = match.channel
    name, url = (channel.name, channel.base_url.rstrip("/")) if channel else (None, "")
    if _URL_OR_PATH.match(spec):
        found = [source for source in sources if source.url == url]
    else:
        found = [source for source in sources if source.name == name]
        if not found and name == _DEFAULTS:
            found = [source for source in sources if source.name.startswith(_OF_DEFAULTS)]
    if not found:
        listed = ", ".join(source.name for source in sources) or "none"
        hint = f"Name it with -c or -i as well; the sources are: {listed}."
        raise UsageError(f"The spec {spec!r} names no source of the list", hint=hint)
    return tuple(found) if name == _DEFAULTS else (found[0],)


def _routes(name: str, found: Iterable[Source], spec: str) -> Iterator[Route]:
    """Route the conda name; for an index, the project of that name as well."""
    sources = tuple(found)
    names, origin = tuple(source.name for source in sources), f"the spec {spec}"
    yield Route(pattern=f"conda:{name}", sources=names, origin=origin)
    if any(source.kind == "index" for source in sources):
        yield Route(pattern=f"pypi:{canonicalize_name(name)}", sources=names, origin=origin)
