"""Plugins of variant providers that the user trusts, asked in environments of their own what this machine supports."""

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from types import MappingProxyType
from typing import IO

from filelock import FileLock
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from wheelbridge.api.provider_errors import ProviderFailedError
from wheelbridge.api.provider_wheels import fetch_wheels
from wheelbridge.index.protocol import Index
from wheelbridge.index.transfer import write_atomically
from wheelbridge.model.variant import Features, VariantProvider

ANSWER_LIFETIME = 24 * 60 * 60.0
"""Seconds for which an answer is believed: hardware changes, and drivers do."""

_PREPARE_LIMIT = 600.0
_SCRIPT = Path(__file__).with_name("_ask_provider.py")
_PYTHON = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
_PIP = ("-I", "-m", "pip", "--quiet", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "install")
_COMPLETE = "wheelbridge-complete"
_NOT_KEPT = ("PYTHON", "PIP_", "UV_", "WHEELBRIDGE_", "RATTLER_", "NETRC")
_HINTS = {
    "set up": "Its environment is made with 'python -m venv', which has to work.",
    "installed": "The newest wheels of what it requires do not fit together.",
    "asked": "Tell its maintainers, and do without --variant-trust of it meanwhile.",
}
_FEATURE = re.compile(r"[a-z0-9_]+")
_VALUE = re.compile(r"[a-z0-9_.]+")
_SHOWN_LINES, _SHOWN_BYTES = 5, 8192


class PluginRunner:
    """Asks provider plugins that the user trusts what this machine supports; safe to share between threads.

    A plugin runs in a virtual environment of its provider's requirements, with the interpreter that runs this. The
    environment stays in the cache; an answer stays for `ANSWER_LIFETIME`, a failure as long as this object.

    Args:
        trusted: names of the packages that may be installed and run, spelled as people do.
        cache: a folder, which several processes may share.
        indexes: where the packages come from, and from nowhere else: the first one that has a project provides it.
        offline: install nothing.
        limit: seconds that a plugin may take.
        find_owner: tells the first index of the user's list that has a project; a package that another index than the
            first of *indexes* has is not run, however it is trusted.
    """

    def __init__(
        self,
        trusted: Collection[str],
        cache: Path,
        indexes: Sequence[Index],
        *,
        offline: bool = False,
        limit: float = 60,
        find_owner: Callable[[NormalizedName], str | None] | None = None,
    ) -> None:
        self._trusted = frozenset(map(canonicalize_name, trusted))
        self._folder = cache / "providers"
        self._indexes = tuple(indexes)
        self._offline = offline
        self._limit = limit
        self._find_owner = find_owner
        self._known: dict[tuple[tuple[str, ...], str], Features | ProviderFailedError] = {}

    def trusts(self, provider: VariantProvider) -> bool:
        """Tell whether the user trusts every package that *provider* requires.

        PEP 9999: "If the list of required provider packages contains any untrusted package, ... MUST NOT install or use
        the provider packages". A name is trusted as the indexes have it, not as a URL says.
        """
        try:
            wanted = [Requirement(text) for text in provider.requires]
        except InvalidRequirement:
            return False
        trusted = all(item.url is None and canonicalize_name(item.name) in self._trusted for item in wanted)
        return provider.kind == "plugin" and bool(wanted) and trusted

    def __call__(self, provider: VariantProvider) -> Features:
        """Return what this machine supports of the provider's namespace: feature -> values, both best first.

        Raises:
            ProviderFailedError: if it is not trusted, cannot be installed, fails, or answers something else.
            BreachError: if its index leads to wheels where it may not.
            WheelbridgeError: if its index cannot be used.
        """
        if not self.trusts(provider):
            name = ", ".join(provider.requires) or f"of {provider.namespace}"
            hint = "Trust its packages by their names, if you know who makes them."
            raise ProviderFailedError(name, "is not trusted and was not run", hint=hint)
        self._check_owner(provider)
        key = (provider.requires, _find_endpoint(provider))
        try:
            known = self._known[key] if key in self._known else self._find(*key)
        except ProviderFailedError as error:
            known = error
        self._known[key] = known
        if isinstance(known, ProviderFailedError):
            raise known
        return known

    def _check_owner(self, provider: VariantProvider) -> None:
        own = self._indexes[0].name if self._indexes else None
        for text in provider.requires if self._find_owner else ():
            project = canonicalize_name(Requirement(text).name)
            owner = self._find_owner(project) if self._find_owner else None
            if owner not in (None, own):
                hint = f"If the one of {own} is what you want: --route {project}={own}."
                raise ProviderFailedError(text, f"is on {own}, and {owner}, which stands above, has it too", hint=hint)

    def _find(self, requires: tuple[str, ...], endpoint: str) -> Features:
        """Return the cached answer, or ask; the lock also spares others the same question."""
        places = [index.url for index in self._indexes]
        machine = [sys.version, sys.base_prefix, sysconfig.get_platform()]
        environment = self._folder / _digest(requires, places, machine)
        answer = self._folder / f"{environment.name}-{_digest(endpoint, platform.node())}.json"
        if (known := _read_cached(answer)) is not None:
            return known
        name = ", ".join(requires)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(environment.with_suffix(".lock"), timeout=_PREPARE_LIMIT):
                if (known := _read_cached(answer)) is not None:
                    return known
                self._prepare(environment, requires)
                features = _ask(requires, environment / _PYTHON, endpoint, self._limit)
                write_atomically(answer, json.dumps([*features.items()]).encode())
                return features
        except OSError as error:
            raise ProviderFailedError(name, f"could not be asked: {error}") from error

    def _prepare(self, environment: Path, requires: tuple[str, ...]) -> None:
        """Make *environment* unless it is there and complete."""
        if (environment / _COMPLETE).exists():
            return
        name = ", ".join(requires)
        if self._offline:
            hint = "Ask once with a network, so that it comes into the cache."
            raise ProviderFailedError(name, "is not in the cache, and nothing may be downloaded", hint=hint)
        try:
            with TemporaryDirectory(dir=self._folder) as wheels:
                fetch_wheels(requires, self._indexes, Path(wheels))
                _run(name, "set up", [sys.executable, "-I", "-m", "venv", "--clear", str(environment)], _PREPARE_LIMIT)
                pip = [str(environment / _PYTHON), *_PIP, "--no-index", "--find-links", wheels]
                pip += ["--only-binary=:all:", "--", *requires]
                _run(name, "installed", pip, _PREPARE_LIMIT, settings={"PIP_CONFIG_FILE": os.devnull})
            (environment / _COMPLETE).touch()
        except BaseException:
            shutil.rmtree(environment, ignore_errors=True)
            raise


