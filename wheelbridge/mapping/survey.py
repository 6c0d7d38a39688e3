"""Surveys of an index: which of the projects that dist-infos in conda packages are named after there really are.

A dist-info of a name that no index has makes nothing an alternative of anything: whoever registers the name could put
a wheel in the place of a conda package. And a project that never had a version of the package is another one.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from wheelbridge.model.name import NormalizedName, canonicalize_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What an index had on a day.

    Attributes:
        asked: the day, ISO 8601.
        present: the projects that it had files of.
        foreign: those among them that share no version with the conda package that carries their dist-info.
    """

    asked: str
    present: frozenset[NormalizedName]
    foreign: frozenset[NormalizedName] = frozenset()

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> "Survey":
        """Read what `render` wrote, as JSON is loaded.

        Raises:
            KeyError, TypeError: if it is something else.
        """
        present, foreign = data["present"], data["foreign"]
        if not isinstance(present, list) or not isinstance(foreign, list):
            raise TypeError("expected lists of projects")
        return cls(
            asked=str(data["asked"]),
            present=frozenset(canonicalize_name(name) for name in present),
            foreign=frozenset(canonicalize_name(name) for name in foreign),
        )

    def render(self) -> str:
        """Write it as JSON, a project a line, so that a change of it can be read."""
        data = {"asked": self.asked, "foreign": sorted(self.foreign), "present": sorted(self.present)}
        return json.dumps(data, indent=0) + "\n"


def read_versions(filenames: Iterable[str]) -> frozenset[Version]:
    """Return the public versions of wheels and source distributions; what is neither has none.

    >>> sorted(map(str, read_versions(["a-1.0-py3-none-any.whl", "a-1.1+x.tar.gz", "a-1.2.exe"])))
    ['1.0', '1.1']
    """
    found = set()
    for name in filenames:
        with suppress(InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
            version = parse_wheel_filename(name)[1] if name.endswith(".whl") else parse_sdist_filename(name)[1]
            found.add(_plain(version))
    return frozenset(found)


def is_foreign(index: Collection[Version], conda: Iterable[str]) -> bool:
    """Tell whether an index and a channel share no version, though both have some.

    Epochs and local labels do not count: conda-forge has put epochs before versions that had none.

    >>> is_foreign([Version("0.0.5")], ["0.17.0"]), is_foreign([Version("0.29.5")], ["1!0.29.5"])
    (True, False)
    """
    known = set()
    for text in conda:
        with suppress(InvalidVersion):
            known.add(_plain(Version(text)))
    return bool(known) and bool(index) and known.isdisjoint(index)


def _plain(version: Version) -> Version:
    return Version(version.public.rpartition("!")[2])
