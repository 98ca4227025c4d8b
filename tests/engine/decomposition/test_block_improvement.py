"""Parts of a plan to improve: cohorts of one block stay together, and nobody is left out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from allocator.engine.decomposition.block_improvement import BlockImprovement
from allocator.engine.parameters import DECOMPOSITION, changed


@pytest.mark.parametrize(("least", "parts"), [(1, [[0], [3, 4], []]), (2, [[0, 3, 4], []]), (9, [[0, 3, 4]])])
def test_faulty_cohorts_are_parted_by_whole_blocks(least: int, parts: list[list[int]]) -> None:
    blocks = (np.array([0, 1, 2]), np.array([3, 4, 5]))
    improvement: Any = SimpleNamespace(partition=SimpleNamespace(blocks=blocks))
    with changed(DECOMPOSITION, repaired_cohorts=least):
        found = BlockImprovement._faulty_parts(improvement, np.array([0, 3, 4]))
        assert [part.tolist() for part in found] == parts
