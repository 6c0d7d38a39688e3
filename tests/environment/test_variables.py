"""Values of environment variables: no message shows one, no shared file holds one, and none names a source."""

from pathlib import Path

import pytest

from wheelbridge.api.manifests.reading import read_files
from wheelbridge.api.manifests.sources import add_files
from wheelbridge.api.sources import DEFAULTS, SourceChoice, gather_sources
from wheelbridge.configuration.levels import Levels
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Manifest, Stated
from wheelbridge.environment.pip.lines import read_pip_lines
from wheelbridge.errors import UsageError
from wheelbridge.model.target import Target

LINUX = Target(subdir="linux-64")
SECRET = "s3cr3tVALUE"  # noqa: S105 - it opens nothing
YML = """
channels: ["https://me:${SECRET}@host.example/t/${SECRET}/a", "https://host.example/${SECRET}", nodefaults]
dependencies:
- pip:
  - --extra-index-url https://${SECRET}@host.example/simple
  - --extra-index-url https://other.example/$NOT/${SECRET}/simple
  - tool @ https://host.example/tool-1.0-py3-none-any.whl?sig=${SECRET}
  - side @ git+https://host.example/side.git@${SECRET}
wheelbridge:
  indexes: ["corp=https://${USER_NAME}:${SECRET}@corp.example/simple", "more=https://more.example/${SECRET}"]
"""


def read(*lines: str, folder: Path = Path("/nowhere")) -> Manifest:
    """Read lines of a requirements file."""
    stated = [Stated(line, f"a.txt:{number}") for number, line in enumerate(lines, 1)]
    return read_pip_lines(stated, folder, file="a.txt", environ={"SECRET": SECRET, "SHORT": "a"})


@pytest.mark.parametrize(
    "line",
    [
        "-r https://host.example/${SECRET}/r.txt",
        "-r ${SECRET}.txt",
        "https://host.example/a-1.0-py3-none-any.whl#${SECRET}",
        "a @ https://host.example/a.zip#egg=a:${SECRET}",
        "--use-feature ${SECRET}",
        "--all-releases ${SECRET}",
        "--pre ${SECRET}",
        "--find-links ./${SECRET}",
        "git+https://host.example/x.git@-${SECRET}",
    ],
)
def test_messages_show_what_is_written(line: str) -> None:
    """People see which variable it is, and log files do not see its value, in whatever letters."""
    with pytest.raises(InvalidEnvironmentFileError) as caught:
        read(line)

    said = str(caught.value.as_json())
    assert SECRET.lower() not in said.lower()
    assert "${SECRET}" in said


def test_a_file_that_is_named_so_is_shown_so(tmp_path: Path) -> None:
    """The place of what stands in it has the name, too."""
    (tmp_path / f"{SECRET}.txt").write_text("numpy =1\n")
    with pytest.raises(InvalidEnvironmentFileError, match=r"^\$\{SECRET\}\.txt:1: "):
        read("-r ${SECRET}.txt", folder=tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "side @ file://evil.example/tmp/side-1.0-py3-none-any.whl",
        "side @ git+file://evil.example/x",
        "-r file://evil.example/r.txt",
    ],
)
def test_a_file_url_names_no_host(line: str) -> None:
    """The host would be lost without a word, and another file read than the one that is named."""
    with pytest.raises(InvalidEnvironmentFileError, match="must not name a host"):
        read(line)


class TestPaths:
    """Which variables stand where a shared file would hold them."""

    @pytest.fixture
    def file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Write a file that has variables everywhere."""
        monkeypatch.setenv("SECRET", SECRET)
        monkeypatch.setenv("USER_NAME", "somebody")
        path = tmp_path / "env.yml"
        path.write_text(YML)
        return path

    def test_paths_and_queries_are_remembered(self, file: Path) -> None:
        """A login, conda's token and a revision are not: the first two are never written, the third is no place."""
        found = read_files([str(file)], LINUX).manifest.in_paths

        assert {url.replace(SECRET, "X"): names for url, names in found.items()} == {
            "https://host.example/X": ("SECRET",),
            "https://other.example/$NOT/X/simple": ("SECRET",),
            "https://host.example/tool-1.0-py3-none-any.whl?sig=X": ("SECRET",),
            "https://more.example/X": ("SECRET",),
        }

    def test_they_name_no_source(self, file: Path) -> None:
        """``https://host/TOKEN/simple`` goes by its host: names are shown, and written into locks."""
        files = read_files([str(file)], LINUX)
        listed = gather_sources(SourceChoice(), add_files(Levels(), files, DEFAULTS), LINUX)

        assert [source.name for source in listed.sources if SECRET in source.name] == []
        assert {"host.example", "other.example", "corp", "more"} <= {source.name for source in listed.sources}

    def test_the_table_takes_variables_as_channels_do(self, file: Path) -> None:
        """A login in ``wheelbridge: indexes`` comes from the environment, too."""
        entries = read_files([str(file)], LINUX).settings.configuration.sources

        assert entries[0].text == f"https://somebody:{SECRET}@corp.example/simple"

    def test_a_page_of_links_shows_none(self, file: Path) -> None:
        """What is refused later shows it no more than what is refused while the file is read."""
        file.write_text("dependencies: [{pip: ['--find-links https://host.example/${SECRET}/whl.html']}]\n")
        with pytest.raises(UsageError, match=r"--find-links https://host\.example/\$\{SECRET\}/whl\.html is a page"):
            add_files(Levels(), read_files([str(file)], LINUX), DEFAULTS)


def test_a_short_value_is_no_secret() -> None:
    """One letter stands in every word of a message."""
    with pytest.raises(InvalidEnvironmentFileError, match="neither a URL nor there"):
        read("--find-links ./${SHORT}")
