"""Links as people write them: ``name @ URL`` (PEP 508), ``./path``, ``git+https://host/repository@revision``."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from wheelbridge.environment.manifest import Link, LinkKind
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.redaction import redact_text

ARCHIVES = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
"""How the names of source archives end that can be unpacked safely."""
SYSTEMS = ("git", "hg", "svn", "bzr")
"""Names of version control systems, as PEP 610 registers them."""
_FORMS = "Write 'name @ https://host/file.whl', ./folder, or git+https://host/repository@revision."
_SCHEMES = ("http", "https", "file")
LOCAL_HOSTS = ("", "localhost")
"""What may stand between ``file://`` and the path: a file of another host is none that could be read here."""
_HASHES = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)?(?P<rest>.*)", re.DOTALL).fullmatch
_MARKED = re.compile(r"(?P<link>.*?)(?:\s;|;\s)\s*(?P<marker>.*)", re.DOTALL).fullmatch
_EXTRAS = re.compile(r"(?P<link>.*[^\[\s])\s*\[(?P<extras>[^\[\]/]*)\]").fullmatch
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(?://|/)").match  # of two letters at least: C:/ is a drive
_REPOSITORY = re.compile(rf"(?P<system>{'|'.join(SYSTEMS)})\+", re.IGNORECASE).match
_NAMED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*(?:\[[^\]]*\])?\s*@").match


class InvalidLinkError(WheelbridgeError):
    """Something that is asked for by where it is cannot be taken."""

    code = "invalid-link"

    def __init__(self, link: str, reason: str, *, hint: str | None = _FORMS) -> None:
        shown = redact_text(link)
        super().__init__(f"{shown} cannot be installed: {redact_text(reason)}", hint=hint)
        self.link = shown
        self.reason = redact_text(reason)


def is_link(text: str) -> bool:
    """Tell whether *text* says where something is, and not what it is called.

    As with pip, a path holds a separator, begins with a dot, or ends as a wheel or an archive does.

    >>> [is_link(text) for text in ("rich>=13", "rich[all]", "rich @ https://host.example/a.zip", ".", "-e .", "a/b")]
    [False, False, True, True, True, True]
    """
    text = text.strip()
    found = _MARKED(text)
    bare = (found["link"] if found else text).strip()
    if _EDITABLE(bare) or _NAMED(bare) or _URL(bare) or _REPOSITORY(bare):
        return True
    bare = _split_extras(bare)[0]
    return _is_path(bare)


def parse_link(text: str, folder: Path, *, place: str = "", editable: bool = False) -> Link:
    """Read a link that is stated in *folder*, to which paths are relative.

    >>> found = parse_link("Tool[Cli] @ git+https://host.example/tool.git@v1#subdirectory=py", Path("/work"))
    >>> found.kind, found.project, found.extras, found.url, found.revision, found.subdirectory
    ('vcs', 'tool', ('cli',), 'https://host.example/tool.git', 'v1', 'py')

    Args:
        text: what pip takes behind ``pip install``, ``-e`` before it included.
        folder: absolute.
        place: what states it, for messages.
        editable: it stands behind ``-e``.

    Raises:
        InvalidLinkError: if it is none, or of a kind that cannot be taken.
    """
    text = text.strip()
    if found := _EDITABLE(text):
        return parse_link(found["rest"], folder, place=place, editable=True)
    parts = _split(text)
    link = replace(_locate(parts.where, folder, text), extras=parts.extras, marker=parts.marker, place=place)
    if parts.project and link.project not in (None, parts.project):
        raise InvalidLinkError(text, f"it is called {parts.project!r} and {link.project!r}")
    link = replace(link, project=parts.project or link.project, editable=editable)
    if editable and link.kind != "folder":
        what = "a repository" if link.kind == "vcs" else "a file"
        raise InvalidLinkError(
            text,
            f"{what} cannot be installed editable: nobody edits what is fetched anew each time",
            hint="Clone or unpack it, and name the folder; or leave out -e.",
        )
    return link


