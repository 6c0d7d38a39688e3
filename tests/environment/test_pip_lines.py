"""Lines that pip reads: taken, or refused by name; pip itself is the oracle."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.environment.pip_oracle import REFUSALS, as_reading, read_with_pip
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Manifest, Stated
from wheelbridge.environment.pip.file import read_requirements_file
from wheelbridge.environment.pip.lines import read_pip_lines

SHA = "sha256:" + "0123456789abcdef" * 4
OTHER = "sha256:" + "f" * 64

ALIKE = {
    "names and versions": "numpy\nscipy >=1.0 ,<2\nwavio >=0.0.5\nRuamel.Yaml==0.18",
    "extras": "boto3-stubs[s3,sqs]\nfoo[A_b]==1",
    "markers": "PyQt5>=5.10,<5.14; platform_system == \"Darwin\"\nfoo;python_version<'3'",
    "comments": "# all\nfoo # a comment\nbar>=4  # See requirements.txt\n  # indented\nbaz#not-a-comment @ x"[:-21],
    "continued": "foo \\\n  >=1,\\\n<2\nbar \\\n# comment ends it\nbaz\\",
    "continued into an empty line": "foo \\\n\nbar",
    "comment that ends as a continued line does": "foo\n# comment \\\nbar",
    "hashes": f"foo==1 --hash={SHA} \\\n  --hash={OTHER}\nbar==2 --hash {SHA}",
    "hashes of constraints": f"foo==1 --hash={SHA} --hash={OTHER}\n-c hashed.txt",
    "index": "-i https://a.example/simple\n--extra-index-url https://b.example --extra-index-url=https://c.example",
    "quoted index": '--extra-index-url="https://packages.example"\nfoo',
    "later index": "--extra-index-url https://b.example\n--index-url https://a.example\n--pypi-url https://d.example",
    "no index": "-i https://a.example\n--no-index\n--extra-index-url https://b.example\n-f wheels",
    "links": "-fwheels\n--find-links https://h.example/page.html\n-f file:./wheels"[:-18],
    "formats": "--no-binary foo,Bar\n--only-binary=:all:\n--no-binary :none:\n--no-binary baz,:all:,x",
    "formats emptied": "--only-binary a,b\n--only-binary :none:\n--no-binary :all:,:none:,c",
    "pre": "--pre",
    "all releases": "--all-releases :all:",
    "shortened": "--extra https://b.example\n--requirem nested.txt\n--find wheels",
    "nested": "-r nested.txt\n-rsub/more.txt\n-c limits.txt",
    "twice through two files": "-r nested.txt\n-r nested.txt",
    "folders": "-e .\n-e ./project[docs,tests]\n./project ; python_version > '3'\n.[all]",
    "editable by its long name": "--editable ./project\n--editable=./project[a]",
    "archives": "./wheels/foo-1.0-py3-none-any.whl\nhttps://h.example/a/archive/master.zip\n./wheels/bar-1.tar.gz",
    "archive without a separator": "foo-1.0-py3-none-any.whl\nbar-2.zip",
    "archives with hashes": f"https://h.example/a.zip#sha256={SHA[7:]}\nhttps://h.example/b.zip --hash={SHA}",
    "direct": "foo[x] @ https://h.example/foo.zip ; os_name == 'nt'\nbar @ git+https://git@h.example/bar.git@develop",
    "repositories": "git+https://h.example/a/b@master#egg=c\ngit+ssh://git@h.example/a.git\n"
    "git+https://h.example/mono@v1.0#egg=d&subdirectory=py/d",
    "features": "--use-feature=truststore\n--prefer-binary",
    "beside each other": "--pre --no-binary foo",
}
"""What is read as pip reads it."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files to name; it is the current one."""
    for name in ("project", "wheels", "sub"):
        (tmp_path / name).mkdir()
    for name in ("", "project/"):
        (tmp_path / f"{name}pyproject.toml").touch()
    for name in ("wheels/foo-1.0-py3-none-any.whl", "wheels/bar-1.tar.gz"):
        (tmp_path / name).touch()
    (tmp_path / "nested.txt").write_text("nested>=1\n-r sub/more.txt\n")
    (tmp_path / "sub" / "more.txt").write_text("more\n-c ../limits.txt\n")
    (tmp_path / "limits.txt").write_text("numpy<3\nmore!=2\n")
    (tmp_path / "hashed.txt").write_text(f"foo --hash={SHA}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Callable[[str], Manifest]:
    """Read a text as the requirements file of the folder."""

    def _read(text: str) -> Manifest:
        path = folder / "requirements.txt"
        path.write_text(text, encoding="utf-8")
        return read_requirements_file(path, shown="requirements.txt")

    return _read


@pytest.mark.parametrize("name", ALIKE)
def test_reads_as_pip_does(name: str, folder: Path, read: Callable[[str], Manifest]) -> None:
    """What pip takes out of a file, wheelbridge takes out of it."""
    manifest = read(ALIKE[name])

    expected = read_with_pip(folder / "requirements.txt")
    assert as_reading(manifest) == expected
    assert expected != as_reading(Manifest(files=())) or name == "features"


NAMES = st.sampled_from(["foo", "Bar_baz", "a.b", "x"])
CLAUSES = st.sampled_from(["", "==1.0", " >=1,<2", "~=1.4", "!=2.*", "===odd", " (>1)", "=1", ">>1", "==1.*,"])
EXTRAS = st.sampled_from(["", "[a]", "[B, c]", "[]", "["])
MARKERS = st.sampled_from(["", '; python_version < "3.9"', " ; os_name=='nt' and extra == 'x'", ";", "; odd"])
TAILS = st.sampled_from(["", " # note", "#egg", " \\", "  ", "\t# tab", f" --hash={SHA}", f" --hash={OTHER} \\"])
REQUIREMENTS = st.builds(lambda *parts: "".join(parts), NAMES, EXTRAS, CLAUSES, MARKERS, TAILS)
PROJECTS = st.sampled_from([":all:", ":none:", "foo", "Bar_baz,x", "foo,:all:", ":all:,:none:,x", ":all:,x"])
FORMATS = st.builds("{}{}{}".format, st.sampled_from(["--no-binary", "--only-binary"]), st.sampled_from(" ="), PROJECTS)
URLS = st.sampled_from(
    ["https://a.example/simple", "'https://b.example/x y'", '"https://c.example"', "https://d.example/#f"]
)
INDEXES = st.builds("{} {}".format, st.sampled_from(["-i", "--index-url", "--extra-index-url", "--extra"]), URLS)
PLACES = st.sampled_from(
    [
        ".",
        "./project",
        "./project[a,B]",
        "https://h.example/x.zip",
        "https://h.example/x.tar.gz#sha256=" + "a" * 64,
        "git+https://h.example/r.git@v1#egg=foo&subdirectory=sub/x",
        "foo@git+https://h.example/r@main",
        "foo [b] @ https://h.example/f.zip",
        "ftp://h.example/x.zip",
        "./wheels/foo-1.0-py3-none-any.whl",
        "./missing.txt",
        "project",
    ]
)
MARKED = st.sampled_from(["", " ; python_version > '3'", "; odd"])
LINKS = st.builds("{}{}{}".format, PLACES, MARKED, TAILS.filter(lambda tail: tail != "#egg"))
OPTIONS = st.sampled_from(
    ["--pre", "--no-index", "-r nested.txt", "-c limits.txt", "-e ./project", "--odd", "# x", "\\", ""]
)
LINES = st.lists(st.one_of(REQUIREMENTS, REQUIREMENTS, FORMATS, INDEXES, LINKS, OPTIONS), max_size=6)


class TestAgainstPip:
    """pip's documentation: "Requirements File Format"."""

    def test_a_url_behind_words(self, read: Callable[[str], Manifest]) -> None:
        """Two lines joined to one by a backslash, by mistake: no path is called so."""
        with pytest.raises(InvalidEnvironmentFileError, match="no URL begins it"):
            read("foo \\\nfoo [b] @ https://h.example/f.zip")

    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(lines=LINES)
    def test_never_reads_otherwise(self, lines: list[str], folder: Path, read: Callable[[str], Manifest]) -> None:
        """A file is read as pip reads it, or refused; what pip refuses is refused."""
        path = folder / "requirements.txt"
        try:
            ours = as_reading(read("\n".join(lines)))
        except InvalidEnvironmentFileError:
            return
        try:
            theirs = read_with_pip(path)
        except REFUSALS as error:
            pytest.fail(f"pip refuses {lines}: {error}")
        assert ours == theirs

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        lines=st.lists(
            st.one_of(
                st.builds(
                    lambda *parts: "".join(parts),
                    NAMES,
                    st.sampled_from(["", "[a]", "[B, c]"]),
                    st.sampled_from(["", "==1.0", " >=1,<2", "~=1.4"]),
                    st.sampled_from(["", '; python_version < "3.9"']),
                    st.sampled_from(["", " # note", " \\\n# end", f" --hash={SHA}"]),
                ),
                FORMATS,
                INDEXES,
            ),
            max_size=6,
        )
    )
    def test_takes_what_pip_takes(self, lines: list[str], folder: Path, read: Callable[[str], Manifest]) -> None:
        """Requirements, formats and indexes that pip takes are never refused."""
        text = "\n".join(lines)
        path = folder / "requirements.txt"
        path.write_text(text, encoding="utf-8")
        try:
            theirs = read_with_pip(path)
        except REFUSALS:
            return

        assert as_reading(read(text)) == theirs


