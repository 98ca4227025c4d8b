"""Cumulative: days or hours within a window."""

import pytest

from tests.kinds.builders import favour, goals, rule, sent, small, verdict_on

YEARS = (2020, 2021)
HELD = ("p 2020-03-02", "p 2021-03-01")


def cumulative(**fields):
    return rule("cumulative", **fields)


def test_audit_objects_when_cumulative_is_left_out():
    # One seat, wanted for b; a has nothing and owes 40 hours, b has them from 2019.
    owed = cumulative(hours=40, from_year=2019)
    record = ("b p 2019-05-06",)
    strict, free = small(owed, favour("b"), history=record), small(favour("b"), history=record)
    assert (sent(strict), sent(free)) == ("a@p 2020-03-02", "b@p 2020-03-02")
    assert verdict_on(strict, free, "cumulative").shortfall == 40


@pytest.mark.parametrize(
    ("amounts", "owed"),
    [
        # One class: 5 days, 40 hours. A missing day is 7.5 hours unless both limbs say otherwise.
        ({"hours": 39}, 0), ({"hours": 40}, 0), ({"hours": 41}, 1),
        ({"days": 4}, 0), ({"days": 5}, 0), ({"days": 6}, 8),
        ({"days": 6, "hours": 40}, 0), ({"days": 6, "hours": 54}, 9), ({"days": 10, "hours": 50}, 10),
    ],
)  # fmt: skip
def test_owed_is_the_smaller_shortfall_of_the_two_limbs_rounded_up(amounts, owed):
    assert goals(small(cumulative(**amounts), cadres="a"))["owed"] == owed


@pytest.mark.parametrize(
    ("window", "owed"),
    [
        # Classes on record in 2018, in the plan in 2020 and 2021: 40 hours each of the 120 asked for.
        ({"from_year": 2018}, 0), ({"from_year": 2019}, 40), ({}, 40),
        ({"from_year": 2018, "to_year": 2020}, 40), ({"from_year": 2021}, 80),
    ],
)  # fmt: skip
def test_window_begins_and_ends_with_its_years(window, owed):
    given = small(cumulative(hours=120, **window), cadres="a", held=HELD, years=YEARS, history=("a p 2018-12-31",))
    assert goals(given)["owed"] == owed


def test_amounts_of_each_year_are_judged_alone():
    # 40 hours in the first year do not help the second.
    assert goals(small(cumulative(hours=40, per_year=True), cadres="a", held=HELD[:1], years=YEARS))["owed"] == 40


@pytest.mark.parametrize(("credit", "owed"), [(9, 1), (10, 0), (11, 0)])
def test_credited_hours_count_in_every_plan_year(credit, owed):
    assert goals(small(cumulative(hours=50, credit_hours=credit), cadres="a"))["owed"] == owed
