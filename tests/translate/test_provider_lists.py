"""Known providers, one by one: the lists that follow from virtual packages, the specs that follow from properties."""

import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from subprocess import run

import pytest

from tests.providers import NVIDIA_API, machine, plugin
from wheelbridge.model.variant import VariantProvider
from wheelbridge.translate.providers import UNSUPPORTED, find_support, require_feature


def ends(values: Collection[str]) -> tuple[str, ...]:
    """Return the first two values and the last two."""
    return (*list(values)[:2], *list(values)[-2:])


class TestNvidia:
    """``nvidia-variant-provider``: the driver's bounds first, then the architectures of the highest GPU."""

    @pytest.mark.parametrize(
        ("driver", "lower", "upper"),
        [
            ("12.8", ("12.8", "12.7", "11.0", "11"), ("15.20", "15.19", "12.10", "12.9")),
            ("12.0", ("12.0", "12", "11.0", "11"), ("15.20", "15.19", "12.2", "12.1")),
            ("12", ("12.0", "12", "11.0", "11"), ("15.20", "15.19", "12.2", "12.1")),
            ("12.8.1", ("12.8", "12.7", "11.0", "11"), ("15.20", "15.19", "12.10", "12.9")),
            ("11.0", ("11.0", "11", "11.0", "11"), ("15.20", "15.19", "11.2", "11.1")),
            ("12.20", ("12.20", "12.19", "11.0", "11"), ("15.20", "15.19", "13.0", "13")),
            ("12.25", ("12.20", "12.19", "11.0", "11"), ("15.20", "15.19", "13.0", "13")),
            ("15.20", ("15.20", "15.19", "11.0", "11"), ()),
        ],
    )
    def test_bounds(self, driver: str, lower: tuple[str, ...], upper: tuple[str, ...]) -> None:
        """Lower ones from the driver's version downwards, upper ones from 15.20 to above it; ``12`` follows 12.0."""
        features = find_support(plugin("nvidia"), machine(cuda=driver)).features

        assert ends(features["cuda_version_lower_bound"]) == lower
        assert ends(features.get("cuda_version_upper_bound", ())) == upper

    def test_the_shorter_spelling_follows_the_longer(self) -> None:
        """In both lists."""
        features = find_support(plugin("nvidia"), machine(cuda="12.1")).features

        assert features["cuda_version_lower_bound"][:4] == ("12.1", "12.0", "12", "11.20")
        assert features["cuda_version_upper_bound"][20:23] == ("15.0", "15", "14.20")

    @pytest.mark.parametrize(
        ("facts", "expected"),
        [
            ({"cuda_arch": "8.6"}, "86_real 85_real 84_real 83_real 82_real 81_real 80_real 80_virtual"),
            ({"cuda_arch": "12.1"}, "121_real 120_real 120_virtual"),
            ({"cuda_arch": "9"}, "90_real 90_virtual"),
            ({"cuda_arch": "5.0"}, "50_real 50_virtual"),
            ({"cuda_arch": "4.9"}, ""),
            ({}, ""),
            ({"variant_nvidia_compute_capability": "7.5+9.0"}, "90_real 90_virtual"),
            ({"variant_nvidia_compute_capability": "12.0+9.0", "cuda_arch": "9.0"}, "120_real 120_virtual"),
            ({"variant_nvidia_compute_capability": "9.0+new", "cuda_arch": "9.0"}, ""),
        ],
        ids=str,
    )
    def test_architectures(self, facts: Mapping[str, str], expected: str) -> None:
        """The same major version; the list of different GPUs beats ``__cuda_arch``; none before 5.0."""
        support = find_support(plugin("nvidia"), machine(cuda="12.8", **facts))

        assert " ".join(support.features.get("sm_arch", ())) == expected

    @pytest.mark.parametrize(
        ("facts", "words"),
        [
            ({"cuda_arch": "9.0"}, "no __cuda"),
            ({"cuda": "10.2", "cuda_arch": "9.0"}, "11.0 to 15.20, this target has 10.2"),
            ({"cuda": "16.0", "cuda_arch": "9.0"}, "this target has 16.0"),
            ({"cuda": "15.21"}, "this target has 15.21"),
            ({"cuda": "new"}, "this target has new"),
        ],
        ids=str,
    )
    def test_nothing(self, facts: Mapping[str, str], words: str) -> None:
        """Without a driver, or with one that the provider does not know."""
        support = find_support(plugin("nvidia"), machine(**facts))

        assert support.features == {}
        assert not support.derived
        assert words in support.missing

    @pytest.mark.parametrize(
        ("feature", "values", "expected"),
        [
            ("cuda_version_lower_bound", "12.8", '__cuda[version=">=12.8"]'),
            ("cuda_version_lower_bound", "13.0 12.8", '__cuda[version=">=12.8"]'),
            ("cuda_version_lower_bound", "12.10 12.9", '__cuda[version=">=12.9"]'),
            ("cuda_version_lower_bound", "12.0 12", '__cuda[version=">=12"]'),
            ("cuda_version_lower_bound", "11.21 12", '__cuda[version=">=12"]'),
            ("cuda_version_lower_bound", "16", UNSUPPORTED),
            ("cuda_version_lower_bound", "12.7.1", UNSUPPORTED),
            ("cuda_version_lower_bound", "012", UNSUPPORTED),
            ("cuda_version_upper_bound", "13 12.8", '__cuda[version="<13"]'),
            ("cuda_version_upper_bound", "11.1 11", '__cuda[version="<11.1"]'),
            ("cuda_version_upper_bound", "11 11.0", UNSUPPORTED),
            ("sm_arch", "75_real", '__cuda_arch[version=">=7.5,<8"]'),
            ("sm_arch", "75_real 80_virtual", '__cuda_arch[version=">=7.5,<8|>=8.0,<9"]'),
            ("sm_arch", "86_real 80_real 100f_real", '__cuda_arch[version=">=8.0,<9"]'),
            ("sm_arch", "100_real 90_real", '__cuda_arch[version=">=9.0,<10|>=10.0,<11"]'),
            ("sm_arch", "86_virtual", UNSUPPORTED),
            ("sm_arch", "90a_real 100f_real", UNSUPPORTED),
            ("sm_arch", "37_real", UNSUPPORTED),
            ("sm_arch", "9999999990_real", UNSUPPORTED),
            ("sm_arch", "", UNSUPPORTED),
            ("sm", "80_real", UNSUPPORTED),
        ],
    )
    def test_requirements(self, feature: str, values: str, expected: str) -> None:
        """The weakest of the bounds; the union of the intervals; what is never listed is left out."""
        assert require_feature(plugin("nvidia"), feature, values.split(), machine()) == (expected,)


