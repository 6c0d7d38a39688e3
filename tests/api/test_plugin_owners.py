from pathlib import Path

import pytest

from wheelbridge.api.demo import build_wheel
from wheelbridge.api.places import Caches
from wheelbridge.api.provider_errors import ProviderFailedError
from wheelbridge.api.providers import Provider, open_providers
from wheelbridge.model.source import Route, Source
from wheelbridge.model.variant import VariantProvider

PROVIDER = VariantProvider(namespace="corp", kind="plugin", requires=("corp-plugin",), plugin_api="corp_plugin:Plugin")


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Where a plugin leaves its mark when it is run."""
    return tmp_path / "trace"


@pytest.fixture
def sources(tmp_path: Path, trace: Path) -> tuple[Source, Source]:
    """A private index with a plugin, above a public one where somebody took its name."""
    code = f"open({str(trace)!r}, 'a').write('run')\n"
    code += "class Plugin:\n    namespace = 'corp'\n    def get_supported_configs(self):\n        return []\n"
    found = []
    for tier, name in enumerate(("corp", "pypi")):
        folder = tmp_path / name
        folder.mkdir()
        build_wheel(folder, "corp_plugin", f"{tier}.0", {"corp_plugin.py": code})
        found.append(Source(name, "index", folder.as_uri(), tier, claim="flexible" if tier else "strict"))
    return found[0], found[1]


def open_public(sources: tuple[Source, Source], tmp_path: Path, routes: tuple[Route, ...] = ()) -> Provider:
    """Return the public index, as a solve has it."""
    caches = Caches(tmp_path / "cache")
    return open_providers(sources, caches, trusted=["corp-plugin"], routes=routes)["pypi"]


def test_a_trusted_name_is_not_taken_over(sources: tuple[Source, Source], tmp_path: Path, trace: Path) -> None:
    """A release on the public index names the trusted plugin: its own one is not run."""
    plugins = open_public(sources, tmp_path).plugins
    assert plugins is not None

    with pytest.raises(ProviderFailedError, match="is on pypi, and corp, which stands above, has it too") as caught:
        plugins(PROVIDER)
    assert caught.value.hint == "If the one of pypi is what you want: --route corp-plugin=pypi."
    assert not trace.exists()


def test_a_route_lets_it_run(sources: tuple[Source, Source], tmp_path: Path, trace: Path) -> None:
    """The user's word."""
    plugins = open_public(sources, tmp_path, (Route(pattern="corp-plugin", sources=("pypi",)),)).plugins
    assert plugins is not None
    plugins(PROVIDER)

    assert trace.exists()
