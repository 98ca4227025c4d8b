"""What people read: the summary on the terminal, workbooks for the office and for each unit, the run folder."""

from allocator.language.texts import Texts, language

__all__ = ["Texts", "language"]
