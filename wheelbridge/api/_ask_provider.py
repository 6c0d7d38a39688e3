"""Ask a provider plugin what this machine supports: ``python -I _ask_provider.py MODULE[:OBJECT] ANSWER PACKAGE…``.

It runs in the provider's environment, where there is no wheelbridge: the standard library alone. The answer goes into a
file, since a plugin may print what it likes.
"""

import builtins
import inspect
import json
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import distribution
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import Any

METHOD = "get_supported_configs"


class Packages:
    """The distributions that the user trusts: trust in them is no trust in all that can be imported."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = ", ".join(names)
        self._files = {Path(str(file.locate())).resolve() for name in names for file in distribution(name).files or ()}

    def have(self, module: str) -> bool:
        """Tell whether *module* is one of theirs; no parent of another distribution is imported for it."""
        parts = module.split(".")
        spec = None
        for end in range(1, len(parts) + 1):
            spec = find_spec(".".join(parts[:end]))
            if spec is None or (spec.origin is not None and Path(spec.origin).resolve() not in self._files):
                return False
        return spec is not None and spec.origin is not None

    def made(self, found: Any) -> bool:  # noqa: ANN401 - whatever the module has
        """Tell whether an object is their own; what a module of theirs only imported is not called."""
        if isinstance(found, partial):
            return self.made(found.func)
        module = getattr(found, "__module__", None) or type(found).__module__
        if module == builtins.__name__:  # as compiled classes say
            return found not in vars(builtins).values()
        return self.have(module)


def find_plugin(endpoint: str, packages: Packages) -> Any:  # noqa: ANN401 - of whatever type its authors chose
    """Import the plugin that *endpoint* names.

    PEP 817: the functions are "implemented either as modules, or classes with class methods or static methods". Before
    it, plugins were instances, and the endpoint named what makes one: a class, or another callable.
    """
    module, _, path = endpoint.partition(":")
    if not packages.have(module.strip()):
        sys.exit(f"{module.strip()} is no module of {packages.names}")
    found: Any = import_module(module.strip())
    if path.strip():
        found = attrgetter(path.strip())(found)
    method = inspect.getattr_static(found, METHOD, None)
    if (
        callable(found)
        and packages.made(found)
        and (method is None or (isinstance(found, type) and inspect.isfunction(method)))
    ):
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


def main(endpoint: str, answer: str, *names: str) -> None:
    """Write what the plugin at *endpoint*, one of the distributions *names*, says into the file *answer*."""
    supported = list_supported(find_plugin(endpoint, Packages(names)))
    Path(answer).write_text(json.dumps(supported), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
