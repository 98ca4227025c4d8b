"""``report.html``: the run on one page for leaders, in both languages, self-contained and without a network."""

from allocator.outputs.page.render import page

__all__ = ["page"]
