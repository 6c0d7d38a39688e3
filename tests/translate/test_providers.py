"""Providers: who governs a namespace, and that what is listed is what is required, by rattler's matching."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import hypothesis.strategies as st
import pytest
from archspec.cpu import TARGETS
from hypothesis import example, given, settings

from tests.providers import NVIDIA_API, machine, meets, plugin, supports
from wheelbridge.model.target import Target
from wheelbridge.translate.providers import (
    KNOWN_NAMESPACES,
    UNSUPPORTED,
    find_support,
    known_support,
    require_feature,
)

LINUX = machine(cuda="12.8", cuda_arch="9.0", variant_tpu_cores="8", variant_nvidia_cores="8")


class TestWhoGoverns:
    """PEP 9999: a namespace means what its provider in this release says; the user's own lists come before it."""

    @pytest.mark.parametrize(
        ("namespace", "changes"),
        [
            ("nvidia", {}),
            ("gpu", {"requires": ("NVIDIA_variant.provider",), "plugin_api": NVIDIA_API}),
            ("gpu", {"requires": ("helper", "nvidia-variant-provider"), "plugin_api": NVIDIA_API}),
            (
                "gpu",
                {
                    "requires": ("nvidia-variant-provider>=1; sys_platform == 'linux'",),
                    "plugin_api": NVIDIA_API,
                },
            ),
        ],
    )
    def test_the_package_makes_a_provider_known(self, namespace: str, changes: Mapping[str, Any]) -> None:
        """Under any namespace, however the requirement is written."""
        provider = plugin(namespace, **changes)
        support = find_support(provider, LINUX)

        assert support.namespace == namespace
        assert support.features["sm_arch"] == ("90_real", "90_virtual")
        assert require_feature(provider, "sm_arch", ["90_real"], LINUX) == ('__cuda_arch[version=">=9.0,<10"]',)

    @pytest.mark.parametrize(
        ("namespace", "changes", "words"),
        [
            ("nvidia", {"requires": ("other-provider",)}, "its provider is not known: other-provider"),
            ("nvidia", {"requires": ()}, "the release names none"),
            ("nvidia", {"kind": "none"}, "its provider is not known"),
            ("nvidia", {"kind": "static"}, "the release lists no values"),
            ("nvidia", {"plugin_api": None}, f"with the plugin-api {NVIDIA_API}, not with none"),
            ("nvidia", {"plugin_api": "a.b:C"}, f"with the plugin-api {NVIDIA_API}, not with a.b:C"),
            (
                "nvidia",
                {"requires": ("nvidia-variant-provider @ https://example.com/a.whl",)},
                "its provider is not known",
            ),
            ("nvidia", {"requires": ("nvidia-variant-provider; os_name == 'nt'",)}, "its provider is not known"),
            ("nvidia", {"requires": ("nvidia-variant-provider; python_version > '3.9'",)}, "its provider is not known"),
            ("nvidia", {"requires": ("nvidia-variant-provider; platform_version > '3'",)}, "its provider is not known"),
            ("nvidia", {"requires": ("nvidia variant provider",)}, "its provider is not known"),
            ("tpu", {"kind": "static", "requires": ()}, "the release lists no values"),
            ("tpu", {"requires": ("nvidia-variant-provider",), "plugin_api": "a.b:C"}, "not with a.b:C"),
            ("npu", {}, "--virtual-package __variant_npu_FEATURE=VALUE+VALUE"),
        ],
    )
    def test_others_are_unsupported(self, namespace: str, changes: Mapping[str, Any], words: str) -> None:
        """Whatever the namespace is called, and though the target has lists of that name."""
        provider = plugin(namespace, **changes)
        support = find_support(provider, LINUX)

        assert support.features == {}
        assert words in support.missing
        if namespace != "npu":
            assert require_feature(provider, "cores", ["8"], LINUX) == (UNSUPPORTED,)

    @pytest.mark.parametrize(
        ("requirement", "api", "namespace", "target"),
        [
            (
                "x86-64-variant-provider",
                "x86_64_variant_provider.plugin:X8664Plugin",
                "x86_64",
                machine(archspec="zen"),
            ),
            (
                "x86-64-variant-provider",
                "provider_variant_x86_64.plugin:X8664Plugin",
                "x86_64",
                machine(archspec="zen"),
            ),
            (
                "aarch64-variant-provider",
                "aarch64_variant_provider.plugin:AArch64Plugin",
                "aarch64",
                machine("osx-arm64", archspec="m1"),
            ),
            (
                "provider-variant-xpu",
                "intel_variant_provider.plugin:IntelVariantPlugin",
                "intel",
                machine(variant_intel_device_ip="20.1.0"),
            ),
            (
                "provider_variant_xpu",
                "provider_variant_xpu.plugin:XpuVariantPlugin",
                "xpu",
                machine(variant_intel_device_ip="20.1.0"),
            ),
            (
                "ascend-variant-provider",
                "ascend_variant_provider.plugin:AscendVariantPlugin",
                "ascend",
                machine(variant_ascend_npu_type="910b"),
            ),
        ],
    )
    def test_other_names_of_known_packages(self, requirement: str, api: str, namespace: str, target: Target) -> None:
        """Each with its own plugin."""
        provider = plugin(namespace, requires=(requirement,), plugin_api=api)

        assert find_support(provider, target).features

    def test_the_user_decides(self) -> None:
        """Their lists as they are, before everything else; they cannot be required of another machine."""
        given_lists = {"nvidia": {"sm_arch": ("90_real", "120_real"), "mood": ("good",)}}
        target = Target(subdir="linux-64", virtual_packages=LINUX.virtual_packages, variants=given_lists)
        provider = plugin("nvidia", optional=True, enable_if="os_name == 'nt'", feature_order=("mood",))
        support = find_support(provider, target)

        assert list(support.features.items()) == list(given_lists["nvidia"].items())
        assert (support.read_from, support.derived, support.missing) == ("given", False, "")
        assert require_feature(provider, "sm_arch", ["90_real"], target) == ()

    def test_the_user_may_take_everything_away(self) -> None:
        """No lists at all are a word, too."""
        support = find_support(plugin("nvidia"), Target(subdir="linux-64", variants={"nvidia": {}}))

        assert (support.features, support.missing) == ({}, "the target is described as supporting nothing of it")

    @pytest.mark.parametrize(("enabled", "expected"), [((), False), (("amd",), False), (("nvidia",), True)])
    def test_optional(self, enabled: tuple[str, ...], expected: bool) -> None:
        """PEP 9999: it counts only where the user enables it."""
        support = find_support(plugin("nvidia", optional=True), LINUX, enabled=enabled)

        assert bool(support.features) is expected
        assert support.missing == ("" if expected else "it is optional; --variant-enable nvidia uses it")

    @pytest.mark.parametrize(
        ("subdir", "marker", "missing"),
        [
            ("linux-64", "platform_system == 'Linux'", ""),
            ("win-64", "platform_system == 'Linux' or platform_system == 'Windows'", ""),
            ("win-64", "platform_system == 'Linux'", "for other targets only: platform_system == 'Linux'"),
            ("linux-aarch64", "platform_machine == 'x86_64'", "for other targets only"),
            ("linux-64", "python_version < '3.12'", "depends on the python that is installed: python_version < '3.12'"),
            ("linux-64", "platform_release > '5'", "cannot be told"),
            ("linux-64", "Linux", "cannot be told"),
        ],
    )
    def test_enable_if(self, subdir: str, marker: str, missing: str) -> None:
        """Evaluated for the target; what cannot be told is not supported."""
        support = find_support(plugin("nvidia", enable_if=marker), machine(subdir, cuda="12.8"))

        assert bool(support.features) is not bool(missing)
        assert missing in support.missing

    def test_the_release_lists_the_values(self) -> None:
        """In its order, the features and values that it puts first before the rest; true everywhere."""
        provider = plugin(
            "blas_lapack",
            kind="static",
            static={"library": ("openblas", "mkl", "blis"), "threads": ("openmp",)},
            feature_order=("absent", "threads"),
            value_order={"library": ("blis", "atlas", "mkl")},
        )
        support = find_support(provider, machine())

        assert list(support.features.items()) == [("threads", ("openmp",)), ("library", ("blis", "mkl", "openblas"))]
        assert (support.read_from, support.derived) == ("the release's own list", False)
        assert require_feature(provider, "library", ["mkl", "atlas"], machine()) == ()
        assert require_feature(provider, "library", ["atlas"], machine()) == (UNSUPPORTED,)

    def test_the_release_orders_a_plugins_values(self) -> None:
        """Listed first, the rest after; what the machine does not support is not added."""
        provider = plugin(
            "nvidia", feature_order=("sm_arch", "absent"), value_order={"sm_arch": ("80_real", "90_real", "90_virtual")}
        )
        support = find_support(provider, machine(cuda="12.8", cuda_arch="9.1"))

        assert list(support.features) == ["sm_arch", "cuda_version_lower_bound", "cuda_version_upper_bound"]
        assert support.features["sm_arch"] == ("90_real", "90_virtual", "91_real")

    def test_known_support(self) -> None:
        """What the known providers would list, and what is given; what is given beats it."""
        packages = machine("linux-aarch64", archspec="neoverse_n1", cuda="12.8", variant_tpu_cores="8").virtual_packages
        given_lists = {"nvidia": {"sm_arch": ("75_real",)}, "npu": {"cores": ("8",)}}
        support = known_support(Target(subdir="linux-aarch64", virtual_packages=packages, variants=given_lists))

        assert list(support) == ["nvidia", "aarch64", "npu"]
        assert [known.read_from for known in support.values()] == ["given", "__archspec neoverse_n1", "given"]
        assert KNOWN_NAMESPACES == ("nvidia", "x86_64", "aarch64", "amd", "intel", "ascend")


