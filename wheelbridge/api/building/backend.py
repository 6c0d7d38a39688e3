"""The build backend of a project (PEP 517), run in an environment that has what it needs."""

import os
import subprocess
import warnings
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from wheelbridge.api.building.errors import BuildFailedError, NotEditableError
from wheelbridge.api.building.processes import Processes
from wheelbridge.api.building.project import BuildProject

if TYPE_CHECKING:
    from pyproject_hooks import BuildBackendHookCaller

_KEPT_LINES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Runs the hooks of a project's backend; what they answer is code's word, and is not believed.

    Attributes:
        python: the interpreter of the build environment.
        variables: all that the backend gets of variables.
        log: where its output is kept; what is there stays.
        processes: where its processes are known, to be ended.
    """

    project: BuildProject
    python: Path
    variables: Mapping[str, str]
    log: Path
    processes: Processes

    def requires(self) -> tuple[str, ...]:
        """Return what the backend asks for besides ``[build-system] requires``, in the order of the alphabet.

        PEP 517, ``get_requires_for_build_wheel``: "This hook MUST return an additional list of strings containing PEP
        508 dependency specifications".

        Raises:
            BuildFailedError: if it fails, or returns something else.
        """
        found = self._call("it could not say what it needs", self._ask)
        if not isinstance(found, list) or not all(map(_is_requirement, found)):
            raise self._failure(f"its backend asks for {found!r}, which is no list of requirements")
        return tuple(sorted(set(found)))

    def build_wheel(self, folder: Path) -> Path:
        """Build a wheel into *folder*; return it.

        PEP 517, ``build_wheel``: "It must return the basename (not the full path) of the ``.whl`` file it creates"; so
        must ``build_editable`` (PEP 660), which a backend may lack.

        Raises:
            BuildFailedError: if the backend fails, or makes no wheel.
            NotEditableError: if the project is to be editable, and its backend makes no such wheels.
        """
        name = self._call("its build failed", lambda hooks: self._build(hooks, folder))
        built = folder / name if isinstance(name, str) else folder
        if not built.is_file() or built.suffix != ".whl" or built.resolve().parent != folder.resolve():
            raise self._failure(f"its backend says it made {name!r}, and did not")
        return built

    def _ask(self, hooks: "BuildBackendHookCaller") -> object:
        return (
            hooks.get_requires_for_build_editable() if self.project.editable else hooks.get_requires_for_build_wheel()
        )

    def _build(self, hooks: "BuildBackendHookCaller", folder: Path) -> object:
        return hooks.build_editable(str(folder)) if self.project.editable else hooks.build_wheel(str(folder))

    def _failure(self, reason: str) -> BuildFailedError:
        return BuildFailedError(self.project.name, reason, log=self.log)

    def _call(self, failure: str, hook: "Callable[[BuildBackendHookCaller], object]") -> object:
        from pyproject_hooks import (  # noqa: PLC0415 - few commands build
            BackendUnavailable,
            BuildBackendHookCaller,
            HookMissing,
            UnsupportedOperation,
        )

        self.log.parent.mkdir(parents=True, exist_ok=True)
        start = self.log.stat().st_size if self.log.exists() else 0
        project = self.project
        hooks = BuildBackendHookCaller(
            str(project.folder), project.backend, project.backend_path or None, self._run, str(self.python)
        )
        try:
            with warnings.catch_warnings(action="ignore"):  # the backend's own; they are in the log
                return hook(hooks)
        except subprocess.CalledProcessError as error:
            output = _last_lines(self.log, start) or [f"It ended with {_ending(error.returncode)}."]
            raise BuildFailedError(project.name, failure, output=output, log=self.log) from error
        except (BackendUnavailable, UnsupportedOperation) as error:
            reason = f"{failure}: its backend {project.backend!r} cannot be used"
            raise BuildFailedError(
                project.name, reason, output=error.traceback.splitlines(), log=self._add(error.traceback)
            ) from error
        except HookMissing as error:
            if project.editable:
                raise NotEditableError(project.name, project.backend) from error
            raise self._failure(f"{failure}: its backend {project.backend!r} has no {error.hook_name}") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            output = _last_lines(self.log, start) or [f"It gave no answer: {error}"]
            raise BuildFailedError(project.name, failure, output=output, log=self.log) from error

    def _run(self, cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        """Run one hook."""
        with self.log.open("ab") as log:
            self.processes.run(cmd, cwd=cwd, env={**self.variables, **(extra_environ or {})}, log=log)

    def _add(self, text: str) -> Path:
        with self.log.open("a", encoding="utf-8", errors="replace") as log:
            log.write(text)
        return self.log


def find_python(prefix: Path) -> Path:
    """Return the interpreter of an environment."""
    return prefix / ("python.exe" if os.name == "nt" else "bin/python")


def _is_requirement(value: object) -> bool:
    try:
        Requirement(str(value))
    except InvalidRequirement:
        return False
    return isinstance(value, str)


def _ending(code: int) -> str:
    """Say how a process ended.

    >>> _ending(3), _ending(-9)
    ('exit status 3', 'signal 9')
    """
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _last_lines(log: Path, start: int) -> list[str]:
    """Return the end of what was written since *start*."""
    if not log.exists():
        return []
    with log.open("rb") as stream:
        stream.seek(start)
        lines = (line.decode(errors="replace").rstrip() for line in stream)
        return [*deque(filter(None, lines), _KEPT_LINES)]
