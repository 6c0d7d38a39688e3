"""Whether an environment is what was written down of it: its history, and a lock that it was made of."""

from collections.abc import Iterator, Sequence

from rattler import MatchSpec, PrefixRecord

from wheelbridge.api.checks.findings import Environment, Finding, Repair
from wheelbridge.environment.lock import Lock, LockedPackage, LockedTarget
from wheelbridge.installer.history import distribution, load_history, states_of

HISTORY = "history-drift"
LOCK = "lock-drift"
UNFULFILLED = "unfulfilled-request"


def check_history(environment: Environment) -> Iterator[Finding]:
    """Find what the history says that ``conda-meta`` does not, and requests that what is there does not meet."""
    states = states_of(load_history(environment.prefix))
    told = {line.rpartition("::")[2] for line in (states[-1].distributions if states else ())}
    there = {distribution(record).rpartition("::")[2] for record in environment.records}
    if told != there:
        yield Finding(
            code=HISTORY,
            severity="warning",
            message=f"The history and conda-meta differ: {_differences(sorted(told - there), sorted(there - told))}.",
            hint="Write down what is there with --fix; conda and wheelbridge read the history before they remove.",
            details={"history_only": sorted(told - there), "conda_meta_only": sorted(there - told)},
            repair=Repair("history"),
        )
    known = {record.name.normalized: record for record in environment.records}
    for name, text in environment.requests.items():
        if not MatchSpec(text).matches(known[name]):
            yield Finding(
                code=UNFULFILLED,
                severity="warning",
                message=f"{text} was asked for, and {known[name].version} is there.",
                hint=f"Run {environment.command} '{text}', or ask for what is there.",
                details={"package": name, "spec": text, "installed": str(known[name].version)},
            )


def check_lock(environment: Environment, lock: Lock) -> Iterator[Finding]:
    """Find where the environment is not what *lock* says for its platform.

    Of several targets of the platform, the one that it resembles most counts.
    """
    targets = [one for one in lock.targets if one.target.subdir == environment.subdir]
    if not targets:
        names = ", ".join(sorted({one.target.subdir for one in lock.targets})) or "nothing"
        yield Finding(
            code=LOCK,
            severity="error",
            message=f"The lock is for {names}, and the environment for {environment.subdir}.",
            hint=f"Lock it for {environment.subdir}, too: wheelbridge lock --platform {environment.subdir}.",
            details={"package": None, "locked": None, "installed": None},
        )
        return
    yield from min((tuple(_compare(environment, one)) for one in targets), key=len)


def _compare(environment: Environment, target: LockedTarget) -> Iterator[Finding]:
    records = {record.name.normalized: record for record in environment.records}
    locked = {package.name: package for package in target.packages}
    for name in sorted(records.keys() | locked.keys()):
        record, package = records.get(name), locked.get(name)
        if record is None or package is None or not _is_same(record, package):
            yield _drift(name, record, package, target)
    projects = {package.pypi_name for package in target.packages}
    for one in environment.distributions:
        if one.owner is None and one.stolen_from is None and one.headers and one.project not in projects:
            yield _finding(
                f"{one} is there by {one.installer or 'another tool'}, and not in the lock", one.project, target
            )


def _is_same(record: PrefixRecord, package: LockedPackage) -> bool:
    """Compare by the hash of the file, or where one side has none, by what it is called."""
    digest = package.file.hashes.get("sha256")
    if digest and record.sha256:
        return record.sha256.hex() == digest
    return (str(record.version), record.file_name) == (package.version, package.file.filename)


def _drift(name: str, record: PrefixRecord | None, package: LockedPackage | None, target: LockedTarget) -> Finding:
    if record is None and package is not None:
        text = f"{name} {package.version} is in the lock, and not there"
    elif package is None and record is not None:
        text = f"{name} {record.version} is there, and not in the lock"
    else:
        text = f"{name} is {record and record.file_name} and should be {package and package.file.filename}"
    return _finding(text, name, target, record, package)


def _finding(
    text: str,
    name: str,
    target: LockedTarget,
    record: PrefixRecord | None = None,
    package: LockedPackage | None = None,
) -> Finding:
    return Finding(
        code=LOCK,
        severity="error",
        message=f"{text}.",
        hint="Make it what the lock says with wheelbridge sync, or lock what you want anew.",
        details={
            "package": name,
            "target": target.name,
            "locked": package.file.filename if package else None,
            "installed": record.file_name if record else None,
        },
    )


def _differences(told: Sequence[str], there: Sequence[str]) -> str:
    parts = (("it tells of", told), ("it does not tell of", there))
    return "; ".join(f"{text} {', '.join(names)}" for text, names in parts if names)
