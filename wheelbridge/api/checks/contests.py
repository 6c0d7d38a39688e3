"""Files that a distribution of another tool and a package both have, with contents that differ: one wrote over them."""

import posixpath
from collections.abc import Iterator

from wheelbridge.api.checks.files import read_digest, sha256_of
from wheelbridge.api.checks.findings import Environment, Finding
from wheelbridge.api.life.displaced import Displacements
from wheelbridge.installer.distributions import Distribution
from wheelbridge.installer.unmanaged import unmanaged
from wheelbridge.mapping.natives.clashes import name_some

OVERWRITTEN = "overwritten-file"

_COMPILED = ".pyc"


def contested_files(environment: Environment, one: Distribution, name: str | None) -> Iterator[tuple[str, str]]:
    """Yield owner and path of what *one* has with other contents than packages, or distributions of other tools.

    *name* is the package whose place it took, and whose files are its own therefore.
    """
    rows = {path: digest for path, digest, _ in one.rows if not path.endswith(_COMPILED)}
    for owner, path, theirs in _claims(environment, one, name):
        if path in rows and theirs and (read_digest(rows[path]) or sha256_of(one.prefix / path)) != theirs:
            yield owner, path


def check_contests(environment: Environment, displaced: Displacements) -> Iterator[Finding]:
    """Find files of packages that another tool wrote over, as they are another project's, too."""
    places = {one.project: one.name for one in displaced.found}
    packages = {record.name.normalized for record in environment.records} - displaced.names
    for one in unmanaged(environment.distributions):
        found: dict[str, list[str]] = {}
        for owner, path in contested_files(environment, one, places.get(one.project)):
            if owner in packages:
                found.setdefault(owner, []).append(path)
        for owner, paths in found.items():
            tool, names = one.installer or "another tool", [posixpath.basename(path) for path in paths]
            yield Finding(
                code=OVERWRITTEN,
                severity="warning",
                message=f"{one}, which {tool} put there, wrote over {name_some(names)} of {owner}.",
                hint=f"They cannot both be whole: uninstall {one.project} with the tool that put it there; then "
                f"{environment.fixing} puts back what {owner} had.",
                details={"package": owner, "project": one.project, "files": paths},
            )


def _claims(environment: Environment, one: Distribution, name: str | None) -> Iterator[tuple[str, str, str | None]]:
    """Yield owner, path and hash of what other packages, and other tools, have."""
    for owner, files in environment.files.items():
        if owner != name:
            yield from ((owner, file.path, file.in_prefix) for file in files)
    for other in unmanaged(environment.distributions):
        if other.folder != one.folder:
            yield from ((str(other), path, read_digest(digest)) for path, digest, _ in other.rows)
