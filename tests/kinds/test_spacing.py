"""Spacing: rest, repeats, classes per year, long classes."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from allocator.answers import runs
from allocator.audit import audit
from tests.engine.builders import make_inputs
from tests.kinds.builders import PROGRAMMES, favour, rule, sent, small, verdict_on

HELD = ("p 2020-03-02", "p 2021-03-01", "p 2022-03-07")
YEARS = (2020, 2021, 2022)


def classes(spacing, held, **more):
    return sent(small(spacing, favour("a"), cadres="a", held=held, years=YEARS, **more))


def test_audit_objects_when_spacing_is_left_out():
    # A point for each class: three in three years; not again within two years leaves the first and the last.
    strict = small(rule("spacing", same_programme_years=2), favour("a"), cadres="a", held=HELD, years=YEARS)
    free = small(favour("a"), cadres="a", held=HELD, years=YEARS)
    assert (sent(strict), sent(free).count("@")) == ("a@p 2020-03-02, a@p 2022-03-07", 3)
    assert verdict_on(strict, free, "spacing").shortfall == 2


@pytest.mark.parametrize(("years", "attended"), [(1, 3), (2, 2), (3, 1)])
def test_same_programme_waits_so_many_years(years, attended):
    assert classes(rule("spacing", same_programme_years=years), HELD).count("@") == attended


@pytest.mark.parametrize(("last", "attended"), [("2018-12-31", "2020, 2022"), ("2019-01-01", "2021")])
def test_record_closes_the_first_year_of_the_plan(last, attended):
    # Not within two years: a class in 2019 closes 2020, one in 2018 does not.
    found = classes(rule("spacing", same_programme_years=2), HELD, history=(f"a p {last}",))
    if attended == "2021":  # 2021 or 2022, not both.
        assert "2020" not in found and found.count("@") == 1
    else:
        assert found == "a@p 2020-03-02, a@p 2022-03-07"


@pytest.mark.parametrize(("rest", "attended"), [(8, 2), (9, 2), (10, 1)])
def test_rest_counts_the_free_days_between_two_classes(rest, attended):
    # 2 to 6 March, then from 16 March: nine days are free.
    assert classes(rule("spacing", rest_days=rest), ("p 2020-03-02", "q 2020-03-16")).count("@") == attended


def test_classes_never_overlap():
    assert classes(rule("spacing"), ("p 2020-03-02", "q 2020-03-06")).count("@") == 1
    assert classes(rule("spacing"), ("p 2020-03-02", "q 2020-03-07")).count("@") == 2


@pytest.mark.parametrize(("most", "attended"), [(1, 1), (2, 2), (3, 2)])
def test_classes_of_one_year_are_limited(most, attended):
    assert classes(rule("spacing", classes_per_year=most), ("p 2020-03-02", "q 2020-06-01")).count("@") == attended


@pytest.mark.parametrize(("long_days", "attended"), [(4, 1), (5, 1), (5.5, 2), (10, 2)])
def test_long_classes_are_those_of_at_least_so_many_days(long_days, attended):
    # 5 days in 2020, 10 days in 2021; one long class in two years.
    long = rule("spacing", long_days=long_days, long_years=2)
    assert classes(long, ("p 2020-03-02", "q 2021-03-01")).count("@") == attended


@pytest.mark.parametrize(("years", "attended"), [(1, 2), (2, 2), (3, 1)])
def test_long_classes_wait_so_many_years(years, attended):
    long = rule("spacing", long_days=10, long_years=years)
    assert classes(long, ("q 2020-03-02", "both 2022-03-07")).count("@") == attended


@pytest.mark.parametrize(
    "limits",
    [{"same_programme_years": 2}, {"long_days": 5, "long_years": 2}, {"classes_per_year": 1}],
    ids=lambda limits: next(iter(limits)),
)
def test_solver_and_auditor_read_an_unnamed_group_alike(limits):
    # A group of two, two seats wanted of it twice: in two years, or in two classes of one. One of them would have to go again.
    held = ("p 2020-03-02", "q 2020-06-01") if "classes_per_year" in limits else ("p 2020-03-02", "p 2021-03-01")
    sessions = [{"session_id": day, "programme_id": day[0], "start_date": day[2:], "seats": 2} for day in held]
    sessions = [one | {"end_date": str(date.fromisoformat(one["start_date"]) + timedelta(4))} for one in sessions]
    rules = (rule("eligibility", id="admit"), rule("priority", weight=1), rule("spacing", **limits))
    given = make_inputs(
        cadres=[{"cadre_id": "g", "headcount": 2}], programmes=PROGRAMMES, sessions=sessions, rules=rules,
        horizon=(2020, 2021),
    )  # fmt: skip
    run = runs.solve(given)
    assert (int(run.plan.placements["headcount"].sum()), run.audit["spacing"].status) == (2, "kept")
    free = runs.solve(with_rules(given, rules[:2])).plan
    assert int(free.placements["headcount"].sum()) == 4
    assert audit(free, given)["spacing"].status == "breached"


def with_rules(given, rules):
    return replace(given, policy=given.policy.model_copy(update={"rules": tuple(rules)}))
