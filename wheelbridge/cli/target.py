"""``wheelbridge target``."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wheelbridge.cli.output import out, print_json
from wheelbridge.model.variant import NamespaceSupport
from wheelbridge.target.detect import detect_target
from wheelbridge.translate.providers import known_support

if TYPE_CHECKING:
    from rich.table import Table

_SHOWN = 6


def run(platform: str | None, facts: Sequence[str], *, as_json: bool) -> int:
    """Print the target and the variant properties that it supports, as JSON or as tables."""
    from rich.table import Table

    target = detect_target(platform, facts)
    support = known_support(target)
    if as_json:
        lists = {name: {key: list(values) for key, values in one.features.items()} for name, one in support.items()}
        origins = {name: one.read_from for name, one in support.items()}
        print_json({**target.as_json(), "variants": lists, "variants_from": origins})
        return 0
    table = Table("virtual package", "version", "build", title=f"Target {target.subdir}", title_justify="left")
    for package in target.virtual_packages:
        table.add_row(package.name, package.version, package.build)
    out().print(table)
    if support:
        out().print(_variants_table(support))
    return 0


def _variants_table(support: Mapping[str, NamespaceSupport]) -> "Table":
    """Lay out what is supported of wheel variants, the best first; features with one value alone stand together."""
    from rich.table import Table

    table = Table("namespace", "feature", "values", "read from", title="Wheel variants", title_justify="left")
    for name, one in support.items():
        flags = [feature for feature, values in one.features.items() if values == ("on",)]
        for feature, values in one.features.items():
            if feature not in flags:
                table.add_row(name, feature, _shorten(values), one.read_from)
        if flags:
            table.add_row(name, _shorten(flags), "on", one.read_from)
    return table


def _shorten(values: Sequence[str]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return f"{', '.join(values[:_SHOWN])}{more}"
