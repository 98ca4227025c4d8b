"""Progress of a sweep: one bar for all points on a terminal, a line for each finished point elsewhere."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from allocator.display import clock
from allocator.reports.texts import Language, Texts
from allocator.sweep import Progress
from allocator.sweep.words import outcome
from allocator.wording import Message

SHOWN = 3  # names of points under way that fit on a line


class SweepDisplay:
    """Shows how far a sweep is; silent when told so. Use it as a context manager and pass ``show`` as the receiver of progress."""

    def __init__(self, lang: Language, *, silent: bool = False, console: Console | None = None) -> None:
        self._texts = Texts(lang)
        self._silent = silent
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._started = time.monotonic()
        self._first: tuple[int, float] | None = None
        self._last = Progress(0, 0, 0, ())
        self._lock = threading.Lock()
        self._live = Live(
            console=self._console, get_renderable=self._lines, refresh_per_second=4, transient=True, auto_refresh=True
        )

    def __enter__(self) -> SweepDisplay:
        if not self._silent and self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar away."""
        if self._live.is_started:
            self._live.stop()

    def leave(self) -> None:
        """Give the terminal its cursor back when the process is about to end without closing the display."""
        if self._live.is_started:
            self._console.show_cursor(True)

    def say(self, text: str) -> None:
        """Print a line in between."""
        self._console.print(text, markup=False)

    def show(self, progress: Progress) -> None:
        """Take one step of progress."""
        if self._silent:
            return
        with self._lock:
            self._last = progress
            if self._first is None:  # What an earlier sweep had finished says nothing about how long a point takes.
                self._first = progress.done, time.monotonic()
                if progress.done and progress.record is None:
                    self.say(self._texts.said(Message("sweep.going-on", done=progress.done, all=progress.all)))
            if progress.record is not None:
                self._console.print(self._line(progress), markup=False, style="dim" if self._live.is_started else None)

    def _line(self, progress: Progress) -> str:
        assert progress.record is not None
        said = self._texts.said
        return said(
            Message(
                "sweep.point-done", done=progress.done, all=progress.all, name=said(progress.name),
                outcome=outcome(progress.record), seconds=clock(progress.record["seconds"]),
            )
        )  # fmt: skip

    def _lines(self) -> Group:
        last, said = self._last, self._texts.said
        bar = Table.grid(padding=(0, 2))
        elapsed = time.monotonic() - self._started
        cells = [said(Message("sweep.progress", done=last.done, all=last.all)), clock(elapsed)]
        left = self._left()
        if left is not None:
            cells.append(said(Message("sweep.left", time=clock(left))))
        if last.without_plan:
            cells.append(said(Message("sweep.without-plan", count=last.without_plan)))
        bar.add_row(ProgressBar(total=max(last.all, 1), completed=last.done, width=30), *cells)
        lines: list[Table | Text] = [bar]
        for name in last.running[:SHOWN]:
            lines.append(Text(f"  · {said(name)}", style="dim", overflow="ellipsis", no_wrap=True))
        return Group(*lines)

    def _left(self) -> float | None:
        """Seconds to go at the pace so far; nothing while no point is finished."""
        if self._first is None:
            return None
        before, since = self._first
        done = self._last.done - before
        return (time.monotonic() - since) / done * (self._last.all - self._last.done) if done else None
