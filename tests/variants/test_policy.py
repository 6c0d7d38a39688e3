"""The user's word on variants: how it is read, what is told of what it leaves out."""

from typing import Any

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.variants.cases import LINUX, labels
from wheelbridge.api.variant_policies import read_variant_policy
from wheelbridge.errors import UsageError
from wheelbridge.model.variant import InvalidVariantPropertyError, VariantProperty
from wheelbridge.model.variant_policy import VariantPattern, VariantPin, VariantPolicy, parse_pin
from wheelbridge.translate.variant_documents import parse_variants
from wheelbridge.translate.variant_order import rank_variants

TORCH = canonicalize_name("torch")
PATTERN_HINT = "Write it like 'nvidia', 'x86_64 :: level' or 'blas_lapack :: library :: mkl'."
LABEL_HINT = "A label has only 0-9, a-z, _ and . in it. For one project, write PROJECT=LABEL."
RELEASE = parse_variants(
    {
        "default-priorities": {"namespace": ["blas", "omp"]},
        "providers": {
            "blas": {"static-properties": {"library": ["mkl", "openblas", "blis"]}},
            "omp": {"static-properties": {"runtime": ["gnu", "llvm"]}},
        },
        "variants": {
            "null": {},
            "mkl": {"blas": {"library": ["mkl"]}},
            "mkl_llvm": {"blas": {"library": ["mkl"]}, "omp": {"runtime": ["llvm"]}},
            "open": {"blas": {"library": ["openblas", "blis"]}},
            "open_gnu": {"blas": {"library": ["openblas"]}, "omp": {"runtime": ["gnu", "llvm", "icc"]}},
            "atlas": {"blas": {"library": ["atlas"]}},
            "Bad": {},
        },
    }
)


def refuse(**options: Any) -> tuple[str, str | None]:
    """Return message and hint of what cannot be read."""
    with pytest.raises(UsageError) as caught:
        read_variant_policy(**options)
    return caught.value.message, caught.value.hint


class TestPatterns:
    """A namespace, a feature or a property."""

    @pytest.mark.parametrize(
        ("text", "expected", "written"),
        [
            ("nvidia", VariantPattern("nvidia"), "nvidia"),
            ("x86_64::level", VariantPattern("x86_64", "level"), "x86_64 :: level"),
            (" blas :: library ::  1.0 ", VariantPattern("blas", "library", "1.0"), "blas :: library :: 1.0"),
        ],
    )
    def test_read(self, text: str, expected: VariantPattern, written: str) -> None:
        """With any blanks around ``::``."""
        assert VariantPattern.parse(text) == expected
        assert str(expected) == written
        assert VariantPattern.parse(written) == expected

    @pytest.mark.parametrize(
        "text", ["", "Nvidia", "a b", "a ::", ":: a", "a :: f :: ", "a :: f :: 1 :: 2", "a.b", "a\n::F"]
    )
    def test_refused(self, text: str) -> None:
        """With the text, and how to write it."""
        with pytest.raises(UsageError) as caught:
            VariantPattern.parse(text)

        assert caught.value.message == f"{text!r} names no variant namespace, feature or property"
        assert caught.value.hint == PATTERN_HINT

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("a", True),
            ("a :: f", True),
            ("a :: f :: 1", True),
            ("b", False),
            ("a :: g", False),
            ("a :: f :: 2", False),
            ("b :: f :: 1", False),
        ],
    )
    def test_matches(self, pattern: str, expected: bool) -> None:
        """What is not said stands for all."""
        assert VariantPattern.parse(pattern).matches(VariantProperty("a", "f", "1")) is expected

    @pytest.mark.parametrize("text", ["a :: f", "a :: f :: V", "", "a :: f :: 1 :: 2", "a: f: 1"])
    def test_a_property_has_three_parts(self, text: str) -> None:
        """It is told how to write one."""
        with pytest.raises(InvalidVariantPropertyError) as caught:
            VariantProperty.parse(text)

        assert caught.value.message == f"{text!r} is no variant property"
        assert caught.value.hint == "Write it like 'x86_64 :: level :: v3', in small letters."


class TestPins:
    """The variants to take, of one project or of all."""

    @pytest.mark.parametrize(
        ("text", "project", "pin"),
        [
            ("Torch=cuda12.8", "torch", VariantPin(label="cuda12.8")),
            (" my_lib = null ", "my-lib", VariantPin(label="null")),
            ("torch=", "torch", VariantPin(label="")),
            ("torch=nvidia::sm_arch", "torch", VariantPin(pattern=VariantPattern("nvidia", "sm_arch"))),
            ("torch=a::f::1", "torch", VariantPin(pattern=VariantPattern("a", "f", "1"))),
            ("cuda12.8", None, VariantPin(label="cuda12.8")),
            ("*=cuda12.8", None, VariantPin(label="cuda12.8")),
            ("a :: f :: 1", None, VariantPin(pattern=VariantPattern("a", "f", "1"))),
        ],
    )
    def test_read(self, text: str, project: str | None, pin: VariantPin) -> None:
        """A property where there is ``::``, else a label."""
        assert parse_pin(text) == (project, pin)

    @pytest.mark.parametrize(
        ("text", "message", "hint"),
        [
            ("torch=CUDA", "'CUDA' is no variant label", LABEL_HINT),
            ("torch=a=b", "'a=b' is no variant label", LABEL_HINT),
            ("a-b", "'a-b' is no variant label", LABEL_HINT),
            ("torch=a::", "'a::' names no variant namespace, feature or property", PATTERN_HINT),
        ],
    )
    def test_refused(self, text: str, message: str, hint: str) -> None:
        """By the part that is wrong."""
        with pytest.raises(UsageError) as caught:
            parse_pin(text)

        assert (caught.value.message, caught.value.hint) == (message, hint)


