"""What a wheel that was built here needs of conda: what its project says (PEP 725), and what it was linked with."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from packaging.markers import Marker
from packaging.version import InvalidVersion, Version

from wheelbridge.errors import TranslationError
from wheelbridge.mapping.external.rows import ExternalRow, Scheme, choose
from wheelbridge.model.external import DepURL, ExternalSpecifier
from wheelbridge.model.target import Target
from wheelbridge.translate.external import ExternalRows, translate_external_dependency
from wheelbridge.translate.external_table import ExternalTable

_SOFTWARES_OWN = frozenset({Scheme.PEP440, Scheme.SAME})
"""Where the version of a DepURL is that of the software in the packages."""


@dataclass(frozen=True, slots=True)
class BuiltNeeds:
    """What a built wheel needs besides Python packages, as metadata has it, and what people should know of it."""

    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """What wheels are linked with in a build environment.

    Attributes:
        target: what is built for.
        rows: the tables of external dependencies.
        versions: package -> version, of what is in the environment.
    """

    target: Target
    rows: ExternalRows
    versions: Mapping[str, str] = field(default_factory=dict)

    def needs_of(self, table: ExternalTable) -> BuiltNeeds:
        """Return what a wheel needs that was built of a project with *table*.

        PEP 725: "``dependencies`` … → ``Requires-External-Dep``", and ``optional-dependencies`` are that with a marker
        on their extra. What the wheel was linked with must be there as well when it runs.
        """
        linked = [self._bind(one) for one in table.requires["host"]]
        optional = table.optional["run"]
        lines = [one for one, _ in linked]
        lines += [*table.requires["run"], *(_for_extra(one, extra) for extra in optional for one in optional[extra])]
        return BuiltNeeds(
            requires=tuple(dict.fromkeys(map(str, lines))),
            extras=tuple(optional),
            notes=tuple(dict.fromkeys(note for _, note in linked if note)),
        )

    def _bind(self, specifier: ExternalSpecifier) -> tuple[ExternalSpecifier, str]:
        """Return what is needed to run of what was linked with, and a note where its bound is left out.

        A library may lack what a newer one has, so no older one than that of the build will do. Where the packages to
        run with do not count the versions of the bound, the package that was linked with has met it.
        """
        try:
            translated = translate_external_dependency(specifier, "run", self.target, self.rows)
        except TranslationError:
            return specifier, ""  # refused with its reason when the wheel is looked at, or not asked for at all
        if translated.unapplied:
            return replace(specifier, url=replace(specifier.url, version=None)), translated.unapplied
        versions = [self.versions[name] for name in translated.packages if self._counts(specifier.url, name)]
        for version in filter(None, map(_read_version, versions)):
            specifier = replace(specifier, url=_at_least(specifier.url, version))
        return specifier, ""

    def _counts(self, url: DepURL, package: str) -> bool:
        """Tell whether *package* was there, and the versions of *url* are its own."""
        rows: Iterable[ExternalRow] = self.rows.find(url).rows
        row = next((row for row in rows if choose(row, self.target.subdir)), None)
        own = row is not None and row.version.scheme in _SOFTWARES_OWN and package in row.version.apply_to
        return own and package in self.versions


def _at_least(url: DepURL, version: Version) -> DepURL:
    """Return *url* with a lower bound that takes the place of weaker ones; a pin stays as it is.

    >>> str(_at_least(DepURL.parse("dep:generic/zlib@>=1,<3"), Version("1.2")))
    'dep:generic/zlib@<3,>=1.2'
    """
    clauses = [*(url.specifier or ())]
    if any(clause.operator == "==" for clause in clauses):
        return url
    kept = [str(one) for one in clauses if not one.operator.startswith(">") or Version(one.version) > version]
    return replace(url, version=",".join([*sorted(kept), f">={version.public}"]))


def _for_extra(specifier: ExternalSpecifier, extra: str) -> ExternalSpecifier:
    """Put *specifier* under the condition that *extra* is asked for.

    >>> str(_for_extra(ExternalSpecifier.parse("dep:generic/zlib; os_name == 'nt' or os_name == 'posix'"), "x"))
    'dep:generic/zlib; (os_name == "nt" or os_name == "posix") and extra == "x"'
    """
    before = f"({specifier.marker}) and " if specifier.marker else ""
    return replace(specifier, marker=Marker(f'{before}extra == "{extra}"'))


def _read_version(text: str) -> Version | None:
    """Read a version of conda, where it is one of PEP 440, too."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def describe_missing(dependencies: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a note for each dependency, given with a reason, that no package is known for."""
    for dependency, reason in dependencies:
        yield f"{dependency} is taken to be on the system: {reason}"
