"""The list of sources with the channels that others bring along (CEP 42), read and nothing solved."""

from collections.abc import Sequence

from wheelbridge.api.clients import open_client
from wheelbridge.api.places import Caches
from wheelbridge.api.running import run_to_end
from wheelbridge.model.source import Claim, Source
from wheelbridge.solver.channels import ChannelAccess, Channels


def follow_channels(
    sources: Sequence[Source], subdir: str, caches: Caches, *, offline: bool = False, claim: Claim | None = None
) -> tuple[Source, ...]:
    """Return *sources* as a solve for *subdir* would see them.

    Raises:
        ChannelRelationError: if what channels say of each other makes no order.
        RepodataError: if a channel cannot be read.
        BreachError: if a channel is reached without TLS, and may not be.
    """
    access = ChannelAccess(caches.repodata, open_client(sources))
    channels = Channels(sources, subdir, access, offline=offline)
    run_to_end(channels.follow(claim))
    return channels.sources
