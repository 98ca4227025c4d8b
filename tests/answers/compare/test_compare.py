"""``allocator compare``: finished runs side by side, person by person, from one policy or several."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import allocator
from allocator.answers.compare import Comparison, compare
from allocator.answers.compare.phrases import counted, weightiest_first
from allocator.answers.compare.read_runs import RunFiles
from allocator.answers.compare.tables import judges_seats, people
from allocator.cli.app import app
from allocator.domain.errors import UsageError
from allocator.language.message import Language
from allocator.language.texts import Texts

OTHER = """
extends = "tiny.toml"
id = "other"
[overrides.theory-quota]
amount = 1
"""


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture(scope="module")
def folder(own_sample: Path) -> Path:
    """Two runs of ``tiny``, the second with a smaller quota, in out/a and out/b."""
    (own_sample / "out" / "tiny").rename(own_sample / "out" / "a")
    scenario = own_sample / "scenarios" / "other.toml"
    scenario.write_text(OTHER, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("allocator.outputs.run_folder._figures", lambda *_: ())
        assert call("plan", scenario, "--out", own_sample / "out" / "b", "--quiet", "--no-explain").exit_code == 4
    return own_sample


@pytest.fixture(scope="module")
def compared(folder: Path) -> Comparison:
    return compare([folder / "out" / "a", folder / "out" / "b"])


def lines(folder: Path, name: str) -> list[list[str]]:
    """Cells of the rows of plan.csv; no cell of it has a comma."""
    text = (folder / "out" / name / "plan.csv").read_text(encoding="utf-8-sig")
    return [line.split(",") for line in text.splitlines()[1:]]


def test_goals_are_those_of_the_runs(compared: Comparison, folder: Path) -> None:
    for name in "ab":
        record = json.loads((folder / "out" / name / "run.json").read_text(encoding="utf-8"))
        told = dict(zip(compared.goals["goal"], compared.goals[f"value | {name}"], strict=True))
        assert told == {goal["goal"]: goal["value"] for goal in record["goals"]}


def test_seats_of_a_unit_are_its_rows_of_the_plan(compared: Comparison, folder: Path) -> None:
    for name in "ab":
        counted = {unit: sum(int(row[6]) for row in lines(folder, name) if row[4] == unit) for unit in "NS"}
        assert dict(zip(compared.units["unit_id"], compared.units[f"seats | {name}"], strict=True)) == counted


def test_everybody_whose_sessions_differ_is_listed_and_nobody_else(compared: Comparison, folder: Path) -> None:
    def sessions(name: str) -> dict[str, set[tuple[str, str]]]:
        own: dict[str, set[tuple[str, str]]] = {}
        for row in lines(folder, name):
            own.setdefault(row[3], set()).add((row[1], row[6]))
        return own

    a, b = sessions("a"), sessions("b")
    differ = {cadre for cadre in {*a, *b} if a.get(cadre) != b.get(cadre)}
    assert set(compared.people["cadre_id"]) == differ
    assert differ  # The smaller quota moves somebody.
    for row in compared.people.itertuples():
        cadre = str(row.cadre_id)
        lost, new = a.get(cadre, set()) - b.get(cadre, set()), b.get(cadre, set()) - a.get(cadre, set())
        assert set(filter(None, str(row.before).split("; "))) == {session for session, _ in lost}
        assert set(filter(None, str(row.after).split("; "))) == {session for session, _ in new}
    assert int(compared.moved().to_numpy().sum()) == len(differ)


SEATS = ("cadre_id", "unit_id", "year", "programme_id", "session_id", "headcount", "rules")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (["p1 a 1", "p2 b 1"], ["p1 a 1"], ("fewer", "b", "")),
        (["p1 a 1"], ["p1 a 1", "p2 b 1"], ("more", "", "b")),
        (["p1 a 1", "p2 b 1"], ["p3 c 1"], ("fewer", "a; b", "c")),
        (["p1 a 1"], ["p2 b 1"], ("programme", "a", "b")),
        (["p1 a 1"], ["p1 a2 1"], ("date", "a", "a2")),
        (["p1 a 1"], [], ("gone", "a", "")),
        ([], ["p1 a 1"], ("new", "", "a")),
        (["p1 a 5"], ["p1 a 3"], ("fewer", "a", "")),  # A group never moves from a session to itself.
        (["p1 a 5"], ["p1 a 3", "p1 a2 2"], ("date", "a", "a2")),
        (["p1 a 5"], ["p1 a 3", "p2 b 2"], ("programme", "a", "b")),
    ],
)
def test_change_is_called_what_it_is(before: list[str], after: list[str], told: tuple[str, str, str]) -> None:
    runs = []
    for name, seats in (("one", before), ("other", after)):
        rows = [("C", "U", 2019, *seat.split()[:2], int(seat.split()[2]), "") for seat in seats]
        types = {"year": "int64", "headcount": "int64"}
        runs.append(
            RunFiles(name, {}, pd.DataFrame(rows, columns=list(SEATS)).astype(types), pd.DataFrame(), {}, None, ())
        )
    (row,) = people(runs).itertuples()
    assert (row.change, row.before, row.after) == told


def test_change_of_a_quota_shows_in_its_clause(compared: Comparison) -> None:
    quota = compared.clauses.set_index("rule_id").loc["theory-quota"]
    assert quota["differ"] and quota["title"]
    assert quota["achieved | a"] != quota["achieved | b"] or quota["shortfall | a"] != quota["shortfall | b"]


def test_run_compared_with_itself_differs_in_nothing(folder: Path) -> None:
    same = shutil.copytree(folder / "out" / "a", folder / "out" / "copy")
    found = compare([folder / "out" / "a", same])
    assert found.people.empty and not found.clauses["differ"].any() and found.notes == ()
    assert "the plans are the same" in call("compare", folder / "out" / "a", same, "--lang", "en").stdout


@pytest.mark.parametrize(("lang", "sheets"), [("en", "Goals Clauses"), ("zh", "目标 条款")])
def test_workbook_and_figure_are_written_and_not_replaced(folder: Path, tmp_path: Path, lang: str, sheets: str) -> None:
    runs = [folder / "out" / name for name in "ab"]
    asked = ["compare", *runs, "--out", tmp_path / "c.xlsx", "--figure", tmp_path / "c.png", "--lang", lang]
    result = call(*asked)
    assert result.exit_code == 0, result.output
    book = openpyxl.load_workbook(tmp_path / "c.xlsx")
    assert book.sheetnames[:2] == sheets.split() and len(book.sheetnames) == 4
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    assert call(*asked).exit_code == 2
    assert call(*asked, "--force").exit_code == 0


def test_json_has_every_table(folder: Path) -> None:
    result = call("compare", folder / "out" / "a", folder / "out" / "b", "--json")
    record = json.loads(result.stdout)
    assert record["exit_code"] == 0 and record["runs"] == ["a", "b"]
    assert all(record[name] for name in ("goals", "clauses", "units", "people"))


def test_other_roster_is_said_and_the_rest_compared(folder: Path, tmp_path: Path) -> None:
    for name in ("scenarios", "data", "out"):
        shutil.copytree(folder / name, tmp_path / name)
    record = json.loads((tmp_path / "out" / "b" / "run.json").read_text(encoding="utf-8"))
    cadres = next(file for file in record["inputs"] if file.endswith("cadres.csv"))
    record["inputs"][cadres] = "0" * 64
    (tmp_path / "out" / "b" / "run.json").write_text(json.dumps(record), encoding="utf-8")
    notes = [note.said("en") for note in compare([tmp_path / "out" / "a", tmp_path / "out" / "b"]).notes]
    assert any("comes from other inputs than a: cadres" in note for note in notes)
    assert any("have changed since the run: cadres" in note for note in notes)


def test_lost_inputs_are_said_and_ids_remain(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "out", tmp_path / "out")  # Without the tables the runs came from.
    found = compare([tmp_path / "out" / "a", tmp_path / "out" / "b"])
    notes = " ".join(note.said("en") for note in found.notes)
    assert "can no longer be read" in notes
    assert set(found.units["unit_id"]) == {"N", "S"} and not found.units["name"].any()


def test_folders_of_one_name_are_told_apart(folder: Path, tmp_path: Path) -> None:
    runs = [shutil.copytree(folder / "out" / "a", tmp_path / name / "run") for name in ("x", "y")]
    assert compare(runs).runs == ("x/run", "y/run")


def test_folder_without_a_run_is_refused(folder: Path, tmp_path: Path) -> None:
    result = call("compare", folder / "out" / "a", tmp_path, "--lang", "en")
    assert result.exit_code == 3
    assert "is not the folder of a finished run" in result.stderr and "run.json" in result.stderr


def test_broken_record_is_refused(folder: Path, tmp_path: Path) -> None:
    run = shutil.copytree(folder / "out" / "a", tmp_path / "run")
    (run / "run.json").write_text("{", encoding="utf-8")
    assert call("compare", folder / "out" / "a", run).exit_code == 3


@pytest.mark.parametrize("extra", [[], ["--out", "c.csv"]])
def test_one_run_or_a_wrong_ending_is_a_mistake_of_use(folder: Path, extra: list[str]) -> None:
    runs = [folder / "out" / "a"] * (1 if not extra else 2)
    assert call("compare", *runs, *extra).exit_code == 2


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_notebook_shows_the_words_of_the_command(
    compared: Comparison, folder: Path, lang: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = call("compare", folder / "out" / "a", folder / "out" / "b", "--lang", lang).stdout
    assert compared.said(lang) + "\n" == said
    monkeypatch.setenv("ALLOCATOR_LANG", lang)
    assert str(compared) == compared.said(lang)
    assert repr(compared) == str(compared) and "<table" in compared._repr_html_()


def test_files_of_a_notebook_are_those_of_the_command(compared: Comparison, folder: Path, tmp_path: Path) -> None:
    runs = [folder / "out" / name for name in "ab"]
    call("compare", *runs, "--out", tmp_path / "c.xlsx", "--figure", tmp_path / "c.png", "--lang", "en")
    assert (tmp_path / "c.xlsx").read_bytes() == compared.workbook("en")
    compared.figure("en").save(tmp_path / "d.png")
    assert (tmp_path / "c.png").read_bytes() == (tmp_path / "d.png").read_bytes()


def test_runs_in_memory_compare_as_their_folders_do(compared: Comparison, folder: Path) -> None:
    """One folder and one run; of the run the plan and the audit in memory are looked at."""
    run = allocator.load_run(folder / "out" / "b")
    found = allocator.compare([folder / "out" / "a", run], names=["a", "b"])
    for name in ("goals", "clauses", "units", "people"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(compared, name))
    assert found.said("en") == compared.said("en")
    assert allocator.compare([run, folder / "out" / "a"]).runs == ("other", "a")


def test_runs_of_one_name_are_told_apart(folder: Path) -> None:
    run = allocator.load_run(folder / "out" / "a")
    assert allocator.compare([run, run, folder / "out" / "b"]).runs == ("tiny (1)", "tiny (2)", "b")


def test_other_tables_of_a_run_in_memory_are_said(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    roster = tmp_path / "copy" / "data" / "tiny" / "cadres.csv"
    roster.write_bytes(roster.read_bytes().replace("北七".encode(), "北柒".encode()))
    other = allocator.plan(tmp_path / "copy" / "scenarios" / "tiny.toml")
    notes = [note.said("en") for note in allocator.compare([folder / "out" / "a", other]).notes]
    assert any("comes from other inputs than a: cadres" in note for note in notes)


@pytest.mark.parametrize(("count", "names", "said"), [(1, None, "at least two"), (2, ["a"], "1 name was given for 2")])
def test_too_few_runs_or_names_are_refused(folder: Path, count: int, names: list[str] | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        allocator.compare([folder / "out" / "a"] * count, names=names)


RATE = """
[[rules]]
id = "rate"
kind = "report"
measure = "rate"
title = "Share of the teams sent"
title_zh = "班子参训率"
audience.not.team_id = ""
"""


def test_shares_are_averaged_over_the_years_and_what_is_asked_for_comes_first(tmp_path: Path) -> None:
    """Eleven of tiny are in teams. A rate of four years together is their mean, as in the audit, and never above 100 %."""
    runs = []
    for name, more in (("tiny", ""), ("other", "[overrides.theory-quota]\namount = 1\n")):
        scenario = tmp_path / f"{name}.toml"
        base = (Path(__file__).parents[3] / "scenarios" / "tiny.toml").as_posix()
        scenario.write_text(f'extends = "{base}"\nid = "{name}"\n{more}{RATE}', encoding="utf-8")
        runs.append(allocator.plan(scenario))
    found = allocator.compare(runs)
    rate = found.clauses.set_index("rule_id").loc["rate"]
    assert rate["differ"]
    for run in runs:
        own = rate[f"achieved | {run.inputs.scenario.id}"]
        assert own == pytest.approx(run.audit["rate"].finding.achieved, abs=1e-4) and 0 < own < 1
    first = weightiest_first(found.clauses[found.clauses["differ"]])
    assert first["rule_id"].iat[0] == "theory-quota" and first["rule_id"].iat[-1] == "rate"
    counting = found.clauses[found.clauses["kind"].map(judges_seats)]
    assert not counting["differ"].any()  # Nothing is wrong with the seats of either plan.
    assert "班子参训率" in found.said("zh") and "%" in found.said("zh")


def test_marks_are_those_of_the_language(compared: Comparison) -> None:
    assert "违反硬性规定（人）" in compared.said("zh") and "Hard rules violated (people)" in compared.said("en")


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1, "people", ("1人", "1 person")), (2, "people", ("2人", "2 people")), (1, "hours", ("1学时", "1 hour")),
        (1234.5, "hours", ("1,234.5学时", "1,234.5 hours")), (1, "person-years", ("1人年", "1 person-year")),
    ],
)  # fmt: skip
def test_one_of_something_is_called_so(value: float, unit: str, said: tuple[str, str]) -> None:
    assert (counted(value, unit, Texts("zh")), counted(value, unit, Texts("en"))) == said
