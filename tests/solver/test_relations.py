"""CEP 42, with py-rattler's own resolution as the oracle."""

import asyncio
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from rattler import Channel, Gateway

from tests.solver.scenario import write_channel
from wheelbridge.model.attestation import AttestationPolicy
from wheelbridge.model.source import Source
from wheelbridge.solver.channels import ChannelAccess, Channels
from wheelbridge.solver.errors import ChannelRelationError
from wheelbridge.solver.records import record_channel
from wheelbridge.solver.relations import MAX_DEPTH, Relations, follow_relations

_NAMES = ["a", "b", "c", "d", "e"]
_DECLARED = st.fixed_dictionaries({}, optional={"base": st.sampled_from(_NAMES), "overrides": st.sampled_from(_NAMES)})
_GRAPHS = st.dictionaries(st.sampled_from(_NAMES), _DECLARED, max_size=4)
_Graph = Mapping[str, Mapping[str, str]]


def edges(graph: _Graph) -> list[tuple[str, str]]:
    """Return (upper, lower) for all that *graph* declares."""
    found = []
    for name, declared in graph.items():
        found += [(declared["base"], name)] if "base" in declared else []
        found += [(name, declared["overrides"])] if "overrides" in declared else []
    return found


def write(folder: Path, graph: _Graph) -> None:
    """Write the channels."""
    for name in _NAMES:
        references = {kind: f"../{other}" for kind, other in graph.get(name, {}).items()}
        write_channel(folder / name, ["probe 1.0"], references)


def ours(folder: Path, given: Sequence[str]) -> list[str]:
    """Return the order that wheelbridge finds."""
    sources = [Source(name, "channel", (folder / name).as_uri(), tier) for tier, name in enumerate(given)]
    channels = Channels(sources, "linux-64", ChannelAccess(folder / "cache"), offline=False)
    asyncio.run(channels.follow())
    return [source.name for source in channels.sources]


def rattlers(folder: Path, given: Sequence[str]) -> list[str]:
    """Return the order that py-rattler finds."""
    gateway = Gateway(cache_dir=folder / "other-cache")
    listed = [Channel((folder / name).as_uri()) for name in given]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of what it ignores
        answer = asyncio.run(gateway.query(listed, ["linux-64"], ["probe"], recursive=False))
    return [record_channel(records[0]).rpartition("/")[2] for records in answer if records]


class TestCep42:
    """CEP 42: for every priority edge (A -> B), channel A appears before channel B."""

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(graph=_GRAPHS, listed=st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True))
    def test_all_edges_hold_that_the_user_does_not_contradict(self, graph: _Graph, listed: list[str]) -> None:
        """The user's order holds; the channels are those that py-rattler finds."""
        assume(all(len(set(declared.values())) == len(declared) for declared in graph.values()))
        assume(all(name not in declared.values() for name, declared in graph.items()))
        with TemporaryDirectory() as place:
            folder = Path(place)
            write(folder, graph)
            try:
                found = ours(folder, listed)
            except ChannelRelationError:
                reject()
            expected = rattlers(folder, listed)

        assert set(found) == set(expected)
        assert [name for name in found if name in listed] == listed
        for upper, lower in edges(graph):
            lifts_itself = upper not in listed and lower in listed and graph.get(upper, {}).get("overrides") == lower
            if upper in found and lower in found and not (upper in listed and lower in listed) and not lifts_itself:
                assert found.index(upper) < found.index(lower)

    @pytest.mark.parametrize(
        ("graph", "listed", "order"),
        [
            ({"b": {"base": "a"}}, "b", "ab"),
            ({"a": {"overrides": "b"}}, "a", "ab"),
            ({"b": {"base": "a"}}, "ba", "ba"),
            ({"b": {"base": "a"}}, "cb", "cab"),
            ({"a": {"overrides": "b"}}, "ac", "abc"),
            ({"c": {"base": "b"}, "b": {"base": "a"}}, "c", "abc"),
            ({"a": {"overrides": "b"}, "b": {"overrides": "c"}}, "a", "abc"),
            ({"b": {"base": "a", "overrides": "c"}}, "b", "abc"),
            ({"b": {"base": "a"}, "c": {"base": "a"}}, "bc", "abc"),
        ],
    )
    def test_related_channels_stand_beside_each_other(
        self, graph: _Graph, listed: str, order: str, tmp_path: Path
    ) -> None:
        """As py-rattler has them."""
        write(tmp_path, graph)

        assert ours(tmp_path, listed) == list(order) == rattlers(tmp_path, listed)


