"""``dispatch-YYYY.xlsx``: the workbook the office works with in one year."""

from allocator.reports.dispatch.book import dispatch
from allocator.reports.dispatch.common import LEVELS, heads
from allocator.reports.dispatch.weeks import busy_weeks, weeks_of

__all__ = ["LEVELS", "busy_weeks", "dispatch", "heads", "weeks_of"]
