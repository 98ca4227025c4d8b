"""Representation: a share of those sent."""

import pytest

from tests.kinds.builders import favour, goals, rule, sent, small, verdict_on

WOMEN = {"gender": ["female"]}  # a


def women(share, **more):
    return rule("representation", audience=WOMEN, share=share, strength="hard", **more)


def test_audit_objects_when_representation_is_left_out():
    # Two seats, wanted for the men b and c; half of those sent must be women.
    strict = small(women("1/2"), favour("b", "c"), cadres="abc", seats=2)
    free = small(favour("b", "c"), cadres="abc", seats=2)
    assert (sent(strict).count("a@"), sent(free)) == (1, "b@p 2020-03-02, c@p 2020-03-02")
    assert verdict_on(strict, free, "representation").shortfall == 1


@pytest.mark.parametrize(("share", "missing"), [("1/4", 0), ("26/100", 1), ("1/2", 1), ("51/100", 2)])
def test_share_of_those_sent_is_rounded_up(share, missing):
    # All four must go and one is a woman.
    everyone = rule("quota", id="all", amount=4, modality="at-least", admits=False)
    assert goals(small(women(share), everyone, cadres="abcd", seats=4))["violation"] == missing


def test_share_of_the_roster_is_asked_when_none_is_given():
    # One of two is a woman, so half of those sent: when one must go she does.
    one = rule("quota", amount=1, modality="at-least", admits=False)
    given = small(rule("representation", audience=WOMEN, strength="hard"), one, favour("b"))
    assert sent(given) == "a@p 2020-03-02"


def test_only_those_named_are_compared():
    # Among heads alone a and c are one half each; deputies do not count.
    given = small(women("1/2", among={"category": ["head"]}), favour("b", "d"), cadres="abcd", seats=2)
    assert sent(given) == "b@p 2020-03-02, d@p 2020-03-02"


@pytest.mark.parametrize("year", [2020, 2021])
def test_representation_holds_in_its_years(year):
    held = ("p 2020-03-02", "p 2021-03-01")
    given = small(women("1", years=[year]), favour("b"), held=held, years=(2020, 2021))
    assert f"a@p {year}" in sent(given) or f"@p {year}" not in sent(given)
    assert sent(given).count("b@") == 1
