"""Fields of documents about external dependencies, checked one by one: ours in YAML and those of PEP 804 in JSON."""

from collections.abc import Mapping, Sequence

from wheelbridge.errors import WheelbridgeError

_OURS = "The fields are explained in mappings/README.md."


class InvalidExternalError(WheelbridgeError):
    """A document about external dependencies breaks a rule; *path* says where."""

    code = "invalid-external"

    def __init__(self, path: str, problem: str, *, hint: str = _OURS) -> None:
        super().__init__(f"{path}: {problem}", hint=hint)
        self.path = path
        self.problem = problem


def read_mapping(
    data: object, path: str, *, known: frozenset[str] | None = None, required: Sequence[str] = ()
) -> Mapping[str, object]:
    """Return *data*, a mapping with texts as keys: only *known* ones, and all that are *required*.

    Raises:
        InvalidExternalError: if it is not.
    """
    if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
        raise InvalidExternalError(path, f"expected a mapping with texts as keys, got {kind_of(data)}")
    if known is not None and (unknown := [key for key in data if key not in known]):
        raise InvalidExternalError(path, f"there is no field {unknown[0]!r}")
    if missing := [key for key in required if key not in data]:
        raise InvalidExternalError(path, f"the field {missing[0]!r} is missing")
    return data


def read_list(data: object, path: str) -> Sequence[object]:
    """Return *data*, a list.

    Raises:
        InvalidExternalError: if it is not.
    """
    if not isinstance(data, list):
        raise InvalidExternalError(path, f"expected a list, got {kind_of(data)}")
    return data


def read_texts(data: object, path: str) -> tuple[str, ...]:
    """Return the texts of a list.

    Raises:
        InvalidExternalError: if *data* is no list of texts, or one is empty.
    """
    return tuple(read_text(item, f"{path}[{number}]") for number, item in enumerate(read_list(data, path)))


def read_text(data: object, path: str) -> str:
    """Return a text on one line, since no line of a look-up file can hold another one.

    Raises:
        InvalidExternalError: if *data* is no text, or an empty one.
    """
    if not isinstance(data, str):
        raise InvalidExternalError(path, f"expected a text, got {kind_of(data)}")
    text = " ".join(data.split())
    if not text.isprintable():
        raise InvalidExternalError(path, f"{text!r} has a control character")
    if not text:
        raise InvalidExternalError(path, "the text is empty")
    return text


def read_flag(data: object, path: str) -> bool:
    """Return a truth value.

    Raises:
        InvalidExternalError: if *data* is none.
    """
    if not isinstance(data, bool):
        raise InvalidExternalError(path, f"expected true or false, got {kind_of(data)}")
    return data


def kind_of(data: object) -> str:
    """Return what *data* is, for a message.

    >>> kind_of(None), kind_of([])
    ('nothing', 'list')
    """
    return "nothing" if data is None else type(data).__name__
