"""What is wrong with wheels that conda has unpacked, or is about to link."""

from pathlib import Path

from wheelbridge.errors import WheelbridgeError, shell_command


class UnusableWheelError(WheelbridgeError):
    """A wheel is for no platform that conda has."""

    code = "unusable-wheel"

    def __init__(self, fn: str, platforms: tuple[str, ...]) -> None:
        super().__init__(
            f"{fn} is for {', '.join(platforms)}, which is no platform of conda",
            hint="Ask for another wheel of the project, or for its conda package.",
        )
        self.fn = fn
        self.platforms = platforms


class WrongWheelError(WheelbridgeError):
    """Wheels are for another python, platform or machine than the environment's."""

    code = "wrong-wheel"

    def __init__(self, prefix: Path, reasons: tuple[str, ...], projects: tuple[str, ...]) -> None:
        command = shell_command("conda", "wheelbridge", "install", "-p", prefix, *(f"pypi:{one}" for one in projects))
        super().__init__(
            f"{prefix} cannot run what was asked for, and was not changed: {'; '.join(reasons)}",
            hint=f"Have a wheel chosen that fits: {command}",
        )
        self.prefix = str(prefix)
        self.reasons = reasons
        self.projects = projects


class DuplicateWheelError(WheelbridgeError):
    """A wheel would be put beside a package of the same project."""

    code = "duplicate-wheel"

    def __init__(self, prefix: Path, fn: str, project: str, package: str | None) -> None:
        told = f"the conda package {package} has" if package else "another tool, such as pip, put there"
        command = shell_command("conda", "remove", "-p", prefix, package or project)
        way = f"Remove that first: {command}" if package else f"Remove that first: python -m pip uninstall {project}"
        super().__init__(f"{fn} would be linked over {project}, which {told}; {prefix} was not changed", hint=way)
        self.prefix = str(prefix)
        self.fn = fn
        self.project = project
        self.package = package


class ForgedWheelError(WheelbridgeError):
    """A wheel is not the file that was announced."""

    code = "forged-wheel"

    def __init__(self, prefix: Path, fn: str, *, algorithm: str, expected: str, actual: str) -> None:
        super().__init__(
            f"{fn} has the {algorithm} {actual}, and {expected} was announced; {prefix} was not changed",
            hint="Do not trust the file; get it anew, or ask who told the hash.",
        )
        self.prefix = str(prefix)
        self.fn = fn
        self.algorithm = algorithm
        self.expected = expected
        self.actual = actual


class AlteredWheelError(WheelbridgeError):
    """A wheel that conda has unpacked is not whole any more."""

    code = "altered-wheel"

    def __init__(self, prefix: Path, name: str, directory: Path) -> None:
        super().__init__(
            f"Files of {name} are gone or were changed in {directory}, from where it would be linked; {prefix} was not "
            "changed",
            hint="Delete that folder and repeat the command: conda then unpacks the wheel anew.",
        )
        self.prefix = str(prefix)
        self.name = name
        self.directory = str(directory)
