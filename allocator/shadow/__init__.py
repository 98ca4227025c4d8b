"""What one more buys: a seat, a session, a share, a year more or less, each answered by planning again."""

from allocator.shadow.answers import Answer
from allocator.shadow.ask import shadow
from allocator.shadow.record import Shadow

__all__ = ["Answer", "Shadow", "shadow"]
