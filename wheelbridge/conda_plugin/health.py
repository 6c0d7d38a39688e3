"""The checks that ``conda doctor`` makes for wheelbridge, with their fixers; what they need is imported when they run.

They are those of ``wheelbridge check``, in groups, and one of conda's own environment. What conda's own checks see of
packages of channels (files that are missing or altered, dependencies between records) they leave to those.
"""

from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from conda.plugins.types import CondaHealthCheck

INTERRUPTED = "interrupted-change"
WRONG_TAGS = "wrong-tags"

Confirm = Callable[[str], object]
"""Asks, and raises where the answer is no, and where nothing is to be changed; conda says the same of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A group of checks.

    Attributes:
        name: what it is called behind ``conda doctor``.
        summary: what it looks for.
        sound: what is said where nothing is found.
        unsound: what is said over what is found.
        codes: of the findings (`wheelbridge.api.checks.findings.Finding`).
        of_wheels: codes that count for wheels, and for what pip put there, alone.
        fix: what its fixer does; None: it has none.
    """

    name: str
    summary: str
    sound: str
    unsound: str
    codes: frozenset[str]
    of_wheels: frozenset[str] = frozenset()
    fix: str | None = None


CHECKS = (  # conda runs them, and their fixers, by their names in order: what was interrupted comes first
    Check(
        name="wheelbridge-change",
        summary="Detect a change by wheelbridge that was interrupted",
        sound="No change of this environment was interrupted.",
        unsound="The environment is neither what it was nor what it was to become:",
        codes=frozenset({INTERRUPTED}),
        fix="Undo or complete the change",
    ),
    Check(
        name="wheelbridge-tags",
        summary="Detect wheels for another interpreter or platform",
        sound="All wheels are for this environment's interpreter and platform.",
        unsound="Wheels for another interpreter or platform:",
        codes=frozenset({WRONG_TAGS}),
        fix="Solve for wheels that fit",
    ),
    Check(
        name="wheelbridge-record",
        summary="Check the files of wheels against their RECORD and conda's records",
        sound="The files of wheels are those of their RECORD.",
        unsound="Wheels whose files are not what they should be:",
        codes=frozenset({"record-differs", "missing-file", "altered-file", "damaged-library", "missing-library"}),
        of_wheels=frozenset({"missing-file", "altered-file", "damaged-library"}),
        fix="Link the wheels anew",
    ),
    Check(
        name="wheelbridge-duplicates",
        summary="Detect projects that are installed twice, and what is left of them",
        sound="No project is installed twice.",
        unsound="Projects that are installed twice, or in part:",
        codes=frozenset({"duplicate-distribution", "project-twice", "leftover", "stranded-distribution"}),
        fix="Remove what is left of projects",
    ),
    Check(
        name="wheelbridge-runtimes",
        summary="Detect native runtimes that clash in one process",
        sound="No native runtimes clash.",
        unsound="Native runtimes that should not meet in one process:",
        codes=frozenset({"two-runtimes"}),
    ),
    Check(
        name="wheelbridge-requirements",
        summary="Check what the metadata of Python projects require",
        sound="All requirements of Python projects are met.",
        unsound="Requirements of Python projects that are not met:",
        codes=frozenset({"unmet-requirement", "unreadable-metadata"}),
    ),
    Check(
        name="wheelbridge-drift",
        summary="Detect what pip and other tools changed behind conda's back",
        sound="The environment is what its records and its history say.",
        unsound="What is there is not what conda's records and history say:",
        codes=frozenset(
            {
                "displaced-package",
                "uninstalled-package",
                "overwritten-file",
                "history-drift",
                "unfulfilled-request",
                "unmanaged-distribution",
                "unowned-file",
            }
        ),
        fix="Link packages anew, complete the history",
    ),
)


def health_checks() -> Iterator[CondaHealthCheck]:
    """Yield the checks, for conda to run."""
    for check in CHECKS:
        yield CondaHealthCheck(
            name=check.name,
            action=partial(_show, check),
            fixer=partial(_fix, check) if check.fix else None,
            summary=check.summary,
            fix=check.fix,
        )
    yield CondaHealthCheck(
        name="wheelbridge-solvers",
        action=_show_solvers,
        summary="Detect a solver of this conda that does not take the py-rattler beside it",
    )


def _show(check: Check, prefix: str, verbose: bool) -> None:  # noqa: FBT001 - conda calls it like this
    from wheelbridge.conda_plugin.health_showing import show

    show(check, prefix, verbose=bool(verbose))


def _show_solvers(prefix: str, verbose: bool) -> None:  # noqa: FBT001 - as above
    from wheelbridge.conda_plugin.health_showing import show_solvers

    del prefix, verbose
    show_solvers()


def _fix(check: Check, prefix: str, args: Namespace, confirm: Confirm) -> int:
    from wheelbridge.conda_plugin.health_fixing import fix

    del args
    return fix(check, prefix, confirm)
