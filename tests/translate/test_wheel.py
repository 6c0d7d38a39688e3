"""Whole wheels: what orders them, what names them, what groups they have."""

import itertools
import random

import pytest
from packaging.tags import cpython_tags
from rattler import MatchSpec, PackageRecord
from rattler.package import BuildString

from wheelbridge.model.distribution import CoreMetadata, DistributionFile
from wheelbridge.model.name import CondaName
from wheelbridge.model.record import Refusal, WheelRecord
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.translate.wheel import translate_wheel

LINUX = Target(subdir="linux-64", virtual_packages=(VirtualPackage("__glibc", "2.28"),))


def translate(
    filename: str,
    *requires: str,
    extras: tuple[str, ...] = (),
    name: str | None = None,
    version: str | None = None,
    sha256: str | None = None,
    requires_python: str | None = None,
) -> WheelRecord | Refusal:
    """Translate a wheel whose metadata agree with its file name unless told otherwise."""
    parts = filename.split("-")
    hashes = {"sha256": sha256} if sha256 else {}
    metadata = CoreMetadata(
        name=name or parts[0],
        version=version or parts[1],
        requires_dist=requires,
        provides_extra=extras,
        requires_python=requires_python,
    )
    file = DistributionFile(filename=filename, url=f"https://host.example/{filename}", hashes=hashes)
    return translate_wheel(file, metadata, LINUX, CondaName)


def record(filename: str, *requires: str, extras: tuple[str, ...] = (), sha256: str | None = None) -> WheelRecord:
    """Translate a wheel that is no refusal."""
    result = translate(filename, *requires, extras=extras, sha256=sha256)
    assert isinstance(result, WheelRecord), result
    return result


def refusal(
    filename: str,
    *requires: str,
    name: str | None = None,
    version: str | None = None,
    requires_python: str | None = None,
) -> Refusal:
    """Translate a wheel that is one."""
    result = translate(filename, *requires, name=name, version=version, requires_python=requires_python)
    assert isinstance(result, Refusal), result
    return result


