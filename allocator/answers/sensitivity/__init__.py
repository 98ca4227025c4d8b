"""What one more buys: a seat, a session, a share, a year more or less, each answered by planning again."""

from allocator.answers.sensitivity.answer import Answer
from allocator.answers.sensitivity.result import Shadow
from allocator.answers.sensitivity.run_questions import shadow

__all__ = ["Answer", "Shadow", "shadow"]
