"""Requirements (PEP 508): one line of Requires-Dist, or of a user, as MatchSpecs."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelbridge.errors import InvalidRequirementError
from wheelbridge.model.name import CondaName
from wheelbridge.model.target import Target
from wheelbridge.translate.errors import UrlRequirementError
from wheelbridge.translate.markers import UNCONDITIONAL, Condition, translate_marker
from wheelbridge.translate.pythons import Release
from wheelbridge.translate.specifiers import exact_versions, translate_specifier

_ONLY_EXTRA = re.compile(r"""(?:^|\s|\()extra\s*==\s*['"]([A-Za-z0-9._-]+)['"]""")

Names = Callable[[NormalizedName], CondaName]
"""Tells the solver name of a PyPI project."""


@dataclass(frozen=True, slots=True)
class KnownVersions:
    """The versions that candidates have, where they are known.

    Attributes:
        versions: project -> the versions of its candidates.
        wanted: the projects whose versions would have made a specifier exact; filled by translations.
    """

    versions: Mapping[NormalizedName, Collection[Version]] = field(default_factory=dict)
    wanted: set[NormalizedName] = field(default_factory=set)

    def of(self, project: NormalizedName) -> Collection[Version] | None:
        """Return the versions of *project*; a miss is remembered in *wanted*."""
        if project not in self.versions:
            self.wanted.add(project)
        return self.versions.get(project)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementTranslation:
    """One requirement on a target.

    Attributes:
        project: the PyPI project it names.
        name: the project's solver name.
        extras: the extras it asks for, normalized and sorted.
        specifier: the versions it allows.
        base: MatchSpecs that hold without an extra.
        groups: extra -> MatchSpecs that hold with it.
        lossy: the version spec alone is not exact; naming the candidates' versions makes it so.
    """

    project: NormalizedName
    name: CondaName
    extras: tuple[str, ...]
    specifier: SpecifierSet
    base: tuple[str, ...]
    groups: Mapping[NormalizedName, tuple[str, ...]] = field(default_factory=dict)
    lossy: bool = False


@lru_cache(maxsize=32768)
def parse_requirement(text: str) -> Requirement:
    """Read a PEP 508 requirement.

    Raises:
        InvalidRequirementError: if *text* does not follow PEP 508.
        UrlRequirementError: if it names a URL.
    """
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise InvalidRequirementError(text, str(error).partition("\n")[0]) from error
    except RecursionError as error:
        raise InvalidRequirementError(f"{text[:80]}...", "its parentheses are nested too deeply") from error
    if requirement.url:
        raise UrlRequirementError(text)
    return requirement


def translate_requirement(
    text: str, target: Target, names: Names, *, pythons: Sequence[Release] = (), known: KnownVersions | None = None
) -> RequirementTranslation:
    """Translate one requirement for *target*.

    *pythons* are the minor versions of Python that can occur (none: all). A specifier that conda cannot say is
    replaced by the list of the *known* versions of the project that match it.

    >>> linux = Target(subdir="linux-64")
    >>> translate_requirement("Foo[Bar]>=1,<2; python_version<'3.11'", linux, CondaName).base
    ('foo[version=">=1,<2dev0",extras=[bar],when="python<3.11dev0"]',)

    Raises:
        InvalidRequirementError: if *text* does not follow PEP 508.
        UrlRequirementError: if it names a URL.
        MarkerNotExpressibleError: if its marker has no exact counterpart.
    """
    requirement = parse_requirement(text)
    project = canonicalize_name(requirement.name)
    marker = translate_marker(str(requirement.marker), target, pythons) if requirement.marker else UNCONDITIONAL
    version, build, lossy = _versions(requirement.specifier, project, known or KnownVersions())
    name = names(project)
    extras = tuple(sorted(canonicalize_name(extra) for extra in requirement.extras))

    def specs(condition: Condition) -> tuple[str, ...]:
        if condition.value is False:
            return ()
        return (render_match_spec(name, version=version, build=build, extras=extras, when=condition.when),)

    return RequirementTranslation(
        project=project,
        name=name,
        extras=extras,
        specifier=requirement.specifier,
        base=specs(marker.base),
        groups={extra: specs(condition) for extra, condition in marker.extras.items()},
        lossy=lossy,
    )


def only_extra(text: str) -> NormalizedName | None:
    """Return the one extra without which a requirement never holds, None where there may be none.

    It reads no more than a conjunction: a marker with ``or`` may hold without any extra.

    >>> only_extra("foo>=1; os_name == 'nt' and extra == 'Docs'"), only_extra("foo; extra == 'a' or os_name == 'nt'")
    ('docs', None)
    """
    _, separator, marker = text.partition(";")
    if not separator or re.search(r"\bor\b", marker):
        return None
    match = _ONLY_EXTRA.search(marker)
    return canonicalize_name(match[1]) if match else None


def render_match_spec(
    name: str,
    *,
    version: str | None = None,
    build: str | None = None,
    extras: Collection[str] = (),
    when: str | None = None,
) -> str:
    """Write a MatchSpec as records must have it.

    CEP 48: "If only `name` is set, the MatchSpec MUST be the bare name string"; otherwise it "MUST use the `name` +
    square-brackets form".

    >>> render_match_spec("foo", version=">=1", when="python<3.11dev0")
    'foo[version=">=1",when="python<3.11dev0"]'
    """
    fields = [f'version="{version}"'] if version else []
    if build:
        fields.append(f'build="{build}"')
    if extras:
        fields.append(f"extras=[{','.join(extras)}]")
    if when:
        fields.append(f'when="{when}"')
    return f"{name}[{','.join(fields)}]" if fields else name


def _versions(
    specifier: SpecifierSet, project: NormalizedName, known: KnownVersions
) -> tuple[str | None, str | None, bool]:
    """Return version spec, build glob, and whether the version spec is inexact."""
    translated = translate_specifier(specifier)
    if translated.lossy and (versions := known.of(project)) is not None:
        return exact_versions(specifier, versions), translated.build, False
    return translated.conda, translated.build, translated.lossy
