"""Curriculum: what each programme must hold; a check of the data that moves nobody."""

import pytest

from tests.kinds.builders import favour, rule, sent, small, verdict_on


def test_curriculum_is_judged_and_changes_no_plan():
    checked = small(rule("curriculum", columns=["theory_hours"], share="1/2"), favour("a"))
    free = small(favour("a"))
    assert sent(checked) == sent(free)
    # p has 20 of 40 hours; q and both have none.
    assert verdict_on(checked, free, "curriculum").shortfall == 2


@pytest.mark.parametrize(("share", "missing"), [("49/100", 2), ("1/2", 2), ("51/100", 3)])
def test_share_of_hours_at_its_bound(share, missing):
    given = small(rule("curriculum", columns=["theory_hours"], share=share))
    assert verdict_on(given, given, "curriculum").shortfall == missing


@pytest.mark.parametrize(("bounds", "missing"), [({"days_min": 5}, 0), ({"days_min": 6}, 1), ({"days_max": 30}, 0), ({"days_max": 29}, 1)])  # fmt: skip
def test_length_at_its_bounds(bounds, missing):
    given = small(rule("curriculum", **bounds))
    assert verdict_on(given, given, "curriculum").shortfall == missing
