"""Variant wheels from a real index over HTTP into a real environment, and what people hear of them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.e2e.conftest import Environment
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from tests.variantwheels import NVIDIA, X86_64, make_document, relabel, repack_installed, write_document
from wheelbridge.api.demo import build_wheel

VARIANTS = {
    "v3": {"x86_64": {"level": ["v3"]}},
    "v2": {"x86_64": {"level": ["v2"]}},
    "cu13": {"nvidia": {"cuda_version_lower_bound": ["13.0"], "sm_arch": ["80_real", "90_real"]}},
    "null": {},
}
DOCUMENT = make_document(["nvidia", "x86_64"], {"nvidia": NVIDIA, "x86_64": X86_64}, VARIANTS)
CLUSTER = ("--virtual-package", "__cuda=13.0", "--virtual-package", "__cuda_arch=9.0")
HASWELL = ("--platform", "linux-64", "--virtual-package", "__archspec=haswell")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The wheel of an installed library in four variants, the plain one, and the release's metadata."""
    plain = repack_installed("filelock", tmp_path_factory.mktemp("release"))
    return [plain, *(relabel(plain, label, DOCUMENT) for label in VARIANTS), write_document(plain, DOCUMENT)]


@pytest.fixture
def variant_index(release: list[Path]) -> Iterator[LoopbackIndex]:
    """That release behind a real HTTP server."""
    with LoopbackIndex({"filelock": release}) as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, real_channel: RealChannel, variant_index: LoopbackIndex) -> Environment:
    """A place for an environment with wheels of that release."""
    return Environment(tmp_path / "env", real_channel.url, variant_index.url)


def label_of(result: dict[str, Any]) -> str | None:
    """Return the variant that a solve took."""
    (record,) = (record for record in result["records"] if record["name"] == "filelock")
    return record["variant"]["label"] if record["variant"] else None


def sources(place: Environment) -> tuple[str, ...]:
    """Return the options that name channel and index."""
    return ("-c", place.channel, "-i", place.index)


class TestALife:
    """A variant wheel is a wheel: created, listed, explained, replaced, removed."""

    def test_create_list_why_and_run(self, run: Run, place: Environment, tmp_path: Path) -> None:
        """The best one for the machine is linked and works; label and properties are known afterwards."""
        facts = ("--virtual-package", "__archspec=haswell")
        created = run("create", *place.options, "python", "pypi:filelock", *facts, "--json", "-y").json

        assert label_of(created) == "v3"
        code = "from importlib.metadata import distribution as d; print(d('filelock').read_text('variant.json'))"
        assert '"v3"' in place.python("-c", f"import filelock; {code}")
        (package,) = (p for p in run("list", "-p", place.prefix, "--json").json["packages"] if p["name"] == "filelock")
        assert package["variant"] == {"label": "v3", "properties": ["x86_64 :: level :: v3"]}
        assert "x86_64:v3" in package["flags"]
        (index,) = (tmp_path / "cache").glob("**/filelock-*/info/index.json")
        assert json.loads(index.read_text(encoding="utf-8"))["flags"] == package["flags"]
        assert "v3" in run("list", "-p", place.prefix).out
        why = run("why", "-p", place.prefix, "filelock").out
        assert "you asked for it: filelock" in why
        assert "variant v3: x86_64 :: level :: v3" in why
        assert '__archspec[build="^(' in why

    def test_the_users_word_moves_an_installed_wheel(self, run: Run, place: Environment) -> None:
        """A ban and a pin replace what is there; to ask again without them keeps it."""
        facts = ("--virtual-package", "__archspec=haswell")
        run("create", *place.options, "python", "pypi:filelock", *facts, "-y")

        def install(*options: str) -> str | None:
            return label_of(run("install", *place.options, "pypi:filelock", *facts, *options, "--json", "-y").json)

        assert install("--variant-ban", "x86_64 :: level :: v3") == "v2"
        assert install() == "v2"
        assert install("--variant", "filelock=null") == "null"
        assert install("--no-variants") is None
        assert install("--variant", "filelock=v3") == "v3"
        assert run("remove", "-p", place.prefix, "filelock", "-y").code == 0

    def test_a_pin_that_nothing_fits_changes_nothing(self, run: Run, place: Environment) -> None:
        """The error names the wheels and why each was not taken."""
        ran = run("create", *place.options, "python", "pypi:filelock", *HASWELL, "--variant", "filelock=cu13", "--json")

        error = ran.json["error"]
        assert (ran.code, error["code"]) == (1, "unsatisfiable")
        assert "needs nvidia: there is no NVIDIA driver (no __cuda)" in error["message"]
        assert not place.prefix.exists()


