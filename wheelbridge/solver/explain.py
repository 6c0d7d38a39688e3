"""The solver's explanation of a conflict, rewritten for people."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelbridge.model.name import PYPI_PREFIX
from wheelbridge.model.record import WHEEL_FLAG, Refusal
from wheelbridge.solver.builds import NOT_BUILT
from wheelbridge.solver.candidates import OTHER_PYTHON
from wheelbridge.solver.demand import Demand
from wheelbridge.solver.errors import NoWheelError, UnsatisfiableError
from wheelbridge.solver.ownership import Hidden
from wheelbridge.solver.problem import Problem
from wheelbridge.solver.records import wheel_project
from wheelbridge.solver.variant_choice import INCOMPATIBLE_VARIANT, UNWANTED_VARIANT
from wheelbridge.solver.wheels import WheelSource
from wheelbridge.translate.errors import OtherPlatformError
from wheelbridge.translate.external_dependency import UnmappedExternalError
from wheelbridge.translate.external_versions import ExternalVersionError
from wheelbridge.translate.variant_documents import InvalidVariantsError

_PREAMBLE = "Cannot solve the request because of: "
_WORD = re.compile(r"[a-z0-9_][a-z0-9._-]*")
_NO_CANDIDATES = re.compile(
    r"No candidates were found for (?P<before>[a-z0-9_][a-z0-9._-]*)"
    r"|─ (?P<after>[a-z0-9_][a-z0-9._-]*)[^\n]*, for which no candidates were found"
)
_MENTION = re.compile(r"(?<![\w.-])[a-z0-9_][a-z0-9._-]* [0-9][\w.!]*(?=[ ,|]|$)", re.MULTILINE)
_MOST_REASONS = 3
_EXTERNAL = "Give a row of your own with --map FILE, or do without: --no-external PROJECT."
_HINTS = {
    "platform-too-old": "If the environment is for a newer system, describe it with --virtual-package.",
    "too-new": "Move --exclude-newer to a later date.",
    "no-upload-time": "--exclude-newer needs an index that publishes upload times (PEP 700).",
    "foreign-host": "If its files may be there: --trusted-host SOURCE=HOST.",
    "insecure-url": "If its files may come without TLS: --trusted-host SOURCE=http://HOST.",
    "foreign-scheme": "Name the folder itself as a source, with -i.",
    "no-hash": "Ask those who run the index for hashes; any client needs them.",
    "no-provenance": "Ask for a version that has one, or change the policy: wheelbridge sources shows it.",
    "hash-disagreement": "Find out which file is the right one, and leave the other source out.",
    "yanked": "A yanked release is taken only for an exact pin: name==version.",
    OTHER_PYTHON: "Ask for another version of python, or add a channel that has the package.",
    INCOMPATIBLE_VARIANT: "To see what each variant needs: wheelbridge variants PROJECT.",
    UNWANTED_VARIANT: "Take back what you said of variants: --variant, --variant-ban, --no-variants.",
    InvalidVariantsError.code: "Tell the maintainers of the project, and ask for another version meanwhile.",
    UnmappedExternalError.code: _EXTERNAL,
    ExternalVersionError.code: _EXTERNAL,
    NOT_BUILT: "Leave out --build, or ask for a version that has a source distribution.",
    NoWheelError.code: "To build one here, which runs the project's code: --build PROJECT.",
    "incompatible-tag": "Ask for another version of python, or add a channel that has the package.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found out about a conflict.

    Attributes:
        available: for the names that had no candidates, source -> versions.
        hidden: what the rule kept from the solver.
        refused: files that were refused when the records were laid out.
        late: name -> how many conda packages of it were left out for their time.
    """

    available: Mapping[str, Mapping[str, Collection[Version]]]
    hidden: tuple[Hidden, ...] = ()
    refused: tuple[Refusal, ...] = ()
    late: Mapping[str, int] = field(default_factory=dict)


def explain(
    conflict: str, sources: Collection[WheelSource], demand: Demand, problem: Problem, evidence: Evidence
) -> UnsatisfiableError:
    """Turn the solver's text into an error that names wheels, sources, and candidates that were refused or hidden."""
    text = conflict.removeprefix(_PREAMBLE).rstrip()
    projects = _projects_of(words_of(text), demand, evidence)
    refusals = {
        project: [*_refusals(project, sources), *(one for one in evidence.refused if wheel_project(one.fn) == project)]
        for project in projects
    }
    lines = [_name_wheels(text, sources), *_offers(evidence.available), *_reasons(refusals)]
    lines += [f"Refused: {one.fn}: {one.reason}." for one in evidence.refused if not wheel_project(one.fn)]
    lines += [f"Left out for their time: {count} of {name}." for name, count in evidence.late.items()]
    lines += [one.describe() for one in evidence.hidden]
    missing = {demand.names.asked_project(name) or name for name in evidence.available}
    without = (p for p in projects if p in missing and not any(source.has_wheels(p) for source in sources))
    codes = Counter(refusal.code for project in without for refusal in refusals[project])
    fallback = _HINTS["too-new"] if evidence.late else _loosen(problem, text)
    hint = next((_HINTS[code] for code, _ in codes.most_common() if code in _HINTS), fallback)
    shown = [refusal.as_json() for found in refusals.values() for refusal in found]
    return UnsatisfiableError("\n".join(lines), refused=shown, hidden=evidence.hidden, hint=hint)


