"""The reader of variant metadata: what it forgives, what it refuses, and with which words."""

from typing import Any

import pytest

from tests.variants.cases import LINUX
from wheelbridge.index.variants import read_variants
from wheelbridge.model.variant import ReleaseVariants, VariantProperty, VariantProvider
from wheelbridge.translate.providers import find_support
from wheelbridge.translate.variant_documents import (
    InvalidVariantsError,
    check_own_variant,
    is_variants_file,
    merge_variants,
    parse_variants,
)

SCHEMA = "https://variants-schema.wheelnext.dev"
BLAS = {"static-properties": {"library": ["mkl", "openblas"]}}
DOCUMENT = {
    "$schema": f"{SCHEMA}/peps/825/v0.1.1.json",
    "default-priorities": {"namespace": ["x86_64", "blas"]},
    "providers": {"blas": BLAS},
    "variants": {
        "null": {},
        "v3_mkl": {"x86_64": {"level": ["v3"]}, "blas": {"library": ["mkl"]}},
    },
}


def refuse(document: object) -> str:
    """Return the reason why a document cannot be used."""
    with pytest.raises(InvalidVariantsError) as caught:
        parse_variants(document)
    assert caught.value.message == f"The variant metadata cannot be used: {caught.value.reason}"
    assert caught.value.code == "invalid-variants"
    return caught.value.reason


def read(*namespaces: str, **content: Any) -> ReleaseVariants:
    """Read a document with these namespaces, and keys whose blanks are hyphens."""
    document = {key.replace("_", "-"): value for key, value in content.items()}
    return parse_variants({"default-priorities": {"namespace": [*namespaces]}, **document})


def provider(entry: object, priorities: dict[str, Any] | None = None, **content: Any) -> VariantProvider:
    """Read what governs the namespace ``a``."""
    document = {key.replace("_", "-"): value for key, value in content.items()}
    priorities = {"namespace": ["a"], **(priorities or {})}
    return parse_variants({"default-priorities": priorities, "providers": {"a": entry}, **document}).providers["a"]


def properties(*texts: str) -> frozenset[VariantProperty]:
    """Parse properties."""
    return frozenset(map(VariantProperty.parse, texts))


