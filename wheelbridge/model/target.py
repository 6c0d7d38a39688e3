"""The target: the machine an environment is for, described and never asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from wheelbridge.errors import WheelbridgeError

GIVEN = "given"
"""Where supported variant properties come from that the user listed."""
GPU_LIST = "__variant_nvidia_compute_capability"
"""The compute capabilities of a machine with different GPUs, in its build: CEP 46's ``__cuda_arch`` has the lowest
alone, NVIDIA's variant provider takes the highest."""


class InvalidTargetError(WheelbridgeError):
    """The description of a target cannot be read."""

    code = "invalid-target"


@dataclass(frozen=True, slots=True, order=True)
class VirtualPackage:
    """A virtual package (CEP 30): a fact of the system as a conda package."""

    name: str
    version: str
    build: str = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The machine an environment is for: drives tags, markers, variants and the solver alike.

    The interpreter is CPython; wheels for others are refused.

    Attributes:
        subdir: the conda subdir, such as ``linux-64``.
        virtual_packages: sorted by name, at most one of each name.
        variants: namespace -> feature -> supported values, best first (PEP 825).
    """

    subdir: str
    virtual_packages: tuple[VirtualPackage, ...] = ()
    variants: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def virtual_package(self, name: str) -> VirtualPackage | None:
        """Return the virtual package called *name*, or None where the target has none."""
        return next((package for package in self.virtual_packages if package.name == name), None)

    def override(self, packages: Iterable[VirtualPackage]) -> Self:
        """Return this target with *packages* put in place of those of the same name."""
        merged = {package.name: package for package in (*self.virtual_packages, *packages)}
        return type(self)(subdir=self.subdir, virtual_packages=tuple(sorted(merged.values())), variants=self.variants)

    def as_json(self) -> dict[str, object]:
        """Return the target as JSON has it.

        >>> Target(subdir="linux-64", virtual_packages=(VirtualPackage("__glibc", "2.36"),)).as_json()
        {'subdir': 'linux-64', 'virtual_packages': {'__glibc': ['2.36', '0']}, 'variants': {}}
        """
        return {
            "subdir": self.subdir,
            "virtual_packages": {package.name: [package.version, package.build] for package in self.virtual_packages},
            "variants": {
                name: {key: list(values) for key, values in features.items()}
                for name, features in self.variants.items()
            },
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read what `as_json` writes, or ``wheelbridge target --json``.

        Where ``variants_from`` says that lists follow from virtual packages, they are not read: they follow anew.

        Raises:
            InvalidTargetError: if *data* has another form; the message names the place.
        """
        if not isinstance(data, dict) or not isinstance(data.get("subdir"), str):
            raise InvalidTargetError("A target is a JSON object with a text 'subdir'")
        return cls(
            subdir=data["subdir"],
            virtual_packages=tuple(sorted(_read_packages(data.get("virtual_packages", {})))),
            variants=_leave_out(_read_variants(data.get("variants", {})), data.get("variants_from")),
        )


def _read_packages(data: object) -> Iterable[VirtualPackage]:
    if not isinstance(data, dict):
        raise InvalidTargetError("virtual_packages: expected an object of name -> [version, build]")
    for name, value in data.items():
        fields = [value] if isinstance(value, str) else value
        match fields:
            case [str(version)]:
                yield VirtualPackage(name, version)
            case [str(version), str(build)]:
                yield VirtualPackage(name, version, build)
            case _:
                raise InvalidTargetError(f"virtual_packages.{name}: expected [version, build], got {value!r}")


def _read_variants(data: object) -> dict[str, dict[str, tuple[str, ...]]]:
    try:
        return {
            name: {feature: _read_values(values) for feature, values in _items(features)}
            for name, features in _items(data)
        }
    except TypeError as error:
        raise InvalidTargetError(f"variants: expected namespace -> feature -> [value], got {data!r}") from error


def _leave_out(
    variants: dict[str, dict[str, tuple[str, ...]]], origins: object
) -> dict[str, dict[str, tuple[str, ...]]]:
    derived = {name for name, origin in origins.items() if origin != GIVEN} if isinstance(origins, dict) else set()
    return {name: features for name, features in variants.items() if name not in derived}


def _items(data: object) -> Iterable[tuple[str, object]]:
    if not isinstance(data, dict):
        raise TypeError
    return data.items()


def _read_values(data: object) -> tuple[str, ...]:
    if not isinstance(data, list) or not all(isinstance(value, str) for value in data):
        raise TypeError
    return tuple(data)
