"""What the value of a goal counts, and its parts, as the rules that add to it have them."""

import pytest

from allocator.audit import audit
from allocator.audit.goal_units import goal_parts, goal_unit
from tests.audit.builders import inputs, plan, rule

HOURS = rule("cumulative", id="hours", strength="soft", goal="owed", hours=75)
MISS = rule("make-up", id="miss", strength="soft", goal="owed", contents=["theory"], after_years=1, years=[2019])
ALSO = rule("make-up", id="also", strength="soft", goal="owed", contents=["party-spirit"], after_years=1, years=[2019])


@pytest.mark.parametrize(
    ("rules", "unit", "expected"),
    [
        ([], "hours", "hours"),
        ([HOURS], "hours", "hours"),
        ([HOURS], "people", "hours"),
        ([MISS], "hours", "misses"),
        ([MISS], "people", "people"),
        ([HOURS, MISS], "hours", "hours-and-misses"),
        ([HOURS, MISS], "people", "people-and-hours"),
    ],
)
def test_goal_has_the_unit_of_what_is_added_to_it(rules, unit, expected):
    given = inputs(*rules)
    assert goal_unit(audit(plan(given, ""), given), "owed", unit) == expected


def test_parts_of_a_goal_are_counted_by_their_units_and_leave_nothing_out():
    given = inputs(HOURS, MISS, ALSO)
    report = audit(plan(given, ""), given)
    amounts = {verdict.rule_id: verdict.finding.goals.get("owed", 0.0) for verdict in report.verdicts}
    parts = goal_parts(report, "owed", "hours")
    assert amounts["miss"] > 0 and amounts["also"] > 0
    assert parts == {"hours": amounts["hours"], "misses": amounts["miss"] + amounts["also"]}
    assert goal_parts(report, "quota-excess", "people") == {}
