"""Progress of a sweep: one bar for all points on a terminal, a line for each finished point elsewhere."""

from __future__ import annotations

import time

from rich.console import Console, Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from allocator.answers.sweep import Progress
from allocator.answers.sweep.phrases import outcome
from allocator.cli.progress import LiveDisplay, clock
from allocator.language.message import Message
from allocator.language.texts import Language

SHOWN = 3  # names of points under way that fit on a line


class SweepDisplay(LiveDisplay):
    """Shows how far a sweep is; pass ``show`` as the receiver of progress."""

    def __init__(self, lang: Language, *, silent: bool = False, console: Console | None = None) -> None:
        super().__init__(lang, silent=silent, console=console)
        self._first: tuple[int, float] | None = None
        self._last = Progress(0, 0, 0, ())

    def show(self, progress: Progress) -> None:
        """Take one step of progress."""
        if self._silent:
            return
        with self._lock:
            self._last = progress
            if self._first is None:  # What an earlier sweep had finished says nothing about how long a point takes.
                self._first = progress.done, time.monotonic()
                if progress.done and progress.record is None:
                    self.say(Message("sweep.going-on", done=progress.done, all=progress.all))
            if progress.record is not None:
                self._console.print(self._line(progress), markup=False, style="dim" if self._live is not None else None)

    def _stopping(self) -> Message:
        return Message("sweep.stopping")

    def _line(self, progress: Progress) -> str:
        assert progress.record is not None
        said = self._texts.said
        return said(
            Message(
                "sweep.point-done", done=progress.done, all=progress.all, name=said(progress.name),
                outcome=outcome(progress.record), seconds=clock(progress.record["seconds"], self._texts.lang),
            )
        )  # fmt: skip

    def _moving(self) -> Group:
        last, said = self._last, self._texts.said
        bar = Table.grid(padding=(0, 2))
        elapsed = time.monotonic() - self._started
        cells = [said(Message("sweep.progress", done=last.done, all=last.all)), clock(elapsed, self._texts.lang)]
        left = self._left()
        if left is not None:
            cells.append(said(Message("sweep.left", time=clock(left, self._texts.lang))))
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
