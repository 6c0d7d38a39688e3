"""``wheelbridge add`` and ``drop``: lines into and out of the files that people write."""

from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path

from wheelbridge.api.specs import check_spec
from wheelbridge.cli.options import Output
from wheelbridge.cli.output import out, print_json, printable
from wheelbridge.environment.editing.planning import Edit, is_environment_file, plan_add, plan_drop
from wheelbridge.environment.editing.text import PYPI
from wheelbridge.model.redaction import redact_text


def add(file: Path, specs: Sequence[str], place: Sequence[str], output: Output) -> int:
    """Add to a file, or give what it has another version."""
    for spec in specs if is_environment_file(file) else ():
        if not spec.startswith(PYPI) or spec.startswith(f"{PYPI}:"):
            check_spec(spec)
    return _finish(plan_add(file, specs, place), output)


def drop(file: Path, names: Sequence[str], place: Sequence[str], output: Output) -> int:
    """Take out of a file."""
    return _finish(plan_drop(file, names, place), output)


def _finish(edit: Edit, output: Output) -> int:
    if not output.dry_run:
        edit.write()
    if output.as_json:
        print_json({"success": True, "dry_run": output.dry_run, "file": str(edit.path), "changed": not edit.is_empty})
    elif edit.is_empty:
        out().print(f"{edit.path} says so already.")
    elif not output.quiet:
        name = str(edit.path)
        lines = unified_diff(edit.before.splitlines(), edit.after.splitlines(), name, name, n=1, lineterm="")
        out().print("\n".join(printable(redact_text(line)) for line in lines))
    return 0
