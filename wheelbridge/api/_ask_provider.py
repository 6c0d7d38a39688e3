"""Ask a provider plugin what this machine supports: ``python -I _ask_provider.py MODULE[:OBJECT] ANSWER PACKAGE…``.

It runs in the provider's environment, where there is no wheelbridge: the standard library alone. The answer goes into a
file, since a plugin may print what it likes.
"""

import inspect
import json
import re
import sys
from importlib import import_module
from importlib.metadata import packages_distributions
from operator import attrgetter
from pathlib import Path
from typing import Any

METHOD = "get_supported_configs"


def check_origin(endpoint: str, packages: list[str]) -> None:
    """Refuse a module that is not one of *packages*: trust in them is no trust in all that can be imported."""
    top = endpoint.partition(":")[0].strip().partition(".")[0]
    owners = {canonicalize(name) for name in packages_distributions().get(top, ())}
    if not owners & set(map(canonicalize, packages)):
        sys.exit(f"{top} is no module of {', '.join(packages)}")


def canonicalize(name: str) -> str:
    """Return the normalized form of a project's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find_plugin(endpoint: str) -> Any:  # noqa: ANN401 - of whatever type its authors chose
    """Import the plugin that *endpoint* names.

    PEP 817: the functions are "implemented either as modules, or classes with class methods or static methods". Before
    it, plugins were instances, and the endpoint named what makes one: a class, or another callable.
    """
    module, _, path = endpoint.partition(":")
    found: Any = import_module(module.strip())
    if path.strip():
        found = attrgetter(path.strip())(found)
    method = inspect.getattr_static(found, METHOD, None)
    if (
        _is_of(module, found)
        and callable(found)
        and (method is None or (isinstance(found, type) and inspect.isfunction(method)))
    ):
        return found()
    return found


def _is_of(module: str, found: Any) -> bool:  # noqa: ANN401 - see above
    """Tell whether an object was made in the package of *module*; what it only imported is not called."""
    return str(getattr(found, "__module__", "")).partition(".")[0] == module.strip().partition(".")[0]


def list_supported(plugin: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - see above
    """Return the features and their values as the plugin gives them.

    Before PEP 817 the function took the properties that are in question, or None for all.
    """
    method = getattr(plugin, METHOD)
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(method).parameters.values()
    wanted = [item for item in parameters if item.kind in kinds and item.default is item.empty]
    return [(config.name, config.values) for config in method(*[None] * len(wanted))]


if __name__ == "__main__":
    check_origin(sys.argv[1], sys.argv[3:])
    Path(sys.argv[2]).write_text(json.dumps(list_supported(find_plugin(sys.argv[1]))), encoding="utf-8")
