"""YAML and TOML documents of lock files, read; what is wrong with one is told with the file's name.

Lock files have tens of thousands of lines: PyYAML reads them with libyaml, twenty times as fast as ruamel.yaml, which
keeps comments and reads what people write.
"""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.locks.fields import Fields, UnexpectedFormError, as_fields

if TYPE_CHECKING:
    from yaml import SafeLoader

_ANCHOR = re.compile(r"&\S")
# YAML 1.2, the core schema: "10.3.2. Tag Resolution"; a number with a leading zero stays a text, as everywhere here.
_RESOLVED = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    "float": (
        r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
}


@contextmanager
def reading(file: str) -> Iterator[None]:
    """Tell of a piece that has an unexpected form as an error of *file*.

    Raises:
        InvalidEnvironmentFileError: in the place of `UnexpectedFormError`, and of what else cannot be read.
    """
    try:
        yield
    except UnexpectedFormError as error:
        raise InvalidEnvironmentFileError(file, error.place, error.reason) from error
    except ValueError as error:  # a URL or a number that Python does not read
        raise InvalidEnvironmentFileError(file, "", str(error)) from error


def load_yaml(text: str, file: str) -> Fields:
    r"""Return the top of a YAML document (version 1.2).

    >>> load_yaml("version: 7\nlabels: [on, 1_0, '1']", "pixi.lock").data
    {'version': 7, 'labels': ['on', '1_0', '1']}

    Raises:
        InvalidEnvironmentFileError: if it is no YAML, no mapping, or has aliases: a few of them make a file of no
            size a value of any.
    """
    import yaml  # noqa: PLC0415 - a command that reads no lock does not wait for it

    try:
        _refuse_aliases(text, file)
        data = yaml.load(text, Loader=_loader())  # noqa: S506 - a loader of plain values
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidEnvironmentFileError(file, "", f"it is no YAML: {' '.join(str(error).split())}") from error
    with reading(file):
        return as_fields(data)


def _refuse_aliases(text: str, file: str) -> None:
    """Refuse a document that uses an anchor; no tool writes one into a lock. Most files have nothing like one."""
    if _ANCHOR.search(text) is None:
        return
    import yaml  # noqa: PLC0415 - as above

    for event in yaml.parse(text, Loader=_loader()):
        if isinstance(event, yaml.AliasEvent):
            raise InvalidEnvironmentFileError(file, "", f"the alias *{event.anchor} is refused: locks have none")


def load_toml(text: str, file: str) -> Fields:
    """Return the top of a TOML document.

    Raises:
        InvalidEnvironmentFileError: if it is none.
    """
    try:
        return Fields(tomllib.loads(text))
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, or a number that Python does not read
        raise InvalidEnvironmentFileError(file, "", f"it is no TOML: {error}") from error


@cache
def _loader() -> type["SafeLoader"]:
    import yaml  # noqa: PLC0415 - as above

    base: type[SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: type[SafeLoader] = type("Loader", (base,), {"yaml_implicit_resolvers": {}})
    for kind, (pattern, first) in _RESOLVED.items():
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(f"(?:{pattern})$"), first)
    return loader
