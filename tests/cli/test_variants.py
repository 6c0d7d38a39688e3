import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.variantwheels import NVIDIA, X86_64, make_document
from wheelbridge.api.demo import build_wheel

BLAS = {"static-properties": {"library": ["openblas", "mkl"]}}
LEVELS = {"v4": {"x86_64": {"level": ["v4"]}}, "v3": {"x86_64": {"level": ["v3"]}}, "null": {}}
HASWELL = ("--platform", "linux-64", "--virtual-package", "__archspec=haswell")


def write(folder: Path, document: object) -> Path:
    """Write the metadata of a release."""
    path = folder / "tool-1.0-variants.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture
def levels(tmp_path: Path) -> Path:
    """A release with variants for CPUs."""
    return write(tmp_path, make_document(["x86_64"], {"x86_64": X86_64}, LEVELS))


class TestFile:
    """`variants FILE` reads a release's metadata alone: no index, no wheels."""

    def test_the_order_and_the_reasons_are_told(self, run: Run, levels: Path) -> None:
        """What runs, in order, what decided it, and why the rest does not run."""
        data = run("variants", levels, *HASWELL, "--json").json

        assert data["order"] == ["v3", "null"]
        assert data["incompatible"] == {"v4": "needs x86-64 level v4, this target's CPU (haswell) has v3 at most"}
        (best,) = (variant for variant in data["variants"] if variant["label"] == "v3")
        assert best["compatible"] is True
        assert best["decided_by"] == "null lacks x86_64 :: level :: v3"
        assert best["supported"] == ["x86_64 :: level :: v3"]
        assert data["namespaces"][0]["read_from"] == "__archspec haswell"
        assert data["target"]["virtual_packages"]["__archspec"] == ["1", "haswell"]

    @pytest.mark.parametrize(
        ("options", "order", "decided"),
        [
            ((), ["both", "ob", "mkl"], "the label alone"),
            (("--variant-prefer", "b :: library :: mkl"), ["both", "mkl", "ob"], "openblas comes before"),
            (("--variant-ban", "b :: library :: openblas"), ["both", "mkl"], "the label alone"),
            (("--variant", "tool=mkl"), ["mkl"], ""),
            (("--variant", "other=mkl"), ["both", "ob", "mkl"], "the label alone"),
        ],
        ids=["plain", "prefer", "ban", "pin", "another-project"],
    )
    def test_the_users_word_is_heard(
        self, run: Run, tmp_path: Path, options: tuple[str, ...], order: list[str], decided: str
    ) -> None:
        """Preferences reorder, bans and pins narrow, and the reason says so."""
        both = {"b": {"library": ["mkl", "openblas"]}}
        variants = {"ob": {"b": {"library": ["openblas"]}}, "mkl": {"b": {"library": ["mkl"]}}, "both": both}
        path = write(tmp_path, make_document(["b"], {"b": BLAS}, variants))

        data = run("variants", path, *options, "--json").json

        assert data["order"] == order
        assert decided in data["variants"][0]["decided_by"]

    def test_an_optional_namespace_must_be_enabled(self, run: Run, tmp_path: Path) -> None:
        """PEP 9999: an optional provider does nothing unless the user enables it."""
        variants = {"mkl": {"b": {"library": ["mkl"]}}, "null": {}}
        path = write(tmp_path, make_document(["b"], {"b": {**BLAS, "optional": True}}, variants))

        assert run("variants", path, "--json").json["order"] == ["null"]
        assert run("variants", path, "--variant-enable", "b", "--json").json["order"] == ["mkl", "null"]

    def test_an_order_that_nobody_gave_is_pointed_out(self, run: Run, tmp_path: Path) -> None:
        """A release with two features of one namespace and no order for them leaves it to the user."""
        static = {"static-properties": {"one": ["x"], "two": ["y"]}}
        variants = {"a": {"lib": {"one": ["x"]}}, "b": {"lib": {"two": ["y"]}}}
        path = write(tmp_path, make_document(["lib"], {"lib": static}, variants))

        assert "--variant-prefer 'lib :: FEATURE'" in run("variants", path).out

    @pytest.mark.parametrize(
        ("text", "code"),
        [("{", "invalid-variants"), ("[]", "invalid-variants"), (None, "usage")],
        ids=["broken", "list", "absent"],
    )
    def test_what_is_no_metadata_is_an_error(self, run: Run, tmp_path: Path, text: str | None, code: str) -> None:
        """The error says what is wrong; there is no traceback."""
        path = tmp_path / "tool-1.0-variants.json"
        if text is not None:
            path.write_text(text, encoding="utf-8")

        assert run("variants", path, "--json").json["error"]["code"] == code


