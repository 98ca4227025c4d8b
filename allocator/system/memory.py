"""Memory: how much was held, whether there was enough, and garbage collected seldom.

When millions of small records are made, looking through them again and again takes a quarter of the time.
"""

from __future__ import annotations

import errno
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


_SIGNS = (
    "failed to map segment",
    "cannot allocate memory",
    "bad_alloc",
    "can't start new thread",
    "paging file is too small",
)
"""How systems and libraries that raise no ``MemoryError`` say that there was not enough."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a fault, or one that led to it, says that the system gave no more memory."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        if isinstance(one, MemoryError) or (isinstance(one, OSError) and one.errno == errno.ENOMEM):
            return True
        if isinstance(one, (ImportError, OSError, RuntimeError)) and any(sign in str(one).lower() for sign in _SIGNS):
            return True
        one = one.__cause__ or one.__context__
    return False


def peak_memory() -> int | None:
    """Most bytes this process held so far; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024
