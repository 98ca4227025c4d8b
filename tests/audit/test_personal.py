"""Measures of the rules that read one person's record."""

import pytest

from allocator.audit import audit
from tests.audit.builders import HISTORY, inputs, plan, rule

HEADS = {"category": ["head"]}
ONLY_A = {"post": ["secretary"], "gender": ["female"]}
PARTY_SCHOOL = {"host_group": ["party-school"]}


def judged(given, text):
    return audit(plan(given, text), given)["judged"]


def goals(given, text):
    return audit(plan(given, text), given).goals


def past(*rows):
    return "\n".join([HISTORY, *rows])


# ---------------------------------------------------------------------- eligibility


def admitted(**more):
    return inputs(
        rule("eligibility", audience=HEADS, programmes={"programme_id": ["theory"]}, **more),
        rule("quota", id="q", amount=0, modality="at-least", audience={"category": ["deputy"]}, programmes={"programme_id": ["theory", "spirit"]}),
        rule("quota", id="r", amount=0, modality="at-least", programmes={"programme_id": ["both"]}, admits=False),
        admit_all=False,
    )  # fmt: skip


def test_eligibility_is_the_union_of_eligibility_rules_and_admitting_quotas():
    given = admitted()
    report = audit(plan(given, "a@t19 c@t19 e@p19"), given)
    assert report["judged"].status == report["sessions-eligible"].status == "kept"


def test_eligibility_breach_counts_once_and_under_the_rule_that_names_the_programme():
    given = admitted()
    report = audit(plan(given, "a@t19 g@t19*2 a@p19 a@b21"), given)
    assert report["judged"].shortfall == 1  # g in theory: one placement
    assert report["sessions-eligible"].shortfall == 2  # a in spirit, and in both, which no rule admits anybody to
    assert report.goals["violation"] == 3


def test_eligibility_holds_in_the_years_of_its_rule():
    given = admitted(years=[2019])
    assert judged(given, "a@t19").status == "kept"
    assert judged(given, "a@t19 a@t20").shortfall == 1


def test_eligibility_stops_at_the_unit_a_programme_serves():
    programmes = """
    programme_id | name | host_id | host_group | content | days | hours | serves_unit_id
    theory       | 理论 | school  | party-school | theory | 10 | 75    | north
    """
    sessions = """
    session_id | programme_id | year | start_date | end_date   | min_seats | seats
    t19        | theory       | 2019 | 2019-03-04 | 2019-03-13 | 0         | 9
    """
    given = inputs(programmes=programmes, sessions=sessions)
    report = audit(plan(given, "a@t19 d@t19"), given)  # a is of a county below north, d of one below south.
    assert report["admit"].shortfall == 1
    assert "d@t19" in set(report.breaches["scope"])


# ---------------------------------------------------------------------- coverage


@pytest.mark.parametrize(("text", "missing"), [("a@t19 b@t20 d@t19", 0), ("a@t19 b@t21 d@t19", 1), ("a@t21", 3)])
def test_coverage_counts_people_never_there_in_a_span(text, missing):
    given = inputs(rule("coverage", window_years=2, audience=HEADS), years=(2019, 2020))
    given_longer = inputs(rule("coverage", window_years=2, audience=HEADS), years=(2019, 2020, 2021))
    assert judged(given, text).shortfall == missing
    assert judged(given_longer, text).shortfall == missing, "a shorter last span is not judged"


def test_coverage_judges_each_span_by_itself():
    given = inputs(rule("coverage", window_years=2, audience=ONLY_A))
    assert judged(given, "a@t20 a@t21").shortfall == 0
    assert judged(given, "a@t19 a@t20").shortfall == 1
    assert [row.year for row in judged(given, "a@t20 a@t21").finding.rows] == [2020, 2022]


