"""``wheelbridge map export``."""

import sys
from pathlib import Path

from wheelbridge.api.mapping.export import export_mapping, export_text, write_export
from wheelbridge.cli.output import note, print_json


def run(*, channel: str, out: Path | None, mappings: Path | None, as_json: bool) -> int:
    """Print what a channel has for external dependencies as a mapping of PEP 804, or write it into the file *out*.

    What such a document cannot say is told on standard error. With *as_json*, both are one object on standard output:
    ``document``, null where a file has it, and ``notes``.
    """
    export = export_mapping(channel, mappings)
    if out is not None:
        write_export(export, out)
    if as_json:
        document = export.document if out is None else None
        print_json({"success": True, "file": out and str(out), "document": document, "notes": list(export.notes)})
        return 0
    for text in export.notes:
        note(text)
    sys.stdout.write(export_text(export) if out is None else f"{out}\n")
    sys.stdout.flush()
    return 0
