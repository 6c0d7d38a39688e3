"""DepURLs and external dependency specifiers (PEP 725): the recorded vectors, the rules, what a reader may rely on."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL
from packaging.specifiers import SpecifierSet

from wheelbridge.mapping.external.generations import KEYS, upgrade_key, upgrade_specifier
from wheelbridge.model.external import DepURL, ExternalSpecifier, InvalidDepURLError, OutdatedDepURLError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "dep_url_vectors.json").read_text("utf-8"))["vectors"]

words = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._~:+-]{0,8}", fullmatch=True)
encoded = words | st.sampled_from(["%40angular", "a%20b", "%C3%A9", "x%2By", "%25", "a_b"])
kinds = st.sampled_from(
    [
        "generic",
        "GitHub",
        "gitlab",
        "pypi",
        "npm",
        "deb",
        "rpm",
        "pub",
        "hackage",
        "cpan",
        "oci",
        "mlflow",
        "cargo",
        "x.y-z",
    ]
)
released = st.from_regex(
    r"(?:[1-9]!)?(?:0|[1-9][0-9]?)(?:\.[0-9]{1,2}){0,3}(?:a|rc|\.post|\.dev)?[0-9]?", fullmatch=True
)
clauses = st.builds(
    "{}{}{}".format, st.sampled_from([">=", ">", "<", "<=", "=="]), st.sampled_from(["", " "]), released
)
versions = released | st.lists(clauses, min_size=1, max_size=3).map(", ".join)
pairs = st.dictionaries(st.from_regex(r"[a-zA-Z][a-z0-9._-]{0,4}", fullmatch=True), encoded, min_size=1, max_size=3)
qualifiers = pairs.filter(lambda held: len({key.lower() for key in held}) == len(held)).map(
    lambda held: "&".join(f"{key}={value}" for key, value in held.items())
)
MARKERS = ["os_name == 'a;b'", "python_version<'3.11' and extra == 'x_y'", "'linux' in sys_platform"]


@st.composite
def urls(draw: st.DrawFn) -> str:
    """Write DepURLs in many spellings."""
    parts = draw(st.lists(encoded, min_size=1, max_size=3))
    if draw(st.booleans()):
        head = f"dep:virtual/{draw(st.sampled_from(['compiler', 'Interface']))}/{parts[0]}"
    else:
        head = f"{draw(st.sampled_from(['dep', 'DEP']))}:{draw(kinds)}/{'/'.join(parts)}"
    version = draw(st.none() | versions)
    asked = draw(st.none() | qualifiers)
    subpath = draw(st.none() | st.lists(encoded, min_size=1, max_size=2).map("/".join))
    return "".join(
        [
            head,
            *([f"@{version}"] if version else []),
            *([f"?{asked}"] if asked else []),
            f"#{subpath}" if subpath else "",
        ]
    )


@st.composite
def specifiers(draw: st.DrawFn) -> str:
    """Write DepURLs with and without markers."""
    marker = draw(st.none() | st.sampled_from(MARKERS))
    return draw(urls()) + (f"{draw(st.sampled_from(['', ' ', '  ']))};{marker}" if marker else "")


def read_or_none(text: str) -> ExternalSpecifier | None:
    """Read a specifier; None if it is refused."""
    try:
        return ExternalSpecifier.parse(text)
    except InvalidDepURLError:
        return None


class TestVectors:
    """The recorded vectors, made from PEP 725 and purl-spec."""

    @pytest.mark.parametrize("vector", [one for one in VECTORS if one["valid"]], ids=lambda one: str(one["input"]))
    def test_what_is_valid_has_these_parts(self, vector: dict[str, Any]) -> None:
        """Part by part, and normalized."""
        specifier = ExternalSpecifier.parse(vector["input"])
        found = {
            **specifier.url.as_json(),
            "marker": str(specifier.marker) if specifier.marker else None,
            "normalized": str(specifier.url),
        }

        assert found == {key: vector[key] for key in found}

    @pytest.mark.parametrize("vector", [one for one in VECTORS if not one["valid"]], ids=lambda one: str(one["input"]))
    def test_what_is_invalid_is_refused(self, vector: dict[str, Any]) -> None:
        """With the text, a reason, and a hint that says what to do."""
        with pytest.raises(InvalidDepURLError) as caught:
            ExternalSpecifier.parse(vector["input"])

        assert repr(vector["input"]) in caught.value.message
        assert caught.value.reason
        assert caught.value.hint

    def test_there_are_as_many_as_were_recorded(self) -> None:
        """None was lost."""
        assert len(VECTORS) == 66


class TestVersions:
    """PEP 725: "only the following operators may be used: ``>=``, ``>``, ``<``, ``<=``, ``==``, ``,``"."""

    @pytest.mark.parametrize(
        ("version", "means"),
        [
            ("2.0", "==2.0"),
            ("==2.0", "==2.0"),
            (">= 1.0 , < 2", ">=1.0,<2"),
            (">=1.0rc1", ">=1.0rc1"),
            ("1!2.0", "==1!2.0"),
            ("==1.0+Local", "==1.0+local"),
            ("%3E%3D2.0", ">=2.0"),
        ],
    )
    def test_a_version_alone_means_exactly_that(self, version: str, means: str) -> None:
        """And white space may stand where PEP 440 lets it."""
        assert DepURL.parse(f"dep:generic/x@{version}").specifier == SpecifierSet(means)

    @pytest.mark.parametrize(
        "version",
        [
            *(
                "1.*",
                "==1.*",
                "~=1.0",
                "!=1.0",
                "===1.0",
                "=1.0",
                ">=1.0,",
                ",>=1.0",
                ">=1.0,2.0",
                "1.0 2.0",
                ">=1.0|<2",
            ),
            *(">=1.0+local", "> =1", "", "%20", "1.0%2E%2A", "1.0%0A", "9" * 5000, "vers:generic/1.0", "(>=1.0)"),
        ],
    )
    def test_anything_else_is_refused(self, version: str) -> None:
        """Wildcards, other operators, empty clauses, several versions that are no range."""
        with pytest.raises(InvalidDepURLError):
            DepURL.parse(f"dep:generic/x@{version}")

    def test_none_is_no_bound(self) -> None:
        """Not one that everything meets."""
        assert DepURL.parse("dep:generic/x").specifier is None


class TestParts:
    """What PURL says of its components, without anything that a parser would repair or drop."""

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("dep:generic/x?a=1&A=2", "it has a qualifier twice"),
            ("dep:generic/x?a=", "the qualifier 'a=' is not key=value"),
            ("dep:generic/x?a=%20", "the qualifier 'a=%20' is empty"),
            ("dep:generic/x?", "the qualifier '' is not key=value"),
            ("dep:generic/x?a=1?b=2", "it has '?' twice"),
            ("dep:generic/x?a=1 2", "the qualifier 'a=1 2' is not key=value"),
            ("dep:generic/x?a=b@>=2", "the qualifier 'a=b@>=2' is not key=value"),
            ("dep:generic/x#a/../b", "its subpath 'a/../b' has"),
            ("dep:generic/x#%2E", "its subpath '%2E' has"),
            ("dep:generic/x#", "a part of it is empty"),
            ("dep:generic/x#a#b", "it has '#' twice"),
            ("dep:generic/x%ZZ", "'x%ZZ' has a '%' that encodes nothing"),
            ("dep:generic/%20x", "'%20x' hides white space at an end"),
            ("dep:generic/x%00", "'x%00' hides a control character"),
            ("dep:generic/foo[extra]", "it has an unescaped '[' in 'foo[extra]'"),
            ("dep:generic/größe", "it has an unescaped 'ö'"),
            ("dep:c++/x", "'c++' is no type"),
            ("dep:@angular/cli", "'@angular' is no type"),
            ("dep:npm/@angular/cli", "it has an unescaped '@' in '@angular'"),
            ("dep:generic/x\t", "it has white space or a control character"),
            ("dep:\u212a/x", "'\u212a' is no type"),
        ],
    )
    def test_nothing_is_repaired(self, text: str, reason: str) -> None:
        """The reason shows the part."""
        with pytest.raises(InvalidDepURLError) as caught:
            DepURL.parse(text)

        assert caught.value.reason.startswith(reason)

    def test_a_marker_belongs_to_a_specifier(self) -> None:
        """A DepURL has none; within a specifier, ';' may stand between the quotes of the marker."""
        with pytest.raises(InvalidDepURLError, match="environment marker"):
            DepURL.parse("dep:generic/x; os_name == 'nt'")

        assert str(ExternalSpecifier.parse("dep:generic/x;os_name=='a;b'")) == 'dep:generic/x; os_name == "a;b"'

    def test_equal_is_what_is_normalized_alike(self) -> None:
        """So that a set has each once; ``2.0`` and ``==2.0`` are written differently, and stay."""
        first, second = DepURL.parse("dep:github/A/b@>=1.0.0 ,<2"), DepURL.parse("DEP:GitHub/a/B@>= 1.0.0,<2")

        assert len({first, second}) == 1
        assert DepURL.parse("dep:generic/x@2.0") != DepURL.parse("dep:generic/x@==2.0")
        assert first != str(first)

    def test_the_id_leaves_out_what_the_reference_keeps(self) -> None:
        """Registries have aliases with qualifiers; versions are nobody's name."""
        url = DepURL.parse("dep:generic/cmake@>=3?b=2&a=x%2Fy#sub/path")

        assert (url.id, url.reference) == ("dep:generic/cmake", "dep:generic/cmake?a=x/y&b=2#sub/path")

    @pytest.mark.parametrize(
        ("text", "normalized"),
        [
            ("dep:npm/JSONStream", "dep:npm/JSONStream"),
            ("dep:deb/Debian/Curl", "dep:deb/debian/curl"),
            ("dep:rpm/Fedora/Curl", "dep:rpm/fedora/Curl"),
            ("dep:generic/Foo_Bar", "dep:generic/Foo_Bar"),
            ("dep:hackage/a_b", "dep:hackage/a-b"),
        ],
    )
    def test_case_matters_where_purl_says_so(self, text: str, normalized: str) -> None:
        """purl-spec, the definitions of the types: JSONStream and jsonstream are two packages."""
        assert str(DepURL.parse(text)) == normalized

    def test_no_secret_is_shown(self) -> None:
        """A qualifier may be an address with a login in it."""
        with pytest.raises(InvalidDepURLError) as caught:
            DepURL.parse("dep:generic/x?repository_url=https://me:secret@host.example/x&b")

        assert "secret" not in str(caught.value.as_json())
        assert "host.example" in caught.value.message


