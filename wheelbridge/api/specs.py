"""What a user asks for: conda MatchSpecs, and PEP 508 requirements behind ``pypi:``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import NormalizedName
from rattler import MatchSpec
from rattler.exceptions import InvalidMatchSpecError

from wheelbridge.configuration.values import COMMAND_LINE
from wheelbridge.environment.manifest import Link
from wheelbridge.environment.pip.links import is_link, parse_link
from wheelbridge.errors import WheelbridgeError
from wheelbridge.translate.requirement import parse_requirement

PREFIX = "pypi:"


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
    """What was asked for, sorted by kind, each in the order given.

    Attributes:
        specs: conda MatchSpecs.
        requirements: PEP 508 requirements.
        limits: PEP 508 requirements that hold for what is installed, and install nothing.
        hashes: project -> ``algorithm:digest`` of the files that alone may be taken of it, from indexes.
        prereleases: pre-releases of every project are as good as other releases.
        require_hashes: nothing is taken of an index that *hashes* does not list.
        links: what is asked for by where it is.
        hash_places: project -> where its hashes are listed, for messages.
    """

    specs: tuple[str, ...]
    requirements: tuple[str, ...]
    limits: tuple[str, ...] = ()
    hashes: Mapping[NormalizedName, frozenset[str]] = field(default_factory=dict)
    prereleases: bool = False
    require_hashes: bool = False
    links: tuple[Link, ...] = ()
    hash_places: Mapping[NormalizedName, str] = field(default_factory=dict, compare=False)

    @property
    def is_empty(self) -> bool:
        """Nothing was asked for."""
        return not self.specs and not self.requirements and not self.links


def read_request(specs: Iterable[str], requirements: Iterable[str] = ()) -> Request:
    """Sort *specs* into MatchSpecs and, behind ``pypi:``, requirements; *requirements* are of the second kind.

    A requirement may say where something is in the place of what it is called; paths are relative to the working
    directory.

    >>> request = read_request(["numpy>=2", "pypi:rich", "pypi:tool @ https://host.example/tool-1.0.tar.gz"])
    >>> request.specs, request.requirements, [link.project for link in request.links]
    (('numpy>=2',), ('rich',), ['tool'])

    Raises:
        InvalidSpecError: if one is no MatchSpec.
        InvalidRequirementError: if one is no PEP 508 requirement.
        InvalidLinkError: if one says where something is that cannot be taken.
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
    links = tuple(parse_link(text, Path.cwd(), place=COMMAND_LINE) for text in pypi if is_link(text))
    named = [text for text in pypi if not is_link(text)]
    for requirement in named:
        parse_requirement(requirement)
    return Request(tuple(dict.fromkeys(conda)), tuple(dict.fromkeys(named)), links=links)


def _is_of_index(text: str) -> bool:
    """Tell ``pypi:name``, a requirement, from ``pypi::name``, a conda package of the source called so."""
    return text.startswith(PREFIX) and not text.startswith(f"{PREFIX}:")


def check_spec(spec: str) -> None:
    """Check that *spec* is a MatchSpec of one exact name.

    Raises:
        InvalidSpecError: if it is not.
    """
    try:
        MatchSpec(spec)
    except InvalidMatchSpecError as error:
        raise InvalidSpecError(spec, str(error).partition("\n")[0]) from error
