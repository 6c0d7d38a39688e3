"""The revisions of an environment, as conda counts and shows them (``conda.history.History``)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from wheelbridge.installer.history import Revision

_UNKNOWN = "<unknown>"
_DEFAULTS = "defaults"
_SUFFIXES = (".tar.bz2", ".conda", ".json")


@dataclass(frozen=True, slots=True)
class NamedDistribution:
    """The parts of a distribution in the history: ``CHANNEL::NAME-VERSION-BUILD``."""

    name: str
    version: str
    build: str
    channel: str

    @classmethod
    def parse(cls, text: str) -> "NamedDistribution":
        """Split *text* as ``conda.models.dist.dist_str_to_quad`` does.

        >>> NamedDistribution.parse("https://host.example/simple/noarch::ruamel-yaml-0.18-py3_none_any_0").version
        '0.18'
        """
        for suffix in _SUFFIXES:
            text = text.removesuffix(suffix)
        channel, separator, rest = text.partition("::")
        if not separator:
            channel, rest = _UNKNOWN, text
        name, version, build = (*rest.rsplit("-", 2), "", "")[:3]
        return cls(name, version, build, channel)

    @property
    def parts(self) -> tuple[str, str, str]:
        """Version, build and channel."""
        return self.version, self.build, self.channel

    def __str__(self) -> str:
        """Write it as conda's JSON has it."""
        return "-".join((self.name, *self.parts))


def render_log(revisions: Sequence[Revision]) -> str:
    r"""Write the revisions as ``conda list --revisions`` does (``History.print_log``).

    >>> from wheelbridge.installer.history import parse_history
    >>> print(render_log(parse_history("==> x <==\n+defaults::a-1-0\n==> y <==\n-defaults::a-1-0\n+c::a-2-0\n")))
    x  (rev 0)
        +a-1
    <BLANKLINE>
    y  (rev 1)
         a  {1 -> 2 (c)}
    <BLANKLINE>
    """
    lines: list[str] = []
    for number, revision in enumerate(revisions):
        lines.append(f"{revision.date}  (rev {number})")
        lines += (f"    {line}" for line in _pretty(revision.distributions))
        lines.append("")
    return "\n".join(lines)


def log_objects(revisions: Sequence[Revision]) -> list[dict[str, object]]:
    """Return the revisions as ``conda list --revisions --json`` does (``History.object_log``)."""
    return [_object(number, revision) for number, revision in enumerate(revisions)]


def _object(number: int, revision: Revision) -> dict[str, object]:
    lines = revision.distributions
    if not _is_diff(lines):
        whole = sorted(set(lines))
        return {"date": revision.date, "rev": number, "install": whole, "remove": [], "upgrade": [], "downgrade": []}
    added, removed = _by_name(lines, "+"), _by_name(lines, "-")
    changes: dict[str, list[object]] = {"install": [], "remove": [], "upgrade": [], "downgrade": []}
    for name in sorted(added.keys() & removed.keys()):
        old, new = removed[name], added[name]
        detail = {"old": "-".join((name, *old.parts)), "new": "-".join((name, *new.parts))}
        changes["upgrade" if new.parts > old.parts else "downgrade"].append(detail)
    changes["remove"] += ["-".join((name, *removed[name].parts)) for name in sorted(removed.keys() - added.keys())]
    changes["install"] += ["-".join((name, *added[name].parts)) for name in sorted(added.keys() - removed.keys())]
    return {"date": revision.date, "rev": number, **changes}


def _pretty(lines: Sequence[str]) -> Iterator[str]:
    if not _is_diff(lines):
        yield from sorted(set(lines))
        return
    added, removed = _by_name(lines, "+"), _by_name(lines, "-")
    for name in sorted(added.keys() & removed.keys()):
        yield f" {name}  {{{_shown(removed[name])} -> {_shown(added[name])}}}"
    yield from (f"-{name}-{_shown(removed[name])}" for name in sorted(removed.keys() - added.keys()))
    yield from (f"+{name}-{_shown(added[name])}" for name in sorted(added.keys() - removed.keys()))


def _shown(distribution: NamedDistribution) -> str:
    channel = distribution.channel
    return distribution.version + ("" if channel == _DEFAULTS else f" ({channel})")


def _by_name(lines: Iterable[str], sign: str) -> dict[str, NamedDistribution]:
    found = map(NamedDistribution.parse, sorted(_with_sign(lines, sign)))
    return {distribution.name.lower(): distribution for distribution in found}


def _with_sign(lines: Iterable[str], sign: str) -> frozenset[str]:
    return frozenset(line[1:] for line in lines if line.startswith(sign))


def _is_diff(lines: Iterable[str]) -> bool:
    return any(line.startswith(("+", "-")) for line in lines)
