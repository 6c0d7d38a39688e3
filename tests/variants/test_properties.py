"""What holds for every release, every machine and every policy."""

from itertools import pairwise
from random import Random

import hypothesis.strategies as st
from hypothesis import given, settings
from packaging.utils import canonicalize_name

from tests.variants.cases import FEATURES, LABELS, LINUX, NAMESPACES, VALUES, Case, labels, make_case, pick
from wheelbridge.model.variant import ReleaseVariants, VariantProperty
from wheelbridge.model.variant_policy import VariantPattern, VariantPin, VariantPolicy
from wheelbridge.translate.variant_documents import merge_variants, parse_variants
from wheelbridge.translate.variant_order import rank_variants

RANDOM = st.integers(0, 2**32).map(Random)  # ten times as fast as `st.randoms`; the releases are small anyway
CASES = RANDOM.map(make_case)
PROJECT = canonicalize_name("p")


def is_supported(case: Case, item: VariantProperty) -> bool:
    """Tell whether the machine of a case supports a property."""
    return item.value in case.supported.get(item.namespace, {}).get(item.feature, ())


def make_pattern(random: Random) -> VariantPattern:
    """Make a namespace, a feature or a property, one that releases use or another."""
    return random.choice(
        (
            VariantPattern(random.choice(NAMESPACES)),
            VariantPattern(random.choice(NAMESPACES), random.choice(FEATURES)),
            VariantPattern(random.choice(NAMESPACES), random.choice(FEATURES), random.choice(VALUES)),
        )
    )


def make_pin(random: Random) -> VariantPin:
    """Make a pin by label or by pattern."""
    return random.choice((VariantPin(label=random.choice(("", *LABELS))), VariantPin(pattern=make_pattern(random))))


def make_policy(random: Random) -> VariantPolicy:
    """Make a policy of some preferences, bans and pins."""
    return VariantPolicy(
        prefer=tuple(make_pattern(random) for _ in range(random.randint(0, 2))),
        ban=tuple(make_pattern(random) for _ in range(random.randint(0, 2))),
        pins={PROJECT: make_pin(random)} if random.random() < 0.3 else {},
        pin_all=make_pin(random) if random.random() < 0.3 else None,
    )


def rank_labels(case: Case, policy: VariantPolicy) -> list[str]:
    """Rank with a policy that may pin the project."""
    return labels(rank_variants(case.release(), LINUX, policy, project=PROJECT))


class TestOrder:
    """PEP 825: variants are sorted by the properties that the target supports, those of the same rank by label."""

    @given(case=CASES)
    def test_every_pair_stands_by_itself(self, case: Case) -> None:
        """Without one of the variants, the others are ordered as before."""
        order = labels(case.rank())
        for label in case.variants:
            rest = Case(
                supported=case.supported,
                variants={name: case.variants[name] for name in case.variants if name != label},
            )
            assert labels(rest.rank()) == [name for name in order if name != label]

    @given(case=CASES)
    def test_what_runs(self, case: Case) -> None:
        """PEP 825: "at least one value for every feature listed in its properties MUST be compatible"."""
        ranking = case.rank()
        for label, properties in case.variants.items():
            runs = all(
                set(values) & set(case.supported.get(namespace, {}).get(feature, ()))
                for namespace, features in properties.items()
                for feature, values in features.items()
            )
            assert (label in labels(ranking), label in ranking.incompatible) == (runs, not runs)

    @given(case=CASES)
    def test_supported_properties(self, case: Case) -> None:
        """They are those of the variant's own that the machine supports; the best of each feature is one of them."""
        for variant in case.rank().order:
            assert variant.supported == {item for item in variant.properties if is_supported(case, item)}
            assert {*variant.best} <= variant.supported
            features = [(item.namespace, item.feature) for item in variant.best]
            assert sorted(features) == sorted({(item.namespace, item.feature) for item in variant.properties})

    @given(case=CASES)
    def test_total(self, case: Case) -> None:
        """No two variants have the same place, the null variant has the last; labels decide between equal keys only."""
        ranking = case.rank()
        keys = [(variant.key, variant.label) for variant in ranking.order]
        assert all(one < other for one, other in pairwise(keys))
        assert "null" not in labels(ranking)[:-1]
        for variant in ranking.order:
            equals = {other.label for other in ranking.order if other.key == variant.key}
            assert {*ranking.ties(variant.label)} == equals - {variant.label}

    @given(case=CASES, random=RANDOM)
    def test_the_order_of_the_document_means_nothing(self, case: Case, random: Random) -> None:
        """Labels, namespaces, features and values of variants are sets, however they are written down."""
        shuffled = {
            label: {
                namespace: {
                    feature: random.sample([*values, *values], 2 * len(values))
                    for feature, values in random.sample([*features.items()], len(features))
                }
                for namespace, features in random.sample([*properties.items()], len(properties))
            }
            for label, properties in random.sample([*case.variants.items()], len(case.variants))
        }
        ranking = Case(supported=case.supported, variants=shuffled).rank()

        assert ranking.order == case.rank().order
        assert ranking.incompatible == case.rank().incompatible