class TestWhole:
    """The document as a whole."""

    def test_all_of_it(self) -> None:
        """Namespaces as ordered, a provider for each, the properties of each label."""
        assert parse_variants(DOCUMENT) == ReleaseVariants(
            namespaces=("x86_64", "blas"),
            providers={
                "x86_64": VariantProvider(namespace="x86_64", kind="none"),
                "blas": VariantProvider(namespace="blas", kind="static", static={"library": ("mkl", "openblas")}),
            },
            variants={
                "null": frozenset(),
                "v3_mkl": properties("x86_64 :: level :: v3", "blas :: library :: mkl"),
            },
            invalid={},
        )

    def test_nothing_is_a_release_without_variants(self) -> None:
        """Every key may be missing."""
        assert parse_variants({}) == ReleaseVariants(namespaces=(), providers={}, variants={}, invalid={})

    def test_without_providers(self) -> None:
        """PEP 825 has none: nobody says what the namespaces mean."""
        release = read("a", variants={"x": {"a": {"f": ["1"]}}})

        assert release.providers == {"a": VariantProvider(namespace="a", kind="none")}

    def test_without_priorities(self) -> None:
        """The namespaces in use, sorted; the reserved one is the last, and governed by nobody."""
        used = {"abi_dependency": {"torch": ["2"]}, "b": {"f": ["1"]}, "a": {"f": ["1"]}}
        release = parse_variants({"providers": {"a": BLAS}, "variants": {"x": used}})

        assert release.namespaces == ("a", "b", "abi_dependency")
        assert [*release.providers] == ["a", "b"]

    def test_namespaces_that_nobody_ordered_come_last(self) -> None:
        """After those that were, each once."""
        release = read("z", "m", "z", variants={"x": {"a": {"f": ["1"]}, "m": {"f": ["1"]}}})

        assert release.namespaces == ("z", "m", "a")

    def test_unknown_keys(self) -> None:
        """They are ignored on every level."""
        document = {
            "$schema": DOCUMENT["$schema"],
            "new": 1,
            "default-priorities": {"namespace": ["x86_64", "blas"], "new": None},
            "providers": {"blas": {**BLAS, "new": [1], "builtin": "x"}, "unused": "not even an object"},
            "variants": DOCUMENT["variants"],
        }

        assert parse_variants(document) == parse_variants(DOCUMENT)

    @pytest.mark.parametrize(
        "schema",
        [
            f"{SCHEMA}/",
            f"{SCHEMA}/v0.0.2.json",
            f"{SCHEMA}/peps/825/v0.1.1.json",
            f"{SCHEMA}/peps/9999/v0.2.0.json",
            f"{SCHEMA}/v0.99.json",
            f"{SCHEMA}/v1.0.0/index.html",
            None,
            5,
        ],
    )
    def test_versions_that_are_read(self, schema: object) -> None:
        """Every draft, and what names no version."""
        assert parse_variants({**DOCUMENT, "$schema": schema}) == parse_variants(DOCUMENT)

    @pytest.mark.parametrize(
        ("version", "major"), [("v1.0.0", 1), ("v1.0", 1), ("peps/825/v2.1.0", 2), ("v10.0.0", 10)]
    )
    def test_versions_that_are_not(self, version: str, major: int) -> None:
        """PEP 825: "Tools MUST reject metadata with a major version number that they do not support"."""
        reason = refuse({**DOCUMENT, "$schema": f"{SCHEMA}/{version}.json"})

        assert reason == f"$schema: major version {major} is newer than this reader"

    @pytest.mark.parametrize(
        ("document", "reason"),
        [
            (None, "the document: expected an object, got NoneType"),
            ([], "the document: expected an object, got list"),
            ("{}", "the document: expected an object, got str"),
            ({"variants": []}, "variants: expected an object, got list"),
            ({"default-priorities": None}, "default-priorities: expected an object, got NoneType"),
            ({"default-priorities": {"namespace": "a"}}, "default-priorities.namespace: expected a list of texts"),
            ({"default-priorities": {"namespace": ["a", 1]}}, "default-priorities.namespace: expected a list of texts"),
        ],
    )
    def test_wrong_types(self, document: object, reason: str) -> None:
        """The message names the place and what is there."""
        assert refuse(document) == reason

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ({"providers": []}, "providers: expected an object, got list"),
            ({"providers": {"a": None}}, "providers.a: expected an object, got NoneType"),
            ({"providers": {"a": {"requires": "x"}}}, "providers.a.requires: expected a list of texts"),
            ({"providers": {"a": {"feature-order": [1]}}}, "providers.a.feature-order: expected a list of texts"),
            (
                {"providers": {"a": {"static-properties": ["f"]}}},
                "providers.a.static-properties: expected an object, got list",
            ),
            (
                {"providers": {"a": {"static-properties": {"f": "1"}}}},
                "providers.a.static-properties.f: expected a list of texts",
            ),
            ({"static-properties": {"a": {"f": [1]}}}, "static-properties.a.f: expected a list of texts"),
            ({"static-properties": {"a": 1}}, "static-properties.a: expected an object, got int"),
        ],
    )
    def test_wrong_types_about_providers(self, content: dict[str, Any], reason: str) -> None:
        """As above, for the namespaces that are ordered or in use."""
        assert refuse({"default-priorities": {"namespace": ["a"]}, **content}) == reason

    @pytest.mark.parametrize(
        ("priorities", "reason"),
        [
            ({"feature": []}, "default-priorities.feature: expected an object, got list"),
            ({"feature": {"a": "f"}}, "default-priorities.feature.a: expected a list of texts"),
            ({"property": []}, "default-priorities.property: expected an object, got list"),
            ({"property": {"a": []}}, "default-priorities.property.a: expected an object, got list"),
            ({"property": {"a": {"f": "1"}}}, "default-priorities.property.a.f: expected a list of texts"),
        ],
    )
    def test_wrong_types_in_older_dialects(self, priorities: dict[str, Any], reason: str) -> None:
        """Their priorities of features and properties stand beside those of namespaces."""
        assert refuse({"default-priorities": {"namespace": ["a"], **priorities}}) == reason

    @pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000])
    def test_no_json(self, text: bytes) -> None:
        """What cannot be decoded is told apart from what has another form."""
        with pytest.raises(InvalidVariantsError, match=r"^The variant metadata cannot be used: it is no JSON \(.+\)$"):
            read_variants(text)

    @pytest.mark.parametrize(
        ("filename", "expected"),
        [
            ("torch-2.9.0-variants.json", True),
            ("variants.json", False),
            ("torch-2.9.0-variants.json.asc", False),
            ("torch-2.9.0-py3-none-any-variants.whl", False),
        ],
    )
    def test_name_of_the_file(self, filename: str, expected: bool) -> None:
        """PEP 825: ``{name}-{version}-variants.json``."""
        assert is_variants_file(filename) is expected


