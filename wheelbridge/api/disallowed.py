"""Packages that conda's configuration keeps out of environments (``disallowed_packages``)."""

from collections.abc import Iterable, Sequence

from packaging.utils import canonicalize_name
from rattler import MatchSpec, RepoDataRecord
from rattler.exceptions import InvalidMatchSpecError

from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.pin import Pin
from wheelbridge.solver.problem import ResolvedPackage

_KEY = "disallowed_packages"


class DisallowedPackageError(WheelbridgeError):
    """A solution has a package that conda's configuration forbids."""

    code = "package-disallowed"

    def __init__(self, package: str, rule: Pin) -> None:
        super().__init__(
            f"{package} may not be installed: {rule.spec!r} is among {_KEY} of {rule.place}",
            hint="Leave it out, or ask who looks after conda's configuration ('conda config --show-sources').",
        )
        self.package = package
        self.spec = rule.spec


def refuse_disallowed(
    packages: Iterable[ResolvedPackage], disallowed: Sequence[Pin], installed: Sequence[RepoDataRecord] = ()
) -> None:
    """See that none of *packages* is *disallowed*; what is *installed* already may stay, as in conda.

    A rule that is a name alone holds for the PyPI project of that name, too, however that is written (PEP 503) and
    whatever conda calls it.

    Raises:
        DisallowedPackageError: if one is.
        InvalidConfigurationError: if a rule cannot be read.
    """
    rules = [(rule, _read(rule)) for rule in disallowed]
    there = {record.url for record in installed} if rules else set()
    for package in packages if rules else ():
        for rule, spec in rules:
            if package.url not in there and (
                spec.matches(package.record) or package.pypi_name == canonicalize_name(rule.spec)
            ):
                raise DisallowedPackageError(f"{package.name} {package.version}", rule)


def _read(rule: Pin) -> MatchSpec:
    try:
        return MatchSpec(rule.spec)
    except InvalidMatchSpecError as error:
        raise InvalidConfigurationError(rule.place, _KEY, f"{rule.spec!r} is no MatchSpec: {error}") from None
