"""Files that conda's own commands read and write by us, in a real conda: environment files and locks with wheels."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.loopback import LoopbackIndex, login
from tests.real_python import RealChannel
from tests.realconda import Conda, make_conda, run_python

HISTORY = "conda-meta/history"
ASKED = """# wheelbridge specs: ['app[extras=[more]]']
# update specs: ['python', 'app', "lib[version='<1.1dev0']"]
"""
DEFAULTS = (["python"], ["python", "small"])
LOCKS = {"pixi.lock": "wheelbridge-pixi-lock", "pylock.toml": "wheelbridge-pylock"}


@dataclass(frozen=True)
class Stage:
    """A conda, an environment that it made of a file, and that file; the tests leave the environment as it is."""

    conda: Conda
    file: Path
    prefix: Path
    index: str

    @property
    def names(self) -> set[str]:
        """The packages of the environment."""
        return set(self.conda.packages(self.prefix))

    def export(self, name: str) -> Path:
        """Return a file that conda has written of the environment."""
        path = self.conda.home / name
        if not path.exists():
            self.conda("export", "-p", self.prefix, "--file", path)
        return path

    def write(self, name: str, text: str) -> Path:
        """Write a file of ours."""
        path = self.conda.home / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture(scope="module")
def stage(
    plugin: None, tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel, wheels: dict[str, list[Path]]
) -> Iterator[Stage]:
    """An environment of a file with a table of ours, made by ``conda create --file``."""
    del plugin
    home = tmp_path_factory.mktemp("files")
    conda = make_conda(home, [real_channel.url])
    with LoopbackIndex(wheels) as index:
        file = home / "stack.wheelbridge.yml"
        file.write_text(
            f"name: stack\nchannels: [{real_channel.url}, nodefaults]\n"
            "dependencies:\n- python\n- pip:\n  - app[more]\n  - lib<1.1\n"
            f"variables: {{STAGE: trial}}\nwheelbridge:\n  indexes: [here={index.url}]\n",
            encoding="utf-8",
        )
        conda("create", "-y", "-p", home / "made", "--file", file)
        yield Stage(conda, file, home / "made", index.url)


def test_solves_a_file_with_a_table_jointly(stage: Stage) -> None:
    """The classic solver has no say: wheels and conda packages come in conda's own transaction, and work."""
    assert stage.names == {"python", "app", "extra-thing", "lib"}
    assert run_python(stage.prefix, "-c", "import app; app.main()") == "app on lib 1.0\n"
    assert stage.conda.packages(stage.prefix)["app"]["base_url"] == stage.index


def test_writes_down_what_the_file_asks_for(stage: Stage) -> None:
    """To conda every explicit package was asked for, and variables of explicit files count for nothing."""
    assert (stage.prefix / HISTORY).read_text().endswith(ASKED)
    assert json.loads((stage.prefix / "conda-meta/state").read_text()) == {"env_vars": {"STAGE": "trial"}}
    marked = {path.parent.name for path in stage.prefix.glob("lib/python*/site-packages/*.dist-info/REQUESTED")}
    assert marked == {"app-1.0.dist-info", "lib-1.0.dist-info"}


def test_writes_an_environment_file_that_asks_for_the_same(stage: Stage) -> None:
    """Requirements stand there as they were written, with the index that they are from."""
    said = stage.conda(
        "export", "-p", stage.prefix, "--format", "wheelbridge-environment", "--from-history", "--no-builds"
    )

    for line in ("- python", "- pip:", f"  - --index-url {stage.index}", "  - app[more]", "  - lib<1.1"):
        assert line in said.out.splitlines()


@pytest.mark.parametrize("name", LOCKS)
def test_makes_of_a_lock_what_was_locked(stage: Stage, tmp_path: Path, name: str) -> None:
    """Exported, created and exported again: the same text, and so the same records; `remove` takes one thing."""
    lock = stage.export(name)
    copy = tmp_path / "copy"

    stage.conda("create", "-y", "-p", copy, "--file", lock)

    again = stage.conda("export", "-p", copy, "--format", LOCKS[name], "--file", stage.conda.home / f"again.{name}")
    assert again.code == 0
    assert (stage.conda.home / f"again.{name}").read_text() == lock.read_text()
    stage.conda("remove", "-y", "-p", copy, "app")
    assert set(stage.conda.packages(copy)) == {"python", "lib"}