class TestProperties:
    """What a reader may rely on, whatever the text."""

    @given(specifiers())
    def test_what_is_written_is_read_again(self, text: str) -> None:
        """The normalized form is one, and means the same."""
        if specifier := read_or_none(text):
            assert ExternalSpecifier.parse(str(specifier)) == specifier
            assert str(ExternalSpecifier.parse(str(specifier))) == str(specifier)
            assert hash(ExternalSpecifier.parse(str(specifier))) == hash(specifier)

    @given(urls())
    def test_most_spellings_are_read(self, text: str) -> None:
        """What is refused of them is a version, which the strategy does not always get right."""
        assert reason_of(DepURL.parse, text) in {"", "version"}

    @given(st.text() | st.builds("dep:{}".format, st.text()) | st.builds("dep:generic/{}".format, st.text()))
    def test_anything_else_is_refused_and_nothing_breaks(self, text: str) -> None:
        """One error, ours, in words that can be shown."""
        for read in (DepURL.parse, ExternalSpecifier.parse):
            assert reason_of(read, text).isprintable()

    @given(kinds, st.lists(encoded, min_size=1, max_size=3))
    def test_parts_are_those_that_packageurl_finds(self, kind: str, parts: list[str]) -> None:
        """It reads the same text as a PURL; npm's names, which it lowers, and what it does not fold are ours."""
        text = f"{kind}/{'/'.join(parts)}"
        ours, theirs = DepURL.parse(f"dep:{text}"), PackageURL.from_string(f"pkg:{text}")
        folded = ours.type in {"npm", "deb", "rpm"}

        assert ours.type == theirs.type
        assert fold(ours.name, folded=folded) == fold(theirs.name, folded=folded)
        assert fold(ours.namespace, folded=folded) == fold(theirs.namespace, folded=folded)


