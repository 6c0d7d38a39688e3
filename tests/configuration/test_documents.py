"""wheelbridge.toml: what it may say, and what is said when it says something else."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wheelbridge.configuration.documents import read_document
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.values import Configuration, RouteChoice
from wheelbridge.model.attestation import AttestationPolicy

CORP = '[[sources]]\nname = "corp"\nindex = "https://corp.example/simple"\n'
OTHER = '[[sources]]\nname = "other"\nindex = "https://other.example/simple"\n'


def read(text: str, folder: Path = Path("/nowhere")) -> Configuration:
    """Read *text* as a file of *folder*."""
    return read_document(tomllib.loads(text), "wheelbridge.toml", folder)


def test_every_key(tmp_path: Path) -> None:
    """All that can be said is kept."""
    (tmp_path / "wheels").mkdir()
    text = """
    priority = "strict"
    exclude-newer = 2026-01-31
    channel-relations = false

    [[sources]]
    name = "corp"
    index = "wheels"
    claim = "disabled"
    explicit = true
    group = "mirrors"
    trusted-hosts = ["*.corp.example", "http://plain.example:8080"]
    exclude-newer = "2026-01-01T00:00:00+00:00"
    missing-codes = [403]
    attestations = {publishers = {"corp-*" = ["github:corp/*", "gitlab:corp/*"], other = "github:other/x"}}

    [[sources]]
    channel = "./channel"
    attestations = true

    [routes]
    "corp-*" = "corp"
    "pypi:Torch" = ["corp", "pypi"]
    numpy = [{source = "corp", marker = "sys_platform == 'linux'"}, "pypi"]
    """
    found = read(text, tmp_path)
    corp, channel = found.sources

    assert (found.priority, found.channel_relations) == ("strict", False)
    assert found.exclude_newer == datetime(2026, 1, 31, 23, 59, 59, 999999, UTC)
    assert (corp.kind, corp.text, corp.name, corp.claim) == ("index", str(tmp_path / "wheels"), "corp", "disabled")
    assert (corp.explicit, corp.group, corp.origin, corp.path) == (True, "mirrors", "wheelbridge.toml", "sources[0]")
    assert corp.trusted_hosts == ("*.corp.example", "http://plain.example:8080")
    assert corp.exclude_newer == datetime(2026, 1, 1, tzinfo=UTC)
    assert corp.missing_codes == frozenset({403})
    pairs = (("corp-*", "github:corp/*"), ("corp-*", "gitlab:corp/*"), ("other", "github:other/x"))
    assert corp.attestations == AttestationPolicy(publishers=pairs)
    assert (channel.kind, channel.text, channel.name) == ("channel", str(tmp_path / "channel"), None)
    assert channel.attestations == AttestationPolicy()
    assert [route.pattern for route in found.routes] == ["corp-*", "pypi:torch", "numpy"]
    assert found.routes[2].choices == (RouteChoice("corp", "sys_platform == 'linux'"), RouteChoice("pypi"))


def test_what_is_unsaid_is_none() -> None:
    """It may be said elsewhere of the same source; what is said to be nothing may not."""
    text = "explicit = false\ntrusted-hosts = []\nmissing-codes = []\nattestations = false\n"
    silent, speaking = read(OTHER + CORP + text).sources

    assert (silent.explicit, silent.trusted_hosts, silent.missing_codes, silent.attestations) == (None,) * 4
    assert (speaking.explicit, speaking.trusted_hosts, speaking.attestations) == (False, (), False)
    assert speaking.missing_codes == frozenset()


@pytest.mark.parametrize(
    ("kind", "pattern"), [("index", "corp-lib-*"), ("channel", "corp_lib.*")], ids=["projects", "packages"]
)
def test_names_of_publishers_are_compared_as_names_are(kind: str, pattern: str) -> None:
    """An index compares normalized names (PEP 503), a channel what its packages are called, in lower case."""
    text = (
        f"[[sources]]\n{kind} = 'https://h.example/x'\nattestations = {{publishers = {{'Corp_Lib.*' = 'github:c/*'}}}}"
    )
    (source,) = read(text).sources

    assert source.attestations == AttestationPolicy(publishers=((pattern, "github:c/*"),))


@pytest.mark.parametrize(
    ("text", "path", "reason", "hint"),
    [
        pytest.param("prioritiy = 'strict'", "prioritiy", "no such key", "'priority'", id="key"),
        pytest.param("colour = 'red'", "colour", "no such key", "routes", id="no near key"),
        pytest.param("priority = 'strikt'", "priority", "'strikt' is none of", "'strict'", id="claim"),
        pytest.param("priority = 1", "priority", "must be a text", None, id="type"),
        pytest.param("channel-relations = 'no'", "channel-relations", "true or false", None, id="flag"),
        pytest.param("sources = 'pypi'", "sources", "must be a list", None, id="no list"),
        pytest.param("sources = ['pypi']", "sources[0]", "must be a table", None, id="no table"),
        pytest.param("[[sources]]\nname = 'a'", "sources[0]", "one of 'channel' and 'index'", None, id="no place"),
        pytest.param("[[sources]]\nchannel = 'a'\nindex = 'pypi'", "sources[0]", "one of", None, id="two places"),
        pytest.param("[[sources]]\nindex = 'nowhere'", "sources[0].index", "neither a URL nor", None, id="no folder"),
        pytest.param("[[sources]]\nname = 'a,b'\nindex = 'pypi'", "sources[0].name", "no name", None, id="name"),
        pytest.param("[[sources]]\nname = ' '\nindex = 'pypi'", "sources[0].name", "empty", None, id="empty"),
        pytest.param(CORP + "claim = 'all'", "sources[0].claim", "'all' is none", None, id="own claim"),
        pytest.param(CORP + "Claim = 'strict'", "sources[0].Claim", "no such key", "'claim'", id="case"),
        pytest.param(CORP + CORP, "sources[1].name", "the name of sources[0]", None, id="twice"),
        pytest.param(CORP + "trusted-hosts = 'x'", "sources[0].trusted-hosts", "a list", None, id="hosts"),
        pytest.param(CORP + "trusted-hosts = ['a', 'b/c']", "sources[0].trusted-hosts[1]", "no host", None, id="host"),
        pytest.param(CORP + "missing-codes = ['403']", "sources[0].missing-codes[0]", "whole number", None, id="code"),
        pytest.param(CORP + "missing-codes = [true]", "sources[0].missing-codes[0]", "whole number", None, id="bool"),
        pytest.param(CORP + "missing-codes = [200]", "sources[0].missing-codes", "no HTTP status", None, id="status"),
        pytest.param(CORP + "exclude-newer = 'soon'", "sources[0].exclude-newer", "no date", "7d", id="date"),
        pytest.param(CORP + "attestations = 1", "sources[0].attestations", "true, false or a table", None, id="policy"),
        pytest.param(
            CORP + "attestations = {publishers = {'pypi:corp' = 'github:c/*'}}",
            "sources[0].attestations.publishers.pypi:corp",
            "no pattern of names",
            "corp-*",
            id="a pattern that no name matches",
        ),
        pytest.param(
            CORP + "attestations = {publishers = {corp = []}}",
            "sources[0].attestations.publishers.corp",
            "names no publisher",
            "github:corp/*",
            id="no publisher, which would be any",
        ),
        pytest.param(
            CORP + "attestations = {publisher = {}}",
            "sources[0].attestations.publisher",
            "no such key",
            "'publishers'",
            id="publishers",
        ),
        pytest.param(
            CORP + "group = 'g'\n" + OTHER + CORP.replace("corp", "c") + "group = 'g'",
            "sources[2].group",
            "follow",
            None,
            id="not adjacent",
        ),
        pytest.param(
            CORP + "group = 'g'\n" + OTHER + "group = 'g'\nclaim = 'strict'",
            "sources[0].group",
            "differ in claim",
            None,
            id="claims of a group",
        ),
        pytest.param(
            CORP + "group = 'g'\n[[sources]]\nchannel = 'x'\ngroup = 'g'",
            "sources[0].group",
            "differ in kind",
            None,
            id="kinds of a group",
        ),
        pytest.param(
            CORP + "group = 'other'\n" + OTHER, "sources[0].group", "a source outside", None, id="group's name"
        ),
        pytest.param("routes = []", "routes", "must be a table", None, id="routes"),
        pytest.param("[routes]\n'a b' = 'pypi'", "routes", "'a b' is no pattern", "corp-*", id="pattern"),
        pytest.param("[routes]\na = []", "routes.a", "no source", None, id="nowhere"),
        pytest.param("[routes]\na = 1", "routes.a", "must be a source", None, id="no source"),
        pytest.param(
            "[routes]\na = ['b', {marker = 'x'}]", "routes.a[1].source", "missing", None, id="no source in table"
        ),
        pytest.param(
            "[routes]\na = [{source = 'b', marker = 'linux'}]", "routes.a[0].marker", "no marker", None, id="marker"
        ),
        pytest.param(
            "[routes]\na = [{source = 'b', when = 'x'}]", "routes.a[0].when", "no such key", None, id="key of a route"
        ),
    ],
)
def test_what_cannot_be_read(text: str, path: str, reason: str, hint: str | None) -> None:
    """An error names the file and the way to the value."""
    with pytest.raises(InvalidConfigurationError) as caught:
        read(text)

    assert (caught.value.file, caught.value.path) == ("wheelbridge.toml", path)
    assert caught.value.message.startswith(f"wheelbridge.toml: {path}: ")
    assert reason in caught.value.message
    assert (hint or "") in (caught.value.hint or "")


def test_a_group_of_mirrors() -> None:
    """Neighbours of one kind and claim may be one."""
    found = read(CORP + "group = 'corp'\n" + OTHER + "group = 'corp'\n")

    assert [source.group for source in found.sources] == ["corp", "corp"]


def test_credentials_are_not_shown() -> None:
    """Neither the value nor an error has them."""
    found = read('[[sources]]\nindex = "https://me:s3cret@corp.example/simple"')
    with pytest.raises(InvalidConfigurationError) as caught:
        read('[[sources]]\nindex = "https://me:s3cret@corp.example/simple"\nclaim = "x"')

    assert found.sources[0].text == "https://me:s3cret@corp.example/simple"
    assert "s3cret" not in repr(found) + str(caught.value.as_json())


@pytest.mark.parametrize(
    ("pattern", "patterns"),
    [
        ("my-tool", ["my-tool"]),
        ("My_Tool", ["conda:my_tool", "pypi:my-tool"]),
        ("pypi:zope.interface", ["pypi:zope-interface"]),
        ("conda:_libgcc_mutex", ["conda:_libgcc_mutex"]),
    ],
)
def test_patterns_are_spelled_as_names_are(pattern: str, patterns: list[str]) -> None:
    """A project is compared by its normalized name (PEP 503), a conda package by its own."""
    found = read(f"[routes]\n'{pattern}' = 'pypi'")

    assert [route.pattern for route in found.routes] == patterns