class TestPolicy:
    """PEP 825: options "MAY reorder or narrow that set, but MUST NOT cause selection of a wheel with [other ones]"."""

    @given(case=CASES, random=RANDOM)
    def test_no_policy_widens(self, case: Case, random: Random) -> None:
        """Whatever is chosen could be chosen before; what could be is chosen or excluded with a reason."""
        before = case.rank()
        after = rank_variants(case.release(), LINUX, make_policy(random), project=PROJECT)

        assert {*labels(after)} <= {*labels(before)}
        assert {*labels(after)} | {*after.excluded} == {*labels(before)}
        assert not {*labels(after)} & {*after.excluded}
        assert after.incompatible == before.incompatible
        assert all(after.reason(label) for label in {*case.variants} - {*labels(after)})

    @given(case=CASES, random=RANDOM)
    def test_preferences_order(self, case: Case, random: Random) -> None:
        """They leave out nothing; the first of them, where it is a property, puts what has it before what has not."""
        pattern = VariantPattern(random.choice(NAMESPACES), random.choice(FEATURES), random.choice(VALUES))
        order = rank_variants(case.release(), LINUX, VariantPolicy(prefer=(pattern, make_pattern(random)))).order
        has = [any(map(pattern.matches, variant.supported)) for variant in order]

        assert sorted(variant.label for variant in order) == sorted(labels(case.rank()))
        assert has == sorted(has, reverse=True)

    @given(case=CASES)
    def test_the_release_decides_between_what_is_equally_preferred(self, case: Case) -> None:
        """Where all of the preferred value have it alike, their own order is left as it was."""
        pattern = VariantPattern("nvidia", "level", "12")
        order = rank_variants(case.release(), LINUX, VariantPolicy(prefer=(pattern,))).order
        has = {variant.label for variant in order if any(map(pattern.matches, variant.supported))}
        before = labels(case.rank())

        expected = [*(label for label in before if label in has), *(label for label in before if label not in has)]
        assert [variant.label for variant in order] == expected

    @given(case=CASES, pattern=st.sampled_from(["other", "other :: f0", "alpha :: other", "beta :: f0 :: other"]))
    def test_a_preference_for_nothing(self, case: Case, pattern: str) -> None:
        """What no variant has is preferred in vain."""
        policy = VariantPolicy(prefer=(VariantPattern.parse(pattern),))

        assert rank_labels(case, policy) == labels(case.rank())

    @given(case=CASES, random=RANDOM)
    def test_bans_narrow(self, case: Case, random: Random) -> None:
        """What is left has a value that is not banned for each of its features; with another ban, less is left."""
        policy = VariantPolicy(ban=(make_pattern(random), make_pattern(random)))
        left = rank_variants(case.release(), LINUX, policy).order
        fewer = rank_labels(case, VariantPolicy(ban=policy.ban[:1]))

        assert {variant.label for variant in left} <= {*fewer}
        allowed = {
            label
            for label in labels(case.rank())
            if all(
                any(is_supported(case, item) and not policy.is_banned(item) for item in group)
                for group in group_properties(case.release(), label)
            )
        }
        assert {variant.label for variant in left} == allowed
        assert not any(map(policy.is_banned, (item for variant in left for item in variant.best)))

    @given(case=CASES, random=RANDOM)
    def test_a_pin_of_the_project(self, case: Case, random: Random) -> None:
        """Exactly what is pinned is left, in its own order; perhaps nothing."""
        pin = make_pin(random)
        before = case.rank().order
        kept = [
            variant.label
            for variant in before
            if variant.label == pin.label or (pin.pattern and any(map(pin.pattern.matches, variant.supported)))
        ]

        assert rank_labels(case, VariantPolicy(pins={PROJECT: pin})) == kept
        assert rank_labels(case, VariantPolicy(pin_all=pin)) == (kept or [variant.label for variant in before])
        assert rank_labels(case, VariantPolicy(pins={PROJECT: pin}, pin_all=make_pin(random))) == kept
        assert rank_labels(case, VariantPolicy(pins={canonicalize_name("q"): pin})) == labels(case.rank())


def group_properties(release: ReleaseVariants, label: str) -> list[list[VariantProperty]]:
    """Return the properties of a label, those of one feature together."""
    groups: dict[tuple[str, str], list[VariantProperty]] = {}
    for item in release.variants[label]:
        groups.setdefault((item.namespace, item.feature), []).append(item)
    return [*groups.values()]


def split_release(case: Case) -> list[ReleaseVariants]:
    """Read each label's own document, which may know the first namespaces only."""
    namespaces = [*case.supported]
    found = []
    for label, properties in case.variants.items():
        size = max((namespaces.index(name) + 1 for name in properties), default=0)
        known = Case(supported={name: case.supported[name] for name in namespaces[:size]}, variants={label: properties})
        found.append(parse_variants(known.document()))
    return found


class TestMerging:
    """PEP 825: documents of one release can be combined unless they contradict each other."""

    @settings(max_examples=200)
    @given(case=CASES.filter(lambda case: case.variants), random=RANDOM)
    def test_neither_order_nor_grouping_matters(self, case: Case, random: Random) -> None:
        """Every way to combine the documents of the labels leads to the same release."""
        parts = split_release(case)
        whole = merge_variants(parts)
        groups = [pick(random, range(len(parts)), len(parts)) for _ in range(3)]
        merged = [merge_variants([parts[place] for place in group]) for group in (*groups, range(len(parts)))]

        assert merge_variants(parts[::-1]) == whole
        assert merge_variants(random.sample(parts, len(parts))) == whole
        assert merge_variants(random.sample(merged, len(merged))) == whole
        assert merge_variants([whole, *parts]) == whole

    @given(case=CASES.filter(lambda case: case.variants))
    def test_it_ranks_as_the_whole_document(self, case: Case) -> None:
        """Namespaces that no variant uses may be missing; they order nothing."""
        merged = rank_variants(merge_variants(split_release(case)), LINUX)

        assert labels(merged) == labels(case.rank())
        assert merged.incompatible == case.rank().incompatible
