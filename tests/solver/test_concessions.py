import asyncio
from pathlib import Path

from tests.fakes import FakeNames
from tests.solver.scenario import TARGET, write_channel
from wheelbridge.api.solving import Silent
from wheelbridge.model.name import CondaName
from wheelbridge.model.record import WheelRecord
from wheelbridge.model.source import Source
from wheelbridge.model.target import Target
from wheelbridge.solver.channels import ChannelAccess, Channels
from wheelbridge.solver.concessions import Concessions
from wheelbridge.solver.demand import Demand
from wheelbridge.solver.engine import solve_jointly
from wheelbridge.solver.names import SolverNames
from wheelbridge.solver.owners import Owners
from wheelbridge.solver.ownership import Rule
from wheelbridge.solver.problem import Problem, Standing
from wheelbridge.solver.records import to_rattler_record
from wheelbridge.solver.request import Request


def make_concessions(tmp_path: Path) -> Concessions:
    """Stand before a conflict with one wheel of which another variant is wanted, and no index to ask for more."""
    fn = "foo-1.0-py3-none-any-x.whl"
    record = WheelRecord(
        name=CondaName("foo"),
        version="1.0",
        build="x_0",
        build_number=0,
        subdir="noarch",
        fn=fn,
        url=f"https://host.example/{fn}",
    )
    installed = to_rattler_record(record, "https://host.example/simple")
    problem = Problem(target=Target(subdir="linux-64"), sources=(), standing=Standing(replaced=(installed,)))
    demand = Demand(SolverNames(FakeNames()))
    owners = Owners(Rule(()), Channels((), "linux-64", ChannelAccess(tmp_path), offline=True), demand, {})
    concessions = Concessions(problem, Request((), (), ()), demand, owners, {})
    demand.changed.clear()  # as a session does that has read the indexes
    return concessions


def test_a_replaced_wheel_stays_in_its_version_until_it_is_named(tmp_path: Path) -> None:
    """A conflict that names it lets go of that, once; then there is nothing left to give."""
    concessions = make_concessions(tmp_path)
    assert concessions.constraints == ['foo[version="==1.0",flags=[wheel]]']

    assert asyncio.run(concessions.make("foo 1.0 cannot be installed")) is True
    assert concessions.constraints == []


def test_it_gives_way_last_where_the_conflict_does_not_name_it(tmp_path: Path) -> None:
    """The solver's text leaves out what it said before, so that a culprit may go without its name."""
    concessions = make_concessions(tmp_path)

    assert asyncio.run(concessions.make("bar 1.0 cannot be installed")) is True
    assert concessions.constraints == []


def test_an_earlier_request_that_stands_in_the_way_is_loosened(tmp_path: Path) -> None:
    """All versions of what was asked for earlier are known to the solver, not only those that were asked for."""
    channel = write_channel(tmp_path / "forge", ["foo 1.0", "foo 2.0", {"package": "bar 1.0", "depends": ["foo >=2"]}])
    problem = Problem(
        target=Target(subdir="linux-64", virtual_packages=TARGET),
        sources=(Source("forge", "channel", channel, 0),),
        specs=("bar",),
        standing=Standing(kept=("foo<2",)),
    )
    work = solve_jointly(problem, {}, FakeNames(), repodata_cache=tmp_path / "cache", progress=Silent())
    solution = asyncio.run(work)

    assert [(package.name, package.version) for package in solution.packages] == [("bar", "1.0"), ("foo", "2.0")]
    assert solution.notes == ("foo<2 was asked for earlier; it may move now.",)
