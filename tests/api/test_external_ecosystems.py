import json
from pathlib import Path
from typing import Any

import pytest

from wheelbridge.api.external.ecosystems import CONDA_FORGE, UnsupportedEcosystemError, open_ecosystem
from wheelbridge.api.mapping.maps import take_maps
from wheelbridge.errors import UsageError
from wheelbridge.mapping.external.fields import InvalidExternalError
from wheelbridge.model.external import DepURL
from wheelbridge.tables.documents import UnreadableTableError
from wheelbridge.target.detect import detect_target
from wheelbridge.translate.external import ExternalEnvironment, translate_external
from wheelbridge.translate.external_table import ExternalTable

PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "external"
LINUX = detect_target("linux-64")

needs_public = pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public mappings are not beside the checkout")


def manager(name: str, *command: str) -> dict[str, Any]:
    """Make a package manager of PEP 804."""
    return {
        "name": name,
        "commands": {"install": {"command": [*command, "{}"]}},
        "specifier_syntax": {"name_only": ["{name}"], "exact_version": None, "version_ranges": None},
    }


MAPPINGS: list[dict[str, Any]] = [
    {"id": "dep:generic/zlib", "specs": "zlib"},
    {"id": "dep:generic/gone", "specs": []},
    {"id": "dep:virtual/compiler/c", "specs": {"build": ["{{ compiler('c') }}"], "host": [], "run": []}},
    {"id": "dep:virtual/compiler/c", "specs": {"build": ["own-gcc"], "host": [], "run": []}},
    {"id": "dep:generic/template", "specs": ["{{ compiler('c') }}"]},
    {"id": "dep:virtual/interface/blas", "specs": {"build": [], "host": ["libblas * *_netlib"], "run": ["libblas"]}},
    {"id": "dep:generic/llvm", "specs": ["llvm", "llvmdev"]},
    {"id": "dep:generic/alias", "specs_from": "dep:generic/zlib"},
    {"id": "dep:generic/pinned", "specs": "own-pinned 1.*"},
]


@pytest.fixture
def ecosystem(tmp_path: Path) -> str:
    """Write a mapping of the conda kind; its package manager would leave a mark if it were run."""
    mark = tmp_path / "was-run"
    document = {"name": "own", "mappings": MAPPINGS, "package_managers": [manager("conda", "touch", str(mark))]}
    path = tmp_path / "own.mapping.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def translate(ecosystem: str, **table: list[str]) -> ExternalEnvironment:
    """Translate a table, its keys with underscores."""
    parsed = ExternalTable.parse({key.replace("_", "-"): value for key, value in table.items()})
    return translate_external(parsed, LINUX, open_ecosystem(ecosystem))


class TestMappingFile:
    """PEP 804: a mapping says which packages of an ecosystem an id is."""

    def test_the_first_alternative_that_has_specs_serves(self, ecosystem: str, tmp_path: Path) -> None:
        """A template is no spec to install, which is told; no command of the document is run."""
        found = translate(
            ecosystem, build_requires=["dep:virtual/compiler/c"], host_requires=["dep:generic/zlib@>=1.2"]
        )

        assert (found.build, found.host, found.unmapped) == (("own-gcc",), ("zlib >=1.2", "python"), ())
        assert found.notes == (
            "The mapping has what is no MatchSpec for dep:virtual/compiler/c, left out: {{ compiler('c') }}.",
        )
        assert not (tmp_path / "was-run").exists()

    def test_a_version_is_the_first_packages(self, ecosystem: str) -> None:
        """The document has no word for which package a version is of."""
        assert translate(ecosystem, dependencies=["dep:generic/llvm@>=18"]).run == ("llvm >=18", "llvmdev")

    def test_no_version_is_put_behind_a_build(self, ecosystem: str) -> None:
        """'libblas * *_netlib>=3' would match nothing; the bound is refused, the rest is not."""
        found = translate(ecosystem, host_requires=["dep:virtual/interface/blas@>=3.9"])
        free = translate(ecosystem, host_requires=["dep:virtual/interface/blas"])
        other = translate(ecosystem, dependencies=["dep:virtual/interface/blas@>=3.9"])

        assert (found.host, free.host) == ((), ("libblas * *_netlib",))
        assert (other.run, other.unmapped) == (("libblas >=3.9",), ())
        assert [one.code for one in found.unmapped] == ["external-version-not-expressible"]
        assert "'libblas * *_netlib' has a version or a build already" in found.unmapped[0].reason

    def test_what_it_lacks_is_unmapped(self, ecosystem: str) -> None:
        """The tables of wheelbridge are conda-forge's, and do not answer for another ecosystem."""
        found = translate(
            ecosystem,
            host_requires=["dep:generic/openssl", "dep:generic/gone", "dep:generic/template", "dep:generic/alias"],
        )

        assert [one.dependency for one in found.unmapped] == [
            "dep:generic/openssl",
            "dep:generic/gone",
            "dep:generic/template",
        ]
        assert "nothing but what is no MatchSpec" in found.unmapped[2].reason
        assert found.host == ("zlib",)

    def test_a_map_of_ones_own_is_put_over_it(self, ecosystem: str) -> None:
        """As over the tables of wheelbridge."""
        row = {
            "id": "dep:generic/pinned",
            "relation": "library",
            "alternatives": [{"name": "default", "when": ["*"], "host": ["own-zlib"]}],
            "version": {"scheme": "none"},
        }

        opened = open_ecosystem(ecosystem, take_maps([{"external": [row]}]))

        assert opened.find(DepURL.parse("dep:generic/pinned@>=1")).rows[0].alternatives[0].host == ("own-zlib",)
        assert opened.find(DepURL.parse("dep:generic/llvm")).rows[0].alternatives[0].host == ("llvm", "llvmdev")

    def test_its_name_is_the_channel(self, ecosystem: str) -> None:
        """Environment files name it."""
        assert open_ecosystem(ecosystem).name == "own"
        assert open_ecosystem(CONDA_FORGE).name == "conda-forge"


