"""conda-pypi beside us, in a real conda that has both: what it makes is understood, and neither stands in the way."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real_python import RealChannel
from tests.realconda import NAMED, Conda, make_conda, run_python
from wheelbridge.api.demo import build_wheel


@dataclass(frozen=True)
class Stage:
    """A conda with both plugins, a folder of wheels that conda-pypi made a channel, and a wheel for another python."""

    conda: Conda
    listed: Path
    wrong: Path
    pure: Path

    def create(self, prefix: Path, *specs: object) -> None:
        """Make an environment out of the channel that conda-pypi made."""
        self.conda("wheelbridge", "create", "-p", prefix, *self.channels, "-y", "python", *specs)

    @property
    def channels(self) -> tuple[str, ...]:
        """The options that name the channel, and those that are configured."""
        urls = (self.listed.as_uri(), *self.conda.settings["channels"])
        return tuple(word for url in urls for word in ("-c", url))


@pytest.fixture(scope="module")
def both(plugin: None) -> None:
    """Skip, loudly, where conda has no conda-pypi beside us."""
    del plugin
    python = str(NAMED) if Path(str(NAMED)).name.startswith("python") else str(Path(str(NAMED)).with_name("python"))
    done = subprocess.run([python, "-c", "import conda_pypi"], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"the conda of {NAMED} has no conda-pypi; nothing was tried with both")


@pytest.fixture(scope="module")
def stage(both: None, tmp_path_factory: pytest.TempPathFactory, real_channel: RealChannel) -> Stage:
    """Both plugins, with a channel of wheels by ``conda pypi index``."""
    del both
    folder = tmp_path_factory.mktemp("pypi")
    conda = make_conda(folder / "conda", [real_channel.url])
    listed = folder / "listed"
    for project in ("long_name", "extra_thing"):  # it wants one folder for each
        (listed / project).mkdir(parents=True)
    needs = "Requires-Dist: extra-thing; extra == 'more'\nProvides-Extra: more\n"
    code = {
        "long_name.py": "",
        "long_name-1.0.dist-info/entry_points.txt": "[console_scripts]\nlong = long_name:main\n",
    }
    pure = build_wheel(listed / "long_name", "long_name", "1.0", code, needs)
    build_wheel(listed / "long_name", "long_name", "2.0.dev1", code, needs)
    build_wheel(listed / "extra_thing", "extra_thing", "1.0", {"extra_thing.py": ""})
    wrong = build_wheel(folder, "compiled", "1.0", {"compiled.py": ""}, tag="cp38-cp38-manylinux_2_17_x86_64")
    conda("pypi", "index", listed)
    return Stage(conda, listed, wrong, pure)


@pytest.fixture(scope="module")
def made(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment out of the channel; the tests leave it as it is."""
    prefix = tmp_path_factory.mktemp("made") / "env"
    stage.create(prefix, "long-name[extras=[more]]")
    return prefix


def test_its_channel_is_a_source(stage: Stage, made: Path) -> None:
    """Its records solve with conda's packages: an extra brings what it needs, a pre-release stays behind."""
    found = stage.conda.packages(made)

    assert (found["long-name"]["version"], found["extra-thing"]["version"]) == ("1.0", "1.0")
    assert found["long-name"]["base_url"] == stage.listed.as_uri()
    assert "1.0" in run_python(made, "-c", "import importlib.metadata as m; print(m.version('long-name'))")
    assert (made / "bin" / "long").is_file()


def test_its_channel_and_our_solver(stage: Stage, tmp_path: Path) -> None:
    """``conda create --solver wheelbridge`` takes wheels from its channel, which ``classic`` does not see."""
    specs = ("python", "long-name", "--solver", "wheelbridge")

    stage.conda("create", "-p", tmp_path / "env", "-c", stage.listed.as_uri(), *specs, "-y")

    assert stage.conda.packages(tmp_path / "env")["long-name"]["version"] == "1.0"


