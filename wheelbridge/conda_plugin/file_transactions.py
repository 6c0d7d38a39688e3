"""What a file came to, as an environment that conda's explicit installer makes: no solver of conda's has a say.

conda links explicit packages as they are given. It asks for nothing, sets no variables of theirs, takes each of them
for asked for, and does not look at ``--dry-run``; so some of it is done here, and some after its transaction.
"""

from argparse import Namespace
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conda.base.context import context
from conda.cli.install import handle_txn
from conda.core.link import PrefixSetup, UnlinkLinkTransaction
from conda.core.prefix_data import PrefixData
from conda.models.environment import Environment
from conda.models.match_spec import MatchSpec as CondaSpec
from conda.models.records import PackageRecord
from conda.reporters import confirm_yn
from rattler import MatchSpec, RepoDataRecord

from wheelbridge.conda_plugin.command_line import named, said
from wheelbridge.conda_plugin.conda_records import as_conda_records
from wheelbridge.conda_plugin.file_errors import BesideFileError, BeyondCondaError, SeveralFilesError
from wheelbridge.conda_plugin.file_fetching import Fetch, fetch_packages
from wheelbridge.conda_plugin.file_memory import Facts, remember_later
from wheelbridge.errors import UsageError
from wheelbridge.installer.history import conda_spec, exact_spec, merge_specs
from wheelbridge.installer.plan import Plan
from wheelbridge.installer.prefix import is_environment
from wheelbridge.installer.state import load_variables, write_variables
from wheelbridge.model.source import Source

_UPDATE = "conda.cli.main_env_update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a file came to.

    Attributes:
        file: its path.
        command: of ``conda wheelbridge``, which can do all that it may ask for.
        plan: what has to be done.
        requested: MatchSpecs on solver names, for the history.
        linked: names of what is there by its own place alone, such as a folder or a repository.
        strays: what pip put there, and the file does not have.
        name: of the environment, where the file says one.
        variables: to set on activation.
        records: all that the environment will have: for each package, what it is and needs.
        sources: what they are from.
        fetch: fetches wheels.
        remember: writes down where the packages came from, once they are there.
        is_solved: nobody has seen yet what comes.
    """

    file: Path
    command: tuple[object, ...]
    plan: Plan
    requested: Sequence[MatchSpec]
    records: Sequence[RepoDataRecord]
    sources: Sequence[Source]
    fetch: Fetch
    remember: Callable[[], None]
    linked: Sequence[str] = ()
    strays: Sequence[str] = ()
    name: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    is_solved: bool = False


def check_alone(path: Path) -> None:
    """See that the file at *path* is all that the command asks for.

    conda asks its readers for one file after the other, and puts the packages of its command line beside them when all
    is solved: what does not go together would be refused after the download, or forgotten where nothing is new.

    Raises:
        SeveralFilesError, BesideFileError: if it is not.
    """
    files = tuple(dict.fromkeys(named("file")))
    if len(files) > 1:
        raise SeveralFilesError(files, _joint_command(files))
    if packages := named("packages"):
        raise BesideFileError(path, packages, _joint_command((path,), packages))


def as_environment(outcome: Outcome, platform: str) -> Environment:
    """Return *outcome* as conda's value, after all that conda would leave out.

    Raises:
        BesideFileError, BeyondCondaError, UsageError: if conda cannot do it.
        SystemExit: if there is nothing to do.
        DryRunExit, CondaExitZero, CondaSystemExit: if that is all the user wanted, or he says no.
    """
    _check(outcome)
    prefix = Path(context.target_prefix)
    records = as_conda_records(outcome.plan.to_link, outcome.sources)
    _check_defaults(outcome.file, {record.name for record in records})
    if records:
        _prepare(records, prefix, outcome)
        remember_later(prefix, _facts(outcome, records))
    elif is_environment(prefix):
        _stay(prefix, outcome.variables)
    requested = outcome.requested if _is_update() else ()
    names = {record.name for record in records}
    return Environment(
        platform=platform,
        name=outcome.name,
        explicit_packages=records,
        requested_packages=[spec for spec in map(_as_conda_spec, requested) if spec.name in names],
        variables=dict(outcome.variables),
    )


def _facts(outcome: Outcome, records: Sequence[PackageRecord]) -> Facts:
    specs = merge_specs(outcome.requested)
    return Facts(
        file=outcome.file,
        names=frozenset(record.name for record in records),
        specs=tuple(map(conda_spec, specs)),
        exact=tuple(text for spec in specs if (text := exact_spec(spec))),
        asked=frozenset(spec.name.normalized for spec in specs),
        records=tuple(outcome.records),
        variables=outcome.variables,
        remember=outcome.remember,
    )


def _as_conda_spec(spec: MatchSpec) -> CondaSpec:
    return CondaSpec(conda_spec(spec))


def _check(outcome: Outcome) -> None:
    """Refuse what conda's explicit installer has no way to do."""
    if said("prune"):
        hint = "Lock the file, and let conda wheelbridge sync make the environment exactly what the lock says."
        raise UsageError("--prune means nothing where conda gets a list of packages: it only adds them", hint=hint)
    if outcome.linked:
        names = ", ".join(outcome.linked)
        raise BeyondCondaError(f"{names} comes of no index and no channel", outcome.command)
    if gone := [*(record.name.normalized for record in outcome.plan.unlink), *outcome.strays]:
        names = ", ".join(gone)
        raise BeyondCondaError(f"{names} would have to go, and conda only adds what a file lists", outcome.command)


