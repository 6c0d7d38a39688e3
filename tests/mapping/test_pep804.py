import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from wheelbridge.mapping.external.ids import Definition, Registry
from wheelbridge.mapping.external.parsing import (
    CATEGORIES,
    Alternative,
    ExternalRow,
    InvalidExternalError,
    Scheme,
    Specs,
    VersionPolicy,
    parse_external,
)
from wheelbridge.mapping.external.pep804 import (
    EcosystemMapping,
    parse_mapping,
    parse_registry,
    render_document,
)
from wheelbridge.mapping.external.pep804_export import render_mapping
from wheelbridge.mapping.external.pep804_managers import conda_managers
from wheelbridge.mapping.rows import Relation

REPOSITORY = Path(__file__).parents[2]
MAPPINGS = REPOSITORY / "mappings" / "external"
PUBLIC = REPOSITORY.parent / "shared" / "data" / "external"
ECOSYSTEMS = (
    *("arch", "chocolatey", "conan", "conda-forge", "fedora", "gentoo", "homebrew", "nix", "pypi", "scoop", "spack"),
    *("ubuntu", "vcpkg", "winget"),
)

needs_public = pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public mappings are not beside the checkout")

unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Rows are large, and the machine that makes them may be busy."""


def load(name: str) -> Any:
    """Read one of our tables as YAML has it."""
    return YAML(typ="safe", pure=True).load(MAPPINGS / name)


def public(name: str) -> Any:
    """Read a document of the registry that PEP 804 proposes."""
    return json.loads((PUBLIC / name).read_bytes())


def faults(document: object, schema: str) -> list[str]:
    """Hold a document against a schema of PEP 804; return what is wrong with it."""
    errors = Draft202012Validator(public(f"{schema}.schema.json")).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in errors]


@pytest.fixture(scope="module")
def registry() -> Registry:
    """Read the registry as it is shipped."""
    return parse_registry(load("registry.yaml"))


@pytest.fixture(scope="module")
def rows() -> tuple[ExternalRow, ...]:
    """Read the table as it is shipped."""
    return parse_external(load("conda-forge.yaml"))


@pytest.mark.shared_data
@needs_public
class TestPublicDocuments:
    """The documents that PEP 804 points to, as they were recorded."""

    def test_the_registry_is_the_one_we_ship(self, registry: Registry) -> None:
        """Same ids, spelled the same, with the same aliases, in the same order."""
        theirs = parse_registry(public("registry.json"))

        assert [(one.spelling, one.provides) for one in registry.definitions.values()] == [
            (one.spelling, one.provides) for one in theirs.definitions.values()
        ]

    def test_no_description_was_copied(self, registry: Registry) -> None:
        """The facts are theirs, the words ours."""
        theirs = parse_registry(public("registry.json"))

        assert all(one.what and one.what != theirs.definitions[name].what for name, one in registry.definitions.items())

    @pytest.mark.parametrize("name", ECOSYSTEMS)
    def test_every_mapping_is_read_and_written(self, name: str, registry: Registry) -> None:
        """And says the same again; the ids keep the registry's spelling."""
        data = public(f"{name}.mapping.json")
        mapping = parse_mapping(data)
        written = json.loads(json.dumps(render_document(mapping, registry)))

        assert faults(written, "external-mapping") == []
        assert parse_mapping(written) == mapping
        assert [entry["id"] for entry in written["mappings"]] == [entry["id"] for entry in data["mappings"]]
        assert {entry.id for entry in mapping.entries} <= registry.definitions.keys()

    def test_what_a_mapping_takes_from_another_id_is_found(self) -> None:
        """`specs_from` is used twice in all the documents."""
        for name, one, other in (
            ("pypi", "dep:virtual/interface/blas", "dep:generic/openblas"),
            ("winget", "dep:virtual/interface/lapack", "dep:github/reference-lapack/lapack"),
        ):
            mapping = parse_mapping(public(f"{name}.mapping.json"))
            (entry,) = [entry for entry in mapping.entries if entry.id == one]
            assert entry.specs_from
            assert mapping.alternatives(one) == mapping.alternatives(entry.specs_from)
            assert len(mapping.alternatives(other)) >= 1

    def test_the_export_is_a_document(self, rows: tuple[ExternalRow, ...], registry: Registry) -> None:
        """So that it can go upstream."""
        assert faults(render_mapping(rows, "conda-forge", registry).document, "external-mapping") == []

    def test_every_row_that_says_so_differs_from_upstream(
        self, rows: tuple[ExternalRow, ...], registry: Registry
    ) -> None:
        """And the others do not: who changes an answer says what it was."""
        theirs = parse_mapping(public("conda-forge.mapping.json"))
        ours = parse_mapping(render_mapping(rows, "conda-forge", registry).document)
        for row in rows:
            if not row.extension:
                same = ours.alternatives(row.id) == theirs.alternatives(row.id)
                assert same == (row.upstream == ""), row.id


