import string
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.version import Version

from wheelbridge.mapping.carried import (
    Evidence4,
    Trust,
    find_carried,
    find_recipe_source,
    find_sonames,
    judge,
    only_evidence,
    same_version,
)
from wheelbridge.mapping.rows import Confidence, NameAnswer, NameRow, Relation
from wheelbridge.mapping.verdicts import Status, compare, compare_all
from wheelbridge.model.name import CondaName, NormalizedName, canonicalize_name

SITES = ("site-packages/", "lib/python3.12/site-packages/", "lib/python3.13t/site-packages/", "Lib/site-packages/")
names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._]{0,8}[A-Za-z0-9])?", fullmatch=True)
versions = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,2}){0,2}((a|b|rc)[0-9])?(\.post[0-9])?(\+cu12)?", fullmatch=True)


def paths_of(*stems: str, site: str = "site-packages/") -> list[str]:
    """Return the METADATA of dist-infos in *site*."""
    return [f"{site}{stem}.dist-info/METADATA" for stem in stems]


def evidence(
    name: str, version: str, paths: Iterable[str], *, metadata: str | None = None, source: str = ""
) -> Evidence4:
    """Judge a package of *paths*; *metadata* is the Name of its one METADATA, by default the directory's."""
    carried = find_carried(paths)
    only = only_evidence(carried)
    read = {only.metadata: only.name if metadata is None else metadata} if only and only.metadata else {}
    return judge(CondaName(name), version, carried, read, canonicalize_name(source) if source else None)


def codes(found: Evidence4) -> list[str]:
    """Return why."""
    return [reason.code for reason in found.reasons]


class TestFinding:
    """knowledge: "the dist-info directory must sit *directly* in site-packages"."""

    @given(name=names, version=versions, site=st.sampled_from(SITES), file=st.sampled_from(["METADATA", "RECORD"]))
    def test_what_lies_in_site_packages_is_direct(self, name: str, version: str, site: str, file: str) -> None:
        """Name and version come back from the directory's name, wherever site-packages is."""
        (found,) = find_carried([f"{site}{name}-{version}.dist-info/{file}", f"{site}{name}/__init__.py"])

        assert (found.name, found.version, found.is_direct) == (canonicalize_name(name), version, True)
        assert (found.metadata is None) == (file != "METADATA")

    @given(
        folder=st.lists(st.text(string.ascii_letters + string.digits + "._-", min_size=1), min_size=1).map("/".join),
        site=st.sampled_from(SITES),
    )
    @example(folder="setuptools/_vendor", site="site-packages/")
    @example(folder="site-packages", site="Lib/")
    def test_what_lies_deeper_or_elsewhere_is_not(self, folder: str, site: str) -> None:
        """Between site-packages and a direct dist-info there is nothing."""
        found = find_carried([f"{site}{folder}/a-1.dist-info/METADATA", f"opt/{site}b-1.dist-info/METADATA"])
        inside = f"{site}{folder}/" in SITES

        assert [one.is_direct for one in found if one.name == "a" and one.version == "1"] in ([inside], [])
        assert [one.is_direct for one in found if one.name == "b"] == [False]

    @given(st.lists(st.text(max_size=60)))
    def test_no_path_breaks_it(self, paths: list[str]) -> None:
        """What is found can be asked for its name."""
        assert all(one.name for one in find_carried(paths))

    @pytest.mark.parametrize(
        ("path", "name", "version", "metadata"),
        [
            ("site-packages/Foo_bar-1.0-py3.9.egg-info/PKG-INFO", "foo-bar", "1.0", True),
            ("site-packages/foo-1.0-py2.7-linux-x86_64.egg-info/PKG-INFO", "foo", "1.0", True),
            ("site-packages/foo-1.0.egg-info", "foo", "1.0", True),
            ("site-packages/foo.egg-info/PKG-INFO", "foo", "", True),
            ("site-packages/foo-1.0.egg-info/top_level.txt", "foo", "1.0", False),
            ("site-packages/ruamel.yaml.clib-0.2.8.dist-info/METADATA", "ruamel-yaml-clib", "0.2.8", True),
            ("site-packages/zope.interface-6.dist-info/licenses/LICENSE", "zope-interface", "6", False),
        ],
    )
    def test_forms(self, path: str, name: str, version: str, *, metadata: bool) -> None:
        """Eggs, directories or files, with and without versions; names with dots."""
        (found,) = find_carried([path])

        assert (found.name, found.version, found.metadata is not None) == (name, version, metadata)

    def test_what_no_project_can_be_called_is_left_out(self) -> None:
        """What pip removes it renames to ``~umpy`` first, where it stays when pip is killed."""
        assert find_carried(["site-packages/~umpy-1.0.dist-info/METADATA", "site-packages/-1.dist-info/METADATA"]) == ()


