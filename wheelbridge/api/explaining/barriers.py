"""What keeps another version of a package out of an environment, as far as it is written down there."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement
from rattler import MatchSpec, PrefixRecord, Version, VersionSpec
from rattler.exceptions import InvalidMatchSpecError, InvalidVersionSpecError

from wheelbridge.api.explaining.graph import installed_needs, shortest_way
from wheelbridge.api.life.pins import load_pins, pin_name, without_source
from wheelbridge.api.removing import find_installed
from wheelbridge.api.specs import PREFIX, InvalidSpecError
from wheelbridge.errors import UsageError
from wheelbridge.installer.errors import NotAnEnvironmentError
from wheelbridge.installer.history import history_path, load_history, requested_specs
from wheelbridge.installer.listing import load_records
from wheelbridge.installer.prefix import is_environment
from wheelbridge.model.pin import Pin
from wheelbridge.solver.records import wheel_project
from wheelbridge.solver.soundness import active_needs
from wheelbridge.translate.requirement import parse_requirement

_SUBJECT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*([=<>!~].*)?")
_PLAIN = re.compile(r"\d[\w.+!]*")
_VERSION = re.compile(r"[A-Za-z0-9][\w.+!]*")
_OPERATORS = re.compile(r"\s*([=<>!~,|]+)\s*")
_JUST_ABOVE = ".0.0.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """Something that allows none of the wanted versions.

    Attributes:
        kind: ``request`` is what the user asked for, ``need`` a dependency, ``constraint`` what a package says of one
            that it does not need itself.
        spec: what it allows.
        place: where a request or a pin is written.
        owner: the package whose need or constraint it is; empty for others.
        version: the owner's.
        chain: from what was asked for to the owner, both included; empty where nothing leads to it.
    """

    kind: Literal["request", "pin", "need", "constraint"]
    spec: str
    place: str = ""
    owner: str = ""
    version: str = ""
    chain: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {
            "kind": self.kind,
            "spec": self.spec,
            "place": self.place or None,
            "owner": self.owner or None,
            "version": self.version or None,
            "chain": list(self.chain),
        }

    def describe(self) -> str:
        """Say to people what would have to change.

        >>> Barrier(kind="pin", spec="numpy<2", place="pinned:1").describe()
        'numpy<2 is pinned: change the pin (pinned:1)'
        """
        if self.kind == "request":
            return f"you asked for {self.spec}: ask anew, and that is forgotten"
        if self.kind == "pin":
            return f"{self.spec} is pinned: change the pin ({self.place})"
        verb = "needs" if self.kind == "need" else "allows only"
        way = f", which is there because of {' -> '.join(self.chain)}" if len(self.chain) > 1 else ""
        return f"{self.owner} {self.version} {verb} {self.spec}{way}: it would have to move, or go"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionAnswer:
    """What is known of another version of an installed package.

    Attributes:
        name: the solver's name.
        version: the installed one.
        wanted: a conda version spec.
        request: what a solve is asked for by: a MatchSpec, or of a wheel a requirement behind ``pypi:``.
        is_installed: the installed version is one of the wanted ones.
        barriers: what allows none of them.
    """

    name: str
    version: str
    wanted: str
    request: str
    is_installed: bool
    barriers: tuple[Barrier, ...]

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {
            "version": self.version,
            "wanted": self.wanted,
            "installed": self.is_installed,
            "barriers": [barrier.as_json() for barrier in self.barriers],
        }


def read_subject(text: str, version: str | None = None) -> tuple[str, str | None]:
    """Return the name in *text*, and the version spec behind it, or that of *version*.

    A bare version means its releases, too: ``2.1`` is ``2.1.*``. Extras of a requirement are passed over: they are no
    packages, and what they bring is asked for by its own name.

    >>> read_subject("numpy>=2.3"), read_subject("pypi:torch[opt]", "2.1"), read_subject("numpy")
    (('numpy', '>=2.3'), ('pypi:torch', '2.1.*'), ('numpy', None))

    Raises:
        InvalidSpecError: if it is no MatchSpec.
        InvalidRequirementError: if it is no requirement behind ``pypi:``.
        UsageError: if both name versions, or the version is none.
    """
    if text.startswith(PREFIX) and not text.startswith(f"{PREFIX}:"):
        name, behind = _read_requirement(text.removeprefix(PREFIX))
    else:
        match = _SUBJECT.fullmatch(text.strip())
        name, behind = (match[1], match[2]) if match else _read_spec(text)
    if behind and version:
        raise UsageError(f"{text!r} and --version {version} both name versions", hint="Keep one of them.")
    if not (stated := behind or version):
        return name, None
    wanted = _OPERATORS.sub(r"\1", stated.strip())
    hint = "Write a version, such as 2.1, or a range, such as '>=2,<3'."
    if len(wanted.split()) > 1:  # rattler would take the words for one version
        raise UsageError(f"{stated!r} names no version: it has several words", hint=hint)
    try:
        return name, str(VersionSpec(f"{wanted}.*" if _PLAIN.fullmatch(wanted) else wanted))
    except InvalidVersionSpecError as error:
        raise UsageError(f"{stated!r} names no version: {error}", hint=hint) from error


def _read_requirement(text: str) -> tuple[str, str | None]:
    requirement = parse_requirement(text)
    if requirement.marker:
        raise UsageError(f"{text!r} has a marker, which says nothing of what is installed", hint="Leave it out.")
    return f"{PREFIX}{requirement.name}", str(requirement.specifier) or None


def _read_spec(text: str) -> tuple[str, str | None]:
    try:
        spec = MatchSpec(text)
    except InvalidMatchSpecError as error:
        raise InvalidSpecError(text, str(error)) from error
    return spec.name.normalized or text, None if spec.version is None else str(spec.version)


def explain_version(prefix: Path, name: str, wanted: str, pins: Iterable[Pin] = ()) -> VersionAnswer:
    """Find what in the environment at *prefix* keeps out the versions *wanted* of *name*, conda's name or PyPI's.

    Nothing is solved and no source is asked: whether there is such a version, and what it needs itself, is not known.

    Args:
        prefix: of the environment.
        name: of an installed package.
        wanted: a conda version spec.
        pins: those that are configured; the environment's own are read.

    Raises:
        NotAnEnvironmentError: if there is no environment.
        NotInstalledError: if it has no such package.
        InvalidPinError: if a pin cannot be read.
    """
    if not is_environment(prefix):
        raise NotAnEnvironmentError(prefix)
    installed = {record.name.normalized: record for record in load_records(prefix)}
    own = find_installed(name, installed, prefix)
    asked = requested_specs(load_history(prefix), installed, exact=True)
    barriers = [
        *_request_barrier(asked.get(own), wanted, history_path(prefix)),
        *_pin_barriers([*pins, *load_pins(prefix)], own, wanted),
        *_package_barriers(installed, own, wanted, asked),
    ]
    version = str(installed[own].version)
    return VersionAnswer(
        name=own,
        version=version,
        wanted=wanted,
        request=_request_for(installed[own], wanted),
        is_installed=VersionSpec(wanted).matches(Version(version)),
        barriers=tuple(dict.fromkeys(barriers)),
    )


def _request_for(record: PrefixRecord, wanted: str) -> str:
    """Return what to ask for, so that a solve looks for the versions *wanted* of what *record* is."""
    if (project := wheel_project(record.file_name)) is None:
        return f"{record.name.normalized} {wanted}"
    try:
        clauses = ",".join(f"=={clause}" if clause[0].isalnum() else clause for clause in wanted.split(","))
        return f"{PREFIX}{Requirement(project + clauses)}"
    except InvalidRequirement:  # what an index has no words for, such as 1|2
        return f"{PREFIX}{project}"


def _request_barrier(spec: str | None, wanted: str, place: Path) -> Iterator[Barrier]:
    if spec is not None and not have_common(wanted, _version_of(spec)):
        yield Barrier(kind="request", spec=spec, place=str(place))


def _pin_barriers(pins: Iterable[Pin], name: str, wanted: str) -> Iterator[Barrier]:
    for pin in pins:
        if pin_name(pin) == name and not have_common(wanted, _version_of(without_source(pin.spec))):
            yield Barrier(kind="pin", spec=pin.spec, place=pin.place)


def _package_barriers(
    installed: Mapping[str, PrefixRecord], name: str, wanted: str, asked: Mapping[str, str]
) -> Iterator[Barrier]:
    found: list[tuple[Literal["need", "constraint"], str, str]] = [
        ("need", need.owner.name.normalized, need.spec)
        for need in active_needs(installed, asked.values())
        if need.owner is not None
    ]
    found += [("constraint", owner, spec) for owner, record in installed.items() for spec in record.constrains]
    needs = installed_needs(installed, asked.values())
    for kind, owner, spec in sorted(found):
        if owner != name and MatchSpec(spec).name.normalized == name and not have_common(wanted, _version_of(spec)):
            version = str(installed[owner].version)
            chain = _nearest(needs, sorted(asked), owner)
            yield Barrier(kind=kind, spec=spec, owner=owner, version=version, chain=chain)


def _version_of(spec: str) -> str:
    version = MatchSpec(spec).version
    return "*" if version is None else str(version)


def have_common(first: str, second: str) -> bool:
    """Tell whether some version meets two conda version specs.

    Where two sets of intervals meet, they do so at an end of one of them, just above one, or below all of them.

    >>> have_common(">=2.3", ">=1,<2"), have_common(">=2.3", "2.*"), have_common("<1", "!=1.5")
    (False, True, True)
    """
    specs = VersionSpec(first), VersionSpec(second)
    ends = {"0dev0", *_VERSION.findall(f"{first} {second}")}
    ends = {end.rstrip(".") for end in ends}
    samples = [Version(text) for end in ends for text in (end, f"{end}{_JUST_ABOVE}", f"{end}dev0")]
    return any(all(spec.matches(version) for spec in specs) for version in samples)


def _nearest(needs: Mapping[str, Mapping[str, str]], asked: Sequence[str], goal: str) -> tuple[str, ...]:
    """Return the shortest way to *goal* from what was asked for."""
    chains = [chain for root in asked if (chain := shortest_way(needs, root, goal))]
    nearest = min(chains, key=len, default=[])
    return tuple(nearest)
