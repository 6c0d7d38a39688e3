"""PEP 440 specifiers in conda's words; rattler reads every result, in strict mode."""

import json
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from rattler import BuildString, MatchSpec, PackageRecord, VersionSpec
from rattler import Version as CondaVersion

from wheelbridge.errors import InvalidSpecifierError, InvalidVersionError
from wheelbridge.translate.errors import VersionNumberTooLargeError, VersionTooLongError
from wheelbridge.translate.specifiers import (
    NOTHING,
    CondaVersionSpec,
    exact_versions,
    translate_specifier,
    translate_version,
)

# The file's "reverse" vectors concern conda -> PEP 440, which this module does not do.
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "version_vectors.json").read_text("utf-8"))["vectors"]


def accepts(translated: CondaVersionSpec, candidate: str) -> bool:
    """Ask rattler whether the record of a wheel with this full version matches."""
    version, label = translate_version(candidate)
    build = f"py3_0+{label}" if label else "py3_0"
    keys = {"version": translated.conda, "build": translated.build}
    text = ",".join(f'{key}="{value}"' for key, value in keys.items() if value)
    record = PackageRecord(name="foo", version=version, build=BuildString(build), build_number=0, subdir="noarch")
    return MatchSpec(f"foo[{text}]" if text else "foo", strict=True).matches(record)


def version_matches(spec: str, version: str) -> bool:
    """Ask rattler for the version alone."""
    return VersionSpec(spec, strict=True).matches(CondaVersion(version))


class TestVectors:
    """The recorded answers of packaging and of three conda engines."""

    @pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['specifier']} {v['candidate']}")
    def test_a_wheel_matches_as_pep_440_says(self, vector: dict[str, Any]) -> None:
        """Version and build glob together agree in all of them, the documented exceptions included."""
        assert accepts(translate_specifier(vector["specifier"]), vector["candidate"]) is vector["pep440_match"]

    @pytest.mark.parametrize(
        ("specifier", "candidate", "contained", "version_alone", "lossy"),
        [
            pytest.param("==2.0+cu121", "2.0+cpu", False, True, True, id="another label: the build glob decides"),
            pytest.param("==2.0+cu121", "2.0", False, True, True, id="no label: the build glob decides"),
            pytest.param("===1.0", "1.0.0", False, True, True, id="text against padding: only flagged"),
            pytest.param(">=2.0.0rc1", "2.0rc1", True, True, False, id="rc of another width: now exact"),
            pytest.param(">=1.0.post1", "1.0.0.1", True, True, False, id="four components after a post: now exact"),
        ],
    )
    def test_the_five_documented_exceptions(
        self,
        specifier: str,
        candidate: str,
        contained: bool,
        version_alone: bool,
        lossy: bool,
    ) -> None:
        """Three are flagged because the version alone says too much; two are exact with more alternatives."""
        translated = translate_specifier(specifier)

        assert SpecifierSet(specifier).contains(candidate, prereleases=True) is contained
        assert version_matches(translated.conda or "*", translate_version(candidate)[0]) is version_alone
        assert translated.lossy is lossy


