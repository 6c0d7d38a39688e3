"""Providers whose lists conda has no virtual package for: one of ours carries each list.

The name is ``__variant_{namespace}_{feature}``, the version 1, the build the supported values in the provider's order,
joined with ``+``: CEP 26 allows it in a build string, and PEP 825 has no ``+`` in a value.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from types import MappingProxyType

from wheelbridge.model.target import Target
from wheelbridge.model.variant import NamespaceSupport
from wheelbridge.translate.providers.known import absent, found, one_of


@dataclass(frozen=True, slots=True)
class ListedProvider:
    """A provider that is known by the features it lists.

    Attributes:
        features: in the provider's order.
        device: what the features are of, for people.
    """

    namespace: str
    features: tuple[str, ...]
    device: str

    def find_support(self, target: Target) -> NamespaceSupport:
        """Read the lists of the features that the target has a virtual package for."""
        return find_listed(self.namespace, self.features, self.device, target)

    def require(self, feature: str, values: Collection[str], target: Target) -> str | None:  # noqa: ARG002 -- the same for all
        """Require one of *values* to be in the list."""
        return require_listed(self.namespace, feature, values) if feature in self.features else None

    def explain(self, feature: str, values: Collection[str], target: Target) -> str:
        """Say which values would do, then which the target has."""
        present = ", ".join(_read_values(target, self.namespace, feature)) or "none"
        return f"needs {feature} to be {one_of(values)}; this target has {present}"


def package_name(namespace: str, feature: str) -> str:
    """Name the virtual package that carries the list of a feature.

    >>> package_name("amd", "gfx_arch")
    '__variant_amd_gfx_arch'
    """
    return f"__variant_{namespace}_{feature}"


def find_listed(namespace: str, features: Iterable[str], device: str, target: Target) -> NamespaceSupport:
    """Read the lists of *features*; *device* names what they are of, should there be none."""
    names = tuple(features)
    lists = {feature: _read_values(target, namespace, feature) for feature in names}
    supported = {feature: values for feature, values in lists.items() if values}
    if not supported:
        return absent(namespace, f"there is no {device} (no {package_name(namespace, names[0])})")
    read_from = ", ".join(f"{package_name(namespace, name)} {'+'.join(values)}" for name, values in supported.items())
    return found(namespace, MappingProxyType(supported), read_from)


def require_listed(namespace: str, feature: str, values: Collection[str]) -> str | None:
    """Require one of *values* to be in the list of a feature.

    >>> require_listed("amd", "rocm_version", ["7.1", "7.0"])
    '__variant_amd_rocm_version[build="^(.*[+])?(7[.]0|7[.]1)([+].*)?$"]'
    """
    alternatives = "|".join(value.replace(".", "[.]") for value in sorted(set(values)))
    return f'{package_name(namespace, feature)}[build="^(.*[+])?({alternatives})([+].*)?$"]' if alternatives else None


def _read_values(target: Target, namespace: str, feature: str) -> tuple[str, ...]:
    package = target.virtual_package(package_name(namespace, feature))
    return tuple(dict.fromkeys(filter(None, package.build.split("+")))) if package else ()
