import datetime as dt
import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rattler import MatchSpec
from ruamel.yaml import YAML

from wheelbridge.mapping.external.ids import (
    Definition,
    InvalidExternalIdError,
    Registry,
    normalize_alias,
    normalize_id,
    resolve,
)
from wheelbridge.mapping.external.layers import Mode, combine
from wheelbridge.mapping.external.parsing import (
    CATEGORIES,
    SUBDIRS,
    Alternative,
    ExternalRow,
    InvalidExternalError,
    Scheme,
    Specs,
    VersionPolicy,
    choose,
    package_of,
    parse_external,
    render_external,
)
from wheelbridge.mapping.external.pep804 import parse_registry
from wheelbridge.mapping.external.rows import COLUMNS, CONFIDENCES, PROVENANCES
from wheelbridge.mapping.lines import SortedLines
from wheelbridge.mapping.rows import Relation

REPOSITORY = Path(__file__).parents[2]
MAPPINGS = REPOSITORY / "mappings"
PUBLIC = REPOSITORY.parent / "shared" / "data"
VECTORS = REPOSITORY.parent / "shared" / "vectors" / "dep_url_vectors.json"

unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Rows are large, and the machine that makes them may be busy."""


def load(name: str) -> Any:
    """Read a table as YAML has it."""
    return YAML(typ="safe", pure=True).load(MAPPINGS / name)


@pytest.fixture(scope="module")
def rows() -> tuple[ExternalRow, ...]:
    """Read the table as it is shipped."""
    return parse_external(load("external/conda-forge.yaml"))


@pytest.fixture(scope="module")
def registry() -> Registry:
    """Read the registry as it is shipped."""
    return parse_registry(load("external/registry.yaml"))


ROW: dict[str, Any] = {
    "id": "dep:generic/zlib",
    "relation": "library",
    "alternatives": [{"name": "default", "when": ["*"], "host": ["zlib"], "run": ["libzlib"]}],
    "version": {"scheme": "pep440", "apply_to": ["zlib"]},
    "reason": "because",
    "evidence": ["seen"],
    "reviewed": "2026-11-21",
}


def changed(**fields: Any) -> dict[str, Any]:
    """Return the row with some fields changed; those that are None are left out."""
    return {key: value for key, value in (ROW | fields).items() if value is not None}


def alternative(**fields: Any) -> list[dict[str, Any]]:
    """Return alternatives: the row's one with some fields changed."""
    return [ROW["alternatives"][0] | fields]


printable = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
words = st.lists(printable, min_size=1, max_size=3).map(" ".join)
names = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,4})?", fullmatch=True)
specs = st.lists(st.builds("{}{}".format, names, st.sampled_from(["", " >=1.0", " * *_mkl"])), max_size=2).map(tuple)
ids = st.builds("dep:{}/{}".format, st.sampled_from(["generic", "github/x", "virtual/interface"]), names)


@st.composite
def alternatives(draw: st.DrawFn) -> tuple[Alternative, ...]:
    """Make alternatives that do not overlap: families of platforms, or all."""
    globs = draw(
        st.sampled_from([[], [["*"]], [["linux-*", "osx-64"], ["win-*"]], [["linux-64"], ["osx-*"], ["win-64"]]])
    )
    return tuple(
        Alternative(
            name=f"{draw(names)}{number}",
            when=tuple(when),
            build=draw(specs),
            host=draw(specs),
            run=draw(specs),
            recipe=Specs(build=draw(st.lists(words, max_size=2).map(tuple)), host=draw(specs)),
        )
        for number, when in enumerate(globs)
    )


@st.composite
def external_rows(draw: st.DrawFn) -> ExternalRow:
    """Make rows that a table may hold."""
    held = draw(alternatives())
    packages = sorted({package_of(spec) for one in held for name in CATEGORIES for spec in one.of(name)})
    scheme = draw(st.sampled_from([one for one in Scheme if packages or one in {Scheme.NONE, Scheme.CALENDAR_STD}]))
    bound = scheme not in {Scheme.NONE, Scheme.CALENDAR_STD}
    table = draw(st.dictionaries(words, words, min_size=1, max_size=2)) if scheme is Scheme.MAP else {}
    return ExternalRow(
        id=draw(ids),
        relation=draw(st.sampled_from([Relation.LIBRARY, Relation.TOOL, Relation.META])) if held else Relation.NONE,
        alternatives=held,
        version=VersionPolicy(scheme=scheme, apply_to=tuple(packages[:2]) if bound else (), table=tuple(table.items())),
        extension=draw(st.booleans()),
        upstream=draw(st.just("") | words),
        channels=draw(st.lists(names, min_size=1, max_size=2).map(tuple)),
        provenance=draw(st.sampled_from(PROVENANCES)),
        confidence=draw(st.sampled_from(CONFIDENCES)),
        reason=draw(words),
        evidence=draw(st.lists(words, min_size=1, max_size=3).map(tuple)),
        reviewed=draw(st.dates().map(dt.date.isoformat)),
    )


