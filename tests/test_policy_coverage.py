"""The policies that we ship: every clause of the document met, every figure the document's, the page up to date."""

from __future__ import annotations

import re
import runpy
import tomllib
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from builders.policy_coverage import READING, coverage_page, covered, how_met, meetings
from pydantic import ValidationError

from allocator.domain.filters import Filter
from allocator.domain.rules import KINDS, Quota, Report, Representation, RuleKind, ShareFloor
from allocator.domain.tables import TABLES, Inputs, Policy, Scenario

ROOT = Path(__file__).parent.parent
HENAN = ROOT / "data" / "henan"
POLICIES = {"henan": HENAN / "policy.toml", "tiny": ROOT / "data" / "tiny" / "policy.toml"}

HISTORY_READERS = ("interval", "make-up", "cumulative", "waiting")
RECORDED = {"programme_id", "days", "hours", "content", "host_group", "online"}


def read(name: str) -> Policy:
    return Policy.model_validate(tomllib.loads(POLICIES[name].read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def henan() -> Policy:
    return read("henan")


@pytest.fixture(scope="module")
def clauses() -> pd.DataFrame:
    return pd.read_csv(HENAN / "clauses.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def amounts(clauses: pd.DataFrame) -> dict[str, str]:
    return dict(zip(clauses["clause_id"], clauses["amount"], strict=True))


def filters(rule: RuleKind) -> Iterator[tuple[str, Filter]]:
    yield "roster", rule.audience
    yield "programmes", rule.programmes
    if isinstance(rule, Representation):
        yield "roster", rule.among


def roster_columns() -> set[str]:
    """Columns of the roster as the inputs build it, taken from an empty one."""
    empty = {name: pd.DataFrame({c.name: pd.Series(dtype=str) for c in columns}) for name, columns in TABLES.items()}
    inputs = Inputs(Scenario(id="none", horizon=(2019,)), read("tiny"), segments=pd.DataFrame(), **empty)
    return set(inputs.roster.columns)


def test_clauses_table_holds_all_157_clauses_once(clauses: pd.DataFrame) -> None:
    assert list(clauses.columns) == ["clause_id", "number", "title", "title_zh", "amount", "unit", "modality"]
    assert len(clauses) == 157
    assert clauses["clause_id"].is_unique
    assert (clauses[["number", "title", "title_zh", "modality"]] != "").all(axis=None)


def test_every_clause_is_met_by_a_rule(henan: Policy, clauses: pd.DataFrame) -> None:
    assert [m.clause["clause_id"] for m in meetings(henan, clauses) if m.rule is None] == []


def test_no_rule_covers_a_clause_that_is_not_there(henan: Policy, clauses: pd.DataFrame) -> None:
    known = set(clauses["clause_id"])
    assert {r.id: c for r in henan.rules for c in covered(r) if c not in known} == {}


def test_a_rule_named_like_a_clause_covers_it(henan: Policy, clauses: pd.DataFrame) -> None:
    known = set(clauses["clause_id"])
    assert [rule.id for rule in henan.rules if rule.id in known and rule.id not in covered(rule)] == []


def test_clause_number_of_a_rule_is_that_of_its_clauses(henan: Policy, clauses: pd.DataFrame) -> None:
    number = dict(zip(clauses["clause_id"], clauses["number"], strict=True))
    for rule in henan.rules:
        assert rule.clause == "、".join(dict.fromkeys(number[c] for c in covered(rule))), rule.id


@pytest.mark.parametrize("name", POLICIES)
def test_rule_ids_are_used_once(name: str) -> None:
    assert [i for i, count in Counter(rule.id for rule in read(name).rules).items() if count > 1] == []


def test_the_33_about_quotas_have_the_amounts_of_the_document(henan: Policy, clauses: pd.DataFrame) -> None:
    asked = clauses[(clauses["modality"] == "about") & (clauses["unit"] == "persons/year")]
    stated = {r.id: str(r.amount) for r in henan.rules if isinstance(r, Quota) and r.modality == "about"}
    assert stated == dict(zip(asked["clause_id"], asked["amount"], strict=True))
    assert len(stated) == 33


def test_about_means_one_twentieth_and_at_least_two_people(henan: Policy) -> None:
    about = [rule for rule in henan.rules if isinstance(rule, Quota) and rule.modality == "about"]
    assert {(rule.band_share, rule.band_least, rule.strength) for rule in about} == {(Fraction(1, 20), 2, "hard")}


def test_floor_of_the_document_is_a_hard_lower_bound(henan: Policy, amounts: dict[str, str]) -> None:
    floor = henan.rule("quality-team-floor")
    assert isinstance(floor, Quota)
    assert (str(floor.amount), floor.modality, floor.strength) == (amounts[floor.id], "at-least", "hard")


def test_the_five_shares_of_one_fifth_have_the_share_of_the_document(henan: Policy, amounts: dict[str, str]) -> None:
    floors = [rule for rule in henan.rules if isinstance(rule, ShareFloor)]
    assert len(floors) == 5
    assert {rule.id: rule.share for rule in floors} == {rule.id: Fraction(amounts[rule.id]) for rule in floors}
    assert {rule.strength for rule in floors} == {"hard"}


@pytest.mark.parametrize(
    ("rule_id", "field", "clause_id"),
    [
        ("cum-leaders", "hours", "cum-leaders-hours"),
        ("annual-section", "days", "annual-section-days"),
        ("annual-section", "hours", "annual-section-hours"),
        ("make-up-after-5-years", "after_years", "make-up-after-5-years"),
        ("young-full-rotation", "window_years", "young-full-rotation-period"),
        ("curr-party-analysis-20-days", "least_days", "curr-party-analysis-20-days"),
        ("quality-team-frequency", "classes_per_year", "quality-team-frequency"),
        ("knowledge-renewal-100k", "amount", "knowledge-renewal-100k"),
        ("county-school-build-deadline", "amount", "county-school-build-deadline"),
        ("online-platform-deadline", "amount", "online-platform-deadline"),
        ("host-evaluation-deadline", "amount", "host-evaluation-deadline"),
    ],
)
def test_amount_of_a_rule_is_that_of_its_clause(
    henan: Policy, amounts: dict[str, str], rule_id: str, field: str, clause_id: str
) -> None:
    assert getattr(henan.rule(rule_id), field) == float(amounts[clause_id])


@pytest.mark.parametrize(
    "rule_id", ["curr-theory-spirit-70", "curr-spirit-20", "curr-leader-lectures-20", "curr-interactive-30"]
)
def test_curriculum_shares_are_the_percents_of_the_document(
    henan: Policy, amounts: dict[str, str], rule_id: str
) -> None:
    assert henan.rule(rule_id).share == Fraction(int(amounts[rule_id]), 100)  # type: ignore[union-attr]


def test_months_of_the_document_are_thirty_days(henan: Policy, amounts: dict[str, str]) -> None:
    assert henan.rule("cum-leaders").days == 30 * int(amounts["cum-leaders-months"])  # type: ignore[union-attr]
    assert henan.rule("team-cum-months").days == 30 * int(amounts["team-cum-months"])  # type: ignore[union-attr]


@pytest.mark.parametrize("content", ["theory", "party-spirit"])
def test_interval_is_hard_at_the_long_end_and_wished_at_the_short(
    henan: Policy, amounts: dict[str, str], content: str
) -> None:
    rules = [r for r in henan.rules if r.kind == "interval" and content in r.contents]
    found = {rule.strength: rule.every_years for rule in rules}
    short, long = amounts[f"team-{content}-interval"].split("-")
    assert found == {"hard": int(long), "soft": int(short)}


@pytest.mark.parametrize("name", POLICIES)
def test_filters_look_at_columns_that_exist(name: str) -> None:
    known = {"roster": roster_columns(), "programmes": {column.name for column in TABLES["programmes"]}}
    for rule in read(name).rules:
        for table, wanted in filters(rule):
            assert set(wanted.columns()) <= known[table], f"{rule.id} filters the {table}"
        if group := getattr(rule, "group_by", None):
            assert group in known["roster"], rule.id


@pytest.mark.parametrize("name", POLICIES)
def test_rules_that_count_history_filter_what_the_record_holds(name: str) -> None:
    for rule in read(name).rules:
        if rule.kind in HISTORY_READERS:
            assert set(rule.programmes.columns()) <= RECORDED, rule.id


def test_every_kind_stands_in_the_tiny_policy() -> None:
    assert {rule.kind for rule in read("tiny").rules} == set(KINDS)


@pytest.mark.parametrize("name", POLICIES)
def test_titles_are_in_both_languages(name: str) -> None:
    for rule in read(name).rules:
        assert re.search("[\u4e00-\u9fff]", rule.title_zh), rule.id
        assert not re.search("[\u4e00-\u9fff]", rule.title), rule.id


def test_each_of_the_30_readings_is_noted_where_it_is_taken(henan: Policy) -> None:
    marks = {mark for rule in henan.rules for mark in READING.findall(rule.note)}
    in_parameters = READING.findall(POLICIES["henan"].read_text(encoding="utf-8").split("[[rules]]")[0])
    assert marks | set(in_parameters) >= {f"A{number}" for number in range(1, 31)}


def test_page_is_what_the_script_would_write() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "build_policy_coverage.py"))
    assert script["PAGE"].read_text(encoding="utf-8") == script["page"](), "run python docs/build_policy_coverage.py"


def test_page_names_every_clause_and_every_rule(henan: Policy, clauses: pd.DataFrame) -> None:
    page = coverage_page(henan, clauses)
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert [c for c in clauses["clause_id"] if not any(f"(`{c}`)" in row for row in rows)] == []
    assert [r.id for r in henan.rules if not any(f"| `{r.id}`" in row for row in rows)] == []
    assert "**none**" not in page


def test_page_says_so_when_a_clause_is_not_met(henan: Policy, clauses: pd.DataFrame) -> None:
    without = henan.model_copy(update={"rules": tuple(r for r in henan.rules if r.id != "young-pool")})
    missing = [line for line in coverage_page(without, clauses).splitlines() if "**none**" in line]
    assert len(missing) == 1
    assert "(`young-pool`)" in missing[0]


def test_page_counts_rules_and_clauses_by_kind(henan: Policy, clauses: pd.DataFrame) -> None:
    page = coverage_page(henan, clauses)
    quotas = [rule for rule in henan.rules if rule.kind == "quota"]
    assert f"| quota | {len(quotas)} | {len({c for r in quotas for c in covered(r)})} |" in page


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        # 5 % of 10 is below the least band of 2; of 560 it is 28.
        ({"kind": "quota", "amount": 10}, "about 10 people a year, 8 to 12; hard"),
        ({"kind": "quota", "amount": 560}, "about 560 people a year, 532 to 588; hard"),
        ({"kind": "quota", "amount": 5, "modality": "at-least"}, "at least 5 people a year; hard"),
        ({"kind": "coverage", "window_years": 1}, "everyone every year; hard"),
        ({"kind": "spacing", "rest_days": 60, "years": [2020]}, "no overlap, 60 days of rest; in 2020"),
        ({"kind": "spacing", "long_days": 30, "long_years": 3}, "no overlap, at most one class of 30 days or more in 3 years"),
        ({"kind": "report", "measure": "deadline", "amount": 2022}, "listed as a date: 31 December 2021"),
        ({"kind": "fixed", "unavailable": [{"cadre_id": "N1", "from_date": "2019-01-01", "to_date": "2019-01-02"}]}, "1 named entries"),
        ({"kind": "curriculum", "requires": "party_analysis", "least_days": 20}, "party_analysis present in classes of 20 days or more"),
        ({"kind": "curriculum", "days_min": 5, "days_max": 9}, "length 5 to 9 days"),
        ({"kind": "representation", "share": "1/3"}, "share among those sent, at least 1/3; report"),
        ({"kind": "eligibility", "audience": {"birth_year": {"min": 1979}, "not": {"tags": ["young", ""]}}}, "may attend; who: birth_year ≥ 1979, not (tags young/empty)"),
        ({"kind": "eligibility", "programmes": {"any": [{"online": False}, {"days": 5}]}}, "may attend; in: (online no) or (days 5)"),
    ],
)  # fmt: skip
def test_how_met_is_one_sentence_for_each_kind(rule: dict[str, object], sentence: str) -> None:
    policy = Policy.model_validate(
        {"id": "p", "title": "P", "title_zh": "规", "rules": [{"id": "r", "title": "R", "title_zh": "则"} | rule]}
    )
    assert how_met(policy.rules[0]) == sentence


def test_how_met_refuses_a_kind_it_does_not_know() -> None:
    class Unheard(RuleKind):
        kind: str = "unheard"

    with pytest.raises(TypeError, match="Unheard has no sentence"):
        how_met(Unheard(id="u", title="U", title_zh="无"))


@pytest.mark.parametrize(("field", "value"), [("share", "6/5"), ("modality", "roughly"), ("share_floor", 1)])
def test_a_bad_field_in_a_rule_is_refused(field: str, value: object) -> None:
    raw = tomllib.loads(POLICIES["tiny"].read_text(encoding="utf-8"))
    rule = next(r for r in raw["rules"] if field in r or (field == "share_floor" and r["kind"] == "share-floor"))
    Policy.model_validate(raw)  # The nearest valid input.
    rule[field] = value
    with pytest.raises(ValidationError, match=field):
        Policy.model_validate(raw)


def test_listed_documents_look_at_nobody(henan: Policy) -> None:
    listed = [r for r in henan.rules if isinstance(r, Report) and r.measure in ("document", "deadline")]
    assert listed
    assert [r.id for r in listed if r.audience or r.programmes] == []
