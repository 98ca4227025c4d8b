"""The bulletin: seats, attendance and ranks by unit; indicators planned beside attended, none called a breach before its time."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from allocator.audit import audit
from allocator.cli.app import app
from allocator.domain.errors import UsageError
from allocator.domain.plan import ordered
from allocator.language.texts import Texts
from allocator.register import Register
from allocator.register.bulletin.basis import Basis, Period, Progress, basis
from allocator.register.bulletin.evaluation import indicators
from allocator.register.bulletin.figures import Figures, figures, not_reported, total
from allocator.register.bulletin.page import page
from allocator.register.bulletin.view import View
from allocator.register.records import Attendance, SeatState

END = date(2019, 12, 2)


def report(register: Register, sessions: list[str], absent: tuple[str, ...] = ()) -> None:
    """Everybody comes to these sessions for 10 hours, but for some people."""
    seats = register.seats(held=True)
    register.add_papers([], sessions, by="P", on=date(2019, 1, 8), after=register.latest().version)
    rows, outcome = [], {}
    for session, cadre in seats.loc[seats["session_id"].isin(sessions), ["session_id", "cadre_id"]].itertuples(
        index=False
    ):
        came = cadre not in absent
        rows.append(Attendance(session, cadre, came, 0.0, 10.0 if came else 0.0, came))
        outcome[session, cadre] = SeatState.ATTENDED if came else SeatState.ABSENT
    register.add_attendance(rows, outcome, by="P", on=END, after=register.latest().version)


def of_year(register: Register, year: int = 2019) -> list[str]:
    sessions = register.sessions()
    return [str(one) for one in sessions["session_id"][sessions["year"] == year]]


def read(register: Register, scratch: Path, on: date = END, year: int = 2019, quarter: int | None = None) -> Basis:
    return basis(register, Period(year, quarter), on, scratch / f"{on}-{year}-{quarter}")


def test_figures_of_units_and_of_all(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        seats = register.seats()
        north = seats[(seats["year"] == 2019) & (seats["unit_id"] == "N")]
        south = seats[(seats["year"] == 2019) & (seats["unit_id"] == "S")]
        away = str(south["cadre_id"].iloc[0])
        missed = int((south["cadre_id"] == away).sum())
        report(register, of_year(register), (away,))
        units = figures(read(register, tmp_path))
    # Everybody of N came, so N is first; S lost the seats of one person. Ten hours for each seat attended.
    assert units["N"] == Figures(
        people=8, allotted=len(north), held=len(north), confirmed=len(north), attended=len(north), hours=10.0 * len(north),
        several=int((north["cadre_id"].value_counts() > 1).sum()), overdue=units["N"].overdue, rank=1,
    )  # fmt: skip
    assert (units["S"].attended, units["S"].absent, units["S"].rank) == (len(south) - missed, missed, 2)
    assert units["S"].attendance == pytest.approx((len(south) - missed) / len(south))
    whole = total(units)
    assert (whole.people, whole.held, whole.hours, whole.rank) == (15, 10, 10.0 * (10 - missed), None)
    assert Figures().attendance is Figures().use is Figures().confirmation is Figures().hours_per_head is None


def test_year_under_way_is_never_a_breach(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        nothing = read(register, tmp_path, date(2019, 1, 10))
        report(register, of_year(register)[:1])
        half = read(register, tmp_path, date(2019, 6, 1))
        late = read(register, tmp_path, date(2020, 1, 15))
        report(register, of_year(register)[1:])
        over = read(register, tmp_path, END)
    for found in (nothing, half, late):  # After the end of the year too, as long as hosts have not reported.
        assert found.progress[2019] is Progress.RUNNING and found.progress[2022] is Progress.TO_COME
        assert {one.verdict for one in indicators(found)} <= {"running", "to-come"}
        assert audit(found.attended_plan, found.inputs).breaches.shape[0]  # The auditor would have said so.
    assert (not_reported(nothing), not_reported(over)) == (0, 0) and not_reported(late) > 0
    assert dict(over.progress) == {
        2019: Progress.OVER,
        2020: Progress.TO_COME,
        2021: Progress.TO_COME,
        2022: Progress.TO_COME,
    }
    told = {one.verdict for one in indicators(over) if one.year == 2019}
    assert "kept" in told and not told & {"running", "to-come"}
    assert {one.verdict for one in indicators(over) if one.year == 2022} == {"to-come"}
    assert all(one.attended is None for one in indicators(over) if one.year == 2022)


def test_indicators_stand_planned_beside_attended(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        # All seats of the skills course are missed: 4 were planned, 2 asked for, 0 attended.
        away = register.seats().query("year == 2019 and session_id.str.startswith('skills')")["cadre_id"]
        report(register, of_year(register), tuple(away))
        found = {(one.rule_id, one.year): one for one in indicators(read(register, tmp_path))}
    quota = found["skills-quota", 2019]
    assert (quota.required, quota.planned, quota.attended, quota.expected, quota.verdict) == (2, 4, 0, 0, "breached")
    later = found["skills-quota", 2020]
    assert (later.required, later.planned, later.attended, later.expected) == (2, 4, None, 4)
    assert not [rule for rule, _ in found if rule.startswith(("events-", "sessions-"))]


def test_first_published_plan_is_what_was_promised(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        plan = register.plan(1)
        dropped = plan.placements.query("session_id == 'theory-2019b'").iloc[0]
        cancelled = "branch-2019"
        left = plan.placements[
            (plan.placements["session_id"] != cancelled)
            & ~(
                (plan.placements["session_id"] == "theory-2019b") & (plan.placements["cadre_id"] == dropped["cadre_id"])
            )
        ]
        inputs = read(register, tmp_path, date(2019, 1, 9)).inputs
        register.add_version(ordered(left), inputs, by="P", on=END, why="", after=1, cancelled=[cancelled])
        found = read(register, tmp_path, date(2019, 2, 1))
        whole = total(figures(found))
    gone = int((plan.placements["session_id"] == cancelled).sum())
    assert (found.version, found.first_version) == (2, 1)
    assert (whole.allotted, whole.held) == (10 - gone, 10 - gone - 1)  # A cancelled session is nobody's shortfall.


@pytest.mark.parametrize(
    ("quarter", "first", "last"), [(1, "01-01", "03-31"), (2, "04-01", "06-30"), (4, "10-01", "12-31")]
)
def test_quarter_has_its_days(quarter: int, first: str, last: str) -> None:
    period = Period(2019, quarter)
    assert (period.first.isoformat(), period.last.isoformat()) == (f"2019-{first}", f"2019-{last}")
    days = pd.Series([f"2019-{first}", f"2019-{last}", "2018-12-31", "2020-01-01"])
    assert period.holds(days).tolist() == [True, True, False, False]


def test_quarters_add_up_to_the_year(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        year, *quarters = (total(figures(read(register, tmp_path, quarter=n))) for n in (None, 1, 2, 3, 4))
        assert sum(one.held for one in quarters) == year.held == 10
        with pytest.raises(UsageError):
            read(register, tmp_path, year=2030)


def test_page_names_units_and_nobody_and_loads_nothing(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        report(register, of_year(register))
        found = read(register, tmp_path)
    for lang, said in (("zh", "2019 年调训情况通报"), ("en", "Call-ups of 2019")):
        text = page(View(found, Texts(lang)))  # type: ignore[arg-type]
        assert said in text and "default-src 'none'" in text and "<script" not in text
        assert not re.search(r"(src|href)=", text)
        for name in found.inputs.cadres["name"]:
            assert name not in text
    text = page(View(found, Texts("zh")))
    assert "北方单位" in text
    # Four people in the theory course were asked for, planned and came: both bars end at the line, which is at 100.
    assert '<rect class="band" width="100.0" height="10"/><rect class="fill" y="2.5" width="100.0" height="5"/>' in text


def test_command_writes_workbook_page_and_figures(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        report(register, of_year(register))
    at = [
        "bulletin",
        "--register",
        str(published),
        "--year",
        "2019",
        "--as-of",
        "2019-12-02",
        "--out",
        str(tmp_path / "b"),
    ]
    said = CliRunner().invoke(app, [*at, "--lang", "zh"])
    assert said.exit_code == 0 and "到训率 100.00 %" in said.output, said.output
    assert {path.name for path in (tmp_path / "b").iterdir()} == {"bulletin.xlsx", "bulletin.html", "bulletin.json"}
    book = openpyxl.load_workbook(tmp_path / "b" / "bulletin.xlsx")
    assert book.sheetnames == ["通报", "单位情况", "名额完成", "多次调训", "长期未训", "评估"]
    rows = list(book["单位情况"].iter_rows(min_row=3, values_only=True))
    assert [row[2] for row in rows] == ["合计", "北方单位", "南方单位"] or [row[2] for row in rows] == [
        "合计",
        "南方单位",
        "北方单位",
    ]
    record = json.loads((tmp_path / "b" / "bulletin.json").read_text(encoding="utf-8"))
    assert record["total"]["attended"] == 10 and record["version"] == 1
    assert CliRunner().invoke(app, at).exit_code == 2  # It is there already.
    assert CliRunner().invoke(app, [*at, "--force", "--quarter", "1", "--json"]).exit_code == 0
    assert CliRunner().invoke(app, [*at[:4], "2030", "--lang", "en"]).exit_code != 0


def test_who_is_too_long_untrained_stands_with_what_is_arranged(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        report(register, of_year(register), tuple(register.seats()["cadre_id"]))  # Nobody comes.
        found = read(register, tmp_path)
    rows = View(found, Texts("en")).overdue_rows
    told = {str(row[0]): row for row in rows}
    # N5 was last in a theory course in 2014, and S5 never; both were to go in 2019.
    assert told["N5"][4] == "2014" and told["S5"][4] == "never"
    plan = found.plan.placements.query("cadre_id == 'N5' and year > 2019").sort_values("start_date")
    assert told["N5"][5] == (plan["session_id"].iloc[0] if len(plan) else "")
    assert total(figures(found)).overdue == len(rows)


def test_page_leaves_out_units_without_a_seat(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        found = read(register, tmp_path, quarter=2)  # Only two people of S go to branch-2019.
    text = page(View(found, Texts("en")))
    assert (
        "units without a seat in the period, left out here: 1" in text
        and "South unit" in text
        and "North unit" not in text
    )


def test_units_are_ranked_among_those_of_their_kind() -> None:
    from allocator.register.bulletin.figures import _ranked

    units = {
        "city-a": Figures(held=4, allotted=4, attended=4),
        "city-b": Figures(held=4, allotted=4, attended=3, absent=1),
        "town-a": Figures(held=1, allotted=1, attended=1),
        "town-b": Figures(held=1, allotted=1, attended=1),
        "town-c": Figures(held=1, allotted=1, absent=1),
        "town-d": Figures(held=1, allotted=1),
    }
    ranked = _ranked(units, {unit: unit[:4] for unit in units})
    assert {unit: one.rank for unit, one in ranked.items()} == {
        "city-a": 1, "city-b": 2, "town-a": 1, "town-b": 1, "town-c": 3, "town-d": None,
    }  # fmt: skip
