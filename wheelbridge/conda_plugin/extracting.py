"""Whether conda unpacks wheels by us; it asks with every spec that it reads.

Of two extractors for ``.whl`` conda silently takes the one whose name is the last in the alphabet, which is ours. So
ours is offered only where conda-pypi is not installed, unless the user says otherwise.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from conda.base.context import context
from conda.common.configuration import ConfigurationError
from conda.plugins.types import CondaPackageExtractor

_OTHER = "conda_pypi"


def extract(source: str, directory: str) -> None:
    """Unpack the wheel *source* into *directory*; what it takes is imported with the first wheel.

    Raises:
        CondaError: if the setting is wrong, or the wheel cannot be unpacked.
    """
    _setting()
    from wheelbridge.conda_plugin.wheel_packages import extract_wheel

    extract_wheel(Path(source), Path(directory))


_OURS = CondaPackageExtractor(name="wheelbridge-wheel", extensions=[".whl"], extract=extract)


def extractors() -> tuple[CondaPackageExtractor, ...]:
    """Return our extractor where the setting ``wheelbridge_extract_wheels`` and other plugins leave wheels to it."""
    return _offered(_wish())


@cache
def _offered(wish: str) -> tuple[CondaPackageExtractor, ...]:
    ours = wish == "always" or (wish == "auto" and find_spec(_OTHER) is None)
    return (_OURS,) if ours else ()


def _wish() -> str:
    """Return the setting; one that is wrong stops nobody who has no wheel to unpack."""
    try:
        return _setting()
    except ConfigurationError:
        return "auto"


def _setting() -> str:
    plugins: Any = context.plugins
    return str(getattr(plugins, "wheelbridge_extract_wheels", "auto"))
