"""Away limit: not everyone away at once."""

import pytest

from tests.kinds.builders import favour, only, rule, sent, small, verdict_on


def test_audit_objects_when_away_limit_is_left_out():
    # Half of a team of two is one; two seats in one class.
    strict, free = (small(*limit, favour("a", "b"), seats=2) for limit in ([rule("away-limit", share="1/2")], []))
    assert (sent(strict).count("@"), sent(free).count("@")) == (1, 2)
    assert verdict_on(strict, free, "away-limit").shortfall == 1


@pytest.mark.parametrize(("share", "away"), [("0", 1), ("1/3", 1), ("99/100", 1), ("1", 2)])
def test_share_is_rounded_down_but_one_may_always_go(share, away):
    given = small(rule("away-limit", share=share), favour("a", "b"), seats=2)
    assert sent(given).count("@") == away


@pytest.mark.parametrize(("later", "away"), [("p 2020-03-06", 1), ("p 2020-03-07", 2)])
def test_limit_is_judged_day_by_day(later, away):
    # The first class ends on 6 March.
    given = small(rule("away-limit", share="1/2"), favour("a", "b"), held=("p 2020-03-02", later))
    assert sent(given).count("@") == away


@pytest.mark.parametrize(("pair", "away"), [(["secretary", "mayor"], 1), (["secretary", "member"], 2)])
def test_posts_of_one_pair_are_never_away_together(pair, away):
    given = small(rule("away-limit", posts_apart=[pair]), favour("a", "b"), seats=2)
    assert sent(given).count("@") == away


@pytest.mark.parametrize(
    ("first", "last", "away"),
    [
        ("2020-02-20", "2020-03-01", 1), ("2020-02-20", "2020-03-02", 0), ("2020-03-04", "2020-03-04", 0),
        ("2020-03-06", "2020-03-09", 0), ("2020-03-07", "2020-03-09", 1),
    ],
)  # fmt: skip
def test_no_class_touches_a_blocked_period(first, last, away):
    # The class is on 2 to 6 March.
    blocked = rule("away-limit", audience=only("a"), blocked=[{"from_date": first, "to_date": last}])
    assert sent(small(blocked, favour("a"), cadres="a")).count("@") == away
