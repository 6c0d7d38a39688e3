"""Locks for any machine, as others make them: markers and wheel tags say what one machine gets."""

from collections.abc import Iterator
from dataclasses import replace

from rattler import MatchSpec, RepoDataRecord

from wheelbridge.api.locking.completing import UnfitWheelError
from wheelbridge.environment.lock import LockedFile, LockedPackage, LockedTarget
from wheelbridge.errors import TranslationError
from wheelbridge.model.target import Target
from wheelbridge.translate.markers import translate_marker
from wheelbridge.translate.pythons import translate_python_requirement
from wheelbridge.translate.variant_documents import parse_variants
from wheelbridge.translate.variant_order import rank_variants
from wheelbridge.translate.wheel import WheelName, translate_tags

_Rank = tuple[int, int, int, str]


def choose_files(target: LockedTarget, machine: Target, python: RepoDataRecord) -> LockedTarget:
    """Return *target* with the packages that are for *machine* and its *python*, each with the best of its wheels.

    PEP 751, of installation: "If ``[[packages.marker]]`` is specified and evaluates to ``False``, then skip"; and of
    wheels, to look for one "whose file name is compatible with the environment", which the best tag decides.

    Raises:
        UnfitWheelError: if none of a package's wheels runs there.
        TranslationError: if a marker asks for what no target tells.
    """
    packages = (package for package in target.packages if _is_for(package, machine, python))
    chosen = (_with_best_file(package, machine, python) for package in packages)
    return replace(target, target=machine, packages=tuple(sorted(chosen, key=lambda package: package.name)))


def _is_for(package: LockedPackage, machine: Target, python: RepoDataRecord) -> bool:
    if package.marker is None:
        return True
    condition = translate_marker(package.marker, machine).base
    if condition.value is not None:
        return condition.value
    return any(MatchSpec(part).matches(python) for part in str(condition.when).split(" or "))


def _with_best_file(package: LockedPackage, machine: Target, python: RepoDataRecord) -> LockedPackage:
    files = [file for file in (package.file, *package.alternatives) if file.filename.endswith(".whl")]
    project = package.pypi_name or package.name
    if not files:
        raise UnfitWheelError(package.file.filename, f"{project} has no wheel in the lock, and sync builds nothing")
    ranked = [(rank, file) for file in files for rank in _ranks(package, file, machine, python)]
    if not ranked:
        reason = f"no wheel of {project} runs on {machine.subdir} with python {python.version}"
        raise UnfitWheelError(files[0].filename, reason)
    best = max(ranked, key=lambda item: item[0])[1]
    return replace(package, file=best, alternatives=(), marker=None)


def _ranks(package: LockedPackage, file: LockedFile, machine: Target, python: RepoDataRecord) -> Iterator[_Rank]:
    """Yield how good a wheel is, nothing of one that does not run: variants first, in their order, then tags."""
    try:
        name = WheelName.parse(file.filename)
        support = translate_tags(name.tags, machine, package.requires_python)
        spec = translate_python_requirement(support.pythons, package.requires_python)
    except TranslationError:
        return
    variant = _variant_rank(package, name.label, machine)
    if variant is not None and MatchSpec(spec).matches(python):
        number = name.build_tag[0] if name.build_tag else 0
        yield variant, support.preference, number, file.filename


def _variant_rank(package: LockedPackage, label: str | None, machine: Target) -> int | None:
    """Return how good a variant is, the best highest; 0 of a plain wheel, None of one that the machine does not run."""
    if label is None:
        return 0
    if package.variants_json is None:
        return None
    ranking = rank_variants(parse_variants(dict(package.variants_json)), machine)
    position = ranking.positions.get(label)
    return None if position is None else len(ranking.positions) - position
