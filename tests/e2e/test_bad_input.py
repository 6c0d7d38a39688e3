"""What goes wrong, with the code and the message that a person gets; the environment stays as it was."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.cli.conftest import Run
from tests.e2e.conftest import Environment
from tests.installer.wheelmaker import snapshot
from tests.loopback import LoopbackIndex, corrupted, edited, status
from wheelbridge.api.demo import build_wheel


@pytest.mark.parametrize(
    ("specs", "code", "message"),
    [
        (("python", "pypi:nonesuch"), "package-not-found", "No source has 'nonesuch'"),
        (("python", "nonesuch"), "package-not-found", "No source has 'nonesuch'"),
        (("python<3", "pypi:app"), "no-python", "no channel of this request has one that fits"),
        (("python", "pypi:app", "pypi:lib<1"), "unsatisfiable", "Versions of lib on offer"),
        (("python", "pypi:app=>1"), "invalid-requirement", "'app=>1' is not a PEP 508 requirement"),
        (("python", "app[[1"), "invalid-spec", "'app[[1' is not a conda MatchSpec"),
        (("python", "pypi:app @ https://host.example/app.whl"), "invalid-wheel-name", "wrong number of parts"),
    ],
)
def test_a_request_that_cannot_be_met(
    run: Run, environment: Environment, specs: tuple[str, ...], code: str, message: str
) -> None:
    """Exit code 1, one error with a code; the prefix does not appear."""
    ran = run("create", *environment.options, *specs, "-y", "--json")

    assert ran.code == 1
    assert ran.json["error"]["code"] == code
    assert message in ran.json["error"]["message"]
    assert not environment.prefix.exists()


def test_an_index_that_fails(run: Run, environment: Environment, index: LoopbackIndex) -> None:
    """A server's error is no "not found"."""
    index.fail("/simple/app/", status(500))
    ran = run("create", *environment.options, "python", "pypi:app", "-y", "--json")

    assert ran.json["error"]["code"] == "index-unavailable"
    assert "500" in ran.json["error"]["message"]


def test_a_page_that_lies(run: Run, environment: Environment, index: LoopbackIndex) -> None:
    """JSON of another form is refused, with the place."""
    index.fail("/simple/app/", edited(lambda page: page["files"][0].update(hashes="none")))
    ran = run("create", *environment.options, "python", "pypi:app", "-y", "--json")

    assert ran.json["error"]["code"] == "invalid-index-page"
    assert "files[0].hashes" in ran.json["error"]["message"]


def test_a_wheel_with_a_wrong_hash(run: Run, environment: Environment, index: LoopbackIndex) -> None:
    """Nothing is unpacked, nothing linked."""
    run("create", *environment.options, "python", "-y")
    before = snapshot(environment.prefix)
    index.fail("/files/", lambda request, reply: reply if "metadata" in request.path else corrupted(request, reply))
    ran = run("install", *environment.options, "pypi:pip", "-y", "--json")

    assert ran.json["error"]["code"] == "hash-mismatch"
    assert snapshot(environment.prefix) == before


def test_a_wheel_whose_record_lies(run: Run, environment: Environment, tmp_path: Path) -> None:
    """RECORD is compared with the contents before anything is linked."""
    wheel = build_wheel(tmp_path, "liar", "1.0", {"liar.py": "x = 1\n"})
    with ZipFile(wheel) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(wheel, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, b"x = 2\n" if name == "liar.py" else data)
    with LoopbackIndex({"liar": [wheel]}) as server:
        options = ("-p", environment.prefix, "-c", environment.channel, "-i", server.url)
        ran = run("create", *options, "python", "pypi:liar", "-y", "--json")

    assert ran.json["error"]["code"] == "record-mismatch"
    assert "liar.py" in ran.json["error"]["message"]
    assert not (environment.prefix / "conda-meta" / "history").exists()


def test_a_prefix_that_is_no_environment(run: Run, environment: Environment) -> None:
    """Nothing is put into a folder that conda would not know."""
    environment.prefix.mkdir()
    (environment.prefix / "precious.txt").write_text("mine")

    assert (
        run("install", *environment.options, "pypi:app", "-y", "--json").json["error"]["code"] == "not-an-environment"
    )
    assert run("create", *environment.options, "pypi:app", "-y", "--json").json["error"]["code"] == "prefix-not-empty"
    assert run("list", "-p", environment.prefix, "--json").json["error"]["code"] == "not-an-environment"
    assert run("remove", "-p", environment.prefix, "app", "--json").json["error"]["code"] == "not-an-environment"


def test_a_frozen_environment(run: Run, environment: Environment) -> None:
    """CEP 22: "Tools MUST respect the presence of `frozen`", with the message it holds and a way out."""
    run("create", *environment.options, "python", "-y")
    (environment.prefix / "conda-meta" / "frozen").write_text('{"message": "Production. Hands off."}')
    refused = run("install", *environment.options, "pypi:lib", "-y", "--json")

    assert refused.json["error"]["code"] == "frozen"
    assert "Production. Hands off." in refused.json["error"]["message"]
    assert run("install", *environment.options, "pypi:lib", "-y", "--override-frozen").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "python"),
        ("create", "-p", "x", "-n", "y", "python"),
        ("create", "-p", "x"),
        ("solve",),
        ("solve", "python", "--exclude-newer", "yesterday"),
        ("solve", "--nonsense"),
        ("nonsense",),
    ],
)
def test_wrong_usage(run: Run, arguments: tuple[str, ...]) -> None:
    """Exit code 2, and with ``--json`` an object all the same."""
    ran = run(*arguments, "--json")

    assert ran.code == 2
    assert ran.json["success"] is False
    assert ran.json["error"]["code"] == "usage"
    assert ran.json["error"]["hint"]
