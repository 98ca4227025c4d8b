"""Shared kinds: rows over counts of people; every file of this folder is read."""

import pkgutil
from importlib import import_module

from allocator.model.shared.rows import SHARED, RowFamily, collect

for file in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{file.name}")

__all__ = ["SHARED", "RowFamily", "collect"]