MINORS = [f"{major}.{minor}" for major in range(11, 16) for minor in (0, 1, 8, 9, 10, 20)]
BOUNDS = st.sampled_from([*MINORS, "11", "12", "13", "15", "10.2", "16", "12.21", "12.8.1", "12.08", "a"])
MAJORS = st.sampled_from([4, 5, 7, 8, 9, 12, 13])
KINDS = st.sampled_from([f"{minor}_{kind}" for minor in ("0", "1", "6", "9", "0a") for kind in ("real", "virtual")])
ARCHITECTURES = st.builds("{}{}".format, MAJORS, KINDS)
CAPABILITIES = st.builds("{}.{}".format, MAJORS, st.integers(0, 9))


class TestBothDirections:
    """PEP 825: a variant is compatible if each of its features is, a feature if one of its values is."""

    @settings(max_examples=1000, deadline=None)
    @given(
        driver=st.sampled_from([*MINORS, "12.8.1", "14"]),
        gpus=st.lists(CAPABILITIES, max_size=4),
        feature=st.sampled_from(["cuda_version_lower_bound", "cuda_version_upper_bound", "sm_arch"]),
        bounds=st.lists(BOUNDS, max_size=4),
        architectures=st.lists(ARCHITECTURES, max_size=5),
    )
    @example(driver="12.8", gpus=["8.6", "8.0", "7.5"], feature="sm_arch", bounds=[], architectures=["86_real"])
    def test_nvidia(
        self, driver: str, gpus: list[str], feature: str, bounds: list[str], architectures: list[str]
    ) -> None:
        """Rattler accepts the machines whose lists have one of the values, with any number of GPUs in any order."""
        facts = {"cuda_arch": gpus[0]} if len(gpus) == 1 else {"variant_nvidia_compute_capability": "+".join(gpus)}
        target = machine(cuda=driver, **(facts if gpus else {}))
        values = architectures if feature == "sm_arch" else bounds
        listed = supports(find_support(plugin("nvidia"), target), feature, values)

        assert meets(target, require_feature(plugin("nvidia"), feature, values, target)) is listed

    @settings(max_examples=300, deadline=None)
    @given(
        present=st.lists(st.from_regex(r"[ab.]{1,4}", fullmatch=True), min_size=1, max_size=4),
        values=st.lists(st.from_regex(r"[ab.]{1,4}", fullmatch=True), max_size=4),
        namespace=st.sampled_from(["amd", "tpu"]),
    )
    def test_lists(self, present: list[str], values: list[str], namespace: str) -> None:
        """Whole values are found wherever they stand, parts of values never."""
        target = machine(**{f"variant_{namespace}_gfx_arch": "+".join(present)})
        provider = plugin(namespace)

        assert find_support(provider, target).features == {"gfx_arch": tuple(dict.fromkeys(present))}
        assert meets(target, require_feature(provider, "gfx_arch", values, target)) is not set(values).isdisjoint(
            present
        )

    @pytest.mark.parametrize(("subdir", "namespace"), [("linux-64", "x86_64"), ("linux-aarch64", "aarch64")])
    def test_cpus(self, subdir: str, namespace: str) -> None:
        """For every name of the family and every feature that a CPU of it has."""
        provider = plugin(namespace)
        targets = [machine(subdir, archspec=name) for name, cpu in TARGETS.items() if str(cpu.family) == namespace]
        supported = [(target, find_support(provider, target)) for target in targets]
        properties = {(f, v) for _, support in supported for f, values in support.features.items() for v in values}
        disagreements = [
            (target, feature, value)
            for (target, support), (feature, value) in product(supported, sorted(properties))
            if meets(target, require_feature(provider, feature, [value], target)) != supports(support, feature, [value])
        ]

        assert len(properties) > 40
        assert disagreements == []
