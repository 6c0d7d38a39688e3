"""Requirements, with packaging as the oracle of what a specifier contains, and rattler of what a MatchSpec means."""

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from rattler import MatchSpec, PackageRecord
from rattler.package import BuildString

from wheelbridge.errors import TranslationError
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.model.target import Target
from wheelbridge.translate.requirement import KnownVersions, only_extra, render_match_spec, translate_requirement

LINUX = Target(subdir="linux-64")
ROWS = {"torch": "pytorch", "docker": "pypi.docker"}


def names(project: NormalizedName) -> CondaName:
    """Map a few projects; the others keep their names."""
    return CondaName(ROWS.get(project, project))


@pytest.mark.parametrize(
    ("text", "base", "groups"),
    [
        ("Foo_Bar", ["foo-bar"], {}),
        ("torch>=2", ['pytorch[version=">=2"]'], {}),
        ("docker", ["pypi.docker"], {}),
        ("foo[B_b,a]", ["foo[extras=[a,b-b]]"], {}),
        ("foo; sys_platform == 'win32'", [], {}),
        ("foo; sys_platform == 'linux'", ["foo"], {}),
        ("foo; python_version < '3.9'", ['foo[when="python<3.9dev0"]'], {}),
        ("foo>=1; extra == 'Ab'", [], {"ab": ['foo[version=">=1"]']}),
        ("foo; extra == 'a' or extra == 'b'", [], {"a": ["foo"], "b": ["foo"]}),
        ("foo; extra == 'a' and sys_platform == 'win32'", [], {}),
        (
            "foo; extra == 'a' or python_version < '3.9'",
            ['foo[when="python<3.9dev0"]'],
            {"a": ["foo"]},
        ),
        ("foo==1.0+cu121", ['foo[version="==1.0",build="*+cu121"]'], {}),
    ],
)
def test_names_extras_and_markers(text: str, base: list[str], groups: dict[str, list[str]]) -> None:
    """CEP 48: a bare name, or a name with square brackets; rattler reads each."""
    translation = translate_requirement(text, LINUX, names)

    assert list(translation.base) == base
    assert {extra: list(specs) for extra, specs in translation.groups.items() if specs} == groups
    for spec in (*translation.base, *(spec for specs in translation.groups.values() for spec in specs)):
        assert MatchSpec(spec, strict=True).name.normalized == translation.name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("foo @ https://host.example/foo.whl", "url-requirement"),
        ("foo=>1", "invalid-requirement"),
        ("", "invalid-requirement"),
        ("foo; extra != 'a'", "marker-not-expressible"),
    ],
)
def test_what_is_refused(text: str, code: str) -> None:
    """With a code each."""
    with pytest.raises(TranslationError) as caught:
        translate_requirement(text, LINUX, names)
    assert caught.value.code == code


VERSIONS = [Version(text) for text in ("0.9", "1.0rc1", "1.0", "1.0.post1", "1.1", "2.0")]


@pytest.mark.parametrize("text", ["foo>1.0", "foo<=1.0", "foo===1.0", "foo!=1.0"])
def test_known_versions_make_it_exact(text: str) -> None:
    """Where conda orders otherwise than PEP 440, the list of what there is says it."""
    unknown = KnownVersions()
    first = translate_requirement(text, LINUX, names, known=unknown)
    project = NormalizedName("foo")
    assert (first.lossy, unknown.wanted) in ((True, {project}), (False, set()))

    final = translate_requirement(text, LINUX, names, known=KnownVersions({project: VERSIONS}))

    expected = [str(v) for v in VERSIONS if Requirement(text).specifier.contains(v, prereleases=True)]
    spec = MatchSpec(final.base[0], strict=True)
    assert not final.lossy
    assert [
        str(v) for v in VERSIONS if spec.matches(PackageRecord("foo", str(v), BuildString("0"), 0, "noarch"))
    ] == expected


@pytest.mark.parametrize(
    ("text", "extra"),
    [
        ("foo; extra == 'Do_cs'", "do-cs"),
        ('foo>=1;extra=="docs"', "docs"),
        ("foo; (extra == 'docs') and python_version < '3.9'", "docs"),
        ("foo; extra == 'docs' or os_name == 'nt'", None),
        ("foo; os_name == 'nt'", None),
        ("foo", None),
    ],
)
def test_the_extra_without_which_nothing_holds(text: str, extra: str | None) -> None:
    """What is found is sure; what is not found may be there."""
    assert only_extra(text) == extra


def test_a_match_spec_is_written_as_records_have_it() -> None:
    """In one order of keys, quoted, whatever is given."""
    spec = render_match_spec("foo", version=">=1,<2", build="*+cu121", extras=("a", "b"), when="python<3.11dev0")

    assert spec == 'foo[version=">=1,<2",build="*+cu121",extras=[a,b],when="python<3.11dev0"]'
    assert MatchSpec(spec, strict=True).extras == ["a", "b"]
    assert render_match_spec("foo") == "foo"