class TestProject:
    """`variants PROJECT` asks the indexes for the newest release that has any."""

    @pytest.fixture
    def index(self, tmp_path: Path, levels: Path) -> Path:
        """A folder: release 1.0 has variants, 2.0 has none."""
        for label in LEVELS:
            build_wheel(tmp_path, "tool", "1.0", {"tool.py": ""}, label=label)
        build_wheel(tmp_path, "tool", "2.0", {"tool.py": ""})
        build_wheel(tmp_path, "plain", "1.0", {"plain.py": ""})
        return levels.parent

    def test_the_newest_release_with_variants_is_shown(self, run: Run, index: Path) -> None:
        """A newer release without any has nothing to tell."""
        data = run("variants", "tool", "-O", "-i", index, *HASWELL, "--json").json

        assert data["name"] == "tool 1.0"
        assert data["variants"][0]["files"] == ["tool-1.0-py3-none-any-v3.whl"]

    @pytest.mark.parametrize(
        ("subject", "code"),
        [
            ("plain", "no-variants"),
            ("tool>=2", "no-variants"),
            ("nothing", "package-not-found"),
            ("a b", "invalid-requirement"),
        ],
    )
    def test_what_has_none_is_an_error(self, run: Run, index: Path, subject: str, code: str) -> None:
        """Each with its own code."""
        assert run("variants", subject, "-O", "-i", index, "--json").json["error"]["code"] == code

    def test_a_variant_without_a_fitting_wheel_is_not_in_the_order(self, run: Run, index: Path) -> None:
        """A label that exists for another platform alone is none that a solve could take."""
        (index / "tool-1.0-py3-none-any-v3.whl").rename(index / "tool-1.0-py3-none-win_amd64-v3.whl")

        data = run("variants", "tool", "-O", "-i", index, *HASWELL, "--json").json

        assert data["order"] == ["null"]
        assert data["incompatible"]["v3"] == "has no wheel whose tags fit linux-64"

    def test_one_bad_wheel_hides_no_other_variant(self, run: Run, tmp_path: Path) -> None:
        """Without the index's file, as a solve would; a label that the file does not know is told, too."""
        folder = tmp_path / "own"
        folder.mkdir()
        document = make_document(["x86_64"], {"x86_64": X86_64}, LEVELS)
        for label, properties in LEVELS.items():
            own = {**document, "variants": {label: properties}} if label != "v3" else {"variants": []}
            build_wheel(folder, "tool", "1.0", {"tool.py": ""}, label=label, variant_json=own)

        data = run("variants", "tool", "-O", "-i", folder, *HASWELL, "--json").json
        assert data["order"] == ["null"]
        assert data["incompatible"]["v3"].startswith("cannot be read: ")
        write(folder, document)
        build_wheel(folder, "tool", "1.0", {"tool.py": ""}, label="stray")
        stray = run("variants", "tool", "-O", "-i", folder, *HASWELL, "--json").json["incompatible"]["stray"]
        assert stray == "is unknown to the release's variant metadata"

    def test_another_projects_metadata_is_not_read(self, run: Run, index: Path) -> None:
        """PEP 825: the file is called after the project; whatever else lies on the page is none of it."""
        evil = json.dumps(make_document(["b"], {"b": BLAS}, {"v3": {"b": {"library": ["mkl"]}}}))
        page = index / "tool"
        page.mkdir()
        names = [*(path.name for path in index.glob("tool-1*")), "evil-1.0-variants.json", "tool-x-1.0-variants.json"]
        for name in names[-2:]:
            (index / name).write_text(evil, encoding="utf-8")
        links = "".join(f'<a href="../{name}">{name}</a>' for name in names)
        (page / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>", encoding="utf-8")

        data = run("variants", "tool", "-O", "-i", index, *HASWELL, "--json").json

        assert data["order"] == ["v3", "null"]

    @pytest.mark.parametrize("late", [True, False])
    def test_a_release_that_is_too_new_is_passed_over(self, run: Run, index: Path, late: bool) -> None:
        """As a solve would: what has no upload time is left out, too."""
        options = ("--exclude-newer", "2020-01-01") if late else ()

        ran = run("variants", "tool", "-O", "-i", index, *HASWELL, *options, "--json")

        assert (ran.code == 1) is late

    def test_a_wheel_tells_of_itself(self, run: Run, tmp_path: Path) -> None:
        """A variant wheel is a file of metadata, too; any other wheel is an error."""
        own = make_document(["x86_64"], {"x86_64": X86_64}, {"v3": LEVELS["v3"]})
        wheel = build_wheel(tmp_path, "own", "1.0", {"own.py": ""}, label="v3", variant_json=own)
        plain = build_wheel(tmp_path, "own", "1.0", {"own.py": ""})

        assert run("variants", wheel, *HASWELL, "--json").json["order"] == ["v3"]
        assert run("variants", plain, "--json").json["error"]["code"] == "invalid-wheel"

    def test_plugins_are_asked_for_this_machine_alone(self, run: Run, levels: Path) -> None:
        """What a plugin says of this machine is nothing for another one."""
        ran = run("variants", levels, *HASWELL, "--variant-trust", "provider-variant-x86-64", "--json")

        assert (ran.code, ran.json["error"]["code"]) == (2, "usage")


class TestTranslate:
    """`translate variants`: order, incompatible, depends, for scripts."""

    def test_given_lists_stand_for_what_is_derived(self, run: Run) -> None:
        """The caller says what is supported; what it leaves out is not."""
        document = make_document(["x86_64"], {"x86_64": X86_64}, LEVELS)
        given = {"x86_64": [["level", ["v4", "v3", "v2", "v1"]]]}

        def order(value: object) -> object:
            return run("translate", "variants", json.dumps(value), *HASWELL).json["order"]

        assert order({"variants_json": document, "supported": given}) == ["v4", "v3", "null"]
        assert order({"variants_json": document, "supported": {}}) == ["null"]
        assert order({"variants_json": document}) == ["v3", "null"]

    def test_the_requirements_of_the_machine_are_told(self, run: Run) -> None:
        """CEP 48: name and bracket form; of the null variant nothing is required."""
        variants = {"cu": {"nvidia": {"cuda_version_lower_bound": ["12.8"], "sm_arch": ["90_real"]}}, "null": {}}
        document = make_document(["nvidia"], {"nvidia": NVIDIA}, variants)

        done = run("translate", "variants", json.dumps({"variants_json": document}), "--platform", "linux-64").json

        assert done["depends"] == {"cu": ['__cuda[version=">=12.8"]', '__cuda_arch[version=">=9.0,<10"]'], "null": []}
        assert done["incompatible"] == {"cu": "needs nvidia: there is no NVIDIA driver (no __cuda)"}

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            ({}, "invalid-input"),
            ({"variants_json": []}, "invalid-variants"),
            ({"variants_json": {}, "supported": []}, "invalid-input"),
            ({"variants_json": {}, "supported": {"a": [["f", "v"]]}}, "invalid-input"),
            ({"variants_json": {}, "supported": {"a": 1}}, "invalid-input"),
        ],
    )
    def test_bad_input_is_told(self, run: Run, value: object, code: str) -> None:
        """Each with the place."""
        assert run("translate", "variants", json.dumps(value)).json["error"]["code"] == code


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--variant-prefer", "A::B"), "names no variant namespace"),
        (("--variant", "tool=UPPER"), "is no variant label"),
        (("--variant", ""), "No variant is named"),
        (("--variant", "a=x", "--variant", "a=y"), "Two variants are pinned for a: x and y"),
        (("--variant-mode", "lax"), "is no way to choose variants"),
        (("--variant", "=ob"), "names no project"),
        (("--variant", "é=ob"), "names no project"),
        (("--variant-enable", "É"), "names no variant namespace"),
        (("--variant-enable", "a :: b"), "is no variant namespace"),
    ],
)
def test_a_wish_of_another_form_is_wrong_usage(run: Run, options: tuple[str, ...], said: str) -> None:
    """The message says what the form is."""
    ran = run("solve", "pypi:tool", *options, "--json")

    assert ran.code == 2
    assert said in ran.json["error"]["message"]


