import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rattler import MatchSpec
from ruamel.yaml import YAML

from tests.providers import machine, meets, supports
from wheelbridge.mapping.external.rows import CONFIDENCES, PROVENANCES
from wheelbridge.mapping.natives.fields import InvalidTableRowError
from wheelbridge.mapping.natives.variants import (
    RULES,
    ProviderFeature,
    ProviderRow,
    parse_provider_rows,
    parse_runtime_rows,
    render_packages_module,
    runtimes_of_file,
    runtimes_of_project,
)
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import NormalizedName
from wheelbridge.model.target import Target
from wheelbridge.model.variant import VariantProvider
from wheelbridge.translate.providers import find_support, packages, require_feature
from wheelbridge.translate.providers.catalogue import KNOWN_PROVIDERS, find_known

MAPPINGS = Path(__file__).parents[2] / "mappings"
NAMES = MAPPINGS.parents[1] / "shared" / "data" / "names" / "parselmouth-v0-conda-forge.json"
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
LISTS = st.lists(TEXTS, unique=True, max_size=3).map(tuple)
ACCOUNT: dict[str, Any] = {
    "relation": st.sampled_from(Relation),
    "channels": LISTS,
    "provenance": st.sampled_from(PROVENANCES),
    "confidence": st.sampled_from(CONFIDENCES),
    "reason": TEXTS | st.just(""),
    "evidence": LISTS,
    "reviewed": st.sampled_from(["", "2026-11-21"]),
}
PROVIDER: dict[str, Any] = {
    "package": "x-provider",
    "namespace": "amd",
    "plugin_api": ["x.plugin:XPlugin"],
    "rules": "amd",
    "features": [
        {
            "name": "rocm_version",
            "virtual_package": "__variant_amd_rocm_version",
            "exact": True,
            "example": {"values": ["7.0"], "requires": "__variant_amd_rocm_version * 7.0"},
        }
    ],
    "reason": "known",
    "evidence": ["its source"],
    "reviewed": "2026-11-21",
}
RUNTIME: dict[str, Any] = {
    "runtime": "libgomp",
    "kind": "openmp",
    "conda": ["libgomp"],
    "sonames": ["libgomp.so.*"],
    "reason": "known",
    "evidence": ["seen in a wheel"],
    "reviewed": "2026-11-21",
}
MACHINES = {
    "aarch64": machine("linux-aarch64", archspec="neoverse_v2"),
    "amd": machine(variant_amd_gfx_arch="gfx1100+gfx942", variant_amd_rocm_version="7.0"),
    "ascend": machine(
        variant_ascend_npu_type="910b", variant_ascend_driver_version="25.0", variant_ascend_cann_version="8.2"
    ),
    "intel": machine(variant_intel_device_ip="20.2.0+20.1.0"),
    "nvidia": machine(cuda="12.8", cuda_arch="8.6"),
    "x86_64": machine(archspec="zen4"),
}
"""A machine for each of the rules that has what the examples need."""


def load(name: str) -> list[dict[str, Any]]:
    """Read a table as it is shipped."""
    return list(YAML(typ="safe", pure=True).load((MAPPINGS / "variants" / name).read_text(encoding="utf-8")))


PROVIDERS = parse_provider_rows(load("providers.yaml"))
RUNTIMES = parse_runtime_rows(load("runtimes.yaml"))
FEATURES = [
    pytest.param(row, feature, id=f"{row.package}-{feature.name}") for row in PROVIDERS for feature in row.features
]


def provider_of(row: ProviderRow, api: str) -> VariantProvider:
    """Make the provider as a release declares it."""
    return VariantProvider(namespace=row.namespace, kind="plugin", requires=(f"{row.package}>=0.0.1",), plugin_api=api)


