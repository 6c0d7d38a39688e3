"""Tables of other tools in a ``pyproject.toml`` that would change what is installed: they are told of, not read."""

from collections.abc import Iterator

from wheelbridge.environment.locks.fields import Fields

_UV = {
    "sources": "where projects come from: say it with routes of [tool.wheelbridge], or 'name @ URL'",
    "index": "which indexes there are: say it in [tool.wheelbridge]",
    "index-url": "which index is the main one: say it in [tool.wheelbridge]",
    "extra-index-url": "which further indexes there are: say it in [tool.wheelbridge]",
    "find-links": "where further files lie: say it in a requirements file",
    "no-index": "that there is no index: say it in [tool.wheelbridge]",
    "override-dependencies": "what dependencies of others are to be instead",
    "constraint-dependencies": "which versions may be installed: say it with -c in a requirements file",
    "exclude-dependencies": "what is not to be installed",
    "dependency-metadata": "what releases need, instead of what they say",
    "dev-dependencies": "what development needs: make it a dependency group (PEP 735)",
    "exclude-newer": "until when releases count: say it in [tool.wheelbridge]",
    "prerelease": "which pre-releases are wanted: name them in specifiers",
    "resolution": "which versions are preferred",
    "conflicts": "which extras exclude each other",
    "dependency-groups": "which versions of Python groups are for",
}
"""Key of [tool.uv] -> what it says, and what to do instead."""
_OTHERS = {
    "pixi": ("dependencies", "pypi-dependencies", "feature", "environments", "target", "constraints", "dev"),
    "poetry": ("dependencies", "group", "dev-dependencies", "source"),
    "pdm": ("dev-dependencies", "source", "resolution"),
    "conda-lock": ("dependencies", "channels", "pip-repositories"),
}
"""Tool -> keys that say what is installed."""


def foreign_notes(tool: Fields, shown: str) -> tuple[str, ...]:
    """Tell of the tables in ``[tool]`` of other tools that say what is installed, or from where.

    >>> foreign_notes(Fields({"pixi": {"dependencies": {"numpy": "*"}}}, "tool"), "pyproject.toml")
    ('pyproject.toml: [tool.pixi.dependencies] is not read: it says what pixi installs.',)
    """
    return (*_uv_notes(tool, shown), *_other_notes(tool, shown))


def _uv_notes(tool: Fields, shown: str) -> Iterator[str]:
    uv = tool.mapping("uv") or {}
    for key, what in _UV.items():
        if uv.get(key):
            about = f" of {', '.join(sorted(value))}" if key == "sources" and isinstance(value := uv[key], dict) else ""
            yield f"{shown}: [tool.uv] {key}{about} is not read: it says {what}."


def _other_notes(tool: Fields, shown: str) -> Iterator[str]:
    for name, keys in _OTHERS.items():
        table = tool.mapping(name) or {}
        for key in keys:
            if table.get(key):
                yield f"{shown}: [tool.{name}.{key}] is not read: it says what {name} installs."