class TestExport:
    """What a channel has, as PEP 804 says it."""

    def test_it_says_the_same_for_each_id_and_category(self, rows: tuple[ExternalRow, ...], registry: Registry) -> None:
        """Written and read again, each alternative is there."""
        document = json.loads(json.dumps(render_mapping(rows, "conda-forge", registry).document))
        mapping = parse_mapping(document)

        for row in rows:
            found = mapping.alternatives(row.id)
            held = {tuple(one.of(category) for category in CATEGORIES) for one in row.alternatives}
            expected = set() if row.extension else held or {((), (), ())}
            assert {tuple(one.of(category) for category in CATEGORIES) for one in found} == expected, row.id
        assert [manager.name for manager in mapping.managers] == ["conda", "mamba", "pixi"]

    @unhurried
    @given(st.permutations([["linux-aarch64"], ["win-*"], ["linux-64", "osx-*"]]))
    def test_what_linux_64_gets_stands_first(self, order: list[list[str]]) -> None:
        """PEP 804 has no platforms, and a tool takes the first entry; ours says in its own words what it is for."""
        held = tuple(Alternative(name=when[0], when=tuple(when), host=(when[0],)) for when in order)
        row = ExternalRow(id="dep:generic/x", relation=Relation.LIBRARY, alternatives=held)
        export = render_mapping([row], "conda-forge", Registry.build([Definition(id="dep:generic/x")]))
        entries = parse_mapping(export.document).entries

        assert [entry.specs and entry.specs.host[0] for entry in entries] == ["linux-64", "linux-aarch64", "win-*"]
        assert entries[2].extra == {"wheelbridge": {"when": ["win-*"]}}
        assert [note for note in export.notes if "'win-*' is for win-* only" in note]

    def test_what_is_lost_is_told(self) -> None:
        """Platforms, recipes, and that a bound must not be put behind a spec."""
        row = ExternalRow(
            id="dep:generic/x",
            relation=Relation.LIBRARY,
            alternatives=(
                Alternative(name="unix", when=("osx-*",), host=("x", "y * *_z"), recipe=Specs(host=("x * *_z",))),
            ),
            version=VersionPolicy(scheme=Scheme.PEP440, apply_to=("x",)),
        )
        unknown = ExternalRow(id="dep:generic/y", relation=Relation.NONE)
        export = render_mapping([row, unknown], "conda-forge", Registry.build([Definition(id="dep:generic/x")]))

        assert export.notes == (
            "the registry lacks, and the mapping leaves out: dep:generic/y",
            "dep:generic/x: lost is that 'unix' is for osx-* only",
            "dep:generic/x: lost is what recipes write for 'unix'",
            "dep:generic/x: lost is that no version bound may be put on y * *_z",
        )

    def test_a_bound_of_another_thing_is_lost(self) -> None:
        """Tools put the standard's version behind the package; only a table says what that means."""
        row = ExternalRow(
            id="dep:generic/x",
            relation=Relation.LIBRARY,
            alternatives=(Alternative(name="all", when=("*",), host=("x",)),),
            version=VersionPolicy(scheme=Scheme.MAP, apply_to=("x",), table=(("4.0", ">=7"),)),
        )
        export = render_mapping([row], "conda-forge", Registry.build([Definition(id="dep:generic/x")]))

        assert export.notes == ("dep:generic/x: lost is that no version bound may be put on x",)

    def test_rows_of_other_channels_stay_out(self, registry: Registry) -> None:
        """A mapping is one ecosystem's."""
        row = ExternalRow(id="dep:generic/zlib", relation=Relation.NONE, channels=("bioconda",))

        assert parse_mapping(render_mapping([row], "conda-forge", registry).document).entries == ()
        assert len(parse_mapping(render_mapping([row], "bioconda", registry).document).entries) == 1

    def test_the_registry_spells_the_ids(self, rows: tuple[ExternalRow, ...], registry: Registry) -> None:
        """Tools compare texts: with lower case they would not find the id."""
        document: Mapping[str, Any] = render_mapping(rows, "conda-forge", registry).document

        assert "dep:github/Reference-LAPACK/lapack" in [entry["id"] for entry in document["mappings"]]

    def test_an_exact_version_is_exact(self) -> None:
        """PEP 725 has ``==`` as exact; conda's ``=`` is not."""
        for manager in conda_managers("conda-forge"):
            assert manager.version_ranges
            assert manager.version_ranges.operators["equal"] == "=={version}"


