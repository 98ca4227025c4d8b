"""What people read: the summary on the terminal, workbooks for the office and for each unit, the run folder."""

from allocator.reports.folder import check_font, check_target, write_run
from allocator.reports.summary import text as summary_text
from allocator.reports.texts import Texts, language
from allocator.reports.verdicts import floor_counts

__all__ = ["Texts", "check_font", "check_target", "floor_counts", "language", "summary_text", "write_run"]
