"""Wheels refused that cannot run where conda is about to link them, whoever asked for them and unpacked them.

conda itself compares no tags: it links a wheel for another python or platform without a word.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.core.package_cache_data import PackageCacheData
from conda.core.path_actions import Action
from conda.core.prefix_data import PrefixData

from wheelbridge.errors import WheelbridgeError

if TYPE_CHECKING:
    from conda.models.records import PackageRecord


_trusted: set[str] = set()


def trust_variant(url: str) -> None:
    """Say that a solve of ours has chosen the file at *url*: of its variant it knows more than the file tells."""
    _trusted.add(url)


def is_trusted(url: str) -> bool:
    """Tell whether `trust_variant` was told of a URL."""
    return url in _trusted


def is_wheel(record: "PackageRecord") -> bool:
    """Tell whether a record of conda is of a wheel, by its file's name or its URL."""
    return any(str(record.get(key) or "").partition("#")[0].endswith(".whl") for key in ("fn", "url"))


def unpacked(record: "PackageRecord") -> Path:
    """Return where conda has unpacked what it is about to link."""
    return Path(PackageCacheData.get_entry_to_link(record).extracted_package_dir)


class VerifyWheels(Action):
    """Refuse wheels that cannot run in the environment, or would share files with others, before it is changed.

    The environment's manager is at work here: a python that is marked as managed by somebody else (PEP 668) keeps other
    tools away, and not conda.
    """

    def verify(self) -> Exception | None:
        """Return what is wrong with the wheels of the transaction; None where nothing is, or nobody wants to know."""
        self._verified = True
        if not self._is_about_wheels or not self._is_wanted:
            return None
        from wheelbridge.conda_plugin.errors import as_conda_error
        from wheelbridge.conda_plugin.wheel_checks import Change, check_wheels

        unlinked = frozenset(str(record.name) for record in self.unlink_precs or ())
        place = (self.transaction_context or {}).get("target_site_packages_short_path")
        try:
            check_wheels(Change(Path(str(self.target_prefix)), tuple(self.link_precs or ()), unlinked, place))
        except WheelbridgeError as error:
            self._verified = False
            return as_conda_error(error)
        return None

    def execute(self) -> None:
        """Do nothing: all is done before."""

    def reverse(self) -> None:
        """Do nothing: nothing was done."""

    def cleanup(self) -> None:
        """Do nothing: nothing was left."""

    @property
    def _is_about_wheels(self) -> bool:
        """Whether wheels are linked, or something else where wheels are; conda has read the records by now."""
        links = self.link_precs or ()
        there = PrefixData(str(self.target_prefix)).iter_records() if links else ()
        return any(map(is_wheel, links)) or any(map(is_wheel, there))

    @property
    def _is_wanted(self) -> bool:
        plugins: Any = context.plugins
        return bool(getattr(plugins, "wheelbridge_verify_wheels", True))
