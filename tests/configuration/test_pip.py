"""pip's configuration, with pip itself as the oracle of what it is configured to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.imported import Imported
from wheelbridge.configuration.pip import import_pip

PUBLIC = "https://public.example/simple"


def read(file: Path | None = None) -> Imported:
    """Import what the environment says."""
    return import_pip(file, os.environ, PUBLIC)


def sources(found: Imported) -> list[tuple[str | None, str]]:
    """Return name and text of each source."""
    return [(source.name, source.text) for source in found.configuration.sources]


CONFIGURATIONS = [
    pytest.param({}, {}, [PUBLIC], id="nothing"),
    pytest.param({".pip/pip.conf": "index-url = https://a.example/s"}, {}, ["https://a.example/s"], id="old place"),
    pytest.param(
        {".pip/pip.conf": "index-url = https://a.example/s", "config/pip/pip.conf": "index-url=https://b.example/s"},
        {},
        ["https://b.example/s"],
        id="new place beats the old one",
    ),
    pytest.param(
        {"etc/pip/pip.conf": "extra-index-url =\n  https://a.example/s\n  https://b.example/s"},
        {},
        [PUBLIC, "https://a.example/s", "https://b.example/s"],
        id="several",
    ),
    pytest.param(
        {"config/pip/pip.conf": "index_url = https://a.example/s\n[install]\nindex-url = https://b.example/s"},
        {},
        ["https://b.example/s"],
        id="section of the command",
    ),
    pytest.param(
        {"config/pip/pip.conf": "index-url = https://a.example/s\nextra-index-url = https://b.example/s"},
        {"PIP_INDEX_URL": "https://c.example/s"},
        ["https://c.example/s", "https://b.example/s"],
        id="variable",
    ),
    pytest.param(
        {"config/pip/pip.conf": "index-url = https://a.example/s", "own.conf": "index-url = https://o.example/s"},
        {"PIP_CONFIG_FILE": "own.conf"},
        ["https://o.example/s"],
        id="file named by a variable",
    ),
    pytest.param(
        {"config/pip/pip.conf": "index-url = https://a.example/s"},
        {"PIP_CONFIG_FILE": os.devnull, "PIP_EXTRA_INDEX_URL": "https://e.example/s"},
        [PUBLIC, "https://e.example/s"],
        id="no file",
    ),
]


@pytest.mark.skipif(sys.platform != "linux", reason="the files lie elsewhere")
@pytest.mark.parametrize(("files", "variables", "urls"), CONFIGURATIONS)
class TestIndexes:
    """``--index-url``, then every ``--extra-index-url``."""

    @pytest.fixture(autouse=True)
    def places(
        self, alone: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], variables: dict[str, str]
    ) -> None:
        """Write the files below the home; set the variables."""
        for name, text in files.items():
            (alone / name).parent.mkdir(parents=True, exist_ok=True)
            (alone / name).write_text(f"[global]\n{text}\n")
        for name, value in variables.items():
            monkeypatch.setenv(name, str(alone / value) if (alone / value).exists() else value)

    def test_here(self, urls: list[str]) -> None:
        """In pip's order; the public one goes by its name."""
        assert [text for _, text in sources(read())] == ["pypi" if url == PUBLIC else url for url in urls]

    def test_in_pip(self, urls: list[str]) -> None:
        """The parser of its commands has read the files and the variables."""
        code = (
            "import sys\nfrom pip._internal.commands.download import DownloadCommand\n"
            "command = DownloadCommand('install', 'x')\noptions, _ = command.parse_args(['x'])\n"
            "print(*[options.index_url, *options.extra_index_urls], sep='\\n')\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        said = done.stdout.split()

        assert said[1:] == urls[1:]
        assert urls[0] in (PUBLIC, said[0])


def test_what_is_taken_over_and_what_is_not(tmp_path: Path) -> None:
    """Every setting comes out somewhere."""
    (tmp_path / "wheels").mkdir()
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = http://me:s3cret@plain.example:8080/simple\ntimeout = 60\n"
        "extra-index-url = https://b.example/pypi/simple https://c.example/corp/simple\n"
        "find-links = wheels https://links.example/page.html\ntrusted-host = plain.example:8080\n  b.example\n"
    )
    found = read(tmp_path / "pip.conf")
    first = found.configuration.sources[0]

    assert sources(found) == [
        ("plain.example:8080", "http://plain.example:8080/simple"),
        ("b.example-pypi", "https://b.example/pypi/simple"),
        ("corp", "https://c.example/corp/simple"),
        ("wheels", str(tmp_path / "wheels")),
    ]
    assert first.trusted_hosts == ("http://plain.example:8080",)
    assert {one.name for one in found.left_out} == {
        "find-links https://links.example/page.html",
        "trusted-host b.example",
        "timeout",
        "the login of http://plain.example:8080/simple",
    }
    assert "best version" in found.notes[0]
    assert "s3cret" not in repr(found)


def test_no_index(tmp_path: Path) -> None:
    """Then only folders are left."""
    (tmp_path / "wheels").mkdir()
    (tmp_path / "pip.conf").write_text("[global]\nno-index = true\nfind-links = wheels\n")
    found = read(tmp_path / "pip.conf")

    assert [name for name, _ in sources(found)] == ["wheels"]
    assert [one.name for one in found.left_out] == ["no-index"]


@pytest.mark.parametrize("url", ["https://h.example/t/s3cret/simple", "https://h.example/simple?token=s3cret"])
def test_a_secret_that_a_url_cannot_do_without(alone: Path, url: str) -> None:
    """The index is left out: what is imported is printed, and files are shared."""
    path = alone / "pip.conf"
    path.write_text(f"[global]\nindex-url = {url}\nextra-index-url = https://b.example/simple\n")
    found = read(path)

    assert sources(found) == [("b.example", "https://b.example/simple")]
    assert [one.reason for one in found.left_out] == ["its URL holds a token or a query; give it with -i"]
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize("text", ["index-url = https://me:s3cret@h.example", "[global\n", "[global]\nindex-url\n"])
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    """It is named, and what stands in it is not shown."""
    (tmp_path / "pip.conf").write_text(text)

    with pytest.raises(InvalidConfigurationError) as caught:
        read(tmp_path / "pip.conf")
    assert caught.value.file == str(tmp_path / "pip.conf")
    assert "s3cret" not in str(caught.value.as_json())
