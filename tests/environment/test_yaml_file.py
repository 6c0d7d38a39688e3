"""``environment.yml``, sentence by sentence of CEP 24."""

import json
import shutil
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Manifest, Stated
from wheelbridge.environment.yml.file import parse_environment, read_environment_file
from wheelbridge.environment.yml.selectors import SUBDIRS
from wheelbridge.environment.yml.writing import render_environment
from wheelbridge.model.target import Target

LINUX = Target(subdir="linux-64")
RECORDED = Path(__file__).parents[3] / "shared" / "data" / "environments"
REFUSED = {
    "029-OpenFreeEnergy-openfe.yml": ":57: dependencies[48]: the subsection 'run_constrained' cannot be processed",
}
"""Public files that are none by CEP 24, and why."""
EMPTY = "dependencies: []\n"


def parse(text: str, subdir: str = "linux-64") -> Manifest:
    """Read a text as the file ``e.yml``."""
    return parse_environment(text, Target(subdir=subdir), file="e.yml", folder=Path.cwd())


def refusal(text: str) -> InvalidEnvironmentFileError:
    """Return why a text is refused; every refusal says what to do."""
    with pytest.raises(InvalidEnvironmentFileError) as caught:
        parse(text)
    assert caught.value.hint
    return caught.value


def texts(stated: tuple[Stated, ...]) -> list[str]:
    """Return the texts alone."""
    return [one.text for one in stated]


class TestExamples:
    """The examples of CEP 24, in a file of their own each."""

    def test_everything_at_once(self) -> None:
        """Every key is where it belongs, and every line has its place."""
        manifest = parse(
            "name: test\nchannels:\n  - conda-forge\n  - nodefaults\ndependencies:\n  - numpy >=1.10\n  - pip:\n"
            '      - scipy\nvariables:\n  MY_ENV_VAR: "My Value"\n'
            "platforms:\n  - linux-64\n  - osx-arm64\ncategory: dev\n"
        )

        assert manifest == Manifest(
            files=("e.yml",),
            name="test",
            channels=("conda-forge",),
            defaults=False,
            platforms=("linux-64", "osx-arm64"),
            category="dev",
            variables={"MY_ENV_VAR": "My Value"},
            specs=(Stated("numpy >=1.10", "e.yml:6"),),
            requirements=(Stated("scipy", "e.yml:8"),),
        )
        assert manifest.places["variables.MY_ENV_VAR"] == "e.yml:10"

    def test_the_simplest(self) -> None:
        """Only ``dependencies`` is "Required"; the default channels are appended."""
        manifest = parse("dependencies:\n  - numpy\n")

        assert (texts(manifest.specs), manifest.defaults, manifest.notes) == (["numpy"], True, ())

    @pytest.mark.parametrize("line", ["- pywin32  # [win]", "- sel(win): pywin32"])
    def test_selectors(self, line: str) -> None:
        """Both forms choose by the target, not by this machine."""
        text = f"dependencies:\n  - python\n  {line}\n"

        assert texts(parse(text, "linux-64").specs) == ["python"]
        assert parse(text, "win-64").specs[1] == Stated("pywin32", "e.yml:3")

    def test_both_forms_of_selectors_are_told(self) -> None:
        """CEP 24: "Only one type of filter SHOULD be used in the same document"."""
        (note,) = parse("dependencies:\n  - a # [linux]\n  - sel(win): b\n").notes
        assert "selectors of both forms" in note

    def test_keys_may_be_said_for_each_platform(self) -> None:
        """A key that is there twice before the selectors are looked at is there once after."""
        text = f"name: on-linux # [linux]\nname: elsewhere # [not linux]\n{EMPTY}"
        assert parse(text).name == "on-linux"
        assert parse(text, "osx-64").name == "elsewhere"


class TestName:
    """CEP 24: "MUST NOT contain any of these characters: `/`, " " (space), `:`, `#`"."""

    @pytest.mark.parametrize("name", ["a/b", "a b", "a:b", "a#b"])
    def test_names_and_prefixes_are_refused(self, name: str) -> None:
        """The last component of the prefix is a name, too; before it stands what path there may be."""
        assert refusal(f"name: {name!r}\n{EMPTY}").file == "e.yml:1"
        if "/" not in name:
            assert "e.yml:2: prefix: " in str(refusal(f"{EMPTY}prefix: '/home/me/{name}'\n"))

    @pytest.mark.parametrize("name", ["base", "root"])
    def test_special_names_are_not_taken(self, name: str) -> None:
        """CEP 24: "SHOULD NOT be accepted": the file can be read, and another name be given."""
        manifest = parse(f"{EMPTY}name: {name}\n")

        assert manifest.name is None
        assert manifest.notes[0].startswith(f"e.yml:2: the name {name!r} is not taken")


