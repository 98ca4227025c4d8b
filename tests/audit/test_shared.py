"""Measures of the rules that count many people: quota, share floor, representation, apportion."""

import pytest

from allocator.audit import audit
from allocator.domain.errors import ModelError
from tests.audit.builders import inputs, plan, rule

THEORY = {"programme_id": ["theory"]}
ONE_YEAR = (2019,)


def judged(given, text):
    return audit(plan(given, text), given)["judged"]


def goals(given, text):
    return audit(plan(given, text), given).goals


# ---------------------------------------------------------------------- quota


@pytest.mark.parametrize(
    ("text", "status", "outside", "below", "above"),
    [
        # About 3 with a band of 1 allows 2 to 4; every seat off 3 counts towards the quota goals, inside the band too.
        ("a@t19", "breached", 1, 2, 0),
        ("a@t19 b@t19", "kept", 0, 1, 0),
        ("a@t19 b@t19 c@t19", "kept", 0, 0, 0),
        ("a@t19 b@t19 c@t19 d@t19b", "kept", 0, 0, 1),
        ("a@t19 b@t19 c@t19 d@t19 e@t19b", "breached", 1, 0, 2),
    ],
)
def test_quota_about_allows_the_band(text, status, outside, below, above):
    given = inputs(rule("quota", amount=3, band_share="1/10", band_least=1, programmes=THEORY), years=ONE_YEAR)
    verdict, counted = judged(given, text), goals(given, text)
    assert (verdict.status, verdict.shortfall) == (status, outside)
    assert (counted["violation"], counted["quota-shortfall"], counted["quota-excess"]) == (outside, below, above)


def test_quota_band_is_the_larger_of_its_two_parts_rounded_up():
    # 30 percent of 4 is 1.2, rounded up 2; the band of 1 person is smaller: 2 to 6 are allowed.
    given = inputs(rule("quota", amount=4, band_share="3/10", band_least=1, programmes=THEORY), years=ONE_YEAR)
    assert judged(given, "a@t19 b@t19").status == "kept"
    assert judged(given, "a@t19").status == "breached"
    assert judged(given, "a@t19").finding.note == "2 to 6 a year"


@pytest.mark.parametrize(
    ("modality", "people", "status", "below", "above"),
    [
        ("at-least", 1, "breached", 1, 0), ("at-least", 2, "kept", 0, 0), ("at-least", 3, "kept", 0, 0),
        ("at-most", 1, "kept", 0, 0), ("at-most", 2, "kept", 0, 0), ("at-most", 3, "breached", 0, 1),
        ("exactly", 1, "breached", 1, 0), ("exactly", 2, "kept", 0, 0), ("exactly", 3, "breached", 0, 1),
    ],
)  # fmt: skip
def test_quota_modalities_at_the_bound(modality, people, status, below, above):
    given = inputs(rule("quota", amount=2, modality=modality, programmes=THEORY), years=ONE_YEAR)
    text = " ".join(f"{cadre}@t19" for cadre in "abc"[:people])
    assert judged(given, text).status == status
    counted = goals(given, text)
    assert (counted["quota-shortfall"], counted["quota-excess"]) == (below, above)


def test_quota_counts_people_not_seats_and_groups_up_to_their_headcount():
    given = inputs(rule("quota", amount=6, modality="exactly", programmes=THEORY), years=ONE_YEAR)
    # a twice is one person; g has 5 people and took 3 + 3 seats, which are at most 5 people.
    assert judged(given, "a@t19 a@t19b g@t19*3 g@t19b*3").finding.achieved == 1 + 5


def test_quota_counts_its_audience_its_programmes_and_its_years_only():
    given = inputs(
        rule("quota", amount=1, modality="exactly", programmes=THEORY, audience={"category": ["head"]}, years=[2020])
    )
    assert judged(given, "a@t20 c@t20 b@p20 a@t19").status == "kept"
    assert [row.year for row in judged(given, "").finding.rows] == [2020]


def test_quota_that_is_soft_is_reported_and_adds_nothing_to_violation():
    given = inputs(rule("quota", amount=2, modality="exactly", strength="soft", programmes=THEORY), years=ONE_YEAR)
    assert (judged(given, "a@t19").status, judged(given, "a@t19").shortfall) == ("reported", 1)
    assert judged(given, "a@t19 b@t19").status == "kept"
    assert goals(given, "a@t19")["violation"] == 0 and goals(given, "a@t19")["quota-shortfall"] == 1


# ---------------------------------------------------------------------- share floor


@pytest.mark.parametrize(
    ("share", "text", "missing"),
    [
        # n-team has 3 people and s-team 2. One third of them is 1 and, rounded up, 1; two thirds are 2 and 2.
        ("1/3", "a@t19 d@t19", 0),
        ("1/3", "a@t19 b@t19", 1),
        ("2/3", "a@t19 b@t19 d@t19 e@t19", 0),
        ("2/3", "a@t19 b@t19 d@t19", 1),
        ("1", "a@t19 b@t19 c@t19 d@t19 e@t19", 0),
        ("1", "a@t19 a@t19b", 4),
    ],
)
def test_share_floor_is_rounded_up_and_counts_distinct_people(share, text, missing):
    given = inputs(rule("share-floor", share=share), years=ONE_YEAR)
    assert judged(given, text).shortfall == goals(given, text)["violation"] == missing
    assert judged(given, text).is_breached == bool(missing)


