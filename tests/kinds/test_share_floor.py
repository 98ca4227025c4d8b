"""Share floor: at least a share of every group each year."""

import pytest

from tests.kinds.builders import favour, goals, only, rule, sent, small, verdict_on


def floor(share="1/2", **more):
    return rule("share-floor", share=share, **more)


def test_audit_objects_when_share_floor_is_left_out():
    # One seat. The goal favours team y; half of the two of team x is one.
    wish = favour("c", "d")
    strict = small(floor(audience=only("a", "b")), wish, cadres="abcd")
    free = small(wish, cadres="abcd")
    assert sent(strict)[0] in "ab" and sent(free)[0] in "cd"
    assert verdict_on(strict, free, "share-floor").shortfall == 1


@pytest.mark.parametrize(
    ("share", "missing"),
    [("1/4", 0), ("1/3", 0), ("34/100", 1), ("2/3", 1), ("67/100", 2), ("1", 2)],
)
def test_share_is_rounded_up_to_whole_people(share, missing):
    # Three people in one group and one seat: the floor is the least whole number not below the share of 3.
    assert goals(small(floor(share, group_by="unit_id"), cadres="abc"))["violation"] == missing


@pytest.mark.parametrize(("least_days", "missing"), [(4, 0), (5, 0), (5.5, 1)])
def test_share_floor_counts_classes_of_its_least_length(least_days, missing):
    assert goals(small(floor(least_days=least_days)))["violation"] == missing


def test_share_floor_counts_a_person_once():
    # Both of the team must go; a alone may, to two classes.
    held = ("p 2020-03-02", "q 2020-06-01")
    stays = rule("fixed", forbidden=[{"cadre_id": "b"}])
    assert goals(small(floor("1"), stays, favour("a"), held=held))["violation"] == 1


@pytest.mark.parametrize("year", [2020, 2022])
def test_share_floor_holds_in_its_first_and_last_year(year):
    held = ("p 2021-03-01",)
    given = small(floor(years=[year]), held=held, years=(2020, 2021, 2022))
    assert goals(given)["violation"] == 1  # No class that year.
    assert goals(small(floor(years=[2021]), held=held, years=(2020, 2021, 2022)))["violation"] == 0