class TestLabels:
    """One label that cannot be read leaves the others alone."""

    @pytest.mark.parametrize(
        ("label", "content", "reason"),
        [
            ("CUDA", {}, "variants.CUDA: a label has only 0-9, a-z, _ and ."),
            ("a-b", {}, "variants.a-b: a label has only 0-9, a-z, _ and ."),
            ("", {}, "variants.: a label has only 0-9, a-z, _ and ."),
            ("x\n", {}, "variants.x\n: a label has only 0-9, a-z, _ and ."),
            ("null", {"a": {"f": ["1"]}}, "variants.null: PEP 825 reserves this label for zero properties"),
            ("x", None, "variants.x: expected an object, got NoneType"),
            ("x", {"a": ["f"]}, "variants.x.a: expected an object, got list"),
            ("x", {"a": {"f": "1"}}, "variants.x.a.f: expected a list of texts"),
            ("x", {"a": {"f": [1]}}, "variants.x.a.f: expected a list of texts"),
            ("x", {"a": {"f": []}}, "variants.x: 'a :: f :: ' is no variant property"),
            ("x", {"a": {"f": ["V"]}}, "variants.x: 'a :: f :: V' is no variant property"),
            ("x", {"a": {"f": ["1"], "F": ["1"]}}, "variants.x: 'a :: F :: 1' is no variant property"),
            ("x", {"a-b": {"f": ["1"]}}, "variants.x: 'a-b :: f :: 1' is no variant property"),
            ("x", {"a :: b": {"f": ["1"]}}, "variants.x: 'a :: b :: f :: 1' is no variant property"),
        ],
    )
    def test_invalid(self, label: str, content: object, reason: str) -> None:
        """It is told why; its namespaces count for nothing."""
        release = read("n", variants={label: content, "good": {"n": {"f": ["1"]}}})

        assert release.invalid == {label: reason}
        assert release.variants == {"good": properties("n :: f :: 1")}
        assert release.namespaces == ("n",)

    def test_values_are_a_set(self) -> None:
        """In any order, some of them twice."""
        one = read("a", variants={"x": {"a": {"f": ["2", "1", "10"]}}})
        other = read("a", variants={"x": {"a": {"f": ["1", "10", "2", "1"]}}})

        assert one == other
        assert one.variants["x"] == properties("a :: f :: 1", "a :: f :: 2", "a :: f :: 10")

    def test_null_under_other_labels(self) -> None:
        """Older dialects call the variant without properties ``00000000``; there may be several."""
        assert read(variants={"00000000": {}, "null": {}, "x": {}}).variants == dict.fromkeys(
            ("00000000", "null", "x"), frozenset()
        )


