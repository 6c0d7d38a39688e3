"""The values of conda's configuration files, and how conda merges several files' (conda/common/configuration.py)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.folders import show_path

Flag = Literal["top", "bottom", "final"]
_FLAGS = ("top", "bottom", "final")
_IMPORTANT = "!important"
_VARIABLE = re.compile(r"\$(?:(?P<named>\w+)|\{(?P<braced>[^}]*)\})")


@dataclass(frozen=True, slots=True)
class Node:
    """A value with the flag that stands behind it as a comment, such as ``#!top``.

    *value* is None, a text, a bool, a tuple of nodes, or a mapping of nodes; *origin* is the file.
    """

    value: object
    origin: str
    flag: Flag | None = None

    @property
    def items(self) -> tuple["Node", ...]:
        """The nodes of a list."""
        return cast("tuple[Node, ...]", self.value)

    @property
    def table(self) -> Mapping[str, "Node"]:
        """The nodes of a mapping."""
        return cast("Mapping[str, Node]", self.value)


def load_condarc(path: Path) -> Mapping[str, Node]:
    """Read one file.

    Raises:
        InvalidConfigurationError: if it cannot be read.
    """
    from ruamel.yaml import YAML  # noqa: PLC0415 - few commands read YAML, and it takes 30 ms
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - as above

    origin = show_path(path)
    try:
        with path.open(encoding="utf-8") as stream:
            values = YAML(typ="rt").load(stream)  # builds plain data only, as the safe loader does, and keeps comments
    except (YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        problem = getattr(error, "problem", None) or "it cannot be decoded"
        raise InvalidConfigurationError(origin, "", f"it is no YAML{line}: {problem}") from error
    except OSError as error:
        raise InvalidConfigurationError(origin, "", error.strerror or "it cannot be read") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise InvalidConfigurationError(origin, "", "it must be a mapping")
    return _read(values, None, origin).table


def read_environment(environ: Mapping[str, str]) -> Mapping[str, Node]:
    """Return what ``CONDA_*`` variables say, by the name of the setting, as texts."""
    found: dict[str, Node] = {}
    for variable, text in environ.items():
        if variable.startswith("CONDA_"):
            flag: Flag | None = "final" if _IMPORTANT in text else None
            key = variable.removeprefix("CONDA_").lower()
            found[key] = Node(text.partition(_IMPORTANT)[0].strip(), f"${variable}", flag)
    return found


def split(node: Node, between: str = ",") -> Node:
    """Make a list of a variable: its parts stand between commas, or what else is *between* them."""
    parts = (part.strip() for part in cast("str", node.value).split(between))
    return Node(tuple(Node(part, node.origin) for part in parts if part), node.origin, node.flag)


def merge_lists(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Merge lists, the farthest file first, as conda does: nearer files' entries stand before those of farther ones.

    ``#!top`` and ``#!bottom`` behind an entry send it there; ``#!final`` behind the key hides nearer files.
    """
    nodes = _up_to_final(nodes)
    top = [item for node in nodes for item in node.items if item.flag == "top"]
    bottom = [item for node in reversed(nodes) for item in node.items if item.flag == "bottom"]
    every = [item for node in reversed(nodes) for item in node.items]
    return tuple(reversed(_unique([*reversed(bottom), *reversed(_unique([*top, *every]))])))


def merge_tables(nodes: Sequence[Node]) -> dict[str, Node]:
    """Merge mappings, the farthest file first; lists inside are merged, of other values the nearest wins."""
    nodes = _up_to_final(nodes)
    grouped: dict[str, list[Node]] = {}
    for node in nodes:
        for key, value in node.table.items():
            grouped.setdefault(key, []).append(value)
    merged = {key: _merge_values(values) for key, values in grouped.items()}
    final = {k: value for node in reversed(nodes) for k, value in node.table.items() if value.flag == "final"}
    return {**merged, **final}


def merge_single(nodes: Sequence[Node]) -> Node:
    """Return the value that holds: the nearest, or the first that says it is final."""
    return _up_to_final(nodes)[-1]


def expand_variables(text: str, environ: Mapping[str, str]) -> str:
    """Put in what the environment has; what it lacks stays as it is written.

    >>> expand_variables("https://$HOST/${NAME}", {"HOST": "host.example"})
    'https://host.example/${NAME}'
    """
    return _VARIABLE.sub(lambda match: environ.get(match["named"] or match["braced"], match[0]), text)


def _merge_values(values: Sequence[Node]) -> Node:
    if all(isinstance(value.value, tuple) for value in values):
        return Node(merge_lists(values), values[-1].origin)
    return merge_single(values)


def _up_to_final(nodes: Sequence[Node]) -> Sequence[Node]:
    ends = (place for place, node in enumerate(nodes, start=1) if node.flag == "final")
    return nodes[: next(ends, len(nodes))]


def _unique(nodes: Iterable[Node]) -> list[Node]:
    found: dict[object, Node] = {}
    for node in nodes:
        found.setdefault(node.value, node)
    return list(found.values())


def _read(value: object, comment: str | None, origin: str) -> Node:
    flag = (comment or "").strip("!#")
    known = cast("Flag", flag) if flag in _FLAGS else None
    if isinstance(value, dict):
        comments = _comments_of_keys(value)
        return Node({str(key): _read(one, comments.get(key), origin) for key, one in value.items()}, origin, known)
    if isinstance(value, list):
        children = (_read(one, _comment_of_item(value, place), origin) for place, one in enumerate(value))
        return Node(tuple(children), origin, known)
    return Node(value if value is None or isinstance(value, bool) else str(value), origin, known)


def _comments_of_keys(value: object) -> dict[object, str]:
    """Read off the comment behind each key; ruamel keeps it as the third of four places."""
    return dict(_comments(getattr(getattr(value, "ca", None), "items", {}), 2))


def _comment_of_item(value: object, place: int) -> str | None:
    return dict(_comments(getattr(getattr(value, "ca", None), "items", {}), 0)).get(place)


def _comments(items: Mapping[object, Sequence[object]], slot: int) -> Iterator[tuple[object, str]]:
    for key, tokens in items.items():
        token = tokens[slot] if len(tokens) > slot else None
        if token is not None and hasattr(token, "value"):
            yield key, token.value.strip()