def test_share_floor_counts_attendances_of_the_least_length():
    # theory lasts 10 days: at the bound it counts, one day above it does not.
    for least, missing in ((9, 1), (10, 1), (11, 2)):
        given = inputs(rule("share-floor", share="1/3", least_days=least), years=ONE_YEAR)
        assert judged(given, "a@t19 d@s19").shortfall == missing


def test_share_floor_lists_missing_groups_and_one_line_for_all():
    given = inputs(rule("share-floor", share="1/3"), years=(2019, 2020))
    rows = judged(given, "a@t19 d@t19 d@t20").finding.rows
    assert [(row.year, row.scope, row.required, row.achieved) for row in rows] == [
        (2019, "all", 2, 2), (2020, "all", 2, 1), (2020, "n-team", 1, 0),
    ]  # fmt: skip
    report = audit(plan(given, "a@t19 d@t19 d@t20"), given)
    assert list(report.scopes["status"]) == ["kept", "kept", "breached", "kept"]


def test_share_floor_by_authority_includes_unnamed_groups():
    # a-south has d, e and the group of 5: one fifth of 7 is 2 people.
    given = inputs(rule("share-floor", share="1/5", group_by="authority"), years=ONE_YEAR)
    assert judged(given, "a@t19 g@t19*2").shortfall == 0
    assert judged(given, "a@t19 g@t19").shortfall == 1


def test_share_floor_refuses_a_column_the_roster_lacks():
    given = inputs(rule("share-floor", share="1/5", group_by="crew"))
    with pytest.raises(ModelError, match="crew"):
        audit(plan(given, ""), given)


# ---------------------------------------------------------------------- representation


@pytest.mark.parametrize(("text", "missing"), [("a@t19 b@t19", 0), ("a@t19 b@t19 c@t19", 1), ("a@t19 e@t19 b@t19", 0)])
def test_representation_is_a_share_of_those_sent_rounded_up(text, missing):
    # Half of 2 is 1 woman, half of 3 is 1.5, rounded up 2.
    given = inputs(
        rule("representation", strength="hard", share="1/2", audience={"gender": ["female"]}), years=ONE_YEAR
    )
    assert judged(given, text).shortfall == goals(given, text)["violation"] == missing


def test_representation_takes_the_share_of_the_roster_when_none_is_given():
    # 2 of the 5 named cadres are women, so of 3 people sent 6/5 must be, rounded up 2. The group is not among them.
    given = inputs(
        rule("representation", strength="soft", audience={"gender": ["female"]}, among={"headcount": {"max": 1}}),
        years=ONE_YEAR,
    )
    verdict = judged(given, "a@t19 b@t19 c@t19 g@t19*4")
    assert (verdict.status, verdict.shortfall) == ("reported", 1)
    assert goals(given, "a@t19 b@t19 c@t19 g@t19*4")["fairness"] == 1


# ---------------------------------------------------------------------- apportion


@pytest.mark.parametrize(
    ("text", "off"),
    [
        # 2 seats over 3 people of n-team and 2 of s-team: due 1.2 and 0.8, so 1 to 2 and 0 to 1.
        ("a@t19 d@t19", 0), ("a@t19 b@t19", 0), ("a@t19 b@t19 c@t19", 1), ("d@t19 e@t19", 2),
    ],
)  # fmt: skip
def test_apportion_keeps_every_group_near_its_due_share(text, off):
    given = inputs(rule("apportion", group_by="team_id", amount=2), years=ONE_YEAR)
    assert judged(given, text).shortfall == goals(given, text)["fairness"] == off


def test_apportion_tolerance_least_and_most():
    # With tolerance 1: 0 to 3 and 0 to 2; least 1 and most 2 narrow them to 1 to 2 for both.
    given = inputs(rule("apportion", group_by="team_id", amount=2, tolerance=1, least=1, most=2), years=ONE_YEAR)
    assert judged(given, "a@t19 b@t19 d@t19 e@t19").shortfall == 0
    assert judged(given, "a@t19 b@t19 c@t19 d@t19").shortfall == 1
    assert judged(given, "a@t19 b@t19").shortfall == 1


@pytest.mark.parametrize(("text", "off"), [("", 1), ("a@t19", 0), ("a@t19 a@t19b", 1)])
def test_apportion_gives_all_to_the_only_person(text, off):
    given = inputs(rule("apportion", group_by="team_id", amount=1, audience={"cadre_id": ["a"]}), years=ONE_YEAR)
    assert judged(given, text).shortfall == off


def test_representation_among_one_person_is_the_whole():
    a = {"cadre_id": ["a"]}
    given = inputs(rule("representation", strength="hard", audience=a, among=a), years=ONE_YEAR)
    verdict = judged(given, "a@t19")
    assert (verdict.required, verdict.achieved) == (1, 1)
    assert verdict.finding.note == "100.0% of those sent, 100.0% of the roster, 100.0% required"