class TestProviders:
    """Who governs a namespace, in every dialect."""

    def test_plugin(self) -> None:
        """All that is said of it."""
        entry = {
            "requires": ["p>=1", "q"],
            "plugin-api": "p.plugin:P",
            "optional": True,
            "enable-if": "os_name == 'nt'",
        }

        assert provider(entry) == VariantProvider(
            namespace="a",
            kind="plugin",
            requires=("p>=1", "q"),
            plugin_api="p.plugin:P",
            optional=True,
            enable_if="os_name == 'nt'",
        )

    @pytest.mark.parametrize(
        ("entry", "kind"),
        [
            ({"requires": ["p"]}, "plugin"),
            ({"plugin-api": "p"}, "plugin"),
            ({"requires": []}, "none"),
            ({"requires": ["p"], "plugin-api": ""}, "plugin"),
            ({"requires": ["p"], "plugin-use": "all"}, "plugin"),
            ({"requires": ["p"], "plugin-use": "build"}, "none"),
            ({"requires": ["p"], "plugin-use": "none"}, "none"),
            ({"requires": ["p"], "install-time": False}, "none"),
            ({"requires": ["p"], "install-time": True}, "plugin"),
            (BLAS, "static"),
            ({"static-properties": {}}, "none"),
            ({}, "none"),
        ],
    )
    def test_kind(self, entry: dict[str, Any], kind: str) -> None:
        """A plugin only where it is asked when wheels are installed."""
        assert provider(entry).kind == kind

    @pytest.mark.parametrize("value", ["yes", 1, None, "true", []])
    def test_optional_is_true_or_nothing(self, value: object) -> None:
        """Other values do not make a provider optional."""
        assert provider({"requires": ["p"], "optional": value}).optional is False

    def test_static_lists_of_four_places(self) -> None:
        """In the provider, else beside it, else, where no plugin is asked, the priorities of properties."""
        listed = {"a": {"f": ["2", "1", "2"]}}
        lists = [
            provider({"static-properties": listed["a"]}),
            provider({"install-time": False}, static_properties=listed),
            provider({"install-time": False}, {"property": listed}),
            provider({"plugin-use": "none"}, {"property": listed}),
        ]

        assert [(found.kind, found.static) for found in lists] == [("static", {"f": ("2", "1")})] * 4
        assert provider({"requires": ["p"]}, {"property": listed}).static == {}
        both = provider({"static-properties": {"g": ["1"]}}, static_properties=listed)
        assert both.static == {"g": ("1",)}

    def test_priorities_of_properties_order_what_a_plugin_lists(self) -> None:
        """They add nothing to it."""
        found = provider({"requires": ["p"]}, {"property": {"a": {"f": ["2", "1"]}}})

        assert found.value_order == {"f": ("2", "1")}
        assert found.kind == "plugin"

    @pytest.mark.parametrize(
        ("entry", "priorities", "order", "ambiguous"),
        [
            ({"f": ["1"]}, {}, ["f"], False),
            ({"f": ["1"], "g": ["1"]}, {}, ["f", "g"], True),
            ({"f": ["1"], "g": ["1"]}, {"feature": {"a": ["g", "f"]}}, ["g", "f"], False),
            ({"f": ["1"], "g": ["1"]}, {"feature": {"a": ["g"]}}, ["g", "f"], False),
            ({"f": ["1"], "g": ["1"], "h": ["1"]}, {"feature": {"a": ["g"]}}, ["g", "f", "h"], True),
            ({"f": ["1"], "g": ["1"]}, {"feature": {"a": ["other"]}}, ["f", "g"], True),
        ],
    )
    def test_order_of_features(
        self, entry: dict[str, Any], priorities: dict[str, Any], order: list[str], ambiguous: bool
    ) -> None:
        """As the release says; it is told where it does not."""
        found = provider({"static-properties": entry}, priorities)

        assert [*find_support(found, LINUX).features] == order
        assert found.ambiguous is ambiguous

    def test_feature_order_comes_before_the_older_priorities(self) -> None:
        """Where a release has both."""
        entry = {"static-properties": {"f": ["1"], "g": ["1"]}, "feature-order": ["g", "f"]}

        assert provider(entry, {"feature": {"a": ["f", "g"]}}).feature_order == ("g", "f")


