"""conda's own configuration, with a real conda as the oracle where there is one."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.realconda import NAMED, conda_command, conda_python
from wheelbridge.configuration.conda_channels import CondaChannels
from wheelbridge.configuration.condarc import CondaSettings, load_conda_settings
from wheelbridge.configuration.errors import ChannelNotAllowedError, InvalidConfigurationError

Settle: TypeAlias = Callable[[dict[str, str], dict[str, str]], None]
MERGES = [
    pytest.param({".condarc": "channels: [a, b]"}, {}, ["a", "b"], id="one file"),
    pytest.param({".condarc": "channels: [a]", ".conda/.condarc": "channels: [b, a]"}, {}, ["a", "b"], id="two files"),
    pytest.param(
        {
            ".condarc": "channels: [a]",
            ".conda/condarc.d/2.yml": "channels: [c]",
            ".conda/condarc.d/1.yaml": "channels: [b]",
        },
        {},
        ["a", "c", "b"],
        id="folder",
    ),
    pytest.param(
        {".conda/condarc.d/1.txt": "channels: [x]", ".condarc": "channels: [a]"}, {}, ["a"], id="other suffix"
    ),
    pytest.param({".condarc": "channels: [a]"}, {"CONDA_CHANNELS": "e, f,a"}, ["e", "f", "a"], id="variable"),
    pytest.param({".condarc": "channel: [a]"}, {}, ["a"], id="alias"),
    pytest.param({".condarc": "channels:\n"}, {}, [], id="nothing"),
    pytest.param(
        {".condarc": "channels:\n  - a\n  - b  #!top\n", ".conda/condarc": "channels:\n  - c  #!bottom\n  - d\n"},
        {},
        ["b", "a", "d", "c"],
        id="top and bottom",
    ),
    pytest.param(
        {".condarc": "channels:\n  - a #!bottom\n  - b\n", ".conda/condarc": "channels:\n  - c #!top\n  - d #!top\n"},
        {},
        ["c", "d", "b", "a"],
        id="bottom and top",
    ),
    pytest.param(
        {".condarc": "channels:\n  - a #!bottom\n  - b #!bottom\n  - c\n"}, {}, ["c", "a", "b"], id="two at the bottom"
    ),
    pytest.param({".condarc": "channels: [a]", ".conda/condarc": "channels:  #!final\n  - b\n"}, {}, ["b"], id="final"),
    pytest.param(
        {".condarc": "channels: ['$NAMED/x', '${UNKNOWN}']"}, {"NAMED": "corp"}, ["corp/x", "${UNKNOWN}"], id="expanded"
    ),
    pytest.param(
        {"own.yml": "channels: [o]", ".condarc": "channels: [a]"}, {"CONDARC": "own.yml"}, ["o", "a"], id="CONDARC"
    ),
    pytest.param(
        {"env/.condarc": "channels: [p]", ".condarc": "channels: [a]"}, {"CONDA_PREFIX": "env"}, ["p", "a"], id="prefix"
    ),
    pytest.param(
        {"root/.condarc": "channels: [r]", ".condarc": "channels: [a]"}, {"CONDA_ROOT": "root"}, ["a", "r"], id="root"
    ),
]
"""Files, variables, and the channels that they come to."""


@pytest.fixture
def settle(alone: Path, monkeypatch: pytest.MonkeyPatch) -> Settle:
    """Write the files below the home, and set the variables; a path among these is below the home too."""

    def settle(files: dict[str, str], variables: dict[str, str]) -> None:
        for name, text in files.items():
            (alone / name).parent.mkdir(parents=True, exist_ok=True)
            (alone / name).write_text(text)
        for name, value in variables.items():
            monkeypatch.setenv(name, str(alone / value) if (alone / value).exists() else value)

    return settle


def load(text: str, alone: Path) -> CondaSettings:
    """Return what one file says."""
    (alone / ".condarc").write_text(text)
    found = load_conda_settings()
    assert found is not None
    return found


@pytest.mark.parametrize(("files", "variables", "channels"), MERGES)
def test_files_are_merged(
    settle: Settle, files: dict[str, str], variables: dict[str, str], channels: list[str]
) -> None:
    """Nearer files' channels stand before those of farther ones."""
    settle(files, variables)
    found = load_conda_settings()

    assert found is not None
    assert [entry.text for entry in found.configuration.sources] == channels


@pytest.mark.conda
@pytest.mark.parametrize(("files", "variables", "channels"), MERGES)
def test_conda_merges_them_so(
    settle: Settle, files: dict[str, str], variables: dict[str, str], channels: list[str]
) -> None:
    """``conda config --show channels`` says the same."""
    if NAMED is None:
        pytest.skip("WHEELBRIDGE_TEST_CONDA names no conda")
    if "CONDA_ROOT" in variables:
        pytest.skip("conda sets its root itself")
    settle(files, variables)
    done = subprocess.run(
        [*conda_command(), "config", "--show", "channels", "--json"], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout)["channels"] == channels