class TestTheShippedTable:
    """Every row of mappings/external/conda-forge.yaml."""

    def test_every_canonical_id_of_the_registry_has_a_row(
        self, rows: tuple[ExternalRow, ...], registry: Registry
    ) -> None:
        """47 ids; the others are aliases, which must not have rows of their own."""
        held = {row.id for row in rows if not row.extension}

        canonical = {name for name, definition in registry.definitions.items() if definition.alias_of is None}
        assert len(canonical) == 47
        assert held == canonical

    def test_an_extension_is_not_in_the_registry(self, rows: tuple[ExternalRow, ...], registry: Registry) -> None:
        """Once the registry has it, the mark must go."""
        assert [row.id for row in rows if row.extension and row.id in registry.definitions] == []

    def test_every_match_spec_is_one_strictly(self, rows: tuple[ExternalRow, ...]) -> None:
        """And rattler reads the package that we read."""
        for row, category in product(rows, CATEGORIES):
            for one in row.alternatives:
                for spec in one.of(category):
                    assert MatchSpec(spec, strict=True).name.normalized == package_of(spec)

    def test_no_two_alternatives_are_for_one_platform(self, rows: tuple[ExternalRow, ...]) -> None:
        """So that the answer never depends on their order."""
        for row, subdir in product(rows, SUBDIRS):
            assert sum(one.fits(subdir) for one in row.alternatives) <= 1, row.id

    def test_a_bound_is_put_on_bare_names_only(self, rows: tuple[ExternalRow, ...]) -> None:
        """A spec that already says something is one where the bound must go between; there is one such id."""
        specified = {
            row.id
            for row, category in product(rows, CATEGORIES)
            for one in row.alternatives
            for spec in one.of(category)
            if spec != package_of(spec)
        }
        assert specified == {"dep:github/reference-lapack/lapack"}

    @pytest.mark.parametrize(
        ("name", "subdir", "category", "expected"),
        [
            ("dep:virtual/interface/blas", "linux-64", "build", ()),
            ("dep:virtual/interface/blas", "linux-64", "run", ("libblas", "libcblas")),
            ("dep:virtual/interface/openmp", "osx-arm64", "host", ("llvm-openmp",)),
            ("dep:virtual/interface/openmp", "linux-64", "run", ("_openmp_mutex",)),
            ("dep:virtual/interface/mpi", "win-64", "run", ("impi_rt",)),
            ("dep:generic/libjpeg", "linux-64", "host", ("libjpeg-turbo",)),
            ("dep:generic/zlib", "win-64", "host", ("zlib",)),
            ("dep:generic/libxml2", "linux-64", "build", ("libxml2",)),
            ("dep:generic/arrow", "linux-64", "run", ("libarrow-all",)),
            ("dep:generic/libwebp", "linux-64", "run", ("libwebp-base",)),
            ("dep:generic/boost", "linux-64", "host", ("libboost-devel",)),
            ("dep:generic/flint", "linux-64", "host", ("libflint",)),
        ],
    )
    def test_what_upstream_had_wrong_is_right(
        self, rows: tuple[ExternalRow, ...], name: str, subdir: str, category: str, expected: tuple[str, ...]
    ) -> None:
        """The answers that people will rely on most."""
        (row,) = (row for row in rows if row.id == name)
        chosen = choose(row, subdir)

        assert chosen
        assert chosen.of(category) == expected

    @pytest.mark.parametrize(
        ("name", "subdir"),
        [
            ("dep:virtual/compiler/swift", "osx-arm64"),
            ("dep:virtual/compiler/cuda", "osx-arm64"),
            ("dep:virtual/compiler/obj-c", "linux-64"),
            ("dep:generic/libimagequant", "linux-aarch64"),
        ],
    )
    def test_there_is_no_answer_where_nothing_is_packaged(
        self, rows: tuple[ExternalRow, ...], name: str, subdir: str
    ) -> None:
        """No answer beats a wrong one."""
        (row,) = (row for row in rows if row.id == name)

        assert choose(row, subdir) is None

    def test_no_repack_of_another_system_is_left(self, rows: tuple[ExternalRow, ...]) -> None:
        """Packages of msys2 and CentOS are for Windows and for recipes only."""
        for row in rows:
            for one in row.alternatives:
                repacked = [
                    spec for name in CATEGORIES for spec in one.of(name) if re.search(r"^m2w?6?4?-|-cos\d", spec)
                ]
                assert repacked == [], row.id

    @pytest.mark.shared_data
    @pytest.mark.skipif(not (PUBLIC / "names").is_dir(), reason="the public tables are not beside the checkout")
    def test_every_package_is_known_to_the_channel(self, rows: tuple[ExternalRow, ...]) -> None:
        """And none of them is the Python distribution of another thing, as arrow is."""
        known = json.loads((PUBLIC / "names" / "parselmouth-v0-conda-forge.json").read_bytes())
        packages = {
            package_of(spec) for row in rows for one in row.alternatives for name in CATEGORIES for spec in one.of(name)
        }

        assert sorted(packages - known.keys()) == []
        assert sorted(package for package in packages if known[package]) == []


