"""The bulk table of a channel, written out of public tables on disk."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from wheelbridge.mapping.evidence import parse_evidence
from wheelbridge.mapping.generate import generate_channel
from wheelbridge.tables.build import digest
from wheelbridge.tables.documents import load_document
from wheelbridge.tables.load import CHANNEL


def generate_names(source: Path, out: Path, *, channel: str = CHANNEL) -> tuple[Path, Path]:
    """Write the bulk table of *channel* into *out*; return the files.

    Args:
        source: a folder with ``names/regro-grayskull.json``, ``names/grayskull-exceptions.yaml``,
            ``names/parselmouth-v0-<channel>.json`` and ``<channel>-purls.json``.
        out: the folder to write to.
        channel: the channel whose names are wanted.

    Raises:
        WheelbridgeError: if a file is missing or unreadable.
    """
    paths = {
        "regro": source / "names" / "regro-grayskull.json",
        "grayskull": source / "names" / "grayskull-exceptions.yaml",
        "parselmouth": source / "names" / f"parselmouth-v0-{channel}.json",
        "purls": source / f"{channel}-purls.json",
    }
    evidence = parse_evidence(**{name: load_document(path) for name, path in paths.items()})
    files = generate_channel(evidence, channel, _digests(paths.values()))
    written = out / f"{channel}.tsv", out / f"{channel}.inverse.tsv"
    out.mkdir(parents=True, exist_ok=True)
    for path, text in zip(written, (files.projects, files.packages), strict=True):
        path.write_bytes(text.encode())
    return written


def _digests(paths: Iterable[Path]) -> Mapping[str, str]:
    return {path.name: digest(path) for path in paths}
