"""What can go wrong in a solve, each with a stable code."""

from collections.abc import Sequence

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.source import Route
from wheelbridge.solver.ownership import Hidden

UNSPOKEN = "The solver found no way, and no words for why."
"""Stands for the solver's explanation where it has none."""


class UnsatisfiableError(WheelbridgeError):
    """No set of packages meets the request."""

    code = "unsatisfiable"

    def __init__(
        self,
        explanation: str,
        *,
        refused: Sequence[dict[str, str]] = (),
        hidden: Sequence[Hidden] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(f"The request cannot be met:\n{explanation}", hint=hint)
        self.explanation = explanation
        self.refused = list(refused)
        self.hidden = [one.as_json() for one in hidden]
        self._hidden = tuple(hidden)

    @property
    def kept_back(self) -> tuple[Hidden, ...]:
        """What the rule kept from the solver; `hidden` has it as JSON."""
        return self._hidden


class PackageNotFoundError(WheelbridgeError):
    """No source that may serve the package has it."""

    code = "package-not-found"

    def __init__(
        self, name: str, sources: Sequence[str], *, route: Route | None = None, hint: str | None = None
    ) -> None:
        by_route = f", by the route {route}" if route else ""
        super().__init__(f"No source has {name!r} (asked: {', '.join(sources) or 'none'}{by_route})", hint=hint)
        self.name = name
        self.sources = list(sources)
        self.route = str(route) if route else None


class NoPythonError(WheelbridgeError):
    """Wheels need a python, and python comes from channels only."""

    code = "no-python"


class ReservedNameError(WheelbridgeError):
    """A channel serves a name that is kept for projects of an index."""

    code = "reserved-name"


class RepodataError(WheelbridgeError):
    """A channel cannot be read."""

    code = "channel-unavailable"


class ChannelRelationError(WheelbridgeError):
    """What channels say about each other makes no order (CEP 42)."""

    code = "channel-relations"

    def __init__(self, problem: str) -> None:
        super().__init__(problem, hint="Name the channels you want, and leave relations alone: --no-channel-relations.")


class HashMissingError(WheelbridgeError):
    """A channel publishes hashes, and none for a package that would be installed."""

    code = "hash-missing"

    def __init__(self, fn: str, channel: str) -> None:
        super().__init__(
            f"The channel {channel} publishes hashes, and none for {fn}",
            hint="Ask for another version or build of it, and tell those who run the channel.",
        )
        self.fn = fn
        self.channel = channel


class NoWheelError(WheelbridgeError):
    """A project has files, but none is a wheel."""

    code = "no-wheel"

    def __init__(self, project: str) -> None:
        super().__init__(
            f"The project {project!r} offers source distributions only, no wheel",
            hint=f"To build one here, which runs the project's code: --build {project}. Or take it from a channel.",
        )
        self.project = project


class UnsoundSolutionError(WheelbridgeError):
    """The solver's answer does not hold by its own metadata, and cannot be put right."""

    code = "unsound-solution"

    def __init__(self, owner: str, spec: str) -> None:
        super().__init__(
            f"The solver left out {spec!r}, which {owner} needs",
            hint=f"Ask for {spec!r} as well, and report this: it is an error of the solver.",
        )
        self.owner = owner
        self.spec = spec


class IdentityConflictError(WheelbridgeError):
    """An installed wheel has the name of a conda package that it is not."""

    code = "identity-conflict"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"A conda package needs {name!r}, and the environment has an unrelated wheel under that name",
            hint=f"Remove the wheel first: wheelbridge remove -p PREFIX pypi:{name}.",
        )
        self.name = name


class UndecidedLimitError(WheelbridgeError):
    """A limit holds for some of the pythons that may be chosen, and not for the others."""

    code = "undecided-limit"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"The constraint {text!r} holds for some of the pythons that may be chosen, and not for others",
            hint="Ask for one minor version of python, as in python=3.12.",
        )
        self.text = text
