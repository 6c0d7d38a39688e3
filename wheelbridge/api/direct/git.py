"""Repositories of git, cloned by git itself: nothing is asked, no hook is run, and nothing but the link is followed."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from wheelbridge.api.direct.errors import GitError
from wheelbridge.environment.manifest import Link
from wheelbridge.environment.pip.links import InvalidLinkError
from wheelbridge.model.boundaries import find_breach
from wheelbridge.model.redaction import redact

_SCHEMES = ("https", "ssh", "file", "http")
_REVISION = re.compile(r"[^\s~^:?*\[\\\x00-\x1f\x7f-][^\s~^:?*\[\\\x00-\x1f\x7f]*").fullmatch
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?").fullmatch
_FLAGS = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never"),
    *("-c", "credential.interactive=false", "-c", "advice.detachedHead=false"),
    *("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"),
)
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "GCM_INTERACTIVE": "never", "LC_ALL": "C"}
_LEADING = frozenset(
    {
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX"),
        *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_TEMPLATE_DIR"),
    }
)
"""Variables that lead git to another repository, as they are set where a hook of git runs us."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """The tree of one commit in *folder*.

    Attributes:
        commit: its hash.
        described: the nearest tag and the way from there, by which backends tell versions; a tag may come later.
    """

    folder: Path
    commit: str
    described: str


def check_repository(link: Link) -> None:
    """Make sure that the place of *link* may be asked, and its revision is one; nothing is run.

    Raises:
        InvalidLinkError: if not.
    """
    shown = show_repository(link)
    parts = urlsplit(link.url)
    if parts.scheme not in _SCHEMES or link.url.startswith("-"):
        raise InvalidLinkError(
            shown, f"git is not let go by {parts.scheme!r}", hint="Take https, ssh, or file for a folder."
        )
    bare = redact(link.url)
    if parts.scheme == "http" and find_breach(bare, bare) is not None:
        raise InvalidLinkError(shown, "it would be fetched without TLS", hint="Take https or ssh.")
    if (parts.hostname or "").startswith("-") or (parts.scheme != "file" and not parts.hostname):
        raise InvalidLinkError(shown, "its host cannot be read")
    if link.revision is not None and (_REVISION(link.revision) is None or ".." in link.revision):
        raise InvalidLinkError(shown, f"{link.revision!r} is no revision", hint="Name a branch, a tag or a commit.")


def show_repository(link: Link) -> str:
    """Return what people see of *link*."""
    return f"git+{redact(link.url)}" + (f"@{link.revision}" if link.revision else "")


def check_out(link: Link, folder: Path) -> Checkout:
    """Clone what *link* names into *folder*, which is not there yet, submodules included.

    Raises:
        InvalidLinkError: if it may not be asked for.
        GitError: if git is not there, or fails.
    """
    check_repository(link)
    run = _Git(link, folder)
    run("clone", "--quiet", "--no-checkout", "--template=", "--filter=blob:none", "--", link.url, str(folder), at=None)
    commit = run.resolve()
    run("checkout", "--quiet", "--detach", commit)
    if (folder / ".gitmodules").is_file():
        run("submodule", "--quiet", "update", "--init", "--recursive")
    _check_links(folder, show_repository(link))
    return Checkout(folder, commit, run("describe", "--tags", "--always", "--long"))


@dataclass(frozen=True, slots=True)
class _Git:
    """Runs git for one link, in one folder."""

    link: Link
    folder: Path

    def __call__(self, *arguments: str, at: Path | None = Path()) -> str:
        where = () if at is None else ("-C", str(self.folder))
        try:
            done = subprocess.run(  # noqa: S603 - the link was checked, and no shell reads it
                ["git", *_FLAGS, *where, *arguments],  # noqa: S607 - the user's own git
                env=_variables(self.link, os.environ),
                capture_output=True,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except FileNotFoundError:
            raise GitError(
                show_repository(self.link), "there is no git", hint="Install git, as with 'conda install git'."
            ) from None
        if done.returncode:
            lines = done.stderr.decode(errors="replace").splitlines()
            raise GitError(show_repository(self.link), f"git {arguments[0]} failed", output=lines, hint=_advise(lines))
        return done.stdout.decode(errors="replace").strip()

    def resolve(self) -> str:
        """Return the commit that is asked for: of a branch, a tag, a commit, or a ref that clones lack."""
        if (revision := self.link.revision) is None:
            return self("rev-parse", "--verify", "HEAD^{commit}")
        for name in (f"refs/remotes/origin/{revision}", f"refs/tags/{revision}", revision):
            with suppress(GitError):
                if _COMMIT(found := self("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")):
                    return found
        try:
            self("fetch", "--quiet", "--", "origin", revision)
        except GitError as error:
            raise GitError(
                show_repository(self.link),
                f"it has no revision {revision!r}",
                output=error.output,
                hint="Name a branch, a tag or a commit that is there.",
            ) from error
        return self("rev-parse", "--verify", "FETCH_HEAD^{commit}")


def _variables(link: Link, caller: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of git: the caller's, for proxies and keys, but for what asks or leads elsewhere."""
    kept = {name: value for name, value in caller.items() if name not in _LEADING}
    wanted = {"https", "ssh", urlsplit(link.url).scheme}
    allowed = wanted & set(caller["GIT_ALLOW_PROTOCOL"].split(":")) if caller.get("GIT_ALLOW_PROTOCOL") else wanted
    if not {"GIT_SSH", "GIT_SSH_COMMAND"} & kept.keys():
        kept["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes"
    return {**kept, **_QUIET, "GIT_ALLOW_PROTOCOL": ":".join(sorted(allowed))}


def _advise(lines: Sequence[str]) -> str | None:
    text = "\n".join(lines).lower()
    if "could not resolve host" in text or "failed to connect" in text or "timed out" in text:
        return "The host cannot be reached: look at the URL, the network and the proxy."
    if any(
        sign in text for sign in ("authentication failed", "could not read", "permission denied", "terminal prompts")
    ):
        return "git has no login for it: store one with git's credential helper, or an ssh key with the agent."
    return None


def _check_links(folder: Path, shown: str) -> None:
    """Refuse symbolic links that lead out of the tree."""
    for path in leading_out(folder):
        raise InvalidLinkError(
            shown, f"its {path.relative_to(folder).as_posix()} is a link that leads out of it", hint=None
        )


def leading_out(folder: Path) -> Iterator[Path]:
    """Yield the symbolic links below *folder* that lead out of it."""
    home = folder.resolve()
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink() and not path.resolve().is_relative_to(home):
                yield path
