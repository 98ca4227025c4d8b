"""Measures of the rules about days: away limits, posts apart, blocked periods, the load of hosts."""

import pytest

from allocator.audit import audit
from tests.audit.builders import CADRES, inputs, plan, rule

SESSIONS = """
session_id | programme_id | year | start_date | end_date   | min_seats | seats | segments
one        | theory       | 2019 | 2019-03-04 | 2019-03-08 | 0         | 9     |
two        | spirit       | 2019 | 2019-03-08 | 2019-03-12 | 0         | 9     |
next       | short        | 2019 | 2019-03-09 | 2019-03-10 | 0         | 9     |
parts      | both         | 2019 | 2019-04-01 | 2019-05-31 | 0         | 9     | 2019-04-01/2019-04-02;2019-05-30/2019-05-31@away
"""


def given(**fields):
    return inputs(rule("away-limit", **fields), sessions=SESSIONS, years=(2019,))


def judged(made, text):
    return audit(plan(made, text), made)["judged"]


@pytest.mark.parametrize(
    ("share", "text", "breaches"),
    [
        # n-team has 3 people: one third is 1, two thirds 2; a half is 1.5, rounded down 1.
        ("1/3", "a@one", 0), ("1/3", "a@one b@one", 1), ("1/3", "a@one b@one c@one", 2),
        ("2/3", "a@one b@one", 0), ("2/3", "a@one b@one c@one", 1),
        ("1/2", "a@one b@one", 1),
        ("1/10", "a@one", 0),  # at least one may always go
        ("1/3", "a@one b@two", 1),  # 8 March is a day of both
        ("1/3", "a@one b@next", 0),
        ("1/3", "a@one d@one", 0),
        ("1/3", "g@one*5", 0),  # the group has no team
    ],
)  # fmt: skip
def test_away_share_is_judged_day_by_day(share, text, breaches):
    assert judged(given(share=share), text).shortfall == breaches


def test_away_share_says_which_team_and_which_day():
    made = given(share="1/3")
    breaches = audit(plan(made, "a@one b@two"), made).breaches
    assert list(breaches["scope"]) == ["all", "n-team 2019-03-08"]
    assert list(breaches["required"]) == [2, 1] and list(breaches["achieved"]) == [1, 2]


def test_away_share_counts_the_seats_of_a_group_as_people():
    # a-south has d, e and 5 villagers: one third of 7 is 2.
    made = given(share="1/3", group_by="authority")
    assert judged(made, "g@one*2").shortfall == 0
    assert judged(made, "g@one*2 d@two").shortfall == 1


def test_two_of_a_group_of_two_are_two_people_in_two_sessions_of_one_day():
    cadres = CADRES.replace("| 5\n", "| 2\n")  # a-south has d, e and two villagers: one third of 4 is 1.
    limit, peak = rule("away-limit", share="1/3", group_by="authority"), rule("report", id="peak", measure="away-peak")
    made = inputs(limit, peak, cadres=cadres, sessions=SESSIONS, years=(2019,))
    report = audit(plan(made, "g@one g@two"), made)  # 8 March is a day of both.
    assert report["judged"].shortfall == 1
    assert report["peak"].achieved == round(2 / 7, 4)


def test_days_between_parts_of_a_session_are_days_at_home():
    made = given(share="1/3", blocked=[{"from_date": "2019-04-03", "to_date": "2019-05-29"}])
    assert judged(made, "a@parts").shortfall == 0


@pytest.mark.parametrize(
    ("from_date", "to_date", "breaches"),
    [("2019-03-01", "2019-03-03", 0), ("2019-03-01", "2019-03-04", 2), ("2019-03-08", "2019-03-08", 2),
     ("2019-03-09", "2019-03-09", 0)],
)  # fmt: skip
def test_blocked_periods_are_inclusive(from_date, to_date, breaches):
    made = given(blocked=[{"from_date": from_date, "to_date": to_date}])
    assert judged(made, "a@one b@one").shortfall == breaches


def test_blocked_periods_bind_their_audience_and_programmes():
    blocked = [{"from_date": "2019-03-01", "to_date": "2019-03-31"}]
    assert judged(given(blocked=blocked, audience={"category": ["head"]}), "a@one c@one").shortfall == 1
    assert judged(given(blocked=blocked, programmes={"programme_id": ["both"]}), "a@one").shortfall == 0


@pytest.mark.parametrize(
    ("text", "breaches"), [("a@one b@two", 1), ("a@one b@next", 0), ("a@one c@one", 0), ("a@one b@one", 1)]
)
def test_posts_apart_never_share_a_day(text, breaches):
    made = given(posts_apart=[["secretary", "mayor"]])
    assert judged(made, text).shortfall == breaches


def test_posts_apart_holds_within_one_group():
    made = given(posts_apart=[["secretary", "mayor"]])
    assert judged(made, "d@one b@one").shortfall == 0  # d is the secretary of the other team.


def told(made, text):
    report = audit(plan(made, text), made)
    rows = report.table[(report.table["rule_id"] == "judged") & (report.table["scope"] != "all")]
    assert set(rows["status"]) == {"reported"} and report.is_clean
    return [(row.scope, round(row.required, 3), round(row.achieved, 3)) for row in rows.itertuples()]


def test_host_month_load_is_told_and_never_a_breach():
    # school has 5 person-days in March and 2 in April, away 2 in May: both have a month above two thirds, and the
    # school's March is 5 - 14/3 above it, the month of away 2 - 4/3.
    text = "a@one a@parts"
    assert told(given(host_month_share="2/3"), text) == [("hosts", 2, 0), ("away 2019-05", 0.667, 1)]
    # Above five sevenths is only the one month of away.
    assert told(given(host_month_share="5/7"), text) == [("hosts", 2, 1), ("away 2019-05", 0.714, 1)]
    assert told(given(host_month_share="1"), text) == [("hosts", 2, 2)]
