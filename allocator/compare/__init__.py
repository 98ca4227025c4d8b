"""Finished runs side by side: goals, clauses, seats by unit, and the people whose classes differ."""

from allocator.compare.record import Comparison, compare

__all__ = ["Comparison", "compare"]
