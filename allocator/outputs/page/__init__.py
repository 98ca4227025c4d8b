"""``report.html``: the run on one page for leaders, in both languages, self-contained and without a network."""

from allocator.outputs.page.render import page, style_sheet

__all__ = ["page", "style_sheet"]
