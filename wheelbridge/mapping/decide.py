"""Decisions about names: an answer only where the evidence has one reading; no answer beats a wrong one."""

from collections.abc import Iterable

from wheelbridge.mapping.evidence import Evidence, is_base_of, is_related, is_spelled_alike
from wheelbridge.mapping.lines import TableRow
from wheelbridge.mapping.rows import Confidence, Relation
from wheelbridge.model.name import CondaName, NormalizedName


def decide_all(evidence: Evidence) -> tuple[TableRow, ...]:
    """Return a row for every project that has an answer or candidates, sorted by project.

    No conda package is the answer for two projects: each has at most one project of its own.
    """
    rows = (decide(project, evidence) for project in sorted(evidence.projects))
    return tuple(row for row in rows if row is not None)


def decide(project: NormalizedName, evidence: Evidence) -> TableRow | None:
    """Return the row of *project*: an answer, candidates without an answer, or None where there are neither."""
    owners = _without_strangers(project, evidence)
    chosen = _choose(project, owners, evidence)
    if chosen and project in evidence.foreign and evidence.recipes.get(project) != chosen:
        chosen = None
    others = sorted({*owners, *_hints(project, evidence), *evidence.contested(project)} - {chosen})
    if chosen is None:
        return TableRow(pypi=project, alternatives=tuple(others)) if others else None
    agreed = len(owners) == 1 and evidence.recipes.get(project) == chosen
    return TableRow(
        pypi=project,
        conda=chosen,
        relation=_relation(project, chosen, evidence),
        confidence=Confidence.VERIFIED if agreed else Confidence.OBSERVED,
        alternatives=tuple(others),
    )


def _without_strangers(project: NormalizedName, evidence: Evidence) -> tuple[CondaName, ...]:
    """Return the packages that are *project*, less those of another name where one has its name.

    Conda's ``qgis`` once carried the dist-info of ``future`` and no other; ``future`` exists, so it was vendored.
    """
    owners = evidence.owners.get(project, ())
    if not any(is_spelled_alike(project, owner) for owner in owners):
        return owners
    recipe = evidence.recipes.get(project)
    return tuple(owner for owner in owners if is_related(project, owner) or owner == recipe)


def _choose(project: NormalizedName, owners: tuple[CondaName, ...], evidence: Evidence) -> CondaName | None:
    if len(owners) == 1:
        return owners[0] if _stands_alone(project, owners[0], evidence) else None
    if all(is_spelled_alike(project, owner) for owner in owners):
        return _choose_spelling(project, owners, evidence)
    return (
        _choose_locked(project, owners, evidence)
        or _choose_base(project, owners, evidence)
        or _choose_recipe(project, owners, evidence)
    )


def _stands_alone(project: NormalizedName, owner: CondaName, evidence: Evidence) -> bool:
    """Tell whether nothing speaks against the only package that is *project*.

    A recipe or a person that points elsewhere does, unless current builds over there carry no dist-info at all.
    """
    elsewhere = [hint for hint in _hints(project, evidence) if hint != owner and not evidence.carries_nothing(hint)]
    known = evidence.recipes.get(project) == owner or is_related(project, owner)
    return known and not elsewhere


def _choose_spelling(project: NormalizedName, owners: tuple[CondaName, ...], evidence: Evidence) -> CondaName | None:
    """Choose between ``a-b`` and ``a_b``: what locks have alone, else the recipe, else the people of grayskull."""
    locked = _only(owner for owner in owners if evidence.is_locked_for(owner, project))
    hints = (evidence.recipes.get(project), evidence.exceptions.get(project))
    return next((name for name in (locked, *hints) if name in owners), None)


def _choose_locked(project: NormalizedName, owners: tuple[CondaName, ...], evidence: Evidence) -> CondaName | None:
    """Choose the only one that locks have.

    A lock holds the whole closure, so where it has one half of a split and not the other, that half is the carrier.
    """
    locked = _only(owner for owner in owners if evidence.is_locked_for(owner, project))
    return locked if locked and (is_related(project, locked) or evidence.recipes.get(project) == locked) else None


def _choose_base(project: NormalizedName, owners: tuple[CondaName, ...], evidence: Evidence) -> CondaName | None:
    """Choose ``x-base`` over ``x`` where the recipe says so, or where locks have both: then ``x`` pulls it in."""
    base = _only(owner for owner in owners if is_base_of(project, owner))
    if base is None or not all(is_spelled_alike(project, owner) for owner in owners if owner != base):
        return None
    if evidence.recipes.get(project) == base:
        return base
    return base if all(evidence.is_locked_for(owner, project) for owner in owners) else None


def _choose_recipe(project: NormalizedName, owners: tuple[CondaName, ...], evidence: Evidence) -> CondaName | None:
    """Choose the recipe's package where people agree, or where the others are flavours of it (``x-gpu``)."""
    recipe = evidence.recipes.get(project)
    if recipe not in owners or not _may_be_named(project, recipe, owners):
        return None
    exception = evidence.exceptions.get(project)
    if exception is not None:
        return recipe if exception == recipe else None
    others = [owner for owner in owners if owner != recipe]
    flavours = all(owner.startswith(f"{recipe}-") and not is_base_of(project, owner) for owner in others)
    return recipe if flavours else None


def _may_be_named(project: NormalizedName, package: CondaName, owners: tuple[CondaName, ...]) -> bool:
    """Tell whether *package* may be *project*, though another of the *owners* may have its very name.

    Regro says that ``lit`` is ``lit-nlp``, because that one once shipped a dist-info of the name.
    """
    return is_related(project, package) or not any(is_spelled_alike(project, owner) for owner in owners)


def _relation(project: NormalizedName, package: CondaName, evidence: Evidence) -> Relation:
    split = is_base_of(project, package) and CondaName(project) in evidence.packages
    return Relation.BASE if split else Relation.DIST


def _hints(project: NormalizedName, evidence: Evidence) -> Iterable[CondaName]:
    hints = (evidence.recipes.get(project), evidence.exceptions.get(project))
    return (hint for hint in hints if hint is not None)


def _only(names: Iterable[CondaName]) -> CondaName | None:
    found = tuple(names)
    return found[0] if len(found) == 1 else None
