"""``--no-binary`` and ``--only-binary``: of which projects source is built, of which it never is."""

from dataclasses import dataclass

from packaging.utils import canonicalize_name

from wheelbridge.model.name import ALL_PROJECTS

_NONE = ":none:"


@dataclass(frozen=True, slots=True)
class Formats:
    """Projects, normalized, or ``:all:``; no project is in both.

    Attributes:
        builds: ``--no-binary``.
        only_wheels: ``--only-binary``.
    """

    builds: frozenset[str] = frozenset()
    only_wheels: frozenset[str] = frozenset()

    def no_binary(self, value: str) -> "Formats":
        """Return what holds after ``--no-binary value``.

        >>> sorted(Formats().no_binary("NumPy,scipy").only_binary("scipy").builds)
        ['numpy']
        """
        return Formats(*_take(value, self.builds, self.only_wheels))

    def only_binary(self, value: str) -> "Formats":
        """Return what holds after ``--only-binary value``."""
        only_wheels, builds = _take(value, self.only_wheels, self.builds)
        return Formats(builds, only_wheels)


def _take(value: str, taken: frozenset[str], other: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Read a list of names.

    pip's documentation: "Accepts either ":all:" to disable all source packages, ":none:" to empty the set, or one or
    more package names with commas between them"; what is in one set leaves the other. Behind ``:all:`` names say no
    more, unless ``:none:`` is there, too.
    """
    names = value.split(",")
    if ALL_PROJECTS in names:
        taken, other = frozenset({ALL_PROJECTS}), frozenset()
        names = names[len(names) - names[::-1].index(ALL_PROJECTS) :]
        if _NONE not in names:
            return taken, other
    for name in names:
        if name == _NONE:
            taken = frozenset()
        else:
            project = frozenset({canonicalize_name(name)})
            taken, other = taken | project, other - project
    return taken, other
