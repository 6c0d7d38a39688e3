"""Repositories as pixi has them in a lock: one URL with the revision that was asked for, and the commit."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

_REPOSITORY = re.compile(r"(?P<vcs>git|hg|svn|bzr)\+(?P<rest>.+)", re.DOTALL)
_COMMIT = re.compile(r"(?P<path>.+)@(?P<commit>[^@/]+)", re.DOTALL)


def repository_location(direct: Mapping[str, object]) -> str | None:
    """Return the location of a repository with the direct URL *direct* (PEP 610); None for what is none.

    >>> info = {"vcs": "git", "commit_id": "0a1b", "requested_revision": "main"}
    >>> repository_location({"url": "https://host.example/a.git", "vcs_info": info})
    'git+https://host.example/a.git?rev=main#0a1b'
    """
    match direct:
        case {"url": str(url), "vcs_info": {"vcs": str(vcs), "commit_id": str(commit), **more}}:
            said = {"subdirectory": direct.get("subdirectory"), "rev": more.get("requested_revision")}
            query = urlencode({key: value for key, value in said.items() if value}, quote_via=quote)
            place = url if "://" in url else f"file:{quote(url)}"
            return f"{vcs}+{place}{f'?{query}' if query else ''}#{commit}"
    return None


def read_repository(location: str) -> dict[str, object] | None:
    """Return what PEP 610 records of a repository with this location; None for another location.

    >>> read_repository("git+https://host.example/a.git?rev=main#0a1b")["vcs_info"]
    {'vcs': 'git', 'commit_id': '0a1b', 'requested_revision': 'main'}
    >>> read_repository("git+file:../a#0a1b")["url"]
    '../a'

    Locks of version 4 have the commit behind ``@``, as pip has it.
    """
    if (found := _REPOSITORY.fullmatch(location)) is None:
        return None
    parts = urlsplit(found["rest"])
    said, commit, path = dict(parse_qsl(parts.query)), parts.fragment, parts.path
    if not commit and (pinned := _COMMIT.fullmatch(path)):
        path, commit = pinned["path"], pinned["commit"]
    revision = next((said[key] for key in ("rev", "tag", "branch") if key in said), None)
    info = {"vcs": found["vcs"], "commit_id": commit} | ({"requested_revision": revision} if revision else {})
    folder = {"subdirectory": said["subdirectory"]} if "subdirectory" in said else {}
    is_relative = parts.scheme == "file" and not path.startswith("/")
    url = unquote(path) if is_relative else f"{parts.scheme}://{parts.netloc}{path}"
    return {"url": url, "vcs_info": info, **folder}
