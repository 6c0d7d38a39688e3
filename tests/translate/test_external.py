"""External dependencies as conda packages: which row answers, what becomes of versions and of markers."""

from collections.abc import Sequence
from typing import Any

import pytest
from rattler import MatchSpec

from wheelbridge.api.external.rows import open_external
from wheelbridge.mapping.external.layers import Mode
from wheelbridge.mapping.external.rows import (
    CATEGORIES,
    Alternative,
    ExternalRow,
    Scheme,
    Specs,
    VersionPolicy,
)
from wheelbridge.mapping.overlays import Overlay
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.external import ExternalSpecifier
from wheelbridge.model.target import Target
from wheelbridge.translate.external import (
    ExternalEnvironment,
    ExternalRows,
    ExternalTranslation,
    ExternalVersionError,
    UnmappedExternalError,
    translate_external,
    translate_external_dependency,
)
from wheelbridge.translate.external_table import ExternalTable
from wheelbridge.translate.row_specs import RowSpec

LINUX, WINDOWS, MAC = (Target(subdir=subdir) for subdir in ("linux-64", "win-64", "osx-arm64"))


def row(name: str, *specs: str, scheme: Scheme = Scheme.PEP440, **fields: Any) -> ExternalRow:
    """Make a row with the same *specs* in every category, on every platform unless *when* says else."""
    bound = scheme not in {Scheme.NONE, Scheme.CALENDAR_STD}
    policy = VersionPolicy(
        scheme=scheme,
        apply_to=fields.pop("apply_to", tuple(RowSpec.parse(spec).name for spec in specs)) if bound else (),
        table=fields.pop("table", ()),
    )
    alternative = Alternative(
        name="default",
        when=fields.pop("when", ("*",)),
        build=specs,
        host=specs,
        run=specs,
        recipe=fields.pop("recipe", Specs()),
    )
    return ExternalRow(
        id=f"dep:{name}", relation=Relation.LIBRARY, alternatives=(alternative,), version=policy, **fields
    )


def use(*rows: ExternalRow, mode: Mode = Mode.USE) -> ExternalRows:
    """Open a map with *rows*, in the place of the tables by default."""
    return open_external([Overlay(name="test", external=rows, mode=mode)])


def translate(
    text: str, *rows: ExternalRow, target: Target = LINUX, category: str = "host", **options: Any
) -> ExternalTranslation:
    """Translate one specifier with the given rows."""
    return translate_external_dependency(ExternalSpecifier.parse(text), category, target, use(*rows), **options)


@pytest.fixture(scope="module")
def shipped() -> ExternalRows:
    """Open the tables that are shipped."""
    return open_external()


