"""The living plan: what was published, what has happened since, and who wrote it down."""

from allocator.register.register import Register

__all__ = ["Register"]
