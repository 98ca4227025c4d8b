"""Work done by copies of this process: they know all that it knows, so that only answers travel."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_WORK: list[Callable[..., Any]] = []
"""What a copy is there for."""


def can_copy() -> bool:
    """Whether this system makes copies of processes."""
    return "fork" in multiprocessing.get_all_start_methods()


@contextmanager
def copies(work: Callable[..., Answer], count: int) -> Iterator[Callable[..., Future[Answer]]]:
    """Copies of this process as it is at the first task; none is left when the block ends.

    Yields
    ------
    Callable
        Has one of them work with the arguments given. A copy that dies breaks the futures of all (``BrokenProcessPool``).
    """
    others = set(multiprocessing.active_children())
    asked: list[Future[Answer]] = []
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("fork"), initializer=_begin, initargs=(work,))

    def hand(*task: Any) -> Future[Answer]:
        asked.append(pool.submit(_work, *task))
        return asked[-1]

    try:
        yield hand
    finally:
        if not all(future.done() for future in asked):
            for child in set(multiprocessing.active_children()) - others:
                child.kill()
        # Only the pool may wait for its copies: of two that wait for the same one, one can miss that it has ended.
        pool.shutdown(cancel_futures=True)


def mapped(work: Callable[..., Answer], tasks: Sequence[tuple[Any, ...]], count: int) -> list[Answer]:
    """The answer to each task, in order, by so many copies; here, where one is enough or there can be none.

    What a copy that dies leaves is done here.
    """
    if count < 2 or len(tasks) < 2 or not can_copy():
        return [work(*task) for task in tasks]
    found: list[Answer] = []
    with copies(lambda number: work(*tasks[number]), min(count, len(tasks))) as hand:
        for number, future in enumerate([hand(number) for number in range(len(tasks))]):
            try:
                found.append(future.result())
            except BrokenProcessPool:
                found.append(work(*tasks[number]))
    return found


def _begin(work: Callable[..., Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The process that asked decides when to stop.
    # Another thread may have been printing when this copy was made, and will never let go of the lock.
    sys.stdout = sys.stderr = io.StringIO()
    _WORK[:] = [work]
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when the one that asked is gone: nobody would take the answers."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _work(*task: Any) -> Any:
    return _WORK[0](*task)
