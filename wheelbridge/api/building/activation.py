"""The variables of an activated environment, as the scripts of its packages set them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from rattler.shell import ActivationVariables, PathModificationBehavior, Shell, activate

from wheelbridge.api.building.errors import BuildFailedError

_KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TZ", "TMPDIR", "TMP", "TEMP"),
        *(
            "LANG",
            "LANGUAGE",
            "LC_ALL",
            "LC_COLLATE",
            "LC_CTYPE",
            "LC_MESSAGES",
            "LC_MONETARY",
            "LC_NUMERIC",
            "LC_TIME",
        ),
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
        *("PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "COMMONPROGRAMFILES", "COMMONPROGRAMFILES(X86)"),
        *("NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
    }
)
"""What a build needs of its caller. All else stays outside: logins, but for those in the URLs of proxies, and whatever
leads Python, pip or a compiler."""
DECISIVE = ("SOURCE_DATE_EPOCH", "MACOSX_DEPLOYMENT_TARGET", "SDKROOT", "CONDA_BUILD_SYSROOT")
"""Variables of the caller that decide what is built, and that people set for that; caches go by them, too."""
_ENVIRONMENTS = ("VIRTUAL_ENV", "CONDA_PREFIX")
_ALONE = {"PYTHONNOUSERSITE": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
"""So that neither the packages nor the settings of a user come in."""
_END = "wheelbridge-activated"


def activated_variables(prefix: Path, variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables of a process in the activated environment at *prefix*, started out of *variables*.

    rattler makes the script of the activation, ``etc/conda/activate.d`` included; a shell runs it. Few variables of the
    caller come in, and no other environment stays on PATH.

    Raises:
        BuildFailedError: if a script of a package fails.
    """
    base = {**_ALONE, **dict(_kept(variables))}
    base["PATH"] = os.pathsep.join(_own_path(variables))
    shell = Shell.cmd_exe if sys.platform == "win32" else Shell.bash
    paths = base["PATH"].split(os.pathsep)
    state = ActivationVariables(None, paths, PathModificationBehavior.Prepend)
    script = activate(prefix, state, shell).script
    done = _run_batch(script, base) if sys.platform == "win32" else _run_shell(script, base)
    said = done.stdout.replace(b"\r\n", b"\n") if sys.platform == "win32" else done.stdout
    output, _, text = said.rpartition(f"{_END}\n".encode())
    if done.returncode != 0 or not text:
        lines = (done.stderr + output).decode(errors="replace").splitlines()
        raise BuildFailedError(str(prefix), "its environment could not be activated", output=lines)
    return {**dict(_parse(text)), **_ALONE}


def _kept(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in variables.items():
        if name.upper() in _KEPT or name in DECISIVE:
            yield name, value


def _own_path(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the folders of PATH without those of environments, in which a build would find tools by chance."""
    others = [Path(place) for name in _ENVIRONMENTS if (place := variables.get(name))]
    others += [Path(sys.prefix)] if sys.prefix != sys.base_prefix else []
    for folder in variables.get("PATH", os.defpath).split(os.pathsep):
        if folder and not any(Path(folder).is_relative_to(place) for place in others):
            yield folder


def _run_shell(script: str, base: Mapping[str, str]) -> "subprocess.CompletedProcess[bytes]":
    """Run *script* as bash has it; what it says itself goes before the mark."""
    shell = shutil.which("bash", path=base["PATH"]) or "/bin/sh"
    command = f"{script}\nprintf '{_END}\\n'\nexec env -0\n"
    return subprocess.run(  # noqa: S603 - the scripts of the packages that were installed to be run
        [shell, "-c", command], env=base, capture_output=True, stdin=subprocess.DEVNULL, check=False
    )


def _run_batch(script: str, base: Mapping[str, str]) -> "subprocess.CompletedProcess[bytes]":
    command = f"{script}\r\n@echo {_END}\r\n@set\r\n"
    return subprocess.run(  # noqa: S603 - as above; rattler has its script for no other shell that every Windows has
        [base.get("COMSPEC", "cmd.exe"), "/d", "/q"], env=base, capture_output=True, input=command.encode(), check=False
    )


def _parse(text: bytes) -> Iterator[tuple[str, str]]:
    """Read ``NAME=VALUE``, ended by NUL; on Windows, where no value has several lines, by the line."""
    entries = text.split(b"\0") if b"\0" in text else text.splitlines()
    for entry in entries:
        name, separator, value = os.fsdecode(entry).partition("=")
        if separator and name and name not in ("_", "SHLVL"):
            yield name, value
