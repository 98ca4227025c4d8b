"""Quota: distinct people a year."""

import pytest

from tests.kinds.builders import STAY, favour, goals, rule, sent, small, verdict_on


def quota(amount, modality, **more):
    return rule("quota", amount=amount, modality=modality, admits=False, **more)


def test_audit_objects_when_quota_is_left_out():
    # Points for everybody fill three seats; exactly one may go.
    everyone = favour("a", "b", "c")
    strict, free = small(quota(1, "exactly"), everyone, cadres="abc", seats=3), small(everyone, cadres="abc", seats=3)
    assert (sent(strict).count("@"), sent(free).count("@")) == (1, 3)
    assert verdict_on(strict, free, "quota").shortfall == 2


@pytest.mark.parametrize(
    ("seats", "violation", "shortfall"),
    [
        # About 3, band 1: 2 is the lower bound. Everybody stays at home unless a higher goal asks for it.
        (1, 1, 2),
        (2, 0, 1),
        (3, 0, 0),
        (4, 0, 0),
    ],
)
def test_quota_about_is_kept_from_its_lower_bound_on(seats, violation, shortfall):
    found = goals(small(quota(3, "about", band_least=1, band_share=0), cadres="abcd", seats=seats))
    assert (found["violation"], found["quota-shortfall"], found["quota-excess"]) == (violation, shortfall, 0)


@pytest.mark.parametrize(("called", "violation", "excess"), [("a", 0, 0), ("ab", 0, 1), ("abc", 1, 2)])
def test_quota_about_is_kept_up_to_its_upper_bound(called, violation, excess):
    # About 1, band 1: two are the upper bound. Call-ups send one, two and three.
    calls = [{"cadre_id": cadre, "session_id": "p 2020-03-02"} for cadre in called]
    fixed = rule("fixed", call_ups=calls)
    found = goals(small(quota(1, "about", band_least=1, band_share=0), fixed, cadres="abc", seats=3))
    assert (found["violation"], found["quota-excess"]) == (violation, excess)


@pytest.mark.parametrize(("modality", "people"), [("at-least", 3), ("at-most", 2), ("exactly", 2)])
def test_quota_modalities_meet_a_wish_in_the_other_direction(modality, people):
    # At least 2 with points for three; at most and exactly 2 with the same points.
    given = small(quota(2, modality), favour("a", "b", "c"), cadres="abc", seats=3)
    assert sent(given).count("@") == people


@pytest.mark.parametrize(("amount", "people"), [(0, 0), (1, 1), (2, 2)])
def test_quota_at_least_sends_no_more_than_needed(amount, people):
    assert sent(small(quota(amount, "at-least"), STAY, cadres="abc", seats=3)).count("@") == people


def test_quota_counts_a_person_once_a_year():
    # Two classes for one person meet "at least 1", not "at least 2".
    held = ("p 2020-03-02", "q 2020-06-01")
    assert goals(small(quota(1, "at-least"), cadres="a", held=held))["violation"] == 0
    assert goals(small(quota(2, "at-least"), favour("a"), cadres="a", held=held))["violation"] == 1


@pytest.mark.parametrize("year", [2020, 2021, 2022])
def test_quota_holds_in_its_years(year):
    held = ("p 2020-03-02", "p 2021-03-01", "p 2022-03-07")
    given = small(quota(1, "at-least", years=[year]), STAY, cadres="a", held=held, years=(2020, 2021, 2022))
    assert sent(given).startswith(f"a@p {year}") and sent(given).count("@") == 1
