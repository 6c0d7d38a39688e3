"""Providers and machines to translate in tests, and rattler's word on what a machine meets."""

from collections.abc import Iterable
from typing import Any

from rattler import MatchSpec, PackageRecord
from rattler.package import BuildString

from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.model.variant import NamespaceSupport, ProviderKind, VariantProvider

GPU_LIST = "__variant_nvidia_compute_capability"
NVIDIA_API = "nvidia_variant_provider.plugin:NvidiaVariantPlugin"

PLUGINS = {
    "nvidia": ("nvidia-variant-provider>=0.0.2,<1.0.0", NVIDIA_API),
    "x86_64": ("provider-variant-x86-64>=0.0.1", "provider_variant_x86_64.plugin:X8664Plugin"),
    "aarch64": ("provider-variant-aarch64>=0.0.1", "provider_variant_aarch64.plugin:AArch64Plugin"),
    "amd": ("amd-variant-provider>=0.0.2", "amd_variant_provider.plugin:AMDVariantPlugin"),
    "intel": ("intel-variant-provider>=0.0.3", "intel_variant_provider.plugin:IntelVariantPlugin"),
    "ascend": ("huawei-ascend-variant-provider", "huawei_ascend_variant_provider.plugin:AscendVariantPlugin"),
}


def plugin(namespace: str, **changes: Any) -> VariantProvider:
    """Make the usual provider of a known namespace, or what *changes* make of it."""
    requirement, api = PLUGINS.get(namespace, (f"{namespace}-provider", f"{namespace}.plugin:Plugin"))
    kind: ProviderKind = "plugin"
    return VariantProvider(
        **{"namespace": namespace, "kind": kind, "requires": (requirement,), "plugin_api": api, **changes}
    )


def machine(subdir: str = "linux-64", /, **packages: str) -> Target:
    """Describe a machine: names of virtual packages without ``__``, each with a version or, for lists, a build."""
    listed = {"archspec"} | {name for name in packages if name.startswith("variant_")}
    return Target(
        subdir=subdir,
        virtual_packages=tuple(
            sorted(
                VirtualPackage(f"__{name}", "1", text) if name in listed else VirtualPackage(f"__{name}", text)
                for name, text in packages.items()
            )
        ),
    )


def supports(support: NamespaceSupport, feature: str, values: Iterable[str]) -> bool:
    """PEP 825: one of the values of a feature is enough."""
    return not set(values).isdisjoint(support.features.get(feature, ()))


def meets(target: Target, specs: Iterable[str]) -> bool:
    """Tell, by rattler's matching, whether the target has what every spec wants."""
    records = [
        PackageRecord(package.name, package.version, BuildString(package.build), 0, "noarch")
        for package in target.virtual_packages
    ]
    return all(any(MatchSpec(spec, strict=True).matches(record) for record in records) for spec in specs)