class TestReading:
    """The options together."""

    def test_nothing_said(self) -> None:
        """The policy that leaves everything to the release."""
        assert read_variant_policy() == VariantPolicy()

    def test_everything_said(self) -> None:
        """In the order in which it was said, where that counts."""
        policy = read_variant_policy(
            prefer=["b", "a :: f"],
            ban=["a :: f :: 1"],
            pins=["torch=x", "numpy=y", "torch=x", "z", "*=z"],
            mode="strict",
            disabled=True,
            enabled=["n", "m"],
        )

        assert policy == VariantPolicy(
            prefer=(VariantPattern("b"), VariantPattern("a", "f")),
            ban=(VariantPattern("a", "f", "1"),),
            pins={TORCH: VariantPin(label="x"), canonicalize_name("numpy"): VariantPin(label="y")},
            pin_all=VariantPin(label="z"),
            mode="strict",
            disabled=True,
            enabled=frozenset({"n", "m"}),
        )

    @pytest.mark.parametrize(
        ("options", "message", "hint"),
        [
            ({"mode": "loose"}, "'loose' is no way to choose variants", "Choose flexible or strict."),
            ({"prefer": ["A"]}, "'A' names no variant namespace, feature or property", PATTERN_HINT),
            ({"ban": ["a", "b::"]}, "'b::' names no variant namespace, feature or property", PATTERN_HINT),
            ({"pins": ["torch=A"]}, "'A' is no variant label", LABEL_HINT),
            ({"pins": ["torch=a", "Torch=b"]}, "Two variants are pinned for torch: a and b", None),
            ({"pins": ["torch=a", "torch=n::f"]}, "Two variants are pinned for torch: a and n :: f", None),
            ({"pins": ["a", "*=b"]}, "Two variants are pinned for all projects: a and b", None),
            ({"pins": [""]}, "No variant is named", "To take none anywhere, say --no-variants."),
            ({"pins": ["*="]}, "No variant is named", "To take none anywhere, say --no-variants."),
        ],
    )
    def test_refused(self, options: dict[str, Any], message: str, hint: str | None) -> None:
        """With the words of the user."""
        assert refuse(**options) == (message, hint)


