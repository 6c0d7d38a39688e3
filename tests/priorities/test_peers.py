"""The rules of pip, uv and rattler, as they follow them today, and wheelbridge beside them on the same sources."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.priorities import bridge, peers
from tests.priorities.rows import PEERS, Meaning, Outcome, Row, World, load_rows
from tests.priorities.stage import Stage

ROWS = load_rows(Path(__file__).with_name("peers.toml"))
CASES = [(row, peer, world) for row in ROWS for peer in row.peers for world in row.worlds(peer)]
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Answers:
    """What was taken of one row's sources: by each peer, and by wheelbridge with each claim, in each world."""

    theirs: dict[tuple[str, World], Outcome] = field(default_factory=dict)
    ours: dict[tuple[Meaning, World], Outcome] = field(default_factory=dict)


class Bench:
    """Asks all about each row once; rows at the same time, since most of the time is other processes' start.

    All have answered before the first test begins: tests change the variables that threads would be reading.
    """

    def __init__(self, rows: list[Row], folder: Path) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._answers = {row.name: self._pool.submit(self._ask, row) for row in rows}
        wait(self._answers.values())

    def answers(self, row: Row) -> Answers:
        """Return what was taken."""
        return self._answers[row.name].result()

    @property
    def answered(self) -> frozenset[str]:
        """The rows about which all said something."""
        return frozenset(name for name, answers in self._answers.items() if answers.exception() is None)

    def close(self) -> None:
        """Ask no more."""
        self._pool.shutdown(cancel_futures=True)

    def _ask(self, row: Row) -> Answers:
        answers = Answers()
        with Stage(row, self._folder / row.name) as stage:
            for peer in row.peers:
                for world in row.worlds(peer):
                    if peers.is_there(peer):
                        answers.theirs[peer, world] = peers.ask(peer, stage, world)
                    if (PEERS[peer], world) not in answers.ours:
                        answers.ours[PEERS[peer], world] = bridge.ask_wheelbridge(PEERS[peer], stage, world)
        return answers


@pytest.fixture(scope="module")
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Ask about the rows that this run is about; at the end, show who agreed (``-s``)."""
    params = (getattr(item, "callspec", None) for item in request.session.items if item.path == request.path)
    wanted = {spec.params["row"].name for spec in params if spec and "row" in spec.params}
    bench = Bench([row for row in ROWS if row.name in wanted] or ROWS, tmp_path_factory.mktemp("priorities"))
    yield bench
    bench.close()
    print(f"\n\n{peers.versions()}; {len(bench.answered)} rows\n\n{_render_table(bench)}\n\n{_render_reasons(bench)}")


def _answer(bench: Bench, row: Row, peer: str, world: World) -> Outcome:
    if not peers.is_there(peer):
        pytest.skip(f"there is no {peer.partition('.')[0]} beside this python")
    return bench.answers(row).theirs[peer, world]


def _id(value: object) -> str:
    return value.name if isinstance(value, Row) else str(value).replace(" ", "-")


@pytest.mark.parametrize(("row", "peer", "world"), CASES, ids=_id)
def test_peer(bench: Bench, row: Row, peer: str, world: World) -> None:
    """The peer takes what the row says, from the source that the row says."""
    found, expected = _answer(bench, row, peer, world), row.expected(peer)

    assert expected is not None
    assert expected.meets(found, peers.UNSATISFIABLE[peer.partition(".")[0]]), f"{expected}; it was: {_show(found)}"


@pytest.mark.parametrize(("row", "peer", "world"), CASES, ids=_id)
def test_wheelbridge(bench: Bench, row: Row, peer: str, world: World) -> None:
    """Wheelbridge takes the same where it is told the same, or differs with the reason that the row gives."""
    theirs, ours = _answer(bench, row, peer, world), bench.answers(row).ours[PEERS[peer], world]
    expected = row.expected_of_us(peer, world) or row.expected(peer)

    assert expected is not None
    assert expected.meets(ours, bridge.UNSATISFIABLE), f"{expected}; it was: {_show(ours)}"
    assert ours.same_as(theirs) is (row.difference(peer) is None), f"{peer} took {theirs}, wheelbridge {ours}"


def _show(outcome: Outcome) -> str:
    return f"{outcome} {outcome.refusal or ''}".rstrip()


def test_rows_say_nothing_idle() -> None:
    """Whatever a row says of somebody is about one whom it is for; else it would not be looked at."""
    for row in ROWS:
        families = {peer.partition(".")[0] for peer in row.peers}
        meanings = {PEERS[peer] for peer in row.peers}
        ours = {"wheelbridge", *(f"wheelbridge.{meaning}" for meaning in meanings)}
        assert {*row.expect} <= {*row.peers, *families, *meanings, *ours, "all"}, row.name
        assert {*row.differs} <= {*row.peers, *families, "all"}, row.name
        assert row.peers, row.name


def _cases(bench: Bench) -> Iterator[tuple[Row, str, World]]:
    return (case for case in CASES if case[0].name in bench.answered and peers.is_there(case[1]))


def _render_table(bench: Bench) -> str:
    lines = [
        "| peer | rows | as the rows say | wheelbridge the same | other, on purpose | other |",
        "|---|" + "---:|" * 5,
    ]
    for peer in PEERS:
        cases = [(row, world) for row, one, world in _cases(bench) if one == peer]
        verdicts = Counter(verdict for row, world in cases for verdict in _judge(bench.answers(row), row, peer, world))
        counts = [f"{verdicts[verdict]}/{len(cases)}" for verdict in ("said", "same")]
        rows = len({row.name for row, _ in cases})
        lines.append(f"| {peer} | {rows} | {' | '.join(counts)} | {verdicts['purpose']} | {verdicts['other']} |")
    return "\n".join(lines)


def _judge(answers: Answers, row: Row, peer: str, world: World) -> Iterator[str]:
    theirs, ours, expected = answers.theirs[peer, world], answers.ours[PEERS[peer], world], row.expected(peer)
    if expected and expected.meets(theirs, peers.UNSATISFIABLE[peer.partition(".")[0]]):
        yield "said"
    yield "same" if ours.same_as(theirs) else "purpose" if row.difference(peer) else "other"


def _render_reasons(bench: Bench) -> str:
    found: dict[tuple[str, str], dict[str, None]] = {}
    for row, peer, _ in _cases(bench):
        if reason := row.difference(peer):
            found.setdefault((row.name, reason), {})[peer] = None
    return "\n".join(f"- {name}, unlike {', '.join(names)}: {reason}" for (name, reason), names in found.items())
