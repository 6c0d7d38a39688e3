"""What a line of a requirements file asks for: a project of an index, or a link."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Link
from wheelbridge.environment.pip.links import InvalidLinkError, is_link, parse_link
from wheelbridge.environment.pip.texts import LogicalLine

_EGG_EXTRAS = re.compile(r"[#&]egg=[^&\[]+\[([^\]&]*)\]")
_CONDA_EQUALS = re.compile(r"(?<![=<>!~])=(?![=])")
_HINT = "Write it like 'name[extra]>=1.0; python_version < \"3.12\"'."


@dataclass(frozen=True, slots=True)
class Folders:
    """What relative paths are relative to.

    Attributes:
        stating: the folder of the file that is read, for `Link.given`.
        working: what paths in requirements start from.
    """

    stating: Path
    working: Path


def read_requirement(text: str, line: LogicalLine, folders: Folders) -> Requirement | Link:
    """Return what *text*, which stands in *line*, asks for.

    Raises:
        InvalidEnvironmentFileError: if it is neither a PEP 508 requirement nor a link.
    """
    requirement = _parse(text)
    if isinstance(requirement, Requirement) and not (requirement.url or is_link(requirement.name)):
        return requirement
    if is_link(text):
        return read_link(text, line, folders)
    raise InvalidEnvironmentFileError(
        line.place, "", f"{line.shown!r} is not a PEP 508 requirement: {requirement}", hint=_hint_for(text)
    )


def read_link(text: str, line: LogicalLine, folders: Folders, *, editable: bool = False) -> Link:
    """Return the link that *text* is; with *editable* it stands behind ``-e``.

    Raises:
        InvalidEnvironmentFileError: if it is none that can be taken.
    """
    try:
        link = parse_link(text, folders.working, place=line.place, editable=editable)
    except InvalidLinkError as error:
        reason = f"{line.shown!r} cannot be taken: {error.reason}"
        raise InvalidEnvironmentFileError(line.place, "", reason, hint=error.hint) from None
    if not link.extras and (extras := _EGG_EXTRAS.search(unquote(text))):
        names = {canonicalize_name(extra.strip()) for extra in extras[1].split(",") if extra.strip()}
        link = replace(link, extras=tuple(sorted(names)))
    return replace(
        link, project=_check_wheel(link, line), given=_given(link, folders) if link.given is not None else None
    )


def read_constraint(text: str, line: LogicalLine) -> Requirement:
    """Return the constraint that *text* is.

    pip's documentation: "Constraints files are requirements files that only control which version of a requirement is
    installed, not whether it is installed or not"; pip refuses extras, and what has no name.

    Raises:
        InvalidEnvironmentFileError: if it is no requirement, asks for extras, or names a URL or a path.
    """
    found = _parse(text)
    if isinstance(found, Requirement) and not (found.extras or found.url or is_link(found.name)):
        return found
    if isinstance(found, Requirement) and found.extras:
        reason, hint = "a constraint cannot have extras", "Leave the extras to the requirements."
    elif is_link(text):
        reason, hint = "a constraint cannot be a URL or a path", "Ask for it in the requirements."
    else:
        reason, hint = f"it is not a PEP 508 requirement: {found}", _hint_for(text)
    raise InvalidEnvironmentFileError(line.place, "", f"{line.shown!r}: {reason}", hint=hint)


def _parse(text: str) -> Requirement | str:
    """Return the requirement, or why it is none."""
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        return str(error).partition("\n")[0]
    except RecursionError:
        return "its parentheses are nested too deeply"


def _hint_for(text: str) -> str:
    if _CONDA_EQUALS.search(text) and ";" not in text:
        return f"Two equals signs make a version of pip: {_CONDA_EQUALS.sub('==', text)!r}."
    return _HINT


def _check_wheel(link: Link, line: LogicalLine) -> NormalizedName | None:
    """Return the project of *link*; the name of a wheel tells it."""
    filename = unquote(urlsplit(link.url).path).rpartition("/")[2]
    if link.kind != "file" or not filename.endswith(".whl"):
        return link.project
    try:
        project = parse_wheel_filename(filename)[0]
    except InvalidWheelFilename:
        reason = f"{filename!r} is not the file name of a wheel"
    else:
        if link.project in (None, project):
            return project
        reason = f"{filename!r} is no wheel of {link.project}"
    raise InvalidEnvironmentFileError(line.place, "", reason, hint="Check the name of the file.")


def _given(link: Link, folders: Folders) -> str:
    """Return the path of *link* relative to the file that states it."""
    path = Path(url2pathname(urlsplit(link.url).path))
    try:
        return Path(os.path.relpath(path, folders.stating)).as_posix()
    except ValueError:  # another drive of Windows: no path leads there
        return path.as_posix()
