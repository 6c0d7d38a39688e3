"""What ``conda create --clone`` and ``conda rename`` leave behind: where packages came from, and what was asked for."""

import os
from logging import getLogger
from pathlib import Path

from conda.base.context import context
from conda.core.path_actions import Action
from conda.core.prefix_data import PrefixData

from wheelbridge.conda_plugin.command_line import said
from wheelbridge.errors import WheelbridgeError

log = getLogger(f"conda.{__name__}")
_RENAME = "conda.cli.main_rename.execute"


class InheritMemory(Action):
    """Let a new environment remember what the one remembers that conda makes it like; nothing in all other commands.

    It is worth no refusal: what fails is told.
    """

    def verify(self) -> Exception | None:
        """Have no objection."""
        self._verified = True
        return None

    def execute(self) -> None:
        """Write it down; conda has written its records and its history by now."""
        origin, prefix = _origin(), Path(str(self.target_prefix))
        if origin is None or origin.resolve() == prefix.resolve():
            return
        try:
            _inherit(origin, prefix)
        except (ImportError, ValueError, KeyError, WheelbridgeError) as error:
            log.warning("%s has the packages of %s, but not all that is remembered of them: %s", prefix, origin, error)

    def reverse(self) -> None:
        """Leave it: conda takes its records back, and what speaks of others counts for nothing."""

    def cleanup(self) -> None:
        """Do nothing: nothing was left."""


def _origin() -> Path | None:
    """Return the environment that the command copies, as conda reads its arguments; None where it copies none."""
    if said("func") == _RENAME:
        return Path(context.target_prefix)
    if not (text := str(said("clone") or "")):
        return None
    found = PrefixData(os.path.abspath(text)) if os.sep in text else PrefixData.from_name(text)  # noqa: PTH100 - as conda
    return Path(found.prefix_path)


def _inherit(origin: Path, prefix: Path) -> None:
    from wheelbridge.conda_plugin.needs import require_rattler

    require_rattler()
    from wheelbridge.api.life.inheriting import inherit

    inherit(origin, prefix)
    PrefixData(str(prefix)).reload()