def test_a_span_that_ends_after_the_plan_is_told_with_its_date():
    given = inputs(rule("coverage", window_years=2, audience=HEADS), years=(2019, 2020, 2021))
    verdict = judged(given, "a@t19 b@t20 d@t19 a@t21")
    assert (verdict.shortfall, verdict.finding.note) == (
        0, "the span is not over: 1 of 3 covered so far, the others are due by the end of 2022",
    )  # fmt: skip
    longer = judged(inputs(rule("coverage", window_years=4, audience=HEADS), years=(2019, 2020)), "a@t19 b@t20")
    assert (longer.required, longer.is_breached) == (None, False)
    assert "2 of 3 covered so far, the others are due by the end of 2022" in longer.finding.note
    assert judged(inputs(rule("coverage", window_years=2, audience=HEADS), years=(2019, 2020)), "").finding.note == ""


def test_coverage_of_a_group_adds_its_seats_up_to_the_headcount():
    given = inputs(rule("coverage", strength="soft", goal="owed", window_years=4, audience={"category": ["village"]}))
    assert goals(given, "g@t19*2 g@t20*2")["owed"] == 1
    assert goals(given, "g@t19*2 g@t20*3")["owed"] == goals(given, "g@t19*4 g@t20*4")["owed"] == 0


# ---------------------------------------------------------------------- interval


@pytest.mark.parametrize(
    ("text", "history", "missed"),
    [
        # Windows of 3 years end in 2019 to 2022: 2017-2019, 2018-2020, 2019-2021, 2020-2022.
        ("a@t19 a@t22", "", 0),
        ("a@t19", "", 1),
        ("a@t20", "a | | 2017-05-01 | 2017-05-05 | 5 | 37 | theory | party-school | false", 0),
        ("a@t20", "a | | 2016-05-01 | 2016-05-05 | 5 | 37 | theory | party-school | false", 1),
        ("a@t20", "a | | 2017-05-01 | 2017-05-05 | 5 | 37 | theory | academy | false", 1),
        ("a@t20", "a | theory | 2017-05-01 | 2017-05-05 | 5 | 37 | theory | party-school | false", 0),
        ("a@t20", "a | spirit | 2017-05-01 | 2017-05-05 | 5 | 37 | theory | party-school | false", 1),
        ("", "", 4),
    ],
)
def test_interval_windows_reach_back_into_the_history(text, history, missed):
    fields = {"contents": ["theory"], "every_years": 3, "audience": ONLY_A, "programmes": PARTY_SCHOOL}
    given = inputs(rule("interval", **fields), history=past(history))
    assert judged(given, text).shortfall == goals(given, text)["violation"] == missed


def test_interval_judges_each_content_by_itself():
    given = inputs(
        rule("interval", strength="soft", goal="owed", contents=["theory", "party-spirit"], every_years=1, audience=ONLY_A),
        years=(2019,),
    )  # fmt: skip
    assert goals(given, "a@b19")["owed"] == 0
    assert goals(given, "a@t19")["owed"] == 1
    assert judged(given, "").status == "reported" and judged(given, "").shortfall == 2


def test_interval_skips_unnamed_groups():
    given = inputs(rule("interval", contents=["theory"], every_years=1, audience={"category": ["village"]}))
    report = audit(plan(given, ""), given)
    assert report["judged"].shortfall == 0
    assert report.warnings == ("rule 'judged' touches nobody",)


# ---------------------------------------------------------------------- make-up


@pytest.mark.parametrize(
    ("last", "text", "overdue"),
    [
        # Five years without: an attendance in 2015 carries through 2019, so 2020, 2021 and 2022 are overdue.
        ("2015", "", [2020, 2021, 2022]),
        ("2014", "", [2019, 2020, 2021, 2022]),
        ("2015", "a@t20", []),
        ("2015", "a@t21", [2020]),
        ("2018", "", []),
        (None, "a@t20", [2019]),
    ],
)
def test_make_up_counts_the_years_after_the_limit(last, text, overdue):
    history = f"a | | {last}-05-01 | {last}-05-05 | 5 | 37 | theory | party-school | false" if last else ""
    fields = {"strength": "soft", "contents": ["theory"], "after_years": 5, "audience": ONLY_A}
    given = inputs(rule("make-up", **fields), history=past(history))
    report = audit(plan(given, text), given)
    assert list(report.overdue["year"]) == overdue
    assert report.goals["overdue"] == len(overdue) and report.goals["violation"] == 0


