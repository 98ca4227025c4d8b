"""Priority: points for attendances."""

import pytest

from tests.kinds.builders import favour, goals, only, rule, sent, small, verdict_on


def test_audit_notices_when_priority_is_left_out():
    # Two points for a against one for b, and one seat.
    strict, free = small(rule("priority", audience=only("a"), weight=2), favour("b")), small(favour("b"))
    assert (sent(strict), sent(free)) == ("a@p 2020-03-02", "b@p 2020-03-02")
    assert verdict_on(strict, strict, "priority").finding.achieved == 2
    assert verdict_on(strict, free, "priority").finding.achieved == 0


@pytest.mark.parametrize(("weight", "who"), [(2, "b"), (4, "a")])
def test_more_points_win(weight, who):
    given = small(rule("priority", audience=only("a"), weight=weight), favour("b", weight=3))
    assert sent(given) == f"{who}@p 2020-03-02"


@pytest.mark.parametrize("year", [2020, 2021])
def test_weight_of_a_year_stands_in_for_the_usual_one(year):
    held = ("p 2020-03-02", "p 2021-03-01")
    points = rule("priority", audience=only("a"), weight=1, weight_by_year={year: 5})
    given = small(points, favour("b", weight=3), held=held, years=(2020, 2021))
    assert f"a@p {year}" in sent(given) and sent(given).count("b@") == 1
    assert goals(given)["priority"] == 8
