"""Counting checks: can these rules be kept at all? Answered by counting people and seats, without planning."""

from allocator.checks import personal, shared
from allocator.checks.check_all import count
from allocator.checks.finding import CheckReport, Finding

__all__ = ["CheckReport", "Finding", "count", "personal", "shared"]
