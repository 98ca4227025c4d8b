"""Points planned on this machine, by several worker processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from allocator.answers.sweep.point import CRASH, Record, Task, failed
from allocator.language.message import Message

PATIENCE = 0.2
"""Seconds between two looks at whether to stop."""

OnTurn = Callable[[Task, bool], None]
"""Told when a worker begins a task (true) and when it has done with it."""

Asked = Callable[[Task], str]


class Process:
    """One worker process, fed line by line."""

    def __init__(self, setup: str) -> None:
        package = str(Path(__file__).resolve().parents[3])
        paths = filter(None, (package, os.environ.get("PYTHONPATH")))
        # In a group of its own, Ctrl-C on the terminal reaches the caller alone, who decides what becomes of the points under way.
        apart: dict[str, Any] = (
            {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
            if os.name == "nt"
            else {"start_new_session": True}
        )
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "allocator.answers.sweep.worker_process"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}, **apart,
        )  # fmt: skip
        self._say(setup)

    def ask(self, line: str) -> Record | None:
        """The answer to a task; ``None`` when the process is gone."""
        assert self.process.stdout is not None
        self._say(line)
        answer = self.process.stdout.readline()
        return json.loads(answer) if answer.endswith("\n") else None

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except OSError:
            return  # It is gone, which shows when its answer is read.

    def end(self) -> int:
        """End it, whatever it is doing, and return how it ended."""
        if self.process.poll() is None:
            self.process.kill()
        code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                continue  # What was still to be written to a process that is gone is of no use to anybody.
        return code

    def died(self) -> Record:
        """The record of the point it was planning when it went."""
        code = self.process.wait()
        message = Message("sweep.killed", signal=-code) if code < 0 else Message("sweep.ended", code=code)
        return failed(CRASH, [("", message)])


def run_locally(
    tasks: Sequence[Task],
    setup: Mapping[str, Any],
    ask: Asked,
    *,
    workers: int,
    stop: threading.Event,
    on_turn: OnTurn,
) -> Iterator[tuple[Task, Record]]:
    """Plan tasks in worker processes and yield each record when it is there.

    When ``stop`` is set, or the caller goes away, the points under way are given up.
    """
    waiting, answers = deque(tasks), Queue[tuple[Task, Record] | BaseException]()
    processes: list[Process] = []
    leave, lock, line = threading.Event(), threading.Lock(), json.dumps(setup)

    def work() -> None:
        process: Process | None = None
        try:
            while not leave.is_set():
                with lock:
                    if not waiting:
                        return
                    task = waiting.popleft()
                    if process is None:
                        process = Process(line)
                        processes.append(process)
                on_turn(task, True)
                record = process.ask(ask(task))
                on_turn(task, False)
                if leave.is_set():
                    return
                if record is None:
                    record, process = process.died(), None
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
            for process in processes:
                process.end()
        for thread in threads:
            thread.join()


def _next(
    answers: Queue[tuple[Task, Record] | BaseException], stop: threading.Event
) -> tuple[Task, Record] | BaseException | None:
    while not stop.is_set():
        try:
            return answers.get(timeout=PATIENCE)
        except Empty:
            continue
    return None
