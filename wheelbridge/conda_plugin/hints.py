"""Next steps for packages that conda did not find: what else they are called, and that an index may have them.

The tables that come with wheelbridge say so, and nothing is asked over a network. conda drops the hints of a plugin
that fails, and shows one hint of each code, so that one speaks of all packages.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conda.base.context import context, env_name
from conda.core.prefix_data import PrefixData
from conda.exceptions import InvalidMatchSpec, PackageNotInstalledError, PackagesNotFoundError, UnsatisfiableError
from conda.models.match_spec import MatchSpec
from conda.plugins.types import CondaErrorHint

_MOST = 4
"""Missing packages that hints speak of; where more are missing, the channels are wrong, and conda says that."""
_OURS = "wheelbridge"
_VERBS = {"create": "create", "install": "install", "update": "install", "upgrade": "install"}
"""conda's commands, and ours that do the same with requirements."""
_NOT_KEPT = ("file", "clone", "subdir", "revision")
"""Options that make it another command; a hint does not repeat them."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A package that was asked for, and its version as it was written; empty: any."""

    name: str
    version: str = ""


def hints_of(error: object) -> tuple[CondaErrorHint, ...]:
    """Return what *error*, one of conda's, leaves unsaid; the end of a dry run is one, too, and costs nothing."""
    if isinstance(error, PackageNotInstalledError):
        return tuple(_of_installed(error.dump_map().get("package_name", ())))
    if isinstance(error, PackagesNotFoundError):
        asked = tuple(filter(None, map(_read, error.packages)))
        hints = _of_missing(asked) if error.channel_urls else _of_installed(error.packages)
        return tuple(hints) if len(asked) <= _MOST else ()
    if isinstance(error, UnsatisfiableError):
        return tuple(_of_conflict(getattr(error, "unsatisfiable", ())))
    return ()


def _read(package: Any) -> _Asked | None:  # noqa: ANN401 - a text, a MatchSpec or a record, as conda has it
    """Return what was asked for; None where it is no single name."""
    try:
        spec = package if isinstance(package, MatchSpec) else MatchSpec(package)
    except InvalidMatchSpec:
        return None
    name = str(spec.get_exact_value("name") or "")
    version = spec.get_raw_value("version")
    return _Asked(name, str(version or "")) if name else None


def _of_missing(asked: Iterable[_Asked]) -> Iterator[CondaErrorHint]:
    from wheelbridge.conda_plugin.hint_names import CHANNEL, find_project, load_names, other_name, say, tell

    table = load_names()
    names = [one.name for one in asked]
    found = {one: name for one in asked if (name := other_name(one.name, table))}
    renamed = [f"{say(one.name, table)} is called {name}" for one, name in found.items() if name not in names]
    if renamed:
        yield CondaErrorHint(f"{', '.join(renamed)} in {CHANNEL}.", "wheelbridge_other_name")
    wanted = {one: project for one in asked if (project := find_project(one.name, table))}
    if wanted and context.solver != _OURS:
        yield _take_from_index(wanted, "Take {} from a Python index")
    if told := [text for one in asked if (text := tell(one.name, table))]:
        yield CondaErrorHint("; ".join(told), "wheelbridge_name")


def _of_installed(packages: Any) -> Iterator[CondaErrorHint]:  # noqa: ANN401 - one text, or texts and MatchSpecs
    """Tell what packages are called in the environment: a wheel has the name that conda has for its project."""
    from wheelbridge.conda_plugin.hint_names import load_names, written_names

    asked = filter(None, map(_read, (packages,) if isinstance(packages, str) else packages))
    installed, table = PrefixData(context.target_prefix), load_names()
    renamed = [
        f"{one.name} is called {name}"
        for one in asked
        for name in written_names(one.name, table)
        if installed.get(name, None)
    ]
    if renamed:
        yield CondaErrorHint(f"{', '.join(renamed)} in this environment.", "wheelbridge_other_name")


def _of_conflict(chains: Iterable[Any]) -> Iterator[CondaErrorHint]:
    """Offer wheels of what was asked for; *chains* lead from there to what is in conflict."""
    from wheelbridge.conda_plugin.hint_names import find_project, load_names

    asked = dict.fromkeys(one for chain in chains if chain and (one := _read(chain[0])))
    table = load_names()
    wanted = {one: project for one in asked if (project := find_project(one.name, table))}
    if 0 < len(wanted) <= _MOST and context.solver != _OURS:
        yield _take_from_index(wanted, "Wheels of {} may fit where no conda package does")


def _take_from_index(wanted: dict[_Asked, str], text: str) -> CondaErrorHint:
    from wheelbridge.conda_plugin.hint_names import write_requirement

    said = [one.name if one.name == project else f"{one.name}, there {project}," for one, project in wanted.items()]
    written = {one.name: write_requirement(project, one.version) for one, project in wanted.items()}
    beginning = text.format(" and ".join(said))
    if command := _command(written):
        return CondaErrorHint(f"{beginning}: {command}", "wheelbridge_index")
    names = " and ".join(f"pypi:{project}" for project in wanted.values())
    condition = "" if all(written.values()) else ", with versions as PEP 440 has them"
    return CondaErrorHint(f"{beginning}: conda wheelbridge install takes {names}{condition}.", "wheelbridge_index")


def _command(written: Mapping[str, str | None]) -> str | None:
    """Write the user's command with requirements for the packages *written*; None where it would be another one."""
    from wheelbridge.conda_plugin.command_line import named, said
    from wheelbridge.errors import shell_command
    from wheelbridge.model.redaction import redact_argument

    verb = _VERBS.get(str(said("cmd")))
    specs = {spec: asked.name for spec in named("packages") if (asked := _read(spec))}
    if verb is None or any(map(said, _NOT_KEPT)) or not written.keys() <= set(specs.values()):
        return None
    packages = [written.get(name, spec) for spec, name in specs.items()]
    if None in packages:
        return None
    prefix = str(context.target_prefix)
    name = str(env_name(prefix))
    place = ("-p", prefix) if name == prefix else ("-n", name)
    channels = [word for channel in named("channel") for word in ("-c", redact_argument(channel))]
    options = (
        *(() if prefix == str(context.default_prefix) else place),
        *(["-O"] if said("override_channels") else []),
    )
    return shell_command("conda", _OURS, verb, *options, *channels, *packages)
