"""Metadata that projects published, and torch's on many machines."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from tests.providers import machine, meets
from tests.variants.cases import SHARED, Properties, labels
from tests.variants.peers import order_by_resolver
from wheelbridge.index.variants import read_variants
from wheelbridge.translate.variant_order import rank_variants
from wheelbridge.translate.variant_wheel import require_properties

pytestmark = pytest.mark.shared_data

PUBLISHED = SHARED / "data" / "variants"
TORCH = {
    "2.8.0": "variant-repack/torch-2.8/torch-2.8.0-variants.json",
    "2.9.0": "variant-repack/torch-2.9/torch-2.9.0-variants.json",
    "2.10.0": "variant-repack/torch-2.10/torch-2.10.0-variants.json",
}
GPUS = (
    *("3.7", "5.0", "5.2", "6.0", "6.1", "7.0", "7.2", "7.5", "8.0", "8.6", "8.7", "8.9", "9.0"),
    *("10.0", "10.1", "10.3", "11.0", "12.0", "12.1", "13.0"),
)
DRIVERS = ("10.2", "11.0", "11.8", "12.0", "12.2", "12.4", "12.6", "12.8", "12.9", "13.0", "13.1", "16.0")
PRIORITY = [("priority", "order", "1"), ("priority", "order", "2"), ("priority", "order", "3")]
OLDEST, NEWEST = Version("11.0"), Version("15.20")


def find_published() -> list[Path]:
    """Find the published files."""
    if not PUBLISHED.is_dir():
        pytest.skip(f"the published metadata are not at {PUBLISHED}")
    return sorted(PUBLISHED.rglob("*-variants.json"))


def read_document(path: str) -> dict[str, Any]:
    """Decode a published file."""
    find_published()
    document: dict[str, Any] = json.loads((PUBLISHED / path).read_text(encoding="utf-8"))
    return document


def list_nvidia(driver: str, gpu: str) -> Iterator[tuple[str, str, str]]:
    """Say what `nvidia-variant-provider` lists, best first, from its description alone.

    "driver >= value", its own version first, ``12.0`` before ``12``; "driver < value" from 15.20 downwards; the same
    major version as the GPU's and at most its minor version, then the portable code of the major version.
    """
    version = Version(driver)
    if not OLDEST <= version <= NEWEST:
        return
    bounds = [f"{major}.{minor}" for major in range(11, 16) for minor in range(21)]
    bounds = sorted([*bounds, *map(str, range(11, 16))], key=lambda text: (Version(text), len(text)), reverse=True)
    yield from (("nvidia", "cuda_version_lower_bound", text) for text in bounds if version >= Version(text))
    yield from (("nvidia", "cuda_version_upper_bound", text) for text in bounds if version < Version(text))
    major, minor = map(int, gpu.split("."))
    if Version(gpu) >= Version("5.0"):
        yield from (("nvidia", "sm_arch", f"{major}{number}_real") for number in reversed(range(minor + 1)))
        yield ("nvidia", "sm_arch", f"{major}0_virtual")


def test_all_can_be_read() -> None:
    """Four dialects, no file refused, no label left out, no property lost."""
    files = find_published()
    for path in files:
        release = read_variants(path.read_bytes())
        variants: Mapping[str, Properties] = json.loads(path.read_text(encoding="utf-8"))["variants"]
        assert not release.invalid, path
        assert {
            label: {
                (namespace, feature, value)
                for namespace, features in properties.items()
                for feature, values in features.items()
                for value in values
            }
            for label, properties in variants.items()
        } == {
            label: {(item.namespace, item.feature, item.value) for item in properties}
            for label, properties in release.variants.items()
        }, path
        assert {item.namespace for properties in release.variants.values() for item in properties} <= {
            *release.namespaces
        }
    print(f"published: {len(files)} files read")

    assert len(files) >= 183


@pytest.mark.parametrize("version", TORCH)
class TestTorch:
    """torch's variants differ by driver and GPU, and where these tie by a list of torch's own."""

    def test_order(self, version: str) -> None:
        """On every machine the variants, and their order, that variantlib finds by what the provider lists."""
        document = read_document(TORCH[version])
        release = read_variants(json.dumps(document).encode())
        namespaces = document["default-priorities"]["namespace"]
        compatibility, order, sizes = [], [], set()
        for gpu in GPUS:
            for driver in DRIVERS:
                lists = [*list_nvidia(driver, gpu), *(PRIORITY if "priority" in namespaces else [])]
                expected = [*order_by_resolver(document["variants"], namespaces, lists)]
                ranking = rank_variants(release, machine(cuda=driver, cuda_arch=gpu))
                found = ["null" if label == "00000000" else label for label in labels(ranking)]
                sizes.add(len(expected))
                if {*found} != {*expected} or len(ranking.incompatible) != len(release.variants) - len(expected):
                    compatibility.append((gpu, driver))
                elif found != expected:
                    order.append((gpu, driver))
        print(
            f"torch {version}: {len(GPUS)} GPUs x {len(DRIVERS)} drivers; disagreed: {len(compatibility)} about "
            f"compatibility, {len(order)} about the order"
        )

        assert not compatibility
        assert not order
        assert sizes >= {1, 2, 3}

    def test_requirements(self, version: str) -> None:
        """A machine has what each compatible variant requires, and lacks something of each other one.

        Not beyond the drivers that the provider knows: it lists nothing there, where a bound on ``__cuda`` still holds.
        """
        release = read_variants(json.dumps(read_document(TORCH[version])).encode())
        tried, winners = 0, set()
        for gpu in GPUS:
            for driver in DRIVERS[:-1]:
                target = machine(cuda=driver, cuda_arch=gpu)
                ranking = rank_variants(release, target)
                winners.add(labels(ranking)[0])
                for label, properties in release.variants.items():
                    runs = meets(target, require_properties(properties, release, target))
                    assert runs == (label in ranking.positions), (gpu, driver, label)
                    tried += 1
        print(f"torch {version}: {tried} variants required, winners {sorted(winners)}")

        assert len(winners) > 3
