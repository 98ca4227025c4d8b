"""What changes cost: moves are cheaper than a drop and an addition, changes of issued sessions dearer."""

from __future__ import annotations

import pandas as pd
import pytest

from allocator.domain.change import ChangeCosts, cost_of_change

PROGRAMME = {"a1": "a", "a2": "a", "b1": "b"}


def plan(*seats: tuple[str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(list(seats), columns=["cadre_id", "session_id", "headcount"])


@pytest.mark.parametrize(
    ("before", "after", "cost"),
    [
        ([("x", "a1", 1)], [("x", "a1", 1)], 0),
        ([("x", "a1", 1)], [], 2),
        ([], [("x", "a1", 1)], 3),
        ([("x", "a1", 1)], [("x", "a2", 1)], 4),
        ([("x", "a1", 1)], [("x", "b1", 1)], 2 + 3 * 5),
        ([("x", "b1", 1)], [], 10),
        ([("x", "a1", 1)], [("y", "a1", 1)], 5),
        ([("g", "a1", 5)], [("g", "a1", 3), ("g", "a2", 1)], 4 + 2),
    ],
)
def test_changes_are_counted_by_person_and_programme(before: list, after: list, cost: int) -> None:
    costs = ChangeCosts(dropped=2, added=3, moved=4, issued=5)
    assert cost_of_change(costs, plan(*before), plan(*after), PROGRAMME, frozenset({"b1"})) == cost


def test_of_several_seats_the_issued_ones_are_paired_with_each_other() -> None:
    costs = ChangeCosts()
    assert costs.of([("a", True), ("a", False)], [("a", False), ("a", True)]) == 4


def test_a_move_that_costs_more_than_dropping_and_adding_is_refused() -> None:
    with pytest.raises(ValueError, match="moving counts 3"):
        ChangeCosts(moved=3)
