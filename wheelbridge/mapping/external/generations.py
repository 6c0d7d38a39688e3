"""Earlier drafts of PEP 725: what their spellings and keys have become."""

from wheelbridge.model.external import ExternalSpecifier, InvalidDepURLError
from wheelbridge.model.old_spellings import respell

KEYS = (
    *("build-requires", "host-requires", "dependencies"),
    *("optional-build-requires", "optional-host-requires", "optional-dependencies"),
    "dependency-groups",
)
"""PEP 725 "proposes to add an ``[external]`` table to ``pyproject.toml`` with seven keys"."""

_RENAMED = {"build-host-requires": "host-requires", "optional-build-host-requires": "optional-host-requires"}
"""As they were called from October 2025 to January 2026."""


def upgrade_specifier(text: str) -> str | None:
    """Return an external dependency specifier as it is written today; None where nothing of it is old.

    >>> upgrade_specifier("pkg:generic/zlib (>=1.2)"), upgrade_specifier("virtual:compiler/c")
    ('dep:generic/zlib@>=1.2', 'dep:virtual/compiler/c')
    >>> upgrade_specifier("dep:virtual/compiler/cpp"), upgrade_specifier("dep:generic/zlib")
    ('dep:virtual/compiler/cxx', None)

    None as well where the text would not be valid: nothing is guessed.
    """
    upgraded = respell(text)
    if upgraded is None:
        return None
    try:
        ExternalSpecifier.parse(upgraded)
    except InvalidDepURLError:
        return None
    return upgraded


def upgrade_key(key: str) -> str | None:
    """Return a key of the ``[external]`` table as it is called today; None where it is not an old one.

    >>> upgrade_key("build-host-requires"), upgrade_key("build_requires"), upgrade_key("host-requires")
    ('host-requires', 'build-requires', None)
    """
    if key in KEYS:
        return None
    hyphenated = key.replace("_", "-")
    upgraded = _RENAMED.get(hyphenated, hyphenated)
    return upgraded if upgraded in KEYS else None
