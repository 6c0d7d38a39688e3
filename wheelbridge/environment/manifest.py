"""What a file asks of an environment, whatever its format: the one value that every reader makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from packaging.utils import NormalizedName

LinkKind = Literal["file", "folder", "vcs"]


@dataclass(frozen=True, slots=True)
class Stated:
    """A text and the place that states it, such as ``environment.yml:12``, for messages."""

    text: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A project that is asked for by where it is: a file, a folder, or a repository; never by an index.

    Attributes:
        kind: ``file`` is one wheel or source archive, ``folder`` a source tree, ``vcs`` a repository.
        url: absolute, ``file:`` for what is on this machine; of a repository without ``git+`` and without the revision.
        project: the name, where it is stated (``name @ url``, ``#egg=name``); else the project itself tells.
        extras: asked for with it, normalized and sorted.
        marker: the PEP 508 marker under which it is asked for.
        editable: to be installed so that changes of the folder show (PEP 660).
        vcs: the name of the system, as in ``git+https``: ``git``, ``hg``, ``svn``, ``bzr``; of a repository only.
        revision: what was asked for: a branch, a tag, a commit; of a repository only.
        subdirectory: where the project lies inside.
        hashes: algorithm -> lower-case hexadecimal digest, of a file.
        given: what is written in lock files in the place of a ``file:`` URL: the path relative to the file that states
            the link, with forward slashes; None where the URL is not of this machine.
        place: what states it, as in `Stated`.
    """

    kind: LinkKind
    url: str
    project: NormalizedName | None = None
    extras: tuple[str, ...] = ()
    marker: str | None = None
    editable: bool = False
    vcs: str | None = None
    revision: str | None = None
    subdirectory: str | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    given: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What one file, or several merged ones, ask for on one platform.

    Attributes:
        files: the files, as they were named; the last one that says a name has it, as in conda.
        name: the preferred name of the environment.
        prefix: its preferred path, expanded.
        channels: as written, without ``nodefaults``; in order of priority.
        defaults: False where ``nodefaults`` is said: the configured channels are not appended.
        platforms: the subdirs to lock for.
        category: a free label.
        variables: name -> value of environment variables to set on activation.
        specs: conda MatchSpecs.
        requirements: PEP 508 requirements without a URL, markers and extras included.
        constraints: PEP 508 requirements that hold for what is installed, and install nothing.
        links: what is asked for by where it is.
        hashes: project -> ``algorithm:digest`` of the files that alone may be taken of it.
        indexes: URLs or names of indexes, in order of priority: what ``-i`` takes.
        only_indexes: True where the file says which index is the main one (``--index-url``, ``--no-index``): the
            configured and default indexes are not appended.
        find_links: folders (absolute paths) and URLs of pages with files.
        builds: projects that are to be built of source (``--no-binary``), ``:all:`` for all.
        only_wheels: projects of which no source is to be built (``--only-binary``), ``:all:`` for all.
        pre: pre-releases are wanted (``--pre``).
        require_hashes: every requirement must have hashes.
        external: the ``[external]`` table of a ``pyproject.toml``, raw; None where there is none.
        settings: the ``wheelbridge:`` table, raw; what it means is read elsewhere.
        hidden: value of an environment variable -> how it is written in the files; messages show that.
        in_paths: what ``-c``, ``-i`` or a link leads to -> the variables that are in its path or query: nothing of it
            goes into files that are shared.
        notes: what a user should know of how the file was read.
        places: what has no place of its own, such as ``name`` or ``variables.DEBUG`` -> where it is stated; for
            messages, so manifests that differ in it alone are equal.
    """

    files: tuple[str, ...]
    name: str | None = None
    prefix: Path | None = None
    channels: tuple[str, ...] = ()
    defaults: bool = True
    platforms: tuple[str, ...] = ()
    category: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    specs: tuple[Stated, ...] = ()
    requirements: tuple[Stated, ...] = ()
    constraints: tuple[Stated, ...] = ()
    links: tuple[Link, ...] = ()
    hashes: Mapping[NormalizedName, frozenset[str]] = field(default_factory=dict)
    indexes: tuple[str, ...] = ()
    only_indexes: bool = False
    find_links: tuple[str, ...] = ()
    builds: tuple[str, ...] = ()
    only_wheels: tuple[str, ...] = ()
    pre: bool = False
    require_hashes: bool = False
    external: Mapping[str, object] | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    in_paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)
    notes: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict, compare=False)