def test_it_ends_somewhere() -> None:
    """CEP 42: "If the depth limit is exceeded, the client SHOULD abort resolution with an error."."""

    async def deeper(url: str) -> list[Relations]:
        return [Relations(base=f"../{int(url.rsplit('/', 1)[-1]) + 1}")]

    with pytest.raises(ChannelRelationError, match=f"deeper than {MAX_DEPTH}"):
        asyncio.run(follow_relations([Source("0", "channel", "https://host.example/0", 0)], deeper))


def test_what_comes_along_is_told_and_claims_by_its_name() -> None:
    """Its origin names who brought it; mirrors of one tier stay together, an explicit channel brings nothing."""

    async def read(url: str) -> list[Relations]:
        declared = {"bio": "../conda-forge", "far": "../corp", "special": "../other"}
        return [Relations(base=reference) for name, reference in declared.items() if url.endswith(f"/{name}")]

    sources = [
        Source("near", "channel", "https://host.example/near", 0),
        Source("far", "channel", "https://host.example/far", 0, claim="strict"),
        Source("special", "channel", "https://host.example/special", 1, explicit=True),
        Source("pypi", "index", "https://host.example/simple", 2),
        Source("bio", "channel", "https://host.example/bio", 3),
    ]
    found = asyncio.run(follow_relations(sources, read))

    assert [(s.name, s.tier, s.claim, s.origin) for s in found if s.origin] == [
        ("corp", 0, "strict", "a relation of far"),
        ("conda-forge", 4, "flexible", "a relation of bio"),
    ]
    assert [(s.name, s.tier) for s in found if not s.origin] == [
        ("near", 1),
        ("far", 1),
        ("special", 2),
        ("pypi", 3),
        ("bio", 5),
    ]


def test_what_comes_along_must_prove_what_its_bringer_must() -> None:
    """A server that must attest its files gets no way around it by naming another channel, at any depth."""

    async def read(url: str) -> list[Relations]:
        return [Relations(base="../b") if url.endswith("/a") else Relations(base="../a/c")] if url[-1] != "c" else []

    policy = AttestationPolicy(publishers=(("*", "github:corp/*"),))
    time = datetime(2026, 1, 1, tzinfo=UTC)
    listed = Source("a", "channel", "https://host.example/a", 0, attestations=policy, exclude_newer=time)
    found = asyncio.run(follow_relations([listed], read))

    assert [source.url.rpartition("example/")[2] for source in found] == ["a/c", "b", "a"]
    assert {(source.attestations, source.exclude_newer) for source in found} == {(policy, time)}


def test_a_folder_may_be_a_channel_and_an_index() -> None:
    """Neither is lost, and channels of one name are told apart by their URLs."""

    async def read(url: str) -> list[Relations]:
        return (
            [Relations(base="../x/rc")] if url.endswith("/both") else [Relations(base="../y/rc")] * url.endswith("/z")
        )

    sources = [
        Source("both", "channel", "file:///both", 0),
        Source("index", "index", "file:///both", 1),
        Source("z", "channel", "file:///z", 2),
    ]
    found = asyncio.run(follow_relations(sources, read))

    assert [(source.name, source.kind, source.tier) for source in found] == [
        ("rc", "channel", 0),
        ("both", "channel", 1),
        ("index", "index", 2),
        ("file:///y/rc", "channel", 3),
        ("z", "channel", 4),
    ]
