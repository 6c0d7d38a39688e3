import pytest

from wheelbridge.api.channel_specs import take_channels
from wheelbridge.api.specs import Request
from wheelbridge.errors import UsageError
from wheelbridge.model.source import Source

SOURCES = (
    Source("tools", "channel", "https://a.example/tools", 0),
    Source("https://b.example/tools", "channel", "https://b.example/tools", 1),
    Source("pkgs/main", "channel", "https://host.example/pkgs/main", 2),
    Source("pkgs/r", "channel", "https://host.example/pkgs/r", 2),
    Source("corp", "index", "https://corp.example/simple", 3),
)


@pytest.mark.parametrize(
    ("spec", "left", "routes"),
    [
        ("tools::foo>=2", "foo >=2", ["conda:foo=tools"]),
        ("https://b.example/tools::foo", "foo", ["conda:foo=https://b.example/tools"]),
        ("foo[channel='https://b.example/tools']", "foo", ["conda:foo=https://b.example/tools"]),
        ("foo[channel=tools]", "foo", ["conda:foo=tools"]),
        ("defaults::foo", "foo", ["conda:foo=pkgs/main,pkgs/r"]),
        ("corp::Num_Lib", "num_lib", ["conda:num_lib=corp", "pypi:num-lib=corp"]),
        ("tools/linux-64::foo", 'foo[subdir="linux-64"]', ["conda:foo=tools"]),
    ],
)
def test_a_spec_names_a_source_of_the_list(spec: str, left: str, routes: list[str]) -> None:
    """By its name, or as a URL by its URL alone: two channels may end alike."""
    request, found = take_channels(Request((spec,), ()), SOURCES)

    assert request.specs == (left,)
    assert [str(route) for route in found] == routes


@pytest.mark.parametrize(
    "spec", ["toolz::foo", "https://c.example/tools::foo", "https://me:s3cret@b.example/tools::foo", "/tools::foo"]
)
def test_what_is_not_in_the_list_is_refused(spec: str) -> None:
    """Nobody else is asked, and nothing secret is shown."""
    with pytest.raises(UsageError) as caught:
        take_channels(Request((spec,), ()), SOURCES)
    assert "s3cret" not in f"{caught.value} {caught.value.hint}"