class TestSonames:
    """What programs ask a loader for is the link that ldconfig makes."""

    @pytest.mark.parametrize(
        ("paths", "expected"),
        [
            (["lib/libodbc.so", "lib/libodbc.so.2", "lib/libodbc.so.2.0.0"], ("libodbc.so.2",)),
            (["lib/libboost_system.so.1.82.0"], ("libboost_system.so.1.82.0",)),
            (["lib/libssl.so.1.1", "lib/libssl.so.3"], ("libssl.so.1.1", "libssl.so.3")),
            (["lib/libz.so.10", "lib/libz.so.1"], ("libz.so.1", "libz.so.10")),
            (["lib/libodbc.2.dylib", "lib/libodbc.dylib", "lib/libodbc.2.0.dylib"], ("libodbc.2.dylib",)),
            (["Library/bin/ZLib.dll", "Library/bin/zlib.exe", "DLLs/x.dll"], ("zlib.dll",)),
            (["lib/python3.12/lib-dynload/libx.so.1", "lib/foo/liby.so.1", "lib/z.so.1", "lib/libz.so.1.txt"], ()),
        ],
        ids=["linux", "one-name", "two-of-them", "no-prefix", "macos", "windows", "none"],
    )
    def test_names(self, paths: list[str], expected: tuple[str, ...]) -> None:
        """The shortest version of each library."""
        assert find_sonames(paths) == expected

    @given(st.lists(st.text("libz.so/123dylLBnry", max_size=20)))
    def test_any_paths(self, paths: list[str]) -> None:
        """Names come out, each once and sorted, of files that are there."""
        found = find_sonames(paths)

        assert list(found) == sorted(set(found))
        assert all(any(path.lower().endswith(f"/{name.lower()}") for path in paths) for name in found)


