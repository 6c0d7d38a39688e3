"""What is wrong with files that conda is to make environments of; conda itself is not needed here."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from wheelbridge.conda_plugin.needs import require_rattler
from wheelbridge.errors import WheelbridgeError, shell_command


class RemoteFileError(WheelbridgeError):
    """A file that asks for an environment is somewhere else."""

    code = "remote-file"

    def __init__(self, url: str) -> None:
        from wheelbridge.model.redaction import redact

        super().__init__(
            f"{redact(url)} is not on this machine",
            hint="Download it, look at it, and name the copy: what it asks for is installed.",
        )


class WrongFormatError(WheelbridgeError):
    """A file is not of the format that it is to be read as."""

    code = "wrong-format"

    def __init__(self, path: Path, form: str) -> None:
        super().__init__(f"{path} is not {form}", hint="Name its format with --format, or leave --format out.")
        self.file = str(path)


class BeyondCondaError(WheelbridgeError):
    """conda's own commands cannot do what a file asks for, and ``conda wheelbridge`` can."""

    code = "beyond-conda"

    def __init__(self, reason: str, command: Sequence[object]) -> None:
        hint = f"Let wheelbridge do it: {shell_command('conda', 'wheelbridge', *command)}."
        super().__init__(f"conda cannot make this environment of the file by itself: {reason}", hint=hint)
        self.reason = reason


class SeveralFilesError(WheelbridgeError):
    """Several files ask for one environment, and conda reads each for itself."""

    code = "several-files"

    def __init__(self, files: Sequence[str], command: Sequence[object]) -> None:
        super().__init__(
            f"{' and '.join(files)} would each be solved without the other",
            hint=f"Let wheelbridge solve them together: {shell_command('conda', 'wheelbridge', *command)}.",
        )
        self.files = tuple(files)


class BesideFileError(WheelbridgeError):
    """Packages are asked for beside a file: conda would install one of both alone, or nothing."""

    code = "packages-beside-file"

    def __init__(self, path: Path, packages: Sequence[str], command: Sequence[object], *, otherwise: str = "") -> None:
        named = ", ".join(map(repr, packages))
        super().__init__(
            f"{named} would be solved without {path}",
            hint=f"Let wheelbridge solve them together: {shell_command('conda', 'wheelbridge', *command)}{otherwise}.",
        )
        self.packages = tuple(packages)


class OtherPlatformError(WheelbridgeError):
    """An environment is to be written down for a platform that it is not for."""

    code = "export-for-other-platform"

    def __init__(self, prefix: Path, platform: str, subdir: str) -> None:
        super().__init__(
            f"{prefix} is for {subdir}, and what it would be on {platform} takes a joint solve",
            hint="Export its environment file, and lock that: "
            f"{shell_command('conda', 'wheelbridge', 'lock', '-f', 'FILE', '--platform', platform)}.",
        )
        self.platform = platform


@contextmanager
def conda_errors(path: Path) -> Iterator[None]:
    """Let errors of ours, about what is at *path*, be conda's."""
    from wheelbridge.installer.errors import os_errors

    try:
        with os_errors(path):
            yield
    except WheelbridgeError as error:
        from wheelbridge.conda_plugin.errors import as_conda_error

        raise as_conda_error(error) from None


@contextmanager
def having_rattler(path: Path) -> Iterator[None]:
    """See that there is py-rattler, which is to be imported in the block; errors are conda's as in `conda_errors`."""
    with conda_errors(path):
        require_rattler()
        yield
