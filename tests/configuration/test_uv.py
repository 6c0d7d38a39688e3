"""uv's configuration, with uv itself as the oracle of the order of its indexes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wheelbridge.configuration.imported import Imported
from wheelbridge.configuration.uv import import_uv
from wheelbridge.configuration.values import RouteChoice

PUBLIC = "https://public.example/simple"


def read(file: Path | None = None) -> Imported:
    """Import what the environment says."""
    return import_uv(file, os.environ, PUBLIC)


def indexes(*urls: str, default: str = "", explicit: str = "") -> str:
    """Write tables of indexes, named by their hosts."""
    return "".join(
        f'[[index]]\nname = "{url[8:].partition(".")[0]}"\nurl = "{url}"\n'
        f"default = {str(url == default).lower()}\nexplicit = {str(url == explicit).lower()}\n"
        for url in urls
    )


A, B, C, D = (f"https://{name}.example/s" for name in "abcd")
CONFIGURATIONS = [
    pytest.param("", {}, [PUBLIC], id="nothing"),
    pytest.param(indexes(A, B), {}, [A, B, PUBLIC], id="in order"),
    pytest.param(indexes(A, B, C, default=A), {}, [B, C, A], id="default last"),
    pytest.param(f'index-url = "{A}"\nextra-index-url = ["{B}", "{C}"]', {}, [B, C, A], id="pip's words"),
    pytest.param(f'extra-index-url = ["{B}"]\n{indexes(A)}', {}, [A, B, PUBLIC], id="both"),
    pytest.param(indexes(A), {"UV_INDEX": f"{B} n={C}"}, [B, C, A, PUBLIC], id="UV_INDEX"),
    pytest.param(indexes(A, B, default=B), {"UV_DEFAULT_INDEX": D}, [A, D], id="UV_DEFAULT_INDEX"),
    pytest.param(indexes(A), {"UV_INDEX_URL": D, "UV_EXTRA_INDEX_URL": f"{B} {C}"}, [B, C, A, D], id="old variables"),
    pytest.param(indexes(A, B), {"UV_INDEX": f"a={C}"}, [C, B, PUBLIC], id="the first of a name"),
]


@pytest.mark.parametrize(("text", "variables", "urls"), CONFIGURATIONS)
class TestOrder:
    """uv: "indexes are prioritized in the order in which they're defined", the default one last."""

    @pytest.fixture(autouse=True)
    def places(self, alone: Path, monkeypatch: pytest.MonkeyPatch, text: str, variables: dict[str, str]) -> None:
        """Write the project's file; set the variables."""
        (alone / "work" / "uv.toml").write_text(text)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    def test_here(self, urls: list[str]) -> None:
        """The public index goes by its name."""
        found = [source.text for source in read().configuration.sources]

        assert found == ["pypi" if url == PUBLIC else url for url in urls]

    def test_in_uv(self, alone: Path, urls: list[str]) -> None:
        """``--show-settings`` tells; uv itself puts the first default last when it asks."""
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        if uv is None:
            pytest.skip("no uv")
        (alone / "work" / "in.txt").touch()
        command = [uv, "pip", "compile", "in.txt", "--show-settings"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        block = said.partition("index_locations: IndexLocations {")[2]
        seen: dict[str, tuple[str, bool]] = {}
        found = r"name: (?:None|Some\(\s*IndexName\(\s*\"(\w+)\".*?).*?given: Some\(\s*\"([^\"]*)\".*?default: (\w+)"
        for number, (name, url, default) in enumerate(re.findall(found, block, re.DOTALL)):
            seen.setdefault(name or str(number), (url, default == "true"))
        order = [url for url, default in seen.values() if not default]
        last = next((url for url, default in seen.values() if default), PUBLIC)

        assert [*order, last] == urls


@pytest.mark.parametrize(
    ("strategy", "claim"),
    [
        ("", "strict"),
        ("first-index", "strict"),
        ("unsafe-first-match", "flexible"),
        ("unsafe-best-match", "disabled"),
    ],
)
@pytest.mark.parametrize("by_variable", [False, True], ids=["file", "variable"])
def test_strategies_are_claims(
    alone: Path, monkeypatch: pytest.MonkeyPatch, strategy: str, claim: str, by_variable: bool
) -> None:
    """Each index has the claim; channels keep theirs."""
    line = f'index-strategy = "{strategy}"\n' if strategy and not by_variable else ""
    (alone / "work" / "uv.toml").write_text(line + indexes(A))
    if strategy and by_variable:
        monkeypatch.setenv("UV_INDEX_STRATEGY", strategy)

    assert {source.claim for source in read().configuration.sources} == {claim}


def test_what_is_taken_over_and_what_is_not(alone: Path) -> None:
    """Every setting about sources comes out somewhere."""
    (alone / "work" / "wheels").mkdir()
    (alone / "work" / "pyproject.toml").write_text(
        f"""
        [tool.uv]
        find-links = ["wheels", "https://links.example/page.html"]
        exclude-newer = "2026-01-31T00:00:00Z"
        no-index = true
        [[tool.uv.index]]
        name = "cu"
        url = "https://me:s3cret@cu.example/whl"
        explicit = true
        ignore-error-codes = [401, 403]
        authenticate = "always"
        [[tool.uv.index]]
        name = "flat"
        url = "https://flat.example/page.html"
        format = "flat"
        [tool.uv.sources]
        Torch_Vision = [{{index = "cu", marker = "sys_platform == 'linux'"}}, {{index = "pypi"}}]
        torch = {{index = "cu"}}
        here = {{path = "../here"}}
        extra = {{index = "cu", extra = "gpu"}}
        lost = {{index = "nowhere"}}
        [tool.uv.pip]
        index-url = "{A}"
        """
    )
    found = read()
    configuration = found.configuration
    cu = configuration.sources[0]

    assert (cu.name, cu.text, cu.explicit) == ("cu", "https://cu.example/whl", True)
    assert cu.missing_codes == frozenset({401, 403})
    assert [source.name for source in configuration.sources] == ["cu", "pypi", "wheels"]
    assert configuration.exclude_newer is not None
    assert [(route.pattern, route.choices) for route in configuration.routes] == [
        ("pypi:torch-vision", (RouteChoice("cu", "sys_platform == 'linux'"), RouteChoice("pypi"))),
        ("pypi:torch", (RouteChoice("cu"),)),
    ]
    assert {one.name.removeprefix("tool.uv.") for one in found.left_out} == {
        "find-links https://links.example/page.html",
        "no-index",
        "index[0].authenticate",
        "index[1]",
        "sources.here",
        "sources.extra",
        "sources.lost",
        "pip",
        "the login of https://cu.example/whl",
    }
    assert "s3cret" not in repr(found)


def test_layers(alone: Path) -> None:
    """The project's indexes stand before the user's."""
    (alone / "work" / "uv.toml").write_text(indexes(A))
    (alone / "config" / "uv").mkdir(parents=True)
    (alone / "config" / "uv" / "uv.toml").write_text(indexes(B))

    assert [source.text for source in read().configuration.sources] == [A, B, "pypi"]


def test_an_age_is_left_to_the_user(alone: Path) -> None:
    """A file that says "7 days" would say a fixed day here."""
    (alone / "work" / "uv.toml").write_text('exclude-newer = "2 weeks"')
    (left,) = read().left_out

    assert (left.name, left.reason) == ("exclude-newer", 'it is an age; write exclude-newer = "14d"')
