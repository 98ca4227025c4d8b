"""Invented rosters, histories, programmes and sessions on the real units of the province."""

from allocator.generate.build import Summary, generate

__all__ = ["Summary", "generate"]
