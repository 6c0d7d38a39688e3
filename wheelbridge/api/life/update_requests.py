"""What an update asks the solver for, of packages that are installed: themselves, without the bounds of before."""

import re
from collections.abc import Iterable

from rattler import MatchSpec, PrefixRecord

from wheelbridge.api.life.site import Site
from wheelbridge.api.specs import Request
from wheelbridge.errors import TranslationError
from wheelbridge.installer.history import conda_spec
from wheelbridge.solver.records import wheel_project
from wheelbridge.translate.wheel import WheelName

_FLAGS = re.compile(r"flags=\[[^\]]*\]")


def unbound(spec: str) -> str:
    """Return *spec* without version, build and channel: its name, extras and flags.

    >>> unbound("conda-forge::numpy<2"), unbound("fastx[version='>=2',extras=[cuda]]")
    ('numpy', 'fastx[extras=[cuda]]')
    """
    match = MatchSpec(spec)
    flags = _FLAGS.search(match.to_canonical_string())
    extras = [f"extras=[{','.join(match.extras)}]"] if match.extras else []
    parts = ",".join([*extras, *([flags[0]] if flags else [])])
    name = match.name.normalized or ""
    return f"{name}[{parts}]" if parts else name


def bounds(spec: str) -> MatchSpec:
    """Return the part of *spec* that is about version and build, to compare records with."""
    return MatchSpec(conda_spec(MatchSpec(spec)))


def ask_for(site: Site, names: Iterable[str], versions: dict[str, str] | None = None, relation: str = "==") -> Request:
    """Return the request for installed packages, by their solver names: wheels by requirement, others by spec.

    Args:
        site: the environment.
        names: of the packages.
        versions: name -> version to ask for, a wheel's as its file name has it; without: any.
        relation: how to compare with that version.
    """
    specs: list[str] = []
    requirements: list[str] = []
    for name in sorted(names):
        record, wanted = site.records[name], unbound(site.requested.get(name, name))
        bound = f"{relation}{versions[name]}" if versions and name in versions else ""
        if project := wheel_project(record.file_name):
            extras = MatchSpec(wanted).extras or ()
            requirements.append(f"{project}[{','.join(extras)}]{bound}" if extras else f"{project}{bound}")
            specs += [f"{name}[{flags[0]}]"] if (flags := _FLAGS.search(wanted)) else []
        else:
            specs.append(wanted if not bound else f"{name} {bound}")
    return Request(tuple(specs), tuple(requirements))


def plain_version(record: PrefixRecord) -> str:
    """Return the version that a request compares with: a wheel's by its file name."""
    return file_version(record.file_name) or str(record.version)


def file_version(filename: str) -> str | None:
    """Return the version that a wheel's file name has, None for any other file.

    >>> file_version("torch-2.8.0+cpu-cp312-cp312-linux_x86_64.whl"), file_version("zlib-1.3-0.conda")
    ('2.8.0+cpu', None)
    """
    try:
        return str(WheelName.parse(filename).version) if filename.endswith(".whl") else None
    except TranslationError:
        return None
