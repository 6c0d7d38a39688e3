"""The top-level keys of ``environment.yml``, each as CEP 24 wants it; ``dependencies`` has a module of its own."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from wheelbridge.environment.variables import expand
from wheelbridge.environment.yml.selectors import SUBDIRS
from wheelbridge.environment.yml.text import Node, YamlText, describe, tag_of

_FORBIDDEN = re.compile(r"[/ :#]").search
_RESERVED = frozenset({"base", "root"})
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", re.ASCII)
_POSIX_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch
_WINDOWS_NAME = re.compile(r"[^=\x00-\x1f]+").fullmatch
_PROTECTED = (
    *("/", "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr"),
    *("/usr/bin", "/usr/lib", "/usr/local", "/usr/sbin", "/home", "/root", "/opt", "/var", "/tmp", "/mnt", "/srv"),  # noqa: S108 - named in order to be refused
    *("/Applications", "/Library", "/System", "/Users", "/Volumes"),
)
_OF_THE_SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/System")


def read_name(document: YamlText, node: Node, notes: list[str]) -> str | None:
    """Read ``name``; one that must not be taken goes with a note, for another can be given.

    CEP 24: "The name of the environment […] MUST NOT contain any of these characters: `/`, " " (space), `:`, `#`",
    "Special names `base` and `root` SHOULD NOT be accepted."

    Raises:
        InvalidEnvironmentFileError: if it has such a character, or is no text.
    """
    if tag_of(node) == "null":
        return None
    name = document.string(node, "name")
    _check_name(document, node, "name", name)
    if name in _RESERVED:
        notes.append(
            f"{document.place(node)}: the name {name!r} is not taken: it is that of conda's own environment; "
            "name the new one yourself."
        )
        return None
    return name


def read_prefix(document: YamlText, node: Node, notes: list[str]) -> Path | None:
    """Read ``prefix``, expanded; that of another operating system goes with a note.

    CEP 24: "Paths can contain tildes (`~`) and environment variables, and they MUST be expanded when present", "the
    last component of the expanded `prefix` path […] MUST NOT contain any of these characters", "Prefixes targeting
    protected system paths SHOULD be rejected."

    Raises:
        InvalidEnvironmentFileError: if it is none of that.
    """
    if tag_of(node) == "null":
        return None
    written = document.string(node, "prefix")
    if written.startswith("/") if os.name == "nt" else PureWindowsPath(written).drive:
        notes.append(f"{document.place(node)}: the prefix {written!r} is a path of another system, and is not taken.")
        return None
    path = Path(Variables(document).expand(node, "prefix", written)).expanduser()
    if not path.is_absolute():
        raise document.fail(
            node, "prefix", f"{written!r} is no full path", hint="Write the whole path, or '~/' before it."
        )
    path = Path(os.path.normpath(path))
    _check_name(document, node, "prefix", path.name)
    if path.name in _RESERVED:
        raise document.fail(node, "prefix", f"{path.name!r} is the name of conda's own environment")
    if _is_protected(path):
        raise document.fail(
            node, "prefix", f"{written!r} is a path of the system", hint="Name a folder that is for environments."
        )
    return path


@dataclass(frozen=True, slots=True)
class Variables:
    """Replaces ``$NAME`` and ``${NAME}``, and remembers what `Manifest` has of it."""

    document: YamlText
    hidden: dict[str, str] = field(default_factory=dict)
    in_paths: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def expand(self, node: Node, path: str, text: str) -> str:
        """Return *text* with the values of environment variables.

        Raises:
            InvalidEnvironmentFileError: if one is not set; the message has names only, for values may be secret.
        """

        def value(name: str) -> str:
            if name not in os.environ:
                reason, hint = f"the environment variable {name!r} is not set", f"Set {name}, or write its value out."
                raise self.document.fail(node, path, reason, hint=hint)
            return os.environ[name]

        found = expand(text, _VARIABLE, value)
        self.hidden.update(found.hidden)
        if found.in_path:
            name, separator, url = found.text.partition("=")
            self.in_paths[url if separator and "/" not in name else found.text] = found.in_path
        return found.text

    def expand_all(self, node: Node, path: str, value: object) -> object:
        """Return *value* with every text in it expanded."""
        if isinstance(value, dict):
            return {key: self.expand_all(node, f"{path}.{key}", item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.expand_all(node, f"{path}[{number}]", item) for number, item in enumerate(value)]
        return self.expand(node, path, value) if isinstance(value, str) else value


def read_channels(variables: Variables, node: Node) -> tuple[tuple[str, ...], bool]:
    """Read ``channels``: what to ask in order, and whether the default ones are appended.

    CEP 24: "The default channel configuration MUST be appended, unless the special name `nodefaults` is present. […]
    The `nodefaults` name MUST NOT be passed to the solver." Environment variables are expanded, as conda does.
    """
    document, channels = variables.document, []
    for number, item in enumerate(document.items(node, "channels", example="conda-forge")):
        path = f"channels[{number}]"
        channel = variables.expand(item, path, document.string(item, path).strip())
        if not channel:
            raise document.fail(item, path, "a channel has no name", hint="Take the line out.")
        channels.append(channel)
    return tuple(dict.fromkeys(name for name in channels if name != "nodefaults")), "nodefaults" not in channels


def read_platforms(document: YamlText, node: Node) -> tuple[str, ...]:
    """Read ``platforms``.

    CEP 24: "Each string MUST belong to the set of valid `subdirs`, with one exception: `noarch` MUST be rejected as a
    valid platform value."
    """
    platforms = []
    for number, item in enumerate(document.items(node, "platforms", example="linux-64")):
        path = f"platforms[{number}]"
        platform = document.string(item, path)
        if platform == "noarch":
            raise document.fail(
                item, path, "'noarch' is no platform to solve for", hint="Name machines, such as 'linux-64'."
            )
        if platform not in SUBDIRS:
            raise document.fail(item, path, f"{platform!r} is no subdir of conda", hint=f"It has {', '.join(SUBDIRS)}.")
        platforms.append(platform)
    return tuple(dict.fromkeys(platforms))


def read_variables(document: YamlText, node: Node, subdir: str, notes: list[str]) -> dict[str, tuple[str, Node]]:
    """Read ``variables``: name -> value and the node that has it.

    CEP 24: "Keys MUST be valid environment variable names for the target operating system", "Values SHOULD be `str`. If
    they are not, they MUST be converted to `str`." They are, by taking the characters of the file: that is what mamba
    does; where conda makes another text of the value, a note says so.
    """
    variables: dict[str, tuple[str, Node]] = {}
    is_windows = subdir.startswith("win-")
    upper: dict[str, str] = {}
    for name, (key, value) in document.fields(node, "variables").items():
        path = f"variables.{name}"
        _check_variable(document, key, name, is_windows=is_windows)
        if is_windows and (other := upper.setdefault(name.upper(), name)) != name:
            raise document.fail(key, path, f"on Windows it is the same variable as {other!r}", hint="Keep one of them.")
        variables[name] = _read_value(document, value, path, notes), key
    return variables


def _read_value(document: YamlText, node: Node, path: str, notes: list[str]) -> str:
    if node.id != "scalar" or tag_of(node) == "null":
        hint = 'Write "" for an empty one.' if node.id == "scalar" else "Write one value, in quotes."
        raise document.fail(node, path, f"expected a value, got {describe(node)}", hint=hint)
    text = str(node.value)
    if str(document.value(node, path)) != text:
        place = document.place(node)  # without the value, which may be secret
        notes.append(f"{place}: {path} is taken as it is written; conda makes another text of it. Put it in quotes.")
    return text


def _check_variable(document: YamlText, node: Node, name: str, *, is_windows: bool) -> None:
    if (_WINDOWS_NAME if is_windows else _POSIX_NAME)(name) is None:
        raise document.fail(
            node,
            "variables",
            f"{name!r} is no name of an environment variable",
            hint="Take letters, digits and '_', and no digit first: Windows and POSIX both know such names.",
        )
    if name.upper() == "PATH":
        raise document.fail(
            node, "variables", f"{name!r} is reserved: activation sets it itself", hint="Take the line out."
        )


def _check_name(document: YamlText, node: Node, path: str, name: str) -> None:
    if not name:
        raise document.fail(node, path, "it is empty", hint="Take the line out, or write a name.")
    if found := _FORBIDDEN(name):
        raise document.fail(
            node, path, f"{name!r} has a {found[0]!r}", hint="CEP 24 allows no '/', ' ', ':' and '#' in a name."
        )


def _is_protected(path: Path) -> bool:
    """Tell whether an environment there would be in the way of the system, or of all that a user has."""
    text = path.as_posix()
    inside = any(text.startswith(f"{folder}/") for folder in _OF_THE_SYSTEM)
    of_windows = path == Path(path.anchor) or (os.name == "nt" and path.parts[1:2] in {("Windows",), ("windows",)})
    return text in _PROTECTED or inside or of_windows or path == Path.home()