class TestRanking:
    """What a policy does to one release, and what is told of the rest."""

    @pytest.mark.parametrize(
        ("options", "order"),
        [
            ({}, ["mkl_llvm", "mkl", "open_gnu", "open", "null"]),
            ({"prefer": ["omp"]}, ["open_gnu", "mkl_llvm", "mkl", "open", "null"]),
            ({"prefer": ["omp :: runtime :: llvm"]}, ["mkl_llvm", "open_gnu", "mkl", "open", "null"]),
            ({"prefer": ["blas :: library :: blis"]}, ["open", "mkl_llvm", "mkl", "open_gnu", "null"]),
            ({"prefer": ["blas :: library :: blis", "omp"]}, ["open", "open_gnu", "mkl_llvm", "mkl", "null"]),
            (
                {"prefer": ["omp :: runtime :: icc", "blas :: library :: atlas"]},
                ["mkl_llvm", "mkl", "open_gnu", "open", "null"],
            ),
            ({"ban": ["blas :: library :: mkl"]}, ["open_gnu", "open", "null"]),
            ({"ban": ["omp"]}, ["mkl", "open", "null"]),
            ({"ban": ["blas"]}, ["null"]),
            ({"ban": ["omp :: runtime :: gnu"]}, ["mkl_llvm", "mkl", "open_gnu", "open", "null"]),
            ({"pins": ["torch=open"]}, ["open"]),
            ({"pins": ["torch=atlas"]}, []),
            ({"pins": ["torch="]}, []),
            ({"pins": ["torch=omp"]}, []),
            ({"pins": ["torch=omp :: runtime"]}, ["mkl_llvm", "open_gnu"]),
            ({"pins": ["torch=omp :: runtime :: icc"]}, []),
            ({"pins": ["open"]}, ["open"]),
            ({"pins": ["elsewhere"]}, ["mkl_llvm", "mkl", "open_gnu", "open", "null"]),
            ({"pins": ["open", "torch=mkl"]}, ["mkl"]),
            ({"pins": ["numpy=open"]}, ["mkl_llvm", "mkl", "open_gnu", "open", "null"]),
        ],
    )
    def test_order(self, options: dict[str, Any], order: list[str]) -> None:
        """The preferred before the others, without what is banned, of what is pinned."""
        assert labels(rank_variants(RELEASE, LINUX, read_variant_policy(**options), project=TORCH)) == order

    @pytest.mark.parametrize(
        ("options", "label", "reason"),
        [
            ({}, "mkl", None),
            ({}, "atlas", "needs library to be atlas; the release lists mkl, openblas, blis"),
            ({}, "Bad", "cannot be read: variants.Bad: a label has only 0-9, a-z, _ and ."),
            ({}, "other", "is unknown to the release's variant metadata"),
            ({"ban": ["blas"]}, "mkl", "is not taken: you banned blas :: library :: mkl"),
            ({"ban": ["blas"]}, "open", "is not taken: you banned blas :: library :: blis and openblas"),
            ({"ban": ["omp"]}, "open_gnu", "is not taken: you banned omp :: runtime :: gnu and icc and llvm"),
            ({"ban": ["blas"]}, "atlas", "needs library to be atlas; the release lists mkl, openblas, blis"),
            ({"pins": ["torch=mkl"]}, "open", "is not taken: you pinned mkl"),
            ({"pins": ["blas::library::mkl"]}, "null", "is not taken: you pinned blas :: library :: mkl"),
        ],
    )
    def test_reasons(self, options: dict[str, Any], label: str, reason: str | None) -> None:
        """Why a label cannot be chosen."""
        assert rank_variants(RELEASE, LINUX, read_variant_policy(**options), project=TORCH).reason(label) == reason

    def test_what_is_optional(self) -> None:
        """It counts where the user says so, and only there."""
        blas = {"static-properties": {"library": ["mkl"]}, "optional": True}
        release = parse_variants({"providers": {"blas": blas}, "variants": {"x": {"blas": {"library": ["mkl"]}}}})

        assert labels(rank_variants(release, LINUX, read_variant_policy(enabled=["blas"]))) == ["x"]
        ranking = rank_variants(release, LINUX, read_variant_policy(enabled=["other"]))
        assert ranking.reason("x") == "needs blas: it is optional; --variant-enable blas uses it"

    @pytest.mark.parametrize(
        ("installed", "reason"),
        [
            (None, None),
            ({}, "needs flash_attn 2.8 or 2.9, which is not installed"),
            ({"flash-attn": "2.10"}, "needs flash_attn 2.8 or 2.9, which is not installed"),
            ({"flash-attn": "2.9.1"}, None),
        ],
    )
    def test_what_is_installed(self, installed: dict[str, str] | None, reason: str | None) -> None:
        """Without a word on it, it is left to the solver."""
        release = parse_variants({"variants": {"x": {"abi_dependency": {"flash_attn": ["2.9", "2.8"]}}}})
        versions = None if installed is None else {canonicalize_name(k): Version(v) for k, v in installed.items()}
        ranking = rank_variants(release, LINUX, installed=versions)

        assert ranking.reason("x") == reason
        source = "the dependencies of the solution" if installed is None else "what is installed"
        assert ranking.support["abi_dependency"].read_from == source

    @pytest.mark.parametrize(
        ("value", "version", "runs"),
        [
            ("2.8", "2.8", True),
            ("2.8.0", "2.8", True),
            ("2.8.0", "2", False),
            ("2.0", "2", True),
            ("2", "2.8.1", True),
            ("2.8", "2.80", False),
            ("2.8", "2.8.0rc1", True),
            ("2.8", "2.8.1.post1+cu128", True),
            ("2.8", "1!2.8.0", False),
            ("2.x", "2.8", False),
        ],
    )
    def test_versions_that_are_installed(self, value: str, version: str, runs: bool) -> None:
        """PEP 440: ``==2.8.*`` takes every version that begins so, missing numbers are 0."""
        release = parse_variants({"variants": {"x": {"abi_dependency": {"torch": [value]}}}})

        assert bool(rank_variants(release, LINUX, installed={TORCH: Version(version)}).order) is runs

    def test_newer_dependencies_come_first(self) -> None:
        """Where it is the solver that decides about them; by numbers, of two series the wider one before the other."""
        series = ["2.9", "2.10", "2", "3", "2.9.1"]
        variants = {f"torch{value}": {"abi_dependency": {"torch": [value]}} for value in series}

        order = labels(rank_variants(parse_variants({"variants": variants}), LINUX))

        assert order == ["torch3", "torch2", "torch2.10", "torch2.9", "torch2.9.1"]

    def test_features_that_nobody_ordered(self) -> None:
        """The ranking tells of the namespace."""
        listed = {"static-properties": {"f": ["1"], "g": ["1"]}}
        release = parse_variants({"default-priorities": {"namespace": ["a"]}, "providers": {"a": listed}})

        assert rank_variants(release, LINUX).ambiguous == {"a"}
        assert not rank_variants(RELEASE, LINUX).ambiguous
