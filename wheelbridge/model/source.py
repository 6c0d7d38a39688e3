"""Sources: the channels and indexes that packages come from, in one ordered list, and the rules they go by."""

from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal

from packaging.utils import canonicalize_name

from wheelbridge.model.attestation import AttestationPolicy

SourceKind = Literal["channel", "index"]
Claim = Literal["strict", "flexible", "disabled"]
"""What the first source that has a project leaves to the sources below it.

``strict``: nothing (uv's first-index, conda's strict); ``flexible``: what no version of its own meets (first-match);
``disabled``: all compete by version (best-match).
"""
CLAIMS: tuple[Claim, ...] = ("strict", "flexible", "disabled")
PUBLIC_NAMES = frozenset({"conda-forge", "defaults", "main", "r", "msys2", "bioconda", "pytorch", "nvidia", "pypi"})
"""What the large public sources go by."""


@dataclass(frozen=True, slots=True)
class Source:
    """A channel or an index; *tier* 0 comes first, sources of one tier count as one.

    *url* ends without a slash and holds no credentials: a channel's base URL (CEP 26), or the simple API's root
    (PEP 503). *login_url* is the URL as it was given, where it held credentials; it is shown and stored nowhere.

    Attributes:
        claim: see `Claim`.
        explicit: it serves only what is routed to it.
        trusted_hosts: hosts, as globs, other than its own that files and redirects may lead to; ``http://HOST`` lets
            one go without TLS. A public source leads where it will (``*``).
        exclude_newer: nothing published after it is offered; with a time zone; None: as for the whole solve.
        missing_codes: HTTP statuses that mean "no such project" beside 404 and 410.
        attestations: what its files must prove; None: nothing.
        origin: where the entry came from, for people.
        named: the user gave it its name: on the command line, or in a file of the user's own.
        linked: it has what the user links to, wherever that is and whenever it was made.
    """

    name: str
    kind: SourceKind
    url: str
    tier: int
    login_url: str | None = field(default=None, repr=False, compare=False)
    claim: Claim = "flexible"
    explicit: bool = False
    trusted_hosts: tuple[str, ...] = ()
    exclude_newer: datetime | None = None
    missing_codes: frozenset[int] = frozenset()
    attestations: AttestationPolicy | None = None
    origin: str = field(default="", compare=False)
    named: bool = field(default=False, compare=False)
    linked: bool = field(default=False, compare=False)

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {
            "name": self.name,
            "kind": self.kind,
            "url": self.url,
            "tier": self.tier,
            "claim": self.claim,
            "explicit": self.explicit,
        }


def is_public_name(name: str) -> bool:
    """Tell whether *name* is that of a large public source, or of a label of one.

    >>> is_public_name("conda-forge/label/rc"), is_public_name("pkgs/main"), is_public_name("corp")
    (True, True, False)
    """
    return name.partition("/label/")[0].removeprefix("pkgs/") in PUBLIC_NAMES


def default_claim(name: str) -> Claim:
    """Return what a source called *name* claims where nobody says.

    The large public ones leave gaps to others; whatever else is private for all that is known, and shares no name. A
    mirror or a recorded copy that goes by a public name stands for it: a claim gives no power over names that a source
    does not have.

    >>> default_claim("conda-forge"), default_claim("corp")
    ('flexible', 'strict')
    """
    return "flexible" if is_public_name(name) else "strict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What may serve the projects that *pattern* names: *sources* alone, in this order.

    Attributes:
        pattern: a glob over project names, in any spelling, and conda names; ``pypi:`` or ``conda:`` before it narrows
            it.
        sources: names of sources; one of them may be ``explicit``.
        marker: a PEP 508 marker that must hold on the target.
        origin: where the route was given, for people.
    """

    pattern: str
    sources: tuple[str, ...]
    marker: str | None = None
    origin: str = field(default="", compare=False)

    def matches(self, name: str, project: str | None) -> bool:
        """Tell whether the route is for the solver name *name*, which *project* goes by.

        >>> Route(pattern="corp-*", sources=("corp",)).matches("corp-tools", "corp-tools")
        True
        >>> Route(pattern="pypi:docker", sources=("pypi",)).matches("docker", None)
        False
        >>> Route(pattern="Foo_Bar", sources=("corp",)).matches("foo-bar", "foo-bar")
        True
        """
        of_conda, of_projects = _spellings(self.pattern)
        return (of_conda is not None and fnmatchcase(name, of_conda)) or (
            project is not None and of_projects is not None and fnmatchcase(project, of_projects)
        )

    def __str__(self) -> str:
        """Write it as ``--route`` takes it."""
        return f"{self.pattern}={','.join(self.sources)}" + (f"; {self.marker}" if self.marker else "")


@lru_cache(maxsize=1024)
def _spellings(pattern: str) -> tuple[str | None, str | None]:
    """Return what is compared with conda names, and what with normalized names of projects (PEP 503)."""
    kind, separator, glob = pattern.lower().rpartition(":")
    of_conda = None if separator and kind == "pypi" else glob
    return of_conda, None if separator and kind == "conda" else canonicalize_name(glob)
