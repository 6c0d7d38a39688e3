"""``wheelbridge list``."""

from pathlib import Path

from wheelbridge.cli.interruption import tell_interruption
from wheelbridge.cli.output import out, print_json
from wheelbridge.installer.errors import NotAnEnvironmentError
from wheelbridge.installer.listing import installed_packages
from wheelbridge.installer.prefix import is_environment


def run(prefix: Path, *, as_json: bool) -> int:
    """Print the packages of the environment at *prefix*."""
    from rich.table import Table

    if not is_environment(prefix):
        raise NotAnEnvironmentError(prefix)
    tell_interruption(prefix)
    packages = installed_packages(prefix)
    if as_json:
        print_json({"success": True, "prefix": str(prefix), "packages": [package.as_json() for package in packages]})
        return 0
    has_variants = any(package.variant for package in packages)
    headings = ("package", "version", "build", "kind", "from", *(("variant",) if has_variants else ()))
    table = Table(*headings, title=str(prefix), title_justify="left", box=None)
    for package in packages:
        style = "green" if package.kind == "wheel" else ""
        label = (package.variant.label if package.variant else "",) if has_variants else ()
        table.add_row(package.name, package.version, package.build, package.kind, package.channel, *label, style=style)
    out().print(table)
    return 0
