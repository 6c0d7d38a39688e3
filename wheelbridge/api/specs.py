"""What a user asks for: conda MatchSpecs, and PEP 508 requirements behind ``pypi:``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from packaging.utils import NormalizedName
from rattler import MatchSpec
from rattler.exceptions import InvalidMatchSpecError

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
    """

    specs: tuple[str, ...]
    requirements: tuple[str, ...]
    limits: tuple[str, ...] = ()
    hashes: Mapping[NormalizedName, frozenset[str]] = field(default_factory=dict)
    prereleases: bool = False

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


def check_spec(spec: str) -> None:
    """Check that *spec* is a MatchSpec of one exact name.

    Raises:
        InvalidSpecError: if it is not.
    """
    try:
        MatchSpec(spec)
    except InvalidMatchSpecError as error:
        raise InvalidSpecError(spec, str(error)) from error