class TestMerging:
    """PEP 825: the metadata of the wheels of one release are combined."""

    def refuse(self, *releases: ReleaseVariants) -> str:
        """Return the reason why releases cannot be merged, in neither order."""
        with pytest.raises(InvalidVariantsError) as caught:
            merge_variants(releases)
        with pytest.raises(InvalidVariantsError):
            merge_variants(releases[::-1])
        return caught.value.reason

    def test_of_nothing(self) -> None:
        """There has to be one."""
        with pytest.raises(InvalidVariantsError, match=r"^The variant metadata cannot be used: there is none$"):
            merge_variants([])

    def test_of_one(self) -> None:
        """It stays as it is."""
        assert merge_variants([parse_variants(DOCUMENT)]) == parse_variants(DOCUMENT)

    @pytest.mark.parametrize("order", [1, -1])
    def test_of_labels(self, order: int) -> None:
        """All of them; the longer list of namespaces; the providers of both; what is invalid, too."""
        one = read("a", providers={"a": BLAS}, variants={"x": {"a": {"library": ["mkl"]}}, "X": {}})
        other = read("a", "b", providers={"a": BLAS, "b": BLAS}, variants={"y": {"b": {"library": ["mkl"]}}})

        merged = merge_variants([one, other][::order])

        assert merged.namespaces == ("a", "b")
        assert merged.variants == {"x": properties("a :: library :: mkl"), "y": properties("b :: library :: mkl")}
        assert [provider.kind for provider in merged.providers.values()] == ["static", "static"]
        assert [*merged.invalid] == ["X"]

    @pytest.mark.parametrize(
        ("one", "other"), [(["a", "b"], ["b", "a"]), (["a", "b"], ["b"]), (["a", "b", "c"], ["a", "c"]), (["a"], ["b"])]
    )
    def test_of_other_orders(self, one: list[str], other: list[str]) -> None:
        """PEP 825: "the longer MUST start with the elements of the shorter one"."""
        shorter, longer = sorted((one, other), key=len)

        reason = self.refuse(read(*one), read(*other))

        assert reason == f"the namespaces are ordered {shorter} in one place, {longer} in another"

    def test_of_the_reserved_namespace(self) -> None:
        """The rule is about the lists, and nobody may list ``abi_dependency``: it comes after them."""
        one = read("a", variants={"x": {"abi_dependency": {"torch": ["2.9"]}}})
        other = read("a", "b", variants={"y": {"b": {"f": ["1"]}}})

        assert merge_variants([one, other]).namespaces == ("a", "b", "abi_dependency")
        assert merge_variants([other, one]) == merge_variants([one, other])

    def test_of_other_properties(self) -> None:
        """PEP 825: "the same variant label MUST always map to the same set of properties"."""
        reason = self.refuse(read("a", variants={"x": {"a": {"f": ["1"]}}}), read("a", variants={"x": {}}))

        assert reason == "the label 'x' has other properties in another place"

    def test_of_a_label_that_is_invalid_in_one_place(self) -> None:
        """It is not both: what cannot be read is not chosen by what another place says."""
        good = read("a", variants={"x": {"a": {"f": ["1"]}}})
        bad = read("a", variants={"x": {"a": {"f": "1"}}})

        merged = merge_variants([good, bad])

        assert merged == merge_variants([bad, good])
        assert not merged.variants.keys() & merged.invalid.keys()

    def test_of_other_providers(self) -> None:
        """What a namespace means is the same in the whole release."""
        reason = self.refuse(read("a", providers={"a": BLAS}), read("a", providers={"a": {"requires": ["p"]}}))

        assert reason == "the namespace 'a' has another provider in another place"


class TestOwnVariant:
    """PEP 825: the ``variant.json`` of a wheel "MUST contain exactly one entry", that of the wheel's label."""

    def test_the_wheel_itself(self) -> None:
        """It is returned."""
        release = read("a", variants={"x": {"a": {"f": ["1"]}}})

        assert check_own_variant(release, "x") is release

    @pytest.mark.parametrize(
        ("variants", "found"),
        [
            ({}, "none"),
            ({"y": {}}, "y"),
            ({"x": {}, "null": {}}, "x, null"),
            ({"x": {}, "X": {}}, "x, variants.X: a label has only 0-9, a-z, _ and ."),
            ({"x": 1}, "variants.x: expected an object, got int"),
        ],
    )
    def test_other_wheels(self, variants: dict[str, Any], found: str) -> None:
        """It is told what is there."""
        with pytest.raises(InvalidVariantsError) as caught:
            check_own_variant(read(variants=variants), "x")

        assert caught.value.reason == f"the wheel is called 'x', its own variants are: {found}"


def test_properties_come_in_the_order_of_their_namespaces() -> None:
    """The first reason that is told is about what matters most; features of one namespace are sorted."""
    release = read("z", "a", variants={"x": {"a": {"g": ["1"], "f": ["2", "1"]}, "z": {"f": ["1"]}}})

    keys = [key for key, _ in release.in_order(release.variants["x"])]

    assert keys == [("z", "f"), ("a", "f"), ("a", "g")]