class TestJudging:
    """knowledge: "exactly one level …, ``Name:`` read from METADATA equals the project, ``<V>`` == conda version"."""

    @pytest.mark.parametrize("site", SITES)
    def test_one_that_agrees_is_verified(self, site: str) -> None:
        """On every platform."""
        found = evidence("python-foo", "1.0", paths_of("Foo-1.0.0+cu12", site=site), source="foo")

        assert (found.trust, found.projects, codes(found)) == (Trust.VERIFIED, ("foo",), ["verified"])

    @pytest.mark.parametrize(
        ("stem", "metadata", "source", "code"),
        [
            ("foo-0.9", None, "", "version-differs"),
            ("foo-1.0", "foo-cpu", "", "name-differs"),
            ("foo-1.0", "", "", "name-differs"),
            ("foo-1.0", None, "foo-cpu", "recipe-differs"),
        ],
    )
    def test_one_that_does_not_is_doubtful(self, stem: str, metadata: str | None, source: str, code: str) -> None:
        """knowledge: "dist version != conda version halves trust"; as do other names."""
        found = evidence("foo", "1.0", paths_of(stem), metadata=metadata, source=source)

        assert (found.trust, codes(found)) == (Trust.DOUBTFUL, [code])

    def test_a_dist_info_without_metadata_is_doubtful(self) -> None:
        """It is no distribution."""
        found = evidence("foo", "1.0", ["site-packages/foo-1.0.dist-info/RECORD"])

        assert (found.trust, codes(found)) == (Trust.DOUBTFUL, ["no-metadata"])

    def test_what_was_not_read_is_not_verified(self) -> None:
        """Nothing is taken for granted."""
        found = judge(CondaName("foo"), "1.0", find_carried(paths_of("foo-1.0")), {})

        assert (found.trust, codes(found)) == (Trust.OBSERVED, ["metadata-unread"])

    def test_an_egg_info_is_observed(self) -> None:
        """The level asks for a dist-info."""
        found = evidence("foo", "1.0", ["site-packages/foo-1.0-py3.9.egg-info/PKG-INFO"])

        assert (found.trust, codes(found)) == (Trust.OBSERVED, ["egg-info"])

    def test_an_egg_info_beside_its_dist_info_says_nothing(self) -> None:
        """Old builds have both."""
        found = evidence("foo", "1.0", [*paths_of("foo-1.0"), "site-packages/foo-1.0.egg-info/PKG-INFO"])

        assert found.trust is Trust.VERIFIED

    def test_vendored_ones_are_no_evidence(self) -> None:
        """Nested anywhere, by whatever name."""
        nested = ["site-packages/foo/_vendor/bar-1.0.dist-info/METADATA", "share/site-packages/b-1.dist-info/METADATA"]
        none, one = evidence("foo", "1.0", nested), evidence("foo", "1.0", [*nested, *paths_of("foo-1.0")])

        assert (none.trust, none.projects, len(none.carried)) == (Trust.NONE, (), 2)
        assert one.trust is Trust.VERIFIED

    def test_of_several_those_of_the_version_count(self) -> None:
        """What has another version was bundled."""
        found = evidence("foo", "1.0", paths_of("foo-1.0", "bar-2.0"))
        other = evidence("foo", "1.0", paths_of("bar-2.0", "baz-3.0"))

        assert (found.trust, found.projects) == (Trust.OBSERVED, ("foo",))
        assert (other.trust, other.projects) == (Trust.DOUBTFUL, ("bar", "baz"))

    def test_of_many_the_own_name_alone_counts(self) -> None:
        """knowledge: "a candidate with >3 dist-infos needs an exact name match"."""
        three = ("a-1.0", "b-1.0", "c-1.0")

        assert evidence("foo", "1.0", paths_of(*three)).projects == ("a", "b", "c")
        assert evidence("foo", "1.0", paths_of(*three, "Foo-1.0")).projects == ("foo",)
        assert evidence("foo", "1.0", paths_of(*three, "d-1.0")).trust is Trust.BUNDLE
        assert evidence("foo", "1.0", paths_of(*three, "Foo-2.0")).trust is Trust.DOUBTFUL

    @given(one=versions, other=versions)
    def test_versions_are_equal_as_packaging_has_it(self, one: str, other: str) -> None:
        """The oracle is packaging, local parts taken off."""
        expected = Version(one.partition("+")[0]) == Version(other.partition("+")[0])

        assert same_version(one, other) == expected
        assert same_version(one, one)

    def test_versions_that_are_none_are_compared_as_they_are(self) -> None:
        """Conda has versions that PEP 440 has not."""
        assert same_version("2024_A", "2024_a")
        assert not same_version("2024_a", "2024_b")


class TestRecipes:
    """The source of the recipe: a file of an index, by its path."""

    @pytest.mark.parametrize(
        ("recipe", "expected"),
        [
            ("url: https://host.example/packages/source/F/Foo.Bar/foo_bar-1.tar.gz", "foo-bar"),
            (f"url: https://host.example/packages/aa/bb/{'0' * 60}/foo_bar-1.0.tar.gz", "foo-bar"),
            (f"url: https://host.example/packages/aa/bb/{'0' * 60}/Foo-1.0-py3-none-any.whl", "foo"),
            (f"url: https://host.example/packages/aa/bb/{'0' * 60}/foo.exe", None),
            ("url: https://host.example/foo/archive/v1.0.tar.gz", None),
            ("- /packages/source/f/foo/foo-1.tar.gz\n- /packages/source/b/bar/bar-1.tar.gz", None),
            ("url: https://host.example/packages/source/{{ name[0] }}/{{ name }}/{{ name }}-1.tar.gz", None),
            ("", None),
        ],
        ids=["by-name", "sdist", "wheel", "other-file", "elsewhere", "two", "template", "none"],
    )
    def test_sources(self, recipe: str, expected: str | None) -> None:
        """A project, where there is exactly one."""
        assert find_recipe_source(recipe) == expected


def row(
    project: str, relation: Relation = Relation.DIST, *, conda: str | None = "foo", pypi_range: str = ""
) -> NameRow:
    """Make a row."""
    return NameRow(
        pypi=NormalizedName(project),
        conda=CondaName(conda) if conda else None,
        relation=relation,
        confidence=Confidence.CURATED,
        layer="curated",
        pypi_range=pypi_range,
    )


