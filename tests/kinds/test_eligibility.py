"""Eligibility: who may attend a programme."""

import pytest

from tests.kinds.builders import favour, rule, sent, small, verdict_on


def admitting(*categories, **more):
    return rule("eligibility", audience={"category": list(categories)}, **more)


def test_audit_objects_when_eligibility_is_wider():
    # One seat, wanted for head a; only deputies may have it.
    strict = small(favour("a"), admit=admitting("deputy"))
    wide = small(favour("a"), admit=admitting("deputy", "head"))
    assert "a@" in sent(wide) and "a@" not in sent(strict)
    assert verdict_on(strict, wide, "eligibility").shortfall == 1


@pytest.mark.parametrize(("year", "days"), [(2020, "2020-03-02"), (2021, "2021-03-01"), (2022, "2022-03-07")])
def test_eligibility_opens_the_years_it_holds_in(year, days):
    held = ("p 2020-03-02", "p 2021-03-01", "p 2022-03-07")
    given = small(favour("a"), held=held, years=(2020, 2021, 2022), admit=admitting("head", years=[year]))
    assert sent(given) == f"a@p {days}"


def test_quota_admits_its_audience_unless_it_says_otherwise():
    quota = {"amount": 1, "modality": "at-least", "audience": {"category": ["head"]}}
    assert sent(small(rule("quota", **quota), admit=None)) == "a@p 2020-03-02"
    assert sent(small(rule("quota", **quota, admits=False), admit=None)) == ""
