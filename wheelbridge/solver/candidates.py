"""Which wheels of a project page are offered to the solver: pure choices."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache

from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename
from packaging.version import InvalidVersion, Version

from wheelbridge.errors import TranslationError
from wheelbridge.model.distribution import DistributionFile, ProjectPage
from wheelbridge.model.record import Refusal
from wheelbridge.model.target import Target
from wheelbridge.model.variant_policy import VariantPolicy
from wheelbridge.solver.admission import Admission, admit_any
from wheelbridge.solver.variant_choice import Candidate, VariantChoice
from wheelbridge.translate.pythons import FREE_THREADED_SINCE, Gil, Release
from wheelbridge.translate.variant_documents import is_variants_file
from wheelbridge.translate.wheel import WheelName, translate_tags

_PLAIN_DASHES = 4
_NAME_DASHES = 2
OTHER_PYTHON = "other-python"
"""The code of a refusal: the wheel runs on pythons that the request does not allow."""


@dataclass
class Offer:
    """The releases of one project on one index, newest first, for one target.

    Attributes:
        pythons: the minor versions of Python that can occur; wheels for others are left out.
        policy: what the user says of variants.
        admit: tells why a file must not be taken from the index.
        refused: why files are not offered; filled as releases are looked at.
        builds: wheels of it are built, asked for or not: it is what the user links to.
    """

    page: ProjectPage
    target: Target
    pythons: Collection[Release]
    exclude_newer: datetime | None = None
    policy: VariantPolicy = field(default_factory=VariantPolicy)
    admit: Admission = admit_any
    refused: dict[str, Refusal] = field(default_factory=dict)
    variants: dict[Version, VariantChoice] = field(default_factory=dict)
    builds: bool = False
    _runs: dict[Version, list[Candidate]] = field(default_factory=dict)
    _candidates: dict[Version, tuple[Candidate, ...]] = field(default_factory=dict)
    _admitted: dict[SpecifierSet, list[Version]] = field(default_factory=dict)

    @cached_property
    def releases(self) -> dict[Version, list[DistributionFile]]:
        """Version -> its wheels, newest version first."""
        found: dict[Version, list[DistributionFile]] = {}
        for file in self.page.files:
            if file.filename.endswith(".whl") and (version := _version_of(file.filename)):
                found.setdefault(version, []).append(file)
            elif file.filename.endswith(".whl"):
                self._refuse(file, "invalid-wheel-name", "The file name does not follow PEP 427")
        return {version: found[version] for version in sorted(found, reverse=True)}

    @property
    def only_sdists(self) -> bool:
        """The project has files here, but no wheel."""
        return bool(self.page.files) and not any(file.filename.endswith(".whl") for file in self.page.files)

    @cached_property
    def sdists(self) -> dict[Version, DistributionFile]:
        """Version -> its source distribution, newest version first; of several, the first one that is not yanked."""
        found: dict[Version, list[DistributionFile]] = {}
        for file in self.page.files:
            with suppress(InvalidSdistFilename):
                project, version = parse_sdist_filename(file.filename)
                if project == self.page.project:
                    found.setdefault(version, []).append(file)
        return {version: _unyanked(found[version])[0] for version in sorted(found, reverse=True)}

    def candidates(self, version: Version) -> tuple[Candidate, ...]:
        """Return the wheels of *version* that the target runs: of each variant, for each interpreter, the best one.

        Variant wheels whose metadata was not read yet are all returned.
        """
        if version not in self._candidates:
            if unread := self.unread(version):
                return unread
            groups = _group([*self._take(version)], strict=self.policy.mode == "strict")
            best = [candidate for group in groups for candidate in _best(group, self.pythons)]
            ranked = sorted(best, key=lambda candidate: candidate.preference)
            self._candidates[version] = tuple(replace(wheel, rank=rank) for rank, wheel in enumerate(ranked))
        return self._candidates[version]

    def unread(self, version: Version) -> tuple[Candidate, ...]:
        """Return the variant wheels of *version* that the target may run, for all that their metadata was not read."""
        if version in self.variants or self.policy.disabled or not self._labelled(version):
            return ()
        return tuple(candidate for candidate in self._runnable(version) if candidate.name.label is not None)

    def variants_file(self, version: Version) -> DistributionFile | None:
        """Return the index-level variant metadata of *version*, None where the page has none."""
        return self._variant_files.get(version)

    def set_variants(self, version: Version, choice: VariantChoice) -> None:
        """Take in the variant metadata of *version*."""
        self.variants[version] = choice
        self._candidates.pop(version, None)

    @cached_property
    def _variant_files(self) -> dict[Version, DistributionFile]:
        """PEP 825: ``{name}-{version}-variants.json``, name and version as in a wheel's file name."""
        files = (file for file in self.page.files if is_variants_file(file.filename))
        own = (file for file in files if canonicalize_name(file.filename.partition("-")[0]) == self.page.project)
        return {
            version: file
            for file in own
            if file.filename.count("-") == _NAME_DASHES
            and (version := _version_of(file.filename))
            and self.admit(file) is None
        }

    def _labelled(self, version: Version) -> bool:
        """Tell cheaply whether some file may be a variant wheel."""
        return any(file.filename.count("-") > _PLAIN_DASHES for file in self.releases.get(version, ()))

    def _runnable(self, version: Version) -> list[Candidate]:
        if version not in self._runs:
            usable = self._usable(self.releases.get(version, ()))
            self._runs[version] = [candidate for candidate in usable if self._fits(candidate)]
        return self._runs[version]

    def _take(self, version: Version) -> Iterator[Candidate]:
        """Yield the wheels of *version* that the target runs and the user wants."""
        choice = self.variants.get(version) or VariantChoice(self.page.project, self.policy, self.target)
        for candidate in self._runnable(version):
            taken = choice.take(candidate)
            if isinstance(taken, Refusal):
                self.refused[taken.fn] = taken
            else:
                yield taken

    def select(self, specifiers: Iterable[SpecifierSet], window: int) -> list[Version]:
        """Return the newest *window* versions with a usable wheel for each specifier, newest first.

        PEP 440: "Pre-releases of any kind … are implicitly excluded from all version specifiers, unless they are
        already present on the system, explicitly requested by the user, or if the only available version that
        satisfies the version specifier is a pre-release." PEP 592: a yanked release is offered to an exact pin only.
        """
        chosen: set[Version] = set()
        for specifier in specifiers:
            taken = 0
            for version in self._matching(specifier):
                if taken == window:
                    break
                if self.candidates(version):
                    chosen.add(version)
                    taken += 1
        return sorted(chosen, reverse=True)

    def admitted(self, specifier: SpecifierSet) -> list[Version]:
        """Return the versions with a wheel that *specifier* and the time admit, on any machine, newest first."""
        return [version for version in self._matching(specifier) if self.files(version)]

    def files(self, version: Version) -> list[DistributionFile]:
        """Return the wheels of *version* that are not yanked, or all are, not too new, and may be taken."""
        return [file for file in _unyanked(self.releases.get(version, ())) if self.why_not(file) is None]

    def exhausted(self, specifiers: Iterable[SpecifierSet], window: int) -> bool:
        """Tell whether a wider window would offer nothing more."""
        specifiers = list(specifiers)
        chosen = set(self.select(specifiers, window))
        matching = (version for specifier in specifiers for version in self._matching(specifier))
        return not any(version not in chosen and self.candidates(version) for version in matching)

    def _matching(self, specifier: SpecifierSet) -> list[Version]:
        """Return the versions that *specifier* admits, newest first."""
        if specifier not in self._admitted:
            self._admitted[specifier] = self._admit(specifier)
        return self._admitted[specifier]

    def _admit(self, specifier: SpecifierSet) -> list[Version]:
        withdrawn = {version for version, files in self.releases.items() if all(map(_is_yanked, files))}
        yanked = set() if is_pin(specifier) else withdrawn
        for version in specifier.filter(yanked):
            self._refuse_yanked(self.releases[version])
        available = [version for version in self.releases if version not in yanked]
        return sorted(specifier.filter(available), reverse=True)

    def _refuse_yanked(self, files: Iterable[DistributionFile]) -> None:
        """Refuse what would be usable; of wheels for other machines there is nothing to say."""
        for file in files:
            with suppress(TranslationError):
                translate_tags(WheelName.parse(file.filename).tags, self.target, file.requires_python)
                self._refuse(file, "yanked", f"yanked: {file.yanked}" if file.yanked else "yanked")

    def _usable(self, files: Sequence[DistributionFile]) -> Iterator[Candidate]:
        kept = _unyanked(files)
        self._refuse_yanked(filter(_is_yanked, files) if kept is not files else ())
        for file in kept:
            if refusal := self.why_not(file):
                self.refused[file.filename] = refusal
                continue
            try:
                name = WheelName.parse(file.filename)
                yield Candidate(file, name, translate_tags(name.tags, self.target, file.requires_python))
            except TranslationError as error:
                self._refuse(file, error.code, error.message)

    def why_not(self, file: DistributionFile) -> Refusal | None:
        """Return why a file is not taken, for its time or its source; None where it is."""
        return self._why_late(file) or self.admit(file)

    def _why_late(self, file: DistributionFile) -> Refusal | None:
        """Return why a file is left out for its time."""
        if self.exclude_newer is None:
            return None
        if file.upload_time is None:
            return Refusal(file.filename, "no-upload-time", "the index does not tell when it was published")
        if file.upload_time > self.exclude_newer:
            return Refusal(file.filename, "too-new", f"published {file.upload_time.isoformat()}")
        return None

    def _fits(self, candidate: Candidate) -> bool:
        """Tell whether a python that can occur runs the wheel; refuse it otherwise."""
        minors = candidate.support.minors
        if any(release in self.pythons for release in minors):
            return True
        runs_on = f"Python {_dotted(minors[0])}" + (f" to {_dotted(minors[-1])}" if len(minors) > 1 else "")
        self.refused[candidate.file.filename] = other_python(candidate.file, runs_on, self.pythons)
        return False

    def _refuse(self, file: DistributionFile, code: str, reason: str) -> None:
        self.refused[file.filename] = Refusal(file.filename, code, reason)


