"""Personal kinds: which trajectories are allowed, and what each still owes; every file of this folder is read."""

import pkgutil
from importlib import import_module

from allocator.model.personal.register import MEASURED, STRICT, States

for file in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{file.name}")

__all__ = ["MEASURED", "STRICT", "States"]
