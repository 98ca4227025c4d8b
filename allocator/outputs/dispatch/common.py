"""What the sheets of the dispatch workbook share."""

from __future__ import annotations

from allocator.outputs.output_data import Material

LEVELS = ("central", "provincial", "municipal", "unit")


def heads(material: Material, *codes: str) -> list[str]:
    """Column titles of the reader's language."""
    return [material.texts(f"column.{code}") for code in codes]
