"""``wheelbridge sources``: the list, why it is so, and what other tools are configured to."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.solver.scenario import write_channel
from wheelbridge.api.related import UNREAD
from wheelbridge.configuration.files import user_file
from wheelbridge.configuration.folders import show_path

PROJECT = """\
exclude-newer = 2026-01-31

[[sources]]
name = "corp"
index = "https://me:s3cret@corp.example/simple"
trusted-hosts = ["files.corp.example"]
missing-codes = [403]
attestations = {publishers = {"corp-*" = "github:corp/*"}}

[[sources]]
index = "pypi"

[[sources]]
name = "cu"
index = "https://cu.example/whl"
explicit = true

[routes]
"corp-*" = "corp"
torch = [{source = "cu", marker = "sys_platform == 'linux'"}]
"""


@pytest.fixture
def project(alone: Path) -> Path:
    """A project with a configuration, which is the working directory."""
    (alone / "work" / "wheelbridge.toml").write_text(PROJECT)
    return alone / "work"


@pytest.mark.usefixtures("project")
class TestList:
    """The effective list, in order."""

    def test_json(self, run: Run) -> None:
        """Every setting of every source, and where it comes from."""
        found = run("sources", "--json", "--platform", "linux-64", "--priority", "cu=disabled").json
        forge, corp, pypi, cu = found["sources"]

        assert found["success"]
        assert [one["name"] for one in found["sources"]] == ["conda-forge", "corp", "pypi", "cu"]
        assert corp == {
            "name": "corp",
            "kind": "index",
            "url": "https://corp.example/simple",
            "tier": 1,
            "claim": "strict",
            "explicit": False,
            "claim_reason": "the default of all but large public sources",
            "trusted_hosts": ["files.corp.example"],
            "exclude_newer": None,
            "missing_codes": [403],
            "attestations": {"publishers": [["corp-*", "github:corp/*"]]},
            "origin": "wheelbridge.toml",
        }
        assert (forge["origin"], forge["trusted_hosts"], forge["claim"]) == ("default", ["*"], "flexible")
        assert (pypi["attestations"], cu["explicit"], cu["claim_reason"]) == (None, True, "--priority cu=disabled")
        assert found["exclude_newer"] == "2026-01-31T23:59:59.999999+00:00"
        assert found["channel_relations"] is True
        assert found["notes"] == [UNREAD]

    @pytest.mark.parametrize(("platform", "holds"), [("linux-64", True), ("win-64", False)])
    def test_routes(self, run: Run, platform: str, holds: bool) -> None:
        """Those that do not hold on the target are shown as such."""
        found = run("sources", "--json", "--platform", platform, "--route", "x=pypi").json
        marker = "sys_platform == 'linux'"

        assert sorted(found["routes"], key=lambda route: str(route["pattern"])) == [
            {"pattern": "corp-*", "sources": ["corp"], "marker": None, "origin": "wheelbridge.toml", "holds": True},
            {"pattern": "torch", "sources": ["cu"], "marker": marker, "origin": "wheelbridge.toml", "holds": holds},
            {"pattern": "x", "sources": ["pypi"], "marker": None, "origin": "the command line", "holds": True},
        ]

    def test_for_people(self, run: Run) -> None:
        """In order, with the reasons; and nothing secret."""
        ran = run("sources", "--platform", "win-64", "--no-channel-relations", "-c", "bioconda")
        lines = ran.out.splitlines()

        assert [line.split()[1] for line in lines[2:6]] == ["bioconda", "corp", "pypi", "cu"]
        assert "it goes by the name of a large public source" in lines[2]
        assert (
            "corp: may lead to files.corp.example; 403 mean that it lacks a project; its files must be attested"
            in ran.out
        )
        assert "cu: serves only what is routed to it" in ran.out
        assert "does not hold here: sys_platform == 'linux'" in ran.out
        assert "Channels do not say" in ran.out
        assert "Nothing published after 2026-01-31" in ran.out
        assert "s3cret" not in ran.out + ran.err

    def test_settings_of_a_farther_place(self, run: Run) -> None:
        """A source is the same by its URL; it is shown whose word holds for it."""
        file = user_file()
        assert file is not None
        file.parent.mkdir(parents=True)
        file.write_text('[[sources]]\nindex = "https://corp.example/simple"\nclaim = "disabled"\n')
        given = run("sources", "--json", "-i", "https://corp.example/simple").json["sources"][1]
        shown = run("sources", "-i", "https://corp.example/simple").out

        assert (given["name"], given["claim"]) == ("corp", "disabled")
        assert given["attestations"] == {"publishers": [["corp-*", "github:corp/*"]]}
        assert given["origin"] == f"the command line, with settings of wheelbridge.toml, {show_path(file)}"
        assert given["claim_reason"] == f"claim in {show_path(file)}"
        assert "with settings of" in " ".join(shown.split())

    def test_without_configuration(self, run: Run) -> None:
        """``--no-config`` leaves the defaults."""
        found = run("sources", "--json", "--no-config").json

        assert [(one["name"], one["origin"]) for one in found["sources"]] == [
            ("conda-forge", "default"),
            ("pypi", "default"),
        ]

    def test_another_file(self, run: Run, tmp_path: Path) -> None:
        """``--config`` stands in the place of the project's file."""
        (tmp_path / "other.toml").write_text('priority = "strict"')
        found = run("sources", "--json", "--config", tmp_path / "other.toml").json

        assert [one["claim"] for one in found["sources"]] == ["strict", "strict"]

    def test_the_command_line_has_the_last_word_on_time(self, run: Run) -> None:
        """``--exclude-newer`` beats the file's."""
        found = run("sources", "--json", "--exclude-newer", "2025-01-01T00:00:00+00:00").json

        assert found["exclude_newer"] == "2025-01-01T00:00:00+00:00"

    def test_what_is_not_followed_is_said(self, run: Run, alone: Path) -> None:
        """On standard error for people, in the object for programs."""
        (alone / ".condarc").write_text("use_local: true")

        assert "use_local" in run("sources").err
        assert run("sources", "--json").err == ""
        assert [note for note in run("sources", "--json").json["notes"] if note != UNREAD] == [
            "~/.condarc: use_local is conda's, and wheelbridge does not follow it."
        ]

    def test_a_channel_that_is_forbidden_does_not_come_along(self, run: Run, tmp_path: Path, alone: Path) -> None:
        """Conda's deny list holds for what another channel brings, too; the way out is to follow no relations."""
        write_channel(tmp_path / "bio", ["tool 1.0"], {"base": "../other"})
        write_channel(tmp_path / "other", ["foo 1.0"])
        (alone / ".condarc").write_text(f"denylist_channels: ['{(tmp_path / 'other').as_uri()}']\n")
        command = ("solve", "tool", "-O", "-c", tmp_path / "bio", "--json")

        refused = run(*command).json["error"]
        assert (refused["code"], refused["channel"]) == ("channel-not-allowed", "other")
        assert "--no-channel-relations" in refused["hint"]
        assert run(*command, "--no-channel-relations").json["success"] is True

    def test_channels_that_come_along_are_shown(self, run: Run, tmp_path: Path) -> None:
        """In their place, with who brought them; not where relations are not followed (CEP 42)."""
        write_channel(tmp_path / "bio", ["tool 1.0"], {"base": "../conda-forge"})
        write_channel(tmp_path / "conda-forge", ["foo 1.0"])
        found = run("sources", "-O", "-c", tmp_path / "bio", "--json").json
        alone = run("sources", "-O", "-c", tmp_path / "bio", "--no-channel-relations", "--json").json
        strict = run("sources", "-O", "-c", tmp_path / "bio", "--priority", "strict", "--json").json

        assert [(one["name"], one["tier"], one["claim"], one["origin"]) for one in found["sources"]] == [
            ("conda-forge", 0, "flexible", "a relation of bio"),
            ("bio", 1, "strict", "the command line"),
        ]
        assert UNREAD not in found["notes"]
        assert [one["name"] for one in alone["sources"]] == ["bio"]
        assert [one["claim"] for one in strict["sources"]] == ["strict", "strict"]


