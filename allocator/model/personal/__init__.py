"""Personal kinds: which trajectories are allowed, and what each still owes."""

from allocator.model.personal import (
    coverage,
    cumulative,
    eligibility,
    fixed,
    interval,
    make_up,
    priority,
    spacing,
    waiting,
)
from allocator.model.personal.register import MEASURED, STRICT, States

__all__ = [
    "MEASURED",
    "STRICT",
    "States",
    "coverage",
    "cumulative",
    "eligibility",
    "fixed",
    "interval",
    "make_up",
    "priority",
    "spacing",
    "waiting",
]