class TestText:
    """What is written, where people read it."""

    @pytest.mark.parametrize(
        ("specifier", "conda"),
        [
            ("", None),
            ("==1.0", "==1.0"),
            ("!=1.0", "!=1.0"),
            (">=1.0", ">=1.0"),
            ("<=1.0", "<=1.0"),
            ("<2.0", "<2dev0"),
            ("<1!2.0", "<1!2dev0"),
            ("==1.*", "1.*"),
            ("==1.0.*", ">=1dev0,<1.1dev0"),
            ("!=1.5.*", "!=1.5.*"),
            ("!=3.0.*", "<3dev0|>=3.1dev0"),
            ("~=1.4", "1.*,>=1.4"),
            ("~=1.4.2", "1.4.*,>=1.4.2"),
            ("~=2.2.post3", None),
            (">1.2.3.4", ">1.2.3.4,!=1.2.3.4.post.*"),
            (">=2.0.dev0", ">=2dev0"),
            (">=1.2.3.4rc1", ">=1.2.3.4rc1,!=1.2.3.4.dev.*"),
            ("<1.2.3.4rc1", "<1.2.3.4rc1|1.2.3.4.dev.*"),
            (">=1.2.3.4.dev2", ">=1.2.3.4dev0,<1.2.3.4.dev0|>=1.2.3.4.dev2"),
            ("<2.0.dev0", "<2dev0"),
            (">1.2.3.4rc1.dev1", ">1.2.3.4rc1.dev1,!=1.2.3.4.dev.*"),
            (">=v1.0-1", None),
            (">=1.0.3", ">=1.0.3,!=1.post.*"),
            ("<1.0.3", "<1.0.3dev0|1.post.*"),
        ],
    )
    def test_a_clause(self, specifier: str, conda: str | None) -> None:
        """Finals are short; a suffix needs one alternative for each width."""
        translated = translate_specifier(specifier)

        assert not translated.lossy
        assert translated.conda == conda or (conda is None and specifier and translated.conda)

    @pytest.mark.parametrize(
        ("specifier", "conda"),
        [
            ("!=1.5.*,<2,>=1.0", ">=1.0,<2dev0,!=1.5.*"),
            (">=3.8,!=3.9.7", ">=3.8,!=3.9.7"),
            (">=2.7,!=3.0.*,!=3.1.*,<4", ">=2.7,<3dev0|>=3.1dev0,<4dev0,!=3.1.*"),
            (">=1.0,>=1.2", ">=1.2"),
            (">=1.2,!=1.0", ">=1.2"),
            ("==1.*,<2", "1.*"),
            (">=2,<1", NOTHING),
            ("==1.0,!=1.0", NOTHING),
            ("<0", NOTHING),
        ],
    )
    def test_a_set(self, specifier: str, conda: str) -> None:
        """The order is ours, not the author's; what cannot decide is left out."""
        assert translate_specifier(specifier) == CondaVersionSpec(conda, lossy=False)

    def test_the_order_of_the_clauses_is_irrelevant(self) -> None:
        """One set, one text."""
        clauses = [">=1.0rc1", "!=1.0.*", "<3.0.post2", "!=2.1rc1"]
        forward, backward = ",".join(clauses), ",".join(reversed(clauses))

        assert translate_specifier(forward) == translate_specifier(backward)
        assert translate_specifier(forward) == translate_specifier(SpecifierSet(backward))

    def test_many_alternatives_do_not_multiply(self) -> None:
        """Forty clauses of two alternatives each leave 41 ranges, not a million."""
        conda = translate_specifier(",".join(f"!={major}.0.*" for major in range(1, 41))).conda or ""

        assert conda.count("|") == 40
        assert [major for major in range(50) if not version_matches(conda, f"{major}.0.5")] == list(range(1, 41))


class TestLocalLabels:
    """PEP 440: "the local version label of any candidate versions MUST be ignored" unless the specifier has one."""

    @pytest.mark.parametrize(
        ("specifier", "expected"),
        [
            ("==1.0+cu121", CondaVersionSpec("==1.0", lossy=True, build="*+cu121")),
            ("==1.0+CU_121", CondaVersionSpec("==1.0", lossy=True, build="*+cu.121")),
            ("===1.0+cu121", CondaVersionSpec("==1.0", lossy=True, build="*+cu121")),
            ("===1.0", CondaVersionSpec("==1.0", lossy=True)),
            ("===not-a-version", CondaVersionSpec(NOTHING, lossy=True)),
            ("!=1.0+cu121", CondaVersionSpec("!=1.0", lossy=True)),
            ("==1.0+cu121,==1.0+cpu", CondaVersionSpec(NOTHING, lossy=True)),
            ("==1.0+cu121,!=1.0+cpu", CondaVersionSpec("==1.0", lossy=True, build="*+cu121")),
            ("==1.0+cu121,!=1.0+cu121", CondaVersionSpec(NOTHING, lossy=True, build="*+cu121")),
        ],
    )
    def test_a_label_goes_to_the_build_string(self, specifier: str, expected: CondaVersionSpec) -> None:
        """A pin is a glob; an exclusion takes the whole version with it."""
        assert translate_specifier(specifier) == expected

    def test_an_exclusion_spares_versions_without_the_label(self) -> None:
        """With the candidates known, 1.0 is lost only where the label is really there."""
        specifier = SpecifierSet("!=1.0+cu121")

        assert exact_versions(specifier, ["1.0", "1.0+cpu", "1.1"]) == "==1.0|==1.1"
        assert exact_versions(specifier, ["1.0", "1.0+cu121", "1.1"]) == "==1.1"

    def test_a_pin_names_the_version_of_the_label(self) -> None:
        """The other labels of that version are kept out by the build glob."""
        assert exact_versions(SpecifierSet("==1.0+cu121"), ["1.0", "1.0+cpu", "1.0+cu121"]) == "==1.0"
        assert exact_versions(SpecifierSet("==1.0+cu121"), ["1.0", "1.0+cpu"]) == NOTHING