@pytest.mark.parametrize(
    ("arguments", "text", "code", "exit_code"),
    [
        pytest.param((), "priority = 'x'", "invalid-configuration", 2, id="file"),
        pytest.param(("--config", "none.toml"), "", "invalid-configuration", 2, id="no file"),
        pytest.param(("--route", "x=y"), "", "usage", 2, id="route"),
        pytest.param(("--priority", "x"), "", "usage", 2, id="priority"),
        pytest.param(("--exclude-newer", "soon"), "", "usage", 2, id="date"),
    ],
)
def test_errors(run: Run, alone: Path, arguments: tuple[str, ...], text: str, code: str, exit_code: int) -> None:
    """They are those of every command."""
    (alone / "work" / "wheelbridge.toml").write_text(text)
    ran = run("sources", "--json", *arguments)

    assert (ran.code, ran.json["error"]["code"]) == (exit_code, code)


def test_a_solve_follows_the_configuration(run: Run, project: Path) -> None:
    """The same list, in the JSON of a solve that finds nothing; an index of a folder is relative to the file."""
    (project / "wheels").mkdir()
    (project / "channel" / "noarch").mkdir(parents=True)
    (project / "channel" / "noarch" / "repodata.json").write_text('{"packages": {}, "packages.conda": {}}')
    (project / "wheelbridge.toml").write_text(
        '[[sources]]\nname = "mine"\nindex = "wheels"\n[[sources]]\nchannel = "channel"\n'
    )
    (project / "below").mkdir()
    arguments = [sys.executable, "-m", "wheelbridge", "solve", "nothing-of-that-name", "--json"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=project / "below")

    assert '"sources": ["mine", "channel"]' in done.stdout
    assert run("sources", "--json").json["sources"][0]["url"] == (project / "wheels").as_uri()


