import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.external.fields import InvalidExternalError
from wheelbridge.mapping.generate import render_layer
from wheelbridge.mapping.lines import SortedLines, TableRow
from wheelbridge.mapping.lookup import Layer, LayeredNameTable
from wheelbridge.mapping.overrides import InvalidOverrideError, compile_overrides, parse_overrides
from wheelbridge.mapping.rows import Confidence
from wheelbridge.model.name import CondaName, NormalizedName, is_conda_name
from wheelbridge.tables import MissingTableError, find_mappings, load_names
from wheelbridge.tables.documents import UnreadableTableError
from wheelbridge.tables.locate import find_built
from wheelbridge.tables.natives import load_registry

REPOSITORY = Path(__file__).parents[1]
MAPPINGS = REPOSITORY / "mappings"
GENERATED = MAPPINGS / "names" / "generated"
PUBLIC = REPOSITORY.parent / "shared" / "data"

COLD_LOOKUP = """
import sys
from wheelbridge.tables import load_names
names = load_names()
assert names.by_project("matplotlib").identity.conda == "matplotlib-base"
assert names.by_conda("docker-py").identity.pypi == "docker"
from wheelbridge.tables.natives import find_soname, load_external
assert load_external().find("dep:generic/zlib")
assert find_soname("libz.so.1", "linux-64").row.conda == "libzlib"
print(*sorted({"json", "yaml", "ruamel", "ruamel.yaml", "sqlite3", "argparse", "hashlib"} & set(sys.modules)))
"""


ROW = """- pypi: zzz-new
  conda: zzz
  relation: dist
  reason: a test
  evidence: [this one]
  reviewed: 2026-11-21
"""


def own_layer(rows: Mapping[str, str], name: str = "own") -> Layer:
    """Make a layer of somebody's own."""
    entries = [{"pypi": project, "conda": package, "relation": "dist"} for project, package in rows.items()]
    files = render_layer(compile_overrides(parse_overrides(entries, own=True), "conda-forge"))
    return Layer(name, SortedLines(files.projects.encode()), SortedLines(files.packages.encode()))


@pytest.fixture(scope="module")
def names() -> LayeredNameTable:
    """Open the tables as they are shipped."""
    return load_names()


class TestBuilt:
    """The look-up files of what people wrote are built where they are missing or out of date."""

    @pytest.fixture
    def checkout(self, tmp_path: Path) -> Path:
        """Make a checkout with one row."""
        (tmp_path / "wheelbridge").mkdir()
        shutil.copytree(MAPPINGS, tmp_path / "mappings")
        return tmp_path

    def test_an_edit_counts_at_once(self, checkout: Path) -> None:
        """Who edits a table need not remember to compile it."""
        mappings, package = checkout / "mappings", checkout / "wheelbridge"
        before = find_built(mappings, package)
        rows = mappings / "names" / "overrides.yaml"
        rows.write_text(f"{rows.read_text(encoding='utf-8')}\n{ROW}", encoding="utf-8")

        after = find_built(mappings, package)

        assert before != after
        assert "zzz-new" in (after / "curated.conda-forge.tsv").read_text(encoding="utf-8")
        assert find_built(mappings, package) == after

    def test_a_broken_row_is_named(self, checkout: Path) -> None:
        """Nothing is built of half a table."""
        rows = checkout / "mappings" / "names" / "overrides.yaml"
        rows.write_text(
            "- pypi: Tz_Data\n  conda: null\n  relation: none\n  reason: x\n  evidence: [y]\n  reviewed: 2026-11-21\n"
        )

        with pytest.raises(InvalidOverrideError, match=r"^names/overrides\.yaml \[0\]: .*not normalized"):
            find_built(checkout / "mappings", checkout / "wheelbridge")
        assert not list((checkout / "wheelbridge" / "_data").glob("*/complete"))

    @pytest.mark.parametrize(
        ("table", "text", "message"),
        [
            ("names/overrides.yaml", "a: b", ": expected a list of rows"),
            ("wheels/conda-forge.yaml", "a: b", ": expected a list of rows"),
            ("external/conda-forge.yaml", "a: b", ": expected a list of rows"),
            ("sonames/conda-forge.yaml", "- soname: libz.so.1", " [0]"),
        ],
    )
    def test_a_broken_table_is_named(self, checkout: Path, table: str, text: str, message: str) -> None:
        """Whichever it is: people must know what to open."""
        (checkout / "mappings" / table).write_text(text, encoding="utf-8")

        with pytest.raises(WheelbridgeError, match=f"^{re.escape(table + message)}"):
            find_built(checkout / "mappings", checkout / "wheelbridge")

    def test_broken_yaml_is_named(self, checkout: Path) -> None:
        """The message has the file."""
        (checkout / "mappings" / "names" / "overrides.yaml").write_text("- [", encoding="utf-8")

        with pytest.raises(UnreadableTableError, match=r"overrides\.yaml"):
            find_built(checkout / "mappings", checkout / "wheelbridge")

    def test_an_installed_package_brings_them_along(self, tmp_path: Path) -> None:
        """The wheel is built as pip builds it, and looks names up from its own files alone."""
        pip = [sys.executable, "-m", "pip"]
        wheel = [*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(REPOSITORY)]
        built = subprocess.run(wheel, capture_output=True, text=True, check=False)
        if "Could not find a version" in built.stderr or "Failed to establish" in built.stderr:
            pytest.skip("the packages that a build needs cannot be fetched here")
        assert built.returncode == 0, built.stderr
        (path,) = tmp_path.glob("*.whl")
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            archive.extractall(tmp_path / "site")

        assert "wheelbridge/_data/built/curated.conda-forge.tsv" in names
        assert "wheelbridge/_mappings/names/overrides.yaml" in names
        site = str(tmp_path / "site")
        command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {site!r})\n{COLD_LOOKUP}"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == []
        assert not [path for path in (tmp_path / "site" / "wheelbridge" / "_data").iterdir() if path.name != "built"]