def test_make_up_counts_a_year_once_however_many_contents_are_missing():
    fields = {"strength": "soft", "contents": ["theory", "party-spirit"], "after_years": 5, "audience": ONLY_A}
    given = inputs(rule("make-up", **fields), years=(2019,))
    assert goals(given, "")["overdue"] == goals(given, "a@t19")["overdue"] == 1
    assert goals(given, "a@b19")["overdue"] == 0


def test_make_up_tells_why_somebody_is_overdue():
    sessions = """
    session_id | programme_id | year | start_date | end_date   | min_seats | seats
    t19        | theory       | 2019 | 2019-03-04 | 2019-03-13 | 0         | 1
    t20        | theory       | 2020 | 2020-03-04 | 2020-03-13 | 0         | 2
    s21        | short        | 2021 | 2021-03-04 | 2021-03-05 | 0         | 2
    """
    fields = {"strength": "soft", "contents": ["theory"], "after_years": 1, "audience": ONLY_A}
    history = past("a | | 2010-05-01 | 2010-05-05 | 5 | 37 | theory | party-school | false")
    given = inputs(rule("make-up", **fields), sessions=sessions, history=history, years=(2019, 2020, 2021))
    overdue = audit(plan(given, "b@t19 b@t20"), given).overdue
    assert list(overdue["reason"]) == ["no-free-seat", "not-placed", "no-class"]
    assert list(overdue["last"]) == [2010, 2010, 2010]
    assert overdue["reason_zh"].str.contains("名额|满员|没有").all()


def test_make_up_that_is_hard_is_a_violation():
    given = inputs(rule("make-up", contents=["theory"], after_years=5, audience=ONLY_A), years=(2019,))
    assert goals(given, "")["violation"] == 1 and goals(given, "")["overdue"] == 0
    assert judged(given, "").is_breached


# ---------------------------------------------------------------------- cumulative


@pytest.mark.parametrize(
    ("fields", "text", "owed"),
    [
        # theory: 10 days, 75 hours; spirit: 5 days, 37.5 hours; both: 30 days, 225 hours.
        ({"hours": 75}, "a@t19", 0),
        ({"hours": 76}, "a@t19", 1),
        ({"hours": 74}, "a@t19", 0),
        ({"days": 10}, "a@t19", 0),
        ({"days": 11}, "a@t19", 8),  # one day at the policy's 7.5 hours, rounded up
        ({"days": 20, "hours": 100}, "a@t19", 25),  # days owe 10 * 5 = 50, hours 25
        ({"days": 12, "hours": 100}, "a@t19", 17),  # days owe 2 * 8.33 = 16.7, hours 25
        ({"days": 10, "hours": 1000}, "a@t19", 0),  # either limb is enough
        ({"hours": 75, "credit_hours": 10}, "", 35),  # four plan years of credit
        ({"hours": 75, "credit_hours": 10, "from_year": 2018, "to_year": 2020}, "", 55),  # two of them in the window
        ({"hours": 75, "from_year": 2020}, "a@t19", 75),
        ({"hours": 75, "to_year": 2018}, "a@t19", 75),
        ({"hours": 75, "per_year": True}, "a@t19 a@t20", 150),
        ({"hours": 80, "per_year": True, "credit_hours": 5, "years": [2019]}, "a@t19", 0),
    ],
)
def test_cumulative_owes_the_smaller_limb_in_hours_rounded_up(fields, text, owed):
    given = inputs(rule("cumulative", audience=ONLY_A, **fields))
    assert goals(given, text)["owed"] == judged(given, text).shortfall == owed


def test_cumulative_counts_history_of_the_hosts_within_the_window():
    history = past(
        "a | | 2018-05-01 | 2018-05-05 | 5 | 37 | theory | party-school | false",
        "a | | 2018-06-01 | 2018-06-05 | 5 | 37 | theory | elsewhere | false",
        "a | | 2017-05-01 | 2017-05-05 | 5 | 37 | theory | party-school | false",
    )
    given = inputs(
        rule("cumulative", audience=ONLY_A, hours=100, from_year=2018, programmes=PARTY_SCHOOL), history=history
    )
    report = audit(plan(given, ""), given)
    assert report.goals["owed"] == 63
    assert report.owed.to_dict("records") == [
        {"rule_id": "judged", "cadre_id": "a", "year": 2022, "required": 100.0, "achieved": 37.0, "owed": 63}
    ]


