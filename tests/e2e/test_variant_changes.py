"""What happens to installed variant wheels when the user's word, the index or the machine changes."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.e2e.conftest import Environment
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from tests.solver.scenario import write_channel
from tests.variantwheels import NVIDIA, make_document, relabel, repack_installed, write_document
from wheelbridge.api.demo import build_wheel

PROVIDER = {"static-properties": {"library": ["mkl", "openblas"]}}
MKL, OPENBLAS = {"blas": {"library": ["mkl"]}}, {"blas": {"library": ["openblas"]}}
BLAS = make_document(["blas"], {"blas": PROVIDER}, {"mkl": MKL, "ob": OPENBLAS, "null": {}})
ONLY_OPENBLAS = make_document(["blas"], {"blas": PROVIDER}, {"ob": OPENBLAS})


def make_release(
    folder: Path, name: str, version: str, document: Mapping[str, Any] = BLAS, headers: str = ""
) -> list[Path]:
    """Build a wheel for each variant of *document*, one without a variant, and the release's metadata."""
    made = [build_wheel(folder, name, version, {f"{name}.py": "LABEL = None\n"}, headers)]
    for label in document["variants"]:
        own = {**document, "variants": {label: document["variants"][label]}}
        code = {f"{name}.py": f"LABEL = {label!r}\n"}
        made.append(build_wheel(folder, name, version, code, headers, label=label, variant_json=own))
    path = folder / f"{name}-{version}-variants.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return [*made, path]


def chosen(result: Mapping[str, Any], name: str = "foo") -> tuple[str, str | None]:
    """Return version and label of the wheel of *name* in a plan."""
    (record,) = (record for record in result["records"] if record["name"] == name)
    return record["version"], record["variant"] and record["variant"]["label"]


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder for wheels."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    return folder


