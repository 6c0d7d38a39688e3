"""The look-up files, built: what people wrote as YAML becomes sorted lines, found without reading YAML or JSON."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from wheelbridge.mapping.generate import compile_layers
from wheelbridge.mapping.overrides import parse_overrides
from wheelbridge.tables.documents import load_document


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
    return dict(_compile_names(mappings))


def _compile_names(mappings: Path) -> Mapping[str, str]:
    path = mappings / "names" / "overrides.yaml"
    rows = parse_overrides(load_document(path)) if path.exists() else ()
    return compile_layers(rows, {path.name: digest(path)} if path.exists() else {})


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
