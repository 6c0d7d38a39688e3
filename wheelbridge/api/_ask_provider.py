"""Ask a provider plugin what this machine supports: ``python -I _ask_provider.py MODULE[:OBJECT] ANSWER``.

It runs in the provider's environment, where there is no wheelbridge: the standard library alone. The answer goes into a
file, since a plugin may print what it likes.
"""

import inspect
import json
import sys
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

METHOD = "get_supported_configs"


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
    if callable(found) and (method is None or (isinstance(found, type) and inspect.isfunction(method))):
        return found()
    return found


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
    Path(sys.argv[2]).write_text(json.dumps(list_supported(find_plugin(sys.argv[1]))), encoding="utf-8")