class TestImport:
    """What pip and uv are configured to, in our words."""

    @pytest.fixture
    def pip_conf(self, tmp_path: Path) -> Path:
        """A file of pip's."""
        path = tmp_path / "pip.conf"
        path.write_text(
            "[global]\nindex-url = https://me:s3cret@corp.example/corp/simple\n"
            "extra-index-url = https://b.example/simple\ntimeout = 3\n"
        )
        return path

    def test_text(self, run: Run, pip_conf: Path) -> None:
        """Standard output is a configuration; the rest is said beside it."""
        ran = run("sources", "import", "pip", pip_conf)

        assert tomllib.loads(ran.out) == {
            "sources": [
                {"name": "corp", "index": "https://corp.example/corp/simple"},
                {"name": "b.example", "index": "https://b.example/simple"},
            ]
        }
        assert "timeout is left out" in ran.err
        assert "best version" in ran.err
        assert "s3cret" not in ran.out + ran.err

    def test_json(self, run: Run, pip_conf: Path) -> None:
        """The same for programs."""
        found = run("sources", "import", "pip", pip_conf, "--json").json

        assert found["success"]
        assert len(tomllib.loads(found["toml"])["sources"]) == 2
        assert {one["name"] for one in found["left_out"]} == {
            "timeout",
            "the login of https://corp.example/corp/simple",
        }
        assert len(found["notes"]) == 1

    def test_written_and_used(self, run: Run, alone: Path, pip_conf: Path) -> None:
        """Twice is an error: nothing is overwritten."""
        path = alone / "work" / "wheelbridge.toml"
        first = run("sources", "import", "pip", pip_conf, "--write", path)
        second = run("sources", "import", "pip", pip_conf, "--write", path)

        assert (first.code, second.code) == (0, 2)
        assert "has a source 'corp' already" in second.err
        assert [one["name"] for one in run("sources", "--json").json["sources"]] == ["conda-forge", "corp", "b.example"]

    def test_uv(self, run: Run, alone: Path) -> None:
        """Without a file, what uv would read here."""
        (alone / "work" / "uv.toml").write_text('index-url = "https://a.example/simple"')
        ran = run("sources", "import", "uv")

        assert tomllib.loads(ran.out)["sources"] == [
            {"name": "a.example", "index": "https://a.example/simple", "claim": "strict"}
        ]

    def test_another_tool(self, run: Run) -> None:
        """The hint names those that can be imported."""
        ran = run("sources", "import", "poetry")

        assert (ran.code, ran.out) == (2, "")
        assert "pip, uv" in ran.err
