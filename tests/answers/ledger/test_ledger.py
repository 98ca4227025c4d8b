"""``allocator ledger``: debts before any plan agree with the auditor's judgement of an empty plan."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from math import ceil
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from allocator.answers.ledger import Ledger, ledger
from allocator.answers.ledger.tables import no_plan
from allocator.audit import audit
from allocator.cli.app import app
from allocator.domain.tables import Inputs
from allocator.inputs import load
from allocator.language.message import Message

ROOT = Path(__file__).parents[3]
TINY = ROOT / "scenarios" / "tiny.toml"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["ledger", *map(str, arguments)])


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return load(TINY)


@pytest.fixture(scope="module")
def found(inputs: Inputs) -> Ledger:
    return ledger(inputs)


def test_who_must_go_for_an_interval_is_whom_the_auditor_misses_in_the_first_year(
    found: Ledger, inputs: Inputs
) -> None:
    table = audit(no_plan(), inputs).table
    missed = table[(table["rule_id"] == "theory-interval") & (table["year"] == 2019) & (table["scope"] != "all")]
    must = found.forced[found.forced["rule_id"] == "theory-interval"]
    assert sorted(must["cadre_id"] + " " + must["content"]) == sorted(missed["scope"])
    assert len(must)


def test_who_must_be_made_up_is_whom_the_auditor_lists_as_overdue_first(found: Ledger, inputs: Inputs) -> None:
    overdue = audit(no_plan(), inputs).overdue
    first = set(overdue.loc[overdue["year"] == 2019, "cadre_id"])
    assert set(found.forced.loc[found.forced["rule_id"] == "make-up", "cadre_id"]) == first
    assert first


def test_latest_year_is_the_last_one_without_a_miss(found: Ledger) -> None:
    """N3 had theory last in 2016: with three years at most it is due in 2019; N1 had it in 2018 and may wait to 2021."""
    theory = found.people[found.people["rule_id"] == "theory-interval"].set_index("cadre_id")
    assert theory.loc["N3", ["done", "latest"]].tolist() == [2016, 2019]
    assert theory.loc["N1", ["done", "latest"]].tolist() == [2018, 2021]


def test_hours_owed_are_the_auditors(found: Ledger, inputs: Inputs) -> None:
    owed = audit(no_plan(), inputs).owed.set_index("cadre_id")["owed"].sort_index()
    own = found.people[found.people["unit_of"] == "hours"].set_index("cadre_id")["owed"].sort_index()
    assert own.to_dict() == owed.to_dict()
    assert found.teams["hours"].sum() == owed.sum()  # Only members of teams owe hours here.


def test_call_up_is_settled_whatever_happens(tmp_path: Path) -> None:
    for name in ("scenarios/tiny.toml", "data/tiny"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    sessions = pd.read_csv(tmp_path / "data/tiny/sessions.csv")
    session = sessions.loc[sessions["year"] == 2019, "session_id"].iat[0]
    policy = tmp_path / "data/tiny/policy.toml"
    rule = f'\n[[rules]]\nid = "named"\nkind = "fixed"\ntitle = "Named"\ntitle_zh = "点名"\ncall_ups = [{{ cadre_id = "N1", session_id = "{session}" }}]\n'
    policy.write_text(policy.read_text(encoding="utf-8") + rule, encoding="utf-8")
    forced = ledger(load(tmp_path / "scenarios/tiny.toml")).forced
    assert forced.loc[forced["rule_id"] == "named", ["cadre_id", "latest"]].to_numpy().tolist() == [["N1", 2019]]


def test_group_without_classes_cannot_reach_its_share(tmp_path: Path) -> None:
    """With every class of 2020 cancelled nobody of either team can go that year; the other years are as they were."""
    scenario = tmp_path / "closed.toml"
    scenario.write_text(
        f'extends = "{TINY.as_posix()}"\nid = "closed"\n[[session_changes]]\n'
        "from_date = 2020-01-01\nto_date = 2020-12-31\ncancel = true\n",
        encoding="utf-8",
    )
    closed = ledger(load(scenario)).floors
    short = closed[closed["short"] > 0]
    assert set(short["year"]) == {2020} and set(short["group"]) == {"N-team", "S-team"}
    assert dict(zip(short["group"], short["required"], strict=True)) == {"N-team": 2, "S-team": 1}
    assert (short["able"] == 0).all()
    result = call(scenario, "--lang", "en")
    assert result.exit_code == 0 and "Groups that cannot reach their share with the classes held: 2" in result.stdout


def test_floors_are_kept_where_members_can_go(found: Ledger) -> None:
    assert len(found.floors) == 8  # Two teams, four years.
    assert not found.floors["short"].any() and np.all(found.floors["able"] <= found.floors["size"])


@pytest.mark.parametrize(
    ("lang", "word", "sheet"), [("zh", "无论如何必须参训", "条款"), ("en", "whatever happens", "Clauses")]
)
def test_text_and_workbook_are_in_the_readers_language(tmp_path: Path, lang: str, word: str, sheet: str) -> None:
    file = tmp_path / "ledger.xlsx"
    result = call(TINY, "--out", file, "--lang", lang)
    assert result.exit_code == 0 and word in result.stdout
    book = openpyxl.load_workbook(file)
    assert book.sheetnames[0] == sheet and len(book.sheetnames) == 5
    assert call(TINY, "--out", file).exit_code == 2  # It is there already.


def test_csv_has_ids_and_no_names(tmp_path: Path, found: Ledger) -> None:
    file = tmp_path / "ledger.csv"
    assert call(TINY, "--out", file).exit_code == 0
    table = pd.read_csv(file, dtype={"cadre_id": str})
    assert len(table) == len(found.people) and "name" not in table.columns
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")


def test_json_has_every_table() -> None:
    record = json.loads(call(TINY, "--json").stdout)
    assert record["exit_code"] == 0 and record["years"] == [2019, 2020, 2021, 2022]
    assert all(record[name] for name in ("clauses", "forced", "teams", "floors", "people"))


def test_mistakes_of_use_and_of_input_have_their_codes(tmp_path: Path) -> None:
    assert call(TINY, "--out", tmp_path / "ledger.txt").exit_code == 2
    assert call(tmp_path / "none.toml").exit_code == 3


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_notebook_shows_the_words_of_the_command(found: Ledger, lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = call(TINY, "--lang", lang).stdout
    assert found.said(lang) + "\n" == said
    monkeypatch.setenv("ALLOCATOR_LANG", lang)
    assert str(found) == found.said(lang)
    assert repr(found) == str(found) and "<table" in found._repr_html_()


def test_files_of_a_notebook_are_those_of_the_command(found: Ledger, tmp_path: Path) -> None:
    for name, content in (("l.xlsx", found.workbook("en")), ("l.csv", found.csv())):
        assert call(TINY, "--out", tmp_path / name, "--lang", "en").exit_code == 0
        assert (tmp_path / name).read_bytes() == content


def test_counts_have_thousands_and_nothing_is_said_of_nobody() -> None:
    changes = {"disable": ["theory-interval", "make-up"]}
    found = ledger(load(TINY, changes=changes))
    assert found.forced.empty and "没有人必须参训" in found.said("zh") and "Nobody must go in 2019" in found.said("en")
    many = Message("ledger.owing", year=2019, count=89964, units=1659)
    assert "89,964人（涉及1,659个单位）" in many.said("zh") and "2019" in many.said("zh")


def test_people_who_get_no_seat_in_any_plan_are_counted(own_sample: Path) -> None:
    """Four people must go in 2019: there is room for them, and with one seat in each session not for all."""
    found = ledger(own_sample / "scenarios" / "tiny.toml")
    assert found.unseated == 0
    assert "only a plan can tell" in found.said("en")
    inputs = load(own_sample / "scenarios" / "tiny.toml")
    few = ledger(replace(inputs, sessions=inputs.sessions.assign(seats=1, usable_seats=1, min_seats=1)))
    assert (
        few.forced["cadre_id"].nunique() - 2 == few.unseated == 2
    )  # Both classes of theory of that year have one seat.
    assert f"at least {few.unseated} " in few.said("en")


def test_half_hours_done_are_told(own_sample: Path) -> None:
    """What is owed is rounded up to whole hours, what was done is told as it is."""
    inputs = load(own_sample / "scenarios" / "tiny.toml")
    before = ledger(inputs).people
    row = before[before["unit_of"] == "hours"].iloc[0]
    history = inputs.history.copy()
    own = np.flatnonzero((history["cadre_id"] == row["cadre_id"]) & (history["start_date"].dt.year >= 2018))
    assert len(own)
    history.loc[own[0], "hours"] += 0.5
    after = ledger(replace(inputs, history=history)).people
    now = after[(after["cadre_id"] == row["cadre_id"]) & (after["rule_id"] == row["rule_id"])].iloc[0]
    assert now["done"] == row["done"] + 0.5
    assert row["owed"] == ceil(250 - row["done"]) and now["owed"] == ceil(250 - now["done"])  # 250 hours are asked for.
