"""What a known provider can be asked, and the few words that all of them share."""

from collections.abc import Collection
from typing import Protocol

from wheelbridge.model.target import Target
from wheelbridge.model.variant import Features, NamespaceSupport

UNSUPPORTED = "__variant_unsupported"
"""A virtual package that no machine has: what is required for a property that no machine supports."""


class KnownProvider(Protocol):
    """A provider whose rules are written down here, so that its package never runs."""

    @property
    def namespace(self) -> str:
        """The namespace that releases usually give it."""

    def find_support(self, target: Target) -> NamespaceSupport:
        """Say what the provider lists on a machine with the target's virtual packages."""

    def require(self, feature: str, values: Collection[str], target: Target) -> str | None:
        """Say as a MatchSpec which machines support one of *values*; None where none does."""

    def explain(self, feature: str, values: Collection[str], target: Target) -> str:
        """Say in a clause what the target lacks: the namespace is supported, none of *values* is."""


def found(namespace: str, features: Features, read_from: str) -> NamespaceSupport:
    """Return the support that follows from virtual packages."""
    return NamespaceSupport(namespace=namespace, features=features, read_from=read_from, derived=True)


def absent(namespace: str, missing: str) -> NamespaceSupport:
    """Return that nothing is supported, with the reason as a clause."""
    return NamespaceSupport(namespace=namespace, missing=missing)


def one_of(values: Collection[str]) -> str:
    """List *values* for people.

    >>> one_of(["b", "a"]), one_of(["a"])
    ('one of a, b', 'a')
    """
    return f"{'one of ' if len(values) > 1 else ''}{', '.join(sorted(values))}"
