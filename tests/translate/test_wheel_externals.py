"""What a wheel needs of conda besides Python distributions (PEP 725, and the table of wheels)."""

import pytest
from packaging.version import Version

from wheelbridge.index.metadata import parse_metadata
from wheelbridge.mapping.external.rows import Alternative, ExternalRow, Scheme, VersionPolicy
from wheelbridge.mapping.natives.wheels import Natives, WheelRow
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.external import DepURL
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.model.record import Refusal
from wheelbridge.model.target import Target
from wheelbridge.translate.errors import InconsistentMetadataError
from wheelbridge.translate.external import FoundExternal, UnmappedExternalError
from wheelbridge.translate.wheel import translate_wheel
from wheelbridge.translate.wheel_externals import ExternalTables, translate_wheel_externals

LINUX = Target(subdir="linux-64")
_ROW = ExternalRow(
    id="dep:generic/odbc",
    relation=Relation.LIBRARY,
    alternatives=(Alternative(name="default", when=("*",), run=("unixodbc >=2",)),),
    version=VersionPolicy(scheme=Scheme.PEP440, apply_to=("unixodbc",)),
)


class _Rows:
    def find(self, url: DepURL) -> FoundExternal:
        return FoundExternal(url.id, (_ROW,) if url.id == _ROW.id else ())


class _Natives:
    def find(self, project: NormalizedName, version: Version, subdir: str) -> Natives:
        row = WheelRow(pypi=project, depends=("libmagic", "fonts * py_*"), relation=Relation.LIBRARY, reason="loads it")
        return Natives((row,)) if (project, version, subdir) == ("odbc", Version("2"), "linux-64") else Natives()


TABLES = ExternalTables(rows=_Rows(), natives=_Natives())
_HEAD = "Metadata-Version: 2.6\nName: odbc\nVersion: 1\n"


def translate(lines: str, version: str = "1", tables: ExternalTables = TABLES, **options: object) -> dict[str, object]:
    """Translate METADATA with *lines*; return depends, groups and notes."""
    metadata = parse_metadata((_HEAD + lines).encode(), "odbc-1-py3-none-any.whl")
    extras = options.get("extras")
    assert extras is None or isinstance(extras, frozenset)
    found = translate_wheel_externals(metadata, Version(version), LINUX, tables, extras=extras)
    return {"depends": found.depends, "groups": dict(found.groups), "notes": found.notes}


class TestPep725:
    """PEP 725: "``Requires-External-Dep``. An external requirement expressed as an external dependency specifier"."""

    def test_a_declared_dependency_is_a_spec_of_the_record(self) -> None:
        """The bound of the wheel holds together with that of the row."""
        found = translate("Requires-External-Dep: dep:generic/odbc@<3\n")

        assert found["depends"] == ('unixodbc[version=">=2,<3dev0"]',)

    def test_an_extra_that_carries_external_dependencies_only_is_a_group(self) -> None:
        """Provides-External-Extra: "An *extra* group that carries external dependencies only"."""
        found = translate(
            "Provides-External-Extra: Native_Libs\nProvides-External-Extra: none\n"
            "Requires-External-Dep: dep:generic/odbc; extra == 'native-libs'\n"
        )

        assert found["depends"] == ()
        assert found["groups"] == {"native-libs": ('unixodbc[version=">=2"]',), "none": ()}

    def test_what_is_in_both_kinds_of_extras_comes_together(self) -> None:
        """A record has one group for an extra, whatever its requirements are."""
        lines = ("Provides-Extra: x", "Requires-Dist: lib; {0}", "Requires-External-Dep: dep:generic/odbc; {0}")
        text = "\n".join(lines).format("extra == 'x'")
        file = DistributionFile(filename="odbc-1-py3-none-any.whl", url="https://host.example/x")
        metadata = parse_metadata((_HEAD + text).encode(), file.filename)
        record = translate_wheel(file, metadata, LINUX, CondaName, externals=TABLES)

        assert not isinstance(record, Refusal)
        assert record.extra_depends == {"x": ("lib", 'unixodbc[version=">=2"]')}

    def test_without_tables_a_declared_dependency_refuses_the_wheel(self) -> None:
        """Nothing is dropped in silence."""
        file = DistributionFile(filename="odbc-1-py3-none-any.whl", url="https://host.example/x")
        metadata = parse_metadata(f"{_HEAD}Requires-External-Dep: dep:generic/odbc\n".encode(), file.filename)
        refusal = translate_wheel(file, metadata, LINUX, CondaName)

        assert isinstance(refusal, Refusal)
        assert refusal.code == "unmapped-external-dependency"


class TestRefusals:
    """What cannot be said exactly refuses the wheel, but for extras that nobody asked for."""

    @pytest.mark.parametrize("line", ["odbc (>=2)", "dep:generic/odbc@~=2", "pkg:generic/odbc", "dep:generic/odbc; x"])
    def test_a_malformed_line_contradicts_the_specification(self, line: str) -> None:
        """PEP 725: "If metadata is improperly specified then tools MUST raise an error"."""
        with pytest.raises(InconsistentMetadataError, match="Requires-External-Dep"):
            translate(f"Requires-External-Dep: {line}\n")

    def test_an_unknown_id_is_unmapped(self) -> None:
        """The error names the dependency."""
        with pytest.raises(UnmappedExternalError, match="dep:generic/other"):
            translate("Requires-External-Dep: dep:generic/other\n")

    def test_a_package_that_no_channel_has_is_none(self) -> None:
        """A name alone brings nothing."""
        tables = ExternalTables(rows=_Rows(), known=frozenset({"python"}))
        with pytest.raises(UnmappedExternalError, match="no channel serves unixodbc in this request"):
            translate("Requires-External-Dep: dep:generic/odbc\n", tables=tables)

    def test_an_unknown_id_of_an_extra_makes_the_extra_impossible(self) -> None:
        """With all groups asked for, as a kept record has them, the group is there and no machine meets it."""
        line = "Requires-External-Dep: dep:generic/other; extra == 'x'\n"

        assert translate(line)["groups"] == {"x": ("__external_dependency_without_a_package",)}
        assert translate(line, extras=frozenset())["groups"] == {}
        with pytest.raises(UnmappedExternalError):
            translate(line, extras=frozenset({"x"}))


class TestTableOfWheels:
    """Rows of mappings/wheels say what wheels need without a word."""

    def test_what_the_row_says_is_needed(self) -> None:
        """Version and platform decide whether the row holds; builds are kept."""
        assert translate("", "2")["depends"] == ("libmagic", 'fonts[build="py_*"]')
        assert translate("", "1")["depends"] == ()

    def test_what_no_channel_has_is_left_to_the_system(self) -> None:
        """The note says so; a wheel that works today is not refused for a row."""
        tables = ExternalTables(natives=_Natives(), known=frozenset({"fonts"}))
        found = translate("", "2", tables)

        assert found["depends"] == ('fonts[build="py_*"]',)
        assert found["notes"] == (
            "odbc gets fonts * py_* of conda: it loads it",
            "odbc needs libmagic, which no channel serves in this request: it loads it",
        )

    @pytest.mark.parametrize("off", ["odbc", ":all:"])
    def test_switched_off_it_brings_nothing(self, off: str) -> None:
        """What is declared, readable or not, and what the row says."""
        tables = ExternalTables(rows=_Rows(), natives=_Natives(), off=frozenset({off}))
        found = translate("Requires-External-Dep: nonsense\n", "2", tables)

        assert found["depends"] == ()
        assert found["notes"] == ("odbc gets nothing of conda, as you wish; it needs nonsense, libmagic, fonts * py_*",)
