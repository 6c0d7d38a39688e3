"""What a lock has of links, taken again without a solve."""

from dataclasses import replace

from packaging.version import Version

from wheelbridge.api.building.workshops import open_workshop
from wheelbridge.api.direct.errors import LinkMismatchError
from wheelbridge.api.direct.opening import open_link
from wheelbridge.api.direct.requirements import show_link
from wheelbridge.api.solving import Settings
from wheelbridge.environment.manifest import Link
from wheelbridge.model.distribution import DistributionFile


def take_wheel(link: Link, settings: Settings, *, python: str, version: Version | None = None) -> DistributionFile:
    """Return the wheel that *link* leads to, on this machine: its own, or one that is built now or was built so before.

    A build need not come out the same twice, so the hash is that of this wheel.

    Args:
        link: as `read_direct_url` returns it.
        settings: what the lock is installed under.
        python: the minor version of the python that a wheel is built with, such as ``3.12``.
        version: the version that it must be of.

    Raises:
        LinkMismatchError: if it is another project or version.
        WheelbridgeError: if it cannot be had or built.
    """
    with open_workshop(settings.caches.builds) as workshop, settings.processes.stopped_by_interrupt():
        opened = open_link(link, settings, workshop / "link", python)
        if version not in (None, opened.version):
            raise LinkMismatchError(show_link(link), f"{opened.project} {version}", f"version {opened.version}")
        if opened.wheel is not None:
            return replace(opened.file, url=opened.wheel.as_uri())
        if opened.builder is None:
            raise ValueError(link)
        return opened.builder.build(python).file