class TestAnotherMachine:
    """What the target supports follows from its virtual packages, so that a laptop can solve for a cluster."""

    def test_the_target_decides(self, run: Run, place: Environment) -> None:
        """The same request gives another label for another machine."""
        request = ("solve", *sources(place), "python", "pypi:filelock", "--json", *HASWELL)

        assert label_of(run(*request).json) == "v3"
        assert label_of(run(*request, *CLUSTER).json) == "cu13"
        assert label_of(run(*request, *CLUSTER, "--variant-prefer", "x86_64").json) == "v3"
        assert label_of(run(*request, *CLUSTER, "--variant-ban", "nvidia").json) == "v3"
        assert label_of(run(*request, "--virtual-package", "__archspec=x86_64").json) == "null"

    def test_the_record_says_where_it_runs(self, run: Run, place: Environment) -> None:
        """Whoever gets the record can check it against another machine."""
        solved = run("solve", *sources(place), "python", "pypi:filelock", "--json", *HASWELL, *CLUSTER).json

        (record,) = (record for record in solved["records"] if record["name"] == "filelock")
        assert '__cuda[version=">=13.0"]' in record["depends"]
        assert '__cuda_arch[version=">=8.0,<9|>=9.0,<10"]' in record["depends"]

    def test_variants_are_explained_in_words(self, run: Run, place: Environment) -> None:
        """`variants` tells the order, what decided it, and why the others do not run."""
        facts = ("--virtual-package", "__cuda=12.4", "--virtual-package", "__cuda_arch=9.0")
        said = run("variants", "filelock", *sources(place), *HASWELL, *facts)

        assert said.code == 0
        lines = [line.split()[:2] for line in said.out.splitlines()]
        assert [words for words in lines if words[:1] in (["1"], ["2"], ["3"], ["-"])] == [
            ["1", "v3"],
            ["2", "v2"],
            ["3", "null"],
            ["-", "cu13"],
        ]
        assert "needs CUDA driver >= 13.0, this target has 12.4" in said.out
        assert "x86_64 :: level :: v3 comes before x86_64 :: level :: v2" in said.out
        data = run("variants", "filelock", *sources(place), *HASWELL, "--json").json
        assert data["order"] == ["v3", "v2", "null"]
        assert set(data["depends"]) == set(VARIANTS)


class TestMetadata:
    """PEP 825: the index's file is preferred, one wheel of each label will do, and nonsense hides no plain wheel."""

    def test_without_the_file_one_wheel_of_each_label_is_read(
        self, run: Run, place: Environment, release: list[Path]
    ) -> None:
        """The wheels' own metadata lead to the same choice, and are not read twice."""
        with LoopbackIndex({"filelock": release[:-1]}) as index:
            request = (
                "solve",
                *sources(replace(place, index=index.url)),
                "python",
                "pypi:filelock",
                "--json",
                *HASWELL,
            )
            assert label_of(run(*request).json) == "v3"
            asked = index.count("/files/")
            assert label_of(run(*request).json) == "v3"
            assert index.count("/files/") == asked

    def test_an_unreadable_file_leaves_the_plain_wheel(self, run: Run, place: Environment, release: list[Path]) -> None:
        """The reason is told with each variant wheel that is left out."""
        broken = release[-1].parent / "broken"
        broken.mkdir(exist_ok=True)
        document = broken / release[-1].name
        document.write_text("{nonsense", encoding="utf-8")
        with LoopbackIndex({"filelock": [*release[:-1], document]}) as index:
            options = sources(replace(place, index=index.url))
            solved = run("solve", *options, "python", "pypi:filelock", "--json", *HASWELL).json

        assert label_of(solved) is None
        refused = {refusal["code"] for refusal in solved["refused"]}
        assert refused == {"invalid-variants"}

    def test_a_wheel_that_is_another_variant_is_refused(self, run: Run, place: Environment, tmp_path: Path) -> None:
        """Index and wheel contradict each other: nothing is linked."""
        plain = repack_installed("filelock", tmp_path)
        liar = relabel(plain, "v3", DOCUMENT, own={**DOCUMENT, "variants": {"v3": {"x86_64": {"level": ["v4"]}}}})
        with LoopbackIndex({"filelock": [plain, liar, write_document(plain, DOCUMENT)]}) as index:
            lied_to = replace(place, index=index.url)
            facts = ("--virtual-package", "__archspec=haswell")
            ran = run("create", *lied_to.options, "python", "pypi:filelock", *facts, "--json", "-y")

        assert ran.json["error"]["code"] == "variant-mismatch"
        assert "its own properties are x86_64 :: level :: v4" in ran.json["error"]["message"]
        assert not place.prefix.exists()

    def test_offline_what_is_not_cached_leaves_the_plain_wheel(self, run: Run, place: Environment) -> None:
        """Metadata that were never read are no reason to fail where a plain wheel fits."""
        request = ("solve", *sources(place), "python", "pypi:filelock", "--json", *HASWELL)

        assert label_of(run(*request, "--no-variants").json) is None
        offline = run(*request, "--offline").json

        assert label_of(offline) is None
        assert {refusal["code"] for refusal in offline["refused"]} == {"invalid-variants"}

    def test_a_wheel_whose_own_metadata_are_nonsense_is_left_out_alone(
        self, run: Run, place: Environment, tmp_path: Path
    ) -> None:
        """Without the index's file, one bad wheel hides no other variant."""
        plain = repack_installed("filelock", tmp_path)
        good = relabel(plain, "v2", DOCUMENT)
        bad = relabel(plain, "v3", DOCUMENT, own={"variants": []})
        with LoopbackIndex({"filelock": [plain, good, bad]}) as index:
            options = sources(replace(place, index=index.url))
            solved = run("solve", *options, "python", "pypi:filelock", "--json", *HASWELL).json

        assert label_of(solved) == "v2"
        (refused,) = solved["refused"]
        assert refused["reason"].startswith("It cannot be read: ") or "cannot be used" in refused["reason"]

    def test_a_folder_is_an_index_with_variants(self, run: Run, place: Environment, release: list[Path]) -> None:
        """A flat folder with wheels and the release's file, as ``--find-links`` has it."""
        options = sources(replace(place, index=str(release[0].parent)))

        assert label_of(run("solve", *options, "python", "pypi:filelock", "--json", *HASWELL).json) == "v3"