class TestRefusals:
    """What cannot be read says why."""

    def test_packages_of_another_kind(self, tmp_path: Path) -> None:
        """A MatchSpec for apt would be nonsense."""
        path = tmp_path / "debian.mapping.json"
        path.write_text(json.dumps({"name": "debian", "mappings": [], "package_managers": [manager("apt", "apt")]}))

        with pytest.raises(UnsupportedEcosystemError, match="'debian' are not conda's: it has apt"):
            open_ecosystem(str(path))

    def test_an_unknown_name(self) -> None:
        """Only conda-forge came with wheelbridge."""
        with pytest.raises(UsageError, match="no ecosystem 'fedora'"):
            open_ecosystem("fedora")

    @pytest.mark.parametrize(
        ("text", "error"),
        [("{", UnreadableTableError), ('{"name": "x"}', InvalidExternalError)],
        ids=["JSON", "PEP 804"],
    )
    def test_a_broken_file(self, tmp_path: Path, text: str, error: type[Exception]) -> None:
        """The file is named."""
        path = tmp_path / "own.mapping.json"
        path.write_text(text, encoding="utf-8")

        with pytest.raises(error, match=r"own\.mapping\.json"):
            open_ecosystem(str(path))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"name": "x"}', "{}: the field 'mappings' is missing"),
            ('{"name": "x", "mappings": [1], "package_managers": []}', "{} mappings[0]: expected a mapping"),
        ],
    )
    def test_the_error_is_about_the_file_that_was_given(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
    ) -> None:
        """By its path as it was given; the hint is about PEP 804, not about the tables of wheelbridge."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "m.json").write_text(text, encoding="utf-8")

        for place in ("m.json", str(tmp_path / "m.json")):
            with pytest.raises(InvalidExternalError) as caught:
                open_ecosystem(place)
            assert caught.value.message.startswith(message.format(place))
            assert "PEP 804" in (caught.value.hint or "")


@pytest.mark.shared_data
@needs_public
class TestPublicMappings:
    """The documents of the authors of PEP 804."""

    def test_that_of_conda_forge(self) -> None:
        """Its first alternatives serve, and its builds take no version."""
        path = str(PUBLIC / "conda-forge.mapping.json")

        found = translate(
            path,
            build_requires=["dep:virtual/compiler/c", "dep:virtual/compiler/rust"],
            host_requires=["dep:generic/libjpeg", "dep:github/Kitware/CMake", "dep:generic/openblas@>=0.3.20"],
        )

        assert found.build == ("c-compiler", "rust")
        assert found.host == ("jpeg", "cmake", "python")
        assert [one.dependency for one in found.unmapped] == ["dep:generic/openblas@>=0.3.20"]

    @pytest.mark.parametrize(
        "name", ["arch", "chocolatey", "conan", "fedora", "homebrew", "nix", "pypi", "ubuntu", "vcpkg", "winget"]
    )
    def test_others_are_of_another_kind(self, name: str) -> None:
        """Each is refused with the managers that it has."""
        with pytest.raises(UnsupportedEcosystemError, match="are not conda's: it has"):
            open_ecosystem(str(PUBLIC / f"{name}.mapping.json"))
