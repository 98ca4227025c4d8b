"""Fixed: call-ups, forbidden pairs, unavailable periods, whole audiences."""

import pytest

from tests.kinds.builders import STAY, favour, only, rule, sent, small, verdict_on

CALL = [{"cadre_id": "b", "session_id": "p 2020-03-02"}]


def test_audit_objects_when_call_up_is_left_out():
    # One seat, wanted for a, but b is called.
    strict, free = small(rule("fixed", call_ups=CALL), favour("a")), small(favour("a"))
    assert (sent(strict), sent(free)) == ("b@p 2020-03-02", "a@p 2020-03-02")
    assert verdict_on(strict, free, "fixed").shortfall == 1


@pytest.mark.parametrize(
    ("pair", "away"),
    [
        ({}, 0), ({"programme_id": "p"}, 0), ({"programme_id": "q"}, 1), ({"year": 2020}, 0), ({"year": 2021}, 1),
        ({"session_id": "p 2020-03-02"}, 0), ({"programme_id": "p", "year": 2021}, 1),
    ],
)  # fmt: skip
def test_forbidden_pair_closes_what_it_names(pair, away):
    given = small(rule("fixed", forbidden=[{"cadre_id": "a", **pair}]), favour("a"), cadres="a")
    assert sent(given).count("@") == away


def test_audit_objects_when_forbidden_pair_is_left_out():
    strict = small(rule("fixed", forbidden=[{"cadre_id": "a"}]), favour("a"), cadres="a")
    assert verdict_on(strict, small(favour("a"), cadres="a"), "fixed").shortfall == 1


@pytest.mark.parametrize(
    ("first", "last", "away"),
    [
        ("2020-02-20", "2020-03-01", 1), ("2020-02-20", "2020-03-02", 0), ("2020-03-06", "2020-03-09", 0),
        ("2020-03-07", "2020-03-09", 1),
    ],
)  # fmt: skip
def test_nobody_is_sent_while_unavailable(first, last, away):
    # The class is on 2 to 6 March.
    period = {"cadre_id": "a", "from_date": first, "to_date": last}
    assert sent(small(rule("fixed", unavailable=[period]), favour("a"), cadres="a")).count("@") == away


@pytest.mark.parametrize("year", [2020, 2021])
def test_whole_audience_attends_in_the_years_of_the_rule(year):
    held = ("p 2020-03-02", "p 2021-03-01")
    everyone = rule("fixed", everyone=True, audience=only("a", "b"), programmes={"programme_id": ["p"]}, years=[year])
    found = sent(small(everyone, STAY, cadres="abc", held=held, seats=3, years=(2020, 2021)))
    assert found.count("@") == 2 and found.count(f"@p {year}") == 2 and "c@" not in found


def test_audit_objects_when_whole_audience_is_left_out():
    everyone = rule("fixed", everyone=True, audience=only("a", "b"), programmes={"programme_id": ["p"]})
    assert verdict_on(small(everyone, STAY, seats=2), small(STAY, seats=2), "fixed").shortfall == 2


def test_call_up_that_another_rule_forbids_gives_way_and_is_reported():
    fixed = rule("fixed", call_ups=CALL, forbidden=[{"cadre_id": "b", "year": 2020}])
    given = small(fixed, favour("a"))
    assert sent(given) == "a@p 2020-03-02"
    assert verdict_on(given, given, "fixed").shortfall == 1


def test_more_call_ups_than_seats_leave_one_out_and_are_reported():
    calls = [{"cadre_id": cadre, "session_id": "p 2020-03-02"} for cadre in "ab"]
    given = small(rule("fixed", call_ups=calls))
    assert sent(given).count("@") == 1
    assert verdict_on(given, given, "fixed").shortfall == 1