def test_translate_wheel_takes_the_variant_json(run: Run) -> None:
    """One wheel by its own metadata: a record with what it requires of the machine, or the reason why not."""
    metadata = "Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: b; 'x86_64' in variant_namespaces\n"
    own = {**DOCUMENT, "variants": {"v3": VARIANTS["v3"]}}
    wheel = {"fn": "a-1-py3-none-any-v3.whl", "metadata": metadata, "variant_json": own}

    done = run("translate", "wheel", json.dumps(wheel), *HASWELL).json
    assert done["variant"] == {"label": "v3", "properties": ["x86_64 :: level :: v3"]}
    assert "b" in done["record"]["depends"]
    assert done["record"]["depends"][1].startswith('__archspec[build="^(')
    refused = run(
        "translate", "wheel", json.dumps(wheel), *HASWELL[:2], "--virtual-package", "__archspec=nehalem"
    ).json["refused"]
    assert refused["code"] == "incompatible-variant"
    without = run("translate", "wheel", json.dumps({**wheel, "variant_json": None}), *HASWELL).json["refused"]
    assert without["code"] == "invalid-variants"


class TestPlugins:
    """A provider's plugin is third-party code: run where the user names it, apart, and never otherwise."""

    @pytest.fixture
    def quantum(self, tmp_path: Path) -> Iterator[LoopbackIndex]:
        """A library with a variant for hardware that only its provider's plugin knows."""
        folder = tmp_path / "quantum"
        folder.mkdir()
        provider = {"requires": ["quantum-provider"], "plugin-api": "quantum_provider:Plugin"}
        variants = {"q2": {"quantum": {"qubits": ["2"]}}, "q8": {"quantum": {"qubits": ["8"]}}, "null": {}}
        document = make_document(["quantum"], {"quantum": provider}, variants)
        plain = repack_installed("filelock", folder)
        wheels = [plain, *(relabel(plain, label, document) for label in variants), write_document(plain, document)]
        code = (
            "from types import SimpleNamespace\n\n\nclass Plugin:\n    def get_supported_configs(self):\n"
            "        return [SimpleNamespace(name='qubits', values=['4', '2'])]\n"
        )
        plugin = build_wheel(folder, "quantum_provider", "1.0", {"quantum_provider.py": code})
        with LoopbackIndex({"filelock": wheels, "quantum-provider": [plugin]}) as server:
            yield server

    def test_a_plugin_is_asked_only_where_it_is_trusted(
        self, run: Run, place: Environment, quantum: LoopbackIndex
    ) -> None:
        """Without the user's trust its package is not even downloaded."""
        request = ("solve", *sources(replace(place, index=quantum.url)), "python", "pypi:filelock", "--json")

        assert label_of(run(*request).json) == "null"
        assert label_of(run(*request, "--variant-trust", "somebody-else").json) == "null"
        assert quantum.count("/simple/quantum-provider/") == 0
        assert label_of(run(*request, "--variant-trust", "Quantum_Provider").json) == "q2"
