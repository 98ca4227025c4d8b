"""Slack variables: one for each row of seats and each cap, with the limits that are set."""

from __future__ import annotations

import numpy as np

from allocator.engine.columns.slack_variables import CAP_SLACK, OPENING, SEAT_SLACK
from tests.engine.small import grouped, master_of, small


def test_every_row_of_seats_and_every_cap_has_a_slack_variable() -> None:
    master = master_of(grouped(small()), has_caps=True)
    kinds = master.slacks.kind.tolist()
    assert kinds.count(SEAT_SLACK) == 1
    assert kinds.count(CAP_SLACK) == len(master.goals)
    assert OPENING not in kinds  # The class has no least size above 1.


def test_other_limits_of_one_kind_leave_the_others() -> None:
    slacks = master_of(grouped(small()), has_caps=True).slacks
    limited = slacks.limited(SEAT_SLACK, np.array([0.0]))
    assert limited.most[limited.kind == SEAT_SLACK].tolist() == [0.0]
    assert np.isinf(limited.most[limited.kind == CAP_SLACK]).all()
    assert limited.is_like(slacks)
    assert limited.places_in(slacks).tolist() == list(range(len(slacks.row)))