class TestExactVersions:
    """The list of candidates that says what a lossy spec cannot."""

    def test_versions_that_conda_cannot_tell_apart_are_refused_together(self) -> None:
        """``===1.0`` does not contain 1.0.0, and ``==1.0`` would."""
        assert exact_versions(SpecifierSet("===1.0"), ["1.0", "1.0.0"]) == NOTHING

    def test_one_name_for_equal_versions(self) -> None:
        """Order and number of the candidates do not show."""
        assert exact_versions(SpecifierSet(">=1"), [Version("2.0"), "1.0", "1", "2.0"]) == "==1.0|==2.0"

    def test_candidates_that_no_record_can_carry_are_left_out(self) -> None:
        """They would make the solver refuse the whole spec."""
        assert exact_versions(SpecifierSet(">=1"), ["1.0", f"1.{2**70}", "1." * 40 + "1"]) == "==1.0"

    def test_an_invalid_candidate_is_an_error(self) -> None:
        """Nobody has read it yet."""
        with pytest.raises(InvalidVersionError):
            exact_versions(SpecifierSet(), ["banana"])

    @pytest.mark.parametrize("version", ["0.dev0", "0dev0", "0a0.dev0", "0", "0.0.0.dev0", "1!0.dev0", "9999"])
    def test_nothing_matches_nothing(self, version: str) -> None:
        """The least version of PEP 440 included, whatever the epoch."""
        assert not version_matches(NOTHING, version)
        assert MatchSpec(f'foo[version="{NOTHING}"]', strict=True).version is not None


class TestVersions:
    """Versions are normalized and split."""

    @pytest.mark.parametrize(
        ("version", "expected"),
        [
            ("1.0", ("1.0", None)),
            ("v1.0.Alpha.1", ("1.0a1", None)),
            ("1!2.0-3.DEV", ("1!2.0.post3.dev0", None)),
            ("2.0+Ubuntu-1", ("2.0", "ubuntu.1")),
            (Version("1.0.0+cpu"), ("1.0.0", "cpu")),
        ],
    )
    def test_a_version(self, version: str | Version, expected: tuple[str, str | None]) -> None:
        """Trailing zeros stay: they are part of a version's text."""
        assert translate_version(version) == expected

    @pytest.mark.parametrize("text", ["banana", "", "1.0k", "1." + "9" * 5000])
    def test_not_a_version(self, text: str) -> None:
        """A number that CPython refuses to read is an error like any other."""
        with pytest.raises(InvalidVersionError):
            translate_version(text)

    @pytest.mark.parametrize("text", ["1.0k", ">=1.0.*", "~=1", "=1.0", "==1." + "9" * 5000])
    def test_not_a_specifier(self, text: str) -> None:
        """Spellings of conda included."""
        with pytest.raises((InvalidSpecifierError, InvalidVersionError)):
            translate_specifier(text)

    def test_a_version_too_long_for_conda(self) -> None:
        """CEP 26 allows version strings of 64 characters; a label is not part of them."""
        longest = "1." * 31 + "10"
        assert translate_version(f"{longest}+{'a' * 40}")[0] == longest

        for translate in (translate_version, lambda text: translate_specifier(f">={text}")):
            with pytest.raises(VersionTooLongError):
                translate("1." * 31 + "100")

    def test_a_number_too_large_for_the_solver(self) -> None:
        """The solver keeps 64 bits; dates to the second fit."""
        assert translate_specifier("==1.20240131235959").conda is not None

        for translate in (translate_version, lambda text: translate_specifier(f">={text}")):
            with pytest.raises(VersionNumberTooLargeError):
                translate(f"1.{2**64}")

    def test_the_largest_number_is_one_the_solver_reads(self) -> None:
        """The upper bound of a prefix is one more."""
        conda = translate_specifier(f"~=1.{2**64 - 2}.0").conda

        assert VersionSpec(conda or "", strict=True).matches(CondaVersion(f"1.{2**64 - 2}.5"))
