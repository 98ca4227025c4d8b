"""Coverage: everyone at least once in a span of years."""

import pytest

from tests.kinds.builders import STAY, goals, rule, sent, small, verdict_on

HELD = ("p 2020-03-02", "p 2021-03-01", "p 2022-03-07", "p 2023-03-06")
YEARS = (2020, 2021, 2022, 2023)


def test_audit_objects_when_coverage_is_left_out():
    # Both stay at home when nothing asks for them.
    strict, free = small(rule("coverage"), STAY, seats=2), small(STAY, seats=2)
    assert (sent(strict).count("@"), sent(free)) == (2, "")
    assert verdict_on(strict, free, "coverage").shortfall == 2


@pytest.mark.parametrize(("window", "attendances"), [(1, 4), (2, 2), (3, 1), (4, 1), (5, 0)])
def test_coverage_asks_once_in_every_whole_span(window, attendances):
    # Four years hold 4, 2, 1, 1 and no whole span.
    given = small(rule("coverage", window_years=window), STAY, cadres="a", held=HELD, years=YEARS)
    assert sent(given).count("@") == attendances


@pytest.mark.parametrize(("held", "missed"), [(HELD[0], 1), (HELD[1], 1), (HELD[2], 1), (HELD[3], 1)])
def test_coverage_spans_follow_each_other_from_the_first_year(held, missed):
    # Spans 2020-2021 and 2022-2023: a class in either year of a span covers that span only.
    given = small(rule("coverage", window_years=2), cadres="a", held=(held,), years=YEARS)
    assert goals(given)["violation"] == missed


@pytest.mark.parametrize(("least_days", "missed"), [(5, 0), (6, 1)])
def test_coverage_counts_classes_of_its_least_length(least_days, missed):
    assert goals(small(rule("coverage", least_days=least_days), cadres="a"))["violation"] == missed


def test_coverage_does_not_count_history():
    given = small(rule("coverage"), cadres="a", held=(), history=("a p 2019-05-06",))
    assert goals(given)["violation"] == 1
