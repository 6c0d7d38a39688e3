"""The solver that conda calls; it decides what the environment becomes, and conda does it."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.constants import DepsModifier, UpdateModifier
from conda.base.context import context
from conda.common.constants import NULL
from conda.core.prefix_data import PrefixData
from conda.core.solve import Solver
from conda.exceptions import PackagesNotFoundInPrefixError
from conda.models.match_spec import MatchSpec
from conda.models.prefix_graph import PrefixGraph
from conda.models.records import PackageRecord
from conda.reporters import get_spinner

if TYPE_CHECKING:
    from conda.core.link import UnlinkLinkTransaction

    from wheelbridge.conda_plugin.solver.changes import Manner
    from wheelbridge.conda_plugin.solver.solving import Answer

Records = tuple[PackageRecord, ...]


class JointSolver(Solver):
    """Solves over channels and indexes at once; conda computes what changes, shows it and links it.

    See `conda.core.solve.Solver` for what conda asks of a solver.
    """

    supports_exclude_newer_global = True
    supports_exclude_newer_channel = True
    _answer: "Answer | None" = None
    _is_removal = False

    def solve_final_state(
        self,
        update_modifier: Any = NULL,  # noqa: ANN401 - conda's signature: NULL, a modifier, or its name
        deps_modifier: Any = NULL,  # noqa: ANN401 - as above
        prune: Any = NULL,  # noqa: ANN401 - as above
        ignore_pinned: Any = NULL,  # noqa: ANN401 - as above
        force_remove: Any = NULL,  # noqa: ANN401 - as above
        should_retry_solve: bool = False,  # noqa: FBT001, FBT002 - as above
    ) -> Records:
        """Return the packages of the solved environment, dependencies first.

        Nothing is tried twice: *should_retry_solve* changes nothing, and the errors say that there is no use in it.
        """
        del should_retry_solve
        if self.specs_to_remove:
            return self._remove(force=bool(context.force_remove if force_remove is NULL else force_remove))
        pruned = bool(prune) and prune is not NULL
        update = _modifier(UpdateModifier, update_modifier, context.update_modifier)
        if update is UpdateModifier.SPECS_SATISFIED_SKIP_SOLVE and not pruned and self._is_satisfied():
            return _sorted(PrefixData(self.prefix).iter_records())
        self._require_rattler()
        deps = _modifier(DepsModifier, deps_modifier, context.deps_modifier)
        pins = not (context.ignore_pinned if ignore_pinned is NULL else ignore_pinned)
        return self._solve(_manner(update, deps, prune=pruned, pins=pins))

    def solve_for_transaction(self, *args: Any, **kwargs: Any) -> "UnlinkLinkTransaction":  # noqa: ANN401 - conda's
        """Return the transaction; its wheels are fetched as each index wants it."""
        transaction = super().solve_for_transaction(*args, **kwargs)
        if self._is_removal:
            from wheelbridge.conda_plugin.solver.removing import Removal

            return Removal(*transaction.prefix_setups.values())
        if self._answer is None:
            return transaction
        from wheelbridge.conda_plugin.solver.fetching import JointTransaction

        return JointTransaction(*transaction.prefix_setups.values(), answer=self._answer)

    def _solve(self, manner: "Manner") -> Records:
        from wheelbridge.conda_plugin.context_network import network_from_context
        from wheelbridge.conda_plugin.solver.errors import as_solver_error
        from wheelbridge.conda_plugin.solver.solving import Question, answer
        from wheelbridge.errors import WheelbridgeError

        channels = tuple(self._channels)
        question = Question(
            prefix=Path(self.prefix),
            channels=channels,
            subdirs=tuple(self.subdirs),
            specs=tuple(self.unmerged_specs_to_add),
            manner=manner,
        )
        try:
            with network_from_context().surroundings(), get_spinner("Solving environment"):
                found = answer(question)
        except WheelbridgeError as error:
            raise as_solver_error(error, [channel.canonical_name for channel in self.channels], self.prefix) from None
        return self._take(found)

    def _take(self, found: "Answer") -> Records:
        """Hand over what was found, with what the history is to say; conda's own solver changes requests, too."""
        from wheelbridge.conda_plugin.telling import tell

        self._answer = found
        self.specs_to_add = self.unmerged_specs_to_add = found.asked
        self.neutered_specs = found.outgrown
        tell(found.notes)
        installed = {record.name: record for record in PrefixData(self.prefix).iter_records()}
        return _sorted(found.records(installed))

    def _remove(self, *, force: bool) -> Records:
        """Take away what was named, what depends on it, and what nobody needs any more."""
        if self.specs_to_add:
            raise NotImplementedError("one change either adds or removes")
        installed = {record.name: record for record in PrefixData(self.prefix).iter_records()}
        named = _named(self.specs_to_remove, installed.values(), self.prefix)
        if force:
            return _sorted(record for name, record in installed.items() if name not in named)
        self._require_rattler()
        from wheelbridge.conda_plugin.solver.removing import left

        self._is_removal = True
        return _sorted(installed[name] for name in left(Path(self.prefix), named))

    def _require_rattler(self) -> None:
        """Make sure that there is what a solve needs, before it is imported.

        Raises:
            CondaError: if it is not there.
        """
        from wheelbridge.conda_plugin.needs import require_rattler
        from wheelbridge.errors import WheelbridgeError

        try:
            require_rattler()
        except WheelbridgeError as error:
            from wheelbridge.conda_plugin.errors import as_conda_error

            raise as_conda_error(error) from None

    def _is_satisfied(self) -> bool:
        prefix = PrefixData(self.prefix)
        return all(next(iter(prefix.query(spec)), None) for spec in self.specs_to_add)


def _modifier(kind: Any, given: Any, configured: Any) -> Any:  # noqa: ANN401 - conda's enumerations, or their names
    return configured if given is NULL else kind(str(given).lower())


def _manner(update: UpdateModifier, deps: DepsModifier, *, prune: bool, pins: bool) -> "Manner":
    from wheelbridge.conda_plugin.solver.changes import Manner

    return Manner(
        update=update,
        deps=deps,
        frozen=update is context.update_modifier is UpdateModifier.FREEZE_INSTALLED and not prune,
        prune=prune,
        pins=pins,
        aggressive=frozenset(spec.name for spec in context.aggressive_update_packages if not context.offline),
    )


def _sorted(records: Iterable[PackageRecord]) -> Records:
    return tuple(PrefixGraph(records).graph)


def _named(specs: Iterable[MatchSpec], records: Iterable[PackageRecord], prefix: str) -> set[str]:
    """Return the names of the packages that *specs* mean.

    Raises:
        PackagesNotFoundInPrefixError: if a spec means none.
    """
    there = tuple(records)
    found = {spec: {record.name for record in there if spec.match(record)} for spec in specs}
    if missing := sorted(str(spec) for spec, names in found.items() if not names):
        raise PackagesNotFoundInPrefixError(missing, prefix=prefix)
    return set().union(*found.values())
