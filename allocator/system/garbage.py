"""Garbage: when millions of small records are made, looking through them again and again takes a quarter of the time."""

from __future__ import annotations

import gc
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