class TestProviders:
    """What the table says of providers is what the translator does."""

    @pytest.mark.parametrize("name", ["providers", "runtimes"])
    def test_tables_follow_their_schemas(self, name: str) -> None:
        """The parser and the published schema agree on them."""
        schema = json.loads((MAPPINGS / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
        plain = [row | {"reviewed": str(row["reviewed"])} for row in load(f"{name}.yaml")]

        Draft202012Validator.check_schema(schema)
        assert [error.message for error in Draft202012Validator(schema).iter_errors(plain)] == []

    def test_the_module_is_written_from_the_table(self) -> None:
        """Byte for byte: who edits the table and forgets to write it is told here."""
        module = Path(packages.__file__).read_text(encoding="utf-8")

        assert module == render_packages_module(PROVIDERS)
        assert module == render_packages_module(reversed(PROVIDERS))

    def test_the_module_follows_the_table(self) -> None:
        """A row more is an entry more, of each of its plugins."""
        row = ProviderRow.parse(PROVIDER | {"plugin_api": ["x.plugin:A", "x.plugin:B"]}, "[0]")
        scope: dict[str, Any] = {}
        exec(render_packages_module([*PROVIDERS, row]), scope)  # noqa: S102 - what it means is what counts

        assert scope["PACKAGES"] == {**packages.PACKAGES, "x-provider": {"x.plugin:A": "amd", "x.plugin:B": "amd"}}

    def test_the_translator_has_the_rules(self) -> None:
        """Each name stands for a translation, each translation has a name."""
        assert set(RULES) == {known.namespace for known in KNOWN_PROVIDERS}
        assert {row.rules for row in PROVIDERS} == set(RULES)

    def test_every_plugin_is_known_by_its_rules(self) -> None:
        """Asked as a release declares it."""
        for row in PROVIDERS:
            for api in row.plugin_api:
                known = find_known(provider_of(row, api), Target(subdir="linux-64"))
                assert known is not None
                assert known.namespace == row.rules

    @pytest.mark.parametrize(("row", "feature"), FEATURES)
    def test_examples_hold(self, row: ProviderRow, feature: ProviderFeature) -> None:
        """The spec is what the values translate to; what archspec adds later may only make it larger."""
        target = MACHINES[row.rules]
        (spec,) = require_feature(provider_of(row, row.plugin_api[0]), feature.name, feature.values, target)

        if feature.virtual_package == "__archspec":
            assert names_in(feature.requires) <= names_in(spec)
        else:
            assert feature.requires == spec

    @pytest.mark.parametrize(("row", "feature"), FEATURES)
    def test_a_machine_that_has_it_is_supported(self, row: ProviderRow, feature: ProviderFeature) -> None:
        """Both directions agree on the example, and on a machine without the virtual package."""
        target = MACHINES[row.rules]
        support = find_support(provider_of(row, row.plugin_api[0]), target)

        assert str(MatchSpec(feature.requires, strict=True)).startswith(feature.virtual_package)
        assert supports(support, feature.name, feature.values)
        assert meets(target, [feature.requires])
        assert not meets(Target(subdir=target.subdir), [feature.requires])

    @pytest.mark.parametrize(
        ("change", "path", "problem"),
        [
            ({"package": "X-Provider"}, "[0].package", "is not normalized"),
            ({"namespace": "AMD"}, "[0].namespace", "is no namespace"),
            ({"plugin_api": ["x.plugin"]}, "[0].plugin_api[0]", "is no plugin like"),
            ({"plugin_api": ['x:A" + "']}, "[0].plugin_api[0]", "is no plugin like"),
            ({"plugin_api": []}, "[0].plugin_api", "at least one"),
            ({"rules": "tpu"}, "[0].rules", "'tpu' is none of aarch64"),
            ({"features": []}, "[0].features", "at least one"),
            ({"features": "gfx"}, "[0].features", "expected a list, got str"),
            ({"relation": "library"}, "[0].relation", "'library' is none of none"),
            ({"feature": []}, "[0]", "there is no field 'feature'"),
        ],
    )
    def test_a_row_that_breaks_a_rule(self, change: dict[str, Any], path: str, problem: str) -> None:
        """The error says where in the file, and what is wrong there."""
        with pytest.raises(InvalidTableRowError) as caught:
            parse_provider_rows([PROVIDER | change])

        assert (caught.value.path, problem in caught.value.problem) == (path, True)

    @pytest.mark.parametrize(
        ("change", "path", "problem"),
        [
            ({"name": "rocm-version"}, "[0].features[0].name", "is no feature"),
            ({"virtual_package": "rocm"}, "[0].features[0].virtual_package", "is no virtual package"),
            ({"exact": "yes"}, "[0].features[0].exact", "expected true or false, got str"),
            ({"example": None}, "[0].features[0].example", "expected a mapping, got nothing"),
            ({"example": {"values": [], "requires": "__v"}}, "[0].features[0].example.values", "at least one"),
            ({"example": {"values": ["A"], "requires": "x"}}, "[0].features[0].example.values[0]", "is no value"),
            ({"example": {"values": ["a"], "requires": "x"}}, "[0].features[0].example.requires", "something else"),
        ],
    )
    def test_a_feature_that_breaks_a_rule(self, change: dict[str, Any], path: str, problem: str) -> None:
        """The place goes down into the row."""
        feature = PROVIDER["features"][0] | change
        with pytest.raises(InvalidTableRowError) as caught:
            parse_provider_rows([PROVIDER | {"features": [feature]}])

        assert (caught.value.path, problem in caught.value.problem) == (path, True)

    def test_a_package_has_one_row(self) -> None:
        """It goes by one set of rules."""
        with pytest.raises(InvalidTableRowError, match="'x-provider' is there twice"):
            parse_provider_rows([PROVIDER, PROVIDER])


class TestRuntimes:
    """Runtimes are found by the files and by the projects that bring them."""

    def test_every_spec_is_strict(self) -> None:
        """Rattler reads each one as the solver will."""
        assert len(RUNTIMES) >= 30
        for spec in (spec for row in RUNTIMES for spec in row.conda):
            assert str(MatchSpec(spec, strict=True)).startswith(spec.split()[0])

    @pytest.mark.shared_data
    @pytest.mark.skipif(not NAMES.is_file(), reason="the public tables are not beside the checkout")
    def test_every_package_exists(self) -> None:
        """A wrong name would find no clash."""
        names = {spec.split()[0] for row in RUNTIMES for spec in row.conda}

        assert names - json.loads(NAMES.read_bytes()).keys() == set()

    @pytest.mark.parametrize(
        ("file", "runtimes"),
        [
            ("libgomp-e985bcbb.so.1.0.0", ["libgomp"]),
            ("libomp.dylib", ["llvm-openmp"]),
            ("libiomp5md.dll", ["intel-openmp"]),
            ("libscipy_openblas64_-32a4b2a6.so", ["openblas"]),
            ("libcudart.so.12", ["cuda-cudart-12"]),
            ("libcudart-9335f6a2.so.13.0.48", ["cuda-cudart-13"]),
            ("libcublasLt.so.12", ["libcublas-12"]),
            ("libmpi.so.12", ["impi", "mpich"]),
            ("libcurl.so.4", []),
        ],
    )
    def test_files(self, file: str, runtimes: list[str]) -> None:
        """A copy under a hashed name is one, too."""
        assert [row.runtime for row in runtimes_of_file(RUNTIMES, file)] == runtimes

    @pytest.mark.parametrize(
        ("project", "runtimes"),
        [
            ("nvidia-cuda-runtime-cu12", ["cuda-cudart-12"]),
            ("scikit-learn", ["libgomp", "llvm-openmp", "msvc-openmp"]),
            ("numpy", ["openblas"]),
            ("requests", []),
        ],
    )
    def test_projects(self, project: str, runtimes: list[str]) -> None:
        """Those that are the runtime and those that carry a copy."""
        assert [row.runtime for row in runtimes_of_project(RUNTIMES, NormalizedName(project))] == runtimes

    @pytest.mark.parametrize(
        ("change", "path", "problem"),
        [
            ({"runtime": "CUDA 12"}, "[0].runtime", "is not written like"),
            ({"kind": "gpu"}, "[0].kind", "'gpu' is none of blas"),
            ({"pypi": ["A"]}, "[0].pypi[0]", "is no normalized project"),
            ({"bundled_by": ["a_b"]}, "[0].bundled_by[0]", "is no normalized project"),
            ({"sonames": []}, "[0].sonames", "at least one"),
            ({"sonames": ["lib/x"]}, "[0].sonames[0]", "is no glob"),
            ({"conda": []}, "[0].conda", "empty exactly where"),
            ({"relation": "none"}, "[0].conda", "empty exactly where"),
            ({"conflicts": ["mpich"]}, "[0].conflicts[0]", "'mpich' is no other runtime"),
            ({"conflicts": ["libgomp"]}, "[0].conflicts[0]", "'libgomp' is no other runtime"),
        ],
    )
    def test_a_row_that_breaks_a_rule(self, change: dict[str, Any], path: str, problem: str) -> None:
        """The error says where in the file, and what is wrong there."""
        with pytest.raises(InvalidTableRowError) as caught:
            parse_runtime_rows([RUNTIME | change])

        assert (caught.value.path, problem in caught.value.problem) == (path, True)

    @pytest.mark.parametrize(
        ("other", "refused"),
        [
            ({"conflicts": ["libgomp"]}, False),
            ({}, True),
            ({"conflicts": ["libgomp"], "kind": "mpi"}, True),
        ],
    )
    def test_conflicts_are_mutual(self, other: dict[str, Any], refused: bool) -> None:
        """Of two runtimes of one kind, each names the other."""
        data = [RUNTIME | {"conflicts": ["llvm-openmp"]}, RUNTIME | {"runtime": "llvm-openmp"} | other]
        if refused:
            with pytest.raises(InvalidTableRowError, match="conflicts with"):
                parse_runtime_rows(data)
        else:
            assert len(parse_runtime_rows(data)) == 2


def names_in(spec: str) -> set[str]:
    """Return the names that a spec on ``__archspec`` lists."""
    match = re.fullmatch(r'__archspec\[build="\^\((.*)\)\$"\]', spec)
    assert match
    return set(match[1].split("|"))