@pytest.mark.parametrize(
    ("wheel", "code"),
    [
        ({"fn": "a-1-py3-none-any-UP.whl"}, "invalid-wheel-name"),
        ({"fn": "a-1-py3-none-any-v3.tar.gz"}, "invalid-wheel-name"),
        ({"fn": "a-1-py3-none-any-v3.whl"}, "invalid-variants"),
        ({"fn": "a-1-py3-none-any-v3.whl", "variant_json": []}, "invalid-variants"),
        ({"fn": "a-1-py3-none-any-v3.whl", "variant_json": {"variants": {"v4": {}}}}, "invalid-variants"),
    ],
)
def test_a_wheel_that_cannot_be_a_variant_is_refused(run: Run, wheel: dict[str, object], code: str) -> None:
    """A refusal is a result, whatever of the wheel is wrong."""
    metadata = "Metadata-Version: 2.1\nName: a\nVersion: 1\n"

    ran = run("translate", "wheel", json.dumps({"metadata": metadata, **wheel}))

    assert ran.json["refused"]["code"] == code


def test_nothing_that_a_file_says_is_a_command_to_the_terminal(run: Run, tmp_path: Path) -> None:
    """Control characters and lone surrogates of a label are shown as what they are: nothing."""
    path = tmp_path / "tool-1.0-variants.json"
    path.write_text('{"variants": {"\\u001b[31m\\ud800": {}}}', encoding="utf-8")

    ran = run("variants", path)

    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "?[31m?" in ran.out