REFUSED = {
    "trusted host": ("--trusted-host h.example", "--trusted-host is not taken"),
    "settings of a build": ("foo --config-settings a=b", "--config-settings is not taken"),
    "global option": ("foo --global-option=x", "pip took it away"),
    "install option": ("foo --install-option=--x", "pip took it away"),
    "final releases": ("--only-final foo", "--only-final is not taken"),
    "releases of one": ("--all-releases foo", "--all-releases foo is not taken"),
    "unknown feature": ("--use-feature=odd", "no feature of pip"),
    "unknown option": ("--odd", "no such option"),
    "hash alone": (f"--hash={SHA}", "without a requirement"),
    "weak hash": ("foo --hash=md5:" + "0" * 32, "not 'md5'"),
    "short hash": ("foo --hash=sha256:00", "64 hexadecimal digits"),
    "hashes that contradict": (f"foo --hash={OTHER}\n-c hashed.txt", "no hash of foo"),
    "two hashes of one file": (f"https://h.example/x.zip --hash={SHA} --hash={OTHER}", "two sha256 hashes"),
    "hash of a folder": (f"./project --hash={SHA}", "a folder has no hash"),
    "index behind a requirement": ("foo --index-url https://h.example", "pip passes over it"),
    "two files on a line": ("-r nested.txt -r sub/more.txt", "stands on a line with"),
    "two editables on a line": ("-e . -e ./project", "with something else"),
    "left over": ("-r nested.txt more", "behind the options"),
    "open quote": ("-i 'https://h.example", "a quote is not closed"),
    "no such file": ("-r odd.txt", "there is no file 'odd.txt'"),
    "file of the web": ("-r https://h.example/r.txt", "is not fetched"),
    "no such links": ("-f odd", "neither a URL nor there"),
    "no such index": ("-i odd", "neither a URL nor a folder"),
    "extras in constraints": ("-c bad.txt", "a constraint cannot have extras"),
    "one equals sign": ("numpy=1.2", "not a PEP 508 requirement"),
    "circle": ("-r circle.txt", "includes itself"),
    "unset variable": ("-i https://${WHEELBRIDGE_TEST_ODD}@h.example", "WHEELBRIDGE_TEST_ODD is not set"),
    "require both": ("--require-hashes\n--no-require-hashes", "contradict each other"),
    "another wheel": ("bar @ https://h.example/foo-1.0-py3-none-any.whl", "no wheel of bar"),
    "odd wheel": ("./odd.whl", "not the file name of a wheel"),
}
"""Text -> what the message says."""


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_by_name(name: str, folder: Path, read: Callable[[str], Manifest]) -> None:
    """What is not taken is refused with its place, a reason, and what to do."""
    (folder / "bad.txt").write_text("foo[a]<2\n")
    (folder / "circle.txt").write_text("-r requirements.txt\n")
    text, message = REFUSED[name]

    with pytest.raises(InvalidEnvironmentFileError) as caught:
        read(text)

    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("foo[a]<2", "cannot have extras"),
        ("foo @ https://h.example/x.zip", "cannot be a URL"),
        ("https://h.example/x.zip", "cannot be a URL"),
        ("./project", "cannot be a URL or a path"),
        ("-e .", "-e cannot stand in constraints"),
        ("odd odd", "not a PEP 508 requirement"),
    ],
)
def test_constraints_are_plain(line: str, message: str, folder: Path, read: Callable[[str], Manifest]) -> None:
    """A constraint has a name and versions, nothing else, as for pip; the message names its own file and line."""
    (folder / "sub" / "bad.txt").write_text(f"numpy<3\n{line}\n")

    with pytest.raises(InvalidEnvironmentFileError, match=message) as caught:
        read("-c sub/bad.txt")

    assert caught.value.file == "sub/bad.txt:2"