class TestTheWholeTable:
    """Every row of the tables as they are shipped."""

    def test_both_directions_agree(self, names: LayeredNameTable) -> None:
        """No package is two projects; a package is a project exactly if the project's answer is the package."""
        identities = {row.pypi: row.conda for row in names.rows() if row.is_identity and row.conda}

        assert max(Counter(identities.values()).values()) == 1
        for project, package in identities.items():
            assert [row.pypi for row in names.by_conda(package).rows] == [project]

    def test_a_package_without_a_project_has_no_identity(self, names: LayeredNameTable) -> None:
        """Asked for each known package, not only for the answers."""
        taken = {row.conda for row in names.rows() if row.is_identity}
        packages = [CondaName(fields[0]) for layer in names.layers for fields in layer.packages]

        assert len(packages) > 30_000
        assert not any(names.by_conda(package).rows for package in packages if package not in taken)

    def test_every_answer_is_a_known_package(self, names: LayeredNameTable) -> None:
        """A curated row must not name a package that the channel's list does not have."""
        *_, bulk = names.layers
        answers = [row.conda for row in names.rows() if row.conda]

        assert all(is_conda_name(package) for package in answers)
        assert [package for package in answers if bulk.packages.find(package) is None] == []

    def test_most_answers_are_verified(self, names: LayeredNameTable) -> None:
        """A change of the rules that loses many answers is noticed."""
        counts = Counter(row.confidence for row in names.rows() if row.is_identity)

        assert counts[Confidence.VERIFIED] > 12_000
        assert counts[Confidence.OBSERVED] > 7_000

    def test_no_override_only_repeats_the_bulk_table(self, names: LayeredNameTable) -> None:
        """A redundant row hides later changes of the evidence."""
        curated, bulk = names.layers
        for row in map(TableRow.parse, curated.projects):
            below = bulk.row(row.pypi)
            assert (
                below is None
                or (below.conda, below.relation) != (row.conda, row.relation)
                or row.specs
                or row.pypi_range
                or row.rejected
            ), row.pypi

    def test_files_are_sorted_by_bytes(self) -> None:
        """Bisection relies on it; a name stands there once."""
        for path in GENERATED.glob("*.tsv"):
            keys = [line.split(b"\t")[0] for line in path.read_bytes().splitlines() if not line.startswith(b"#")]
            assert keys == sorted(set(keys)), path.name


