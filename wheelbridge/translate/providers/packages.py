"""Which rules each provider's package goes by: written from ``mappings/variants/providers.yaml``, never edited."""

from collections.abc import Mapping
from types import MappingProxyType

PACKAGES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "aarch64-variant-provider": {
            "aarch64_variant_provider.plugin:AArch64Plugin": "aarch64",
            "provider_variant_aarch64.plugin:AArch64Plugin": "aarch64",
        },
        "amd-variant-provider": {
            "amd_variant_provider.plugin:AMDVariantPlugin": "amd",
        },
        "ascend-variant-provider": {
            "ascend_variant_provider.plugin:AscendVariantPlugin": "ascend",
        },
        "huawei-ascend-variant-provider": {
            "huawei_ascend_variant_provider.plugin:AscendVariantPlugin": "ascend",
        },
        "intel-variant-provider": {
            "intel_variant_provider.plugin:IntelVariantPlugin": "intel",
        },
        "nvidia-variant-provider": {
            "nvidia_variant_provider.plugin:NvidiaVariantPlugin": "nvidia",
        },
        "provider-variant-aarch64": {
            "provider_variant_aarch64.plugin:AArch64Plugin": "aarch64",
        },
        "provider-variant-x86-64": {
            "provider_variant_x86_64.plugin:X8664Plugin": "x86_64",
        },
        "provider-variant-xpu": {
            "intel_variant_provider.plugin:IntelVariantPlugin": "intel",
            "provider_variant_xpu.plugin:XpuVariantPlugin": "intel",
        },
        "x86-64-variant-provider": {
            "x86_64_variant_provider.plugin:X8664Plugin": "x86_64",
            "provider_variant_x86_64.plugin:X8664Plugin": "x86_64",
        },
    }
)
"""Package -> plugin-api -> name of the rules; a package under its later and its earlier name."""
