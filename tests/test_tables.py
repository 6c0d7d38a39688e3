import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from wheelbridge import tables
from wheelbridge.mapping.lookup import LayeredNameTable
from wheelbridge.mapping.rows import Confidence
from wheelbridge.model.name import CondaName, NormalizedName, is_conda_name
from wheelbridge.tables import MissingTableError, compile_names, find_mappings, generate_names, load_names

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
print(*sorted({"json", "yaml", "ruamel", "ruamel.yaml", "sqlite3", "argparse", "hashlib"} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def names() -> LayeredNameTable:
    """Open the tables as they are shipped."""
    return load_names()


class TestGenerated:
    """What is checked in is what the inputs make, byte for byte."""

    def test_the_overrides_are_compiled(self, tmp_path: Path) -> None:
        """Who edits `overrides.yaml` and forgets to compile is told here."""
        (tmp_path / "names").mkdir()
        (tmp_path / "names" / "overrides.yaml").write_bytes((MAPPINGS / "names" / "overrides.yaml").read_bytes())

        for path in compile_names(tmp_path):
            assert path.read_bytes() == (GENERATED / path.name).read_bytes()

    @pytest.mark.shared_data
    @pytest.mark.skipif(not (PUBLIC / "names").is_dir(), reason="the public tables are not beside the checkout")
    def test_the_bulk_table_is_reproducible(self, tmp_path: Path) -> None:
        """The inputs are those whose sha256 the header gives."""
        for path in generate_names(PUBLIC, tmp_path):
            assert path.read_bytes() == (GENERATED / path.name).read_bytes()

    def test_the_maintainers_entry_says_what_it_wrote(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """One path in a line, for the next command."""
        (tmp_path / "names").mkdir()
        (tmp_path / "names" / "overrides.yaml").write_text("[]", encoding="utf-8")

        tables.main(["compile", "--mappings", str(tmp_path)])

        assert [Path(line).name for line in capsys.readouterr().out.splitlines()] == [
            "overrides.conda-forge.tsv",
            "overrides.conda-forge.inverse.tsv",
        ]


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
        assert counts[Confidence.OBSERVED] > 7_500

    def test_no_override_only_repeats_the_bulk_table(self, names: LayeredNameTable) -> None:
        """A redundant row hides later changes of the evidence."""
        curated, bulk = names.layers
        for fields in curated.projects:
            below = bulk.row(NormalizedName(fields[0]))
            assert below is None or (below.conda, below.relation) != (fields[1], fields[2])

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
        with pytest.raises(MissingTableError, match=r"overrides\.conda-forge\.tsv"):
            load_names(tmp_path)

    def test_layers_above_win(self, names: LayeredNameTable) -> None:
        """A user's layer is asked first; here the bulk table, put above the curated rows."""
        *_, bulk = names.layers

        assert names.by_project(NormalizedName("tensorflow")).identity
        assert load_names(above=[bulk]).by_project(NormalizedName("tensorflow")).identity is None