class TestWhatIsKept:
    """A word on variants moves a wheel to another variant; all else that was decided stays."""

    @pytest.mark.parametrize(
        "word",
        [
            (("--variant", "foo=ob"), "ob"),
            (("--variant-ban", "blas :: library :: mkl"), "ob"),
            (("--variant", "null"), "null"),
            (("--no-variants",), None),
        ],
        ids=["pin", "ban", "pin-all", "none"],
    )
    @pytest.mark.parametrize("asked", ["pypi:foo==1.0", "pypi:foo<2", "pypi:foo"])
    def test_the_version_stays(
        self,
        run: Run,
        wheels: Path,
        real_channel: RealChannel,
        asked: str,
        word: tuple[Sequence[str], str | None],
    ) -> None:
        """A newer release has the variant too, and nobody asked for it."""
        options, label = word
        with LoopbackIndex({"foo": make_release(wheels, "foo", "1.0")}) as index:
            place = Environment(wheels.parent / "env", real_channel.url, index.url)
            assert run("create", *place.options, "python", asked, "-y").code == 0
        with LoopbackIndex({"foo": [*wheels.glob("foo-1*"), *make_release(wheels, "foo", "2.0")]}) as index:
            place = replace(place, index=index.url)
            changed = run("install", *place.options, "python", *options, "--json", "-y").json

        assert chosen(changed) == ("1.0", label)
        assert not any("may move" in note for note in changed["notes"])
        assert place.python("-c", "import foo; print(foo.LABEL)").strip() == str(label)

    def test_another_version_is_taken_where_only_that_has_the_variant(
        self, run: Run, wheels: Path, tmp_path: Path, real_channel: RealChannel
    ) -> None:
        """The pin is the newer word; what was asked for earlier gives way, and the user hears of it."""
        old = make_release(wheels, "foo", "1.0", make_document(["blas"], {"blas": PROVIDER}, {"mkl": MKL}))
        with LoopbackIndex({"foo": [*old, *make_release(wheels, "foo", "2.0")]}) as index:
            place = Environment(tmp_path / "env", real_channel.url, index.url)
            run("create", *place.options, "python", "pypi:foo==1.0", "-y")
            changed = run("install", *place.options, "python", "--variant", "foo=ob", "--json", "-y").json

        assert chosen(changed) == ("2.0", "ob")
        assert any("may move" in note for note in changed["notes"])

    def test_an_earlier_request_that_allows_another_version_is_not_loosened(
        self, run: Run, wheels: Path, tmp_path: Path, real_channel: RealChannel
    ) -> None:
        """What was asked for earlier gives way only where it stands in the way."""
        old = make_release(wheels, "foo", "1.0", make_document(["blas"], {"blas": PROVIDER}, {"mkl": MKL}))
        with LoopbackIndex({"foo": old}) as index:
            place = Environment(tmp_path / "env", real_channel.url, index.url)
            run("create", *place.options, "python", "pypi:foo<3", "-y")
        with LoopbackIndex({"foo": [*old, *make_release(wheels, "foo", "2.0")]}) as index:
            place = replace(place, index=index.url)
            changed = run("install", *place.options, "python", "--variant", "foo=ob", "--json", "-d").json

        assert chosen(changed) == ("2.0", "ob")
        assert changed["notes"] == []

    def test_a_pin_for_all_leaves_alone_what_has_no_such_variant(
        self, run: Run, wheels: Path, tmp_path: Path, real_channel: RealChannel
    ) -> None:
        """Neither its variant nor its version changes."""
        foo, bar = make_release(wheels, "foo", "1.0"), make_release(wheels, "bar", "1.0", ONLY_OPENBLAS)
        with LoopbackIndex({"foo": foo, "bar": bar}) as index:
            place = Environment(tmp_path / "env", real_channel.url, index.url)
            run("create", *place.options, "python", "pypi:foo", "pypi:bar", "-y")
        newer = make_release(wheels, "bar", "2.0", ONLY_OPENBLAS)
        with LoopbackIndex({"foo": foo, "bar": [*bar, *newer]}) as index:
            place = replace(place, index=index.url)
            changed = run("install", *place.options, "python", "--variant", "null", "--json", "-y").json

        assert chosen(changed) == ("1.0", "null")
        assert chosen(changed, "bar") == ("1.0", "ob")

    def test_the_extras_of_the_new_variant_arrive(
        self, run: Run, wheels: Path, tmp_path: Path, real_channel: RealChannel
    ) -> None:
        """An extra that was asked for earlier brings what the new variant needs for it."""
        headers = (
            "Provides-Extra: opt\nRequires-Dist: one; extra == 'opt' and variant_label == 'mkl'\n"
            "Requires-Dist: two; extra == 'opt' and variant_label == 'ob'\n"
        )
        others = {name: [build_wheel(wheels, name, "1.0", {f"{name}.py": ""})] for name in ("one", "two")}
        with LoopbackIndex({"foo": make_release(wheels, "foo", "1.0", headers=headers), **others}) as index:
            place = Environment(tmp_path / "env", real_channel.url, index.url)
            run("create", *place.options, "python", "pypi:foo[opt]", "-y")
            place.python("-c", "import one")
            assert run("install", *place.options, "python", "--variant", "foo=ob", "-y").code == 0

        place.python("-c", "import two")

    def test_a_wheel_that_stays_says_which_variant_it_is(
        self, run: Run, wheels: Path, tmp_path: Path, real_channel: RealChannel
    ) -> None:
        """The JSON of a later install has label and properties of what was not asked for."""
        other = [build_wheel(wheels, "other", "1.0", {"other.py": ""})]
        with LoopbackIndex({"foo": make_release(wheels, "foo", "1.0"), "other": other}) as index:
            place = Environment(tmp_path / "env", real_channel.url, index.url)
            run("create", *place.options, "python", "pypi:foo", "-y")
            later = run("install", *place.options, "pypi:other", "--json", "-y").json

        (record,) = (record for record in later["records"] if record["name"] == "foo")
        assert record["variant"] == {"label": "mkl", "properties": ["blas :: library :: mkl"]}

    def test_an_installed_wheel_is_judged_by_what_the_target_supports(
        self, run: Run, wheels: Path, tmp_path: Path, real_channel: RealChannel
    ) -> None:
        """A ban of the one value that counts here moves it, as a new solve would not take it."""
        variants = {"cu": {"nvidia": {"sm_arch": ["80_real", "90_real"]}}, "null": {}}
        release = make_release(wheels, "foo", "1.0", make_document(["nvidia"], {"nvidia": NVIDIA}, variants))
        facts = ("--virtual-package", "__cuda=13.0", "--virtual-package", "__cuda_arch=8.0")
        with LoopbackIndex({"foo": release}) as index:
            place = Environment(tmp_path / "env", real_channel.url, index.url)
            assert chosen(run("create", *place.options, "python", "pypi:foo", *facts, "--json", "-y").json)[1] == "cu"
            ban = ("--variant-ban", "nvidia :: sm_arch :: 80_real")
            moved = run("install", *place.options, "python", *facts, *ban, "--json", "-d").json

        assert chosen(moved) == ("1.0", "null")


