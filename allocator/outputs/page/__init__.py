"""``report.html``: the run on one page for leaders, in both languages, self-contained and without a network."""

from allocator.outputs.page.overview import bar_width
from allocator.outputs.page.render import page, style_sheet

__all__ = ["bar_width", "page", "style_sheet"]
