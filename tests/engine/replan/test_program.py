"""The program over alternatives: levels hold one after the other, shares make whole rows."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.engine.replan.alternatives import every
from allocator.engine.replan.program import Levels, Neighbourhood
from allocator.engine.replan.situation import Situation
from tests.engine.replan.builders import office, published


def test_a_level_is_held_while_the_next_is_minimised() -> None:
    rows = Levels()
    one, other = rows.variable(5, levels=[(0, 1), (1, -1)]), rows.variable(5, levels=[(1, 1)])
    rows.row(3, np.inf, [(one, 1.0), (other, 1.0)])
    assert rows.minimise(0, 1.0) == (True, 0.0)
    assert rows.minimise(1, 1.0) == (True, 3.0)
    assert rows.values == [0, 3]


@pytest.mark.parametrize("share", [1 / 3, 0.3, 1 / 7])
def test_shares_of_people_are_rounded_up_to_whole_people(share: float) -> None:
    rows = Levels()
    women, missing = rows.variable(0), rows.variable(levels=[(0, 1)])
    rows.row(share * 10, np.inf, [(women, 1 - share), (missing, 1.0)])
    rows.minimise(0, 1.0)
    assert rows.total(0) == int(np.ceil(share * 10 - 1e-9))


def test_a_program_without_a_solution_says_so() -> None:
    rows = Levels()
    rows.row(2, np.inf, [(rows.variable(1), 1.0)])
    assert rows.minimise(0, 1.0) is None
    assert not rows.is_open


def test_values_out_of_reach_are_known_to_be() -> None:
    situation = Situation(inputs := office(), published(inputs, [("a", "spring"), ("b", "spring")]))
    found = every(situation, 100)
    assert found is not None
    assert Neighbourhood(situation, found).can_reach(np.array([0.0, 0.0, 0.0]), 1.0)
    assert Neighbourhood(situation, found).can_reach(np.array([-1.0, 0.0, 0.0]), 1.0) is False
