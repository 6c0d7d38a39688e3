"""YAML with the place of every value, and nothing that hides what a file says: no anchors, tags or keys said twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.model.redaction import redact_argument

Node = Any
"""A node of ruamel.yaml, which has no types for them."""
_TAG = "tag:yaml.org,2002:"
_PLAIN = frozenset({"str", "int", "float", "bool", "null", "timestamp", "map", "seq"})
_KINDS = {"mapping": "keys with values", "sequence": "a list"}
_SCALARS = {"int": "the number", "float": "the number", "bool": "the truth value", "timestamp": "the date"}
_TABS = "YAML indents with spaces; replace the tab by spaces."
_SPACES = "Check the indentation and the quotes around that line."


@dataclass(frozen=True, slots=True)
class YamlText:
    """A YAML document: its *text*, what people call the *file*, and its *root* node, None where it is empty."""

    text: str
    file: str
    root: Node

    def place(self, node: Node) -> str:
        """Return where a node stands, such as ``environment.yml:12``."""
        return f"{self.file}:{node.start_mark.line + 1}"

    def fail(self, node: Node, path: str, reason: str, *, hint: str | None = None) -> InvalidEnvironmentFileError:
        """Return the error that says what is wrong with a node."""
        return InvalidEnvironmentFileError(self.place(node), path, reason, hint=hint)

    def string(self, node: Node, path: str) -> str:
        """Return a text that must be one: ``1.10`` without quotes is a number, and loses its zero."""
        if tag_of(node) == "str":
            return str(node.value)
        is_value = node.id == "scalar" and node.value
        hint = "Put it in quotes." if is_value else "Write a text there, or take it out."
        raise self.fail(node, path, f"expected a text, got {describe(node)}", hint=hint)

    def items(self, node: Node, path: str, *, example: str) -> list[Node]:
        """Return the items of a list; nothing at all is an empty one."""
        if tag_of(node) == "null":
            return []
        if node.id != "sequence":
            raise self.fail(node, path, f"expected a list, got {describe(node)}", hint=f"Write it as '- {example}'.")
        return list(node.value)

    def fields(self, node: Node, path: str) -> dict[str, tuple[Node, Node]]:
        """Return the keys, which are texts, each with its own node and that of its value."""
        if tag_of(node) == "null":
            return {}
        if node.id != "mapping":
            raise self.fail(node, path, f"expected keys with values, got {describe(node)}")
        return {self.string(key, path): (key, value) for key, value in node.value}

    def value(self, node: Node, path: str) -> object:
        """Return the value of a node as plain data; a date stays the text that it is in the file."""
        if node.id == "mapping":
            return {key: self.value(value, f"{path}.{key}") for key, (_, value) in self.fields(node, path).items()}
        if node.id == "sequence":
            return [self.value(item, f"{path}[{number}]") for number, item in enumerate(node.value)]
        return _scalar(node)


def read_yaml(text: str, file: str) -> YamlText:
    """Read YAML and see that it is plain.

    Raises:
        InvalidEnvironmentFileError: if it is no YAML, or has anchors, tags of its own or a key twice.
    """
    document = compose_yaml(text, file)
    for node in walk(document.root):
        _check(document, node)
        if node.id == "mapping":
            _check_keys(document, node)
    return document


def compose_yaml(text: str, file: str) -> YamlText:
    """Read YAML that may have a key twice, as it may before selectors are looked at.

    Raises:
        InvalidEnvironmentFileError: if it is no YAML.
    """
    from ruamel.yaml import YAML  # noqa: PLC0415 - other commands must not pay for it
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - same

    try:
        return YamlText(text, file, YAML(typ="safe", pure=True).compose(text))
    except RecursionError:
        raise InvalidEnvironmentFileError(file, "", "it is nested too deeply", hint="Write it flatter.") from None
    except (YAMLError, ValueError) as error:
        raise _no_yaml(text, file, error) from None


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all in it, None being none."""
    if node is None:
        return
    yield node
    if node.id == "scalar":
        return
    for child in node.value:
        for part in child if node.id == "mapping" else (child,):
            yield from walk(part)


def tag_of(node: Node) -> str:
    """Return what kind of value a node is: ``str``, ``int``, ``null``, ``map`` …."""
    return str(node.tag).removeprefix(_TAG)


def describe(node: Node) -> str:
    """Return what a node is, for messages."""
    if node.id != "scalar":
        return _KINDS[node.id]
    kind = tag_of(node)
    if kind == "null":
        return "nothing"
    return f"{_SCALARS.get(kind, 'the text')} {redact_argument(node.value)[:60]!r}"


def _check(document: YamlText, node: Node) -> None:
    if node.anchor:
        raise document.fail(
            node, "", f"the anchor '&{node.anchor}' is not taken", hint="Write the value out at each place."
        )
    if tag_of(node) not in _PLAIN:
        raise document.fail(node, "", f"the tag {node.tag!r} is not taken", hint="Write a plain value without a tag.")


def _check_keys(document: YamlText, node: Node) -> None:
    seen: dict[str, Node] = {}
    for key, _ in node.value:
        if key.id != "scalar":
            raise document.fail(key, "", f"a key must be a text, got {describe(key)}", hint="Write a plain text there.")
        if (other := seen.setdefault(key.value, key)) is not key:
            raise document.fail(
                key,
                "",
                f"the key {key.value!r} stands in line {other.start_mark.line + 1}, too",
                hint="Join the two: YAML allows a key once.",
            )


def _scalar(node: Node) -> object:
    from ruamel.yaml import YAML  # noqa: PLC0415 - as above

    match tag_of(node):
        case "str" | "timestamp":
            return str(node.value)
        case "null":
            return None
        case kind:
            return getattr(YAML(typ="safe", pure=True).constructor, f"construct_yaml_{kind}")(node)


def _no_yaml(text: str, file: str, error: Exception) -> InvalidEnvironmentFileError:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    if said.startswith("but "):
        said = f"{getattr(error, 'context', '')} {said}"
    if mark is None:
        return InvalidEnvironmentFileError(file, "", f"it is no YAML: {said}", hint=_SPACES)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    hint = _TABS if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in said else _SPACES
    return InvalidEnvironmentFileError(f"{file}:{mark.line + 1}", "", f"it is no YAML: {said}", hint=hint)
