"""Memory: how much was held, and garbage collected seldom.

When millions of small records are made, looking through them again and again takes a quarter of the time.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def collecting_seldom() -> Iterator[Callable[[], object]]:
    """Look for garbage only when told, by calling what is yielded."""
    enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield gc.collect
    finally:
        gc.unfreeze()
        if enabled:
            gc.enable()


def peak_memory() -> int | None:
    """Most bytes this process held so far; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024