@pytest.mark.parametrize(
    "command",
    [
        ("info",),
        ("--help",),
        ("plugins", "list"),
        ("config", "--show"),
        ("pypi", "--help"),
        ("wheelbridge", "--help"),
        ("doctor", "--list"),
        ("list", "-p", "PREFIX"),
        ("export", "-p", "PREFIX"),
        ("doctor", "-p", "PREFIX", "external-packages"),
        ("doctor", "-p", "PREFIX", "wheelbridge-tags"),
    ],
    ids=" ".join,
)
def test_neither_stands_in_the_way(stage: Stage, made: Path, command: tuple[str, ...]) -> None:
    """No name of a hook is used twice, which conda would call an error on every command."""
    ran = stage.conda(*(made if word == "PREFIX" else word for word in command))

    assert "PluginError" not in ran.err
    assert "Traceback" not in ran.err


@pytest.fixture(scope="module")
def theirs(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with a wheel that its extractor unpacked, and a converted package; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("its")
    stage.conda("create", "-p", folder / "env", "python", "-y")
    stage.conda("install", "-p", folder / "env", stage.pure, "-y")
    stage.conda("pypi", "convert", stage.wrong, "--output-folder", folder / "converted")
    (package,) = (folder / "converted").rglob("*.conda")
    stage.conda("install", "-p", folder / "env", package, "-y")
    return folder / "env"


class TestAnEnvironmentOfIts:
    """What conda-pypi put into an environment: wheels as they are, and packages converted from wheels."""

    def test_its_extractor_unpacks(self, theirs: Path) -> None:
        """Of two extractors conda takes the last name silently: ours steps back where conda-pypi is installed."""
        (installer,) = theirs.glob("lib/python*/site-packages/long_name-1.0.dist-info/INSTALLER")

        assert installer.read_text(encoding="utf-8").strip() == "conda-via-whl"

    def test_is_read(self, stage: Stage, theirs: Path) -> None:
        """Each is called what it is, and why it is there."""
        said = stage.conda("wheelbridge", "list", "-p", theirs, "--json").json["packages"]
        kinds = {package["name"].replace("_", "-"): package["kind"] for package in said}

        assert (kinds["long-name"], kinds["compiled"]) == ("wheel", "conda")
        assert "you asked for it" in stage.conda("wheelbridge", "why", "-p", theirs, "compiled").out

    def test_a_converted_wheel_for_another_python_is_found(self, stage: Stage, theirs: Path) -> None:
        """Its package says that any python will do; the wheel's own tags say which."""
        ran = stage.conda("wheelbridge", "check", "-p", theirs, "--json", code=1)
        wrong = [finding for finding in ran.json["findings"] if finding["code"] == "wrong-tags"]

        assert [finding["project"] for finding in wrong] == ["compiled"]

    def test_can_be_changed(self, stage: Stage, theirs: Path, tmp_path: Path) -> None:
        """One thing comes, and one thing goes; the rest stays."""
        copy = shutil.copytree(theirs, tmp_path / "copy", symlinks=True)
        before = stage.conda.packages(copy).keys()

        stage.conda("wheelbridge", "install", "-p", copy, *stage.channels, "extra-thing", "-y")
        stage.conda("wheelbridge", "remove", "-p", copy, "compiled", "-y")

        assert stage.conda.packages(copy).keys() == {"extra-thing", *before} - {"compiled"}


def test_plain_conda_refuses_a_wheel_for_another_python(stage: Stage, tmp_path: Path) -> None:
    """Whoever unpacks the wheel: it is looked at before it is linked. conda-pypi alone installs it, with rc 0."""
    stage.conda("create", "-p", tmp_path / "env", "python", "-y")

    ran = stage.conda("install", "-p", tmp_path / "env", stage.wrong, "-y", code=1)

    assert "compiled-1.0-cp38-cp38-manylinux_2_17_x86_64.whl" in ran.err
    assert "compiled" not in stage.conda.packages(tmp_path / "env")