class TestRows:
    """Which row answers, and what is said where none does."""

    def test_the_specs_of_the_category_are_taken(self, shipped: ExternalRows) -> None:
        """Nothing crosses categories: a library is not run to build."""
        zlib = ExternalSpecifier.parse("dep:generic/zlib")
        answers = {one: translate_external_dependency(zlib, one, LINUX, shipped) for one in CATEGORIES}

        assert {one: answer.base for one, answer in answers.items()} == {
            "build": (),
            "host": ("zlib",),
            "run": ("libzlib",),
        }
        assert answers["host"].packages == ("zlib",)

    @pytest.mark.parametrize(
        ("rows", "reason"),
        [
            ([], "the tables have no row for 'dep:generic/x'."),
            (
                [row("generic/x", "x", when=("win-*", "osx-64"))],
                "there is no package of it for linux-64, only for win-*",
            ),
            (
                [ExternalRow(id="dep:generic/x", relation=Relation.NONE, reason="Nobody did it.")],
                "it is known not to be packaged (Nobody did it).",
            ),
            ([row("generic/x", "x")], ""),
        ],
    )
    def test_no_answer_has_a_reason(self, rows: Sequence[ExternalRow], reason: str) -> None:
        """And a way out."""
        if not reason:
            assert translate("dep:generic/x", *rows).base == ("x",)
            return
        with pytest.raises(UnmappedExternalError) as caught:
            translate("dep:generic/x", *rows)

        assert caught.value.reason.startswith(reason)
        assert caught.value.dependency == "dep:generic/x"
        assert "--map" in str(caught.value.hint)
        assert "--no-external" in str(caught.value.hint)

    def test_the_first_row_that_has_an_answer_counts(self) -> None:
        """As a map leaves them that extends the tables: the one behind answers for other platforms."""
        absent = ExternalRow(id="dep:generic/x", relation=Relation.NONE)
        rows = [absent, row("generic/x", "first", when=("win-*",)), row("generic/x", "second")]

        assert translate("dep:generic/x", *rows).base == ("second",)
        assert translate("dep:generic/x", *rows, target=WINDOWS).base == ("first",)

    def test_a_map_of_ones_own_goes_over_the_tables(self) -> None:
        """A patch replaces, an extension stands behind."""
        own, zlib = row("generic/zlib", "mine"), ExternalSpecifier.parse("dep:generic/zlib")
        answers = [
            translate_external_dependency(zlib, "host", LINUX, use(own, mode=mode)).base
            for mode in (Mode.PATCH, Mode.EXTEND, Mode.USE)
        ]
        near, far = (Overlay(name=name, external=(row("generic/zlib", name),)) for name in ("near", "far"))

        assert answers == [("mine",), ("zlib",), ("mine",)]
        assert translate_external_dependency(zlib, "host", LINUX, open_external([near, far])).base == ("near",)

    @pytest.mark.parametrize(
        ("text", "packages"),
        [
            ("dep:github/Kitware/CMake", ("cmake",)),
            ("dep:generic/cmake?repository_url=https://gitlab.kitware.com/cmake/cmake", ("cmake",)),
            ("dep:generic/cmake@>=3?repository_url=https://gitlab.kitware.com/cmake/cmake", ("cmake",)),
            ("dep:github/OpenMathLib/OpenBLAS@>=0.3.20", ("openblas",)),
        ],
    )
    def test_aliases_are_followed(self, shipped: ExternalRows, text: str, packages: tuple[str, ...]) -> None:
        """Whatever the version."""
        found = translate_external_dependency(ExternalSpecifier.parse(text), "host", LINUX, shipped)

        assert found.packages == packages
        assert found.note == ""

    @pytest.mark.parametrize("text", ["dep:generic/cmake?a=b", "dep:generic/cmake#sub"])
    def test_what_is_more_than_an_id_has_no_row(self, shipped: ExternalRows, text: str) -> None:
        """A qualifier or a subpath asks for something else; nothing of it is dropped."""
        with pytest.raises(UnmappedExternalError, match="no row"):
            translate_external_dependency(ExternalSpecifier.parse(text), "build", LINUX, shipped)

    def test_the_word_of_the_pep_for_cxx_is_noted(self, shipped: ExternalRows) -> None:
        """Its example says cpp, the registry cxx."""
        cpp = ExternalSpecifier.parse("dep:virtual/compiler/cpp")
        found = translate_external_dependency(cpp, "build", LINUX, shipped)

        assert found.base == ("cxx-compiler",)
        assert "taken as 'dep:virtual/compiler/cxx'" in found.note


