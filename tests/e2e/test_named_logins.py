"""A login by the name of a source goes where the user said, not where somebody else says that the name is."""

from base64 import b64encode
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.e2e.conftest import Environment
from tests.loopback import LoopbackIndex, authorization

LOGIN = "Basic " + b64encode(b"me:s3cret").decode()
NOTE = "The login in WHEELBRIDGE_SOURCE_CORP_* is not sent to corp, which is on {}"


@pytest.fixture(autouse=True)
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: LoopbackIndex) -> None:
    """Close the index to all but the login that the variables of ``corp`` hold; begin in an empty folder."""
    index.fail("/", authorization(LOGIN))
    monkeypatch.setenv("WHEELBRIDGE_SOURCE_CORP_USERNAME", "me")
    monkeypatch.setenv("WHEELBRIDGE_SOURCE_CORP_PASSWORD", "s3cret")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")


def configure(path: Path, url: str) -> None:
    """Call the index at *url* ``corp``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'[[sources]]\nname = "corp"\nindex = "{url}"\n', encoding="utf-8")


def sent(index: LoopbackIndex) -> set[str | None]:
    """Return the logins that came."""
    return {asked.headers.get("authorization") for asked, _ in index.requests}


@pytest.mark.parametrize("config", [(), ("--config", "wheelbridge.toml")], ids=["found", "named"])
def test_of_a_project(
    run: Run, environment: Environment, index: LoopbackIndex, monkeypatch: pytest.MonkeyPatch, config: tuple[str, ...]
) -> None:
    """A cloned repository may call its own index as the user's is called: it takes the host, too."""
    configure(Path("wheelbridge.toml"), index.url)
    command = ("solve", "-c", environment.channel, "python", "pypi:app", *config)
    host = index.root.removeprefix("http://")
    refused = run(*command)

    assert refused.code == 1
    assert refused.err.count(NOTE.format(host)) == 1
    assert f"set WHEELBRIDGE_SOURCE_CORP_HOST={host}" in refused.err
    assert sent(index) == {None}
    monkeypatch.setenv("WHEELBRIDGE_SOURCE_CORP_HOST", "other.example")
    assert run(*command).code == 1
    assert sent(index) == {None}
    monkeypatch.setenv("WHEELBRIDGE_SOURCE_CORP_HOST", host)
    allowed = run(*command)
    assert (allowed.code, "not sent" in allowed.err) == (0, False)


def test_of_the_user(run: Run, environment: Environment, index: LoopbackIndex, tmp_path: Path) -> None:
    """The user's own file, and the command line, give names that are the user's word."""
    configure(tmp_path / "config" / "wheelbridge" / "wheelbridge.toml", index.url)
    command = ("solve", "-c", environment.channel, "python", "pypi:app")

    for given in ((), ("-i", "corp"), ("-i", f"corp={index.url}", "--no-config")):
        ran = run(*command, *given)
        assert (ran.code, "not sent" in ran.err) == (0, False)
    assert sent(index) == {LOGIN}


def test_of_a_url(run: Run, environment: Environment, index: LoopbackIndex) -> None:
    """Everybody's URL may end with the name."""
    ran = run("solve", "-c", environment.channel, "-i", f"{index.root}/corp/simple", "python", "pypi:app")

    assert ran.code == 1
    assert NOTE.format(index.root.removeprefix("http://")) in ran.err
    assert sent(index) == {None}


def test_of_two(run: Run, environment: Environment, index: LoopbackIndex) -> None:
    """Where both names spell one variable, nobody is asked."""
    both = ("-i", f"corp={index.url}", "-i", f"Corp={index.root}/other/simple")
    ran = run("solve", "-c", environment.channel, *both, "python", "pypi:app", "--json")

    assert ran.json["error"]["code"] == "usage"
    assert ran.json["error"]["message"] == "WHEELBRIDGE_SOURCE_CORP_USERNAME may be for corp or for Corp"
    assert index.requests == []


@pytest.mark.parametrize("query", ["?token=s3cret", "#s3cret", "?a=b@s3cret"])
def test_a_list_shows_no_query(run: Run, index: LoopbackIndex, query: str) -> None:
    """It is refused, as that of a channel is."""
    for command in (("sources", "-O"), ("sources", "-O", "--json"), ("solve", "-O", "python")):
        ran = run(*command, "-i", f"mine={index.url}{query}")
        assert ran.code == 1
        assert "s3cret" not in ran.out + ran.err
