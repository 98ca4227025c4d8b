"""Invented rosters, histories, programmes and sessions on the real units of the province."""

from allocator.sample_data.build import Summary, generate

__all__ = ["Summary", "generate"]
