"""Windows that a closed year has begun: what is left of them, and who is still asked."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from allocator.domain.rules import Coverage
from allocator.domain.tables import Inputs
from allocator.engine.run import Run
from allocator.register.closing.windows import asked, mark, rests, written
from allocator.register.events.tables_after import Tables


def with_window(run: Run, span: int, years: tuple[int, ...] = ()) -> Inputs:
    rules = [
        rule.model_copy(update={"window_years": span, "years": years}) if isinstance(rule, Coverage) else rule
        for rule in run.inputs.policy.rules
    ]
    return replace(run.inputs, policy=run.inputs.policy.model_copy(update={"rules": tuple(rules)}))


@pytest.mark.parametrize(
    ("span", "first_left", "left", "own_years"),
    [
        (4, 2020, 3, ()),  # 2019 to 2022: three years are left.
        (4, 2022, 1, ()),
        (2, 2020, 1, (2020,)),  # 2019 and 2020: one is left, and it is not the last of the plan.
        (2, 2022, 1, ()),
    ],
)
def test_rule_for_what_is_left_lasts_as_long(
    run: Run, span: int, first_left: int, left: int, own_years: tuple[int, ...]
) -> None:
    ((rule, rest),) = rests(with_window(run, span), 2019, range(first_left, 2023))
    assert (rest.id, rest.window_years, rest.years) == (f"{rule.id}-rest", left, own_years)
    assert (rest.clause, rest.strength, rest.covers) == (rule.clause, rule.strength, (rule.id,))


@pytest.mark.parametrize(
    ("span", "begun", "first_left"), [(1, 2019, 2020), (2, 2019, 2021), (5, 2019, 2020), (4, 2020, 2020)]
)
def test_no_rule_is_needed_where_a_window_ends_with_the_year_or_after_the_plan(
    run: Run, span: int, begun: int, first_left: int
) -> None:
    assert rests(with_window(run, span), begun, range(first_left, 2023)) == []


def test_window_outside_the_years_of_its_rule_is_none(run: Run) -> None:
    assert rests(with_window(run, 4, (2019, 2020)), 2019, range(2020, 2023)) == []


def test_group_is_parted_into_who_was_trained_and_who_was_not(run: Run) -> None:
    cadres = Tables(run.inputs).cadres
    cadres["N7"]["headcount"] = "10"
    found = rests(run.inputs, 2019, range(2020, 2023))
    seats = pd.DataFrame(
        [("branch-2019", "N7", 4), ("branch-2019", "N8", 1)], columns=["session_id", "cadre_id", "headcount"]
    )
    mark(cadres, run.inputs, seats, found, 2019)
    done = {name: (one["headcount"], one["tags"]) for name, one in cadres.items() if name.startswith(("N7", "N8"))}
    assert done == {
        "N7": ("6", ""), "N7-2019": ("4", "done-staff-coverage"), "N8": ("1", "done-staff-coverage"),
    }  # fmt: skip


def test_nobody_left_makes_no_rule_and_old_ones_go(run: Run) -> None:
    cadres = Tables(run.inputs).cadres
    found = rests(run.inputs, 2019, range(2020, 2023))
    (rest,) = asked(found, run.inputs, cadres)
    (one,) = written([rest], [{"id": "staff-coverage-rest", "kind": "coverage", "window_years": 9}])
    assert one["window_years"] == 3 and one["audience"]["not"] == {"tags": "done-staff-coverage"}
    staff = ("N7", "N8", "S6", "S7")  # All that the rule asks.
    seats = pd.DataFrame([("branch-2019", who, 1) for who in staff], columns=["session_id", "cadre_id", "headcount"])
    mark(cadres, run.inputs, seats, found, 2019)
    assert asked(found, run.inputs, cadres) == []
    mark(cadres, run.inputs, seats.iloc[:0], [], 2022)  # The window is over.
    assert not any(one["tags"] for one in cadres.values())