def test_has_nothing_to_do_the_second_time(stage: Stage) -> None:
    """Neither does conda solve for nothing, nor write an empty section into the history."""
    before = (stage.prefix / HISTORY).read_text()

    for command in (("install", "-y"), ("env", "update")):
        said = stage.conda(*command, "-p", stage.prefix, "--file", stage.file)
        assert "All requested packages already installed" in said.out

    assert (stage.prefix / HISTORY).read_text() == before


def test_adds_a_file_to_an_environment(stage: Stage, tmp_path: Path) -> None:
    """`conda env update`, which installs explicit packages by their specs alone, asks for the same."""
    stage.conda("create", "-y", "-p", tmp_path / "env", "python")

    stage.conda("env", "update", "-p", tmp_path / "env", "-f", stage.file)

    assert set(stage.conda.packages(tmp_path / "env")) == stage.names
    assert (tmp_path / "env" / HISTORY).read_text().endswith(ASKED)


def test_logs_in_to_an_index(stage: Stage, wheels: dict[str, list[Path]], tmp_path: Path) -> None:
    """Wheels are fetched by us, with the login of their index, which nothing keeps."""
    with LoopbackIndex({"lib": wheels["lib"]}) as private:
        private.fail("/", login(b64encode(b"me:pa55word").decode()))
        url = private.url.replace("://", "://me:${SESAME}@")
        needs = f"dependencies:\n- python\n- pip:\n  - lib\nwheelbridge:\n  indexes: ['private={url}']\n"
        file = stage.write("private.wheelbridge.yml", f"channels: {stage.conda.settings['channels']}\n{needs}")
        conda = Conda(stage.conda.home, stage.conda.settings, {"SESAME": "pa55word"})

        said = conda("create", "-y", "-p", tmp_path / "env", "--file", file)

    kept = [path.read_text() for path in (tmp_path / "env/conda-meta").rglob("*") if path.is_file()]
    assert "pa55word" not in "".join((said.out, said.err, *kept))
    assert conda.packages(tmp_path / "env")["lib"]["version"] == "1.1"


def test_a_dry_run_shows_the_solution(stage: Stage, tmp_path: Path) -> None:
    """What would be linked is there as for conda's own solves, and nothing is touched."""
    said = stage.conda("create", "--dry-run", "--json", "-p", tmp_path / "env", "--file", stage.file)

    answer = json.loads(said.out[said.out.index("{") :])
    assert (answer["success"], answer["dry_run"]) == (True, True)
    assert {package["name"] for package in answer["actions"]["LINK"]} == stage.names
    assert not (tmp_path / "env").exists()


def test_asks_before_what_nobody_has_seen(stage: Stage, tmp_path: Path) -> None:
    """The plan of a solve is shown first; conda does not ask for explicit packages."""
    said = stage.conda("create", "-p", tmp_path / "env", "--file", stage.file, answer="n\n")

    assert "The following NEW packages will be INSTALLED" in said.out
    assert not (tmp_path / "env").exists()


def test_two_readers_of_one_file_are_told_apart_by_format(stage: Stage, tmp_path: Path) -> None:
    """A file with the table is never read without it by chance; its format can be named."""
    file = stage.write("other.yml", stage.file.read_text())
    create = ("create", "--dry-run", "-p", tmp_path / "env", "--file", file)

    assert "wheelbridge-environment" in stage.conda(*create, code=1).err
    assert "app" in stage.conda(*create, "--format", "wheelbridge-environment").out


def test_leaves_files_without_a_table_to_conda(stage: Stage, tmp_path: Path) -> None:
    """An environment file of conda's is read by conda, whatever it is called."""
    for name in ("environment.yml", "plain.yml"):
        file = stage.write(name, "name: plain\ndependencies: [python]\n")
        said = stage.conda("create", "--dry-run", "-p", tmp_path / "env", "--file", file)
        assert "Collecting package metadata" in said.out


def test_reads_a_project_by_its_format(stage: Stage, tmp_path: Path) -> None:
    """A `pyproject.toml` names no indexes: they are those that are configured."""
    file = stage.write("pyproject.toml", '[project]\nname = "x"\nversion = "1"\ndependencies = ["lib<1.1"]\n')
    settings = {**stage.conda.settings, "plugins": {"wheelbridge_indexes": [f"here={stage.index}"]}}
    conda = Conda(stage.conda.home, settings)

    said = conda("create", "--dry-run", "-p", tmp_path / "env", "--file", file, "--format", "wheelbridge-environment")

    assert re.search(r"^  lib +simple/noarch::lib-1.0-", said.out, re.MULTILINE)