class TestSchemas:
    """mappings/schema says what the parser says."""

    @pytest.mark.parametrize(("schema", "table"), [("external", "conda-forge"), ("registry", "registry")])
    def test_the_table_follows_its_schema(self, schema: str, table: str) -> None:
        """Editors check against the schema, we against the parser."""
        rules = json.loads((MAPPINGS / "schema" / f"{schema}.schema.json").read_bytes())
        data = json.loads(json.dumps(load(f"external/{table}.yaml"), default=dt.date.isoformat))
        Draft202012Validator.check_schema(rules)

        assert [f"{error.json_path}: {error.message}" for error in Draft202012Validator(rules).iter_errors(data)] == []

    @unhurried
    @given(external_rows())
    def test_what_the_parser_writes_follows_the_schema(self, row: ExternalRow) -> None:
        """Any row, not only those that are shipped."""
        rules = json.loads((MAPPINGS / "schema" / "external.schema.json").read_bytes())

        assert Draft202012Validator(rules).is_valid([render_external(row)])


class TestParsing:
    """A table is read whole, or the first thing that is wrong is named with its place."""

    def test_a_row_is_read(self) -> None:
        """Every field, and what is usual where one is missing."""
        (row,) = parse_external([ROW | {"reviewed": dt.date(2026, 11, 21), "reason": "be\n  cause"}])

        assert row == ExternalRow(
            id="dep:generic/zlib",
            relation=Relation.LIBRARY,
            alternatives=(Alternative(name="default", when=("*",), host=("zlib",), run=("libzlib",)),),
            version=VersionPolicy(scheme=Scheme.PEP440, apply_to=("zlib",)),
            reason="be cause",
            evidence=("seen",),
            reviewed="2026-11-21",
        )

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (None, "external: expected a list of rows, got nothing"),
            ([3], "[0]: expected a mapping with texts as keys, got int"),
            ([{}], "[0]: the field 'id' is missing"),
            ([changed(colour="red")], "[0]: there is no field 'colour'"),
            ([changed(id="dep:generic/zlib@1")], "[0].id: 'dep:generic/zlib@1' is no id"),
            ([changed(relation="dist")], "[0].relation: 'dist' is none of library, tool, meta, none"),
            ([changed(relation="none")], "[0]: there are no alternatives exactly where the relation is 'none'"),
            ([changed(alternatives=[], version=None)], "[0]: there are no alternatives exactly where"),
            ([changed(alternatives=alternative(when=[]))], "[0].alternatives[0].when: it holds for no platform"),
            (
                [changed(alternatives=alternative(when=["linux64"]))],
                "[0].alternatives[0].when[0]: 'linux64' is no subdir",
            ),
            ([changed(alternatives=alternative(when="*"))], "[0].alternatives[0].when: expected a list, got str"),
            (
                [changed(alternatives=alternative(host=["zlib", 3]))],
                "[0].alternatives[0].host[1]: expected a text, got int",
            ),
            ([changed(alternatives=alternative(host=[" "]))], "[0].alternatives[0].host[0]: the text is empty"),
            (
                [changed(alternatives=alternative(build=["{{ compiler('c') }}"]))],
                "[0].alternatives[0].build[0]: \"{{ compiler('c') }}\" is a template of recipes",
            ),
            ([changed(alternatives=alternative(run=[">=3"]))], "[0].alternatives[0].run[0]: '>=3' is no MatchSpec"),
            (
                [changed(alternatives=[*alternative(), *alternative()])],
                "[0].alternatives: two are named 'default'",
            ),
            (
                [changed(alternatives=[*alternative(), *alternative(name="two", when=["osx-64"])])],
                "[0].alternatives: 'default' and 'two' are both for osx-64",
            ),
            ([changed(version={"scheme": "calver"})], "[0].version.scheme: 'calver' is none of none, pep440"),
            ([changed(version={"scheme": "pep440"})], "[0].version.apply_to: with the scheme 'pep440' it must name"),
            (
                [changed(version={"scheme": "none", "apply_to": ["zlib"]})],
                "[0].version.apply_to: with the scheme 'none' it must not name packages",
            ),
            (
                [changed(version={"scheme": "pep440", "apply_to": ["zlib-ng"]})],
                "[0].version.apply_to: no alternative installs 'zlib-ng'",
            ),
            ([changed(version={"scheme": "map", "apply_to": ["zlib"]})], "[0].version.map: it is there exactly where"),
            ([changed(extension="yes")], "[0].extension: expected true or false, got str"),
            ([changed(channels=[])], "[0].channels: it holds for no channel"),
            ([changed(confidence="sure")], "[0].confidence: 'sure' is none of curated"),
            ([changed(reviewed="21 Nov")], "[0].reviewed: '21 Nov' is no date"),
            ([changed(reason=None)], "[0]: a curated row needs the field 'reason'"),
            ([changed(evidence=[])], "[0]: a curated row needs the field 'evidence'"),
            ([changed(reviewed=None)], "[0]: a curated row needs the field 'reviewed'"),
            ([ROW, ROW], "[1].id: 'dep:generic/zlib' is there twice"),
            ([ROW, changed(id="dep:generic/tk")], "[1].id: 'dep:generic/tk' stands after 'dep:generic/zlib'"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_place(self, data: object, message: str) -> None:
        """One sentence with the path and the value, and where the rules are."""
        with pytest.raises(InvalidExternalError) as caught:
            parse_external(data)

        assert caught.value.message.startswith(message)
        assert caught.value.code == "invalid-external"
        assert "mappings/README.md" in str(caught.value.hint)

    @unhurried
    @given(external_rows())
    def test_what_is_written_is_read_again(self, row: ExternalRow) -> None:
        """Through JSON, which has fewer kinds of values than YAML."""
        assert parse_external(json.loads(json.dumps([render_external(row)]))) == (row,)

    @unhurried
    @given(
        st.recursive(
            st.none() | st.booleans() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(["id", "relation", "alternatives", "version", "when", "name", "host", "x"]), inner
                )
            ),
        )
    )
    def test_anything_else_is_refused_and_nothing_breaks(self, data: object) -> None:
        """Whatever YAML may hold: rows, or our error."""
        if data == []:
            return
        with pytest.raises(InvalidExternalError):
            parse_external(data)


