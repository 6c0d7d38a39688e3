"""``conda-meta/history``: what was done to an environment and what its user asked for, as conda writes it."""

import re
from ast import literal_eval
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from rattler import MatchSpec, RepoDataRecord
from rattler.exceptions import InvalidMatchSpecError

from wheelbridge.installer.errors import os_errors

_HEAD = re.compile(r"==>\s*(.+?)\s*<==")
_SPECS = re.compile(r"#\s*(\w+)\s*specs:\s*(.+)?")
_NAME = re.compile(r"(?:.*::)?([A-Za-z0-9_.\-]+)")
_TOKEN = re.compile(r"/t/[^/]+")
_FLAGS = re.compile(r"[\[,]flags=(\[[^\]]*\])?")
_CONDA = "https://conda.anaconda.org/"
_DEFAULTS = "https://repo.anaconda.com/pkgs/"
_ADDED = frozenset({"update", "install", "create", "neutered"})
_REMOVED = frozenset({"remove", "uninstall"})
_OWN_VERSION = "# wheelbridge version:"
_EXACT = "wheelbridge"
"""Begins the comment with the specs that conda could not read: those with extras or a condition."""
_UPDATE = "# update specs: "


@dataclass(frozen=True, slots=True)
class Revision:
    """One section of the history: its lines of distributions, and its comments."""

    date: str
    distributions: tuple[str, ...]
    comments: tuple[str, ...]


def history_path(prefix: Path) -> Path:
    """Return the history file, whose presence makes a directory an environment."""
    return prefix / "conda-meta" / "history"


def load_history(prefix: Path) -> tuple[Revision, ...]:
    """Read the history of *prefix*, oldest first; an environment without one has none."""
    path = history_path(prefix)
    return parse_history(path.read_text(encoding="utf-8", errors="replace")) if path.exists() else ()


def parse_history(text: str) -> tuple[Revision, ...]:
    r"""Split a history into its revisions, as ``conda.history.History.parse`` does.

    >>> parse_history("==> 2024-01-01 00:00:00 <==\n+c/noarch::a-1-0\n# update specs: ['a']\n")[0].distributions
    ('+c/noarch::a-1-0',)
    """
    revisions: list[tuple[str, list[str], list[str]]] = []
    for line in map(str.strip, text.splitlines()):
        if match := _HEAD.match(line):
            revisions.append((match.group(1), [], []))
        elif line and revisions:
            _, distributions, comments = revisions[-1]
            (comments if line.startswith("#") else distributions).append(line)
    return tuple(Revision(date, tuple(lines), tuple(comments)) for date, lines, comments in revisions)


@dataclass(frozen=True, slots=True)
class State:
    """The distributions that a revision leaves installed; *of_conda* is what conda takes them to be."""

    distributions: frozenset[str] = frozenset()
    of_conda: frozenset[str] = frozenset()


def states_of(revisions: Iterable[Revision]) -> tuple[State, ...]:
    r"""Return what each revision left installed (``History.construct_states``).

    conda writes no line of distributions where none came or went, as for ``--force-reinstall``, and reads such a
    section as if nothing were left: it is the whole state, since no line has a sign. The next one then adds what was
    there all the time. Here it changes nothing, and who adds what is there is taken to have read it as conda does.

    >>> texts = ["+a-1-0\n+b-1-0", "# update specs: ['a']", "+a-1-0"]
    >>> states = states_of(parse_history("".join(f"==> x <==\n{text}\n" for text in texts)))
    >>> [sorted(state.distributions) for state in states]
    [['a-1-0', 'b-1-0'], ['a-1-0', 'b-1-0'], ['a-1-0']]
    """
    states: list[State] = []
    state = State()
    for revision in revisions:
        state = _follow(state, revision.distributions)
        states.append(state)
    return tuple(states)


def _follow(state: State, lines: Sequence[str]) -> State:
    came, went = (frozenset(line[1:] for line in lines if line.startswith(sign)) for sign in "+-")
    if not came and not went:
        return State(frozenset(lines) or state.distributions, frozenset(lines))
    of_conda = (state.of_conda - went) | came
    return State(of_conda if came & state.distributions else (state.distributions - went) | came, of_conda)