@dataclass(frozen=True, slots=True)
class _Parts:
    where: str
    project: NormalizedName | None
    extras: tuple[str, ...]
    marker: str | None


def _split(text: str) -> _Parts:
    """Take name, extras and marker off the place."""
    if _NAMED(text):
        try:
            stated = Requirement(text)
        except InvalidRequirement as error:
            return _split_path(text, str(error).partition("\n")[0])
        marker = str(stated.marker) if stated.marker else None
        return _Parts(str(stated.url), canonicalize_name(stated.name), _normalize(stated.extras), marker)
    return _split_bare(text)


def _split_path(text: str, reason: str) -> _Parts:
    """Read ``name @ ./path``, which PEP 508 lacks and pip takes."""
    head, _, rest = text.partition("@")
    parts = _split_bare(rest.strip())
    try:
        stated = Requirement(head.strip())
    except InvalidRequirement:
        raise InvalidLinkError(text, reason) from None
    if _URL(parts.where) or not _is_path(parts.where):
        raise InvalidLinkError(text, reason)
    return replace(parts, project=canonicalize_name(stated.name), extras=_normalize(stated.extras) or parts.extras)


def _split_bare(text: str) -> _Parts:
    marked = _MARKED(text)
    where, marker = (marked["link"].strip(), marked["marker"].strip()) if marked else (text, None)
    if marker is not None:
        try:
            marker = str(Requirement(f"project; {marker}").marker)
        except InvalidRequirement as error:
            raise InvalidLinkError(text, f"its marker cannot be read: {str(error).partition(chr(10))[0]}") from None
    where, extras = _split_extras(where)
    return _Parts(where, None, extras, marker)


def _split_extras(text: str) -> tuple[str, tuple[str, ...]]:
    if (found := _EXTRAS(text)) is None:
        return text, ()
    return found["link"], _normalize(found["extras"].split(","))


def _normalize(extras: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({canonicalize_name(extra.strip()) for extra in extras if extra.strip()}))


def _is_path(text: str) -> bool:
    separators = ("/", *((os.sep,) if os.sep != "/" else ()))
    return text.startswith((".", "~")) or any(one in text for one in separators) or text.endswith((".whl", *ARCHIVES))


def _locate(where: str, folder: Path, text: str) -> Link:
    if found := _REPOSITORY(where):
        return _locate_repository(found["system"].lower(), where[found.end() :], text)
    if _URL(where) is None:
        if "://" in where:
            raise InvalidLinkError(
                text, "it is no path, and no URL begins it", hint="Write NAME @ URL, or the URL alone."
            )
        return _locate_path(where, folder, text)
    if len(where.split()) > 1:
        raise InvalidLinkError(text, "there is a blank in its URL", hint="Write %20 for a blank.")
    bare, fields = _split_fragment(where, text)
    if urlsplit(bare).scheme.lower() not in _SCHEMES:
        raise InvalidLinkError(text, f"nothing is fetched by {urlsplit(bare).scheme!r}")
    kind: LinkKind = "file"
    if bare.lower().startswith("file:"):
        _check_host(bare, text)
        path = Path(unquote(urlsplit(bare).path))
        kind, bare = _kind_of(path, text), path.as_uri() if path.is_absolute() else bare
    return _with_fields(Link(kind=kind, url=bare), fields, text)


def _check_host(url: str, text: str) -> None:
    if urlsplit(url).netloc.lower() not in LOCAL_HOSTS:
        hint = "Write file:///folder with three slashes."
        raise InvalidLinkError(text, "a file: URL must not name a host", hint=hint)


def _locate_path(where: str, folder: Path, text: str) -> Link:
    bare, fields = _split_fragment(where, text)
    path = Path(os.path.normpath(folder / Path(bare).expanduser()))  # as cd does: symbolic links stay
    given = _given(path, folder)
    return _with_fields(Link(kind=_kind_of(path, text), url=path.as_uri(), given=given), fields, text)