def _ask(requires: Sequence[str], python: Path, endpoint: str, limit: float) -> Features:
    name, packages = ", ".join(requires), [Requirement(text).name for text in requires]
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        answer = Path(folder) / "answer.json"
        _run(name, "asked", [str(python), "-I", "-u", str(_SCRIPT), endpoint, str(answer), *packages], limit)
        try:
            return _parse_answer(answer.read_bytes() if answer.exists() else b"null")
        except ValueError as error:
            reason = f"gave an answer that cannot be used: {error}"
            raise ProviderFailedError(name, reason, hint=_HINTS["asked"]) from error


def _find_endpoint(provider: VariantProvider) -> str:
    """PEP 817: "If it is missing, the package name from the first dependency specifier in ``requires`` is used"."""
    return provider.plugin_api or canonicalize_name(Requirement(provider.requires[0]).name).replace("-", "_")


def _run(
    name: str, done: str, command: Sequence[str], limit: float, *, settings: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Run *command* with *settings*, without variables that tell Python and pip what to do, or lead to logins.

    Raises:
        ProviderFailedError: if it fails, or takes longer than *limit* seconds: it could not be *done*.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_NOT_KEPT)}
    with TemporaryFile() as log:
        code = _wait(command, {**kept, **settings}, log, limit)
        if code != 0:
            reason = f"could not be {done}" + (f" within {limit:g} seconds" if code is None else "")
            raise ProviderFailedError(name, reason, output=_read_end(log), hint=_HINTS[done])


def _wait(command: Sequence[str], variables: Mapping[str, str], log: IO[bytes], limit: float) -> int | None:
    """Run *command* to its end, or end it together with what it started: return its exit status, or None."""
    with subprocess.Popen(  # noqa: S603 - an interpreter of ours; what it runs is trusted by the user
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=variables, start_new_session=True
    ) as process:
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                if sys.platform == "win32":
                    process.kill()
                else:
                    os.killpg(process.pid, signal.SIGKILL)


def _read_end(log: IO[bytes]) -> list[str]:
    log.seek(max(0, log.seek(0, os.SEEK_END) - _SHOWN_BYTES))
    lines = log.read().decode(errors="replace").splitlines()
    return [line for line in lines if line.strip()][-_SHOWN_LINES:]


def _read_cached(path: Path) -> Features | None:
    try:
        fresh = abs(time.time() - path.stat().st_mtime) < ANSWER_LIFETIME
        return _parse_answer(path.read_bytes()) if fresh else None
    except (OSError, ValueError):
        return None


def _parse_answer(text: bytes) -> Features:
    """Read a list of ``[feature, values]``; a feature without values is not supported."""
    entries = json.loads(text)
    features: dict[str, tuple[str, ...]] = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        match entry:
            case [str(name), [*values]] if name not in features and _FEATURE.fullmatch(name) and _are_values(values):
                features[name] = tuple(values)
            case _:
                raise ValueError(f"{entry!r:.80} is no feature with a list of its values")
    return MappingProxyType({name: values for name, values in features.items() if values})


def _are_values(values: Sequence[object]) -> bool:
    return len({*map(str, values)}) == len(values) and all(isinstance(v, str) and _VALUE.fullmatch(v) for v in values)


def _digest(*parts: object) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()[:24]
