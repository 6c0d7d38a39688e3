"""What a ``pyproject.toml`` asks for: dependencies and extras (PEP 621), dependency groups (PEP 735).

The project itself is not installed; ``-e .`` does that. What it needs is.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from packaging.dependency_groups import DependencyGroupResolver
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.locks.documents import load_toml, reading
from wheelbridge.environment.locks.fields import Fields
from wheelbridge.environment.manifest import Link, Manifest, Stated
from wheelbridge.environment.pip.requirements import Folders, read_requirement
from wheelbridge.environment.pip.texts import LogicalLine, show_text
from wheelbridge.environment.project.extras import Project, expand_itself, names_itself
from wheelbridge.environment.project.foreign import foreign_notes
from wheelbridge.environment.texts import read_text
from wheelbridge.errors import TranslationError
from wheelbridge.model.target import Target
from wheelbridge.translate.specifiers import translate_specifier

_BUILT = "A build tells it: put '-e .' into a requirements file or a pip: section, and name that with -f."
_NOT_ITSELF = "a group asks for the project itself, of which only what it needs is taken; '-e .' installs it."
_NO_PROJECT = "Give it a [project] table (PEP 621) or [dependency-groups] (PEP 735)."


def read_pyproject_file(
    path: Path,
    *,
    extras: Sequence[str] = (),
    groups: Sequence[str] = (),
    target: Target,  # noqa: ARG001 - readers of files are asked alike; here markers are left for the solve to weigh
    shown: str | None = None,
) -> Manifest:
    """Read what the project of the file at *path*, which messages name *shown*, needs.

    That is its dependencies, those of the named *extras*, and the named dependency *groups*; ``requires-python`` is a
    spec of Python.

    Raises:
        InvalidEnvironmentFileError: if the file does not say it, or says it against the specifications.
    """
    shown = shown or str(path)
    top = load_toml(read_text(path).removeprefix("\ufeff"), shown)
    with reading(shown):
        return _read(top, path.absolute().parent, shown, extras, groups)


def _read(top: Fields, folder: Path, shown: str, extras: Sequence[str], groups: Sequence[str]) -> Manifest:
    table = top.mapping("project")
    if table is None and not groups:
        raise InvalidEnvironmentFileError(shown, "", "it has no [project] table", hint=_NO_PROJECT)
    project = _read_project(top.part("project"), shown)
    of_groups = [stated for group in groups for stated in _read_group(group, top, shown)]
    asked = [
        *(_dependencies(top.part("project"), shown) if table is not None else ()),
        *(stated for extra in extras for stated in _find_extra(extra, project, shown)),
        *of_groups,
    ]
    found = [_read_one(stated, folder) for stated in expand_itself(asked, project)]
    tool = top.part("tool")
    return Manifest(
        files=(shown,),
        specs=_python_specs(top.part("project"), shown),
        requirements=tuple(dict.fromkeys(one for one in found if isinstance(one, Stated))),
        links=tuple(one for one in found if isinstance(one, Link)),
        external=top.mapping("external"),
        settings=tool.mapping("wheelbridge") or {},
        notes=(
            *((f"{shown}: {_NOT_ITSELF}",) if names_itself(of_groups, project) else ()),
            *foreign_notes(tool, shown),
        ),
    )


def _read_project(table: Fields, shown: str) -> Project:
    optional = table.mapping("optional-dependencies") or {}
    part = table.part("optional-dependencies")
    extras = {canonicalize_name(extra): tuple(_stated(part, extra, shown)) for extra in optional}
    if len(extras) < len(optional):
        raise table.fail("optional-dependencies", "names that differ once they are normalized")
    name = table.optional_text("name")
    return Project(
        canonicalize_name(name) if name else None,
        table.optional_text("version"),
        extras,
        is_dynamic="optional-dependencies" in table.texts("dynamic"),
    )


def _stated(table: Fields, key: str, shown: str) -> list[Stated]:
    place = table.at(key)
    return [Stated(text, f"{shown}: {place}[{position}]") for position, text in enumerate(table.texts(key))]


def _dependencies(table: Fields, shown: str) -> list[Stated]:
    """Return ``project.dependencies``.

    PEP 621: dynamic "Specifies which keys listed by this PEP were intentionally unspecified so another tool can/will
    provide such metadata dynamically".
    """
    if "dependencies" in table.texts("dynamic"):
        reason = "the build backend makes the dependencies: they are dynamic"
        raise InvalidEnvironmentFileError(shown, "project.dynamic", reason, hint=_BUILT)
    return _stated(table, "dependencies", shown)


def _find_extra(extra: str, project: Project, shown: str) -> Sequence[Stated]:
    if (found := project.extras.get(canonicalize_name(extra))) is not None:
        return found
    if project.is_dynamic:
        reason = f"the build backend makes the extra {extra!r}: optional-dependencies are dynamic"
        raise InvalidEnvironmentFileError(shown, "project.dynamic", reason, hint=_BUILT)
    reason = f"there is no extra {extra!r}"
    raise InvalidEnvironmentFileError(shown, "project.optional-dependencies", reason, hint=_near(extra, project.extras))


def _read_group(group: str, top: Fields, shown: str) -> list[Stated]:
    """Return a dependency group with the groups it includes, each group's requirements in place of its include."""
    groups = top.mapping("dependency-groups") or {}
    if canonicalize_name(group) not in {canonicalize_name(name) for name in groups}:
        reason = f"there is no dependency group {group!r}"
        raise InvalidEnvironmentFileError(shown, "dependency-groups", reason, hint=_near(group, groups))
    try:
        requirements = DependencyGroupResolver(groups).resolve(group)  # type: ignore[arg-type] # it checks the types
    except (ExceptionGroup, ValueError, LookupError, TypeError, AttributeError) as error:
        reasons = [str(one).partition("\n")[0] for one in getattr(error, "exceptions", (error,))]
        hint = 'PEP 735: a group lists requirements and {include-group = "name"}, and never includes itself.'
        raise InvalidEnvironmentFileError(
            shown, "dependency-groups", show_text("; ".join(reasons)), hint=hint
        ) from None
    return [Stated(str(requirement), f"{shown}: dependency-groups.{group}") for requirement in requirements]


def _read_one(stated: Stated, folder: Path) -> Stated | Link:
    """Return the requirement, or the link that it is; PEP 621 has PEP 508 alone, no paths."""
    line = LogicalLine(stated.text, show_text(stated.text), stated.place)
    found = read_requirement(stated.text, line, Folders(folder, folder))
    if isinstance(found, Requirement):
        return stated
    if found.project is None:
        raise InvalidEnvironmentFileError(
            stated.place, "", f"{line.shown!r} is not a PEP 508 requirement", hint="Write 'name @ URL'."
        )
    return found


def _python_specs(table: Fields, shown: str) -> tuple[Stated, ...]:
    """Say ``requires-python`` in conda's words."""
    if not (text := table.optional_text("requires-python")):
        return ()
    place = f"{shown}: project.requires-python"
    try:
        translated = translate_specifier(text)
    except TranslationError as error:
        raise InvalidEnvironmentFileError(place, "", error.message, hint=error.hint) from error
    if translated.lossy or not translated.conda:
        raise InvalidEnvironmentFileError(place, "", f"{text!r} cannot be said exactly", hint="Write it like '>=3.11'.")
    return (Stated(f'python[version="{translated.conda}"]', place),)


def _near(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = get_close_matches(name, known, 1)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"There are {', '.join(map(repr, known))}." if known else "The file has none."