def test_refuses_several_files(stage: Stage) -> None:
    """Conda would hand over each file for itself; we say who can solve them together, and before any is solved."""
    second = stage.write("second.wheelbridge.yml", stage.file.read_text())
    files = ("--file", stage.file, "--file", second)

    said = stage.conda("install", "-y", "-p", stage.prefix, *files, code=1)

    assert "SeveralFilesError" in said.err
    assert f"conda wheelbridge install -p {stage.prefix} -f {stage.file} -f {second}" in said.err


@pytest.mark.parametrize("name", ["stack.wheelbridge.yml", "pixi.lock"])
def test_refuses_packages_beside_a_file(stage: Stage, name: str) -> None:
    """They are not left out where the file has nothing new; who can solve both together is said before any solve."""
    file = stage.file if name == stage.file.name else stage.export(name)
    channel = ("-c", stage.conda.settings["channels"][0])

    said = stage.conda("install", "-y", "-p", stage.prefix, *channel, "--file", file, "nowhere>1", code=1)

    assert "'nowhere>1' would be solved without" in said.err
    command = f"conda wheelbridge install -p {stage.prefix} -c {channel[1]} -f {file} 'nowhere>1'"
    assert f"{command}." in said.err


def test_refuses_default_packages_beside_a_file(stage: Stage, tmp_path: Path) -> None:
    """``create_default_packages`` count only where the file has them: a plan without them would not be what comes."""
    create = ("create", "-d", "-p", tmp_path / "env", "--file", stage.file)
    having, more = (
        Conda(stage.conda.home, {**stage.conda.settings, "create_default_packages": names}) for names in DEFAULTS
    )

    assert "app" in having(*create).out
    said = more(*create, code=1)

    assert f"conda wheelbridge create -p {tmp_path / 'env'} -f {stage.file} small" in said.err
    assert "--no-default-packages" in said.err
    assert "app" in more(*create, "--no-default-packages").out


def test_refuses_what_explicit_packages_cannot_say(stage: Stage, wheels: dict[str, list[Path]], tmp_path: Path) -> None:
    """A wheel that is asked for by its path needs `direct_url.json`, and what has to go cannot be said at all."""
    direct = stage.write("direct.wheelbridge.yml", f"dependencies:\n- python\n- pip:\n  - {wheels['lib'][0]}\n")
    said = stage.conda("create", "-y", "-p", tmp_path / "env", "--file", direct, code=1)
    assert f"conda wheelbridge create -p {tmp_path / 'env'} -f {direct}" in said.err

    lib = re.search(
        r"\n\[\[packages\]\]\nname = \"lib\".*?(?=\n\[tool)", stage.export("pylock.toml").read_text(), re.DOTALL
    )
    assert lib is not None
    less = stage.write("pylock.less.toml", f'lock-version = "1.0"\ncreated-by = "another"\n{lib[0]}\n')
    said = stage.conda("install", "-y", "-p", stage.prefix, "--file", less, code=1)
    assert "app, extra-thing would have to go" in said.err
    assert f"conda wheelbridge sync -p {stage.prefix} {less}" in said.err
    assert "--prune" in stage.conda("env", "update", "--prune", "-p", stage.prefix, "-f", less, code=2).err
    assert stage.names == {"python", "app", "extra-thing", "lib"}


def test_checks_the_hashes_of_a_lock(stage: Stage, tmp_path: Path) -> None:
    """A wheel that is not the one that was locked ends the command before anything is linked."""
    text = stage.export("pixi.lock").read_text()
    (digest,) = set(re.findall(r"/files/([0-9a-f]{64})/lib-1.0-", text))
    forged = stage.write("forged.pixi.lock", re.sub(rf"(sha256\W+){digest}", rf"\g<1>{'0' * 64}", text))
    other = make_conda(tmp_path / "conda", stage.conda.settings["channels"])

    said = other("create", "-y", "-p", tmp_path / "env", "--file", forged, code=1)

    assert "HashMismatch" in said.err
    assert not (tmp_path / "env/conda-meta/history").exists()


def test_says_which_platforms_a_file_is_for(stage: Stage, tmp_path: Path) -> None:
    """A lock that lacks the platform is refused by conda; a lock of another platform takes a joint solve."""
    lock = stage.export("pixi.lock")

    said = stage.conda("create", "-p", tmp_path / "env", "--file", lock, "--platform", "osx-arm64", code=1)

    assert "PlatformMismatchError" in said.err
    twice = ("--platform", "linux-64", "--platform", "osx-arm64")
    said = stage.conda("export", "-p", stage.prefix, "--format", "wheelbridge-pixi-lock", *twice, code=1)
    assert "Multiple platforms are not supported" in said.err


