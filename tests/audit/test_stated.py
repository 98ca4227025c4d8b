"""What a plan file states: every column of the contract is held against the tables, cell by cell."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from allocator.audit import audit, read_plan
from allocator.audit.verdicts import AuditReport
from allocator.cli.app import app
from allocator.domain.plan import Plan
from tests.audit.builders import inputs, plan, rule

RULES = (
    rule("quota", id="q", amount=1, modality="at-least", years=[2019], programmes={"programme_id": ["theory"]}),
    rule("share-floor", id="f", share="1/3", strength="report"),
    rule("coverage", id="short", window_years=4, least_days=10, strength="soft", goal="owed"),
    rule("fixed", id="call", call_ups=[{"cadre_id": "a", "session_id": "t19"}]),
)
GIVEN = inputs(*RULES)
MADE = plan(GIVEN, "a@t19 b@t19 c@p19 d@t20 g@p20*3")


def whole() -> pd.DataFrame:
    """Every column of the plan, filled as the program fills it, dates as text."""
    table = MADE.placements.sort_values(["session_id", "cadre_id"], ascending=[False, True]).reset_index(drop=True)
    table["fixed"] = [seat == ("a", "t19") for seat in zip(table["cadre_id"], table["session_id"], strict=True)]
    serves = {"t20": "short", "t19": "q;short"}
    table["rules"] = [serves.get(session, "") for session in table["session_id"]]
    table.loc[table["fixed"], "rules"] = "q;short;call"
    return table.astype({"start_date": str, "end_date": str})


def judged(table: pd.DataFrame) -> AuditReport:
    return audit(read_plan(table, GIVEN), GIVEN)


def differences(report: AuditReport) -> list[tuple[object, ...]]:
    return [tuple(row) for row in report.differences[["row", "column", "found", "expected", "status"]].to_numpy(object)]


def test_whole_plan_that_says_what_the_tables_say_has_no_difference() -> None:
    report = judged(whole())
    assert report.differences.empty and report.is_clean and not report.warnings


@pytest.mark.parametrize("seed", range(3))
def test_order_of_rows_and_columns_changes_nothing(seed: int) -> None:
    draw, table = random.Random(seed), whole()
    table = table[draw.sample(list(table), len(table.columns))].sample(frac=1, random_state=seed)
    table.loc[table["cadre_id"] == "d", "days"] = 9.0
    row = table["cadre_id"].tolist().index("d") + 2
    assert differences(judged(table)) == [(row, "days", "9", "10", "breached")]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("cadre_id", "ghost", ""), ("cadre_id", "А", ""), ("cadre_id", "a\u200b", "a"), ("cadre_id", "Ａ", "a"),
        ("session_id", "t 19", "t19"), ("session_id", "t119", ""),
        ("programme_id", "spirit", "theory"), ("year", 2020, "2019"),
        ("start_date", "2019-03-05", "2019-03-04"), ("end_date", "2018-03-13", "2019-03-13"),
        ("days", 10.5, "10"), ("days", 0, "10"), ("hours", 74.9, "75"), ("hours", 1e6, "75"),
        ("unit_id", "s1", "n1"), ("unit_id", "nowhere", "n1"), ("team_id", "s-team", "n-team"),
    ],
)  # fmt: skip
def test_every_false_cell_is_found_with_row_column_and_what_is_right(column: str, value: object, expected: str) -> None:
    table = whole()
    place = table.index[(table["cadre_id"] == "a")][0]
    table[column] = table[column].astype(object)
    table.loc[place, column] = value
    report = judged(table)
    found = report.differences[report.differences["status"] == "breached"]
    assert not report.is_clean and report["sessions-known"].shortfall == 1
    assert found[["row", "column", "found", "expected"]].to_numpy(object).tolist() == [
        [place + 2, column, f"{value:.10g}" if isinstance(value, float) else str(value), expected]
    ]
    shown = str(value).replace("\u200b", "\\u200b") if column.endswith("_id") else found["found"].iloc[0]
    assert shown in found["message"].iloc[0] and shown in found["message_zh"].iloc[0]  # What has no width is spelt out.


def test_team_of_somebody_without_one_is_false() -> None:
    table = whole()
    table.loc[table["cadre_id"] == "g", "team_id"] = "s-team"
    (difference,) = judged(table).differences.to_dict("records")
    assert (difference["column"], difference["expected"]) == ("team_id", "")
    assert "none" in difference["message"] and "各表中为空" in difference["message_zh"]


def test_empty_cells_state_nothing() -> None:
    table = whole().astype(object)
    table[[column for column in table if column not in ("cadre_id", "session_id", "headcount")]] = None
    assert judged(table).differences.empty


@pytest.mark.parametrize(("seats", "row"), [({"a@t19": 2}, 3), ({"g@p20": 6}, 5)], ids=["named", "group"])
def test_headcount_beyond_the_roster_is_found_in_its_row(seats: dict[str, int], row: int) -> None:
    table = whole()
    ((seat, count),) = seats.items()
    table.loc[(table["cadre_id"] + "@" + table["session_id"]) == seat, "headcount"] = count
    report = judged(table)
    assert report["headcount"].is_breached and report["sessions-known"].status == "kept"
    assert differences(report) == [(row, "headcount", str(count), "1" if count == 2 else "5", "breached")]


def test_row_written_twice_is_found_in_its_last_row() -> None:
    table = pd.concat([whole(), whole().iloc[[1]]])
    report = judged(table)
    assert differences(report) == [(7, "headcount", "2", "1", "breached")]
    assert "2 seats" in report.differences["message"][0]


@pytest.mark.parametrize(
    ("cadre", "column", "value", "expected"),
    [
        ("b", "fixed", True, "false"), ("a", "fixed", False, "true"),
        ("b", "rules", "q", "q;short"), ("b", "rules", "q;short;f", "q;short"), ("c", "rules", "ghost", ""),
        ("d", "rules", "q;short", "short"),  # the quota holds in 2019 only
    ],
)  # fmt: skip
def test_wrong_reasons_of_a_seat_are_noted_and_breach_nothing(
    cadre: str, column: str, value: object, expected: str
) -> None:
    table = whole()
    table.loc[table["cadre_id"] == cadre, column] = value
    report = judged(table)
    assert report.is_clean
    row = table["cadre_id"].tolist().index(cadre) + 2
    assert differences(report) == [(row, column, str(value).lower(), expected, "noted")]
    (warning,) = report.warnings
    assert f"row {row}" in warning and f"第{row}行" in report.warnings_zh[0]


def test_everybody_called_up_is_fixed() -> None:
    given = inputs(
        rule("fixed", everyone=True, audience={"category": ["head"]}, programmes={"programme_id": ["theory"]})
    )
    for says, noted in (("yes", 0), ("no", 1), ("", 0)):
        table = pd.DataFrame({"cadre_id": ["a"], "session_id": ["t19"], "fixed": [says]})
        assert len(audit(read_plan(table, given), given).differences) == noted


def test_order_of_rules_in_a_cell_does_not_matter() -> None:
    table = whole()
    table.loc[table["cadre_id"] == "a", "rules"] = "call;short;q"
    assert judged(table).differences.empty


def test_plan_that_was_not_read_from_a_file_is_not_asked_for_reasons() -> None:
    table = MADE.placements.assign(rules="ghost", fixed=True, unit_id="s1")
    report = audit(Plan(table), GIVEN)
    assert set(report.differences["column"]) == {"unit_id"}
    assert report.differences["row"].tolist() == [2, 3, 4]  # d and g are of s1; as plan.csv would show them.


def test_heading_one_letter_off_is_pointed_out() -> None:
    table = whole().rename(columns={"headcount": "headcuont"}).assign(姓名="n", remark="")
    report = judged(table)
    (warning,) = report.warnings
    assert "'headcuont'" in warning and "'headcount'" in warning and "headcuont" in report.warnings_zh[0]


def test_heading_is_not_taken_for_a_column_that_is_there() -> None:
    assert not judged(whole().assign(programme="理论", session="", Hours_="1")).warnings


def test_placements_outside_the_plan_years_are_pointed_out() -> None:
    given = inputs(years=(2019, 2020))
    report = audit(read_plan(pd.DataFrame({"cadre_id": ["a", "b"], "session_id": ["t19", "t22"]}), given), given)
    (warning,) = report.warnings
    assert warning.endswith("1; the first: row 3")


def test_command_lists_false_cells_in_both_languages(sample: Path, tmp_path: Path) -> None:
    lines = (sample / "out" / "tiny" / "plan.csv").read_text(encoding="utf-8-sig").splitlines()
    right = tmp_path / "right.csv"
    right.write_text("\n".join(lines), encoding="utf-8")
    scenario = str(sample / "scenarios" / "tiny.toml")
    header = lines[0].split(",")
    cells = lines[3].split(",")
    true = cells[header.index("days")]
    cells[header.index("days")] = "99"
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("\n".join([*lines[:3], ",".join(cells), *lines[4:]]), encoding="utf-8")

    def run(file: Path, *more: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["audit", scenario, str(file), "--quiet", *more])
        return result.exit_code, result.stdout

    code, out = run(right, "--json", "--lang", "en")
    assert code == 0 and json.loads(out)["differences"] == []
    shown = f"{float(true):g}"
    for lang, words in (
        ("en", f"row 4, days: '99', where the tables have '{shown}'"),
        ("zh", "第4行“天数（days）”：写的是“99”"),
    ):
        code, out = run(wrong, "--lang", lang)
        assert code == 6 and words in out
    (difference,) = json.loads(run(wrong, "--json", "--lang", "en")[1])["differences"]
    assert (difference["row"], difference["column"], difference["found"]) == (4, "days", "99")