class TestOrder:
    """Of one version, a solver takes the highest build number; an installer, what ``packaging.tags`` lists first."""

    def test_tags_in_the_order_of_packaging(self) -> None:
        """For CPython 3.12 on glibc 2.28."""
        platforms = ["manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "linux_x86_64"]
        listed = list(cpython_tags((3, 12), ["cp312"], platforms))
        shuffled = random.Random(1).sample(listed, len(listed))

        ranked = sorted(shuffled, key=lambda tag: record(f"foo-1.0-{tag}.whl").build_number, reverse=True)

        assert ranked == listed

    @pytest.mark.parametrize(
        ("worse", "better"),
        [
            *itertools.pairwise(
                [
                    "py2.py3-none-any",
                    "1-py2.py3-none-any",
                    "2a-py3-none-any",
                    "9-py3-none-any",
                    "10-py3-none-any",
                    "py3-none-manylinux_2_17_x86_64",
                    "cp38-abi3-manylinux_2_17_x86_64",
                    "9-cp38-abi3-manylinux_2_17_x86_64",
                    "cp312-cp312-linux_x86_64",
                    "cp312-cp312-manylinux_2_17_x86_64",
                    "1-cp312-cp312-manylinux_2_17_x86_64",
                ]
            )
        ],
    )
    def test_the_build_tag_comes_last(self, worse: str, better: str) -> None:
        """PEP 427: the build number "acts as a tie-breaker", and is a number."""
        assert record(f"foo-1.0-{worse}.whl").build_number < record(f"foo-1.0-{better}.whl").build_number


class TestBuildString:
    """CEP 26: at most 64 characters; two wheels of one version have two of them."""

    @pytest.mark.parametrize(
        ("filename", "sha256", "build"),
        [
            ("foo-1.0-py3-none-any.whl", None, "py3_none_any"),
            ("foo-1.0-py2.py3-none-any.whl", None, "py3_none_any"),
            ("foo-1.0-py3-none-any.whl", "0123456789" * 6 + "abcd", "py3_none_any_h01234567"),
            ("foo-1.0+cu121-py3-none-any.whl", None, "py3_none_any+cu121"),
            ("foo-1.0+cu121-py3-none-any.whl", "ab" * 32, "py3_none_any_habababab+cu121"),
            ("foo-1.0-1abc-py3-none-any.whl", None, "py3_none_any_1abc"),
        ],
    )
    def test_it_says_tags_hash_and_local_version(self, filename: str, sha256: str | None, build: str) -> None:
        """The local label last, so that a glob finds it."""
        assert record(filename, sha256=sha256).build == build

    @pytest.mark.parametrize("length", [1, 20, 45, 49, 50])
    def test_it_fits(self, length: int) -> None:
        """What is too long is cut in front; the hash and the whole label stay."""
        label = "a" * length
        tags = "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"
        made = record(f"foo-1.0+{label}-{tags}.whl", sha256="ab" * 32)

        assert len(made.build) <= 64
        assert made.build.endswith(f"_habababab+{label}")
        found = PackageRecord("foo", made.version, BuildString(made.build), made.build_number, "linux-64")
        assert MatchSpec(f'foo[version="==1.0",build="*+{label}"]').matches(found)

    def test_no_room_is_a_refusal(self) -> None:
        """A label that leaves none for the rest."""
        assert refusal(f"foo-1.0+{'a' * 61}-py3-none-any.whl").code == "build-string-too-long"


class TestGroups:
    """CEP 44: a group for every extra."""

    def test_extras_become_groups(self) -> None:
        """Normalized, also those that bring nothing, and those that are asked for without being provided."""
        made = record(
            "foo-1.0-py3-none-any.whl",
            "base>=1",
            "one; extra == 'Some_Thing'",
            "two>=2; extra == 'some-thing' and python_version < '3.9'",
            "win; extra == 'some-thing' and sys_platform == 'win32'",
            "three[x]; extra == 'secret'",
            extras=("some.thing", "empty"),
        )

        assert made.depends[1:] == ('base[version=">=1"]',)
        assert made.extra_depends == {
            "some-thing": ("one", 'two[version=">=2",when="python<3.9dev0"]'),
            "empty": (),
            "secret": ("three[extras=[x]]",),
        }

    def test_a_wheel_may_ask_for_its_own_extras(self) -> None:
        """As many do for ``all``."""
        made = record("foo-1.0-py3-none-any.whl", "foo[a,b]; extra == 'all'", "x; extra == 'a'", extras=("all", "a"))

        assert made.extra_depends == {"all": ("foo[extras=[a,b]]",), "a": ("x",)}


@pytest.mark.parametrize(
    ("filename", "said", "code"),
    [
        ("foo-1.0-py3-none-any.whl", {"name": "bar"}, "inconsistent-metadata"),
        ("foo-1.0-py3-none-any.whl", {"version": "1.1"}, "inconsistent-metadata"),
        ("foo-1.0-py3-none-any.whl", {"version": "one"}, "inconsistent-metadata"),
        ("foo-1.0-py3-none-any.whl", {"requires_python": "three"}, "invalid-specifier"),
        ("foo-1.0-py3-none-any.whl", {"requires_python": "<3"}, "incompatible-tag"),
        ("foo-1.0-cp312-cp312-win_amd64.whl", {}, "other-platform"),
        ("foo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl", {}, "incompatible-tag"),
        ("foo-1.0-cp312-cp312-manylinux_2_29_x86_64.whl", {}, "platform-too-old"),
        ("foo-1.0.whl", {}, "invalid-wheel-name"),
    ],
)
def test_a_refusal_is_a_value(filename: str, said: dict[str, str], code: str) -> None:
    """File, code and reason."""
    refused = refusal(filename, **said)

    assert (refused.fn, refused.code) == (filename, code)
    assert refused.reason


@pytest.mark.parametrize(
    ("requirement", "named"),
    [
        ("x @ https://host.example/x.whl", "x @ https://host.example/x.whl"),
        ("x ==> 1", "x ==> 1"),
        ("x; platform_release > '5'", "platform_release"),
    ],
)
def test_one_bad_requirement_refuses_the_wheel(requirement: str, named: str) -> None:
    """Lossless or not at all; the reason names it."""
    assert named in refusal("foo-1.0-py3-none-any.whl", "fine", requirement).reason


def test_equal_versions_need_not_be_equal_texts() -> None:
    """PEP 440: ``1.0`` is ``1.0.0``; PEP 503: ``Foo.Bar`` is ``foo-bar``."""
    made = translate("Foo_Bar-1.0.0-py3-none-any.whl", name="foo.bar", version="v1.0")

    assert isinstance(made, WheelRecord)
    assert (str(made.name), made.purls) == ("foo-bar", ("pkg:pypi/foo-bar@1.0.0",))
