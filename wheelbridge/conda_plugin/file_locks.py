"""Locks as environments of conda's."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from conda.base.context import context
from conda.models.environment import Environment
from conda.models.match_spec import MatchSpec

from wheelbridge.api.installing import complete_hashes, download_wheels
from wheelbridge.api.locking.completing import as_distribution
from wheelbridge.api.origins import remember_lock
from wheelbridge.api.syncing.attesting import check_attested
from wheelbridge.api.syncing.packages import Reach
from wheelbridge.api.syncing.syncing import PreparedSync, prepare_sync
from wheelbridge.api.syncing.targets import choose_target
from wheelbridge.cli.door import entering
from wheelbridge.cli.main import rare_collections
from wheelbridge.conda_plugin.door import CondaDoor
from wheelbridge.conda_plugin.file_transactions import Outcome, as_environment, check_alone
from wheelbridge.conda_plugin.telling import tell
from wheelbridge.environment.locks.files import read_lock
from wheelbridge.environment.locks.pylock import ANY
from wheelbridge.installer.reporter import Reporter
from wheelbridge.target.detect import detect_target

_EVERYWHERE = (ANY, "noarch")


def platforms_of(path: Path, subdir: str) -> tuple[str, ...]:
    """Return the platforms that the lock at *path* is for; *subdir* among them, if it is for any."""
    listed = (target.target.subdir for target in read_lock(path).targets)
    return tuple(dict.fromkeys(subdir if one in _EVERYWHERE else one for one in listed))


def describe_lock(path: Path, subdir: str) -> Environment:
    """Return what the lock at *path* has for *subdir*, by names and versions."""
    target = choose_target(lock := read_lock(path), detect_target(subdir))
    return Environment(
        platform=subdir,
        requested_packages=[MatchSpec(f"{package.name}=={package.version}") for package in target.packages],
        variables=dict(lock.request.variables) if lock.request else {},
    )


def read_locked(path: Path, subdir: str) -> Environment:
    """Return the packages that the lock at *path* has for *subdir*, as conda's explicit installer takes them."""
    check_alone(path)
    with inside_conda() as door:
        lock, prefix = read_lock(path), Path(context.target_prefix)
        levels = door.load_levels(None, search=True)
        reach = Reach(caches=door.open_caches(), levels=levels, offline=bool(context.offline))
        prepared = prepare_sync(
            prefix, lock, detect_target(subdir), reach, override=overrides(), command=door.command_line()
        )
        tell(prepared.notes)
        return as_environment(_outcome(path, prepared), subdir)


def _outcome(path: Path, prepared: PreparedSync) -> Outcome:
    prefix, packages = prepared.transaction.prefix, prepared.gathered.packages
    there = (*prepared.transaction.records, *prepared.plan.keep)
    return Outcome(
        file=path,
        command=("sync", "-p", prefix, path),
        plan=prepared.plan,
        requested=prepared.transaction.requested,
        records=prepared.transaction.records,
        sources=prepared.gathered.settings.sources,
        fetch=lambda urls: _fetch(prepared, urls),
        remember=lambda: remember_lock(prefix, prepared.lock, prepared.target, packages, there),
        linked=[package.name for package in packages if package.direct_url],
        strays=[one.project for one in prepared.strays.foreign],
        variables=prepared.lock.request.variables if prepared.lock.request else {},
    )


def _fetch(prepared: PreparedSync, urls: Collection[str]) -> Mapping[str, Path]:
    gathered = prepared.gathered
    files = {package.file.url: as_distribution(package) for package in gathered.packages if package.kind == "wheel"}
    tasks = [(url, gathered.providers[url], files[url]) for url in urls]
    wheels = download_wheels(tasks, gathered.settings.caches, Reporter())
    complete_hashes(prepared.transaction, wheels)
    check_attested(gathered, prepared.transaction.records, prepared.plan)
    return wheels


def overrides() -> frozenset[str]:
    """Return the refusals of ours that conda's options override."""
    return frozenset() if context.protect_frozen_envs else frozenset({"frozen"})


@contextmanager
def inside_conda() -> Iterator[CondaDoor]:
    """Let the block go by what conda's context says."""
    door = CondaDoor()
    with entering(door), rare_collections():
        yield door
