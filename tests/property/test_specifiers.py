"""Any specifier, any version: packaging is the oracle, rattler the engine."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from rattler import MatchSpec, VersionSpec
from rattler import Version as CondaVersion

from wheelbridge.translate.specifiers import exact_versions, translate_specifier, translate_version

OPERATORS = ("==", "!=", ">=", ">", "<=", "<", "~=")
PRES = ("", "a0", "a1", "b1", "rc1", "rc2")
POSTS = ("", ".post0", ".post1", ".post2")
DEVS = ("", ".dev0", ".dev1", ".dev3")
SUFFIXES = tuple(map("".join, product(PRES, POSTS, DEVS)))

releases = st.lists(st.sampled_from([0, 0, 0, 1, 1, 2, 10]), min_size=1, max_size=4)
versions = st.builds(
    lambda epoch, release, suffix: f"{epoch}{'.'.join(map(str, release))}{suffix}",
    st.sampled_from(["", "", "", "1!"]),
    releases,
    st.sampled_from(SUFFIXES) | st.just(""),
)
labels = st.sampled_from(["", "", "+1", "+cpu", "+cu121"])
clauses = st.builds("{}{}".format, st.sampled_from(OPERATORS), versions).filter(
    lambda text: not text.startswith("~=") or "." in str(Version(text[2:]).base_version)
)
wildcards = st.builds(
    lambda operator, release: f"{operator}{'.'.join(map(str, release))}.*", st.sampled_from(["==", "!="]), releases
)
public_clauses = clauses | wildcards
local_clauses = st.builds("{}{}{}".format, st.sampled_from(["==", "!=", "==="]), versions, labels)


def accepts(conda: str | None, version: str) -> bool:
    """Ask rattler whether the version spec accepts the public version."""
    return conda is None or VersionSpec(conda, strict=True).matches(CondaVersion(translate_version(version)[0]))


def pad(version: str, width: int) -> str:
    """Write *version* with at least *width* release components."""
    parsed = Version(version)
    release = (*parsed.release, *[0] * (width - len(parsed.release)))
    return str(parsed.__replace__(release=release))


class TestPep440:
    """PEP 440: "A version specifier consists of a series of version clauses, separated by commas"."""

    @given(st.lists(public_clauses, max_size=4), st.lists(versions, min_size=1, max_size=20), labels)
    def test_what_is_not_lossy_is_exact(self, parts: list[str], candidates: list[str], label: str) -> None:
        """The engine accepts the public version exactly if packaging contains the full one."""
        specifier = SpecifierSet(",".join(parts))
        translated = translate_specifier(specifier)

        assert not translated.lossy
        for candidate in candidates:
            contained = specifier.contains(candidate + label, prereleases=True)
            assert accepts(translated.conda, candidate) is contained, (str(specifier), candidate + label)

    @given(public_clauses, st.integers(1, 4), st.sampled_from(SUFFIXES))
    def test_near_the_bound(self, clause: str, width: int, suffix: str) -> None:
        """The candidate has the release of the specifier, at another width and with another suffix."""
        base = Version(clause.lstrip("<>=!~").removesuffix(".*")).base_version
        candidate = pad(base + suffix, width)

        contained = SpecifierSet(clause).contains(candidate, prereleases=True)
        assert accepts(translate_specifier(clause).conda, candidate) is contained

    @given(public_clauses, st.lists(st.integers(0, 2), min_size=5, max_size=8), st.integers(0, 8))
    def test_finals_are_exact_at_every_width(self, clause: str, release: list[int], zeros: int) -> None:
        """PEP 440: "the shorter segment is padded out with additional zeros as necessary"."""
        candidate = ".".join(map(str, [*release, *[0] * zeros]))

        contained = SpecifierSet(clause).contains(candidate, prereleases=True)
        assert accepts(translate_specifier(clause).conda, candidate) is contained

    @given(st.lists(public_clauses | local_clauses, min_size=1, max_size=4))
    def test_the_solver_reads_the_text_in_strict_mode(self, parts: list[str]) -> None:
        """Written as records must have it (CEP 48: ``name[key="..."]``)."""
        conda = translate_specifier(",".join(parts)).conda

        assert MatchSpec(f'foo[version="{conda or "*"}"]', strict=True) is not None


class TestExactVersions:
    """The candidates are named one by one."""

    @given(
        st.lists(public_clauses | local_clauses, max_size=3),
        st.lists(st.builds("{}{}".format, versions, labels), max_size=20),
    )
    def test_the_named_are_those_contained(self, parts: list[str], candidates: list[str]) -> None:
        """Never one too many; one too few only where conda has no way to tell it from a refused one."""
        specifier = SpecifierSet(",".join(parts))
        pin = translate_specifier(specifier).build
        spec = exact_versions(specifier, candidates)

        in_reach = [text for text in candidates if pin is None or str(Version(text)).endswith(pin[1:])]
        contained = {text: specifier.contains(Version(text), prereleases=True) for text in in_reach}
        refused = {CondaVersion(translate_version(text)[0]) for text in in_reach if not contained[text]}
        for text in in_reach:
            told_apart = CondaVersion(translate_version(text)[0]) not in refused
            assert accepts(spec, text) is (contained[text] and told_apart), (str(specifier), text)


class TestGrid:
    """The same question without chance."""

    RELEASES = ("0", "1", "1.0", "1.0.0", "1.0.0.0", "0.0.1", "0.1", "1.1", "1.0.1", "1.0.0.1", "1.2.0", "2", "2.0.1")
    BOUNDS = ("", "a1", "rc1", "rc1.dev1", "rc1.post1", ".dev0", ".dev1", ".post0", ".post1", ".post1.dev1")
    CANDIDATES = tuple("".join(parts) for parts in product(PRES, ("", ".post0", ".post1"), ("", ".dev0", ".dev1")))

    def specifiers(self) -> list[str]:
        """Return every operator with every bound."""
        bounds = [
            f"{epoch}{release}{suffix}" for epoch in ("", "1!") for release in self.RELEASES for suffix in self.BOUNDS
        ]
        plain = [operator + bound for operator in OPERATORS[:-1] for bound in bounds]
        compatible = [f"~={bound}" for bound in bounds if len(Version(bound).release) > 1]
        return [
            *plain,
            *compatible,
            *(f"{operator}{release}.*" for operator in ("==", "!=") for release in self.RELEASES),
        ]

    def test_zero_disagreements(self) -> None:
        """Run with ``-s`` for the counts; each specifier meets every third candidate."""
        candidates = [
            release + suffix for release in (*self.RELEASES, "3", "0.0", "2.0.0") for suffix in self.CANDIDATES
        ]
        known = [(text, Version(text), CondaVersion(text)) for text in (*candidates, "1!0.dev0", "1!1", "1!1.0.post1")]
        tried, disagreed = 0, []
        for text in self.specifiers():
            specifier, conda = SpecifierSet(text), VersionSpec(translate_specifier(text).conda or "*", strict=True)
            for candidate, version, conda_version in known[tried % 3 :: 3]:
                tried += 1
                if specifier.contains(version, prereleases=True) is not conda.matches(conda_version):
                    disagreed.append((text, candidate))
        print(f"tried {tried:,} pairs, disagreed {len(disagreed)}")

        assert tried > 200_000
        assert disagreed == []


@pytest.mark.parametrize(
    ("specifier", "padded"), [(">1.0", "1.0.0.0.0.post1"), (">=1.0rc2", "1.0.0.0.0rc1"), ("==1.0rc1", "1.0.0.0.0rc1")]
)
def test_the_promise_ends_where_it_says(specifier: str, padded: str) -> None:
    """A fifth component of padding is not told apart; should this fail, the docstring promises too little."""
    contained = SpecifierSet(specifier).contains(padded, prereleases=True)

    assert accepts(translate_specifier(specifier).conda, padded) is not contained