class TestLoading:
    """The tables are found in a wheel and in a checkout, and cost nothing that a look-up does not need."""

    def test_a_cold_lookup_reads_no_json_and_no_yaml(self) -> None:
        """Importing json alone costs more than the look-up."""
        run = subprocess.run([sys.executable, "-c", COLD_LOOKUP], capture_output=True, text=True, check=True)

        assert run.stdout.split() == []

    def test_an_installed_package_holds_its_tables(self, tmp_path: Path) -> None:
        """The folder inside the package wins over one that happens to stand beside it."""
        for folder in ("site/wheelbridge/_mappings/names", "site/mappings/names"):
            (tmp_path / folder).mkdir(parents=True)

        package = tmp_path / "site" / "wheelbridge"
        assert find_mappings(package) == package / "_mappings"

    def test_a_checkout_has_them_beside_the_package(self) -> None:
        """An editable install reads the reviewed files themselves."""
        assert find_mappings(REPOSITORY / "wheelbridge") == MAPPINGS

    def test_no_folder_is_an_error_with_a_hint(self, tmp_path: Path) -> None:
        """A broken installation says so, and what to do."""
        with pytest.raises(MissingTableError, match="_mappings") as caught:
            find_mappings(tmp_path / "wheelbridge")
        assert "Reinstall" in str(caught.value.hint)

    def test_a_missing_file_is_an_error(self, tmp_path: Path) -> None:
        """The message has the path."""
        with pytest.raises(MissingTableError, match=r"conda-forge\.tsv"):
            load_names(tmp_path)

    @pytest.mark.parametrize(("data", "reason"), [(b"", "it is empty"), (b"# a\nnumpy\tnum", "last line is cut off")])
    def test_a_broken_lookup_file_is_named(self, tmp_path: Path, data: bytes, reason: str) -> None:
        """A copy that failed half-way must not answer that no row is there."""
        mappings = tmp_path / "mappings"
        shutil.copytree(MAPPINGS, mappings)
        (mappings / "names" / "generated" / "conda-forge.tsv").write_bytes(data)

        with pytest.raises(
            UnreadableTableError, match=rf"generated/conda-forge\.tsv cannot be read: .*{reason}"
        ) as caught:
            load_names(mappings)
        assert "restore the file" in str(caught.value.hint)

    def test_layers_above_win(self, names: LayeredNameTable) -> None:
        """A user's layer is asked first; here the bulk table, put above the curated rows."""
        *_, bulk = names.layers

        assert names.by_project(NormalizedName("tensorflow")).identity
        assert load_names(above=[bulk]).by_project(NormalizedName("tensorflow")).identity is None

    def test_layers_below_answer_only_where_nothing_else_does(self) -> None:
        """PEP 804's extend: it adds what is missing."""
        below = own_layer({"tzdata": "mine", "no-such-project-at-all": "mine-too"})
        names = load_names(below=[below])

        assert [row.conda for row in names.by_project(NormalizedName("tzdata")).rows] == ["python-tzdata"]
        assert [row.conda for row in names.by_project(NormalizedName("no-such-project-at-all")).rows] == ["mine-too"]

    def test_a_layer_alone_leaves_conda_names_known(self) -> None:
        """PEP 804's use: nothing else answers, and a project still cannot take the name of a conda package."""
        names = load_names(above=[own_layer({"tzdata": "mine"})], alone=True)

        assert names.by_project(NormalizedName("numpy")).rows == ()
        assert names.is_conda_name("libffi")

    def test_every_layer_is_asked_for_an_explanation(self, names: LayeredNameTable) -> None:
        """The first one with a row decides; the others show what they would have said."""
        answers = list(names.trace(NormalizedName("redis")))

        assert [(answer.layer, answer.row.conda if answer.row else None, answer.decides) for answer in answers] == [
            ("curated", None, False),
            ("generated", "redis-py", True),
        ]

    def test_a_package_that_is_another_project_above_is_no_answer_below(self) -> None:
        """No package is two projects; the explanation names the layer that has it."""
        names = load_names(above=[own_layer({"my-redis": "redis-py"}, name="mine")])
        answer = names.by_project(NormalizedName("redis"))

        assert (answer.rows, answer.ambiguous) == ((), ("redis-py",))
        assert [layer.rival for layer in names.trace(NormalizedName("redis"))] == [None, None, "mine"]


def test_what_a_reader_advises_stays(tmp_path: Path) -> None:
    """The registry's rules are those of PEP 804, not of mappings/README.md; the place is the file's."""
    (tmp_path / "external").mkdir()
    (tmp_path / "external" / "registry.yaml").write_text("- id: dep:generic/a\n- id: dep:generic/a\n", encoding="utf-8")

    with pytest.raises(InvalidExternalError) as caught:
        load_registry(tmp_path)

    assert caught.value.message == "external/registry.yaml dep:generic/a: the id is there twice"
    assert "PEP 804" in (caught.value.hint or "")
