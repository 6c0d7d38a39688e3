"""The build backend of a project (PEP 517), run in an environment that has what it needs."""

import os
import subprocess
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from wheelbridge.api.building.errors import BuildFailedError
from wheelbridge.api.building.project import BuildProject

if TYPE_CHECKING:
    from build import ProjectBuilder

_KEPT_LINES = 40
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Runs the hooks of a project's backend; the library `build` calls them, no environment of its own is made.

    Attributes:
        python: the interpreter of the build environment.
        variables: all that the backend gets of variables.
        log: where its output is kept; what is there stays.
    """

    project: BuildProject
    python: Path
    variables: Mapping[str, str]
    log: Path

    def requires(self) -> tuple[str, ...]:
        """Return what the backend asks for besides ``[build-system] requires``, in the order of the alphabet.

        Raises:
            BuildFailedError: if it fails.
        """
        found = self._call("it could not say what it needs", lambda builder: builder.get_requires_for_build("wheel"))
        return tuple(sorted(found))

    def build_wheel(self, folder: Path) -> Path:
        """Build a wheel into *folder*; return it.

        Raises:
            BuildFailedError: if the backend fails, or makes no wheel.
        """
        built = Path(self._call("its build failed", lambda builder: builder.build("wheel", folder)))
        if not built.is_file() or built.suffix != ".whl" or built.resolve().parent != folder.resolve():
            raise BuildFailedError(self.project.name, f"its backend says it made {built.name!r}, and did not")
        return built

    def _call(self, failure: str, hook: "Callable[[ProjectBuilder], _Result]") -> _Result:
        from build import BuildBackendException, BuildException, ProjectBuilder  # noqa: PLC0415 - few commands build

        self.log.parent.mkdir(parents=True, exist_ok=True)
        start = self.log.stat().st_size if self.log.exists() else 0
        try:
            with warnings.catch_warnings(action="ignore"):  # see wheelbridge.api.building.project
                return hook(ProjectBuilder(self.project.folder, str(self.python), self._run))
        except (BuildBackendException, BuildException) as error:
            reason = f"{failure}: {error}" if not isinstance(error, BuildBackendException) else failure
            output = _last_lines(self.log, start) or [str(error)]
            raise BuildFailedError(self.project.name, reason, output=output, log=self.log) from error

    def _run(self, cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        """Run one hook, as `build` asks for it."""
        with self.log.open("ab") as log:
            subprocess.run(  # noqa: S603 - the user asked for a build, and so for the code of the project
                [*cmd],
                cwd=cwd,
                env={**self.variables, **(extra_environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=True,
            )


def find_python(prefix: Path) -> Path:
    """Return the interpreter of an environment."""
    return prefix / ("python.exe" if os.name == "nt" else "bin/python")


@contextmanager
def opened_log(path: Path) -> Iterator[Path]:
    """Begin a log of its own at *path*; it goes where all went well, and stays to be read where not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    try:
        yield path
    except BaseException:
        if path.exists() and not path.stat().st_size:
            path.unlink()
        raise
    path.unlink(missing_ok=True)


def _last_lines(log: Path, start: int) -> list[str]:
    """Return the end of what was written since *start*."""
    if not log.exists():
        return []
    with log.open("rb") as stream:
        stream.seek(start)
        lines = (line.decode(errors="replace").rstrip() for line in stream)
        return [*deque(filter(None, lines), _KEPT_LINES)]
