"""Shared kinds: rows over counts of people."""

from allocator.model.shared import apportion, quota, representation, share_floor
from allocator.model.shared.rows import SHARED, RowFamily, collect

__all__ = ["SHARED", "RowFamily", "apportion", "collect", "quota", "representation", "share_floor"]
