"""One measure for each kind of rule, counted over named people; every file of this folder is read."""

import pkgutil
from importlib import import_module

from allocator.audit.register import MEASURES

for file in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{file.name}")

__all__ = ["MEASURES"]
