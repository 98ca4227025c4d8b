"""Interval: a content at least once in so many consecutive years."""

import pytest

from tests.kinds.builders import STAY, goals, rule, sent, small, verdict_on

HELD = ("p 2020-03-02", "p 2021-03-01", "p 2022-03-07")
YEARS = (2020, 2021, 2022)


def interval(every_years, *contents, **more):
    return rule("interval", every_years=every_years, contents=list(contents), **more)


def test_audit_objects_when_interval_is_left_out():
    # Three windows of one year, nobody goes.
    strict = small(interval(1, "theory"), STAY, cadres="a", held=HELD, years=YEARS)
    free = small(STAY, cadres="a", held=HELD, years=YEARS)
    assert (sent(strict).count("@"), sent(free)) == (3, "")
    assert verdict_on(strict, free, "interval").shortfall == 3


@pytest.mark.parametrize(
    ("last", "attended"),
    [
        # Every two years. 2018: the window 2019-2020 asks for 2020, which serves 2021; 2022 asks for one more, at 2021 or
        # 2022. 2019: served in 2020; one class in 2021 serves 2021 and 2022.
        ("2018-12-31", 2),
        ("2019-01-01", 1),
    ],
)
def test_interval_reaches_back_into_the_history(last, attended):
    given = small(interval(2, "theory"), STAY, cadres="a", held=HELD, years=YEARS, history=(f"a p {last}",))
    assert goals(given)["violation"] == 0
    assert sent(given).count("@") == attended


@pytest.mark.parametrize(("held", "missed"), [(HELD[0], 1), (HELD[1], 1), (HELD[2], 2)])
def test_interval_judges_the_first_and_the_last_window(held, missed):
    # Windows 2019-2020, 2020-2021, 2021-2022 and one class: 2020 leaves the last, 2021 the first, 2022 the first two.
    assert goals(small(interval(2, "theory"), cadres="a", held=(held,), years=YEARS))["violation"] == missed


def test_interval_judges_each_content_and_one_class_may_carry_both():
    two = interval(1, "theory", "party-spirit")
    assert goals(small(two, cadres="a"))["violation"] == 1
    assert goals(small(two, cadres="a", held=("both 2020-03-02",)))["violation"] == 0


@pytest.mark.parametrize(("least_days", "missed"), [(5, 0), (6, 1)])
def test_interval_counts_classes_of_its_least_length(least_days, missed):
    assert goals(small(interval(1, "theory", least_days=least_days), cadres="a"))["violation"] == missed
