"""The list of sources with the channels that others bring along (CEP 42), read and nothing solved."""

from dataclasses import replace

from wheelbridge.api.clients import open_client
from wheelbridge.api.places import Caches
from wheelbridge.api.running import run_to_end
from wheelbridge.api.sources import SourceList
from wheelbridge.solver.channels import ChannelAccess, Channels
from wheelbridge.solver.errors import RepodataError

UNREAD = "Not all channels were read so far; which others they bring along (CEP 42) is shown by a solve."


def add_related(listed: SourceList, subdir: str, caches: Caches) -> SourceList:
    """Return *listed* as a solve for *subdir* would see it, by what is cached of its channels.

    Where a channel was never read, the list stays what it was, with a note that says so.

    Raises:
        BreachError: if a channel is reached without TLS, and may not be.
        ChannelRelationError: if what channels say of each other makes no order.
    """
    if not listed.relations or not any(source.kind == "channel" for source in listed.sources):
        return listed
    access = ChannelAccess(caches.repodata, open_client(listed.sources))
    channels = Channels(listed.sources, subdir, access, offline=True)
    try:
        run_to_end(channels.follow(listed.claim))
    except RepodataError:
        return replace(listed, notes=(*listed.notes, UNREAD))
    reasons = {source.name: source.origin for source in channels.sources} | dict(listed.reasons)
    return replace(listed, sources=channels.sources, reasons=reasons)
