"""Ctrl-C during a long run: the first asks for the best plan so far, the second leaves at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from allocator.system.unfinished import remove_own

T = TypeVar("T")

INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
GRACE = 180.0
"""Seconds after a SIGTERM in which the best plan so far is written, twice what the province takes; who sent it may not be there to send another."""


def run_stoppably(
    work: Callable[[threading.Event], T], on_stop: Callable[[], None], on_leave: Callable[[], None] = lambda: None
) -> T:
    """Do ``work`` in a thread of its own and answer Ctrl-C at once, even while a solver keeps that thread busy.

    The first signal sets the event given to ``work`` and calls ``on_stop``; the second, or ``GRACE`` seconds after a SIGTERM,
    calls ``on_leave`` and ends the process with code 130. Results are written to a folder beside the old one and moved at the end, so leaving at once
    loses nothing; what was begun there is removed.

    Raises
    ------
    Exception
        Whatever ``work`` raises.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        return work(stop)  # Signals reach the main thread only, so here nobody can ask for a stop.

    until = [float("inf")]

    def on_signal(number: int, _: Any) -> None:
        if stop.is_set():
            _leave(on_leave)
        if number == signal.SIGTERM:
            until[0] = time.monotonic() + GRACE
        stop.set()
        on_stop()

    results: list[T] = []
    faults: list[BaseException] = []

    def job() -> None:
        try:
            results.append(work(stop))
        except BaseException as fault:
            faults.append(fault)

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        thread = threading.Thread(target=job, name="work", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(0.2)  # Short waits, because a waiting main thread runs no signal handler on some systems.
            if time.monotonic() > until[0]:
                _leave(on_leave)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if faults:
        raise faults[0]
    return results[0]


def _leave(on_leave: Callable[[], None]) -> NoReturn:
    """End now; a thread inside a solver could not be asked to stop."""
    import multiprocessing  # Here, since every command loads this file and few are left in a hurry.

    on_leave()
    for child in multiprocessing.active_children():
        child.kill()
    remove_own()
    os._exit(INTERRUPTED)