def test_cumulative_that_is_hard_breaches_and_lists_people():
    given = inputs(rule("cumulative", strength="hard", audience=HEADS, hours=75), years=(2019,))
    report = audit(plan(given, "a@t19 b@t19"), given)
    assert report["judged"].is_breached and report.goals["violation"] == 75 and report.goals["owed"] == 0
    assert list(report.breaches["scope"]) == ["all", "d"]


# ---------------------------------------------------------------------- spacing


def rest(days):
    sessions = """
    session_id | programme_id | year | start_date | end_date   | min_seats | seats | segments
    one        | theory       | 2019 | 2019-03-01 | 2019-03-05 | 0         | 9     |
    two        | spirit       | 2019 | 2019-03-11 | 2019-03-12 | 0         | 9     |
    parts      | both         | 2019 | 2019-05-01 | 2019-06-20 | 0         | 9     | 2019-05-01/2019-05-02;2019-06-19/2019-06-20
    mid        | short        | 2019 | 2019-05-08 | 2019-05-10 | 0         | 9     |
    """
    return inputs(rule("spacing", rest_days=days), sessions=sessions, years=(2019,))


@pytest.mark.parametrize(("days", "breaches"), [(4, 0), (5, 0), (6, 1)])
def test_rest_is_the_free_days_between_end_and_start(days, breaches):
    # From 5 March to 11 March lie 5 free days: 6, 7, 8, 9 and 10 March.
    assert judged(rest(days), "a@one a@two b@one d@two").shortfall == breaches


def test_parts_of_one_session_are_one_class_and_leave_room_between_them():
    assert judged(rest(60), "a@parts").shortfall == 0
    # From 2 to 8 May 5 days are free, and 39 from 10 May to 19 June.
    assert judged(rest(5), "a@parts a@mid").shortfall == 0
    assert judged(rest(6), "a@parts a@mid").shortfall == 1
    assert audit(plan(rest(5), "a@parts a@mid"), rest(5))["no-overlap"].status == "kept"


def test_rest_counts_classes_on_record():
    history = past("a | | 2019-02-20 | 2019-02-28 | 9 | 60 | theory | party-school | false")
    # t19 starts on 4 March: 1, 2 and 3 March are free.
    for days, breaches in ((3, 0), (4, 1)):
        given = inputs(rule("spacing", rest_days=days), history=history)
        assert judged(given, "a@t19").shortfall == breaches


def test_rest_sees_through_a_short_class_inside_a_long_one():
    sessions = """
    session_id | programme_id | year | start_date | end_date   | min_seats | seats
    long       | both         | 2019 | 2019-03-01 | 2019-03-30 | 0         | 9
    in         | short        | 2019 | 2019-03-05 | 2019-03-06 | 0         | 9
    after      | spirit       | 2019 | 2019-03-20 | 2019-03-22 | 0         | 9
    """
    given = inputs(rule("spacing", rest_days=0), sessions=sessions, years=(2019,))
    assert judged(given, "a@long a@in a@after").shortfall == 2


@pytest.mark.parametrize(("years", "breaches"), [(1, 0), (2, 0), (3, 1)])
def test_same_programme_again_after_so_many_years(years, breaches):
    given = inputs(rule("spacing", same_programme_years=years))
    assert judged(given, "a@t19 a@t21 a@p20").shortfall == breaches


def test_same_programme_counts_the_record_and_needs_its_id():
    for history, breaches in (
        ("a | theory | 2017-05-01 | 2017-05-05 | 5 | 37 | theory | party-school | false", 1),
        ("a | theory | 2016-05-01 | 2016-05-05 | 5 | 37 | theory | party-school | false", 0),
        ("a |        | 2017-05-01 | 2017-05-05 | 5 | 37 | theory | party-school | false", 0),
    ):
        given = inputs(rule("spacing", same_programme_years=3), history=past(history))
        assert judged(given, "a@t19").shortfall == breaches


