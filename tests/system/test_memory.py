"""Too little memory is told apart from a fault of the program, however it shows itself."""

from __future__ import annotations

import errno

import pytest

from allocator.system.memory import is_out_of_memory


@pytest.mark.parametrize(
    "fault",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ImportError("libx.so: failed to map segment from shared object"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("can't start new thread"),
    ],
)
def test_out_of_memory_is_known_in_every_form(fault: Exception) -> None:
    outer = ValueError("outer")
    outer.__cause__ = fault
    assert is_out_of_memory(fault) and is_out_of_memory(outer)
    assert not is_out_of_memory(ValueError("x")) and not is_out_of_memory(OSError(errno.ENOSPC, "full"))
