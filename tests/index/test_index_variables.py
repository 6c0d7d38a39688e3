"""Variables carry the name of a source, and a name says little of where a source is."""

import pytest

from wheelbridge.errors import UsageError
from wheelbridge.index.variables import SourceVariables, check_variables, source_variables
from wheelbridge.model.source import Source, SourceKind

URL = "https://host.example/simple"
TOKEN = "WHEELBRIDGE_SOURCE_CORP_TOKEN"  # noqa: S105 - a name
HOST = "WHEELBRIDGE_SOURCE_CORP_HOST"


def source(name: str = "corp", url: str = URL, kind: SourceKind = "index", *, named: bool = True) -> Source:
    """Make a source that the user named."""
    return Source(name, kind, url, 0, origin="wheelbridge.toml", named=named)


def test_names() -> None:
    """What is no letter or digit of ASCII becomes ``_``; an empty variable is as good as none."""
    prefix = "WHEELBRIDGE_SOURCE_MY_CORP___1"
    environ = {f"{prefix}_USERNAME": "u", f"{prefix}_PASSWORD": "", f"{prefix}_CONDA_TOKEN": "c", "X_TOKEN": "t"}

    assert source_variables(source("my corp.ü-1"), environ) == SourceVariables("u", None, None, "c")


class TestHost:
    """The host that a login is for: where the user did not name the source, nothing goes without it."""

    @pytest.mark.parametrize(
        ("host", "url", "named", "sent"),
        [
            pytest.param("", URL, True, True, id="named"),
            pytest.param("", URL, False, False, id="not-named"),
            pytest.param("host.example", URL, False, True, id="same"),
            pytest.param("HOST.example:443", URL, False, True, id="usual-port"),
            pytest.param("host.example", "https://host.example:8443/simple", False, False, id="other-port"),
            pytest.param("host.example:8443", "https://host.example:8443/simple", False, True, id="same-port"),
            pytest.param("host.example", "https://evil.example/simple", False, False, id="other"),
            pytest.param("host.example", "https://evil.example/simple", True, False, id="other-although-named"),
            pytest.param("host.example", "https://host.example.evil.example/simple", True, False, id="longer"),
        ],
    )
    def test_decides(self, host: str, url: str, named: bool, sent: bool) -> None:
        """Host and port, as the URL of the source has them; what is not sent is said."""
        environ = {TOKEN: "s3cret", HOST: host}
        given = source(url=url, named=named)

        assert source_variables(given, environ).token == ("s3cret" if sent else None)
        assert bool(check_variables([given], environ)) is not sent

    def test_the_note_says_the_way_out(self) -> None:
        """And no secret."""
        (note,) = check_variables([source(named=False)], {TOKEN: "s3cret"})

        assert note == (
            "The login in WHEELBRIDGE_SOURCE_CORP_* is not sent to corp, which is on host.example: you did not give it "
            "its name (it is from wheelbridge.toml). If it is meant for that host, set "
            "WHEELBRIDGE_SOURCE_CORP_HOST=host.example."
        )
        (note,) = check_variables([source()], {TOKEN: "s3cret", HOST: "other.example"})
        assert "WHEELBRIDGE_SOURCE_CORP_HOST is other.example" in note

    @pytest.mark.parametrize("environ", [{}, {HOST: "other.example"}, {"WHEELBRIDGE_SOURCE_OTHER_TOKEN": "t"}])
    def test_nothing_to_say(self, environ: dict[str, str]) -> None:
        """Where there is no login, or nobody who wants one."""
        assert check_variables([source(named=False)], environ) == ()
        assert check_variables([source(url="file:///wheels", named=False)], {TOKEN: "t"}) == ()


class TestCollisions:
    """One variable, two sources: nobody can tell whose it is."""

    @pytest.mark.parametrize("other", ["co-rp", "CO.RP", "co rp"])
    def test_names_that_look_alike(self, other: str) -> None:
        """The error names the variable and both."""
        pair = [source("co_rp"), source(other)]

        assert check_variables(pair, {}) == ()
        with pytest.raises(UsageError, match=f"WHEELBRIDGE_SOURCE_CO_RP_USERNAME may be for co_rp or for {other}"):
            check_variables(pair, {"WHEELBRIDGE_SOURCE_CO_RP_USERNAME": "me"})

    def test_the_token_of_a_channel(self) -> None:
        """``CORP`` with ``_CONDA_TOKEN``, or ``CORP_CONDA`` with ``_TOKEN``."""
        environ = {"WHEELBRIDGE_SOURCE_CORP_CONDA_TOKEN": "t"}
        other = source("corp-conda")

        with pytest.raises(UsageError, match="may be for corp or for corp-conda"):
            check_variables([source("corp", kind="channel"), other], environ)
        with pytest.raises(UsageError, match="may be for corp or for corp-conda"):
            check_variables([other], environ)
        assert check_variables([source("corp")], environ) == ()
        assert check_variables([other], {**environ, "WHEELBRIDGE_SOURCE_CORP_CONDA_HOST": "host.example"}) == ()

    def test_who_may_have_been_meant(self) -> None:
        """Also a source that does not get it by its name alone: what was meant for one is sent to no other."""
        pair = [source("corp", kind="channel", named=False), source("corp-conda")]

        with pytest.raises(UsageError, match="may be for corp or for corp-conda"):
            check_variables(pair, {"WHEELBRIDGE_SOURCE_CORP_CONDA_TOKEN": "t"})

    def test_the_host_decides(self) -> None:
        """One of the two is on it."""
        pair = [source("co_rp"), source("co-rp", "https://other.example/simple")]
        prefix = "WHEELBRIDGE_SOURCE_CO_RP"

        (note,) = check_variables(pair, {f"{prefix}_TOKEN": "t", f"{prefix}_HOST": "other.example"})
        assert "is not sent to co_rp" in note
