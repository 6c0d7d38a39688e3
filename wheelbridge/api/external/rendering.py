"""External dependencies as files that other tools read: requirements of a recipe, an environment file."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from packaging.utils import InvalidName, canonicalize_name

from wheelbridge.api.external.selectors import find_systems, gather, write_condition
from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.external.rows import CATEGORIES

if TYPE_CHECKING:
    from ruamel.yaml import YAML

    from wheelbridge.translate.external import ExternalEnvironment

Environments = Mapping[str, "ExternalEnvironment"]
"""What the external dependencies are, by subdir."""

Texts = Mapping[str, Sequence[str]]
"""Entries by subdir."""

_CONDITION = "when="
_TEMPLATE = re.compile(r"(?<!\$)\{\{")
_WIDTH = 10_000
"""No line is folded: a spec stands on one."""
_ANONYMOUS = "external"


class UnsayableSelectorError(WheelbridgeError):
    """An environment file cannot say which platforms an entry is for."""

    code = "no-selector"

    def __init__(self, spec: str, platforms: Sequence[str]) -> None:
        super().__init__(
            f"An environment file cannot say that {spec!r} is for {', '.join(platforms)} alone",
            hint="Write a file for each platform: give --platform once.",
        )
        self.spec = spec
        self.platforms = tuple(platforms)


def render_recipe(environments: Environments) -> str:
    """Return the ``requirements:`` section of a ``recipe.yaml`` (CEP 13 and 14) for all the platforms.

    What differs between them stands below ``if``; what has no package, or depends on python, is a comment, and so is
    what the recipe says otherwise than the project.
    """
    requirements, left = {}, []
    for category in CATEGORIES:
        texts = {platform: environment.recipe.of(category) for platform, environment in environments.items()}
        left += _conditional(texts)
        if items := list(_recipe_items(_plain(texts), tuple(environments))):
            requirements[category] = items
    notes = {platform: environment.recipe_notes for platform, environment in environments.items()}
    return f"{_comments(environments, left, notes)}{_dump({'requirements': requirements})}"


def render_environment(environments: Environments, channel: str, project: str | None) -> str:
    """Return an ``environment.yml`` (CEP 24) with what is needed to build and to run the project.

    Entries that are for some of several platforms have a dictionary-based selector; what has no package, or depends on
    python, is a comment.

    Raises:
        UnsayableSelectorError: if an entry is for some platforms of an operating system only.
    """
    texts = {
        platform: [spec for category in CATEGORIES for spec in environment.of(category)]
        for platform, environment in environments.items()
    }
    document: dict[str, object] = {
        "name": _environment_name(project),
        # CEP 24: "The default channel configuration MUST be appended, unless the special name nodefaults is present."
        "channels": [channel, "nodefaults"],
        "dependencies": list(_environment_items(_plain(texts), tuple(environments))),
    }
    if len(environments) > 1:
        document["platforms"] = list(environments)
    return f"{_comments(environments, _conditional(texts))}{_dump(document)}"


def _recipe_items(texts: Mapping[str, Iterable[str]], among: Sequence[str]) -> Iterator[object]:
    for part in gather(texts):
        if not part.platforms:
            yield from part.entries
        else:
            then = list(part.entries) if len(part.entries) > 1 else part.entries[0]
            yield {"if": write_condition(part.platforms, among), "then": then}


def _environment_items(texts: Mapping[str, Iterable[str]], among: Sequence[str]) -> Iterator[object]:
    """CEP 24: "The expression MUST only contain one of the following boolean variables"."""
    for part in gather(texts):
        if not part.platforms:
            yield from part.entries
            continue
        systems = find_systems(part.platforms, among)
        if systems is None:
            raise UnsayableSelectorError(part.entries[0], part.platforms)
        for spec in part.entries:
            yield from ({f"sel({system})": spec} for system in systems)


def _plain(texts: Texts) -> Texts:
    """Keep what all readers of the files know; templates are as CEP 13 has them.

    CEP 14: a package selector is "a string with up to two whitespaces", which has no place for a condition. CEP 13:
    "Jinja variable syntax is changed to begin with ``${{`` so that it becomes valid YAML".
    """
    return {
        platform: [_TEMPLATE.sub("${{", spec) for spec in specs if _CONDITION not in spec]
        for platform, specs in texts.items()
    }


def _conditional(texts: Texts) -> list[str]:
    return list(dict.fromkeys(spec for specs in texts.values() for spec in specs if _CONDITION in spec))


def _environment_name(project: str | None) -> str:
    """CEP 24: the name must not have "/", " ", ":" or "#", and should not be ``base`` or ``root``."""
    try:
        return f"{canonicalize_name(project, validate=True)}-{_ANONYMOUS}" if project else _ANONYMOUS
    except InvalidName:
        return _ANONYMOUS


def _comments(environments: Environments, conditional: Iterable[str], notes: Texts | None = None) -> str:
    """Return a line for each dependency that has no package, for each that is *conditional*, and for each note."""
    missing = {
        platform: [f"{one.dependency}: {one.reason}" for one in environment.unmapped]
        for platform, environment in environments.items()
    }
    lines = [
        f"for {', '.join(environments)}",
        *(f"no package{where}: {text}" for text, where in _places(missing)),
        *(f"left out, since it depends on python: {spec}" for spec in dict.fromkeys(conditional)),
        *(f"note{where}: {text}" for text, where in _places(notes or {})),
    ]
    return "".join(f"# {' '.join(line.split())}\n" for line in lines)


def _places(texts: Texts) -> Iterator[tuple[str, str]]:
    """Yield each text, and the platforms that it is of where it is not of all."""
    for part in gather(texts):
        where = f" ({', '.join(part.platforms)})" if part.platforms else ""
        yield from ((text, where) for text in part.entries)


def _dump(document: object) -> str:
    stream = StringIO()
    _yaml().dump(document, stream)
    return stream.getvalue()


def _yaml() -> "YAML":
    from ruamel.yaml import YAML  # noqa: PLC0415 - few commands write YAML

    yaml = YAML(typ="rt", pure=True)
    yaml.indent(mapping=2, sequence=4, offset=2)
    vars(yaml)["width"] = _WIDTH  # it is declared as what it is at first, None
    return yaml
