"""One measure for each kind of rule, counted over named people."""

from allocator.audit.measures import (
    apportion,
    away_limit,
    coverage,
    cumulative,
    curriculum,
    eligibility,
    fixed,
    interval,
    make_up,
    priority,
    quota,
    report,
    representation,
    share_floor,
    spacing,
    waiting,
)
from allocator.audit.register import MEASURES

__all__ = [
    "MEASURES",
    "apportion",
    "away_limit",
    "coverage",
    "cumulative",
    "curriculum",
    "eligibility",
    "fixed",
    "interval",
    "make_up",
    "priority",
    "quota",
    "report",
    "representation",
    "share_floor",
    "spacing",
    "waiting",
]
