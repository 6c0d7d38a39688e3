"""The wheels of a plugin come from its index, as every wheel does: within bounds, and with any login."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback import LoopbackIndex, authorization, edited
from wheelbridge.api.demo import build_wheel
from wheelbridge.api.provider_errors import ProviderFailedError
from wheelbridge.api.provider_wheels import fetch_wheels
from wheelbridge.index import Index, open_index
from wheelbridge.model.boundaries import ForeignHostError

WHEELS = (
    ("plug", "1.0", "Requires-Dist: words<2\nRequires-Dist: never; python_version < '3'\n"),
    ("plug", "1.1", "Requires-Dist: words\nProvides-Extra: gpu\nRequires-Dist: chip>=2; extra == 'gpu'\n"),
    ("plug", "2.0rc1", ""),
    ("words", "1.5", ""),
    ("words", "2.5", "Requires-Python: >=3.8\nRequires-Dist: plug\n"),
    ("words", "3.0", "Requires-Python: >=99\n"),
    ("chip", "1.0", ""),
    ("chip", "2.0", "Requires-Dist: words<2\n"),
    ("far", "1.0", "Requires-Dist: words @ https://host.example/words-1.5-py3-none-any.whl\n"),
    ("odd", "1.0", "Requires-Dist: words >= <\n"),
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LoopbackIndex]:
    """Serve the wheels."""
    wheels: dict[str, list[Path]] = {}
    (tmp_path / "wheels").mkdir()
    for name, version, headers in WHEELS:
        wheel = build_wheel(tmp_path / "wheels", name, version, {f"{name}.py": ""}, headers)
        wheels.setdefault(name, []).append(wheel)
    foreign = tmp_path / "wheels" / "chip-9.0-cp39-cp39-win_arm64.whl"
    foreign.write_bytes(wheels["chip"][0].read_bytes())
    with LoopbackIndex({**wheels, "chip": [*wheels["chip"], foreign]}) as server:
        yield server


@pytest.fixture
def index(server: LoopbackIndex, tmp_path: Path) -> Index:
    """Open it."""
    return open_index("corp", server.url, cache_dir=tmp_path / "cache")


def fetch(index: Index, folder: Path, *requires: str) -> set[str]:
    """Fetch, and return the wheels as ``name-version``."""
    fetch_wheels(requires, [index], folder)
    return {"-".join(path.name.split("-")[:2]) for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        pytest.param(["words"], {"words-2.5", "plug-1.1"}, id="newest-for-this-python"),
        pytest.param(["Plug==1.0"], {"plug-1.0", "words-1.5"}, id="what-it-requires"),
        pytest.param(["plug[gpu]"], {"plug-1.1", "chip-2.0", "words-1.5"}, id="a-later-limit-of-an-extra"),
        pytest.param(["plug==2.0rc1"], {"plug-2.0rc1"}, id="named-prerelease"),
        pytest.param(["chip", "words; python_version < '3'"], {"chip-2.0", "words-1.5"}, id="tags-and-markers"),
    ],
)
def test_the_newest_that_fits(index: Index, tmp_path: Path, requires: list[str], expected: set[str]) -> None:
    """As pip takes them, and nothing that is not needed."""
    assert fetch(index, tmp_path / "got", *requires) == expected


@pytest.mark.parametrize(
    ("requires", "says"),
    [
        ("words>=3", r"no wheel of words>=3 runs on this Python \(from versions: 1\.5, 2\.5, 3\.0\)"),
        ("nonesuch", "no index has nonesuch"),
        ("far", "far-1.0-py3-none-any.whl requires words from a URL"),
        ("odd", "odd-1.0-py3-none-any.whl requires 'words >= <', which cannot be read"),
    ],
)
def test_what_cannot_be_had(index: Index, tmp_path: Path, requires: str, says: str) -> None:
    """The error names the provider, and what is missing."""
    with pytest.raises(ProviderFailedError, match=says) as failed:
        fetch(index, tmp_path / "got", requires)

    assert failed.value.message.startswith(f"The variant provider {requires} could not be installed:\n")
    assert not (tmp_path / "got").exists()


def test_yanked_files_are_left(index: Index, server: LoopbackIndex, tmp_path: Path) -> None:
    """PEP 592, also where no reason is given."""
    server.fail("/simple/chip/", edited(lambda page: page["files"][1].update(yanked=True)))

    assert fetch(index, tmp_path / "got", "chip") == {"chip-1.0"}


@pytest.mark.parametrize("place", ["127.0.0.1", "localhost"])
def test_a_page_that_leads_elsewhere(index: Index, server: LoopbackIndex, tmp_path: Path, place: str) -> None:
    """Nothing is asked there, neither another host nor another port."""
    with LoopbackIndex(server.content) as other:
        root = other.root.replace("127.0.0.1", place)
        server.fail(
            "/simple/chip/", edited(lambda page: [file.update(url=_move(file["url"], root)) for file in page["files"]])
        )

        with pytest.raises(ForeignHostError, match="'corp' may not lead to"):
            fetch(index, tmp_path / "got", "chip")
        assert other.requests == []


def _move(url: str, root: str) -> str:
    return f"{root}/files/{url.partition('/files/')[2]}"


def test_a_login_that_no_url_has(
    index: Index, server: LoopbackIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here out of a netrc; pip would know only that of the URL."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.fail("/", authorization("Basic " + b64encode(b"me:secret").decode()))

    assert fetch(index, tmp_path / "got", "chip") == {"chip-2.0", "words-1.5"}
