"""What a user asks for: conda MatchSpecs, and PEP 508 requirements behind ``pypi:``."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rattler import Channel, MatchSpec
from rattler.exceptions import InvalidMatchSpecError

from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.model.redaction import redact
from wheelbridge.model.source import Route, Source, default_claim
from wheelbridge.translate.requirement import parse_requirement

PREFIX = "pypi:"
_CHANNEL = re.compile(r"channel=(?:\"[^\"]*\"|'[^']*'),?")


class InvalidSpecError(WheelbridgeError):
    """A conda MatchSpec cannot be read."""

    code = "invalid-spec"

    def __init__(self, spec: str, reason: str) -> None:
        super().__init__(
            f"{spec!r} is not a conda MatchSpec: {reason}",
            hint=f"For a requirement of an index, write {PREFIX}{spec}.",
        )
        self.spec = spec


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, sorted by kind, each in the order given."""

    specs: tuple[str, ...]
    requirements: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Nothing was asked for."""
        return not self.specs and not self.requirements


def read_request(specs: Iterable[str], requirements: Iterable[str] = ()) -> Request:
    """Sort *specs* into MatchSpecs and, behind ``pypi:``, requirements; *requirements* are of the second kind.

    >>> read_request(["numpy>=2", "pypi:rich"])
    Request(specs=('numpy>=2',), requirements=('rich',))

    Raises:
        InvalidSpecError: if one is no MatchSpec.
        InvalidRequirementError: if one is no PEP 508 requirement.
        UrlRequirementError: if a requirement names a URL.
    """
    conda: list[str] = []
    pypi: list[str] = []
    for text in specs:
        if _is_of_index(text):
            pypi.append(text.removeprefix(PREFIX).strip())
        else:
            conda.append(text.strip())
    pypi.extend(text.removeprefix(PREFIX).strip() for text in requirements)
    for spec in conda:
        check_spec(spec)
    for requirement in pypi:
        parse_requirement(requirement)
    return Request(tuple(dict.fromkeys(conda)), tuple(dict.fromkeys(pypi)))


def _is_of_index(text: str) -> bool:
    """Tell ``pypi:name``, a requirement, from ``pypi::name``, a conda package of the source called so."""
    return text.startswith(PREFIX) and not text.startswith(f"{PREFIX}:")


def take_channels(request: Request, sources: Sequence[Source]) -> tuple[Request, tuple[Source, ...], tuple[Route, ...]]:
    """Turn ``channel::name`` into routes: return the request without channels, the sources, and the routes.

    A source goes by its name or its URL, an index as well as a channel. As with conda, a channel that is not among the
    sources is used for this package, and, as an ``explicit`` one, for nothing else.

    Raises:
        UsageError: if the channel's URL holds credentials.
    """
    specs: list[str] = []
    routes: dict[str, Route] = {}
    listed = list(sources)
    for spec in request.specs:
        match = MatchSpec(spec)
        if match.channel is None:
            specs.append(spec)
            continue
        source = _find_source(match.channel, spec, listed)
        listed += [source] if source not in listed else []
        name = match.name.normalized or ""
        routes[name] = Route(pattern=name, sources=(source.name,), origin=f"the spec {spec}")
        specs.append(without_channel(match))
    return replace(request, specs=tuple(specs)), tuple(listed), tuple(routes.values())


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


def _find_source(channel: Channel, spec: str, sources: Sequence[Source]) -> Source:
    url = channel.base_url.rstrip("/")
    found = next((source for source in sources if source.name == channel.name), None)
    found = found or next((source for source in sources if source.url == url), None)
    if found:
        return found
    if redact(url) != url:
        raise UsageError("A spec names a channel with credentials", hint="Give the channel with -c, and a name here.")
    tier = max((source.tier for source in sources), default=-1) + 1
    name = channel.name or url
    return Source(name, "channel", url, tier, claim=default_claim(name), explicit=True, origin=f"the spec {spec}")


def check_spec(spec: str) -> None:
    """Check that *spec* is a MatchSpec of one exact name.

    Raises:
        InvalidSpecError: if it is not.
    """
    try:
        MatchSpec(spec)
    except InvalidMatchSpecError as error:
        raise InvalidSpecError(spec, str(error)) from error
