"""Time: seconds by stage, the limit, and whether the planner wants to stop."""

from __future__ import annotations

import threading
import time

import numpy as np

from allocator.domain.result import OnProgress, Progress, silent
from allocator.domain.rules import Goal


class OutOfTime(Exception):  # noqa: N818 - nothing went wrong.
    """The limit passed before a step had any result; the caller goes on with what it has."""


class Clock:
    """Counts seconds by stage, tells progress, and says when to stop."""

    def __init__(
        self,
        seconds: float | None,
        stop: threading.Event | None = None,
        on_progress: OnProgress = silent,
        start: float | None = None,
    ) -> None:
        """Start counting.

        Parameters
        ----------
        seconds
            Wall-clock limit, none for no limit.
        stop
            Set by the planner to keep the best plan so far.
        start
            Moment (``time.monotonic``) the run began, when it was before now.
        """
        self.start = time.monotonic() if start is None else start
        self.limit, self.stop, self.on_progress = seconds, stop or threading.Event(), on_progress
        self.stages: dict[str, float] = {}

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.start

    def is_over(self) -> bool:
        """Whether the limit has passed or the planner wants to stop."""
        return self.stop.is_set() or (self.limit is not None and self.elapsed >= self.limit)

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit, so that a plan should be at hand before the best one is looked for."""
        return self.limit is not None

    def left(self) -> float:
        """Seconds until the limit, infinite without one; none when the planner wants to stop."""
        if self.stop.is_set():
            return 0.0
        return np.inf if self.limit is None else max(0.0, self.limit - self.elapsed)

    def say(
        self,
        phase: str,
        *,
        goal: Goal | None = None,
        incumbent: float | None = None,
        bound: float | None = None,
        done: float | None = None,
    ) -> None:
        """Report progress."""
        self.on_progress(Progress(phase, self.elapsed, goal=goal, incumbent=incumbent, bound=bound, done=done))

    def add(self, stage: str, since: float) -> None:
        """Book the seconds since a moment to a stage."""
        self.stages[stage] = self.stages.get(stage, 0.0) + time.monotonic() - since