class TestCpu:
    """The CPU providers decide by the microarchitecture that ``__archspec`` names."""

    @pytest.mark.parametrize(
        ("subdir", "namespace", "name", "ladder"),
        [
            ("linux-64", "x86_64", "zen4", ("v4", "v3", "v2", "v1")),
            ("osx-64", "x86_64", "haswell", ("v3", "v2", "v1")),
            ("win-64", "x86_64", "mic_knl", ("v3", "v2", "v1")),
            ("linux-64", "x86_64", "x86_64_v2", ("v2", "v1")),
            ("linux-aarch64", "aarch64", "neoverse_n1", ("8.2a", "8.1a", "8a")),
            ("linux-aarch64", "aarch64", "neoverse_v2", ("9.0a", "8.5a", "8.4a", "8.3a", "8.2a", "8.1a", "8a")),
            ("linux-aarch64", "aarch64", "armv9.2a", ("9.0a", "8.5a", "8.4a", "8.3a", "8.2a", "8.1a", "8a")),
            ("osx-arm64", "aarch64", "m3", ("8.6a", "8.5a", "8.4a", "8.3a", "8.2a", "8.1a", "8a")),
            ("win-arm64", "aarch64", "aarch64", ("8a",)),
        ],
    )
    def test_ladders(self, subdir: str, namespace: str, name: str, ladder: tuple[str, ...]) -> None:
        """The first feature: levels from the CPU's own, versions of at most 9.0a."""
        support = find_support(plugin(namespace), machine(subdir, archspec=name))
        feature = next(iter(support.features))

        assert (feature, support.features[feature]) == ("level" if namespace == "x86_64" else "version", ladder)
        assert (support.read_from, support.derived) == (f"__archspec {name}", True)

    def test_flags(self) -> None:
        """In the provider's order, the newest first, each ``on``."""
        features = find_support(plugin("x86_64"), machine(archspec="haswell")).features

        assert list(features)[:8] == ["level", "avx2", "avx", "bmi2", "bmi1", "abm", "f16c", "fma"]
        assert {values for feature, values in features.items() if feature != "level"} == {("on",)}

    @pytest.mark.parametrize("name", ["x86_64", "nocona", "core2", "k10"])
    def test_the_oldest_get_nothing(self, name: str) -> None:
        """As the provider has it, though they are of level 1."""
        support = find_support(plugin("x86_64"), machine(archspec=name))

        assert (support.features, support.missing) == ({}, f"its provider lists nothing for {name}")

    @pytest.mark.parametrize(
        ("subdir", "namespace", "facts", "words"),
        [
            ("linux-aarch64", "x86_64", {"archspec": "zen4"}, "linux-aarch64 is no x86_64 platform"),
            ("linux-64", "aarch64", {"archspec": "m1"}, "linux-64 is no aarch64 platform"),
            ("linux-64", "x86_64", {}, "no __archspec"),
            ("linux-64", "x86_64", {"archspec": "m1"}, "m1 is no x86_64 CPU"),
            ("linux-aarch64", "aarch64", {"archspec": "zen4"}, "zen4 is no aarch64 CPU"),
            ("linux-64", "x86_64", {"archspec": "zen99"}, "no CPU called zen99 is known to archspec "),
        ],
    )
    def test_nothing(self, subdir: str, namespace: str, facts: Mapping[str, str], words: str) -> None:
        """On another platform, with no name, with another's or an unknown one."""
        support = find_support(plugin(namespace), machine(subdir, **facts))

        assert support.features == {}
        assert words in support.missing

    @pytest.mark.parametrize(
        ("namespace", "feature", "values", "names"),
        [
            ("x86_64", "avx512_bf16", ["on"], "sapphirerapids zen4 zen5 zen6"),
            ("x86_64", "level", ["v4", "v9"], None),
            ("aarch64", "version", ["8.6a"], "ampere1 ampere1a armv8.6a m3 m4"),
            ("aarch64", "sve2", ["off", "on"], "neoverse_n2 neoverse_v2 neoverse_v3ae olympus"),
        ],
    )
    def test_requirements(self, namespace: str, feature: str, values: list[str], names: str | None) -> None:
        """A set of names, sorted; what archspec adds later may only make it larger."""
        (spec,) = require_feature(plugin(namespace), feature, values, machine())
        listed = spec.removeprefix('__archspec[build="^(').removesuffix(')$"]').split("|")

        assert listed == sorted(listed)
        assert set(names.split() if names else ["skylake_avx512", "zen4"]) <= set(listed)
        assert "haswell" not in listed

    @pytest.mark.parametrize(
        ("namespace", "feature", "value"),
        [
            ("x86_64", "avx2", "off"),
            ("x86_64", "level", "v5"),
            ("x86_64", "sve", "on"),
            ("x86_64", "cppc", "on"),
            ("aarch64", "version", "9.2a"),
            ("aarch64", "version", "7a"),
        ],
    )
    def test_what_no_machine_has(self, namespace: str, feature: str, value: str) -> None:
        """No name is left."""
        assert require_feature(plugin(namespace), feature, [value], machine()) == (UNSUPPORTED,)

    def test_archspec_is_read_when_it_is_needed(self) -> None:
        """Not with the module, nor for another namespace: it takes longer than the rest together."""
        code = (
            "import sys, wheelbridge.translate.providers as p\n"
            "from wheelbridge.model.target import Target\n"
            "from wheelbridge.model.variant import VariantProvider\n"
            f"nvidia = VariantProvider(namespace='n', kind='plugin', requires=('nvidia-variant-provider',), "
            f"plugin_api={NVIDIA_API!r})\n"
            "p.find_support(nvidia, Target(subdir='linux-64'))\n"
            "print('archspec' in sys.modules)"
        )
        root = Path(__file__).parents[2]

        assert (
            run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True).stdout == "False\n"
        )