class TestLines:
    """A look-up file has one line of a row."""

    @unhurried
    @given(external_rows())
    def test_a_row_is_one_line(self, row: ExternalRow) -> None:
        """However a reader splits lines and fields."""
        line = row.render_line()

        assert line.splitlines() == [line]
        assert ExternalRow.parse_line(line.split("\t")) == row
        assert len(line.split("\t")) <= len(COLUMNS)

    def test_it_is_found_by_its_id(self, rows: tuple[ExternalRow, ...]) -> None:
        """Sorted, as the files are."""
        lines = SortedLines("".join(sorted(f"{row.render_line()}\n" for row in rows)).encode())

        for row in rows:
            found = lines.find(row.id)
            assert found
            assert ExternalRow.parse_line(found) == row
        assert [ExternalRow.parse_line(fields).id for fields in lines] == sorted(row.id for row in rows)


class TestChoosing:
    """The alternative for a platform, if exactly one is for it."""

    @unhurried
    @given(external_rows(), st.sampled_from(SUBDIRS))
    def test_it_is_the_only_one_that_fits(self, row: ExternalRow, subdir: str) -> None:
        """And None where none does."""
        assert [one for one in row.alternatives if one.fits(subdir)] == [one for one in [choose(row, subdir)] if one]

    def test_two_that_fit_are_no_answer(self) -> None:
        """A platform that nobody thought of must not get the one that happens to stand first."""
        row = ExternalRow(
            id="dep:generic/x",
            relation=Relation.TOOL,
            alternatives=(Alternative(name="a", when=("zos-*",)), Alternative(name="b", when=("*-z",))),
        )
        assert choose(row, "zos-z") is None
        assert choose(row, "zos-64") == row.alternatives[0]


