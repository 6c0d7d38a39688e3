"""Variant markers: what is left of them for `packaging`, and which of them are refused."""

import pytest
from packaging.requirements import Requirement

from tests.oracle import evaluate
from tests.variants.cases import LINUX
from wheelbridge.model.distribution import CoreMetadata, DistributionFile
from wheelbridge.model.name import CondaName
from wheelbridge.model.record import Refusal
from wheelbridge.model.variant import VariantProperty, WheelVariant
from wheelbridge.translate.errors import MarkerNotExpressibleError
from wheelbridge.translate.variant_markers import VariantEnvironment, resolve_variant_markers
from wheelbridge.translate.wheel import translate_wheel

CUDA = VariantEnvironment(
    label="cuda12.8",
    supported=frozenset(
        {VariantProperty("nvidia", "sm_arch", "90_real"), VariantProperty("x86_64", "level", "v3")},
    ),
)
NULL = VariantEnvironment(label="null")
PLAIN = VariantEnvironment()


@pytest.mark.parametrize(
    ("marker", "cuda", "null", "plain"),
    [
        ("variant_label == 'cuda12.8'", True, False, False),
        ("variant_label != 'cuda12.8'", False, True, True),
        ("variant_label == ''", False, False, True),
        ("'null' == variant_label", False, True, False),
        ("'null' != variant_label", True, False, True),
        ("'cuda' in variant_label", True, False, False),
        ("'cuda' not in variant_label", False, True, True),
        ("variant_label in 'cuda12.8 null'", True, True, True),
        ("variant_label not in 'cuda12.8'", False, True, False),
        ('"nvidia" in variant_namespaces', True, False, False),
        ("'nvidia' not  in variant_namespaces", False, True, True),
        ("'amd' in variant_namespaces", False, False, False),
        ("'nvid' in variant_namespaces", False, False, False),
        ("'nvidia :: sm_arch' in variant_features", True, False, False),
        ("' nvidia::sm_arch ' in variant_features", True, False, False),
        ("'nvidia :: level' in variant_features", False, False, False),
        ("'x86_64 :: level :: v3' in variant_properties", True, False, False),
        ("'x86_64 :: level' in variant_properties", False, False, False),
        ("'x86_64 :: level :: v3' not in variant_properties", False, True, True),
        ("variant_label == 'null' and 'nvidia' in variant_namespaces", False, False, False),
        ("(variant_label == 'null' or 'nvidia' in variant_namespaces) and python_version >= '3.9'", True, True, False),
        ("variant_label=='null'or python_version<'3'", False, True, False),
        ("os_name == 'variant_label' or variant_label == 'null'", False, True, False),
    ],
)
def test_what_they_amount_to(marker: str, cuda: bool, null: bool, plain: bool) -> None:
    """For a variant, for the null variant, for a wheel that is none; `packaging` decides the rest."""
    for environment, expected in ((CUDA, cuda), (NULL, null), (PLAIN, plain)):
        resolved = Requirement(resolve_variant_markers(f"a[e]>=1; {marker}", environment))
        assert str(resolved).startswith("a[e]>=1;")
        assert resolved.marker is not None
        assert evaluate(resolved.marker, "linux-64", "3.12.1") is expected


@pytest.mark.parametrize(
    "requirement",
    [
        "a",
        "variant_label",
        "variant_lib[variant_label]>=1",
        "a; python_version > '3'",
        "a; extra == 'variant_label'",
        "a; sys_platform == 'variant_properties' and 'variant_x' != os_name",
        "a @ https://host.example/variant_label.whl",
    ],
)
def test_what_is_none(requirement: str) -> None:
    """Names and texts are left alone."""
    assert resolve_variant_markers(requirement, CUDA) == requirement


@pytest.mark.parametrize(
    ("marker", "name"),
    [
        ("variant_label < 'x'", "variant_label"),
        ("variant_label >= 'x'", "variant_label"),
        ("variant_label === 'x'", "variant_label"),
        ("variant_label ~= 'x'", "variant_label"),
        ("variant_label == variant_label", "variant_label"),
        ("variant_label == os_name", "variant_label"),
        ("variant_namespaces == 'nvidia'", "variant_namespaces"),
        ("'nvidia' != variant_namespaces", "variant_namespaces"),
        ("variant_features in 'nvidia'", "variant_features"),
        ("variant_properties", "variant_properties"),
        ("'nvidia' in variant_providers", "variant_providers"),
        ("variant_hash == 'x'", "variant_hash"),
        ("'nvidia' in variant_namespaces_2", "variant_namespaces_2"),
        ("variant_label == 'x' and variant_level == '1'", "variant_level"),
    ],
)
def test_refused(marker: str, name: str) -> None:
    """What PEP 825 does not have, with the marker and the name; a wheel with it is refused for that reason."""
    expected = f"The marker {marker!r} cannot be said exactly: {name} is used in a way that PEP 825 does not know"
    with pytest.raises(MarkerNotExpressibleError) as caught:
        resolve_variant_markers(f"a>=1 ;  {marker} ", CUDA)

    assert caught.value.message == expected
    assert caught.value.marker == marker
    metadata = CoreMetadata(name="w", version="1", requires_dist=("b", f"a; {marker}"))
    file = DistributionFile(filename="w-1-py3-none-any-x.whl", url="https://host.example/w.whl")
    refusal = translate_wheel(file, metadata, LINUX, CondaName, variant=WheelVariant(label="x"))
    assert refusal == Refusal(file.filename, "marker-not-expressible", expected)
