"""Which source distributions of a project are built, in a solve that was told to build it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce
from operator import and_

from packaging.specifiers import SpecifierSet
from packaging.utils import parse_sdist_filename
from packaging.version import Version

from wheelbridge.errors import TranslationError
from wheelbridge.model.distribution import BuiltDistribution, DistributionFile, ProjectPage
from wheelbridge.model.record import Refusal
from wheelbridge.solver.candidates import Offer, is_pin, other_python
from wheelbridge.translate.pythons import Release, possible_minors, translate_python_tags

MOST_BUILT = 3
"""How many versions of a project one solve builds: a build may take an hour."""
NOT_BUILT = "not-built"
"""The code of a refusal: the project is to be built, and this file is not what is built."""


def not_unasked(project: str) -> str:
    """Return why source distributions of *project* are refused where nobody asked for a build."""
    return f"there are source distributions only; --build {project} builds a wheel, which runs the project's code"


_ANY_PYTHON = translate_python_tags([("py2", "none"), ("py3", "none")], pure=True)


class Builds:
    """The wheels that are built of one project of one index, in the place of those that the index has.

    Who asks for a build gets it, as with pip's ``--no-binary``.
    """

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._built: dict[Version, BuiltDistribution] = {}
        self._refused: dict[str, Refusal] = {}

    @property
    def notes(self) -> Mapping[str, tuple[str, ...]]:
        """The URLs of the wheels -> what people should know of each."""
        return {built.file.url: built.notes for built in self._built.values()}

    def choose(self, specifiers: Sequence[SpecifierSet]) -> list[tuple[DistributionFile, Release]]:
        """Return the source distributions to be built now, each with the newest python that can be and that it runs on.

        It is the newest version that all *specifiers* allow. Where none does, since some are of wheels that will not be
        chosen, it is the newest one of each that no built version meets.
        """
        usable = {version: python for version, python in self._usable() if python}
        together = reduce(and_, specifiers, SpecifierSet())
        wanted = self._newest(together, usable)
        if wanted is None:
            unmet = (one for one in specifiers if not [*one.filter(self._built)])
            versions = [self._newest(one, usable) for one in unmet]
        else:
            versions = [wanted]
        fresh = [version for version in dict.fromkeys(versions) if version and version not in self._built]
        left = max(0, MOST_BUILT - len(self._built))
        for version in fresh[left:]:
            reason = f"{MOST_BUILT} versions were built already; say which one you want"
            self._refuse(self._offer.sdists[version], NOT_BUILT, reason)
        return [(self._offer.sdists[version], usable[version]) for version in fresh[:left]]

    def add(self, sdist: DistributionFile, built: BuiltDistribution) -> None:
        """Take in what was *built* of *sdist*."""
        self._built[parse_sdist_filename(sdist.filename)[1]] = built

    def made_of(self, url: str) -> DistributionFile | None:
        """Return what the wheel at *url* was built of; None where it was not built here."""
        versions = (version for version, built in self._built.items() if built.file.url == url)
        return next((self._offer.sdists.get(version) for version in versions), None)

    def make_offer(self) -> Offer:
        """Return the offer of what was built."""
        base, urls = self._offer, self.notes.keys()
        wheels = (built.file for built in self._built.values())
        page = ProjectPage(base.page.project, (*base.sdists.values(), *wheels))

        def admit(file: DistributionFile) -> Refusal | None:
            return None if file.url in urls else base.admit(file)

        refused = {**self._refused, **({} if self._built else self._wheels())}
        return Offer(page, base.target, base.pythons, None, base.policy, admit, refused)

    def _usable(self) -> Iterator[tuple[Version, Release | None]]:
        """Yield the versions that may be built, and with which python, None where with none that can be."""
        for version, sdist in self._offer.sdists.items():
            if refusal := self._offer.why_not(sdist):
                self._refused[sdist.filename] = refusal
                continue
            try:
                minors = possible_minors(_ANY_PYTHON, sdist.requires_python)
            except TranslationError as error:
                self._refuse(sdist, error.code, error.message)
                continue
            fitting = [minor for minor in minors if minor in self._offer.pythons]
            if not fitting:
                runs_on = f"Python {sdist.requires_python}"
                self._refused[sdist.filename] = other_python(sdist, runs_on, self._offer.pythons)
            yield version, max(fitting, default=None)

    def _newest(self, specifier: SpecifierSet, usable: Collection[Version]) -> Version | None:
        """Return the newest version that *specifier* admits; a yanked one only for a pin, as with wheels."""
        sdists = self._offer.sdists
        yanked = set() if is_pin(specifier) else {version for version in usable if sdists[version].yanked is not None}
        for version in specifier.filter(yanked):
            why = sdists[version].yanked
            self._refuse(sdists[version], "yanked", f"yanked: {why}" if why else "yanked")
        admitted = specifier.filter(version for version in usable if version not in yanked)
        return max(admitted, default=None)

    def _wheels(self) -> dict[str, Refusal]:
        """Return why the newest wheels of the index do not count, where nothing could be built."""
        newest = next(iter(self._offer.releases.values()), [])
        reason = "a build of the project was asked for (--build), and there is no source distribution that fits"
        return {file.filename: Refusal(file.filename, NOT_BUILT, reason) for file in newest}

    def _refuse(self, file: DistributionFile, code: str, reason: str) -> None:
        self._refused[file.filename] = Refusal(file.filename, code, reason)