FOO = evidence("foo", "1.0", paths_of("foo-1.0"))
BAR = evidence("foo", "1.0", paths_of("bar-1.0"))
OLD = evidence("foo", "1.0", paths_of("foo-0.9"))
BOTH = evidence("foo", "1.0", paths_of("foo-1.0", "bar-0.1"))
MANY = evidence("foo", "1.0", paths_of("bar-1.0", "baz-1.0", "qux-1.0", "quux-1.0"))
BARE = evidence("foo", "1.0", ["bin/foo"])


class TestComparing:
    """What a row says of a package holds, or it does not."""

    @pytest.mark.parametrize(
        ("claim", "found", "status", "code"),
        [
            (row("foo"), FOO, Status.CONFIRMED, "verified"),
            (row("foo", Relation.BASE), FOO, Status.CONFIRMED, "verified"),
            (row("foo"), BOTH, Status.CONFIRMED, "observed"),
            (row("foo"), OLD, Status.SILENT, "doubtful"),
            (row("bar"), MANY, Status.SILENT, "bundle"),
            (row("foo"), BAR, Status.CONTRADICTED, "other-dist-info"),
            (row("foo"), MANY, Status.CONTRADICTED, "other-dist-info"),
            (row("foo"), BARE, Status.CONTRADICTED, "no-dist-info"),
            (row("bar", Relation.PART), BOTH, Status.CONFIRMED, "part"),
            (row("bar", Relation.PART), BAR, Status.CONTRADICTED, "carries-it-alone"),
            (row("bar", Relation.PART), FOO, Status.CONTRADICTED, "other-dist-info"),
            (row("foo", Relation.PART), OLD, Status.SILENT, "doubtful"),
            (row("foo", Relation.LIBRARY), BARE, Status.CONFIRMED, "carries-none"),
            (row("foo", Relation.META), BAR, Status.CONFIRMED, "carries-none"),
            (row("foo", Relation.TOOL), FOO, Status.CONTRADICTED, "carries-it"),
            (row("foo", Relation.EQUIVALENT), OLD, Status.SILENT, "doubtful"),
            (row("foo", pypi_range=">=2"), FOO, Status.SILENT, "out-of-range"),
            (row("foo", pypi_range=">=1"), FOO, Status.CONFIRMED, "verified"),
            (row("foo", pypi_range="no range"), FOO, Status.SILENT, "out-of-range"),
        ],
    )
    def test_rows(self, claim: NameRow, found: Evidence4, status: Status, code: str) -> None:
        """By relation and evidence."""
        verdict = compare(claim, found)

        assert (verdict.status, verdict.code, verdict.row) == (status, code, claim)
        assert "foo 1.0" in verdict.text

    @pytest.mark.parametrize(
        ("answer", "status", "code"),
        [
            (NameAnswer(), Status.NEW, "unmapped"),
            (NameAnswer(ambiguous=("foo", "foo-base")), Status.NEW, "decides"),
            (NameAnswer(ambiguous=("foo-core", "foo-base")), Status.NEW, "unmapped"),
            (NameAnswer((row("foo", conda="foo-base"),)), Status.NEW, "also-carried"),
            (NameAnswer((row("foo", Relation.NONE, conda=None),)), Status.CONTRADICTED, "has-counterpart"),
        ],
    )
    def test_without_a_row(self, answer: NameAnswer, status: Status, code: str) -> None:
        """What the tables say of the project elsewhere matters."""
        (verdict,) = compare_all([], {NormalizedName("foo"): answer}, FOO)

        assert (verdict.status, verdict.code, verdict.project) == (status, code, "foo")

    @pytest.mark.parametrize(("found", "code"), [(BARE, "none"), (OLD, "doubtful"), (MANY, "bundle")])
    def test_nothing_follows_from_weak_evidence(self, found: Evidence4, code: str) -> None:
        """It is said that nothing follows."""
        (verdict,) = compare_all([], {}, found)

        assert (verdict.status, verdict.code, verdict.row, verdict.project) == (Status.SILENT, code, None, None)

    def test_a_wrong_row_and_the_right_project(self) -> None:
        """Both are told: what does not hold, and what does."""
        wrong = row("foo")
        verdicts = compare_all([wrong], {}, BAR)

        assert [(one.status, one.project) for one in verdicts] == [
            (Status.CONTRADICTED, "foo"),
            (Status.NEW, "bar"),
        ]

    def test_of_several_only_the_own_name_is_new(self) -> None:
        """Others of the same version may be bundled."""
        found = evidence("foo", "1.0", paths_of("foo-1.0", "bar-1.0"))

        assert [one.project for one in compare_all([], {}, found)] == ["foo"]
