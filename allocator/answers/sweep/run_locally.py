"""Points planned on this machine, by several helper processes."""

from __future__ import annotations

import json
import pickle
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, Queue
from typing import Any

from allocator.answers.sweep.point import CRASH, Record, Task, failed
from allocator.answers.sweep.worker import Worker
from allocator.language.message import Message
from allocator.system.worker_pool import GoneError, Helper

PATIENCE = 0.2
"""Seconds between two looks at whether to stop."""

OnTurn = Callable[[Task, bool], None]
"""Told when a worker begins a task (true) and when it has done with it."""

Asked = Callable[[Task], str]


def run_locally(
    tasks: Sequence[Task],
    setup: Mapping[str, Any],
    ask: Asked,
    *,
    workers: int,
    stop: threading.Event,
    on_turn: OnTurn,
) -> Iterator[tuple[Task, Record]]:
    """Plan tasks in helper processes and yield each record when it is there.

    When ``stop`` is set, or the caller goes away, the points under way are given up.
    """
    waiting, answers = deque(tasks), Queue[tuple[Task, Record] | BaseException]()
    helpers: list[Helper] = []
    leave, lock, worker = threading.Event(), threading.Lock(), pickle.dumps(Worker(setup))

    def work() -> None:
        helper: Helper | None = None
        try:
            while not leave.is_set():
                with lock:
                    if not waiting:
                        return
                    task = waiting.popleft()
                    if helper is None:
                        helper = Helper()
                        helpers.append(helper)
                        helper.take(worker)
                on_turn(task, True)
                record = _answer(helper, ask(task))
                on_turn(task, False)
                if leave.is_set():
                    return
                if helper.process.poll() is not None:
                    helper = None
                answers.put((task, record))
        except BaseException as fault:
            answers.put(fault)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(workers, len(tasks)))]
    try:
        for thread in threads:
            thread.start()
        for _ in tasks:
            answer = _next(answers, stop)
            if answer is None:
                return
            if isinstance(answer, BaseException):
                raise answer
            yield answer
    finally:
        leave.set()
        with lock:
            for helper in helpers:
                helper.end()
        for thread in threads:
            thread.join()


def _answer(helper: Helper, task: str) -> Record:
    """The record of a task; one that says what happened, when the helper could not finish it."""
    try:
        state, answer = helper.ask(task)
    except GoneError:
        code = helper.process.wait()
        message = Message("sweep.killed", signal=-code) if code < 0 else Message("sweep.ended", code=code)
        return failed(CRASH, [("", message)])
    if state != "done":
        return failed(CRASH, [("", Message("sweep.crashed", fault=answer))])
    record: Record = json.loads(answer)
    return record


def _next(
    answers: Queue[tuple[Task, Record] | BaseException], stop: threading.Event
) -> tuple[Task, Record] | BaseException | None:
    while not stop.is_set():
        try:
            return answers.get(timeout=PATIENCE)
        except Empty:
            continue
    return None