class TestTheWordIsHeard:
    """Whatever the reason for which a wheel is there, a pin or a ban is never lost in silence."""

    @pytest.mark.parametrize(
        ("options", "label"),
        [
            (("--variant", "foo=ob", "--variant-enable", "blas"), "ob"),
            (("--variant", "foo=null"), "null"),
            (("--variant", "foo="), None),
            (("--variant-ban", "blas"), "null"),
        ],
        ids=["enabled", "null", "plain", "ban"],
    )
    def test_what_the_target_does_not_run_any_more(
        self, run: Run, wheels: Path, real_channel: RealChannel, options: Sequence[str], label: str | None
    ) -> None:
        """A namespace that was enabled once is judged without being enabled now."""
        document = make_document(["blas"], {"blas": {**PROVIDER, "optional": True}}, BLAS["variants"])
        with LoopbackIndex({"foo": make_release(wheels, "foo", "1.0", document)}) as index:
            place = Environment(wheels.parent / "env", real_channel.url, index.url)
            first = run("create", *place.options, "python", "pypi:foo", "--variant-enable", "blas", "--json", "-y").json
            assert chosen(first) == ("1.0", "mkl")
            moved = run("install", *place.options, "python", *options, "--json", "-y").json

        assert chosen(moved) == ("1.0", label)

    @pytest.mark.parametrize("asked", ["foo", "pypi:foo", "pypi:needs-foo"])
    def test_the_version_stays_although_the_name_is_asked_for_again(
        self, run: Run, wheels: Path, real_channel: RealChannel, asked: str
    ) -> None:
        """By its bare name, as a requirement, or through something new that needs it."""
        needs = [build_wheel(wheels, "needs_foo", "1.0", {"needs.py": ""}, "Requires-Dist: foo>=1\n")]
        with LoopbackIndex({"foo": make_release(wheels, "foo", "1.0")}) as index:
            place = Environment(wheels.parent / "env", real_channel.url, index.url)
            run("create", *place.options, "python", "pypi:foo", "-y")
        both = [*wheels.glob("foo-1*"), *make_release(wheels, "foo", "2.0")]
        with LoopbackIndex({"foo": both, "needs-foo": needs}) as index:
            place = replace(place, index=index.url)
            changed = run("install", *place.options, asked, "--variant", "foo=ob", "--json", "-y").json

        assert chosen(changed) == ("1.0", "ob")

    def test_a_wheel_stays_a_wheel_below_a_channel_that_has_it(
        self, run: Run, wheels: Path, tmp_path: Path, real_channel: RealChannel
    ) -> None:
        """Another variant was asked for, not another package."""
        plain = repack_installed("filelock", wheels)
        version = plain.name.split("-")[1]
        release = [plain, *(relabel(plain, label, BLAS) for label in BLAS["variants"]), write_document(plain, BLAS)]
        with LoopbackIndex({"filelock": release}) as index:
            place = Environment(tmp_path / "env", real_channel.url, index.url)
            run("create", *place.options, "python", "pypi:filelock", "-y")
            above = ("-c", write_channel(tmp_path / "above", ["filelock 99.0"]), "--priority", "above=flexible")
            plan = run("install", *above, *place.options, "python", "--variant", "filelock=ob", "--json", "-d").json

        assert chosen(plan, "filelock") == (version, "ob")

    def test_a_pin_that_what_is_kept_meets_is_not_idle(
        self, run: Run, wheels: Path, tmp_path: Path, real_channel: RealChannel
    ) -> None:
        """What is there already is what was pinned: there is nothing to say."""
        other = [build_wheel(wheels, "other", "1.0", {"other.py": ""})]
        with LoopbackIndex({"foo": make_release(wheels, "foo", "1.0"), "other": other}) as index:
            place = Environment(tmp_path / "env", real_channel.url, index.url)
            run("create", *place.options, "python", "pypi:foo", "--variant", "foo=ob", "-y")
            later = run("install", *place.options, "pypi:other", "--variant", "ob", "--json", "-y").json

        assert chosen(later) == ("1.0", "ob")
        assert later["notes"] == []

    def test_an_odd_record_does_not_hide_the_environment(
        self, run: Run, wheels: Path, tmp_path: Path, real_channel: RealChannel
    ) -> None:
        """Some other tool may have written a file name that no index could give."""
        with LoopbackIndex({"foo": make_release(wheels, "foo", "1.0")}) as index:
            place = Environment(tmp_path / "env", real_channel.url, index.url)
            run("create", *place.options, "python", "pypi:foo", "-y")
            (path,) = (place.prefix / "conda-meta").glob("foo-*.json")
            record = json.loads(path.read_text(encoding="utf-8"))
            record["fn"] = "foo-1.0-py3-none-any-Bad+L.whl"
            path.write_text(json.dumps(record), encoding="utf-8")

            assert run("list", "-p", place.prefix).code == 0
            moved = run("install", *place.options, "python", "--variant", "foo=ob", "--json", "-d").json

        assert chosen(moved) == ("1.0", "ob")


