"""Copies of this process: answers in order, nothing lost when one dies, and nobody left behind."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from allocator.system import fork_pool
from allocator.system.fork_pool import mapped

pytestmark = pytest.mark.skipif(not fork_pool.can_copy(), reason="this system makes no copies of processes")

HERE = os.getpid()


def test_answers_come_in_order_from_other_processes() -> None:
    offset = [10]  # Known without being handed over; a closure could not be.
    found = mapped(lambda number: (offset[0] + number, os.getpid()), [(number,) for number in range(5)], 2)
    assert [number for number, _ in found] == [10, 11, 12, 13, 14]
    assert HERE not in {process for _, process in found}
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("count", [1, 2])
def test_one_task_or_one_worker_is_done_here(count: int) -> None:
    assert mapped(lambda: os.getpid(), [()], count) == [HERE]
    assert mapped(lambda _: os.getpid(), [(1,), (2,)], 1) == [HERE, HERE]


def test_what_a_dying_copy_leaves_is_done_here() -> None:
    def work(number: int) -> int:
        if number == 2 and os.getpid() != HERE:
            os._exit(9)
        return number

    assert mapped(work, [(number,) for number in range(4)], 2) == [0, 1, 2, 3]
    assert not multiprocessing.active_children()


def test_fault_of_the_work_is_raised_and_nobody_left() -> None:
    def work(number: int) -> int:
        raise KeyError(number)

    for _ in range(40):  # Copies end at their own moment: one repetition in thirty used to leave one.
        with pytest.raises(KeyError):
            mapped(work, [(1,), (2,)], 2)
        assert not multiprocessing.active_children()