@pytest.mark.parametrize(("limit", "breaches"), [(1, 2), (2, 1), (3, 0)])
def test_classes_per_year_beyond_the_limit(limit, breaches):
    given = inputs(rule("spacing", classes_per_year=limit))
    assert judged(given, "a@t19 a@p19 a@t19b a@t20 b@t19").shortfall == breaches


@pytest.mark.parametrize(("long_days", "long_years", "breaches"), [(31, 3, 0), (30, 2, 0), (30, 3, 1), (10, 2, 1)])
def test_one_long_class_in_so_many_years(long_days, long_years, breaches):
    # b19 and b21 last 30 days, t21 10: of 10 days and more there are two in 2021.
    given = inputs(rule("spacing", long_days=long_days, long_years=long_years))
    assert judged(given, "a@b19 a@b21 a@t21").shortfall == breaches


def test_spacing_looks_at_its_audience_and_programmes_and_skips_groups():
    fields = {"classes_per_year": 1, "audience": HEADS, "programmes": {"not": {"programme_id": ["spirit"]}}}
    given = inputs(rule("spacing", **fields))
    assert judged(given, "a@t19 a@p19 c@t19 c@t19b g@t19*2 g@t19b*2").shortfall == 0
    assert judged(given, "a@t19 a@p19 a@t19b").shortfall == 1


@pytest.mark.parametrize(
    ("fields", "kept", "one_too_many"),
    [
        # Of five people three and two can take turns, three and three cannot; two classes a year are ten seats.
        ({"same_programme_years": 2}, "g@t19*3 g@t20*2 g@t21*3", "g@t19*3 g@t20*3"),
        ({"same_programme_years": 3}, "g@t19*3 g@t21*2 g@t22*3", "g@t19*3 g@t21*3"),
        ({"same_programme_years": 1}, "g@t19*3 g@t19b*2 g@t20*5", "g@t19*3 g@t19b*3"),
        ({"classes_per_year": 1}, "g@t19*3 g@p19*2 g@t20*5", "g@t19*3 g@p19*3"),
        ({"classes_per_year": 2}, "g@t19*5 g@p19*3 g@t19b*2", "g@t19*5 g@p19*3 g@t19b*3"),
        ({"long_days": 10, "long_years": 2}, "g@t19*3 g@t20*2 g@p20*5", "g@b19*3 g@t20*3"),
        ({"rest_days": 60}, "g@t19*5 g@p19*5", None),
    ],
)
def test_spacing_of_an_unnamed_group_counts_heads(fields, kept, one_too_many):
    given = inputs(rule("spacing", **fields))
    assert judged(given, kept).status == "kept"
    if one_too_many is not None:
        found = judged(given, one_too_many)
        assert (found.status, found.shortfall) == ("breached", 1)


def test_spacing_judges_a_group_in_the_years_of_the_rule():
    # Who went in a year outside the rule is not known to be somebody else.
    for years, status in (([2019], "kept"), ([2020], "kept"), ([2019, 2020], "breached")):
        assert judged(inputs(rule("spacing", same_programme_years=2, years=years)), "g@t19*3 g@t20*3").status == status


# ---------------------------------------------------------------------- fixed


def test_fixed_call_ups_need_their_seat():
    given = inputs(rule("fixed", call_ups=[{"cadre_id": "a", "session_id": "t19"}]))
    assert judged(given, "a@t19").status == "kept"
    assert judged(given, "a@t19b b@t19").shortfall == 1


@pytest.mark.parametrize(
    ("parts", "breaches"),
    [({"programme_id": "theory"}, 3), ({"session_id": "t19"}, 1), ({"year": 2019}, 3), ({}, 4),
     ({"programme_id": "theory", "year": 2019}, 2)],
)  # fmt: skip
def test_fixed_forbidden_pairs_stand_for_all_of_an_absent_part(parts, breaches):
    given = inputs(rule("fixed", forbidden=[{"cadre_id": "a", **parts}]))
    assert judged(given, "a@t19 a@t19b a@t20 a@p19 b@t19").shortfall == breaches
    assert judged(given, "b@t19").status == "kept"