@pytest.mark.parametrize(
    "line",
    [
        "-i https://me:hunter2@h.example/ --odd",
        "foo --index-url https://me:hunter2@h.example",
        "-i 'https://me:hunter2 x@h.example' odd",
        "--index-url=https://me:x'hunter2@h.example",
        "git+https://me:hunter2@h.example/r@",
        "foo @ https://me:hunter2@h.example/foo.txt ; odd",
        "-r https://me:hunter2@h.example/r.txt",
        "-f ftp://me:hunter2@h.example/",
        "https://me:hunter2@h.example/odd.whl",
        "-i https://${SECRET}@h.example --odd",
        "-i https://h.example/${SECRET}/simple --odd",
        "-i ${SECRET}",
        "-f ${SECRET}/links",
        "${SECRET} odd",
        "-e https://me:hunter2@h.example/x.zip",
    ],
)
def test_messages_show_no_login(line: str, folder: Path) -> None:
    """What opens a source is in no message, wherever a line goes wrong."""
    with pytest.raises(InvalidEnvironmentFileError) as caught:
        read_pip_lines([Stated(line, "env.yml:3")], folder, file="env.yml", environ={"SECRET": "me:hunter2"})

    assert "hunter2" not in json.dumps(caught.value.as_json())
    assert caught.value.file == "env.yml:3"


