"""Writing the files of all units, with a helper process for each further core.

A helper is a Python of its own that is handed plain values. The pools of ``concurrent.futures`` would run the main module
of the caller once more in every worker, which in a script without a guard plans everything again; and a copy of this
process (fork) is not safe while the threads of a solver live. A helper that dies is no harm: its share is done here.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from allocator.memory import collecting_seldom
from allocator.reports.units.calendars import calendar
from allocator.reports.units.content import UnitContent
from allocator.reports.units.names import CALENDAR, NOTICES, WORKBOOK
from allocator.reports.units.template import Template
from allocator.reports.units.workbook import workbook

_SOME = 25  # units between two reports of progress

Tell = Callable[[float], None]


@dataclass(frozen=True)
class Task:
    """What to write for which units; the endings say which files."""

    folder: Path
    contents: tuple[UnitContent, ...]
    font: str
    footer: str
    first_year: int
    template: Template
    endings: tuple[str, ...] = (WORKBOOK, CALENDAR, NOTICES)
    owner: int = 0  # process that waits for the result


def write(task: Task, tell: Tell) -> None:
    """Write all files; ``tell`` gets the share done.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    with collecting_seldom() as collect:
        for number, unit in enumerate(task.contents):
            if number % _SOME == 0:
                tell(number / len(task.contents))
                collect()
            for ending in task.endings:
                content = _content(unit, ending, task)
                if content is not None:
                    (task.folder / f"{unit.stem}{ending}").write_bytes(content)


def _content(unit: UnitContent, ending: str, task: Task) -> bytes | None:
    """The bytes of one file; None where the unit has none, since nobody goes anywhere."""
    if ending == WORKBOOK:
        return workbook(unit, task.font, task.footer)
    if ending == CALENDAR:
        return calendar(unit, task.first_year) if unit.events else None
    return task.template.fill(unit.notices) if unit.notices else None


class Helpers:
    """Helper processes, started early so that they are ready when the work is; none is left when the block ends."""

    def __init__(self, count: int) -> None:
        here = str(Path(__file__).parents[3])  # The folder that has this package.
        path = os.pathsep.join(part for part in (here, os.environ.get("PYTHONPATH", "")) if part)
        command = [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"]
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

    def write(self, task: Task, tell: Tell) -> None:
        """Write all files, shared with the helpers; every file is the same whoever writes it.

        Raises
        ------
        OSError
            If a file cannot be written, here or by a helper.
        """
        shares = divided(task.contents, 1 + len(self._processes))
        tasks = [replace(task, contents=share, owner=os.getpid()) for share in shares]
        for process, one in zip(self._processes, tasks[1:], strict=True):
            _hand(process, one)
        write(tasks[0], tell)
        for process, one in zip(self._processes, tasks[1:], strict=True):
            reply = _reply(process)
            if isinstance(reply, OSError):
                raise reply
            if reply is not None:
                write(one, lambda _: None)  # The helper died, or failed in a way that shows better here.


def divided(contents: Sequence[UnitContent], shares: int) -> list[tuple[UnitContent, ...]]:
    """Shares of about equal work, each in the order of ``contents``."""
    loads = [0] * shares
    parts: list[list[UnitContent]] = [[] for _ in range(shares)]
    for unit in contents:
        least = loads.index(min(loads))
        loads[least] += unit.size
        parts[least].append(unit)
    return [tuple(part) for part in parts]


def _hand(process: subprocess.Popen[bytes], task: Task) -> None:
    if process.stdin is not None:
        with suppress(OSError):  # It is gone, which its missing reply will tell.
            pickle.dump(task, process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.close()


def _reply(process: subprocess.Popen[bytes]) -> OSError | str | None:
    """None when all is written, the fault of the disk, or a word when the helper failed otherwise."""
    answer = process.stdout.read() if process.stdout is not None else b""
    if process.wait() or not answer:
        return "failed"
    reply: OSError | None = pickle.loads(answer)
    return reply


def serve() -> None:
    """What a helper does: read a task, write its files, answer with None or the fault of the disk."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the owner decides.
    task: Task = pickle.load(sys.stdin.buffer)

    def leave_when_alone(_: float) -> None:
        if sys.platform != "win32" and os.getppid() != task.owner:
            sys.exit(1)

    reply = None
    try:
        write(task, leave_when_alone)
    except OSError as error:
        reply = OSError(error.errno, error.strerror)
    sys.stdout.buffer.write(pickle.dumps(reply))
    sys.stdout.buffer.flush()