@pytest.mark.parametrize(("to_date", "breaches"), [("2019-03-03", 0), ("2019-03-04", 1), ("2019-03-20", 1)])
def test_fixed_unavailable_periods_are_inclusive(to_date, breaches):
    given = inputs(rule("fixed", unavailable=[{"cadre_id": "a", "from_date": "2019-03-01", "to_date": to_date}]))
    assert judged(given, "a@t19 b@t19").shortfall == breaches


@pytest.mark.parametrize(
    ("text", "off"), [("a@t19 b@t19 d@t19b", 0), ("a@t19 b@t19", 1), ("a@t19 b@t19 d@t19 d@t19b", 1)]
)
def test_fixed_everyone_attends_each_programme_once_a_year(text, off):
    given = inputs(rule("fixed", everyone=True, audience=HEADS, programmes={"programme_id": ["theory"]}), years=(2019,))
    assert judged(given, text).shortfall == off


# ---------------------------------------------------------------------- waiting, priority


@pytest.mark.parametrize(
    ("text", "history", "years"),
    [
        ("", "", 3 * 4),  # never on record: the cap of 3 in each of four years
        ("a@t19", "", 0 + 1 + 2 + 3),
        ("a@t22", "", 3 + 3 + 3 + 0),
        ("", "a | | 2018-05-01 | 2018-05-05 | 5 | 37 | theory | party-school | false", 1 + 2 + 3 + 3),
        ("a@s19", "", 12),  # two days are too short to count
    ],
)
def test_waiting_sums_years_up_to_the_cap(text, history, years):
    given = inputs(rule("waiting", audience=ONLY_A, cap_years=3, least_days=3), history=past(history))
    assert goals(given, text)["fairness"] == years
    assert judged(given, text).status == "reported"


def test_priority_points_follow_the_weight_of_the_year():
    given = inputs(rule("priority", weight=2, weight_by_year={"2020": 5}, audience={"unit_tags": ["poor"]}))
    assert goals(given, "a@t19 a@p19 b@t20 d@t19")["priority"] == 2 + 2 + 5
    given = inputs(rule("priority", weight=1, audience={"category": ["village"]}))
    assert goals(given, "g@t19*3 g@t20*4")["priority"] == 7


# ---------------------------------------------------------------------- years and strength


def test_eligibility_judges_a_programme_under_the_first_rule_that_names_it():
    given = inputs(rule("eligibility", id="first", audience=HEADS, programmes=PARTY_SCHOOL),
                   rule("eligibility", audience=ONLY_A), admit_all=False)  # fmt: skip
    report = audit(plan(given, "c@t19 c@p19 b@t19"), given)
    assert (report["first"].shortfall, report["judged"].shortfall, report["sessions-eligible"].shortfall) == (1, 1, 0)
    assert report.goals["violation"] == 2


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        ("interval", {"contents": ["theory"], "every_years": 1, "audience": ONLY_A}, "a@t20"),
        ("make-up", {"contents": ["theory"], "after_years": 1, "audience": ONLY_A}, "a@t20"),
        ("spacing", {"classes_per_year": 1}, "a@t19 a@t19b a@t20"),
        ("representation", {"strength": "hard", "share": "1", "audience": ONLY_A}, "a@t20 b@t19"),
        ("away-limit", {"share": "1/3"}, "a@t19 b@t19 a@t20"),
        ("fixed", {"everyone": True, "audience": ONLY_A, "programmes": {"programme_id": ["theory"]}}, "a@t20"),
        ("cumulative", {"strength": "hard", "hours": 75, "per_year": True, "audience": ONLY_A}, "a@t20"),
    ],
)
def test_rules_hold_in_their_years_only(kind, fields, text):
    given, every_year = inputs(rule(kind, years=[2020], **fields)), inputs(rule(kind, **fields))
    assert judged(given, text).status == "kept"
    assert judged(every_year, text).status == "breached"


def test_strict_rules_have_no_soft_form_but_may_only_report():
    for strength, status in (("hard", "breached"), ("soft", "breached"), ("report", "reported")):
        given = inputs(rule("spacing", classes_per_year=1, strength=strength))
        assert judged(given, "a@t19 a@t19b").status == status
        assert goals(given, "a@t19 a@t19b")["violation"] == (status == "breached")