def test_notes_show_no_login(folder: Path) -> None:
    """A note on an index that another one replaces shows its host, not its password."""
    lines = [
        Stated("--extra-index-url https://me:hunter2@b.example", "e:1"),
        Stated("-i https://a.example", "e:2"),
        Stated("-e git+https://me:hunter2@h.example/r#egg=r", "e:3"),
    ]

    manifest = read_pip_lines(lines, folder, file="env.yml")

    assert len(manifest.notes) == 2
    assert manifest.notes[0].startswith("e:1: this index is not used")
    assert "hunter2" not in str(manifest.notes)


def test_variables_are_replaced(folder: Path) -> None:
    """As for pip ``${VAR}`` is replaced by what the environment has; ``$VAR`` and ``${var}`` are not."""
    lines = [Stated("-i https://${A_1}@h.example/$A_1/${a}", "e:1")]

    manifest = read_pip_lines(lines, folder, file="env.yml", environ={"A_1": "token"})

    assert manifest.indexes == ("https://token@h.example/$A_1/${a}",)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["foo"], False),
        ([f"foo==1 --hash={SHA}"], True),
        ([f"https://h.example/x.zip --hash={SHA}"], True),
        ([f"https://h.example/x.zip#sha256={SHA[7:]}"], False),
        (["--require-hashes"], True),
        (["--no-require-hashes", f"foo==1 --hash={SHA}"], False),
    ],
)
def test_one_hash_asks_for_all(lines: list[str], expected: bool, folder: Path) -> None:
    """As pip's documentation has it: "Hash-checking mode ... is also triggered when any requirement has a hash"."""
    manifest = read_pip_lines([Stated(line, "e") for line in lines], folder, file="env.yml")

    assert manifest.require_hashes is expected


