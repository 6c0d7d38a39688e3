"""What a solve of conda does to wheels, told to those who want to know (``plugins.wheelbridge_notices``)."""

import sys
from typing import TYPE_CHECKING, Any

from conda.base.context import context

from wheelbridge.conda_plugin.verifying import is_wheel

if TYPE_CHECKING:
    from conda.models.records import PackageRecord


def notice(
    repodata_fn: str, unlink_precs: "tuple[PackageRecord, ...]", link_precs: "tuple[PackageRecord, ...]"
) -> None:
    """Tell which wheels of the environment would be removed, and which a package of a channel would replace."""
    del repodata_fn
    plugins: Any = context.plugins
    if not getattr(plugins, "wheelbridge_notices", False) or context.quiet:
        return
    linked = {str(record.name): record for record in link_precs}
    for record in filter(is_wheel, unlink_precs):
        new = linked.get(str(record.name))
        if new is None:
            sys.stderr.write(f"notice: the wheel {record.name} {record.version} would be removed\n")
        elif not is_wheel(new):
            where = new.channel.canonical_name
            told = f"{record.name} {new.version} of {where} would replace the wheel {record.version}"
            sys.stderr.write(f"notice: {told}\n")