def requested_specs(revisions: Iterable[Revision], installed: Iterable[str], *, exact: bool = False) -> dict[str, str]:
    r"""Return name -> MatchSpec of what the user asked for, as ``History.get_requested_specs_map`` does.

    conda: "If the package isn't installed in the current environment, then we shouldn't try to force it here."
    With *exact*, extras and conditions are there too; conda reads past the comment that holds them. It has no word for
    extras in its own sections, so a spec there leaves those that were asked for.

    >>> requested_specs(parse_history("==> x <==\n# update specs: ['python=3.12', 'a']\n"), ["python"])
    {'python': 'python=3.12'}
    """
    specs: dict[str, str] = {}
    for revision in revisions:
        actions = [_parse_specs(comment) for comment in revision.comments]
        for action, texts in sorted(actions, key=lambda item: item[0] == _EXACT):
            for text in texts:
                if action in _ADDED or (exact and action == _EXACT):
                    known = specs.get(spec_name(text), "") if exact and not _is_own(revision) else ""
                    specs[spec_name(text)] = _keep_extras(known, text)
                elif action in _REMOVED:
                    specs.pop(spec_name(text), None)
    names = frozenset(installed)
    return {name: text for name, text in specs.items() if name in names}


def _is_own(revision: Revision) -> bool:
    return any(comment.startswith(_OWN_VERSION) for comment in revision.comments)


def _keep_extras(known: str, text: str) -> str:
    if "extras=" not in known or "extras=" in text:
        return text
    try:
        extras = MatchSpec(f"{spec_name(text)}[extras=[{','.join(MatchSpec(known).extras or ())}]]")
        (merged,) = merge_specs((extras, MatchSpec(text)))
    except InvalidMatchSpecError:  # what only conda reads
        return text
    return exact_spec(merged) or text


def _parse_specs(comment: str) -> tuple[str, list[str]]:
    match = _SPECS.match(comment)
    if match is None or not match.group(2):
        return "", []
    action, text = match.groups()
    if not text.startswith("["):
        return action, [part for part in text.split(",") if part[:1].isalnum()]
    try:
        specs = literal_eval(text)
    except (ValueError, SyntaxError):
        return action, []
    return action, [spec for spec in specs if isinstance(spec, str) and spec and not spec.endswith("@")]


def spec_name(text: str) -> str:
    """Return the name in a MatchSpec of any age.

    >>> spec_name("conda-forge/linux-64::numpy==2.0=py_0"), spec_name("python[version='>=3.9']")
    ('numpy', 'python')
    """
    match = _NAME.match(text)
    return match.group(1).lower() if match else text.lower()


def conda_spec(spec: MatchSpec) -> str:
    """Return the part of *spec* that every conda reads: name, version and build, without extras, flags and conditions.

    >>> conda_spec(MatchSpec("fastx[version='>=2',extras=[cuda]]")), conda_spec(MatchSpec("pypi.docker"))
    ("fastx[version='>=2']", 'pypi.docker')
    """
    fields = {"version": spec.version, "build": spec.build}
    text = ",".join(f"{key}='{value}'" for key, value in fields.items() if value not in (None, "*"))
    name = spec.name.normalized
    return f"{name}[{text}]" if text else name


def exact_spec(spec: MatchSpec) -> str | None:
    """Return the whole of *spec* where it has extras, flags or a condition, None where `conda_spec` says it all.

    >>> exact_spec(MatchSpec("fastx[version='>=2',extras=[cuda]]")), exact_spec(MatchSpec("fastx >=2"))
    ('fastx[version=">=2",extras=[cuda]]', None)
    >>> exact_spec(MatchSpec("numpy[flags=['blas:*']]"))
    'numpy[flags=[blas:*]]'
    """
    whole = spec.to_canonical_string()
    return whole if spec.extras or spec.condition or _FLAGS.search(whole) else None


def merge_specs(specs: Iterable[MatchSpec]) -> tuple[MatchSpec, ...]:
    """Return one spec for each name, as the history has one for each: all that several say of it.

    Where one of them has a condition, or they name builds that differ, the last one counts, as for conda.

    >>> [str(spec) for spec in merge_specs(map(MatchSpec, ["a[extras=[x]]", "b", "a >=1|<0.5", "a", "a <3"]))]
    ['a (>=1|<0.5),<3[extras=[x]]', 'b']
    """
    named: dict[str, list[MatchSpec]] = {}
    for spec in specs:
        named.setdefault(spec.name.normalized or "", []).append(spec)
    return tuple(_merge(name, several) for name, several in named.items())


