"""Jobs shared with helper processes, so that every core is busy; nobody can tell from a result who made it.

A helper is a Python of its own that is handed plain values. The pools of ``concurrent.futures`` would run the main module
of the caller once more in every worker, which in a script without a guard plans everything again; and a copy of this
process (fork) is not safe while the threads of a solver live. A helper that dies is no harm: its job is done here.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Literal, Protocol, Self

_WATCH = 0.5  # seconds between two looks of a helper at whether its owner lives

Reply = tuple[Literal["done", "fault", "back"], Any]
"""The result of a job, the fault of the disk, or a job to be done by somebody else."""


class Work(Protocol):
    """What jobs are done with; it goes to every helper once, so it must be made of plain values."""

    def do(self, job: Any) -> Any:
        """Do one job; ``OSError`` ends the whole work, any other fault of a helper shows again here."""


class Helpers:
    """Helper processes, which take a second to get ready; none is left when the block ends."""

    def __init__(self, count: int) -> None:
        here = str(Path(__file__).parents[2])  # The folder that has this package.
        path = os.pathsep.join(part for part in (here, os.environ.get("PYTHONPATH", "")) if part)
        command = [sys.executable, "-P", "-c", f"from {__name__} import serve; serve({os.getpid()})"]
        self._processes: list[subprocess.Popen[bytes]] = []
        for _ in range(count if sys.executable else 0):
            with suppress(OSError):  # No memory or no process to be had: less help.
                self._processes.append(
                    subprocess.Popen(
                        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                        env={**os.environ, "PYTHONPATH": path},
                    )
                )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()

    def share(self, work: Work, jobs: Sequence[Any], done: Callable[[int, Any], None]) -> None:
        """Do all jobs, each by whoever is free, the first ones first.

        Parameters
        ----------
        done
            Gets number and result of every job, in the order in which they end; called in this thread.

        Raises
        ------
        OSError
            If one is raised by a job, here or in a helper; the others are left undone.
        """
        waiting, news = deque(range(len(jobs))), SimpleQueue[tuple[int, Reply]]()
        if self._processes:
            content = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)  # Before anybody works with it.
            for process in self._processes:
                feeder = threading.Thread(target=_feed, args=(process, content, jobs, waiting, news), daemon=True)
                feeder.start()
        left = len(jobs)
        while left:
            number = _next(waiting) if news.empty() else None
            if number is not None:
                news.put((number, ("done", work.do(jobs[number]))))
            number, (state, result) = news.get()
            if state == "fault":
                raise result
            if state == "back":
                waiting.appendleft(number)
            else:
                left -= 1
                done(number, result)


def _next(waiting: deque[int]) -> int | None:
    """A job nobody has taken yet."""
    with suppress(IndexError):
        return waiting.popleft()
    return None


def _feed(
    process: subprocess.Popen[bytes], work: bytes, jobs: Sequence[Any], waiting: deque[int],
    news: SimpleQueue[tuple[int, Reply]],
) -> None:  # fmt: skip
    """Hand the helper one job after the other and pass its replies on, until there are no more or it is gone."""
    number = None
    try:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(work)
        process.stdin.flush()
        pickle.load(process.stdout)  # It is ready.
        while (number := _next(waiting)) is not None:
            pickle.dump(jobs[number], process.stdin)
            process.stdin.flush()
            news.put((number, pickle.load(process.stdout)))
    except (OSError, ValueError, EOFError, pickle.UnpicklingError):  # It died, or was killed and its pipes are closed.
        if number is not None:
            news.put((number, ("back", None)))


def serve(owner: int) -> None:
    """What a helper does: read the work, then job after job, and answer each; it leaves when its owner is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the owner decides.
    if sys.platform != "win32":
        threading.Thread(target=_leave_when_alone, args=(owner,), daemon=True).start()
    jobs, replies = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # What anything prints must not come between the replies.
    work: Work = pickle.load(jobs)
    reply: Reply = ("done", None)
    with suppress(EOFError):  # There are no more jobs.
        while True:
            pickle.dump(reply, replies)
            replies.flush()
            reply = _reply(work, pickle.load(jobs))


def _reply(work: Work, job: Any) -> Reply:
    try:
        return "done", work.do(job)
    except OSError as error:
        return "fault", OSError(error.errno, error.strerror)
    except Exception:
        return "back", None


def _leave_when_alone(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(_WATCH)
    os._exit(1)