class TestVersions:
    """What a bound is for the packages of a row."""

    @pytest.mark.parametrize(
        ("version", "spec", "expected"),
        [
            ("2.0", "x", 'x[version="==2.0"]'),
            ("==2.0", "x", 'x[version="==2.0"]'),
            (">=1.2,<2", "x", 'x[version=">=1.2,<2dev0"]'),
            (">=1.2", "x * *_netlib", 'x[version=">=1.2",build="*_netlib"]'),
            (">=1.2", "x >=1.0,<3 *_netlib", 'x[version=">=1.0,<3,>=1.2",build="*_netlib"]'),
            ("<2", "x >=1|<0.5", 'x[version=">=1,<2dev0|<0.5,<2dev0"]'),
            (">=1.2", 'x[version="1.*", build=py_*]', 'x[version="1.*,>=1.2",build="py_*"]'),
            (">=1.2", "x =1.2", 'x[version="=1.2,>=1.2"]'),
            (">=1.2", "x >=1.2", 'x[version=">=1.2"]'),
            (">=1.2", "x >= 1, < 2", 'x[version=">=1,<2,>=1.2"]'),
            (">=1", "x (>=1,<2)|>=3", 'x[version=">=1,<2|>=3,>=1"]'),
        ],
    )
    def test_it_is_combined_with_what_the_row_says(self, version: str, spec: str, expected: str) -> None:
        """Both hold; a build is kept, and rattler reads it."""
        translated = translate(f"dep:generic/x@{version}", row("generic/x", spec))
        (found,) = translated.base

        assert translated.unapplied is None
        assert found == expected
        assert MatchSpec(found, strict=True).name.normalized == "x"

    @pytest.mark.parametrize(
        "spec", ["conda-forge::x", "x[channel=y]", "x[version=1", "x =1.2=b", "x a b c", "{{ x }}"]
    )
    def test_a_spec_that_says_more_is_refused(self, spec: str) -> None:
        """Rather than read as something else; the reason shows it."""
        held = row("generic/x", "x")
        broken = ExternalRow(
            id="dep:generic/x",
            relation=Relation.LIBRARY,
            alternatives=(Alternative(name="a", when=("*",), host=(spec,)),),
            version=held.version,
        )
        with pytest.raises(UnmappedExternalError, match="is no MatchSpec of a name, a version and a build"):
            translate("dep:generic/x", broken)

    def test_it_is_for_the_packages_that_it_is_of(self) -> None:
        """Others of the row are taken as they are."""
        found = translate("dep:generic/x@>=2", row("generic/x", "x", "y", apply_to=("y",)))

        assert found.base == ("x", 'y[version=">=2"]')
        assert found.unapplied is None

    def test_where_no_package_counts_it_so_is_said(self) -> None:
        """A bound does not vanish with the package that it is of."""
        found = translate("dep:generic/x@>=2", row("generic/x", "x", apply_to=("y",)))

        assert found.base == ("x",)
        assert "'>=2' of dep:generic/x was left out" in str(found.unapplied)

    @pytest.mark.parametrize(
        ("scheme", "words"),
        [
            (Scheme.CALENDAR_STD, "compilers of the channel that are newer than the standard have it"),
            (Scheme.NONE, "the versions of the packages are not what it counts"),
        ],
    )
    def test_what_no_version_says_is_left_out_and_said_to_be(self, scheme: Scheme, words: str) -> None:
        """One sentence, with the bound."""
        found = translate("dep:virtual/compiler/c@>=1999", row("virtual/compiler/c", "c-compiler", scheme=scheme))

        assert found.base == ("c-compiler",)
        assert words in str(found.unapplied)
        assert "'>=1999'" in str(found.unapplied)

    @pytest.mark.parametrize(
        ("version", "expected"),
        [(">=4.5", ">=9|>=13"), ("5.0", ">=13"), ("<5", ">=9"), ("==4.5", ">=9"), (">=4,<5", ">=9")],
    )
    def test_a_table_says_which_packages_have_a_standard(self, version: str, expected: str) -> None:
        """Those that have any version of it that will do."""
        known = (("4.5", ">=9"), ("5.0", ">=13"))
        held = row("virtual/interface/openmp", "omp", scheme=Scheme.MAP, table=known)

        (found,) = translate(f"dep:virtual/interface/openmp@{version}", held).base
        assert found == f'omp[version="{expected}"]'

    @pytest.mark.parametrize(
        ("version", "scheme", "reason"),
        [
            ("==1.0+local", Scheme.PEP440, "no local version labels"),
            (">=2,<1", Scheme.PEP440, "no version is within all its bounds"),
            (">=6", Scheme.MAP, "the tables know of 4.5 only"),
        ],
    )
    def test_what_nothing_can_meet_is_an_error(self, version: str, scheme: Scheme, reason: str) -> None:
        """With a reason."""
        table = (("4.5", ">=9"),) if scheme is Scheme.MAP else ()
        with pytest.raises(ExternalVersionError, match=reason):
            translate(f"dep:generic/x@{version}", row("generic/x", "x", scheme=scheme, table=table))

    def test_blas_counts_as_the_reference_does(self, shipped: ExternalRows) -> None:
        """PEP 804, appendix B; the packages to link with and the texts of a recipe, each with the bound."""
        blas = ExternalSpecifier.parse("dep:virtual/interface/blas@>=3.7.1")
        found = translate_external_dependency(blas, "host", LINUX, shipped)

        assert found.base == tuple(f'{name}[version=">=3.7.1"]' for name in ("libblas", "libcblas", "blas-devel"))
        assert found.recipe == ("libblas >=3.7.1 *netlib", "libcblas >=3.7.1 *netlib")


