"""A plugin must come from the packages that the user trusts: a release may name any module and any object."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from packaging.version import Version

from wheelbridge.api._ask_provider import Packages, find_plugin


def install(folder: Path, name: str, files: dict[str, str]) -> None:
    """Put a distribution where Python finds it."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    for place, text in files.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")
    (info / "RECORD").write_text("".join(f"{place},,\n" for place in files), encoding="utf-8")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two distributions of one namespace package, and one whose plugin stands in a sibling module."""
    tmp_path = tmp_path_factory.mktemp("site")
    plugin = "class Plugin:\n    def get_supported_configs(self):\n        return []\n"
    install(tmp_path, "vendor-good", {"vendorspace/good.py": plugin})
    install(tmp_path, "vendor-evil", {"vendorspace/evil.py": plugin})
    facade = "from os import abort\nfrom _facade_impl import Plugin\n"
    install(tmp_path, "facade", {"facade/__init__.py": facade, "_facade_impl.py": plugin})
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        yield


@pytest.mark.usefixtures("installed")
class TestModules:
    """A module is trusted if it is a file of a trusted distribution."""

    @pytest.mark.parametrize(
        ("module", "expected"),
        [
            ("vendorspace.good", True),
            ("vendorspace.evil", False),
            ("vendorspace", False),
            ("vendorspace.nothing", False),
            ("os", False),
            ("json.tool", False),
            ("facade", False),
        ],
    )
    def test_only_its_own_files(self, module: str, expected: bool) -> None:
        """Neither the standard library, nor another package, nor another part of a namespace."""
        assert Packages(["vendor-good"]).have(module) is expected

    @pytest.mark.parametrize("endpoint", ["vendorspace.evil:Plugin", "os:abort", "http.server:test"])
    def test_others_are_not_imported(self, endpoint: str) -> None:
        """The reason names the module and the packages."""
        with pytest.raises(SystemExit, match="is no module of vendor-good"):
            find_plugin(endpoint, Packages(["vendor-good"]))


@pytest.mark.usefixtures("installed")
class TestObjects:
    """What is called must be made by a trusted distribution, wherever it is reached from."""

    def test_a_class_of_a_sibling_module_is_made(self) -> None:
        """A package may show what a private module of it has."""
        made = find_plugin("facade:Plugin", Packages(["facade"]))

        assert made.get_supported_configs() == []

    def test_what_is_only_imported_is_not_called(self) -> None:
        """It comes back as it is, and then has nothing to say."""
        assert find_plugin("facade:abort", Packages(["facade"])) is os.abort

    def test_a_partial_is_judged_by_its_function(self) -> None:
        """And an object of a package that has files is told from a builtin."""
        packages = Packages(["packaging"])

        assert packages.made(Version)
        assert packages.made(partial(Version, "1"))
        assert not packages.made(partial(os.abort))
        assert not packages.made(print)
