"""A limit that has passed: a plan at once, with its gap, and exit code 5. No seconds are counted here."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.answers import runs
from allocator.answers.runs import Run
from allocator.domain.result import SolveStatus
from allocator.engine.parameters import AGGREGATE_RELAXATION, DECOMPOSITION, LEXICOGRAPHIC
from allocator.engine.time_limit import Clock
from allocator.inputs import load

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"


class Strikes(Clock):
    """A clock whose time is over once it has been asked so many times."""

    def __init__(self, asked: int) -> None:
        super().__init__(None)
        self.asked = asked

    def is_over(self) -> bool:
        self.asked -= 1
        return self.asked < 0


class RunsOut(Strikes):
    """A limit that passes at the n-th question, whether of it or of the seconds left; so many are left until then."""

    def __init__(self, asked: int, seconds: float) -> None:
        super().__init__(asked)
        self.limit, self.seconds, self.questions = 1e9, seconds, 0

    def is_over(self) -> bool:
        self.questions += 1
        return super().is_over()

    def left(self) -> float:
        return 0.0 if self.is_over() else self.seconds


def late(name: str, asked: int = 0) -> Run:
    return runs.solve(load(SCENARIOS / f"{name}.toml"), Strikes(asked))


@pytest.mark.long
def test_plan_of_one_prefecture_when_the_time_is_over_at_once() -> None:
    run = late("one-prefecture")
    assert run.result.status is SolveStatus.LIMIT and runs.exit_code(run) == 5
    # Neither rates nor proofs nor a second schedule; yet the rounds that cost little were made, or hundreds went short.
    assert (
        5 < run.result.work["rounds"] <= AGGREGATE_RELAXATION.late_rounds + 1
        and "feedback-rounds" not in run.result.work
    )
    goals = {goal.goal: goal for goal in run.result.goals}
    assert goals["violation"].value < 50
    assert all(goal.bound is not None and goal.gap is not None for goal in goals.values())
    # With all the time in the world 160,117 hours are owed and 160,099 are proven.
    assert goals["owed"].bound <= 160_117
    assert goals["violation"].bound == 0
    assert not run.plan.placements.empty


@pytest.mark.parametrize("asked", [0, 2, 8, *(pytest.param(asked, marks=pytest.mark.long) for asked in (1, 3, 5, 20))])
def test_plan_of_tiny_is_valid_whenever_the_time_is_over(asked, set_parameters) -> None:
    best = {goal.goal: goal.value for goal in runs.solve(load(SCENARIOS / "tiny.toml")).result.goals}
    set_parameters(LEXICOGRAPHIC, columns_up_to=0)
    run = late("tiny", asked)
    goals = {goal.goal: goal for goal in run.result.goals}
    # No bound says more than what is known to be possible; the first goal's holds whatever the plan.
    assert goals["violation"].bound <= best["violation"]
    for goal in goals.values():
        assert goal.bound is not None
        assert goal.bound >= goal.value if goal.sense == "max" else goal.bound <= goal.value
    expected = {SolveStatus.LIMIT: 5, SolveStatus.WITHIN_GAP: 0, SolveStatus.PROVEN: 0}[run.result.status]
    kept = goals["violation"].value == 0 and run.audit.is_clean
    assert runs.exit_code(run) == (expected if kept else 5 if not goals["violation"].bound else 4)


def test_exact_plan_stops_after_the_goal_at_hand() -> None:
    run = late("tiny")
    assert run.result.status is SolveStatus.LIMIT and runs.exit_code(run) == 5
    first, *others = run.result.goals
    assert first.is_proven and all(goal.bound is None for goal in others)


FORBIDDEN = ("sessions-known", "sessions-eligible", "sessions-seats", "sessions-least", "headcount", "no-overlap")
"""What no plan may do, however little time there is."""

JOINTLY = (LEXICOGRAPHIC, {"columns_up_to": 0})
WAYS = {"exactly": [], "jointly": [JOINTLY], "by blocks": [JOINTLY, (DECOMPOSITION, {"joint_cohorts_up_to": 0})]}
"""Ways of planning the years, and how a small problem is made to go them."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("seconds", "step"),
    [
        (AGGREGATE_RELAXATION.hurry_seconds / 2, 17),
        pytest.param(1e9, 1, marks=pytest.mark.long),
        pytest.param(AGGREGATE_RELAXATION.hurry_seconds / 2, 1, marks=pytest.mark.long),
    ],
)
def test_plan_is_complete_and_allowed_and_its_bounds_hold_at_whichever_question_the_time_is_over(
    way, seconds, step, set_parameters
) -> None:
    inputs = load(SCENARIOS / "tiny.toml")
    best = {goal.goal: goal for goal in runs.solve(inputs).result.goals}
    assert all(goal.is_proven for goal in best.values())
    for record, fields in WAYS[way]:
        set_parameters(record, **fields)
    everything = RunsOut(10**9, seconds)
    runs.solve(inputs, everything)
    assert everything.questions > 3
    for asked in range(0, everything.questions + 1, step):
        run = runs.solve(inputs, RunsOut(asked, seconds))
        verdicts = run.audit.rules.set_index("rule_id")["status"]
        assert not run.plan.placements.empty and all(verdicts[list(FORBIDDEN)] != "breached"), asked
        as_good = True  # As long as the best plan keeps what the goals before are held to, no bound may be beyond it.
        for goal in run.result.goals:
            sign = 1 if goal.sense == "min" else -1
            assert (goal.value is not None and sign * goal.value >= sign * best[goal.goal].value) or not as_good, asked
            if goal.bound is not None:
                assert sign * goal.bound <= sign * goal.value, (asked, goal)
                assert not as_good or sign * goal.bound <= sign * best[goal.goal].value, (asked, goal)
            as_good = as_good and sign * best[goal.goal].value <= sign * goal.value
        code = runs.exit_code(run)
        assert code in (0, 5), (asked, code)
        assert code == 5 or run.result.status in (SolveStatus.PROVEN, SolveStatus.WITHIN_GAP)