class TestIds:
    """PEP 725: an id is a DepURL; PURL says where case does not matter."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("dep:github/OpenMathLib/OpenBLAS", "dep:github/openmathlib/openblas"),
            ("dep:github/openmathlib/openblas", "dep:github/openmathlib/openblas"),
            ("dep:generic/XCB", "dep:generic/XCB"),
            ("dep:pypi/Ruamel_YAML", "dep:pypi/ruamel-yaml"),
            ("dep:rpm/Fedora/Curl", "dep:rpm/fedora/Curl"),
            ("dep:npm/%40angular/cli", "dep:npm/%40angular/cli"),
            ("DEP:GENERIC/zl%69b", "dep:generic/zlib"),
            ("dep:virtual/Compiler/C++", "dep:virtual/compiler/c++"),
        ],
    )
    def test_there_is_one_spelling_of_each(self, text: str, expected: str) -> None:
        """So that both spellings find the same row."""
        assert normalize_id(text) == expected

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("dep:generic/zlib@>=1.2", "it has a version"),
            ("dep:generic/zlib ; python_version < '3'", "it has an environment marker"),
            ("dep:generic/cmake?a=b", "it has qualifiers"),
            ("dep:generic/x#sub", "it has a subpath"),
            ("pkg:generic/zlib", "it does not begin with 'dep:'"),
            (" dep:generic/zlib", "it has white space"),
            ("dep:1generic/zlib", "'1generic' is no type"),
            ("dep:generic", "a part of it is empty"),
            ("dep:generic//zlib", "a part of it is empty"),
            ("dep:generic/a%2Fb", "'a%2Fb' hides a '/'"),
            ("dep:generic/%FF", "'%FF' is not UTF-8"),
            ("dep:virtual/interpreter/python", "a virtual id is"),
            ("dep:virtual/compiler", "a virtual id is"),
        ],
    )
    def test_what_is_no_id_is_refused_with_a_reason(self, text: str, reason: str) -> None:
        """A version or a marker is not part of an id, and nothing of it is dropped."""
        with pytest.raises(InvalidExternalIdError) as caught:
            normalize_id(text)

        assert caught.value.reason.startswith(reason)
        assert repr(text) in caught.value.message
        assert caught.value.hint

    @unhurried
    @given(st.sampled_from(["generic", "github", "pypi", "rpm", "npm"]), st.lists(st.text(min_size=1), min_size=1))
    def test_an_id_that_is_normalized_stays_as_it_is(self, kind: str, parts: list[str]) -> None:
        """Whatever stands in it, unless it is refused."""
        try:
            once = normalize_id(f"dep:{kind}/{'/'.join(parts)}")
        except InvalidExternalIdError:
            return
        assert normalize_id(once) == once

    @pytest.mark.shared_data
    @pytest.mark.skipif(not VECTORS.exists(), reason="the recorded vectors are not beside the checkout")
    def test_the_vectors_agree(self) -> None:
        """Those that are plain ids, with or without qualifiers."""
        vectors = json.loads(VECTORS.read_bytes())["vectors"]
        plain = [one for one in vectors if not re.search(r"[@#;]", one["input"])]

        assert len(plain) > 25
        for one in plain:
            try:
                found = normalize_alias(one["input"])
            except InvalidExternalIdError:
                found = None
            assert found == (one["normalized"] if one["valid"] else None), one["input"]


class TestAliases:
    """PEP 804: entries that provide an id which is not virtual are other words for it."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("dep:github/Kitware/CMake", "dep:generic/cmake"),
            ("dep:generic/cmake?repository_url=https://gitlab.kitware.com/cmake/cmake", "dep:generic/cmake"),
            ("dep:github/openmathlib/openblas", "dep:generic/openblas"),
            ("dep:github/LLVM/llvm-project", "dep:generic/llvm"),
            ("dep:github/apache/arrow", "dep:generic/arrow"),
            ("dep:github/Reference-LAPACK/lapack", "dep:github/reference-lapack/lapack"),
            ("dep:generic/unknown", "dep:generic/unknown"),
        ],
    )
    def test_they_are_followed(self, registry: Registry, text: str, expected: str) -> None:
        """An id that provides virtual ones only is canonical; one that is unknown stays."""
        assert resolve(text, registry).id == expected
        assert resolve(text, registry).note == ""

    @pytest.mark.parametrize("text", ["dep:virtual/compiler/cpp", "dep:virtual/compiler/C++"])
    def test_the_words_of_pep_725_for_cxx_are_known(self, registry: Registry, text: str) -> None:
        """Its own example does not map otherwise; people are told."""
        resolution = resolve(text, registry)

        assert resolution.id == "dep:virtual/compiler/cxx"
        assert repr(text) in resolution.note

    @pytest.mark.parametrize(
        ("definitions", "message"),
        [
            ([("a", ["b"]), ("b", ["a"])], "dep:generic/a: it is an alias of itself"),
            ([("a", ["a"])], "dep:generic/a: it is an alias of itself"),
            ([("a", ["b"])], "dep:generic/a: it provides 'dep:generic/b', which is not in the registry"),
            ([("a", ["b", "c"]), ("b", []), ("c", [])], "dep:generic/a: it is an alias of 'dep:generic/b' and"),
            ([("a", []), ("a", [])], "dep:generic/a: the id is there twice"),
        ],
    )
    def test_a_registry_that_contradicts_itself_is_refused(
        self, definitions: list[tuple[str, list[str]]], message: str
    ) -> None:
        """So that following an alias always ends, at a place that is there."""
        with pytest.raises(InvalidExternalError) as caught:
            Registry.build(
                Definition(id=f"dep:generic/{name}", provides=tuple(f"dep:generic/{target}" for target in targets))
                for name, targets in definitions
            )
        assert caught.value.message.startswith(message)

    def test_a_virtual_id_provides_nothing(self) -> None:
        """PEP 804: "This field MUST NOT be present in ``dep:virtual/`` definitions"."""
        with pytest.raises(InvalidExternalError, match="a virtual id provides nothing"):
            parse_registry([{"id": "dep:virtual/compiler/c", "what": "x", "provides": ["dep:virtual/compiler/c"]}])