def reason_of(read: Callable[[str], object], text: str) -> str:
    """Return why *text* is refused: one word where it is the version, nothing where it is not refused."""
    try:
        assert str(read(text))
    except InvalidDepURLError as error:
        return "version" if " version " in error.message else error.message
    return ""


def fold(text: str | None, *, folded: bool) -> str:
    """Return a part, without its case where the two differ in that."""
    return (text or "").lower() if folded else text or ""


class TestGenerations:
    """Earlier drafts are recognized, refused, and the way to write it today is shown."""

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("pkg:generic/x", "dep:generic/x"),
            ("pkg:generic/zlib (>=1.2)", "dep:generic/zlib@>=1.2"),
            ("pkg:generic/zlib (>=1.2,<2); os_name == 'nt'", "dep:generic/zlib@>=1.2,<2; os_name == 'nt'"),
            ("pkg:generic/x ; os_name == 'nt'", "dep:generic/x ; os_name == 'nt'"),
            ("virtual:compiler/c", "dep:virtual/compiler/c"),
            ("virtual:compiler/cpp", "dep:virtual/compiler/cxx"),
            ("virtual:interface/blas", "dep:virtual/interface/blas"),
            ("dep:generic/foo >=1.0", "dep:generic/foo@>=1.0"),
            ("dep:generic/foo>=1.0", "dep:generic/foo@>=1.0"),
            ("PKG:github/A/b@1.0", "dep:github/A/b@1.0"),
        ],
    )
    def test_an_old_spelling_is_refused_and_upgraded(self, old: str, new: str) -> None:
        """The hint has what to write, and what it says can be read."""
        with pytest.raises(OutdatedDepURLError) as caught:
            ExternalSpecifier.parse(old)

        assert caught.value.upgraded == upgrade_specifier(old) == new
        assert caught.value.hint == f"Write {new!r} instead."
        assert read_or_none(new)

    @pytest.mark.parametrize(
        "text",
        [
            "openssl",
            "pkg:generic",
            "virtual:interpreter/python",
            "pkg:generic/x (~=1.0)",
            "pkg:pypi/x?vers=vers:pypi/1",
        ],
    )
    def test_nothing_is_guessed(self, text: str) -> None:
        """Refused for what it is; no upgrade that would be invalid, or mean another thing."""
        with pytest.raises(InvalidDepURLError) as caught:
            ExternalSpecifier.parse(text)

        assert not isinstance(caught.value, OutdatedDepURLError)
        assert upgrade_specifier(text) is None

    @pytest.mark.parametrize("text", ["dep:virtual/compiler/cpp", "dep:virtual/compiler/C++"])
    def test_the_words_of_the_pep_for_cxx_are_accepted(self, text: str) -> None:
        """PEP 725's own example has one; an upgrade of the file writes the registry's word."""
        assert read_or_none(text)
        assert upgrade_specifier(text) == "dep:virtual/compiler/cxx"
        assert upgrade_specifier("dep:virtual/compiler/cxx") is None

    @given(specifiers())
    def test_what_is_current_is_not_upgraded(self, text: str) -> None:
        """But for the words for C++."""
        if read_or_none(text) and not any(word in text.lower() for word in ("cpp", "c++")):
            assert upgrade_specifier(text) is None

    @pytest.mark.parametrize(
        ("key", "upgraded"),
        [
            ("build-host-requires", "host-requires"),
            ("optional_build_host_requires", "optional-host-requires"),
            ("build_requires", "build-requires"),
            ("dependency_groups", "dependency-groups"),
            ("requires", None),
            *((key, None) for key in KEYS),
        ],
    )
    def test_keys(self, key: str, upgraded: str | None) -> None:
        """None for one that is current, and for one that never was."""
        assert upgrade_key(key) == upgraded


@pytest.mark.parametrize(
    "text", ["dep:generic/@1.0", "dep:virtual/compiler/@>=2017", "dep:npm/%40a/@1", "dep:cran/@0.9.1"]
)
def test_a_name_is_needed(text: str) -> None:
    """purl-spec: "The ``name`` is required"; a version in its place is none."""
    with pytest.raises(InvalidDepURLError, match="it has no name"):
        DepURL.parse(text)


@pytest.mark.parametrize(
    "text", ["pkg:generic/a ({}(", "pkg:generic/a {}@", "pkg:generic/a{}", "dep:generic/a@>={}1 !", "dep:{}x"]
)
def test_long_texts_take_no_time(text: str) -> None:
    """Wheels of anybody are read: a text of 20,000 blanks must not stop the solve."""
    started = time.monotonic()
    with pytest.raises(InvalidDepURLError):
        ExternalSpecifier.parse(text.format(" " * 20_000))

    assert time.monotonic() - started < 2
