"""``@EXPLICIT`` files (CEP 23): the URLs of the conda packages of one target, in the order to link them."""

import os
import re
from collections.abc import Iterable, Iterator

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.lock import Lock, LockedFile, LockedPackage, LockedTarget
from wheelbridge.environment.locks.documents import reading
from wheelbridge.environment.locks.errors import LockNotExpressibleError
from wheelbridge.environment.locks.parts import in_order
from wheelbridge.environment.locks.pixi_entries import told_by
from wheelbridge.model.target import Target

FORM = "an @EXPLICIT file"
MARK = "@EXPLICIT"
_LINE = re.compile(
    r"(?P<url>(?:.+[/\\])?[^/\\#]+(?:\.tar\.bz2|\.conda))"
    r"(?:#(?:(?P<md5>[0-9a-f]{32})|(?:sha256:)?(?P<sha256>[0-9a-f]{64})))?"
)
_PLATFORM = re.compile(r"#\s*platform:\s*(\S+)\s*")
_NAME_ENDS = re.compile(r"[\s\[=<>!~;]")
_HEAD = (
    "# This file may be used to create an environment using:",
    "# $ conda create --name <env> --file <this file>",
)


def is_explicit(text: str) -> bool:
    """Tell whether a text is explicit.

    CEP 23: "If the file includes a line whose only non-whitespace content is the case-sensitive word ``@EXPLICIT``, the
    file MUST be considered and handled as explicit."
    """
    return any(line.strip() == MARK for line in text.splitlines())


def render_explicit(lock: Lock) -> str:
    """Return *lock* as the text of an explicit file: the packages alone, of its only target.

    CEP 23: "the lines SHOULD be sorted topologically; e.g. if a package ``A`` depends on ``B``, then the URL of B
    should come first".

    Raises:
        LockNotExpressibleError: if it has several targets, or wheels.
    """
    if len(lock.targets) != 1:
        names = ", ".join(target.name for target in lock.targets) or "none"
        raise LockNotExpressibleError(FORM, f"it is for one target, not for {names}", hint="Choose one target.")
    target = lock.targets[0]
    if wheels := [package.name for package in target.packages if package.kind == "wheel"]:
        raise LockNotExpressibleError(
            FORM,
            f"each line is a conda package (CEP 23), and these are wheels: {', '.join(wheels[:5])}",
            hint="Write a pixi.lock or a pylock.toml, which hold both.",
        )
    lines = [_line(package.file) for package in _topological(target.packages)]
    return "".join(f"{line}\n" for line in (*_HEAD, f"# platform: {target.target.subdir}", MARK, *lines))


def read_explicit(text: str, file: str) -> Lock:
    """Read an explicit file; its packages have no records, which the packages themselves hold.

    CEP 23: "Leading tildes (``~``) and environment variables MUST be replaced with their values at runtime".

    Raises:
        InvalidEnvironmentFileError: if a line is no conda package.
    """
    with reading(file):
        packages = tuple(_packages(text, file))
    subdirs = {told_by(package.file.url).get("subdir", "noarch") for package in packages} - {"noarch"}
    if found := [match[1] for line in text.splitlines() if (match := _PLATFORM.fullmatch(line.strip()))]:
        subdir = found[0]
    elif len(subdirs) > 1:
        raise InvalidEnvironmentFileError(file, "", f"its packages are for {', '.join(sorted(subdirs))}")
    else:
        subdir = next(iter(subdirs), "noarch")
    target = LockedTarget(name=subdir, target=Target(subdir=subdir), packages=in_order(packages))
    return Lock(targets=(target,), origin=file)


def _packages(text: str, file: str) -> Iterator[LockedPackage]:
    for number, line in enumerate(text.splitlines(), start=1):
        stated = line.strip()
        if not stated or stated.startswith("#") or stated == MARK:
            continue
        match = _LINE.fullmatch(os.path.expandvars(os.path.expanduser(stated)))  # noqa: PTH111 - URLs are no paths
        told = told_by(match["url"]) if match else {}
        if match is None or "name" not in told:
            raise InvalidEnvironmentFileError(
                f"{file}:{number}", "", f"{stated!r} is no conda package: a URL or a path, with #HASH behind it or not"
            )
        hashes = {key: digest for key in ("sha256", "md5") if (digest := match[key])}
        name = f"{told['name']}-{told['version']}-{told['build']}"
        yield LockedPackage(
            kind="conda",
            name=told["name"],
            version=told["version"],
            file=LockedFile(filename=name + match["url"].rpartition(name)[2], url=match["url"], hashes=hashes),
            channel=told.get("channel", "") if "subdir" in told else "",
        )


def _line(file: LockedFile) -> str:
    if "sha256" in file.hashes:
        return f"{file.url}#sha256:{file.hashes['sha256']}"
    return f"{file.url}#{file.hashes['md5']}" if "md5" in file.hashes else file.url


def _topological(packages: Iterable[LockedPackage]) -> Iterator[LockedPackage]:
    """Yield each package behind what it depends on; a circle is entered by its first name."""
    waiting = {package.name: package for package in packages}
    for name in tuple(waiting):
        stack = [name]
        entered: set[str] = set()
        while stack:
            here = waiting.get(stack[-1])
            needed = [] if here is None or here.name in entered else [name for name in _needs(here) if name in waiting]
            if here is not None:
                entered.add(here.name)
            if further := [name for name in needed if name not in entered]:
                stack.extend(reversed(further))
                continue
            stack.pop()
            if here is not None:
                yield waiting.pop(here.name)


def _needs(package: LockedPackage) -> list[str]:
    depends = (package.record or {}).get("depends")
    specs = depends if isinstance(depends, list) else []
    return sorted({_NAME_ENDS.split(str(spec), maxsplit=1)[0].rpartition("::")[2] for spec in specs})
