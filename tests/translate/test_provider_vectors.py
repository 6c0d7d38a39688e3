"""The published provider plugins' answers on recorded systems, which the translation has to give without them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.providers import GPU_LIST, machine, meets, plugin, supports
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.model.variant import VariantProperty, VariantProvider
from wheelbridge.translate.providers import UNSUPPORTED, find_support, require_feature

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"


def read_vectors(name: str) -> Any:
    """Read one of the shared files of vectors."""
    path = VECTORS / name
    if not path.is_file():
        pytest.skip(f"the shared vectors are not at {path}")
    return json.loads(path.read_text(encoding="utf-8"))


def read_compatibility() -> list[dict[str, Any]]:
    """Return the vectors about compatibility."""
    return [vector for vector in read_vectors("variant_vectors.json")["vectors"] if vector["group"] == "compat"]


def group(vector: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    """Group a vector's values by namespace and feature, in the vector's order."""
    groups: dict[tuple[str, str], list[str]] = {}
    for item in map(VariantProperty.parse, vector["properties"]):
        groups.setdefault((item.namespace, item.feature), []).append(item.value)
    return groups


def describe(system: Mapping[str, Any]) -> Target:
    """Make the target of a vector's system."""
    packages = tuple(sorted(VirtualPackage(name, *fact) for name, fact in system["virtual_packages"].items()))
    subdir = "linux-aarch64" if system["system"]["kind"] == "aarch64" else "linux-64"
    return Target(subdir=subdir, virtual_packages=packages)


def govern(namespace: str, system: Mapping[str, Any]) -> VariantProvider:
    """Return the provider of a vector's namespace, the system's own lists for a static one."""
    facts = system["system"]
    if facts["kind"] != "static":
        return plugin(namespace)
    return plugin(namespace, kind="static", requires=(), static={facts["feature"]: tuple(facts["values"])})


@pytest.mark.shared_data
class TestRecorded:
    """The published plugins' answers, recorded."""

    @pytest.mark.parametrize("gpus", ["the lowest GPU", "every GPU"])
    def test_compatibility(self, gpus: str) -> None:
        """Every system of every vector; CEP 46 tells the lowest GPU alone, which differs from the highest once."""
        vectors = read_compatibility()
        tried, disagreements = 0, []
        for vector in vectors:
            for system in vector["systems"]:
                target = describe(system)
                if gpus == "every GPU" and system["system"].get("cc"):
                    target = target.override([VirtualPackage(GPU_LIST, "1", "+".join(system["system"]["cc"]))])
                compatible = all(
                    supports(find_support(govern(namespace, system), target), feature, values)
                    for (namespace, feature), values in group(vector).items()
                )
                tried += 1
                if compatible != system["compatible"]:
                    disagreements.append((vector["id"], "expected_difference" in system))
        print(f"{len(vectors)} vectors, {tried} systems, {gpus}: {len(disagreements)} disagreements")

        assert disagreements == ([("nv-het-75_real", True)] if gpus == "the lowest GPU" else [])

    def test_requirements(self) -> None:
        """Feature by feature, exactly what was expected; rattler then accepts the systems that are compatible."""
        for vector in read_compatibility():
            for system in vector["systems"]:
                target = describe(system)
                specs = [
                    spec
                    for (namespace, feature), values in group(vector).items()
                    for spec in require_feature(govern(namespace, system), feature, values, target)
                ]
                assert specs == vector["expected_depends"], vector["id"]
                assert meets(target, specs) == system["rattler_0_28_result"], vector["id"]

    def test_lists(self) -> None:
        """The plugins' lists on some hundred systems, feature by feature, value by value, in order."""
        tried = 0
        for case in read_vectors("variant_ordering_oracle.json")["cases"]:
            system = case["system"]
            if "archspec" not in system:
                continue
            packages = [VirtualPackage("__archspec", "1", system["archspec"])]
            if system["cuda"]:
                packages.append(VirtualPackage("__cuda", system["cuda"]))
                packages.append(VirtualPackage(GPU_LIST, "1", "+".join(f"{a}.{b}" for a, b in system["cc"])))
            for namespace in {"nvidia", "x86_64", "aarch64"} & set(case["supported"]):
                subdir = "linux-aarch64" if namespace == "aarch64" else "linux-64"
                support = find_support(plugin(namespace), Target(subdir=subdir, virtual_packages=tuple(packages)))
                expected = [(feature, tuple(values)) for feature, values in case["supported"][namespace]]
                assert list(support.features.items()) == expected, case["id"]
                tried += 1
        print(f"{tried} lists")

        assert tried > 100

    def test_names(self) -> None:
        """The sets of names of every value that the CPU providers have."""
        sets = read_vectors("provider_archspec_sets.json")
        tried = 0
        for namespace in ("x86_64", "aarch64"):
            for feature, values in sets[namespace].items():
                for value, names in values.items():
                    spec = f'__archspec[build="^({"|".join(sorted(names))})$"]' if names else UNSUPPORTED
                    assert require_feature(plugin(namespace), feature, [value], machine()) == (spec,)
                    tried += 1
        print(f"{tried} sets of names")

        assert tried > 100