def _projects_of(words: Collection[str], demand: Demand, evidence: Evidence) -> list[NormalizedName]:
    """Return the projects that a conflict is about: asked of an index, or listed by a channel and refused."""
    asked = {project for name in words if (project := demand.names.asked_project(name))}
    listed = {project for one in evidence.refused if (project := wheel_project(one.fn)) and project in words}
    return sorted(asked | listed)


def names_without_candidates(conflict: str) -> list[str]:
    r"""Return the names for which the solver had no candidate at all.

    >>> names_without_candidates("└─ a 1 would require\n   └─ b >=3, for which no candidates were found.")
    ['b']
    """
    return sorted({match["before"] or match["after"] for match in _NO_CANDIDATES.finditer(conflict)})


def words_of(text: str) -> set[str]:
    """Return every word of *text* that may be a name."""
    return {word.rstrip(".,") for word in _WORD.findall(text)}


def _refusals(project: NormalizedName, sources: Collection[WheelSource]) -> list[Refusal]:
    found = [refusal for source in sources for refusal in source.refusals_of(project)]
    offered = any(source.has_wheels(project) for source in sources)
    hidden = {OtherPlatformError.code, OTHER_PYTHON} if offered else {OtherPlatformError.code}
    telling = [refusal for refusal in found if refusal.code not in hidden]
    return telling or ([] if offered else found)


def _offers(available: Mapping[str, Mapping[str, Collection[Version]]]) -> Iterable[str]:
    for name, by_source in available.items():
        found = [
            f"{source}: {min(versions)}" + (f" to {max(versions)}" if len(versions) > 1 else "")
            for source, versions in by_source.items()
            if versions
        ]
        yield f"Versions of {name} on offer: {'; '.join(found) or 'none'}."


def _name_wheels(text: str, sources: Iterable[WheelSource]) -> str:
    """Put the wheel's file name and its index behind every mention of a record made from one."""
    labels: dict[str, list[str]] = {}
    for source in sources:
        for wheel in source.wheels.values():
            mention = f"{wheel.record.name} {wheel.record.version}"
            labels.setdefault(mention, []).append(f"{wheel.file.filename} from {source.source.name}")

    def label(match: re.Match[str]) -> str:
        wheels = labels.get(match[0], [])
        more = f" and {len(wheels) - 1} more" if len(wheels) > 1 else ""
        return f"{match[0]} ({wheels[0]}{more})" if wheels else match[0]

    text = _MENTION.sub(label, text)
    text = text.replace(f" [flags=[{WHEEL_FLAG}]]", " (a wheel of it, for its extras)")
    return re.sub(rf"{re.escape(PYPI_PREFIX)}([a-z0-9-]+)", r"\1 (the PyPI project)", text)


def _reasons(refusals: dict[NormalizedName, list[Refusal]]) -> Iterable[str]:
    for project, found in refusals.items():
        if found:
            yield f"Wheels of {project} that were refused:"
            by_reason: dict[str, list[str]] = {}
            for refusal in found:
                by_reason.setdefault(refusal.reason, []).append(refusal.fn)
            ranked = sorted(by_reason.items(), key=lambda item: -len(item[1]))
            for reason, files in ranked[:_MOST_REASONS]:
                more = f" and {len(files) - 1} more" if len(files) > 1 else ""
                yield f"  {files[-1]}{more}: {reason}"
            if len(ranked) > _MOST_REASONS:
                yield f"  … and {len(ranked) - _MOST_REASONS} other reasons"


def _loosen(problem: Problem, text: str) -> str:
    mentioned = words_of(text)
    wanted = (
        *problem.specs,
        *(f"pypi:{text}" for text in problem.requirements),
        *problem.standing.kept,
        *(f"{text} (a constraint)" for text in problem.limits),
    )
    asked = [spec for spec in wanted if mentioned & words_of(spec.lower())]
    return f"Loosen one of: {', '.join(asked)}." if asked else "Loosen the request, or add a source."
