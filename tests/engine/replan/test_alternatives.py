"""Alternatives: every set of sessions that is allowed, and nothing else; near ones are among them."""

from __future__ import annotations

import itertools
from datetime import date

import numpy as np
import pytest

from allocator.answers import runs
from allocator.domain.change import Published
from allocator.engine.replan.alternatives import every, leavers, near, packed, takers
from allocator.engine.replan.situation import Situation
from tests.engine.replan.builders import SPRING, office, published
from tests.property.exact import Exact
from tests.property.test_dated_exact import inputs_of, random_case


def sets(found, person: int) -> set[tuple[int, ...]]:  # type: ignore[no-untyped-def]
    rows = found.sessions[found.person == person]
    return {tuple(sorted(s for s in row if s >= 0)) for row in rows.tolist()}


@pytest.mark.parametrize("seed", [2, 3, 5, 7, 11, 13])
def test_every_alternative_of_a_person_alone_is_what_the_exact_model_allows(seed: int) -> None:
    case = random_case(seed)
    case.people = [one | {"headcount": 1} for one in case.people][:2]
    case.history = [one for one in case.history if one["cadre_id"] in [c["cadre_id"] for c in case.people]]
    case.rules = [one for one in case.rules if one.kind in ("eligibility", "spacing")]
    case.sessions = {s: one | {"min_seats": 0} for s, one in list(case.sessions.items())[:6]}
    inputs = inputs_of(case)
    nobody = runs.solve(inputs).plan.placements[:0]
    situation = Situation(inputs, Published(nobody, date(2000, 1, 1)))
    found = every(situation, 10_000)
    assert found is not None
    ids = situation.timetable.ids
    for i, cadre in enumerate(situation.inputs.cadres["cadre_id"]):
        wanted = {
            tuple(sorted(map(ids.index, chosen)))
            for n in range(len(ids) + 1)
            for chosen in itertools.combinations(ids, n)
            if Exact(case, {(cadre, s): 1 for s in chosen}).count() is not None
        }
        assert sets(found, i) == wanted
        assert sets(near(situation, [i]), i) <= wanted


def test_more_alternatives_than_asked_for_are_none() -> None:
    situation = Situation(inputs := office(), published(inputs, [("a", "spring")]))
    assert every(situation, 3) is None


def test_who_takes_a_free_seat_is_not_there_already() -> None:
    situation = Situation(inputs := office(), published(inputs, [("a", "spring")]))
    nobody = np.zeros(4, dtype=bool)
    assert set(takers(situation, 0, 0, nobody, 10).person.tolist()) == {1, 2, 3}
    nobody[1] = True
    assert set(takers(situation, 0, 0, nobody, 10).person.tolist()) == {2, 3}


def test_who_leaves_a_full_session_takes_another_date_or_none() -> None:
    situation = Situation(inputs := office(), published(inputs, [("a", "spring"), ("b", "spring")]))
    found = leavers(situation, 0, 0, np.zeros(4, dtype=bool), 10)
    assert sets(found, 0) == sets(found, 1) == {(), (1,)}
    roomy = Situation(inputs := office(sessions=[SPRING | {"seats": 3}]), published(inputs, [("a", "spring")]))
    assert len(leavers(roomy, 0, 0, np.zeros(4, dtype=bool), 10)) == 0


def test_sets_are_packed_one_below_the_other() -> None:
    assert packed([(1, 2), (), (3,)]).tolist() == [[1, 2], [-1, -1], [3, -1]]
    assert packed([]).shape == (0, 0)