class TestPrefix:
    """CEP 24: "Paths can contain tildes (`~`) and environment variables, and they MUST be expanded when present"."""

    def test_it_is_expanded(self, alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """In both spellings, the home first."""
        monkeypatch.setenv("ENVS", "envs")

        assert parse(f"{EMPTY}prefix: ~/$ENVS/x/../a\n").prefix == alone / "envs" / "a"
        assert parse(f"{EMPTY}prefix: ${{HOME}}/a\n").prefix == alone / "a"

    def test_a_variable_that_is_not_set_is_refused(self) -> None:
        """A folder called ``$NOWHERE`` is what nobody wants."""
        assert "'NOWHERE' is not set" in str(refusal(f"{EMPTY}prefix: $NOWHERE/a\n"))

    @pytest.mark.parametrize("prefix", ["/", "/usr", "/usr/lib", "/etc/a", "/bin/../sbin", "'~'"])
    def test_paths_of_the_system_are_refused(self, prefix: str) -> None:
        """CEP 24: "Prefixes targeting protected system paths SHOULD be rejected."."""
        assert "e.yml:2: prefix: " in str(refusal(f"{EMPTY}prefix: {prefix}\n"))

    def test_a_part_of_a_path_is_refused(self) -> None:
        """CEP 24: "The preferred full path to the environment"."""
        assert "is no full path" in str(refusal(f"{EMPTY}prefix: envs/a\n"))

    def test_that_of_another_system_is_not_taken(self) -> None:
        """What an export on Windows leaves in a file must not keep others from reading it."""
        manifest = parse(f"{EMPTY}prefix: C:\\Users\\me\\envs\\a\n")

        assert manifest.prefix is None
        assert "a path of another system" in manifest.notes[0]


class TestChannels:
    """CEP 24: "The `nodefaults` name MUST NOT be passed to the solver."."""

    def test_their_order_is_kept(self) -> None:
        """Wherever ``nodefaults`` stands; once each."""
        manifest = parse(f"{EMPTY}channels: [b, nodefaults, a, b]\n")
        assert (manifest.channels, manifest.defaults) == (("b", "a"), False)

    def test_environment_variables_are_expanded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As conda does, for tokens; what is not set is named, what is set is not shown."""
        monkeypatch.setenv("TOKEN", "s3cret")

        assert parse(f"{EMPTY}channels: ['https://host.example/t/${{TOKEN}}/c']\n").channels == (
            "https://host.example/t/s3cret/c",
        )
        assert "s3cret" not in str(refusal(f"{EMPTY}channels: ['https://host.example/t/$TOKEN/$OTHER']\n"))

    def test_a_text_is_no_list(self) -> None:
        """The commonest mistake."""
        error = refusal("channels: conda-forge\ndependencies: [a]\n")
        assert str(error) == "e.yml:1: channels: expected a list, got the text 'conda-forge'"
        assert error.hint == "Write it as '- conda-forge'."


class TestVariables:
    """CEP 24: "Values SHOULD be `str`. If they are not, they MUST be converted to `str`."."""

    def test_values_are_the_characters_of_the_file(self) -> None:
        """A zero at the end stays; where conda would make another text, a note says so, without the value."""
        manifest = parse(f"{EMPTY}variables:\n  A: 1.10\n  B: true\n  C: 12\n  D: yes\n")

        assert manifest.variables == {"A": "1.10", "B": "true", "C": "12", "D": "yes"}
        assert [note.split(" is taken")[0] for note in manifest.notes] == [
            "e.yml:3: variables.A",
            "e.yml:4: variables.B",
        ]
        assert "1.10" not in "".join(manifest.notes)

    @pytest.mark.parametrize("value", ["", "[a]", "{a: b}"])
    def test_what_has_no_text_is_refused(self, value: str) -> None:
        """Nothing is not an empty text, and a list is none."""
        assert "e.yml:2: variables.A: expected a value" in str(refusal(f"{EMPTY}variables: {{A: {value}}}\n"))

    @pytest.mark.parametrize("name", ["A-B", "1A", "A B", "PATH"])
    def test_keys_are_names(self, name: str) -> None:
        """CEP 24: "Keys MUST be valid environment variable names for the target operating system."."""
        assert f"{name!r} is" in str(refusal(f"{EMPTY}variables: {{{name}: x}}\n"))

    def test_windows_has_names_of_its_own(self) -> None:
        """Parentheses are fine there, but case tells no two variables from each other."""
        assert parse(f"{EMPTY}variables: {{A(x86): b}}\n", "win-64").variables == {"A(x86)": "b"}
        with pytest.raises(InvalidEnvironmentFileError, match="the same variable as 'Ab'"):
            parse(f"{EMPTY}variables: {{Ab: x, AB: y}}\n", "win-64")


class TestPlatforms:
    """CEP 24: "Each string MUST belong to the set of valid `subdirs`"."""

    def test_noarch_is_refused(self) -> None:
        """CEP 24: "`noarch` MUST be rejected as a valid platform value"."""
        assert "'noarch' is no platform" in str(refusal(f"{EMPTY}platforms: [linux-64, noarch]\n"))

    def test_what_is_none_is_refused(self) -> None:
        """With those that there are."""
        assert "osx-arm64" in str(refusal(f"{EMPTY}platforms: [linux64]\n").hint)


class TestDependencies:
    """CEP 24: "Required, `list[str | dict[str, Any]]`"."""

    def test_unknown_subsections_are_refused(self) -> None:
        """CEP 24: "The conda client MUST error out by default if it cannot process unknown sections."."""
        error = refusal("dependencies:\n  - a\n  - npm:\n    - b\n")
        assert str(error) == "e.yml:3: dependencies[1]: the subsection 'npm' cannot be processed"

    def test_several_pip_sections_count_together(self) -> None:
        """None of them hides another."""
        manifest = parse("dependencies:\n  - pip:\n    - a\n  - b\n  - pip:\n    - c\n  - pip:\n")
        assert (texts(manifest.requirements), texts(manifest.specs)) == (["a", "c"], ["b"])

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("name: a\n", "e.yml: there is no 'dependencies'"),
            ("", "e.yml: it is empty"),
            ("numpy\n", "e.yml:1: expected keys such as 'dependencies', got the text 'numpy'"),
            ("- numpy\n", "e.yml:1: expected keys such as 'dependencies', got a list"),
            ("dependencies: numpy\n", "e.yml:1: dependencies: expected a list, got the text 'numpy'"),
            ("dependencies:\n  - 1.5\n", "e.yml:2: dependencies[0]: expected a text, got the number '1.5'"),
            ("dependencies:\n  -\n", "e.yml:2: dependencies[0]: expected a text, got nothing"),
            ("dependencies:\n  - ''\n", "e.yml:2: dependencies[0]: it is empty"),
            ("dependencies:\n  - [a]\n", "e.yml:2: dependencies[0]: expected a text, got a list"),
            ("dependencies:\n  - a\n    - b\n", "e.yml:2: dependencies[0]: 'a - b' goes over several lines"),
            (
                "dependencies:\n  - a\n  - pip: # [win]\n    - b\n",
                "e.yml:2: dependencies[0]: 'a - b' goes over several lines",
            ),
            ("dependencies:\n  - pip: b\n", "e.yml:2: dependencies[0].pip: expected a list, got the text 'b'"),
            ("dependencies:\n  - sel(win): [b]\n", "e.yml:2: dependencies[0].sel(win): expected a text, got a list"),
        ],
    )
    def test_what_is_not_as_it_should_be_has_a_place(self, text: str, message: str) -> None:
        """A file, a line, and what was expected there."""
        assert str(refusal(text)) == message

    def test_nothing_is_an_empty_list(self) -> None:
        """As after selectors that took every line."""
        assert parse("dependencies:\n  - a # [win]\nchannels:\n").specs == ()


class TestOtherKeys:
    """CEP 24: "they MUST be ignored and the user SHOULD receive an informative warning about them"."""

    def test_unknown_ones_are_told(self) -> None:
        """With their line, and what is known."""
        (note,) = parse(f"{EMPTY}dependancies:\n  - a\n").notes
        assert note.startswith("e.yml:2: the key 'dependancies' is ignored; known are name, ")

    def test_ours_is_handed_on_as_it_is(self) -> None:
        """Types as in YAML, but a date is the text that it was."""
        manifest = parse(f"{EMPTY}wheelbridge:\n  exclude-newer: 2026-01-31\n  a: {{b: [1, true, 1.5, null]}}\n")

        assert manifest.settings == {"exclude-newer": "2026-01-31", "a": {"b": [1, True, 1.5, None]}}
        assert manifest.places["wheelbridge.a"] == "e.yml:4"


class TestYaml:
    """CEP 24: "`environment.yml` files are YAML documents"."""

    @pytest.mark.parametrize(
        ("text", "message", "hint"),
        [
            ("dependencies:\n\t- a\n", "e.yml:2: it is no YAML: found character", "replace the tab"),
            ("dependencies: [a\n", "e.yml:2: it is no YAML: ", "Check the indentation"),
            ("name: a\nname: b\n", "e.yml:2: the key 'name' stands in line 1, too", "Join the two"),
            ("dependencies:\n- a\nx: &y\n- b\n", "e.yml:3: the anchor '&y' is not taken", "Write the value out"),
            ("dependencies:\n- !x a\n", "e.yml:2: the tag '!x' is not taken", "without a tag"),
            ("name: a\n---\nname: b\n", "expected a single document in the stream", "Check"),
            ("name: \x00\n", "e.yml: it is no YAML: unacceptable character", "Check"),
            ("? [a]\n: b\n", "e.yml:1: a key must be a text, got a list", "plain text"),
        ],
    )
    def test_what_hides_what_it_says_is_refused(self, text: str, message: str, hint: str) -> None:
        """With the line, and what to do."""
        error = refusal(text)

        assert message in str(error)
        assert hint in str(error.hint)

    def test_the_depth_of_a_text_is_bounded(self) -> None:
        """What is nested too deeply is told, not died of."""
        assert "nested too deeply" in str(refusal("a: " + "[" * 1000 + "]" * 1000))

    def test_a_byte_order_mark_and_windows_lines_are_fine(self) -> None:
        """As an editor on Windows writes them."""
        assert parse("\ufeffname: a\r\ndependencies:\r\n- b\r\n").specs == (Stated("b", "e.yml:3"),)


class TestSecrets:
    """What opens a source is in no message."""

    @pytest.mark.parametrize(
        "text",
        [
            "dependencies:\n  - a\n    - https://me:s3cret@host.example/a\n",
            "dependencies:\n  - pip: https://me:s3cret@host.example/a.whl\n",
            "channels: https://me:s3cret@host.example/c\ndependencies: []\n",
        ],
    )
    def test_logins_are_left_out(self, text: str) -> None:
        """Whatever else is wrong with the line."""
        assert "s3cret" not in str(refusal(text))


class TestFile:
    """CEP 24: "the extension MUST be `yml` or `yaml`"."""

    def test_another_extension_is_refused(self, tmp_path: Path) -> None:
        """Before the file is looked at."""
        with pytest.raises(InvalidEnvironmentFileError, match=r"ends in '.yml' or '.yaml'"):
            read_environment_file(tmp_path / "environment.txt", LINUX)

    def test_what_is_not_utf_8_has_a_line(self, tmp_path: Path) -> None:
        """So that it can be found."""
        path = tmp_path / "e.yml"
        path.write_bytes(b"name: a\n# caf\xe9\n")
        with pytest.raises(InvalidEnvironmentFileError, match=r"e\.yml:2: the byte 0xe9 is not UTF-8"):
            read_environment_file(path, LINUX)

    def test_what_is_not_there_is_told(self, tmp_path: Path) -> None:
        """As an error of the file, not of the operating system."""
        with pytest.raises(InvalidEnvironmentFileError, match="there is no such file"):
            read_environment_file(tmp_path / "e.yml", LINUX)

    def test_paths_in_it_start_at_its_folder(self, tmp_path: Path) -> None:
        """Wherever the command is called."""
        (tmp_path / "more.txt").write_text("rich>=14\n", encoding="utf-8")
        path = tmp_path / "e.yml"
        path.write_text("dependencies:\n  - pip:\n    - -r more.txt\n", encoding="utf-8")

        assert texts(read_environment_file(path, LINUX).requirements) == ["rich>=14"]


@pytest.fixture(scope="module")
def public_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Copies of the public files, beside a file that one of them names."""
    if not RECORDED.is_dir():
        pytest.skip(f"the public files are not at {RECORDED}")
    folder = tmp_path_factory.mktemp("public")
    (folder / "requirements.txt").write_text("fastai>=2.0\n", encoding="utf-8")
    return [Path(shutil.copy(path, folder)) for path in sorted(RECORDED.glob("*.yml"))]


@pytest.mark.shared_data
class TestPublicFiles:
    """The 41 real files that mix conda packages and a pip section."""

    @pytest.mark.parametrize("subdir", ["linux-64", "osx-arm64", "win-64"])
    def test_each_is_read_or_refused_for_a_true_reason(self, public_files: list[Path], subdir: str) -> None:
        """CEP 24 has no ``run_constrained``; all the others can be read, on every platform."""
        refused = {}
        for path in public_files:
            try:
                manifest = read_environment_file(path, Target(subdir=subdir))
            except InvalidEnvironmentFileError as error:
                refused[path.name] = str(error).removeprefix(str(path))
            else:
                assert manifest.specs
                assert manifest.requirements or manifest.links

        assert len(public_files) == 41
        assert refused == REFUSED


NAMES = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}", fullmatch=True).filter(lambda name: name not in {"base", "root"})
ANYTHING = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20)
SPECS = st.builds("{}{}".format, NAMES, st.sampled_from(["", " >=1,<2", "=1.2=py*_0", "[build='x*']"]))
REQUIREMENTS = st.builds(
    "{}{}".format, st.from_regex(r"[a-z]{1,6}", fullmatch=True), st.sampled_from(["", ">=1", "[x]"])
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | ANYTHING,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(NAMES, part, max_size=3),
    max_leaves=6,
)
MANIFESTS = st.fixed_dictionaries(
    {
        "name": st.none() | NAMES,
        "channels": st.lists(NAMES.filter(lambda name: name != "nodefaults"), max_size=3, unique=True).map(tuple),
        "defaults": st.booleans(),
        "variables": st.dictionaries(
            st.from_regex(r"[A-Z_][A-Z0-9_]{0,6}", fullmatch=True), ANYTHING, max_size=3
        ).filter(lambda variables: "PATH" not in variables),
        "specs": st.lists(SPECS, max_size=4, unique=True),
        "requirements": st.lists(REQUIREMENTS, max_size=4, unique=True),
        "settings": st.dictionaries(NAMES, PLAIN, max_size=3),
    }
)