def _given(path: Path, folder: Path) -> str | None:
    """Write *path* relative to *folder*, with forward slashes; None where there is no way, as between drives."""
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:
        return None
    return Path(relative).as_posix()


def _kind_of(path: Path, text: str) -> LinkKind:
    if path.is_dir():
        return "folder"
    if path.name.endswith((".whl", *ARCHIVES)):
        return "file"  # whether it is there is asked when it is opened
    reason = "it is no wheel, source archive or folder" if path.exists() else "there is no such file or folder"
    raise InvalidLinkError(text, reason)


def _locate_repository(system: str, inner: str, text: str) -> Link:
    if system != "git":
        raise InvalidLinkError(
            text, f"{system} is not supported, git alone is", hint="Take a checkout, and name its folder."
        )
    if "://" not in inner:
        hint = "Write git+ssh://git@host/path for git@host:path."
        raise InvalidLinkError(text, "the place of the repository is no URL", hint=hint)
    bare, fields = _split_fragment(inner, text)
    parts = urlsplit(bare)
    if parts.scheme == "file":
        _check_host(bare, text)
    path, at, revision = parts.path.rpartition("@")
    if at and (not revision or revision.startswith("-")):
        raise InvalidLinkError(text, f"{revision!r} is no revision", hint="Name a branch, a tag or a commit.")
    if _HASHES & fields.keys():
        raise InvalidLinkError(text, "a repository has no hash", hint="Name a commit behind @.")
    url = urlunsplit(parts._replace(path=path)) if at else bare
    link = Link(kind="vcs", url=url, vcs=system, revision=unquote(revision) if at else None)
    return _with_fields(link, fields, text)


def _split_fragment(where: str, text: str) -> tuple[str, Mapping[str, str]]:
    bare, _, fragment = where.partition("#")
    fields = dict(parse_qsl(fragment.replace("+", "%2B"), keep_blank_values=True)) if fragment else {}
    unknown = sorted({*fields} - {"egg", "subdirectory"} - _HASHES)
    if unknown or (fragment and not fields):
        raise InvalidLinkError(text, f"what is behind # is not known: {', '.join(unknown) or fragment}")
    return bare, fields


def _with_fields(link: Link, fields: Mapping[str, str], text: str) -> Link:
    """Return *link* with what its fragment says."""
    egg = fields.get("egg")
    try:
        project = canonicalize_name(_split_extras(egg)[0], validate=True) if egg else None
    except InvalidName:
        raise InvalidLinkError(text, f"{egg!r} is no name of a project") from None
    hashes = {name: fields[name].lower() for name in sorted(_HASHES & fields.keys())}
    return replace(link, project=project, subdirectory=fields.get("subdirectory") or None, hashes=hashes)


def render_link(link: Link) -> str:
    """Write *link* as PEP 508 has it, or, where its name is not stated, as pip takes it.

    >>> render_link(Link(kind="vcs", vcs="git", url="https://host.example/t.git", revision="v1", project="t"))
    't @ git+https://host.example/t.git@v1'
    """
    fragment = [f"subdirectory={quote(link.subdirectory)}"] if link.subdirectory else []
    fragment += [f"{name}={digest}" for name, digest in sorted(link.hashes.items())]
    where = f"git+{link.url}" if link.kind == "vcs" else (link.given and _dotted(link.given)) or link.url
    where += f"@{link.revision}" if link.revision else ""
    where += f"#{'&'.join(fragment)}" if fragment else ""
    extras = f"[{','.join(link.extras)}]" if link.extras else ""
    marker = f" ; {link.marker}" if link.marker else ""
    named = f"{link.project}{extras} @ {where}" if link.project and not link.editable else f"{where}{extras}"
    return f"{'-e ' if link.editable else ''}{named}{marker}"


def _dotted(given: str) -> str:
    return given if given.startswith((".", "/")) else f"./{given}"