class TestMarkers:
    """Platforms are decided on the target; python is left as a condition."""

    @pytest.mark.parametrize(("target", "base"), [(LINUX, ()), (WINDOWS, ("x",)), (MAC, ())])
    def test_a_platform_is_decided(self, target: Target, base: tuple[str, ...]) -> None:
        """What does not hold needs no row."""
        rows = [row("generic/x", "x", when=("win-*",))]

        assert translate("dep:generic/x; sys_platform == 'win32'", *rows, target=target).base == base

    def test_python_becomes_a_condition(self) -> None:
        """As CEP 43 writes it, unless the pythons are known."""
        text = "dep:generic/x@>=1; python_version < '3.11'"

        assert translate(text, row("generic/x", "x")).base == ('x[version=">=1",when="python<3.11dev0"]',)
        assert translate(text, row("generic/x", "x"), pythons=[(3, 10)]).base == ('x[version=">=1"]',)
        assert translate(text, row("generic/x", "x"), pythons=[(3, 12)]).base == ()

    def test_an_extra_becomes_a_group(self) -> None:
        """As core metadata has optional dependencies."""
        found = translate("dep:generic/x; extra == 'Some_One' and os_name == 'posix'", row("generic/x", "x"))

        assert (found.base, found.groups) == ((), {"some-one": ("x",)})


def environment(
    data: dict[str, Any], rows: ExternalRows, target: Target = LINUX, **options: Any
) -> ExternalEnvironment:
    """Translate a whole table."""
    return translate_external(ExternalTable.parse(data), target, rows, **options)