MAPPING: dict[str, Any] = {
    "name": "x",
    "mappings": [{"id": "dep:generic/a", "specs": "a"}, {"id": "dep:generic/b", "specs_from": "dep:generic/a"}],
    "package_managers": [
        {
            "name": "get",
            "commands": {"install": {"command": ["get", "{}"]}, "query": None},
            "specifier_syntax": {
                "name_only": ["{name}"],
                "exact_version": ["{name}={version}"],
                "version_ranges": {
                    "syntax": ["{name}{ranges}"],
                    "and": None,
                    "equal": "={version}",
                    "greater_than": None,
                    "greater_than_equal": ">={version}",
                    "less_than": None,
                    "less_than_equal": None,
                },
            },
        }
    ],
}


def with_value(path: str, value: object) -> dict[str, Any]:
    """Return the mapping with the value at a path, such as ``mappings.0.specs``, changed; ``...`` removes it."""
    document = copy.deepcopy(MAPPING)
    place: Any = document
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return document


class TestReading:
    """A document of somebody else is checked before anything is believed."""

    def test_the_shorthands_mean_all_three_categories(self) -> None:
        """PEP 804: "used to populate the three categories identically"; ``[]``: "does not have packages"."""
        data = with_value("mappings.0.specs", ["a", "a-dev"])
        both = Specs(build=("a", "a-dev"), host=("a", "a-dev"), run=("a", "a-dev"))

        assert parse_mapping(data).alternatives("dep:generic/b") == (both,)
        assert parse_mapping(with_value("mappings.0.specs", [])).alternatives("dep:generic/a") == (Specs(),)
        assert parse_mapping(MAPPING).alternatives("dep:generic/c") == ()

    def test_two_entries_are_a_choice(self) -> None:
        """In the document's order, through `specs_from` too."""
        data = copy.deepcopy(MAPPING)
        data["mappings"].append({"id": "dep:generic/a", "specs": {"build": [], "host": "a2", "run": []}})

        assert [one.host for one in parse_mapping(data).alternatives("dep:generic/b")] == [("a",), ("a2",)]

    @pytest.mark.parametrize(
        "urls", [None, "https://host.example", ["https://host.example"], {"x": "https://host.example"}]
    )
    def test_every_form_of_urls_is_read(self, urls: object) -> None:
        """A text, a list or labels."""
        (entry, _) = parse_mapping(with_value("mappings.0.urls", urls)).entries

        assert list(entry.urls.values()) == (["https://host.example"] if urls else [])

    def test_an_empty_query_is_none(self) -> None:
        """The schema: "An empty list means no query command is available"."""
        data = with_value("package_managers.0.commands.query", {"command": []})

        assert parse_mapping(data) == parse_mapping(MAPPING)

    @pytest.mark.parametrize(
        ("path", "value", "message"),
        [
            ("name", ..., "mapping: the field 'name' is missing"),
            ("colour", "red", "mapping: there is no field 'colour'"),
            ("mappings.0.specs", ..., "mappings[0]: exactly one of 'specs' and 'specs_from'"),
            ("mappings.0.specs_from", "dep:generic/b", "mappings[0]: exactly one of 'specs' and 'specs_from'"),
            ("mappings.0.specs", "", "mappings[0].specs: the text is empty"),
            ("mappings.0.specs", {"host": ["a", 1]}, "mappings[0].specs.host[1]: expected a text, got int"),
            ("mappings.0.specs", {"test": "a"}, "mappings[0].specs: there is no field 'test'"),
            ("mappings.0.id", "zlib", "mappings[0].id: 'zlib' is no id of an external dependency"),
            ("mappings.0.description", 3, "mappings[0].description: expected a text, got int"),
            (
                "mappings.1.specs_from",
                "dep:generic/c",
                "mappings: 'dep:generic/b' takes its specs from 'dep:generic/c'",
            ),
            ("mappings.1.specs_from", "dep:generic/b", "mappings: the specs go round: dep:generic/b -> dep:generic/b"),
            (
                "package_managers.0.commands.install.command",
                ["get"],
                "package_managers[0].commands.install.command: ex",
            ),
            (
                "package_managers.0.commands.install.command",
                ["{}", "{}"],
                "package_managers[0].commands.install.command",
            ),
            ("package_managers.0.commands.remove", {}, "package_managers[0].commands: there is no field 'remove'"),
            (
                "package_managers.0.commands.install.multiple_specifiers",
                "some",
                "package_managers[0].commands.install.multiple_specifiers: 'some' is none of always",
            ),
            (
                "package_managers.0.specifier_syntax.name_only",
                ["x"],
                "package_managers[0].specifier_syntax.name_only: the",
            ),
            (
                "package_managers.0.specifier_syntax.exact_version",
                ["{name}"],
                "package_managers[0].specifier_syntax.exact_version: the placeholder {version} is missing",
            ),
            (
                "package_managers.0.specifier_syntax.version_ranges.equal",
                "=",
                "package_managers[0].specifier_syntax.version_ranges.equal: the placeholder {version} is missing",
            ),
            (
                "package_managers.0.specifier_syntax.version_ranges.and",
                3,
                "package_managers[0].specifier_syntax.version_ranges.and: expected a text or null",
            ),
        ],
    )
    def test_what_is_wrong_is_named_with_its_place(self, path: str, value: object, message: str) -> None:
        """The path is the document's."""
        with pytest.raises(InvalidExternalError) as caught:
            parse_mapping(with_value(path, value))

        assert caught.value.message.startswith(message)

    def test_specs_that_go_round_over_several_entries_are_refused(self) -> None:
        """The reference implementation recurses until Python stops it."""
        data = with_value("mappings.0", {"id": "dep:generic/a", "specs_from": "dep:generic/b"})

        with pytest.raises(InvalidExternalError, match="dep:generic/a -> dep:generic/b -> dep:generic/a"):
            parse_mapping(data)

    def test_a_registry_needs_its_definitions(self) -> None:
        """An object that is something else is no registry."""
        with pytest.raises(InvalidExternalError, match="registry: the field 'definitions' is missing"):
            parse_registry({"schema_version": 1})

    @unhurried
    @given(st.text(), st.text())
    def test_any_mapping_is_written_as_it_is_read(self, name: str, description: str) -> None:
        """Texts are on one line; an empty name is none."""
        data = MAPPING | {"name": name, "description": description}
        try:
            mapping = parse_mapping(data)
        except InvalidExternalError:
            return
        assert isinstance(mapping, EcosystemMapping)
        assert parse_mapping(json.loads(json.dumps(render_document(mapping)))) == mapping