layers = st.lists(
    st.tuples(st.sampled_from(Mode), st.lists(st.builds(Definition, id=st.sampled_from("abcd"), what=names)))
)


class TestLayers:
    """PEP 804: a client's own mapping is used instead of the canonical one, patches it or extends it."""

    @unhurried
    @given(layers, st.sampled_from("abcd"))
    def test_each_id_is_answered_by_the_layers_that_may(
        self, layers: list[tuple[Mode, list[Definition]]], name: str
    ) -> None:
        """Seen from one id: the last replacement counts, and what extends it after that."""
        expected: list[Definition] = []
        for mode, held in layers:
            own = [row for row in held if row.id == name]
            if mode is Mode.USE or (mode is Mode.PATCH and own):
                expected = []
            expected += own
        assert [row for row in combine(layers) if row.id == name] == expected

    @unhurried
    @given(layers)
    def test_nothing_else_is_made_up(self, layers: list[tuple[Mode, list[Definition]]]) -> None:
        """Every row comes from a layer, and using a layer above all forgets the others."""
        known = [row for _, held in layers for row in held]

        assert all(row in known for row in combine(layers))
        assert combine([*layers, (Mode.USE, known)]) == tuple(known)
        assert combine([*layers, (Mode.PATCH, [])]) == combine([*layers, (Mode.EXTEND, [])]) == combine(layers)

    def test_a_patch_stands_where_the_rows_stood(self) -> None:
        """Others are appended."""
        below = [Definition(id="a"), Definition(id="b"), Definition(id="a", what="other")]
        patch = [Definition(id="c"), Definition(id="a", what="new")]

        assert [f"{row.id} {row.what}" for row in combine([(Mode.USE, below), (Mode.PATCH, patch)])] == [
            "a new",
            "b ",
            "c ",
        ]
