"""``environment.yml`` as CEP 24 has it, for one platform; what it says of nothing we know is refused or told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Manifest, Stated
from wheelbridge.environment.pip.lines import read_pip_lines
from wheelbridge.environment.texts import read_text
from wheelbridge.environment.yml.fields import (
    Variables,
    read_channels,
    read_name,
    read_platforms,
    read_prefix,
    read_variables,
)
from wheelbridge.environment.yml.selectors import holds_for, is_dictionary_selector, select_lines
from wheelbridge.environment.yml.text import Node, YamlText, describe, read_yaml, tag_of
from wheelbridge.model.redaction import redact_argument
from wheelbridge.model.target import Target

SETTINGS = "wheelbridge"
"""The one key of our own."""
_SUFFIXES = frozenset({".yml", ".yaml"})
_KEYS = ("name", "prefix", "channels", "dependencies", "variables", "platforms", "category", SETTINGS)
_EXPANDED = frozenset({"indexes", "sources"})
_EXAMPLE = "numpy >=2"


@dataclass(slots=True)
class _Dependencies:
    """What the list of dependencies says, sorted by who is asked for it."""

    specs: list[Stated] = field(default_factory=list)
    pip: list[Stated] = field(default_factory=list)
    has_selectors: bool = False


def read_environment_file(path: Path, target: Target) -> Manifest:
    """Read the ``environment.yml`` in the file *path*, for one target: selectors choose by its subdir.

    Raises:
        InvalidEnvironmentFileError: if it is not as CEP 24 has it; the message names the line.
    """
    if path.suffix.lower() not in _SUFFIXES:
        # CEP 24: "The file name is not standardized, but the extension MUST be `yml` or `yaml`."
        raise InvalidEnvironmentFileError(
            str(path), "", "an environment file ends in '.yml' or '.yaml'", hint="Give it such a name."
        )
    return parse_environment(read_text(path), target, file=str(path), folder=path.absolute().parent)


def parse_environment(text: str, target: Target, *, file: str, folder: Path) -> Manifest:
    """Read the text of an ``environment.yml``; *file* is for messages, paths in it are relative to *folder*.

    Raises:
        InvalidEnvironmentFileError: as in `read_environment_file`.
    """
    selected = select_lines(text, target.subdir, file)
    document = read_yaml(selected.text, file)
    fields = _read_fields(document)
    notes = [*selected.notes, *_unknown(document, fields)]
    dependencies = _read_dependencies(document, fields["dependencies"][1], target.subdir)
    if selected.used and dependencies.has_selectors:
        notes.append(f"{file}: it has selectors of both forms, '# […]' and 'sel(…)'; CEP 24 wants one of them.")
    pip = read_pip_lines(dependencies.pip, folder, file=file)
    manifest = _read_keys(document, {key: value for key, (_, value) in fields.items()}, target.subdir, notes)
    return replace(
        pip,
        files=(file,),
        name=manifest.name,
        prefix=manifest.prefix,
        channels=manifest.channels,
        defaults=manifest.defaults,
        platforms=manifest.platforms,
        category=manifest.category,
        variables=manifest.variables,
        specs=tuple(dependencies.specs),
        settings=manifest.settings,
        hidden={**pip.hidden, **manifest.hidden},
        in_paths={**pip.in_paths, **manifest.in_paths},
        notes=(*notes, *pip.notes),
        places={**pip.places, **_places(document, fields), **manifest.places},
    )


def _read_keys(document: YamlText, nodes: Mapping[str, Node], subdir: str, notes: list[str]) -> Manifest:
    """Read all but the dependencies."""
    expanding = Variables(document)
    channels, defaults = read_channels(expanding, nodes["channels"]) if "channels" in nodes else ((), True)
    variables = read_variables(document, nodes["variables"], subdir, notes) if "variables" in nodes else {}
    settings = document.fields(nodes[SETTINGS], SETTINGS) if SETTINGS in nodes else {}
    return Manifest(
        files=(),
        name=read_name(document, nodes["name"], notes) if "name" in nodes else None,
        prefix=read_prefix(document, nodes["prefix"], notes) if "prefix" in nodes else None,
        channels=channels,
        defaults=defaults,
        platforms=read_platforms(document, nodes["platforms"]) if "platforms" in nodes else (),
        category=_read_category(document, nodes["category"]) if "category" in nodes else None,
        variables={name: value for name, (value, _) in variables.items()},
        settings={key: _read_setting(expanding, key, value) for key, (_, value) in settings.items()},
        hidden=expanding.hidden,
        in_paths=expanding.in_paths,
        places={
            **{f"variables.{name}": document.place(node) for name, (_, node) in variables.items()},
            **{f"{SETTINGS}.{key}": document.place(node) for key, (node, _) in settings.items()},
        },
    )


def _read_setting(variables: Variables, key: str, node: Node) -> object:
    """Read a key of our own; variables are expanded where sources are named, as in ``channels``."""
    path = f"{SETTINGS}.{key}"
    value = variables.document.value(node, path)
    return variables.expand_all(node, path, value) if key in _EXPANDED else value


def _read_fields(document: YamlText) -> dict[str, tuple[Node, Node]]:
    if document.root is None:
        raise InvalidEnvironmentFileError(document.file, "", "it is empty", hint=_hint())
    if document.root.id != "mapping":
        reason = f"expected keys such as 'dependencies', got {describe(document.root)}"
        raise document.fail(document.root, "", reason, hint=_hint())
    fields = document.fields(document.root, "")
    if "dependencies" not in fields:
        raise InvalidEnvironmentFileError(document.file, "", "there is no 'dependencies'", hint=_hint())
    return fields


def _hint() -> str:
    return f"Write 'dependencies:', and below it a line such as '  - {_EXAMPLE}'."


def _unknown(document: YamlText, fields: Mapping[str, tuple[Node, Node]]) -> Iterator[str]:
    """Tell of the keys that nobody here knows.

    CEP 24: "Additional top-level keys can be present, but they MUST be ignored and the user SHOULD receive an
    informative warning about them".
    """
    for key, (node, _) in fields.items():
        if key not in _KEYS:
            yield f"{document.place(node)}: the key {key!r} is ignored; known are {', '.join(_KEYS)}."


def _places(document: YamlText, fields: Mapping[str, tuple[Node, Node]]) -> dict[str, str]:
    return {key: document.place(node) for key, (node, _) in fields.items() if key in _KEYS}


def _read_category(document: YamlText, node: Node) -> str | None:
    return None if tag_of(node) == "null" else document.string(node, "category")


def _read_dependencies(document: YamlText, node: Node, subdir: str) -> _Dependencies:
    found = _Dependencies()
    for number, item in enumerate(document.items(node, "dependencies", example=_EXAMPLE)):
        path = f"dependencies[{number}]"
        if item.id == "mapping":
            _read_sections(document, item, subdir, found, path)
        else:
            found.specs.append(_read_line(document, item, path))
    return found


def _read_sections(document: YamlText, node: Node, subdir: str, found: _Dependencies, path: str) -> None:
    """Read an item that is a dictionary: selectors and subsections, whose order in it means nothing."""
    for key, (place, value) in document.fields(node, path).items():
        if is_dictionary_selector(key):
            # CEP 24: "When the expression is true, the dictionary entry in the list MUST be replaced with the value."
            found.has_selectors = True
            spec = _read_line(document, value, f"{path}.{key}")
            if holds_for(key, subdir, document.place(place)):
                found.specs.append(spec)
        elif key == "pip":
            items = document.items(value, f"{path}.pip", example="requests >=2")
            found.pip.extend(_read_line(document, item, f"{path}.pip[{at}]") for at, item in enumerate(items))
        else:
            # CEP 24: "The conda client MUST error out by default if it cannot process unknown sections."
            raise document.fail(
                place,
                path,
                f"the subsection {key!r} cannot be processed",
                hint="Beside conda packages stand 'pip:' and selectors such as 'sel(unix): …'; take it out.",
            )


def _read_line(document: YamlText, node: Node, path: str) -> Stated:
    text = document.string(node, path).strip()
    if not text:
        raise document.fail(node, path, "it is empty", hint="Take the line out.")
    is_torn = node.style is None and node.end_mark.line > node.start_mark.line
    if is_torn or "\n" in text:
        raise document.fail(
            node,
            path,
            f"{redact_argument(' '.join(text.split()))!r} goes over several lines",
            hint="Write one item a line, each with its '-' at the same depth.",
        )
    return Stated(text, document.place(node))
