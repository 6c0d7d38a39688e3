"""The packaging hook: a wheel of wheelbridge brings the look-up files along, an editable install builds its own."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class LookupFilesHook(BuildHookInterface):
    """Builds the look-up files out of the tables."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build them, and put them into the wheel; an editable install finds, or builds, those of its checkout."""
        root = Path(self.root)
        sys.path.insert(0, str(root))
        from wheelbridge.tables.build import build_tables  # noqa: PLC0415 - the package to build is no package yet
        from wheelbridge.tables.locate import find_built  # noqa: PLC0415 - same

        if version == "editable":
            find_built(root / "mappings")
            return
        self._folder = tempfile.TemporaryDirectory(prefix="wheelbridge-tables-")
        build_tables(root / "mappings", Path(self._folder.name))
        build_data["force_include"][self._folder.name] = "wheelbridge/_data/built"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Forget the files: the wheel has them."""
        del build_data, artifact_path
        if version != "editable":
            self._folder.cleanup()