def strip(manifest: Manifest) -> dict[str, object]:
    """Return what a manifest says, without the places that say it."""
    return {
        "name": manifest.name,
        "channels": manifest.channels,
        "defaults": manifest.defaults,
        "variables": manifest.variables,
        "specs": texts(manifest.specs),
        "requirements": texts(manifest.requirements),
        "settings": manifest.settings,
    }


class TestRoundTrip:
    """What is written is what is read."""

    @given(said=MANIFESTS, platforms=st.lists(st.sampled_from(SUBDIRS), max_size=3, unique=True))
    def test_a_manifest_that_is_written_as_json_reads_back(self, said: dict[str, object], platforms: list[str]) -> None:
        """JSON is YAML: quotes, brackets and signs of YAML in texts change nothing."""
        pip = [{"pip": said["requirements"]}] if said["requirements"] else []
        channels = [*said["channels"], *([] if said["defaults"] else ["nodefaults"])]  # type: ignore[misc] # of any type
        document = {
            **({"name": said["name"]} if said["name"] else {}),
            "prefix": str(PurePosixPath("/home/me/envs/a")),
            "channels": channels,
            "dependencies": [*said["specs"], *pip],  # type: ignore[misc] # as above
            "variables": said["variables"],
            "platforms": platforms,
            "category": "dev",
            "wheelbridge": said["settings"],
        }

        manifest = parse(json.dumps(document, ensure_ascii=False, indent=1))

        assert strip(manifest) == said
        assert (manifest.platforms, manifest.category) == (tuple(platforms), "dev")
        assert manifest.prefix == Path("/home/me/envs/a")
        assert manifest.notes == ()

    @given(said=MANIFESTS)
    def test_what_we_write_reads_back(self, said: dict[str, object]) -> None:
        """Whatever stands in texts."""
        specs, requirements = (
            tuple(Stated(text, "") for text in said[key])  # type: ignore[attr-defined] # lists of texts
            for key in ("specs", "requirements")
        )
        manifest = Manifest(files=(), **{**said, "specs": specs, "requirements": requirements})  # type: ignore[arg-type] # of any type

        assert strip(parse(render_environment(manifest))) == said
