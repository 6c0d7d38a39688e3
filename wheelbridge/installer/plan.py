"""What to do to an environment, as values: nothing here touches a disk."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rattler import PrefixRecord, RepoDataRecord

from wheelbridge.installer.cache import PackageFile
from wheelbridge.installer.layout import find_layout
from wheelbridge.installer.settling import CLOBBERS


@dataclass(frozen=True, slots=True)
class Change:
    """One package in place of another of the same name."""

    old: PrefixRecord
    new: RepoDataRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to get from what is installed to what was solved; each list is sorted by name.

    Attributes:
        link: packages that are not there.
        unlink: packages that go.
        change: packages of another version, build or content.
        relink: the same packages, linked anew: at other places because the interpreter's directories change, or because
            somebody wants them to be.
        keep: packages that stay as they are.
    """

    link: tuple[RepoDataRecord, ...] = ()
    unlink: tuple[PrefixRecord, ...] = ()
    change: tuple[Change, ...] = ()
    relink: tuple[Change, ...] = ()
    keep: tuple[PrefixRecord, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.link or self.unlink or self.change or self.relink)

    @property
    def to_link(self) -> tuple[RepoDataRecord, ...]:
        """All records whose files are linked."""
        return (*self.link, *(change.new for change in (*self.change, *self.relink)))

    @property
    def to_unlink(self) -> tuple[PrefixRecord, ...]:
        """All records whose files are removed, to be replaced or not."""
        return (*self.unlink, *(change.old for change in (*self.change, *self.relink)))

    @property
    def size(self) -> int:
        """The bytes of the archives to link, where they are known: the most there is to download."""
        return sum(record.size or 0 for record in self.to_link)


def make_plan(
    installed: Iterable[PrefixRecord],
    solved: Iterable[RepoDataRecord],
    subdir: str,
    reinstall: Collection[str] = frozenset(),
) -> Plan:
    """Compare what is installed with what was solved for *subdir*; the packages named *reinstall* are linked anew.

    It decides as rattler's ``Transaction::from_current_and_desired`` does, and relinks ``noarch: python`` packages
    also where the interpreter moves its ``site-packages`` without a new minor version (CEP 17).
    """
    before = {record.name.normalized: record for record in sorted(installed, key=_name)}
    after = {record.name.normalized: record for record in sorted(solved, key=_name)}
    both = [Change(before[name], record) for name, record in after.items() if name in before]
    old_layout, new_layout = find_layout(before.values(), subdir), find_layout(after.values(), subdir)
    moved = None not in (old_layout, new_layout) and old_layout != new_layout
    alike = [_same_content(pair.old, pair.new) for pair in both]
    same = [pair for pair, is_same in zip(both, alike, strict=True) if is_same]
    anew = [pair for pair in same if (moved and pair.old.noarch.python) or _name(pair.new) in reinstall]
    return Plan(
        link=tuple(record for name, record in after.items() if name not in before),
        unlink=tuple(record for name, record in before.items() if name not in after),
        change=tuple(pair for pair, is_same in zip(both, alike, strict=True) if not is_same),
        relink=tuple(anew),
        keep=tuple(pair.old for pair in same if pair not in anew),
    )


def _name(record: RepoDataRecord) -> str:
    return record.name.normalized


def _same_content(old: RepoDataRecord, new: RepoDataRecord) -> bool:
    """Tell whether two records are of one archive.

    As rattler's ``describe_same_content`` does, but a hash that only one of them has decides nothing: an index need
    not publish any, and what was installed from it has one all the same.
    """
    for one, other in ((old.sha256, new.sha256), (old.md5, new.md5)):
        if one is not None and other is not None:
            return one == other
    if old.size is not None and new.size is not None and old.size != new.size:
        return False
    return (old.version, str(old.build)) == (new.version, str(new.build))


def shared_paths(kept: Mapping[str, Sequence[PackageFile]], new: Collection[str]) -> dict[str, frozenset[str]]:
    """Return name -> those files of packages that stay which rattler may move: others have them too, or will.

    >>> shared_paths({"a": [PackageFile("x"), PackageFile("a")], "b": [PackageFile("x")], "c": [PackageFile("c")]}, "c")
    {'a': frozenset({'x'}), 'b': frozenset({'x'}), 'c': frozenset({'c'})}
    """
    counts = Counter(file.path for files in kept.values() for file in files)
    moved = {*new, *(path for path, count in counts.items() if count > 1 or path.startswith(CLOBBERS))}
    shared = {name: frozenset(file.path for file in files if file.path in moved) for name, files in kept.items()}
    return {name: paths for name, paths in shared.items() if paths}


def contents(packages: Mapping[str, Sequence[PackageFile]]) -> frozenset[tuple[str, str | None]]:
    """Return the files of *packages*, each with its hash in the prefix."""
    return frozenset((file.path, file.in_prefix) for files in packages.values() for file in files)
