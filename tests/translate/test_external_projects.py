"""External dependencies of many kinds, and of real projects: all that comes out can be read, nothing is lost."""

import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rattler import MatchSpec

from wheelbridge.api.external.rows import open_external
from wheelbridge.errors import TranslationError
from wheelbridge.mapping.external.generations import upgrade_key, upgrade_specifier
from wheelbridge.mapping.external.rows import CATEGORIES
from wheelbridge.model.external import ExternalSpecifier
from wheelbridge.model.target import Target
from wheelbridge.translate.external import ExternalRows, translate_external, translate_external_dependency
from wheelbridge.translate.external_table import ExternalTable, OutdatedExternalTableError

LINUX, WINDOWS, MAC = (Target(subdir=subdir) for subdir in ("linux-64", "win-64", "osx-arm64"))
PROJECTS = Path(__file__).parents[3] / "shared" / "data" / "external" / "tables"


@pytest.fixture(scope="module")
def shipped() -> ExternalRows:
    """Open the tables that are shipped."""
    return open_external()


IDS = st.sampled_from(
    [
        *(
            "dep:generic/zlib",
            "dep:generic/openssl",
            "dep:generic/libxml2",
            "dep:generic/openblas",
            "dep:generic/clang",
        ),
        *(
            "dep:virtual/interface/blas",
            "dep:virtual/interface/mpi",
            "dep:virtual/compiler/cpp",
            "dep:virtual/compiler/c",
        ),
        *("dep:github/Reference-LAPACK/lapack", "dep:virtual/compiler/rust", "dep:generic/nonsense"),
    ]
)
CLAUSES = st.builds(
    "{}{}".format,
    st.sampled_from([">=", ">", "<", "<=", "=="]),
    st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}(rc1|\.post1|\.dev0)?", fullmatch=True),
)
BOUNDS = st.just("") | st.lists(CLAUSES, min_size=1, max_size=3).map(lambda found: f"@{','.join(found)}")
ATOMS = st.sampled_from(
    ["", "; python_version < '3.11'", "; os_name == 'nt'", "; extra == 'x' or python_version >= '3'"]
)


@settings(deadline=None)
@given(
    st.lists(st.builds("{}{}{}".format, IDS, BOUNDS, ATOMS), max_size=4),
    st.sampled_from(CATEGORIES),
    st.sampled_from([LINUX, WINDOWS, MAC]),
)
def test_rattler_reads_all_that_comes_out(texts: list[str], category: str, target: Target) -> None:
    """In strict mode: specs of records, specs of people, and of a recipe what is no template."""
    rows = open_external()
    for text in texts:
        try:
            found = translate_external_dependency(ExternalSpecifier.parse(text), category, target, rows)
        except TranslationError:
            continue
        for spec in (*found.base, *(one for group in found.groups.values() for one in group)):
            assert MatchSpec(spec, strict=True).name.normalized in found.packages
    key = {"build": "build-requires", "host": "host-requires", "run": "dependencies"}[category]
    whole = translate_external(ExternalTable.parse({key: texts}), target, rows)
    for spec in (*whole.build, *whole.host, *whole.run, *whole.recipe.of(category)):
        assert "{{" in spec or str(MatchSpec(spec, strict=True))


def upgrade(value: Any) -> Any:
    """Write a table as it is written today, keys and texts."""
    if isinstance(value, dict):
        return {upgrade_key(key) or key: upgrade(item) for key, item in value.items()}
    if isinstance(value, list):
        return [upgrade(item) for item in value]
    return upgrade_specifier(value) or value


@pytest.mark.shared_data
@pytest.mark.skipif(not PROJECTS.is_dir(), reason="the recorded tables are not beside the checkout")
class TestProjects:
    """The ``[external]`` tables of the most downloaded projects with compiled code, as they were published."""

    OUTDATED = frozenset(
        {"cffi", "cryptography", "lxml", "numpy", "pillow", "psycopg2-binary", "pyarrow", "pyyaml", "scipy"}
    )

    @staticmethod
    def read() -> dict[str, Any]:
        """Return project -> table."""
        return {file.stem: tomllib.loads(file.read_text("utf-8"))["external"] for file in PROJECTS.glob("*.toml")}

    def test_as_they_are(self) -> None:
        """Nine of 37 have the keys of October 2025, and are refused with what to write; the others can be read."""
        outdated: set[str] = set()
        for project, data in self.read().items():
            try:
                ExternalTable.parse(data)
            except OutdatedExternalTableError as error:
                outdated.update({project} if all(one.new for one in error.upgrades) else ())
        assert outdated == self.OUTDATED
        assert len(self.read()) == 37

    def test_upgraded_all_is_mapped_or_has_a_reason(self, shipped: ExternalRows) -> None:
        """On three platforms, with every extra; and compiled code is built with the headers of python."""
        unmapped = set()
        for (project, data), target in product(self.read().items(), (LINUX, MAC, WINDOWS)):
            table = ExternalTable.parse(upgrade(data))
            found = translate_external(table, target, shipped, extras=sorted(table.extras), groups=sorted(table.groups))
            selected = table.select(table.extras, table.groups)

            assert all(one.reason for one in found.unmapped)
            unmapped |= {(one.dependency, target.subdir) for one in found.unmapped}
            assert any("python" in spec for spec in found.host) is any(one.url.is_compiler for one in selected["build"])
            assert found.build or not selected["build"], project
            for spec in (*found.build, *found.host, *found.run):
                assert str(MatchSpec(spec, strict=True))
        assert unmapped == {("dep:generic/libimagequant", "osx-arm64")}
