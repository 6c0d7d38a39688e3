"""Recorded vectors: orders, ``abi_dependency``, dialects of metadata, markers, file names, variantlib's answers."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler import MatchSpec, PackageRecord
from rattler.package import BuildString

from tests.oracle import evaluate
from tests.providers import PLUGINS
from tests.variants.cases import LINUX, labels, read_shared, supported
from wheelbridge.model.distribution import CoreMetadata, DistributionFile
from wheelbridge.model.name import CondaName
from wheelbridge.model.record import WheelRecord
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.model.variant import ABI_DEPENDENCY, VariantProperty, WheelVariant
from wheelbridge.translate.errors import InvalidWheelNameError
from wheelbridge.translate.providers import find_support
from wheelbridge.translate.specifiers import translate_version
from wheelbridge.translate.variant_documents import parse_variants
from wheelbridge.translate.variant_markers import VariantEnvironment, resolve_variant_markers
from wheelbridge.translate.variant_order import Ranking, rank_variants
from wheelbridge.translate.wheel import WheelName, translate_wheel

pytestmark = pytest.mark.shared_data

INSTALLED = re.compile(r"abi_dependency evaluated against (\w+) ([\d.]+)")


def read_vectors(group: str) -> list[dict[str, Any]]:
    """Return one group of the vectors."""
    content = read_shared("vectors", "variant_vectors.json")
    found = content.get(group) or [vector for vector in content["vectors"] if vector["group"] == group]
    assert found
    return list(found)


def describe(facts: Mapping[str, Any], summary: Mapping[str, Any]) -> Target:
    """Describe a vector's machine by virtual packages; what an AMD or Intel provider found is in the summary only."""
    packages = []
    if facts.get("driver"):
        packages.append(VirtualPackage("__cuda", facts["driver"]))
    if facts.get("cc"):
        packages.append(VirtualPackage("__cuda_arch", min(facts["cc"], key=Version)))
    if facts.get("archspec"):
        packages.append(VirtualPackage("__archspec", "1", facts["archspec"]))
    for namespace in ("amd", "intel"):
        for feature, values in summary.get(namespace, {}).items():
            packages.append(VirtualPackage(f"__variant_{namespace}_{feature}", "1", "+".join(values)))
    return Target(subdir="linux-64", virtual_packages=tuple(sorted(packages)))


