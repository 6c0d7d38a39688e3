"""Dependencies on one of several packages, which no record can state: a package for each option stands for them.

The solver may take any of its builds, each of which needs one option; the first option has the highest build number. It
is taken out of the answer, and what needed it needs the option that was taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from rattler import MatchSpec, PackageRecord, RepoDataRecord
from rattler.package import BuildString

from wheelbridge.solver.records import needed_name

_LONGEST = 48
ONE_OF = "one-of."
"""What the names of choices begin with."""


@dataclass
class Choices:
    """The choices of one solve."""

    _options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _first: dict[str, str] = field(default_factory=dict)

    def name(self, options: Sequence[str]) -> str:
        """Return the name of the package that stands for *options*, MatchSpecs in order of preference.

        >>> Choices().name(["mpich", 'openmpi[version=">=4"]']).partition(".h")[0]
        'one-of.mpich.openmpi'
        """
        text = "\n".join(options)
        packages = ".".join(dict.fromkeys(map(needed_name, options)))
        name = f"{ONE_OF}{packages[:_LONGEST].rstrip('-_.')}.h{sha256(text.encode()).hexdigest()[:6]}"
        self._options[name] = tuple(options)
        return name

    def has(self, name: str) -> bool:
        """Tell whether *name* is that of a choice."""
        return name in self._options

    def records(self, name: str, channel: str) -> list[RepoDataRecord]:
        """Return one record for each option."""
        options = sorted(self._options[name], key=lambda option: option != self._first.get(name))
        return [_record(name, number, option, channel, len(options)) for number, option in enumerate(options)]

    def prefer(self, records: Sequence[RepoDataRecord]) -> bool:
        """Let options come first that an answer has beside those that were taken; tell whether there are any."""
        found = False
        for name, option in self.taken(records).items():
            others = [one for one in self._options[name] if one != option and _is_there(one, records)]
            if others and name not in self._first:
                self._first[name] = others[0]
                found = True
        return found

    def taken(self, records: Iterable[RepoDataRecord]) -> Mapping[str, str]:
        """Return name -> the option that was taken, of the choices among *records*."""
        chosen = (record for record in records if self.has(record.name.normalized))
        return {record.name.normalized: record.depends[0] for record in chosen}

    def resolve(self, records: Sequence[RepoDataRecord]) -> list[RepoDataRecord]:
        """Return an answer as it will be installed: without choices, and needing what was taken."""
        taken = self.taken(records)
        left = (record for record in records if record.name.normalized not in taken)
        return [_with_options(record, taken) for record in left] if taken else list(records)


def _record(name: str, number: int, option: str, channel: str, count: int) -> RepoDataRecord:
    build = f"option_{number}"
    package = PackageRecord(
        name=name,
        version="0",
        build=BuildString(build),
        build_number=count - number,
        subdir="noarch",
        depends=[option],
    )
    file_name = f"{name}-0-{build}.conda"
    return RepoDataRecord(package, file_name, f"{channel}/choices/{file_name}", channel)


def _is_there(option: str, records: Iterable[RepoDataRecord]) -> bool:
    spec = MatchSpec(option)
    return any(spec.matches(record) for record in records)


def _with_options(record: RepoDataRecord, taken: Mapping[str, str]) -> RepoDataRecord:
    if taken.keys().isdisjoint(record.depends):
        return record
    twin = RepoDataRecord(record, record.file_name, record.url, record.channel)
    twin.depends = list(dict.fromkeys(taken.get(spec, spec) for spec in record.depends))
    return twin
