"""Report: measures that ask for nothing."""

import pytest

from tests.kinds.builders import STAY, favour, rule, sent, small, verdict_on


def test_report_is_measured_and_changes_no_plan():
    asked = small(rule("report", measure="people", amount=2), STAY, seats=2)
    free = small(STAY, seats=2)
    assert sent(asked) == sent(free) == ""
    verdict = verdict_on(asked, free, "report")
    assert (verdict.status, verdict.finding.achieved) == ("reported", 0)


@pytest.mark.parametrize(("measure", "value"), [("people", 1), ("rate", 0.5), ("sessions", 1), ("hours-per-head", 20)])
def test_measures_of_one_seat_for_two_people(measure, value):
    # One of two goes to a class of 40 hours.
    given = small(rule("report", measure=measure), favour("a"))
    assert verdict_on(given, given, "report").finding.achieved == value
