"""Waiting: longest waiting first."""

import pytest

from tests.kinds.builders import favour, goals, rule, sent, small, verdict_on


def test_audit_notices_when_waiting_is_left_out():
    # b went in 2019, a in 2016. Sending a leaves b waiting 1 year; sending b leaves a waiting 4.
    record = ("a p 2016-05-02", "b p 2019-05-06")
    strict = small(rule("waiting"), favour("b"), history=record)
    free = small(favour("b"), history=record)
    assert (sent(strict), sent(free)) == ("a@p 2020-03-02", "b@p 2020-03-02")
    assert goals(strict)["fairness"] == 1
    assert verdict_on(strict, free, "waiting").finding.achieved == 4


@pytest.mark.parametrize(("cap", "waits"), [(1, 1), (3, 3), (4, 4), (5, 4)])
def test_wait_ends_at_the_cap(cap, waits):
    # Last class in 2016, none in 2020.
    given = small(rule("waiting", cap_years=cap), cadres="a", held=(), history=("a p 2016-05-02",))
    assert goals(given)["fairness"] == waits


def test_who_never_went_starts_at_the_cap():
    assert goals(small(rule("waiting", cap_years=3), cadres="a", held=()))["fairness"] == 3


@pytest.mark.parametrize(
    ("held", "waits"),
    # From 2019 on: sent in 2020 waits 0, 1, 2; in 2021 1, 0, 1; in 2022 1, 2, 0.
    [("p 2020-03-02", 3), ("p 2021-03-01", 2), ("p 2022-03-07", 3)],
)
def test_waits_are_summed_over_the_years(held, waits):
    given = small(rule("waiting"), cadres="a", held=(held,), years=(2020, 2021, 2022), history=("a p 2019-05-06",))
    assert goals(given)["fairness"] == waits


@pytest.mark.parametrize(("least_days", "waits"), [(5, 0), (6, 5)])
def test_short_classes_do_not_end_a_wait(least_days, waits):
    assert goals(small(rule("waiting", least_days=least_days), cadres="a"))["fairness"] == waits