def _merge(name: str, specs: Sequence[MatchSpec]) -> MatchSpec:
    builds = {str(spec.build): None for spec in specs if spec.build not in (None, "*")}
    if len(specs) == 1 or len(builds) > 1 or any(spec.condition for spec in specs):
        return specs[-1]
    texts = dict.fromkeys(str(spec.version) for spec in specs if spec.version is not None)
    versions = [text for text in texts if text != "*"]
    bounds = [f"({text})" if "|" in text and len(versions) > 1 else text for text in versions]
    extras = dict.fromkeys(extra for spec in specs for extra in spec.extras or ())
    flags = [found[1][1:-1] for spec in specs if (found := _FLAGS.search(spec.to_canonical_string())) and found[1]]
    parts = {
        "version": f'"{",".join(bounds)}"' if bounds else "",
        "build": f'"{next(iter(builds))}"' if builds else "",
        "extras": f"[{','.join(extras)}]" if extras else "",
        "flags": f"[{','.join(dict.fromkeys(flags))}]" if flags else "",
    }
    return MatchSpec(f"{name}[{','.join(f'{key}={text}' for key, text in parts.items() if text)}]")


def distribution(record: RepoDataRecord) -> str:
    """Return how the history names a package (``PackageRecord.dist_str``)."""
    build = f"{record.name.normalized}-{record.version}-{record.build}"
    channel = canonical_channel(record.channel).removesuffix(f"/{record.subdir}")  # conda-meta of conda has it in there
    return f"{channel}/{record.subdir}::{build}"


def canonical_channel(channel: str) -> str:
    """Return conda's name for a channel; credentials are left out, the history is no place for them.

    >>> canonical_channel("https://conda.anaconda.org/conda-forge/"), canonical_channel("https://me:pw@host/simple")
    ('conda-forge', 'https://host/simple')
    """
    channel = channel.rstrip("/")
    if channel.startswith(_DEFAULTS):
        return "defaults"
    if channel.startswith(_CONDA):
        return _TOKEN.sub("", f"/{channel.removeprefix(_CONDA)}").strip("/")
    parts = urlsplit(channel)
    if not parts.scheme:
        return channel
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path=_TOKEN.sub("", parts.path)))


def render_revision(
    *,
    date: datetime,
    command: Sequence[str],
    changes: tuple[frozenset[str], frozenset[str]],
    specs: Mapping[str, Sequence[str]],
) -> str:
    """Return a section for the end of the history.

    Args:
        date: when, in local time, as conda writes it.
        command: the command line.
        changes: the distributions before and after; the same twice: all of them are written down.
        specs: ``wheelbridge`` (see `exact_spec`), ``remove`` and ``update`` -> MatchSpecs.
    """
    lines = [f"==> {date:%Y-%m-%d %H:%M:%S} <==", f"# cmd: {' '.join(' '.join(command).split())}"]
    lines.append(f"{_OWN_VERSION} {_own_version()}")
    lines += _changes(*changes)
    lines += [
        f"# {action} specs: {list(specs[action])}" for action in (_EXACT, "remove", "update") if specs.get(action)
    ]
    return "\n".join(lines) + "\n"


def restate_request(prefix: Path, specs: Sequence[str], exact: Sequence[str]) -> None:
    """Put *specs*, and what they say in full (*exact*), in the place of those of the last revision, if it has any.

    conda's explicit installer says that every package was asked for.
    """
    path = history_path(prefix)
    before, separator, last = path.read_text(encoding="utf-8").rpartition(_UPDATE)
    if not separator:
        return
    stated = {f"# {_EXACT} specs: ": exact, _UPDATE: specs}
    lines = "".join(f"{head}{list(texts)}\n" for head, texts in stated.items() if texts)
    with os_errors(prefix):
        path.write_text(f"{before}{lines}{last.partition(chr(10))[2]}", encoding="utf-8", newline="\n")


def _changes(before: frozenset[str], after: frozenset[str]) -> list[str]:
    """Return the lines of the distributions: what went and came, or where nothing did, all of them without a sign.

    To conda (``History.construct_states``) a section without any sign is the whole state, so that one without a line
    says that nothing is left.
    """
    if before == after:
        return sorted(after)
    return [*(f"-{name}" for name in sorted(before - after)), *(f"+{name}" for name in sorted(after - before))]


def _own_version() -> str:
    try:
        return version("wheelbridge") or "0"  # None for a damaged installation, whatever the type says
    except PackageNotFoundError:
        return "0"
