"""An environment made like another one: the same files, linked anew, so that every path in them is the new one's."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rattler import PrefixRecord

from wheelbridge.api.checks.unowned import unowned_files
from wheelbridge.api.life.restoring import Restoration, carry_out_restoration, check_links, direct_urls, specs_to_write
from wheelbridge.api.solving import Settings
from wheelbridge.errors import WheelbridgeError, shell_command
from wheelbridge.installer.distributions import load_distributions
from wheelbridge.installer.errors import NotAnEnvironmentError
from wheelbridge.installer.history import load_history, requested_specs
from wheelbridge.installer.layout import find_layout
from wheelbridge.installer.listing import load_installed_files, load_records
from wheelbridge.installer.origins import Memory, load_memory, load_origins, write_memory
from wheelbridge.installer.past import Past, read_direct_url
from wheelbridge.installer.plan import make_plan
from wheelbridge.installer.prefix import check_new, is_environment
from wheelbridge.installer.reporter import Reporter
from wheelbridge.installer.transaction import Outcome
from wheelbridge.installer.transaction import Request as Transaction
from wheelbridge.installer.unmanaged import unmanaged

_META = "conda-meta"
_CARRIED = ("pinned", "state")
"""What stands in ``conda-meta`` of the environment itself: its pins, and the variables that activation sets."""


class UnmanagedClonedError(WheelbridgeError):
    """An environment to be cloned has distributions that no record of ``conda-meta`` has."""

    code = "clone-unmanaged"

    def __init__(self, prefix: Path, projects: Sequence[str]) -> None:
        super().__init__(
            f"{prefix} cannot be cloned whole: another tool put {', '.join(projects)} there, which no record has",
            hint=f"Make them known first: {shell_command('wheelbridge', 'adopt', '-p', prefix)}; or let that tool "
            "remove them.",
        )
        self.prefix = str(prefix)
        self.projects = list(projects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """A clone, ready to be shown and carried out.

    Attributes:
        origin: the environment that is cloned.
        left: files of it that belong to no package, relative to it with ``/``; they are not copied.
    """

    origin: Path
    restoration: Restoration
    left: tuple[str, ...] = ()


def prepare_clone(
    origin: Path, prefix: Path, settings: Settings, *, command: Sequence[str] = ("wheelbridge",)
) -> Clone:
    """Decide what makes *prefix*, where nothing is yet, an environment with the packages of the one at *origin*.

    What came from no index keeps its ``direct_url.json`` (PEP 610), an editable project stays editable. Pins,
    variables, requests and the memory of sources come along; of the history, one revision is made.

    Raises:
        NotAnEnvironmentError: if there is none at *origin*.
        UnmanagedClonedError: if it has distributions that no record has.
        UnavailableError: if a project has to be built anew, and is not where it was.
        WheelbridgeError: if *prefix* may not be made.
    """
    if not is_environment(origin):
        raise NotAnEnvironmentError(origin)
    check_new(prefix)
    installed = load_records(origin)
    subdir = next((record.subdir for record in installed if record.subdir != "noarch"), settings.target.subdir)
    owned = load_installed_files(origin, installed)
    if found := unmanaged(load_distributions(origin, find_layout(installed, subdir), owned)):
        raise UnmanagedClonedError(origin, sorted(map(str, found)))
    requested = requested_specs(load_history(origin), owned, exact=True)
    packages = _packages(origin, installed)
    transaction = Transaction(
        prefix=prefix,
        subdir=subdir,
        records=installed,
        direct_urls=direct_urls(packages),
        requested=specs_to_write(requested, {}),
        command=tuple(command),
        create=True,
        offline=settings.offline,
    )
    restoration = Restoration(
        what=f"A clone of {origin}",
        packages=packages,
        requested=tuple(requested.values()),
        settings=settings,
        transaction=transaction,
        plan=make_plan((), installed, subdir),
    )
    check_links(restoration)
    mine = {file.path for files in owned.values() for file in files}
    return Clone(origin=origin, restoration=restoration, left=unowned_files(origin, mine))


def _packages(origin: Path, installed: Sequence[PrefixRecord]) -> tuple[Past, ...]:
    origins = load_origins(origin)
    return tuple(
        Past(record, origins.get(record.name.normalized), read_direct_url(origin, record)) for record in installed
    )


def carry_out_clone(clone: Clone, reporter: Reporter) -> Outcome:
    """Link the packages, and take over what the environment itself says: pins, variables, memory.

    Raises:
        WheelbridgeError: there is no new environment then.
    """
    outcome = carry_out_restoration(clone.restoration, reporter)
    prefix = clone.restoration.transaction.prefix
    for name in _CARRIED:
        if (path := clone.origin / _META / name).is_file():
            shutil.copyfile(path, prefix / _META / name)
    memory = load_memory(clone.origin)
    write_memory(prefix, Memory(origins=load_origins(prefix), lock=memory.lock))
    return outcome
