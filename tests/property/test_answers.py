"""Every answer planned again from nothing on random tiny problems: where it is not the truth it was marked as not proven.

The problems are planned by blocks, as large ones are, so that plans need not be the best and trials come without bounds; the truth is the best of
all plans, gone through one by one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

import allocator
from allocator.answers.sensitivity import shadow
from allocator.answers.sensitivity.answer import Change
from allocator.domain.errors import InputError
from allocator.domain.rules import Fixed
from allocator.engine.parameters import DECOMPOSITION, LEXICOGRAPHIC
from allocator.engine.run import Run
from allocator.model.goals import signed
from tests.conftest import SetParameters
from tests.property.test_shadow import best, changed, solved, subjects
from tests.property.worlds import World, first_of, rule

pytestmark = pytest.mark.usefixtures("by_blocks")

SEEDS = first_of(range(7000, 7020), 1)


@pytest.fixture
def by_blocks(set_parameters: SetParameters) -> None:
    """Plan as large problems are planned."""
    set_parameters(LEXICOGRAPHIC, columns_up_to=0)
    set_parameters(DECOMPOSITION, block_cohorts=1)


def check(values: Iterable[tuple[str, float, str]], truth: Mapping[str, int]) -> None:
    """What is called proven is the best there is, and what is called a limit is no better than it.

    ``values`` are goals in their order with what is told of them, less being better, and how certain it is called; behind a value that is only a limit
    nothing is claimed.
    """
    for goal, value, certainty in values:
        if certainty == "proven":
            assert value == truth[goal], goal
        elif certainty == "limit":
            assert value >= truth[goal], goal
        else:
            assert certainty == "tried"


def after(goals: Iterable[Change]) -> list[tuple[str, float, str]]:
    return [(one.goal, signed(one.goal, one.after), one.after_is) for one in goals]


@pytest.mark.parametrize("seed", SEEDS)
def test_range_is_marked_where_planning_anew_finds_better(seed: int, tmp_path: Path) -> None:
    world, run, _ = solved(seed, tmp_path)
    found = shadow(run, subjects(world, run, seed)[:2], "-1:2", workers=1)
    for answer in found.answers:
        other = changed(world, answer)
        truth = None if other is None or answer.verdict == "refused" else best(other)
        if truth is not None:
            check(after(answer.goals), truth)
    assert set(found.goals["after_is"]) <= {"proven", "limit", "tried"}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_if_is_marked_where_planning_anew_finds_another_value(seed: int, tmp_path: Path) -> None:
    world, run, before = solved(seed, tmp_path)
    ask, first = allocator.Questions(run), tuple(before[goal] for goal in world.goals)
    for asked in shadow(run, subjects(world, run, seed)[:1], workers=1).answers:
        other = changed(world, asked)
        truth = None if other is None or asked.verdict == "refused" else best(other)
        if truth is None:
            continue
        second = tuple(truth[goal] for goal in world.goals)
        told = "same" if first == second else "better" if second < first else "worse"
        for prove in (False, True):
            found = ask.what_if(asked.question.changes, prove=prove)
            check(after(found.goals), truth)
            assert found.verdict in (told, "open")
            assert found.verdict != "open" or "Cannot be told" in found.said("en")


def with_seat(world: World, cadre: str, session: str) -> World:
    """The problem with a call-up."""
    other = copy.deepcopy(world)
    call_up = {"cadre_id": cadre, "session_id": session}
    other.rules = [*other.rules, rule("fixed", id="asked", call_ups=[call_up])]
    assert isinstance(other.rules[-1], Fixed)
    return other


def seats_free(world: World, run: Run) -> list[tuple[str, str]]:
    """People by name and sessions where they are not, some of each."""
    placed = set(zip(run.plan.placements["cadre_id"], run.plan.placements["session_id"], strict=True))
    people = [str(one["cadre_id"]) for one in world.people if int(one.get("headcount", 1)) == 1]
    sessions = [f"{p}-{y}" for p, y in sorted(world.sessions)]
    return [(cadre, session) for cadre in people[:2] for session in sessions[:2] if (cadre, session) not in placed]


@pytest.mark.parametrize("seed", SEEDS)
def test_why_not_is_marked_where_planning_anew_finds_another_value(seed: int, tmp_path: Path) -> None:
    world, run, _ = solved(seed, tmp_path)
    ask = allocator.Questions(run)
    for cadre, session in seats_free(world, run):
        found = ask.why_not(cadre, session)
        if found.run is None:
            continue
        try:
            truth = best(with_seat(world, cadre, session))
        except InputError:
            continue
        if truth is not None:
            rows = zip(found.goals["goal"], found.goals["after"], found.goals["after_is"], strict=True)
            check([(goal, signed(goal, value), certainty) for goal, value, certainty in rows], truth)
            # Nobody moves from a session to itself.
            assert found.comparison is not None
            people = found.comparison.people
            assert not (people["before"] == people["after"]).any()