@pytest.mark.parametrize("key", ["disallowed_packages", "disallow"])
def test_disallowed_packages(alone: Path, key: str) -> None:
    """By both of conda's words for it."""
    assert [rule.spec for rule in load(f"{key}: [thing, other <2]", alone).disallowed] == ["thing", "other <2"]


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("strict", "strict"),
        ("flexible", "flexible"),
        ("disabled", "disabled"),
        ("true", "flexible"),
        ("false", "disabled"),
        ("'yes'", "flexible"),
        ("Off", "disabled"),
    ],
)
def test_channel_priority(alone: Path, text: str, claim: str) -> None:
    """Conda reads true and false too."""
    assert load(f"channel_priority: {text}", alone).configuration.fallback == claim


@pytest.mark.parametrize(
    ("settings", "name", "urls"),
    [
        pytest.param("", "conda-forge", ["https://conda.anaconda.org/conda-forge"], id="alias"),
        pytest.param("", "conda-forge/label/x", ["https://conda.anaconda.org/conda-forge/label/x"], id="label"),
        pytest.param("", "pkgs/r", ["https://repo.anaconda.com/pkgs/r"], id="of defaults"),
        pytest.param(
            "",
            "defaults",
            ["https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"],
            id="defaults",
        ),
        pytest.param("channel_alias: https://m.example/c/", "x", ["https://m.example/c/x"], id="own alias"),
        pytest.param(
            "default_channels: [main, 'https://m.example/r']",
            "defaults",
            ["https://conda.anaconda.org/main", "https://m.example/r"],
            id="own defaults",
        ),
        pytest.param(
            "custom_channels: {corp: 'https://m.example/conda'}", "corp", ["https://m.example/conda/corp"], id="custom"
        ),
        pytest.param(
            "custom_channels: {corp: 'https://m.example/conda'}",
            "corp/sub",
            ["https://m.example/conda/corp/sub"],
            id="below custom",
        ),
        pytest.param(
            "custom_channels: {corp: 'https://m.example/conda'}",
            "corporate",
            ["https://conda.anaconda.org/corporate"],
            id="not custom",
        ),
        pytest.param(
            "custom_multichannels: {two: [a, 'https://m.example/b']}",
            "two",
            ["https://conda.anaconda.org/a", "https://m.example/b"],
            id="multi",
        ),
        pytest.param(
            "custom_multichannels: {defaults: [a]}\ndefault_channels: [b]",
            "defaults",
            ["https://conda.anaconda.org/a"],
            id="multi beats default_channels",
        ),
        pytest.param(
            "migrated_channel_aliases: ['https://old.example']",
            "https://old.example/x/y",
            ["https://conda.anaconda.org/x/y"],
            id="migrated alias",
        ),
        pytest.param(
            "migrated_custom_channels: {corp: 'https://old.example/c'}\ncustom_channels: {corp: 'https://m.example'}",
            "https://old.example/c/corp",
            ["https://m.example/corp"],
            id="migrated custom",
        ),
        pytest.param("", "https://m.example/t/to-ken/x", ["https://m.example/t/to-ken/x"], id="url"),
    ],
)
class TestNames:
    """What the name of a channel means."""

    def test_here(self, alone: Path, settings: str, name: str, urls: list[str]) -> None:
        """The URLs are those that conda would ask."""
        channels = load(settings, alone).channels if settings else CondaChannels()

        assert [channel.url for channel in channels.resolve(name)] == urls

    @pytest.mark.conda
    def test_in_conda(self, alone: Path, settings: str, name: str, urls: list[str]) -> None:
        """Conda itself says so."""
        if NAMED is None:
            pytest.skip("WHEELBRIDGE_TEST_CONDA names no conda")
        (alone / ".condarc").write_text(settings)
        (alone / "work" / "conda_channels.py").write_text(
            "import sys, json\nfrom conda.base.context import reset_context\nreset_context()\n"
            "from conda.models.channel import Channel\n"
            "print(json.dumps([u.rpartition('/')[0] for u in Channel(sys.argv[1]).urls(True, ('noarch',))]))\n"
        )
        done = subprocess.run(
            [conda_python(), str(alone / "work" / "conda_channels.py"), name],
            capture_output=True,
            text=True,
            check=True,
        )

        assert json.loads(done.stdout) == urls


def test_mirrors(alone: Path) -> None:
    """Mamba's ``mirrored_channels``: several places of one channel."""
    text = "mirrored_channels: {conda-forge: ['https://m.example/cf', 'https://n.example/cf']}"
    found = load(text, alone).channels.resolve("conda-forge")

    assert [(channel.name, channel.url) for channel in found] == [
        ("conda-forge", "https://m.example/cf"),
        ("https://n.example/cf", "https://n.example/cf"),
    ]