def declare(namespace: str, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Declare a known provider, or the values themselves."""
    if namespace in PLUGINS:
        requirement, api = PLUGINS[namespace]
        return {"requires": [requirement], "plugin-api": api}
    return {"static-properties": summary[namespace], "feature-order": list(summary[namespace])}


def is_summary(shown: Sequence[str], values: Sequence[str]) -> bool:
    """Tell whether *shown* is *values*, perhaps with ``...`` for its middle."""
    if "..." not in shown:
        return list(shown) == list(values)
    dots = shown.index("...")
    tail = shown[dots + 1 :]
    return len(values) > len(shown) - 1 and [*values[:dots], *values[-len(tail) :]] == [*shown[:dots], *tail]


def rank_vector(vector: Mapping[str, Any], system: Mapping[str, Any]) -> Ranking:
    """Rank the variants of a vector on one of its machines."""
    match = INSTALLED.search(vector["note"])
    installed = {canonicalize_name(match[1]): Version(match[2])} if match else None
    summary = system["supported_summary"]
    document = {
        "default-priorities": {"namespace": vector["namespace_order"]},
        "providers": {name: declare(name, summary) for name in vector["namespace_order"]},
        "variants": vector["variants"],
    }
    return rank_variants(parse_variants(document), describe(system["system"], summary), installed=installed)


def rank_case(case: Mapping[str, Any]) -> Ranking:
    """Rank a release that variantlib was asked about; it names no provider, the target has the lists."""
    document = {"default-priorities": {"namespace": case["namespace_order"]}, "variants": case["variants"]}
    given = {
        namespace: {feature: tuple(values) for feature, values in features}
        for namespace, features in case["supported"].items()
    }
    installed = {canonicalize_name(name): Version(text) for name, text in (case["abi_installed"] or {}).items()}
    return rank_variants(parse_variants(document), Target(subdir="linux-64", variants=given), installed=installed)


class TestOrders:
    """PEP 825's order on recorded machines, by the known providers and the release's own lists."""

    def test_orders(self) -> None:
        """What runs, the best first; the rest is incompatible."""
        tried, disagreements = 0, []
        for vector in read_vectors("ordering"):
            for system in vector["systems"]:
                ranking = rank_vector(vector, system)
                expected = system["expected_order"]
                tried += 1
                if labels(ranking) != expected or {*ranking.incompatible} != {*vector["variants"]} - {*expected}:
                    disagreements.append((vector["id"], system["system"], labels(ranking)))
                assert (labels(ranking) or ["<non-variant>"])[0] == system["expected_first"]
        print(f"orders: {tried} machines tried, {len(disagreements)} disagreed")

        assert not disagreements

    def test_lists(self) -> None:
        """What every provider lists on these machines, feature by feature, as far as it was recorded."""
        for vector in read_vectors("ordering"):
            for system in vector["systems"]:
                for namespace, support in rank_vector(vector, system).support.items():
                    shown = system["supported_summary"].get(namespace, {})
                    if namespace != ABI_DEPENDENCY:
                        assert [*support.features] == [*shown], (vector["id"], namespace)
                        for feature, values in support.features.items():
                            assert is_summary(shown[feature], values), (vector["id"], feature)

    def test_orders_of_variantlib(self) -> None:
        """Its answers on made-up and on realistic machines, whose lists the target is given; uv's are the same."""
        cases = read_shared("vectors", "variant_ordering_oracle.json")["cases"]
        compatibility, order, properties = [], [], []
        for case in cases:
            ranking, expected = rank_case(case), case["expected"]
            found = {label: sorted(items) for label, items in supported(ranking).items()}
            if {*ranking.incompatible} != {*expected["incompatible"]} or {*found} != {*expected["order"]}:
                compatibility.append(case["id"])
            if [*found] != expected["order"] or [*found] != case.get("uv_0_13_8_order", [*found]):
                order.append(case["id"])
            if found != expected["supported_properties"]:
                properties.append(case["id"])
        print(
            f"variantlib: {len(cases)} releases tried; disagreed: {len(compatibility)} about compatibility, "
            f"{len(order)} about the order, {len(properties)} about supported properties"
        )

        assert not [*compatibility, *order, *properties]


class TestAbiDependency:
    """Draft on providers: ``abi_dependency :: torch :: 2.9`` means ``torch==2.9.*``."""

    def test_as_a_dependency(self) -> None:
        """The wheel's record depends on the other project; rattler takes the versions that were recorded."""
        tried = 0
        for vector in read_vectors("abi"):
            properties = frozenset(map(VariantProperty.parse, vector["properties"]))
            variant = WheelVariant(label="x", properties=properties, supported=properties)
            file = DistributionFile(filename="w-1-py3-none-any-x.whl", url="https://host.example/w-1.whl")
            record = translate_wheel(file, CoreMetadata(name="w", version="1"), LINUX, CondaName, variant=variant)
            assert isinstance(record, WheelRecord)
            assert list(record.depends[1:]) == vector["expected_depends"]
            (spec,) = record.depends[1:]
            for installed in vector["installed_versions"]:
                version, _ = translate_version(installed["version"])
                torch = PackageRecord("torch", version, BuildString("0"), 0, "linux-64")
                assert MatchSpec(spec, strict=True).matches(torch) == installed["compatible"], (vector["id"], installed)
                tried += 1
        print(f"abi_dependency, rattler: {tried} versions tried")

    def test_by_what_is_installed(self) -> None:
        """The variant runs beside exactly the versions that PEP 440 takes."""
        tried, disagreements = 0, []
        for vector in read_vectors("abi"):
            values = [VariantProperty.parse(text).value for text in vector["properties"]]
            release = parse_variants({"variants": {"x": {"abi_dependency": {"torch": values}}}})
            for installed in vector["installed_versions"]:
                version = {canonicalize_name("torch"): Version(installed["version"])}
                ranking = rank_variants(release, LINUX, installed=version)
                tried += 1
                if bool(ranking.order) != installed["compatible"]:
                    disagreements.append((vector["id"], installed["version"]))
        print(f"abi_dependency, installed: {tried} versions tried, {len(disagreements)} disagreed")

        assert not disagreements


def test_dialects() -> None:
    """Every dialect means the same release; what uv takes of those that it reads is best here, too."""
    for vector in read_vectors("readers"):
        release = parse_variants(vector["document"])
        expected = vector["normalised"]
        enabled = {
            name: find_support(provider, LINUX, enabled={name}).features for name, provider in release.providers.items()
        }
        assert [*release.variants] == expected["labels"]
        assert not release.invalid
        assert [*release.namespaces] == expected.get("namespace_order", [*release.namespaces])
        for name, provider in expected.get("providers", {}).items():
            assert provider == {"kind": release.providers[name].kind, "optional": release.providers[name].optional}
        for name, features in expected.get("value_order", {}).items():
            assert {feature: list(values) for feature, values in enabled[name].items()} == features
            assert [*enabled[name]] == expected["feature_order"][name]
        nulls = [label for label, properties in release.variants.items() if not properties]
        assert nulls == expected.get("null_labels", [label for label in expected["labels"] if label == "null"])
        taken = vector["uv_0_13_8"].split(" ")[0]
        assert taken not in expected["labels"] or labels(rank_variants(release, LINUX))[0] == taken, vector["name"]


def test_markers() -> None:
    """What is left of every marker is what it amounts to, by `packaging`'s own evaluation."""
    vectors = read_vectors("markers")
    for vector in vectors:
        environment = VariantEnvironment(
            label=vector["label"], supported=frozenset(map(VariantProperty.parse, vector["supported"]))
        )
        marker = Requirement(resolve_variant_markers(f"a; {vector['marker']}", environment)).marker
        assert marker is not None
        assert evaluate(marker, "linux-64", "3.12.1") is vector["expected"], vector
    assert {vector["expected"] for vector in vectors} == {True, False}


def test_file_names() -> None:
    """Build tag and label are told apart; what is no name of a wheel is refused."""
    for vector in read_vectors("filenames"):
        expected = vector["expected"]
        if expected is None:
            with pytest.raises(InvalidWheelNameError):
                WheelName.parse(vector["filename"])
            continue
        name = WheelName.parse(vector["filename"])
        tags = "-".join(expected[key] for key in ("python_tag", "abi_tag", "platform_tag"))
        assert (name.project, str(name.version)) == (expected["name"], expected["version"])
        assert "".join(map(str, name.build_tag)) == (expected["build_tag"] or "")
        assert {*map(str, name.tags)} == {tags}
        assert name.label == expected["variant_label"]
