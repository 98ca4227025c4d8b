"""Seats of a plan are marked as fixed where a rule asks for them; a change is needed for the rules that would miss more without it."""

from __future__ import annotations

from allocator.engine.replan.alternatives import every
from allocator.engine.replan.outcome import needed_for, seats
from allocator.engine.replan.program import Neighbourhood
from allocator.engine.replan.situation import Situation
from tests.engine.builders import rule
from tests.engine.replan.builders import SPRING, office, published


def test_seats_and_what_they_are_needed_for() -> None:
    call = rule("fixed", call_ups=[{"cadre_id": "d", "session_id": "spring"}])
    inputs = office(rule("quota", modality="at-least", amount=2, strength="hard"), call, sessions=[SPRING])
    now = Situation(inputs, published(inputs, [("d", "spring")]))
    found = every(now, 100)
    assert found is not None
    solved = Neighbourhood(now, found).solve(1.0)
    assert solved is not None
    table = seats(now, found, solved).set_index("cadre_id")["fixed"]
    assert len(table) == 2
    assert table["d"]
    (other,) = set(table.index) - {"d"}
    assert not table[other]
    assert needed_for(now, found, solved)[other] == ("quota",)
