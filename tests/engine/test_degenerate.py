"""Degenerate problems: planned at once, and right, whatever is missing or alike."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from allocator.answers import runs
from allocator.answers.runs import Run
from allocator.domain.errors import InputError, ModelError
from allocator.domain.result import SolveStatus
from allocator.domain.tables import Inputs
from allocator.engine.columns.aggregate_relaxation import UNHELD
from allocator.engine.parameters import LEXICOGRAPHIC
from allocator.inputs import load
from tests.conftest import SetParameters
from tests.engine.builders import make_inputs, rule

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"
ADMIT = rule("eligibility", id="admit")
ONCE = rule("spacing", id="once", classes_per_year=1, same_programme_years=2)
WAIT = rule("waiting", id="waiting", cap_years=6, strength="soft", goal="fairness")


def people(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"cadre_id": f"c{i:06d}", **fields} for i in range(count)]


def sessions(seats: int, *years: int, least: int = 0) -> list[dict[str, Any]]:
    """A class in March and one in September of each year."""
    dates = itertools.product(years, (("03-02", "03-06"), ("09-07", "09-11")))
    return [
        {"session_id": f"{y}-{a}", "start_date": f"{y}-{a}", "end_date": f"{y}-{b}", "seats": seats, "min_seats": least}
        for y, (a, b) in dates
    ]


def quota(amount: int, **fields: Any) -> Any:
    return rule("quota", id="quota", amount=amount, modality="exactly", strength="soft", admits=False, **fields)


def planned(inputs: Inputs) -> Run:
    """The plan, which must keep every hard rule and have every goal proven."""
    run = runs.solve(inputs)
    assert run.audit.is_clean and run.result.status is SolveStatus.PROVEN
    return run


def sent(run: Run) -> dict[int, int]:
    """Seats by year."""
    return {int(y): int(n) for y, n in run.plan.placements.groupby("year")["headcount"].sum().items()}


def test_nobody_eligible_gives_an_empty_plan() -> None:
    run = planned(make_inputs(cadres=people(20), sessions=sessions(5, 2020), rules=[quota(4)]))
    assert run.plan.placements.empty
    # Four people are wanted and nobody may go.
    assert run.audit.goals["quota-shortfall"] == 4
    assert run.plan.to_csv().count("\n") == 1


def test_no_rule_at_all_sends_nobody() -> None:
    assert planned(make_inputs(cadres=people(3), sessions=sessions(5, 2020))).plan.placements.empty


def test_every_seat_fixed_leaves_nothing_to_decide() -> None:
    calls = [{"cadre_id": f"c{i:06d}", "session_id": f"2020-{'03-02' if i < 4 else '09-07'}"} for i in range(8)]
    called = rule("fixed", id="called", call_ups=calls)
    run = planned(make_inputs(cadres=people(10), sessions=sessions(4, 2020), rules=[ADMIT, called, quota(8)]))
    placed = run.plan.placements
    assert placed[["cadre_id", "session_id"]].to_dict("records") == calls
    assert placed["fixed"].all() and run.audit.goals["quota-shortfall"] == 0


def test_one_team_in_one_year() -> None:
    inputs = make_inputs(
        cadres=people(7, team_id="t"),
        sessions=sessions(10, 2020),
        rules=[ADMIT, ONCE, rule("share-floor", id="floor", group_by="team_id", share="1/5"), quota(2)],
    )
    # A fifth of seven, rounded up.
    assert sent(planned(inputs)) == {2020: 2}


def test_quotas_of_zero_keep_everybody_at_home() -> None:
    run = planned(make_inputs(cadres=people(30), sessions=sessions(5, 2020), rules=[ADMIT, ONCE, quota(0), WAIT]))
    assert run.plan.placements.empty


def test_seats_for_nobody_are_no_seats() -> None:
    # The least size of every class is above its people.
    run = planned(make_inputs(cadres=people(3), sessions=sessions(10, 2020, least=5), rules=[ADMIT, ONCE, quota(3)]))
    assert run.plan.placements.empty and run.audit.goals["quota-shortfall"] == 3


def test_an_empty_roster_is_refused_with_its_place(tmp_path: Path) -> None:
    source = SCENARIOS.parent / "data" / "tiny"
    for path in source.glob("*.csv"):
        text = path.read_text(encoding="utf-8-sig")
        (tmp_path / path.name).write_text(text.splitlines()[0] + "\n" if path.stem == "cadres" else text)
    with pytest.raises(InputError) as refused:
        load(SCENARIOS / "tiny.toml", changes={"tables": str(tmp_path)})
    assert "no-rows" in {defect.code for defect in refused.value.defects}


def alike(count: int) -> Inputs:
    """Two years, seats for a quarter of the people in each class."""
    return make_inputs(
        cadres=people(count),
        sessions=sessions(count // 4, 2020, 2021),
        rules=[ADMIT, ONCE, quota(count // 2), WAIT],
        horizon=(2020, 2021),
    )


def all_different(count: int) -> Inputs:
    """Teams of ten, each person with a record of his or her own as far as the rules can tell people apart."""
    history = [
        {
            "cadre_id": f"c{i:06d}", "programme_id": "p", "start_date": f"{2014 + i % 5}-05-04",
            "end_date": f"{2014 + i % 5}-05-08", "days": 5.0, "hours": (i // 5) / 100, "content": "theory",
        }
        for i in range(count)
    ]  # fmt: skip
    owed = rule("cumulative", id="hours", hours=count, from_year=2014, to_year=2020, strength="soft", goal="owed")
    roster = [{"cadre_id": f"c{i:06d}", "team_id": f"t{i // 10}"} for i in range(count)]
    floor = rule("share-floor", id="floor", group_by="team_id", share="1/5")
    return make_inputs(
        cadres=roster,
        sessions=sessions(count // 4, 2020),
        history=history,
        rules=[ADMIT, ONCE, floor, quota(count // 2), owed, WAIT],
    )


def check_alike(run: Run, count: int) -> None:
    # Every seat is used, and nobody goes twice while somebody waits.
    assert sent(run) == {2020: count // 2, 2021: count // 2}
    assert run.plan.placements["cadre_id"].nunique() == count
    assert run.plan.placements.groupby("session_id")["headcount"].sum().tolist() == [count // 4] * 4


def check_different(run: Run, count: int) -> None:
    assert sent(run) == {2020: count // 2}
    assert run.audit["floor"].shortfall == 0


Check = Callable[[Run, int], None]
EXTREMES = [pytest.param(alike, check_alike, id="alike"), pytest.param(all_different, check_different, id="different")]


@pytest.mark.parametrize(("make", "check"), EXTREMES)
def test_many_people_all_alike_or_all_different(make: Callable[[int], Inputs], check: Check) -> None:
    check(runs.solve(make(2_000)), 2_000)


@pytest.mark.long
@pytest.mark.parametrize(("make", "check"), EXTREMES)
def test_a_hundred_thousand_people_all_alike_or_all_different(make: Callable[[int], Inputs], check: Check) -> None:
    check(runs.solve(make(100_000)), 100_000)


@pytest.mark.parametrize("exact_columns", [LEXICOGRAPHIC.columns_up_to, 0])
def test_rules_that_forbid_one_person_everything_are_said_to_be_unheld(
    exact_columns: int, set_parameters: SetParameters
) -> None:
    set_parameters(LEXICOGRAPHIC, columns_up_to=exact_columns)
    everyone = rule("fixed", id="everyone", everyone=True)
    rest = rule("spacing", id="rest", long_days=1, long_years=2)
    yearly_class = [one for one in sessions(5, 2020, 2021) if one["session_id"].endswith("03-02")]
    inputs = make_inputs(cadres=people(3), sessions=yearly_class, horizon=(2020, 2021), rules=[ADMIT, everyone, rest])
    with pytest.raises(ModelError) as refused:
        runs.solve(inputs)
    assert refused.value.args == ModelError(UNHELD).args