def is_pin(specifier: SpecifierSet) -> bool:
    """Tell whether *specifier* names one version: only then a yanked release is taken (PEP 592)."""
    return any(clause.operator in {"==", "==="} and not clause.version.endswith(".*") for clause in specifier)


def other_python(file: DistributionFile, runs_on: str, pythons: Iterable[Release]) -> Refusal:
    """Return the refusal of a file that no python runs that can occur."""
    allowed = ", ".join(map(_dotted, sorted(pythons)))
    return Refusal(file.filename, OTHER_PYTHON, f"It runs on {runs_on}; the request allows {allowed}")


def _group(candidates: Sequence[Candidate], *, strict: bool) -> Iterable[Sequence[Candidate]]:
    """Return the wheels by variant, so that the solver has a choice; *strict*: as one group, so that it has none."""
    if strict:
        return [candidates]
    groups: dict[str | None, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.name.label, []).append(candidate)
    return groups.values()


def _best(candidates: Sequence[Candidate], pythons: Collection[Release]) -> Iterator[Candidate]:
    """Keep, for every minor version of Python with and without the GIL, the wheel an installer would take."""
    best: dict[tuple[Release, Gil], Candidate] = {}
    for candidate in candidates:
        for release in candidate.support.minors:
            if release in pythons:
                for gil in _builds(candidate, release):
                    rival = best.get((release, gil))
                    if rival is None or candidate.preference > rival.preference:
                        best[release, gil] = candidate
    seen = {id(candidate) for candidate in best.values()}
    yield from (candidate for candidate in candidates if id(candidate) in seen)


def _builds(candidate: Candidate, release: Release) -> tuple[Gil, ...]:
    if release < FREE_THREADED_SINCE:
        return (Gil.REQUIRED,)
    gil = next(support.gil for support in candidate.support.pythons if support.covers(release))
    return (Gil.REQUIRED, Gil.FREE_THREADED) if gil is Gil.ANY else (gil,)


def _dotted(release: Release) -> str:
    return ".".join(map(str, release))


def _unyanked(files: Sequence[DistributionFile]) -> Sequence[DistributionFile]:
    """Return the files that are not yanked; all, where all are."""
    return [file for file in files if not _is_yanked(file)] or files


def _is_yanked(file: DistributionFile) -> bool:
    return file.yanked is not None


@lru_cache(maxsize=65536)
def _parse_version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _version_of(filename: str) -> Version | None:
    """Read the version out of a wheel's file name, nothing else of it checked (pages have thousands)."""
    _name, _, rest = filename.partition("-")
    version, dash, _tags = rest.partition("-")
    return _parse_version(version.replace("_", "-")) if dash else None
