"""Every kind is stated twice and tested here; and one that nobody has heard of is known wherever a built-in kind is."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import openpyxl
import pytest

from allocator.answers import runs
from allocator.answers.compare import compare
from allocator.answers.conflicts import answer as conflicts
from allocator.answers.explain import explain
from allocator.answers.ledger import ledger
from allocator.answers.sensitivity import shadow
from allocator.answers.sensitivity.phrases import FIELD
from allocator.answers.sensitivity.subjects import family
from allocator.audit.finding import ALL, Finding, Row, counted
from allocator.audit.records import Records
from allocator.audit.register import MEASURES
from allocator.checks import count
from allocator.checks.finding import CHECKS
from allocator.domain.rules import KINDS, Number, RuleKind
from allocator.inputs import load
from allocator.model.instance import Instance
from allocator.model.personal import MEASURED, STRICT, States
from allocator.model.shared import SHARED
from allocator.model.shared.rows import RowFamily, by_column, goal_of
from allocator.outputs import summary
from tests.conftest import ROOT

UNDECIDED = {"dated", "data", "measure"}
"""Sorts of kinds that the years do not decide: the dates do, or nothing is to be decided."""


def test_every_kind_has_a_model_side_and_an_audit_side():
    decided = {kind for kind in KINDS.values() if kind.sort not in UNDECIDED}
    assert decided == set(MEASURED) | set(STRICT) | set(SHARED)
    assert set(KINDS.values()) == set(MEASURES)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_file_of_tests(kind):
    assert (Path(__file__).parent / f"test_{kind.replace('-', '_')}.py").is_file()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_that_a_seat_can_serve_has_its_place_among_the_reasons(kind):
    # Two of one rank would be named in the order of the policy, which says nothing.
    record = KINDS[kind]
    assert (record.reason_rank < RuleKind.reason_rank) == (record.demands == "attendance")
    assert [other.reason_rank for other in KINDS.values()].count(
        record.reason_rank
    ) == 1 or record.demands != "attendance"


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_a_kind_is_a_field_and_has_a_name(kind):
    record = KINDS[kind]
    named = {number.field for number in record.numbers} | set(record.scaled) | ({record.lowered} - {""})
    assert named <= set(record.model_fields)
    assert {number.field for number in record.numbers} <= set(FIELD)


@pytest.mark.parametrize("kind", KINDS)
def test_every_demand_is_counted_before_a_plan_or_said_not_to_be(kind):
    record = KINDS[kind]
    is_counted = record in CHECKS or (record in SHARED and record.demands != "mix")
    # Of these only a plan shows whether they can be kept, and ``check`` says so.
    assert is_counted or not record.asks_attendance() or kind in ("cumulative", "representation")


class UnitSeats(RuleKind):
    """At least an amount of attendances of the programmes by every group in each year: a kind that nobody has heard of."""

    sort: ClassVar = "shared"
    soft_goal: ClassVar = "quota-shortfall"
    demands: ClassVar = "attendance"
    judged_per: ClassVar = "group"
    numbers: ClassVar = (Number("amount", "asks"),)
    lowered: ClassVar = "amount"
    reason_rank: ClassVar = 8
    kind: Literal["unit-seats"]
    group_by: str = "unit_id"
    amount: int


def unit_seats_rows(instance: Instance, rule: UnitSeats) -> RowFamily:
    """At least ``amount`` attendances of each group in each year."""
    group, names = by_column(instance, rule, rule.group_by)
    floor = np.where(instance.holds(rule)[None, :], float(rule.amount), -np.inf).repeat(len(names), axis=0)
    return RowFamily(
        rule=rule, group=group, names=names, programmes=instance.counting(rule.programmes), distinct=False,
        floor=floor, ceiling=np.full_like(floor, np.inf), short_goals=((goal_of(rule), 0),),
    )  # fmt: skip


def measure_unit_seats(rule: UnitSeats, records: Records) -> Finding:
    """Count the attendances of each group in each year."""
    groups = records.groups(records.audience(rule.audience), rule.group_by)
    seats = records.by_group(groups, records.seats(rule.programmes))
    scopes = tuple(
        Row(y, label, rule.amount, int(seats[g, column]), "attendances", max(0, rule.amount - int(seats[g, column])))
        for column, y in enumerate(records.years)
        if y in records.years_of(rule)
        for g, label in enumerate(groups.labels)
    )
    missing = int(sum(row.shortfall for row in scopes))
    required = rule.amount * len(scopes)
    years = [[row for row in scopes if row.year == y] for y in records.years_of(rule)]
    of_years = (
        Row(
            own[0].year,
            ALL,
            len(own),
            sum(not row.shortfall for row in own),
            "groups",
            sum(row.shortfall > 0 for row in own),
        )
        for own in years
    )
    rows = (*of_years, *(row for row in scopes if row.shortfall))
    return Finding(
        rows, int(groups.sizes.sum()), "attendances", required, required - missing, missing, counted(rule, missing),
        scopes=scopes,
    )  # fmt: skip


TITLE = "Every unit is heard"


@pytest.fixture(scope="module")
def unheard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of ``tiny`` in a world that has the new kind, by the steps of CONTRIBUTING alone."""
    root = tmp_path_factory.mktemp("unheard")
    shutil.copytree(ROOT / "data" / "tiny", root / "data" / "tiny")
    (root / "scenarios").mkdir()
    shutil.copy(ROOT / "scenarios" / "tiny.toml", root / "scenarios" / "tiny.toml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(KINDS, "unit-seats", UnitSeats)
        patch.setitem(SHARED, UnitSeats, unit_seats_rows)
        patch.setitem(MEASURES._measures, UnitSeats, measure_unit_seats)
        yield root


def scenario(root: Path, name: str, amount: int) -> Path:
    """``tiny`` with a rule of the new kind of so many attendances."""
    path = root / "scenarios" / f"{name}.toml"
    path.write_text(
        f'extends = "tiny.toml"\nid = "{name}"\n[[rules]]\nid = "heard"\nkind = "unit-seats"\nclause = "X(9)"\n'
        f'title = "{TITLE}"\ntitle_zh = "各单位都有声音"\namount = {amount}\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def heard(unheard: Path) -> tuple[Path, Any]:
    """A scenario that keeps a rule of the new kind, and its run."""
    path = scenario(unheard, "heard", 1)
    return path, runs.solve(load(path))


def test_new_kind_is_planned_audited_and_named_as_the_reason_of_its_seats(heard):
    _, run = heard
    assert run.audit["heard"].status == "kept"
    assert run.audit["heard"].finding.required == 8  # Two units in each of four years.
    plan = run.plan.placements
    assert plan["rules"].str.split(";").map(lambda rules: "heard" in rules).all()  # Every class of the plan counts.


@pytest.mark.usefixtures("no_figures")
def test_new_kind_stands_in_summary_page_and_workbook(heard, tmp_path):
    _, run = heard
    assert TITLE in summary.text(run.inputs, run.plan, run.audit, run.result, lang="en", width=120) + str(
        run.said("en")
    )
    folder = tmp_path / "out"
    runs.write(run, folder, lang="en")
    assert TITLE in (folder / "report.html").read_text(encoding="utf-8")
    book = openpyxl.load_workbook(folder / "dispatch-2019.xlsx", read_only=True)
    assert any(TITLE in str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)


def test_new_kind_that_cannot_be_kept_is_found_by_counting(unheard):
    # Fewer than 99 people of a unit could sit in every class of a year.
    report = count(load(scenario(unheard, "loud", 99)))
    found = [one for one in report.findings if one.rule_id == "heard" and one.severity == "error"]
    assert not report.ok and {(one.code, one.clause) for one in found} == {("rows-people", "X(9)")}
    assert count(load(scenario(unheard, "low", 1))).ok


def test_new_kind_stands_in_the_ledger(heard):
    path, _ = heard
    floors = ledger(path).floors
    own = floors[floors["rule_id"] == "heard"]
    assert own["required"].tolist() == [1] * 8 and own["short"].tolist() == [0] * 8


def test_new_kind_is_a_reason_of_a_seat(heard):
    _, run = heard
    seat = run.plan.placements.iloc[0]
    told = explain(run, seat["cadre_id"]).said("en")
    assert TITLE in told and "attendances in" in told


def test_new_kind_can_be_asked_for_one_more(heard):
    _, run = heard
    told = shadow(run, of=["heard"], steps=[1], workers=1)
    assert TITLE in told.said("en") and told.answers[0].question.after == 2
    assert "heard" in {one.of for one in family(run.inputs, "floors")}


def test_new_kind_in_conflict_is_named_and_mended(unheard):
    found = conflicts(load(scenario(unheard, "loud", 99)), kinds=["fewest-clauses"])
    assert {part.rule.id for one in found.conflicts for part in one.parts} >= {"heard"}
    assert TITLE in found.said("en")
    assert any(give.rule.id == "heard" for repair in found.repairs for give in repair.gives if give.rule)


@pytest.mark.usefixtures("no_figures")
def test_new_kind_is_compared(heard, tmp_path):
    _, run = heard
    for name in ("one", "two"):
        runs.write(run, tmp_path / name, lang="en")
    table = compare(tmp_path / "one", tmp_path / "two").clauses
    assert TITLE in set(table["title"])


class OftenEnough(RuleKind):
    """Everyone attends the programmes in at least an amount of plan years: a personal kind that nobody has heard of."""

    sort: ClassVar = "personal"
    soft_goal: ClassVar = "overdue"
    demands: ClassVar = "attendance"
    judged_per: ClassVar = "person"
    period: ClassVar = "plan"
    numbers: ClassVar = (Number("amount", "asks"),)
    lowered: ClassVar = "amount"
    kind: Literal["often-enough"]
    amount: int


class OftenEnoughSide:
    """Years missing to the amount."""

    def states(self, instance: Instance, rule: OftenEnough) -> States:
        """One state: the past does not matter."""
        return States.single(instance.audience(rule.audience))

    def measure(self, instance: Instance, rule: OftenEnough, _: Any, table: Any) -> Any:
        """Years missing, shape (T,)."""
        attended = np.bitwise_count(table.attends(instance.counting(rule.programmes)))
        return np.maximum(0, rule.amount - attended.astype(np.int64))


def measure_often_enough(rule: OftenEnough, records: Records) -> Finding:
    """Count the plan years in which each person attends."""
    people = np.flatnonzero(records.audience(rule.audience))
    years = (records.sent(rule.programmes) > 0).sum(axis=1)[people]
    short = np.maximum(0, rule.amount - years)
    last, missing = records.years[-1], int(short.sum())
    rows = [Row(last, ALL, len(people), int((short == 0).sum()), "people", int((short > 0).sum()))]
    rows += [
        Row(last, records.cadre_ids[i], rule.amount, int(n), "attendances", int(s))
        for i, n, s in zip(people, years, short, strict=True)
        if s
    ]
    asked = rule.amount * len(people)
    return Finding(
        tuple(rows), len(people), "attendances", asked, asked - missing, missing, counted(rule, missing)
    )  # fmt: skip


def test_new_personal_kind_is_planned_owed_and_mended(unheard, monkeypatch):
    monkeypatch.setitem(KINDS, "often-enough", OftenEnough)
    monkeypatch.setitem(MEASURED, OftenEnough, OftenEnoughSide())
    monkeypatch.setitem(MEASURES._measures, OftenEnough, measure_often_enough)
    path = unheard / "scenarios" / "often.toml"
    path.write_text(
        'extends = "tiny.toml"\nid = "often"\n[[rules]]\nid = "often"\nkind = "often-enough"\ntitle = "Often enough"\n'
        'title_zh = "次数足够"\namount = 5\naudience = { cadre_id = "N4" }\n',
        encoding="utf-8",
    )
    inputs = load(path)
    (told,) = (one for one in count(inputs).findings if one.rule_id == "often")
    assert told.code == "not-counted"  # Five of four years: nothing counts that before a plan, and check says so.
    run = runs.solve(inputs)
    assert run.audit["often"].shortfall >= 1 and run.audit["often"].is_breached
    own = run.plan.placements[run.plan.placements["cadre_id"] == "N4"]
    assert own["rules"].str.contains("often").all()
    owed = ledger(inputs).people
    assert owed.loc[owed["rule_id"] == "often", "owed"].tolist() == [5]
    assert "Often enough" in explain(run, "N4").said("en")
    found = conflicts(inputs, run)
    assert "Often enough" in found.said("en") and found.repairs