def _check_defaults(path: Path, names: Collection[str]) -> None:
    """Refuse ``create_default_packages`` that are not among the packages called *names*, as conda does in the end.

    Only commands that make environments have the option that leaves them out.
    """
    if said("no_default_packages") is not False:
        return
    texts = map(str, context.create_default_packages)
    if packages := tuple(text for text in texts if CondaSpec(text).name not in names):
        otherwise = "; or say --no-default-packages"
        raise BesideFileError(path, packages, _joint_command((path,), packages), otherwise=otherwise)


def _joint_command(files: Sequence[object], packages: Sequence[str] = ()) -> tuple[object, ...]:
    """Return the command of ``conda wheelbridge`` that solves all of it together."""
    prefix = Path(context.target_prefix)
    channels = [word for name in named("channel") for word in ("-c", name)]
    only = ["-O"] if said("override_channels") else []
    options = [*channels, *only, *(word for file in files for word in ("-f", file))]
    return ("install" if is_environment(prefix) else "create", "-p", prefix, *options, *packages)


def _prepare(records: Sequence[PackageRecord], prefix: Path, outcome: Outcome) -> None:
    """Show what comes, ask, and fetch it, as conda would not for explicit packages."""
    gone = [old for record in records if (old := PrefixData(str(prefix)).get(record.name, None))]
    setup = PrefixSetup(str(prefix), tuple(gone), tuple(records), (), (), ())
    may_ask = not (context.dry_run or context.json or context.always_yes or _is_update())
    if outcome.is_solved and may_ask:
        UnlinkLinkTransaction(setup).print_transaction_summary()
        confirm_yn()
    if not context.dry_run:
        fetch_packages(records, outcome.fetch)
    if context.dry_run or context.download_only:
        handle_txn(UnlinkLinkTransaction(setup), str(prefix), Namespace(), newenv=True)


def _stay(prefix: Path, variables: Mapping[str, str]) -> None:
    """End the command: there is nothing to link. conda would solve for nothing at all, or write an empty history.

    Raises:
        SystemExit: with 0.
    """
    if not context.dry_run:
        write_variables(prefix, {**load_variables(prefix), **variables})
    handle_txn(UnlinkLinkTransaction(), str(prefix), Namespace(), newenv=False)
    raise SystemExit(0)


def _is_update() -> bool:
    """Tell whether the command is ``conda env update``, which takes no explicit packages without specs."""
    return str(said("func")).startswith(_UPDATE)
