"""Jobs done by helper processes, so that every core is busy; nobody can tell from a result who made it.

A helper is a Python of its own that is handed plain values. The pools of ``concurrent.futures`` would run the main module
of the caller once more in every worker, which in a script or a notebook without a guard plans everything again; and a copy of this
process (fork) is not safe while the threads of a solver live. A helper that dies takes nothing with it but the job it had.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Literal, Protocol, Self

Reply = tuple[Literal["done", "fault", "back"], Any]
"""The result of a job, the fault of the disk, or a job that failed otherwise, with the sort of its fault."""


class Work(Protocol):
    """What jobs are done with; it goes to every helper once, so it must be made of plain values."""

    def do(self, job: Any) -> Any:
        """Do one job."""


class GoneError(Exception):
    """A helper that has died, or was told to end, and answers no more."""


class Helper:
    """One helper process, which takes a second to get ready."""

    def __init__(self) -> None:
        here = str(Path(__file__).parents[2])  # The folder that has this package.
        path = os.pathsep.join(part for part in (here, os.environ.get("PYTHONPATH", "")) if part)
        # In a group of its own, Ctrl-C on the terminal reaches the owner alone, who decides what becomes of the jobs under way.
        apart: dict[str, Any] = (
            {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
            if os.name == "nt"
            else {"start_new_session": True}
        )
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path}, **apart,
        )  # fmt: skip

    def take(self, work: bytes) -> None:
        """Be given the work, pickled; what goes wrong shows when a job is asked for."""
        with suppress(GoneError):
            self._say(work)

    def ask(self, job: Any) -> Reply:
        """The reply to a job.

        Raises
        ------
        GoneError
            If the process is gone.
        """
        assert self.process.stdout is not None
        self._say(pickle.dumps(job))
        try:
            reply: Reply = pickle.load(self.process.stdout)
        except (OSError, ValueError, EOFError, pickle.UnpicklingError):  # Killed, or its pipes are closed.
            raise GoneError from None
        return reply

    def _say(self, content: bytes) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(content)
            self.process.stdin.flush()
        except (OSError, ValueError):
            raise GoneError from None

    def end(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # What was still to be written to a process that is gone is of no use to anybody.
                if pipe is not None:
                    pipe.close()


class Helpers:
    """Helper processes that share jobs with this one; none is left when the block ends."""

    def __init__(self, count: int) -> None:
        self._helpers: list[Helper] = []
        for _ in range(count if sys.executable else 0):
            with suppress(OSError):  # No memory or no process to be had: less help.
                self._helpers.append(Helper())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for helper in self._helpers:
            helper.end()

    def share(self, work: Work, jobs: Sequence[Any], done: Callable[[int, Any], None]) -> None:
        """Do all jobs, each by whoever is free, the first ones first; what a helper does not do is done here.

        Parameters
        ----------
        done
            Gets number and result of every job, in the order in which they end; called in this thread.

        Raises
        ------
        OSError
            If one is raised by a job, here or in a helper; the others are left undone. Any other fault of a helper shows again here.
        """
        waiting, news = deque(range(len(jobs))), SimpleQueue[tuple[int, Reply]]()
        if self._helpers:
            content = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)  # Before anybody works with it.
            for helper in self._helpers:
                threading.Thread(target=_feed, args=(helper, content, jobs, waiting, news), daemon=True).start()
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
    helper: Helper, work: bytes, jobs: Sequence[Any], waiting: deque[int], news: SimpleQueue[tuple[int, Reply]]
) -> None:
    """Hand the helper one job after the other and pass its replies on, until there are no more or it is gone."""
    number = None
    with suppress(GoneError):
        helper.take(work)
        helper.ask(None)  # It is ready.
        while (number := _next(waiting)) is not None:
            news.put((number, helper.ask(jobs[number])))
        return
    if number is not None:
        news.put((number, ("back", None)))


def serve() -> None:
    """What a helper does: read the work, then job after job, and answer each; it ends when its owner is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the owner decides.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # What anything prints must not come between the replies.
    heard = SimpleQueue[Any]()
    threading.Thread(target=_listen, args=(heard,), daemon=True).start()
    work: Work = heard.get()
    while True:
        pickle.dump(_reply(work, heard.get()), replies)
        replies.flush()


def _listen(heard: SimpleQueue[Any]) -> None:
    """Pass on what the owner says; end at once when it is gone, even in the middle of a job."""
    with suppress(Exception):
        while True:
            heard.put(pickle.load(sys.stdin.buffer))
    os._exit(1)


def _reply(work: Work, job: Any) -> Reply:
    try:
        return "done", None if job is None else work.do(job)
    except OSError as error:
        return "fault", OSError(error.errno, error.strerror)
    except Exception as error:
        return "back", type(error).__name__
