"""The bulk table of a channel, made of its pinned inputs."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wheelbridge.mapping.bundlers import parse_bundlers
from wheelbridge.mapping.evidence import Evidence, parse_evidence
from wheelbridge.mapping.generate import LookupFiles, generate_channel
from wheelbridge.mapping.pins import Pin
from wheelbridge.mapping.survey import Survey
from wheelbridge.tables.documents import load_document, parse_document
from wheelbridge.tables.load import CHANNEL
from wheelbridge.tables.locate import find_mappings
from wheelbridge.tables.pinned import check_input, read_input, read_pins
from wheelbridge.tables.writing import write_file

_BUNDLERS = "names/bundlers.yaml"


@dataclass(frozen=True, slots=True)
class Input:
    """The bytes of an input, and what they are."""

    pin: Pin
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BulkTable:
    """A generated table, and what it was decided on."""

    files: LookupFiles
    evidence: Evidence


def make_table(mappings: Path, channel: str, inputs: Iterable[Input]) -> BulkTable:
    """Decide the names of *channel* by those *inputs* that speak of it, and what people know of bundlers.

    Raises:
        WheelbridgeError: if an input is not what its name says.
    """
    held = [given for given in inputs if channel in given.pin.channels]
    documents: dict[str, Any] = {
        given.pin.role.value: parse_document(given.data, Path(given.pin.file)) for given in held
    }
    digests = {Path(given.pin.file).name: hashlib.sha256(given.data).hexdigest() for given in held}
    bundlers = mappings / _BUNDLERS
    if bundlers.exists():
        documents["bundlers"] = parse_bundlers(load_document(bundlers) or [], channel)
        digests[bundlers.name] = hashlib.sha256(bundlers.read_bytes()).hexdigest()
    if "survey" in documents:
        documents["survey"] = Survey.parse(documents["survey"])
    evidence = parse_evidence(**documents)
    return BulkTable(generate_channel(evidence, channel, digests), evidence)


def table_paths(mappings: Path, channel: str) -> tuple[Path, Path]:
    """Return where the table of *channel* is: project -> package, package -> projects."""
    folder = mappings / "names" / "generated"
    return folder / f"{channel}.tsv", folder / f"{channel}.inverse.tsv"


def generate_names(
    source: Path, out: Path, *, channel: str = CHANNEL, mappings: Path | None = None
) -> tuple[Path, ...]:
    """Write the bulk table of *channel* into the folder *out*; return the files.

    Args:
        source: a folder with the inputs, each where its pin says.
        out: the folder to write to.
        channel: the channel whose names are wanted.
        mappings: the folder of the tables with the pins; default: the one of wheelbridge.

    Raises:
        WheelbridgeError: if an input is missing, unreadable, or not the pinned one.
    """
    folder = mappings or find_mappings()
    pins = [pin for pin in read_pins(folder) if channel in pin.channels]
    inputs = [Input(pin, check_input(read_input(folder, pin, source) or b"", pin)) for pin in pins]
    table = make_table(folder, channel, inputs)
    written = tuple(out / path.name for path in table_paths(folder, channel))
    for path, text in zip(written, (table.files.projects, table.files.packages), strict=True):
        write_file(path, text.encode())
    return written
