"""The look-up files, built: what people wrote as YAML becomes sorted lines, found without reading YAML or JSON."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from wheelbridge.mapping.external import rows as external_rows
from wheelbridge.mapping.external.parsing import parse_external
from wheelbridge.mapping.generate import compile_layers
from wheelbridge.mapping.lines import render_lines
from wheelbridge.mapping.natives import sonames as soname_rows
from wheelbridge.mapping.natives import wheels as wheel_rows
from wheelbridge.mapping.natives.sonames import parse_soname_rows
from wheelbridge.mapping.natives.variants import (
    RUNTIME_COLUMNS,
    parse_provider_rows,
    parse_runtime_rows,
    render_packages_module,
)
from wheelbridge.mapping.natives.wheels import parse_wheel_rows
from wheelbridge.mapping.overrides import parse_overrides
from wheelbridge.tables.reading import read_rows


def build_tables(mappings: Path, folder: Path) -> None:
    """Write the look-up files of the tables in *mappings* into *folder*; each file is there whole or not at all.

    Raises:
        WheelbridgeError: if a table breaks a rule.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in compile_tables(mappings).items():
        part = folder / f".{name}.{os.getpid()}"
        part.write_bytes(text.encode())
        part.replace(folder / name)


def compile_tables(mappings: Path) -> Mapping[str, str]:
    """Return file name -> text of the look-up files of the tables in *mappings*.

    Raises:
        WheelbridgeError: if a table breaks a rule.
    """
    files = dict(_compile_names(mappings))
    for name, read, keys in _TABLES:
        path = mappings / name
        lines = read_rows(path, read) if path.exists() else ()
        header = [f"built from {name}", *([f"input: {path.name} sha256={digest(path)}"] if path.exists() else [])]
        files[name.replace("/", ".").removesuffix(".yaml") + ".tsv"] = render_lines(lines, keys, header)
    return files


def make_packages_module(mappings: Path) -> str:
    """Return the source of the translator's module that says which packages are providers of variants.

    Raises:
        WheelbridgeError: if the table breaks a rule.
    """
    return render_packages_module(read_rows(mappings / "variants" / "providers.yaml", parse_provider_rows))


def _compile_names(mappings: Path) -> Mapping[str, str]:
    path = mappings / "names" / "overrides.yaml"
    rows = read_rows(path, parse_overrides) if path.exists() else ()
    return compile_layers(rows, {path.name: digest(path)} if path.exists() else {})


def _external_lines(data: object) -> Sequence[str]:
    return [row.render_line() for row in parse_external(data)]


def _wheel_lines(data: object) -> Sequence[str]:
    grouped = groupby(parse_wheel_rows(data), key=lambda row: row.pypi)
    return [wheel_rows.render_line(list(rows)) for _, rows in grouped]


def _soname_lines(data: object) -> Sequence[str]:
    grouped = groupby(parse_soname_rows(data), key=lambda row: row.soname)
    return [soname_rows.render_line(list(rows)) for _, rows in grouped]


def _runtime_lines(data: object) -> Sequence[str]:
    return [row.render_line() for row in parse_runtime_rows(data)]


_TABLES: tuple[tuple[str, Callable[[object], Sequence[str]], str], ...] = (
    ("external/conda-forge.yaml", _external_lines, " ".join(external_rows.COLUMNS)),
    ("wheels/conda-forge.yaml", _wheel_lines, " ".join(wheel_rows.FIELDS)),
    ("sonames/conda-forge.yaml", _soname_lines, " ".join(soname_rows.FIELDS)),
    ("variants/runtimes.yaml", _runtime_lines, " ".join(RUNTIME_COLUMNS)),
)
"""Table, how its rows become lines, and what the columns are called."""


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
