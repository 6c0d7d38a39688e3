"""Threads for which nobody waits who does not want to."""

from threading import Event, current_thread
from time import sleep

import pytest

from wheelbridge.solver.threads import Threads


def test_does_as_many_at_once_as_it_may() -> None:
    """Results come in the order of what was asked for, and errors to whom they belong."""
    both = [Event(), Event()]

    def meet(number: int) -> int:
        both[number].set()
        assert both[1 - number].wait(10)
        return number

    with Threads(2) as threads:
        assert list(threads.map(meet, [0, 1])) == [0, 1]
        assert threads.submit(int, "7", base=8).result() == 7
        with pytest.raises(ValueError, match="invalid literal"):
            threads.submit(int, "x").result()
        names = {threads.submit(lambda: current_thread().name).result() for _ in range(9)}
    assert names <= {"wheelbridge-0", "wheelbridge-1"}


def leave(threads: Threads, error: type[BaseException]) -> None:
    """Leave the block of *threads* by an error."""
    with pytest.raises(error), threads:
        raise error


def test_waits_for_what_was_begun() -> None:
    """Also where something went wrong: nobody writes a file any more when the block is left."""
    threads = Threads(1)
    task = threads.submit(sleep, 0.2)

    leave(threads, ZeroDivisionError)

    assert task.done()


def test_who_is_interrupted_waits_for_nobody() -> None:
    """What was not begun is not begun any more; what waits for a server may go on doing so."""
    begun, answered = Event(), Event()

    def ask() -> bool:
        begun.set()
        return answered.wait(20)

    threads = Threads(1)
    asking, other = threads.submit(ask), threads.submit(print)
    assert begun.wait(10)

    leave(threads, KeyboardInterrupt)

    assert (asking.running(), other.cancelled()) == (True, True)
    answered.set()
    assert asking.result(10)


def test_takes_nothing_when_it_is_over() -> None:
    """As every executor."""
    threads = Threads(1)
    threads.shutdown()

    with pytest.raises(RuntimeError):
        threads.submit(print)
