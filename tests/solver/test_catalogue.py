import asyncio
from collections.abc import Mapping, Sequence

import pytest
from rattler import RepoDataRecord, solve
from rattler.exceptions import GatewayError

from wheelbridge.model.source import Source
from wheelbridge.solver.catalogue import Catalogue
from wheelbridge.solver.errors import RepodataError
from wheelbridge.solver.ownership import Ruling


def test_what_goes_wrong_while_the_solver_asks_is_kept_as_it_was() -> None:
    """Rattler hands on no more than a text; an error of ours keeps its code and its hint."""
    error = RepodataError("A channel cannot be read", hint="Try again.")

    async def find(name: str) -> tuple[Ruling, Mapping[str, Sequence[RepoDataRecord]]]:
        assert name == "foo"
        raise error

    catalogue = Catalogue([Source("forge", "channel", "https://host.example/forge", 0)], find)
    with pytest.raises(GatewayError):
        asyncio.run(solve(catalogue.places, ["foo"], platforms=["linux-64"]))

    assert catalogue.failure is error