def test_a_lock_is_exact(stage: Stage) -> None:
    """What was asked for is no lock."""
    said = stage.conda("export", "-p", stage.prefix, "--format", "wheelbridge-pylock", "--from-history", code=2)

    assert "A lock says exactly what is there" in said.err


def test_reads_no_file_of_somewhere_else(stage: Stage, tmp_path: Path) -> None:
    """What is installed should have been seen."""
    said = stage.conda("create", "-p", tmp_path / "env", "--file", "https://host.example/pixi.lock", code=1)

    assert "https://host.example/pixi.lock is not on this machine" in said.err


def test_compares_an_environment_with_its_files(stage: Stage) -> None:
    """`conda compare` has the specs of a file, and the versions of a lock."""
    for file in (stage.file, stage.export("pixi.lock")):
        assert "Success" in stage.conda("compare", "-p", stage.prefix, file).out


def test_what_conda_writes_as_explicit_is_made_anew(stage: Stage, tmp_path: Path) -> None:
    """Conda's own list of URLs has the wheels' own, which our extractor unpacks."""
    listed = stage.write("explicit.txt", stage.conda("list", "-p", stage.prefix, "--explicit", "--sha256").out)

    stage.conda("create", "-y", "-p", tmp_path / "env", "--file", listed)

    assert set(stage.conda.packages(tmp_path / "env")) == stage.names
    assert run_python(tmp_path / "env", "-c", "import app; app.main()") == "app on lib 1.0\n"


def test_leaves_names_to_other_plugins(stage: Stage, tmp_path: Path) -> None:
    """Two formats of one name end each of conda's commands; what another plugin calls so is its own."""
    info = tmp_path / "other-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[conda]\nother = other_formats\n")
    (tmp_path / "other_formats.py").write_text(
        "from conda.plugins import hookimpl\nfrom conda.plugins.types import CondaEnvironmentExporter\n\n\n"
        "@hookimpl\ndef conda_environment_exporters():\n"
        "    yield CondaEnvironmentExporter(name='other', aliases=('pylock',), default_filenames=('pixi.lock',),\n"
        "                                   export=lambda environment: 'theirs')\n"
    )
    conda = Conda(stage.conda.home, stage.conda.settings, {"PYTHONPATH": str(tmp_path)})

    assert conda("export", "-p", stage.prefix, "--format", "pylock").out == "theirs\n"
    conda("export", "-p", stage.prefix, "--file", tmp_path / "pixi.lock")
    assert (tmp_path / "pixi.lock").read_text() == "theirs\n"
    conda("export", "-p", stage.prefix, "--file", tmp_path / "pylock.toml")
    assert (tmp_path / "pylock.toml").read_text().startswith("lock-version")


@pytest.mark.parametrize("name", ["stack.wheelbridge.yml", "pixi.lock"])
def test_an_old_rattler(stage: Stage, tmp_path: Path, name: str) -> None:
    """The file is known for what it is; what is missing is said with what to do."""
    info = tmp_path / "py_rattler-0.26.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: py-rattler\nVersion: 0.26.0\n")
    file = stage.file if name == stage.file.name else stage.export(name)
    old = Conda(stage.conda.home, stage.conda.settings, {"PYTHONPATH": str(tmp_path)})

    said = old("create", "-d", "-p", tmp_path / "env", "--file", file, code=1)

    assert "RattlerTooOldError" in said.err
    assert "PluginError" not in said.err
    assert "Install py-rattler 0.28 or newer" in said.err


def test_what_cannot_be_written_down_takes_nothing_back(stage: Stage, tmp_path: Path) -> None:
    """It is told, and all else is written down: the packages are there, and where they came from is known."""
    stage.conda("create", "-y", "-p", tmp_path / "env", "python")
    build = stage.conda.packages(stage.prefix)["app"]["build_string"]
    (tmp_path / f"env/conda-meta/app-1.0-{build}.json.wheelbridge").mkdir()

    said = stage.conda("install", "-y", "-p", tmp_path / "env", "--file", stage.file)

    assert "not all of it is written down" in said.err
    assert set(stage.conda.packages(tmp_path / "env")) == stage.names
    assert (tmp_path / "env" / HISTORY).read_text().endswith(ASKED)
    assert stage.index in (tmp_path / "env/conda-meta/wheelbridge").read_text()
