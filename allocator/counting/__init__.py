"""Counting checks: can these rules be kept at all? Answered by counting people and seats, without planning."""

from allocator.counting.count import count
from allocator.counting.findings import CheckReport, Finding

__all__ = ["CheckReport", "Finding", "count"]