class TestLies:
    """Index and wheel must agree, whenever the wheel came."""

    def test_a_cached_wheel_is_compared_too(
        self, run: Run, wheels: Path, tmp_path: Path, real_channel: RealChannel
    ) -> None:
        """An index that changes its mind about a wheel that is unpacked already is not believed."""
        release = make_release(wheels, "foo", "1.0")
        with LoopbackIndex({"foo": release}) as index:
            place = Environment(tmp_path / "env", real_channel.url, index.url)
            run("create", *place.options, "python", "pypi:foo", "-y")
        lie = make_document(["blas"], {"blas": PROVIDER}, {"mkl": OPENBLAS, "null": {}})
        release[-1].write_text(json.dumps(lie), encoding="utf-8")
        shutil.rmtree(tmp_path / "cache" / "http", ignore_errors=True)
        with LoopbackIndex({"foo": release}) as index:
            again = replace(place, prefix=tmp_path / "again", index=index.url)
            ran = run("create", *again.options, "python", "pypi:foo", "--json", "-y")

        assert ran.json["error"]["code"] == "variant-mismatch"
        assert not again.prefix.exists()

    def test_long_labels_are_told_apart(
        self, run: Run, wheels: Path, tmp_path: Path, real_channel: RealChannel
    ) -> None:
        """Two labels that begin alike are two packages in every cache, even from an index without hashes."""
        one, two = "x" * 64 + "a", "x" * 64 + "b"
        document = make_document(["blas"], {"blas": PROVIDER}, {one: MKL, two: OPENBLAS})
        made = make_release(wheels, "foo", "1.0", document)
        folder = tmp_path / "site" / "foo"
        folder.mkdir(parents=True)
        for path in made:
            shutil.copy(path, folder)
        links = "".join(f'<a href="{path.name}">{path.name}</a>' for path in made)
        (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>", encoding="utf-8")
        place = Environment(tmp_path / "env", real_channel.url, str(folder.parent))

        for label in (two, one):
            assert (
                run(
                    "install" if place.prefix.exists() else "create",
                    *place.options,
                    "python",
                    "pypi:foo",
                    "--variant",
                    f"foo={label}",
                    "-y",
                ).code
                == 0
            )
            assert place.python("-c", "import foo; print(foo.LABEL)").strip() == label
