"""Finished runs side by side: goals, clauses, seats by unit, and the people whose classes differ."""

from allocator.answers.compare.result import Comparison, compare

__all__ = ["Comparison", "compare"]
