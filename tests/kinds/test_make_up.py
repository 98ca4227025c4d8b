"""Make-up: who would reach so many years without must go now."""

import pytest

from tests.kinds.builders import STAY, favour, goals, rule, sent, small, verdict_on

HELD = ("p 2020-03-02", "p 2021-03-01")
YEARS = (2020, 2021)


def make_up(after_years, *contents, **more):
    return rule("make-up", after_years=after_years, contents=list(contents) or ["theory"], strength="soft", **more)


def test_audit_objects_when_make_up_is_left_out():
    # One seat a year, wanted for b, who went in 2019; a never went and is overdue in both years.
    record = ("b p 2019-05-06",)
    strict = small(make_up(4), favour("b"), held=HELD[:1], years=YEARS, history=record)
    free = small(favour("b"), held=HELD[:1], years=YEARS, history=record)
    assert (sent(strict), sent(free)) == ("a@p 2020-03-02", "b@p 2020-03-02")
    verdict = verdict_on(strict, free, "make-up")
    assert (verdict.shortfall, verdict.status) == (2, "reported")


@pytest.mark.parametrize(
    ("last", "attended"),
    [
        # After 3 years: 2017 is out of 2018-2020, so 2020; 2018 is out of 2019-2021, so 2021 at the latest; 2019 serves both.
        ("2017-12-31", {"a@p 2020-03-02"}),
        ("2018-01-01", {"a@p 2020-03-02", "a@p 2021-03-01"}),
        ("2019-12-31", {""}),
    ],
)
def test_make_up_asks_in_the_year_in_which_the_limit_would_be_reached(last, attended):
    given = small(make_up(3), STAY, cadres="a", held=HELD, years=YEARS, history=(f"a p {last}",))
    assert sent(given) in attended
    assert goals(given)["overdue"] == 0


@pytest.mark.parametrize(("last", "overdue"), [("2016-05-02", 2), ("2017-05-01", 1), ("2018-05-07", 0)])
def test_make_up_counts_the_years_overdue(last, overdue):
    # After 4 years and no class at all: 2020 needs one in 2017-2020, 2021 one in 2018-2021.
    assert goals(small(make_up(4), cadres="a", held=(), years=YEARS, history=(f"a p {last}",)))["overdue"] == overdue


def test_make_up_is_settled_by_one_class_with_all_contents():
    two = make_up(1, "theory", "party-spirit")
    assert goals(small(two, cadres="a"))["overdue"] == 1
    assert goals(small(two, cadres="a", held=("both 2020-03-02",)))["overdue"] == 0
