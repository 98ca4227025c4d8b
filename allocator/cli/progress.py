"""What the program says while it works, on stderr: progress, refusals, and where the results are."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from allocator.domain.errors import Defect
from allocator.domain.names import heading
from allocator.domain.result import Progress
from allocator.language.message import Message, catalogue
from allocator.language.texts import Language, Texts
from allocator.system.interrupts import run_stoppably

T = TypeVar("T")

PLAIN_SECONDS = 10.0  # in a log, the same phase speaks at most this often


def clock(seconds: float, lang: Language = "en") -> str:
    """Elapsed time for the reader.

    Examples
    --------
    >>> clock(7.25), clock(7.25, "zh"), clock(75.2), clock(3725)
    ('7.2 s', '7.2 秒', '1:15', '1:02:05')
    """
    if seconds < 60:
        return Texts(lang)("elapsed", seconds=f"{seconds:.1f}")
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class LiveDisplay(ABC):
    """What moves on a terminal while the program works; nothing moves elsewhere or when it is told to be silent.

    Use it as a context manager.
    """

    def __init__(self, lang: Language, *, silent: bool = False, console: Console | None = None) -> None:
        self._texts = Texts(lang)
        self._silent = silent
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._started = time.monotonic()
        self._lock = threading.Lock()  # Steps may come from the run's thread while the main thread speaks.
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if not self._silent and self._console.is_terminal:
            self._live = Live(console=self._console, get_renderable=self._moving, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take away what moves."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def leave(self) -> None:
        """Give the terminal its cursor back when the process is about to end without closing the display."""
        if self._live is not None:
            self._console.show_cursor(True)

    def say(self, text: object) -> None:
        """Print a line in between."""
        self._console.print(self._texts.said(text), markup=False)

    def stoppable(self, work: Callable[[threading.Event], T]) -> T:
        """Do ``work``; the first Ctrl-C sets its event and is answered here, the second leaves."""
        return run_stoppably(work, lambda: self.say(self._stopping()), self.leave)

    def _stopping(self) -> Message:
        return Message("talk.stopping")

    @abstractmethod
    def _moving(self) -> RenderableType:
        """What stands on the terminal at this moment."""


class Display(LiveDisplay):
    """Progress of a run: one live line on a terminal, plain lines elsewhere; pass ``show`` as the receiver of progress."""

    def __init__(self, lang: Language, *, silent: bool = False, console: Console | None = None) -> None:
        super().__init__(lang, silent=silent, console=console)
        self._last: Progress | None = None
        self._spoken: tuple[tuple[str, object], float] = (("", None), 0.0)

    def show(self, progress: Progress) -> None:
        """Take one step of progress."""
        if self._silent:
            return
        # Some stages count from their own start; the display counts from the first.
        progress = replace(progress, elapsed=max(progress.elapsed, time.monotonic() - self._started))
        with self._lock:
            before, self._last = self._last, progress
            if self._live is not None:
                if before is not None and before.phase != progress.phase:
                    self._console.print(
                        Text(f"  {self._name(before)}  {clock(progress.elapsed, self._texts.lang)}", style="dim")
                    )
                return
            subject, since = (progress.phase, progress.goal), progress.elapsed
            spoken, when = self._spoken
            if subject != spoken or since - when >= PLAIN_SECONDS:
                self._spoken = (subject, since)
                self._console.print("  ".join(cell for cell in self._cells(progress) if cell), markup=False)

    def _name(self, progress: Progress) -> str:
        code = f"talk.phase-{progress.phase}"
        return self._texts(code) if code in catalogue() else progress.phase

    def _cells(self, progress: Progress) -> tuple[str, ...]:
        texts = self._texts
        done = "" if progress.done is None else f" {progress.done:.0%}"
        figures = tuple(
            "" if value is None else f"{name} {shown}"
            for name, value, shown in (
                (texts("talk.incumbent"), progress.incumbent, texts.number(progress.incumbent)),
                (texts("talk.bound"), progress.bound, texts.number(progress.bound)),
                (texts("talk.gap"), progress.gap, texts.percent(progress.gap)),
            )
        )
        goal = "" if progress.goal is None else texts.known("goal", progress.goal)
        return (self._name(progress) + done, goal, *figures, clock(progress.elapsed, self._texts.lang))

    def _moving(self) -> Table:
        table = Table.grid(padding=(0, 2))
        elapsed = time.monotonic() - self._started
        cells = (
            ("", *("",) * 4, clock(elapsed, self._texts.lang))
            if self._last is None
            else self._cells(replace(self._last, elapsed=elapsed))
        )
        table.add_row(Spinner("dots"), *(cell for cell in cells if cell))
        return table


def defect_lines(defect: Defect, texts: Texts) -> list[str]:
    """A defect as it is printed: location, message, and the next step below it."""
    column = defect.column if defect.file.endswith(".toml") else texts.said(heading(defect.column))
    place = ":".join(str(part) for part in (defect.file, defect.row or "", column) if part != "")
    lines = [f"{place}: {texts.said(defect.message)}"]
    if defect.hint:
        lines.append(f"    {texts('talk.hint')}: {texts.said(defect.hint)}")
    return lines