def test_formats_behind_a_requirement_are_taken_with_a_note(folder: Path) -> None:
    """``dipy --only-binary dipy``, which pip passes over, means what it says."""
    manifest = read_pip_lines([Stated("dipy --only-binary dipy", "e:1")], folder, file="env.yml")

    assert manifest.only_wheels == ("dipy",)
    assert [one.text for one in manifest.requirements] == ["dipy"]
    assert "pip passes over it" in manifest.notes[0]


def test_repository_behind_editable_becomes_a_wheel(folder: Path) -> None:
    """``-e git+...`` is taken, extras of its egg included, and a note says that it is a copy."""
    manifest = read_pip_lines([Stated("-e git+https://h.example/r@main#egg=R_x[b,A]", "e:1")], folder, file="env.yml")

    (link,) = manifest.links
    assert (link.kind, link.project, link.extras, link.revision, link.editable) == (
        "vcs",
        "r-x",
        ("a", "b"),
        "main",
        False,
    )
    assert "installed as a wheel" in manifest.notes[0]


def test_paths_start_from_the_working_folder(folder: Path) -> None:
    """A path in a requirement starts where pip starts it; what is written for it leads from the file."""
    (folder / "sub" / "dev.txt").write_text("-e .\n./project\n-r more.txt\n")

    manifest = read_requirements_file(folder / "sub" / "dev.txt")

    assert [link.url for link in manifest.links] == [folder.as_uri(), (folder / "project").as_uri()]
    assert [link.given for link in manifest.links] == ["..", "../project"]
    assert [one.place for one in manifest.requirements] == [f"{folder}/sub/more.txt:1"]


def test_places_lead_to_lines(read: Callable[[str], Manifest]) -> None:
    """A requirement knows its file and its first line, those of nested files included."""
    manifest = read("# head\nfoo \\\n >1\n-r nested.txt\n")

    assert [(one.text, one.place) for one in manifest.requirements] == [
        ("foo  >1", "requirements.txt:2"),
        ("nested>=1", "nested.txt:1"),
        ("more", "sub/more.txt:1"),
    ]


ENCODED = {
    "utf-8": "# é\nfoo".encode(),
    "mark": b"\xef\xbb\xbffoo",
    "utf-16": "foo>=1\nbar".encode("utf-16"),
    "utf-16-be": b"\xfe\xff" + "foo".encode("utf-16-be"),
    "utf-32": "foo".encode("utf-32"),
    "PEP 263": b"# -*- coding: latin-1 -*-\n# \xe9\nfoo",
    "PEP 263 in line 2": b"#\n# coding=cp1252\n# \x80\nfoo",
    "separators": "foo\x0cbar\u2028baz".encode(),
}


@pytest.mark.parametrize("name", ENCODED)
def test_decodes_as_pip_does(name: str, folder: Path) -> None:
    """Byte order marks, PEP 263 comments and the ends of lines are pip's."""
    path = folder / "requirements.txt"
    path.write_bytes(ENCODED[name])

    assert as_reading(read_requirements_file(path)) == read_with_pip(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"foo # \xe9", "not UTF-8"),
        (b"# coding: odd\nfoo", "unknown encoding"),
        (b"#\n#\n# coding: latin-1\n\xe9", "UTF-8"),
    ],
)
def test_refuses_what_depends_on_the_machine(data: bytes, message: str, folder: Path) -> None:
    """Where pip falls back to the locale, the file is refused: it must not mean two things on two machines."""
    path = folder / "requirements.txt"
    path.write_bytes(data)

    with pytest.raises(InvalidEnvironmentFileError, match=message):
        read_requirements_file(path)


def test_missing_file(folder: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(InvalidEnvironmentFileError, match=r"odd\.txt"):
        read_requirements_file(folder / "odd.txt")
