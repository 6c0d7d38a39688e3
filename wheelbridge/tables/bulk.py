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
