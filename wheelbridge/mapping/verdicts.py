"""What the evidence of a built package means for the rows of the name tables."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from wheelbridge.mapping.carried import MOST, Evidence4, Trust
from wheelbridge.mapping.rows import NameAnswer, NameRow, Relation
from wheelbridge.model.name import NormalizedName, canonicalize_name

_TRUSTED = frozenset({Trust.VERIFIED, Trust.OBSERVED})


class Status(StrEnum):
    """What evidence means for the tables."""

    CONFIRMED = "confirmed"
    """The package is what the row says."""
    CONTRADICTED = "contradicted"
    """It is not."""
    SILENT = "silent"
    """Nothing follows, for a row or without one."""
    NEW = "new"
    """The package is evidence for what no row says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What evidence means for one row, or for a project that no row ties to the package.

    Attributes:
        code: why, stable.
        text: the same as a sentence.
        row: what the tables say; None where they say nothing.
        project: whom it is about; None where it is about none.
    """

    status: Status
    code: str
    text: str
    row: NameRow | None = None
    project: NormalizedName | None = None


def compare(row: NameRow, evidence: Evidence4) -> Verdict:
    """Say what *evidence* means for *row*, which ties a project to the package that the evidence is of."""
    status, code, text = _compare(row, evidence)
    return Verdict(status=status, code=code, text=text, row=row, project=row.pypi)


def compare_all(
    rows: Collection[NameRow], answers: Mapping[NormalizedName, NameAnswer], evidence: Evidence4
) -> tuple[Verdict, ...]:
    """Say what *evidence* means for the tables: for each row, and for what no row says; never nothing.

    Args:
        rows: those that tie a project to the package.
        answers: what the tables say of the projects that the package is evidence for.
        evidence: of the newest build of the package.
    """
    tied = {row.pypi for row in rows}
    free = [project for project in evidence.projects if project not in tied]
    verdicts = [compare(row, evidence) for row in rows]
    if evidence.trust in _TRUSTED:
        own = canonicalize_name(evidence.conda)
        wanted = free if len(evidence.projects) == 1 else [project for project in free if project == own]
        verdicts += [_compare_free(project, answers.get(project, NameAnswer()), evidence) for project in wanted]
    return tuple(verdicts) or (_nothing_to_say(evidence),)


def _compare(row: NameRow, evidence: Evidence4) -> tuple[Status, str, str]:
    package, project = f"{evidence.conda} {evidence.version}", row.pypi
    if row.pypi_range and not _in_range(evidence.version, row.pypi_range):
        return Status.SILENT, "out-of-range", f"the row holds for {row.pypi_range}, not for {package}"
    carries = any(one.name == project for one in evidence.direct)
    if row.relation in (Relation.DIST, Relation.BASE, Relation.PART):
        return _compare_carrier(row, evidence, carries=carries)
    if not carries:
        return Status.CONFIRMED, "carries-none", f"{package} carries no dist-info of {project}, as {row.relation} says"
    if project in evidence.projects and evidence.trust in _TRUSTED:
        text = f"{package} carries the dist-info of {project}, and the tables call it {row.relation}"
        return Status.CONTRADICTED, "carries-it", text
    return Status.SILENT, evidence.trust, f"{package} carries a dist-info of {project}, but {evidence.why}"


def _compare_carrier(row: NameRow, evidence: Evidence4, *, carries: bool) -> tuple[Status, str, str]:
    package, project = f"{evidence.conda} {evidence.version}", row.pypi
    if not evidence.direct:
        return Status.CONTRADICTED, "no-dist-info", f"{package} carries no dist-info, so none of {project}"
    if not carries:
        others = ", ".join(dict.fromkeys(one.name for one in evidence.direct[: 2 * MOST]))
        return Status.CONTRADICTED, "other-dist-info", f"{package} carries {others}, not {project}"
    if row.relation is Relation.PART and len(evidence.direct) > 1:
        return Status.CONFIRMED, "part", f"{package} carries {project} beside others"
    if row.relation is Relation.PART and evidence.trust in _TRUSTED:
        return Status.CONTRADICTED, "carries-it-alone", f"{package} carries {project} alone, no other dist-info"
    if project in evidence.projects and evidence.trust in _TRUSTED:
        return Status.CONFIRMED, evidence.trust, f"{package} carries {project}: {evidence.why}"
    return Status.SILENT, evidence.trust, f"{package} carries {project}, but {evidence.why}"


def _compare_free(project: NormalizedName, answer: NameAnswer, evidence: Evidence4) -> Verdict:
    """Say what it means that a package is evidence for a project that no row ties to it."""
    package, status = f"{evidence.conda} {evidence.version} carries {project}", Status.NEW
    row = answer.rows[0] if answer.rows else None
    if row is not None and row.relation is Relation.NONE:
        status, code, text = Status.CONTRADICTED, "has-counterpart", "which the tables call without a counterpart"
    elif row is not None:
        code, text = "also-carried", f"which the tables tie to {row.conda} ({row.relation})"
    elif evidence.conda in answer.ambiguous:
        code, text = "decides", f"and the tables do not decide between {', '.join(answer.ambiguous)}"
    else:
        code, text = "unmapped", "and the tables say nothing of it"
    return Verdict(status=status, code=code, text=f"{package}, {text}", row=row, project=project)


def _nothing_to_say(evidence: Evidence4) -> Verdict:
    text = f"no row ties a project to {evidence.conda}: {evidence.why}"
    return Verdict(status=Status.SILENT, code=evidence.trust, text=text)


def _in_range(version: str, specifier: str) -> bool:
    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False
