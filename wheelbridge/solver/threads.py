"""Threads that wait for servers, while nobody waits for the threads who does not want to any more."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock, Semaphore, Thread
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Job = tuple[Future[Any], Callable[[], Any]]


class Threads(Executor):
    """As `concurrent.futures.ThreadPoolExecutor`, but neither Python's end nor whom Ctrl-C ends waits for its threads.

    A thread cannot be told to stop while it waits for a server that may never answer.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._workers: list[Thread] = []
        self._idle = Semaphore(0)
        self._lock = Lock()
        self._is_shut = False

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Let a thread call *fn*; see `concurrent.futures.Executor`."""
        future: Future[_T] = Future()
        with self._lock:
            if self._is_shut:
                raise RuntimeError("the threads were told to end")
            self._jobs.put((future, partial(fn, *args, **kwargs)))
            if not self._idle.acquire(blocking=False) and len(self._workers) < self._most:
                worker = Thread(target=self._work, name=f"wheelbridge-{len(self._workers)}", daemon=True)
                self._workers.append(worker)
                worker.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as its base
        """Let the threads end when they are done; see `concurrent.futures.Executor`."""
        with self._lock:
            self._is_shut = True
            with suppress(Empty):
                while cancel_futures:
                    if job := self._jobs.get_nowait():
                        job[0].cancel()
            for _ in self._workers:
                self._jobs.put(None)
        for worker in self._workers if wait else ():
            worker.join()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for what was begun, unless the user will not."""
        stopped = kind is not None and issubclass(kind, KeyboardInterrupt)
        self.shutdown(wait=not stopped, cancel_futures=stopped)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            _run(*job)
            del job
            self._idle.release()


def _run(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - who asked for the result gets it
        future.set_exception(error)
    else:
        future.set_result(result)
