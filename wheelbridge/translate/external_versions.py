"""Versions of external dependencies: what a bound on one says of the versions of conda packages."""

from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from wheelbridge.errors import TranslationError
from wheelbridge.mapping.external.rows import ExternalRow, Scheme
from wheelbridge.model.external import DepURL
from wheelbridge.translate.row_specs import RowSpec
from wheelbridge.translate.specifiers import NOTHING, translate_specifier


class ExternalVersionError(TranslationError):
    """The version of an external dependency cannot be said of the packages that serve for it."""

    code = "external-version-not-expressible"

    def __init__(self, dependency: str, reason: str) -> None:
        super().__init__(
            f"The version of {dependency!r} cannot be said of conda packages: {reason}",
            hint="Ask for versions that there can be, or put a row of your own into a map (--map FILE).",
        )
        self.dependency = dependency
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A bound on the versions of some packages.

    Attributes:
        asked: as the DepURL has it.
        version: a conda version spec; None where nothing is to be met.
        apply_to: the packages that it is of.
        unapplied: why there is none although one was asked for.
    """

    asked: str = ""
    version: str | None = None
    apply_to: tuple[str, ...] = ()
    unapplied: str | None = None

    def apply(self, spec: RowSpec) -> RowSpec:
        """Return *spec* with the bound, if its package is one of those."""
        return spec.limited(self.version) if spec.name in self.apply_to else spec


def translate_bound(url: DepURL, row: ExternalRow) -> Bound:
    """Say what the version of *url* is for the packages of *row*.

    >>> from wheelbridge.mapping.external.rows import VersionPolicy
    >>> from wheelbridge.mapping.rows import Relation
    >>> row = ExternalRow(id="dep:generic/zlib", relation=Relation.LIBRARY,
    ...                   version=VersionPolicy(scheme=Scheme.PEP440, apply_to=("zlib",)))
    >>> translate_bound(DepURL.parse("dep:generic/zlib@>=1.2,<2"), row).version
    '>=1.2,<2dev0'

    Raises:
        ExternalVersionError: if no package can meet it.
    """
    specifier = url.specifier
    if specifier is None or url.version is None:
        return Bound()
    policy = row.version
    if policy.scheme is Scheme.CALENDAR_STD:
        return Bound(asked=url.version, unapplied=_explain_standard(url))
    if policy.scheme is Scheme.NONE:
        why = (
            f"The bound {url.version!r} of {url.id} was left out: the versions of the packages are not what it counts."
        )
        return Bound(asked=url.version, unapplied=why)
    version = _look_up(url, specifier, row) if policy.scheme is Scheme.MAP else _translate(url, specifier)
    return Bound(asked=url.version, version=version, apply_to=policy.apply_to)


def _explain_standard(url: DepURL) -> str:
    """PEP 804, appendix B: the version of C, C++ and Fortran is the year of the standard."""
    return (
        f"The bound {url.version!r} of {url.id} was left out: it is the year of a language standard, which no "
        "package's version says; compilers of the channel that are newer than the standard have it."
    )


def _translate(url: DepURL, specifier: SpecifierSet) -> str | None:
    translated = translate_specifier(specifier)
    if translated.lossy:
        raise ExternalVersionError(str(url), "conda packages have no local version labels.")
    if translated.conda == NOTHING:
        raise ExternalVersionError(str(url), "no version is within all its bounds.")
    return translated.conda


def _look_up(url: DepURL, specifier: SpecifierSet, row: ExternalRow) -> str:
    """Join what the packages' versions are that have one of the standard's versions that will do."""
    fitting = [spec for version, spec in row.version.table if _contains(specifier, version)]
    if not fitting:
        known = ", ".join(version for version, _ in row.version.table)
        raise ExternalVersionError(str(url), f"the tables know of {known} only.")
    return "|".join(dict.fromkeys(fitting))


def _contains(specifier: SpecifierSet, version: str) -> bool:
    try:
        return specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False
