"""Apportion: seats over groups in proportion."""

import pytest

from tests.kinds.builders import favour, goals, only, rule, sent, small, verdict_on


def apportion(amount, **more):
    return rule("apportion", amount=amount, group_by="team_id", **more)


def test_audit_objects_when_apportion_is_left_out():
    # Two seats, one is due to each team of two; points for a and b take both to team x.
    strict = small(apportion(2), favour("a", "b"), cadres="abcd", seats=2)
    free = small(favour("a", "b"), cadres="abcd", seats=2)
    assert (sent(strict)[0] in "ab", sent(free)) == (True, "a@p 2020-03-02, b@p 2020-03-02")
    assert goals(strict)["fairness"] == 0
    assert verdict_on(strict, free, "apportion").shortfall == 2  # x has one too many, y one too few.


@pytest.mark.parametrize(("tolerance", "fairness", "points"), [(0, 0, 1), (1, 0, 2)])
def test_tolerance_widens_what_is_due(tolerance, fairness, points):
    found = goals(small(apportion(2, tolerance=tolerance), favour("a", "b"), cadres="abcd", seats=2))
    assert (found["fairness"], found["priority"]) == (fairness, points)


@pytest.mark.parametrize(
    ("amount", "seats", "off"),
    [
        # x has two people, y one: of 3 seats 2 and 1 are due, of 2 seats 1 to 2 and 0 to 1.
        (3, 3, 0), (3, 2, 1), (2, 1, 0), (2, 2, 0), (2, 0, 1),
    ],
)  # fmt: skip
def test_share_of_a_group_is_rounded_to_both_sides(amount, seats, off):
    held = ("p 2020-03-02",) if seats else ()
    assert goals(small(apportion(amount), cadres="abc", held=held, seats=max(1, seats)))["fairness"] == off


@pytest.mark.parametrize(("limits", "off"), [({"least": 1}, 1), ({"least": 2}, 3), ({"most": 0}, 0)])
def test_named_limits_win_over_the_proportion(limits, off):
    # One seat for two teams; of amount 4 two are due to each.
    named = apportion(4, tolerance=2, **limits)
    assert goals(small(named, cadres="abcd"))["fairness"] == off


def test_people_without_a_group_are_not_counted():
    given = small(apportion(1, audience=only("a", "b")), favour("c"), cadres="abc", seats=2)
    assert goals(given)["fairness"] == 0