class TestEnvironments:
    """Whole tables, as people install them."""

    @pytest.mark.parametrize("language", ["c", "cpp", "cxx@>=2017", "fortran", "rust", "swift"])
    def test_a_compiler_needs_the_headers_of_python(self, shipped: ExternalRows, language: str) -> None:
        """Of any language; one that has no package is none the less needed."""
        found = environment({"build-requires": [f"dep:virtual/compiler/{language}"]}, shipped)

        assert found.host == ("python",)
        assert "python" in found.recipe.host
        assert bool(found.unmapped) is (language == "swift")

    @pytest.mark.parametrize(
        "data",
        [
            {"build-requires": ["dep:generic/ninja"]},
            {"build-requires": ["dep:virtual/compiler/c; sys_platform == 'win32'"]},
            {"dependencies": ["dep:virtual/compiler/c"]},
        ],
    )
    def test_otherwise_it_is_not_added(self, shipped: ExternalRows, data: dict[str, Any]) -> None:
        """A tool is no compiler, one for another platform is not there, one to run with builds nothing."""
        assert environment(data, shipped).host == ()

    def test_one_package_has_one_spec(self) -> None:
        """What several ids ask of it holds together; two builds cannot."""
        rows = use(row("generic/a", "x"), row("generic/b", "x * *_one"), row("generic/c", "x * *_two"))
        found = environment({"host-requires": ["dep:generic/a@>=1", "dep:generic/b@<2", "dep:generic/c"]}, rows)

        assert found.host == ("x >=1,<2dev0 *_one", "x * *_two")

    def test_what_depends_on_python_is_conditional_and_noted(self) -> None:
        """Only a MatchSpec in brackets can say it; where the python is known, it is decided."""
        rows, data = use(row("generic/x", "x")), {"dependencies": ["dep:generic/x@>=1; python_version < '3.11'"]}
        found = environment(data, rows)

        assert found.run == ('x[version=">=1",when="python<3.11dev0"]',)
        assert any("depends on python" in note for note in found.notes)
        assert environment(data, rows, pythons=[(3, 10)]).run == ("x >=1",)
        assert environment(data, rows, pythons=[(3, 12)]).run == ()

    def test_extras_of_markers_hold_where_they_are_asked_for(self) -> None:
        """With the extras of the table."""
        rows = use(row("generic/x", "x"), row("generic/y", "y"))
        asked = ["dep:generic/x; extra == 'e'", "dep:generic/nonsense; extra == 'f'"]
        data = {"dependencies": asked, "optional-dependencies": {"E": ["dep:generic/y"]}}

        assert environment(data, rows) == ExternalEnvironment()
        assert environment(data, rows, extras=["e"]).run == ("x", "y")

    def test_nothing_is_lost(self, shipped: ExternalRows) -> None:
        """What has no package is listed once with its reason, a bound that was left out is noted."""
        found = environment(
            {
                "build-requires": ["dep:virtual/compiler/c@>=1999", "dep:generic/nonsense"],
                "dependencies": ["dep:generic/nonsense", "dep:generic/zlib@>=2,<1", "dep:generic/tk; os_name!='nt'"],
            },
            shipped,
        )

        assert [(one.dependency, one.code) for one in found.unmapped] == [
            ("dep:generic/nonsense", "unmapped-external-dependency"),
            ("dep:generic/zlib@>=2,<1", "external-version-not-expressible"),
        ]
        assert all(one.reason and one.as_json() for one in found.unmapped)
        assert any("'>=1999'" in note for note in found.notes)
        assert found.run == ("tk",)

    def test_a_recipe_has_templates_where_the_tables_have_them(self, shipped: ExternalRows) -> None:
        """And the specs elsewhere, with their bounds."""
        found = environment(
            {
                "build-requires": ["dep:virtual/compiler/c", "dep:virtual/compiler/cxx", "dep:generic/ninja@>=1.8"],
                "host-requires": ["dep:generic/openblas@>=0.3.20"],
            },
            shipped,
        )

        assert found.recipe.build == (
            "${{ compiler('c') }}",
            "${{ stdlib('c') }}",
            "${{ compiler('cxx') }}",
            "ninja >=1.8",
        )
        assert found.recipe.host == ("libblas * *_openblas", "libcblas * *_openblas", "python")
        assert found.host == ("openblas >=0.3.20", "python")
        assert any("without the bound '>=0.3.20'" in note for note in found.recipe_notes)


def test_an_extra_that_only_a_marker_names_can_be_asked_for() -> None:
    """It is one of the table, as one with a list of its own."""
    table = ExternalTable.parse({"dependencies": ["dep:generic/zlib; extra == 'My_X' and sys_platform == 'linux'"]})

    assert table.extras == {"my-x"}
    assert translate_external(table, LINUX, open_external(), extras=["my.x"]).run == ("libzlib",)
    assert translate_external(table, LINUX, open_external()).run == ()