def test_windows_has_one_more() -> None:
    """conda: ``defaults`` has msys2 there."""
    urls = [channel.url for channel in CondaChannels().resolve("defaults", windows=True)]

    assert urls[-1] == "https://repo.anaconda.com/pkgs/msys2"


@pytest.mark.parametrize(
    ("channels", "left"),
    [(["conda-forge", "nodefaults", "defaults"], ["conda-forge"]), (["local", "x"], ["x"])],
)
def test_names_that_are_no_channels(alone: Path, channels: list[str], left: list[str]) -> None:
    """``nodefaults`` takes ``defaults`` away; ``local`` is conda-build's, and is said to be left out."""
    found = load(json.dumps({"channels": channels}), alone)

    assert [entry.text for entry in found.configuration.sources] == left
    assert bool(found.notes) == ("local" in channels)


@pytest.mark.parametrize(
    ("text", "allowed", "refused"),
    [
        pytest.param("denylist_channels: [bad]", "conda-forge", "bad", id="deny"),
        pytest.param("allowlist_channels: [defaults, good]", "good", "bad", id="allow"),
        pytest.param("whitelist_channels: ['https://conda.anaconda.org/good']", "good", "bad", id="earlier name"),
    ],
)
def test_channels_that_may_not_be_used(alone: Path, text: str, allowed: str, refused: str) -> None:
    """What an administrator has forbidden is refused."""
    channels = load(text, alone).channels
    (good,), (bad,) = channels.resolve(allowed), channels.resolve(refused)

    channels.check(good.name, good.url)
    with pytest.raises(ChannelNotAllowedError, match=refused):
        channels.check(bad.name, bad.url)


@pytest.mark.parametrize(
    "other",
    [
        "https://host.example//corp///bad",
        "https://host.example/corp/b%61d",
        "https://host.example./corp/bad",
        "https://HOST.example:443/corp/x/../bad",
        "https://host.example/corp/bad?x=1",
        "https://host.example//t/to-ken/corp/bad",
    ],
)
def test_a_channel_goes_by_its_place(alone: Path, other: str) -> None:
    """However its URL is written: what is denied stays denied, what is allowed stays allowed."""
    place = "https://host.example/corp/bad"
    with pytest.raises(ChannelNotAllowedError, match="denylist"):
        load(f"denylist_channels: ['{place}']", alone).channels.check("it", other)

    allowing = load(f"allowlist_channels: ['{place}']", alone).channels
    allowing.check("it", other)
    with pytest.raises(ChannelNotAllowedError, match="allowlist"):
        allowing.check("it", other.replace(".example", ".invalid"))


@pytest.mark.parametrize("as_path", [True, False])
def test_a_folder_goes_by_its_place(alone: Path, tmp_path: Path, as_path: bool) -> None:
    """A link leads to what is forbidden; a folder may be named by its path, too."""
    folder, link = tmp_path / "channels" / "bad", tmp_path / "link"
    folder.mkdir(parents=True)
    link.symlink_to(folder, target_is_directory=True)
    channels = load(f"denylist_channels: ['{folder if as_path else folder.as_uri()}']", alone).channels

    for url in (link.as_uri(), f"{tmp_path.as_uri()}//channels/./b%61d"):
        with pytest.raises(ChannelNotAllowedError, match="denylist"):
            channels.check("it", url)
    channels.check("it", tmp_path.as_uri())


def test_what_is_not_followed_is_said(alone: Path) -> None:
    """Keys about channels; others are none of our business."""
    found = load("channel_settings: [{channel: a, auth: x}]\nuse_local: true\nshow_channel_urls: true\npip: 1", alone)

    assert [text.partition(" is")[0] for text in found.notes] == [
        "~/.condarc: channel_settings",
        "~/.condarc: use_local",
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("channels: conda-forge", "channels", id="list"),
        pytest.param("channels: [[a]]", "channels", id="text"),
        pytest.param("channel_priority: strikt", "channel_priority", id="priority"),
        pytest.param("channel_alias: m.example", "channel_alias", id="alias"),
        pytest.param("custom_channels: [a]", "custom_channels", id="mapping"),
        pytest.param("channels: [a]\nchannel: [b]", "channel", id="twice"),
        pytest.param("channels: [a", "", id="yaml"),
        pytest.param("- a", "", id="no mapping"),
    ],
)
def test_what_cannot_be_read(alone: Path, text: str, path: str) -> None:
    """The file and the key are named."""
    with pytest.raises(InvalidConfigurationError) as caught:
        load(text, alone)
    assert (caught.value.file, caught.value.path) == ("~/.condarc", path)


def test_nothing_is_nothing() -> None:
    """Without a file and a variable conda says nothing."""
    assert load_conda_settings() is None
