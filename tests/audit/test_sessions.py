"""Built-in rules: what holds whatever the policy says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from allocator.audit import audit
from allocator.domain.plan import Plan
from tests.audit.builders import HISTORY, inputs, plan


@pytest.mark.parametrize(("text", "over"), [("a@b19 b@b19", 0), ("a@b19 b@b19 c@b19", 0), ("a@b19 b@b19 g@b19*3", 2)])
def test_sessions_seats_are_never_exceeded(text, over):
    given = inputs()
    report = audit(plan(given, text), given)
    assert report["sessions-seats"].shortfall == bool(over) and report.goals["violation"] == over


def test_sessions_seats_leave_out_the_observer():
    given = inputs()
    given = replace(given, sessions=given.sessions.assign(usable_seats=given.sessions["seats"] - 1))
    assert audit(plan(given, "a@b19 b@b19"), given).is_clean
    assert audit(plan(given, "a@b19 b@b19 c@b19"), given)["sessions-seats"].shortfall == 1


@pytest.mark.parametrize(("text", "missing"), [("", 0), ("a@b19", 1), ("a@b19 b@b19", 0), ("g@b19*3", 0)])
def test_sessions_that_open_have_their_least_size(text, missing):
    given = inputs()
    assert audit(plan(given, text), given)["sessions-least"].shortfall == missing


def changed(made, row, **values):
    table = made.placements.copy()
    for column, value in values.items():
        table.loc[row, column] = value
    return Plan(table)


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("cadre_id", "nobody", "unknown cadre"),
        ("session_id", "nowhere", "unknown session"),
        ("programme_id", "spirit", "programme_id"),
        ("programme_id", "nothing", "programme_id"),
        ("year", 2020, "year"),
        ("start_date", pd.Timestamp("2019-03-05"), "start_date"),
        ("end_date", pd.Timestamp("2019-03-14"), "end_date"),
        ("start_date", pd.NaT, "start_date"),
    ],
)
def test_sessions_known_finds_each_difference(column, value, why):
    given = inputs()
    right = plan(given, "a@t19 b@t19")
    assert audit(right, given)["sessions-known"].status == "kept"
    report = audit(changed(right, 0, **{column: value}), given)
    assert report["sessions-known"].shortfall == 1
    breached = report.breaches.loc[report.breaches["rule_id"] == "sessions-known", "scope"]
    assert any(why in scope for scope in breached)


@pytest.mark.parametrize(
    ("text", "over"), [("a@t19", 0), ("a@t19*2", 1), ("g@t19*5", 0), ("g@t19*6", 1), ("a@t19 a@t19", 1)]
)
def test_headcount_bounds_the_seats_of_one_session(text, over):
    given = inputs()
    report = audit(plan(given, text), given)
    assert report["headcount"].shortfall == bool(over) and report["headcount"].finding.goals["violation"] == over


@pytest.mark.parametrize(
    ("text", "breaches"),
    [
        # t19 ends on 13 March, the day s19 begins.
        ("a@t19 a@s19", 1), ("a@t19 b@s19", 0), ("a@t19 a@p19", 0),
        ("g@t19*2 g@s19*3", 0), ("g@t19*3 g@s19*3", 1),
    ],
)  # fmt: skip
def test_nobody_is_in_two_places(text, breaches):
    given = inputs()
    report = audit(plan(given, text), given)
    assert report["no-overlap"].shortfall == report.goals["violation"] == breaches


def test_overlap_with_a_class_on_record_counts():
    for first, breaches in (("2019-03-13", 1), ("2019-03-14", 0)):
        history = f"{HISTORY}\na | | {first} | 2019-03-20 | 5 | 37 | theory | party-school | false"
        given = inputs(history=history)
        assert audit(plan(given, "a@t19"), given)["no-overlap"].shortfall == breaches


def test_overlap_with_a_class_on_record_that_ends_on_the_first_day_of_the_plan_counts():
    for last, breaches in (("2019-03-03", 0), ("2019-03-04", 1)):
        given = inputs(history=f"{HISTORY}\na | | 2019-03-01 | {last} | 2 | 15 | theory | party-school | false")
        report = audit(plan(given, "a@t19"), given)
        assert report["no-overlap"].shortfall == breaches
        scopes = {row.scope for row in report["no-overlap"].finding.rows} - {"all"}
        assert scopes == ({"a@t19 2019-03-04"} if breaches else set())


def test_row_order_of_plan_and_tables_does_not_matter():
    given = inputs()
    made = plan(given, "a@t19 a@s19 b@t19 g@b19*6 c@b19 c@t19 d@p19")
    shuffled = Plan(
        made.placements.iloc[np.random.default_rng(1).permutation(len(made.placements))].reset_index(drop=True)
    )
    assert audit(shuffled, given).to_csv() == audit(made, given).to_csv()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sessions-least", "a@b19"), ("sessions-seats", "a@b19 b@b19 c@b19 d@b19"), ("headcount", "a@t19*2"),
        ("no-overlap", "a@t19 a@s19"),
    ],
)  # fmt: skip
def test_breach_of_one_outside_the_plan_years_has_its_year(name, text):
    given = inputs(years=(2020,))
    verdict = audit(plan(given, text), given)[name]
    assert verdict.is_breached and verdict.shortfall == 1
    assert [(row.year, row.shortfall) for row in verdict.finding.rows] == [(2019, 1), (2019, 1), (2020, 0)]