class TestLists:
    """What conda has no virtual package for is read from ``__variant_{namespace}_{feature}``."""

    @pytest.mark.parametrize(
        ("namespace", "facts", "expected"),
        [
            (
                "amd",
                {"variant_amd_rocm_version": "7.0", "variant_amd_gfx_arch": "gfx1100+gfx942"},
                {"gfx_arch": ("gfx1100", "gfx942"), "rocm_version": ("7.0",)},
            ),
            ("intel", {"variant_intel_device_ip": "20.2.0+20.1.0"}, {"device_ip": ("20.2.0", "20.1.0")}),
            (
                "ascend",
                {"variant_ascend_cann_version": "8.2", "variant_ascend_npu_type": "910b"},
                {"npu_type": ("910b",), "cann_version": ("8.2",)},
            ),
            ("amd", {"variant_amd_family": "gfx9"}, {}),
        ],
    )
    def test_known_ones(
        self, namespace: str, facts: Mapping[str, str], expected: Mapping[str, tuple[str, ...]]
    ) -> None:
        """The provider's features in its order, and no others."""
        support = find_support(plugin(namespace), machine(**facts))

        assert list(support.features.items()) == list(expected.items())
        assert support.derived is bool(expected)

    def test_unknown_ones(self) -> None:
        """An unknown provider has the features that the target has lists for, sorted by name."""
        target = machine(variant_tpu_generation="v5+v4", variant_tpu_cores="8", variant_tpux_y="1")
        support = find_support(plugin("tpu"), target)

        assert list(support.features.items()) == [("cores", ("8",)), ("generation", ("v5", "v4"))]
        assert support.derived
        assert support.read_from == "__variant_tpu_cores 8, __variant_tpu_generation v5+v4"

    @pytest.mark.parametrize(
        ("provider", "feature", "values", "expected"),
        [
            (plugin("amd"), "gfx_arch", ["gfx942", "gfx90a"], "__variant_amd_gfx_arch|gfx90a|gfx942"),
            (plugin("amd"), "rocm_version", ["7.0"], "__variant_amd_rocm_version|7[.]0"),
            (plugin("ascend"), "npu_type", ["910b"], "__variant_ascend_npu_type|910b"),
            (plugin("tpu"), "cores", ["8", "16"], "__variant_tpu_cores|16|8"),
            (plugin("tpu", kind="none", requires=()), "cores", ["8"], "__variant_tpu_cores|8"),
            (plugin("amd"), "family", ["gfx9"], None),
            (plugin("amd", requires=("other-provider",)), "gfx_arch", ["gfx942"], None),
            (plugin("amd_gfx"), "arch", ["gfx942"], None),
            (plugin("tpu"), "cores", [], None),
        ],
    )
    def test_requirements(
        self, provider: VariantProvider, feature: str, values: list[str], expected: str | None
    ) -> None:
        """One of the values, sorted, anywhere in the list; the lists of known providers are theirs alone."""
        name, _, alternatives = (expected or "").partition("|")
        spec = f'{name}[build="^(.*[+])?({alternatives})([+].*)?$"]' if expected else UNSUPPORTED

        assert require_feature(provider, feature, values, machine()) == (spec,)
