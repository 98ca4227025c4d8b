"""``dispatch-YYYY.xlsx``: the workbook the office works with in one year."""

from allocator.outputs.dispatch.common import LEVELS, heads
from allocator.outputs.dispatch.weeks import busy_weeks, weeks_of
from allocator.outputs.dispatch.workbook import dispatch

__all__ = ["LEVELS", "busy_weeks", "dispatch", "heads", "weeks_of"]
