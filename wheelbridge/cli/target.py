"""``wheelbridge target``."""

from collections.abc import Sequence

from wheelbridge.cli.output import out, print_json
from wheelbridge.target.detect import detect_target


def run(platform: str | None, facts: Sequence[str], *, as_json: bool) -> int:
    """Print the target, as JSON or as a table."""
    from rich.table import Table

    target = detect_target(platform, facts)
    if as_json:
        print_json(target.as_json())
        return 0
    table = Table("virtual package", "version", "build", title=f"Target {target.subdir}", title_justify="left")
    for package in target.virtual_packages:
        table.add_row(package.name, package.version, package.build)
    out().print(table)
    return 0
