"""Asking the field's own libraries the question that a translation answers."""

from collections.abc import Iterable

from packaging.markers import Marker
from rattler import MatchSpec, PackageRecord
from rattler.package import BuildString

from wheelbridge.translate.markers import Condition

ENVIRONMENTS = {
    "linux-64": {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
    },
    "osx-arm64": {
        "os_name": "posix",
        "sys_platform": "darwin",
        "platform_system": "Darwin",
        "platform_machine": "arm64",
    },
    "win-64": {
        "os_name": "nt",
        "sys_platform": "win32",
        "platform_system": "Windows",
        "platform_machine": "AMD64",
    },
}
PYTHONS = ("3.9.0", "3.10.4", "3.11.0rc1", "3.11.9", "3.12.1", "3.13.0", "3.14.0a2", "3.14.2")


def evaluate(marker: Marker, subdir: str, python: str, extra: str = "") -> bool:
    """Evaluate a marker as `packaging` does, for CPython *python* on *subdir*."""
    minor = ".".join(python.split(".")[:2])
    environment = {
        **ENVIRONMENTS[subdir],
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "implementation_version": python,
        "python_full_version": python,
        "python_version": minor,
        "platform_release": "",
        "platform_version": "",
        "extra": extra,
    }
    return marker.evaluate(environment)


def python_record(version: str, build: str = "h0_0_cpython") -> PackageRecord:
    """Make the record of a conda package of CPython."""
    return PackageRecord("python", version, BuildString(build), 0, "linux-64")


def holds(condition: Condition, python: PackageRecord) -> bool:
    """Tell, by rattler's matching, whether a condition holds with this python."""
    if condition.value is not None:
        return condition.value
    return matches_any((condition.when or "").split(" or "), python)


def matches_any(specs: Iterable[str], record: PackageRecord) -> bool:
    """Tell whether one of the MatchSpecs matches."""
    return any(MatchSpec(spec, strict=True).matches(record) for spec in specs)
