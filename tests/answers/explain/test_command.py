"""``allocator explain``: the words, the exit codes, the scenario that reproduces an answer, and run folders that do not fit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import allocator
from allocator.answers import runs
from allocator.cli.app import app
from allocator.inputs import load


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


@pytest.fixture
def run(sample: Path) -> Path:
    return sample / "out" / "tiny"


def test_why_is_told_for_several_people_in_the_order_asked(run: Path) -> None:
    result = call(run, "--cadre", "S3", "-c", "N7", "-c", "S3", "--lang", "en")
    assert result.exit_code == 0
    heads = [line for line in result.stdout.splitlines() if line.startswith("■ Why")]
    assert [head.split()[2] for head in heads] == ["S3", "N7"]
    assert "5 All staff once in the four years: not yet in the years counted, by 2022, settled here" in result.stdout


def test_rule_that_forbids_is_named_with_its_clause_in_both_languages(run: Path) -> None:
    english = call(run, "-c", "N6", "--not-in", "theory-2019a", "--lang", "en").stdout
    assert "11 N6 is not sent to the theory course in 2019: named as not to be sent" in english
    assert "9 Rest, repeats and classes a year" in english and "see 2017-04-10 theory-course" in english
    chinese = call(run, "-c", "N6", "--not-in", "theory-2019a", "--lang", "zh").stdout
    assert "11 N6 2019年不参加理论班：点名不派" in chinese and "9 间隔、重复与年度班次：同一项目" in chinese


@pytest.mark.parametrize(
    ("asked", "english", "chinese"),
    [
        ("theory-2019a", "is not in theory-2019a", "）为什么不在 theory-2019a 里"),
        ("2019", "is not in 2019", "）为什么不在 2019年的班次里"),
        ("theory-course", "is not in Theory course (theory-course)", "）为什么不在 理论班（theory-course）里"),
        (
            "theory-course@2019",
            "is not in Theory course (theory-course) in 2019",
            "）为什么不在 2019年的理论班（theory-course）里",
        ),
    ],
)
def test_what_was_asked_about_is_called_by_name(run: Path, asked: str, english: str, chinese: str) -> None:
    heads = [call(run, "-c", "N6", "--not-in", asked, "--lang", lang).stdout.splitlines()[0] for lang in ("en", "zh")]
    assert heads[0].endswith(english) and heads[1].endswith(chinese)


@pytest.mark.long
def test_everything_is_said_in_the_readers_language(run: Path) -> None:
    english, chinese = (call(run, "-c", "N4", "--lang", lang).stdout for lang in ("en", "zh"))
    assert "(北四, North unit, team N-team)" in english and "北方单位" not in english  # People have one name.
    assert "the last on 2017-04-10: Theory course (theory-course)" in english
    assert "North unit (N-team) sends 4 of 6" in english and "北方单位（N-team）" in chinese
    assert "[theory, party spirit]" in english and "［理论、党性］" in chinese
    assert "theory、" not in chinese and "+1 people" not in english and " 学时" not in chinese


def test_whom_a_programme_is_for_is_told_to_who_is_not_admitted(run: Path) -> None:
    text = call(run, "-c", "N7", "--not-in", "theory-course", "--lang", "en").stdout
    assert "the programme is for: 1 Theory course: about 4 of the teams a year" in text
    assert "8 sessions: 0 do not admit this person, 8 are forbidden, 0 tried, 0 not tried" in text


def test_who_is_there_is_told_so(run: Path) -> None:
    text = call(run, "-c", "S3", "--not-in", "2020", "--lang", "en").stdout
    assert "He or she is: theory-2020a" in text


def test_counterfactual_tells_goals_and_people_and_its_scenario_gives_the_same_plan(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "seat.toml"
    question = (run, "-c", "N1", "--not-in", "skills-2019a", "--lang", "en", "--write-scenario", file, "--no-progress")
    result = call(*question)
    assert result.exit_code == 0, result.output
    # One class of 52.5 hours goes to somebody who owes nothing, proven to be the least.
    assert "Still owed at the end +52 hours, proven to be unavoidable" in result.stdout
    assert "Still owed at the end: 132 → 184 (+52 hours)" in result.stdout
    asked = allocator.explain(allocator.load_run(run), "N1", not_in="skills-2019a")
    assert asked.run is not None and asked.said("en") in result.stdout
    again = runs.plan(file)
    assert again.plan.to_csv() == asked.run.plan.to_csv()
    assert again.audit.goals == asked.run.audit.goals
    assert load(file).scenario.title_zh == "N1 参加 skills-2019a（如果）"
    assert call(*question).exit_code == 2  # The file is there.
    assert call(*question, "--force").exit_code == 0


@pytest.mark.long
def test_everybody_whose_classes_differ_is_named(run: Path) -> None:
    result = call(run, "-c", "N1", "--not-in", "skills-2019a", "--json", "--quiet")
    record = json.loads(result.stdout)["answers"][0]
    finished = allocator.load_run(run)
    asked = allocator.explain(finished, "N1", not_in="skills-2019a")
    assert asked.run is not None
    seats = [
        set(zip(plan.placements["cadre_id"], plan.placements["session_id"], strict=True))
        for plan in (finished.plan, asked.run.plan)
    ]
    assert {row["cadre_id"] for row in record["people"]} == {cadre for cadre, _ in seats[0] ^ seats[1]}
    assert record["outcome"] == "worse" and record["session_id"] == "skills-2019a"
    assert record["changes"]["rules"][0]["call_ups"] == [{"cadre_id": "N1", "session_id": "skills-2019a"}]


def test_json_of_why_has_every_table(run: Path) -> None:
    record = json.loads(call(run, "-c", "N3", "--json").stdout)["answers"][0]
    assert record["person"]["cadre_id"] == "N3"
    for name in ("seats", "record", "account", "served", "offers", "emptied", "queue", "next", "measures", "causes"):
        assert name in record, name


def test_nothing_is_written_when_no_plan_has_the_seat(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "none.toml"
    result = call(run, "-c", "N6", "--not-in", "theory-2019a", "--write-scenario", file, "--lang", "en")
    assert result.exit_code == 0 and not file.exists()
    assert "no plan with that seat was found" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said", "hint"),
    [
        (("-c", "S33"), "there is no 'S33' on the roster", "did you mean 'S3'?"),
        (("-c", "北一"), "there is no '北一' on the roster", "that is a name; write the id: N1"),
        (("-c", "N1", "--not-in", "theory-2019x"), "'theory-2019x' is no session, programme or year", "theory-2019a"),
        (("-c", "N1", "--not-in", "2024"), "'2024' is not a year of the plan", "2019, 2020, 2021, 2022"),
        (("-c", "N1", "--not-in", "theory-course@2024"), "'2024' is not a year of the plan", "2019"),
        (("-c", "N1", "--not-in", "theory-corse@2020"), "'theory-corse@2020' is no session", "theory-course"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_nearest(
    run: Path, arguments: tuple[str, ...], said: str, hint: str
) -> None:
    result = call(run, *arguments, "--lang", "en")
    assert result.exit_code == 3 and said in result.stderr and hint in result.stderr
    assert "Traceback" not in result.output and not result.stdout


def test_everything_that_does_not_exist_is_refused_at_once(run: Path) -> None:
    result = call(run, "-c", "N1", "-c", "X9", "-c", "S33", "--not-in", "nothing", "--lang", "en", "--json")
    defects = json.loads(result.stdout)["defects"]
    assert result.exit_code == 3 and [one["code"] for one in defects] == ["unknown-cadre"] * 2 + ["unknown-target"]


@pytest.mark.usefixtures("no_figures")
def test_session_of_a_year_that_is_not_planned_is_refused(own_sample: Path) -> None:
    scenario = own_sample / "scenarios" / "first.toml"
    scenario.write_text('extends = "tiny.toml"\nid = "first"\nhorizon = [2019, 2020]\n', encoding="utf-8")
    runs.write(runs.plan(scenario), own_sample / "out" / "first", lang="en", force=True)
    result = call(own_sample / "out" / "first", "-c", "N1", "--not-in", "theory-2022a", "--lang", "en")
    assert result.exit_code == 3 and "session theory-2022a is in 2022, which is not a year of the plan" in result.stderr


def test_a_scenario_is_written_for_one_question_only(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    assert call(run, "-c", "N1", "--write-scenario", file).exit_code == 2
    assert call(run, "-c", "N1", "-c", "N2", "--not-in", "2020", "--write-scenario", file).exit_code == 2
    assert call(run, "-c", "N1", "--not-in", "2020", "--write-scenario", tmp_path / "a.txt").exit_code == 2


def test_run_folder_from_other_inputs_is_refused_with_the_files(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample, tmp_path / "copy")
    run = tmp_path / "copy" / "out" / "tiny"
    assert call(run, "-c", "N7", "--quiet").exit_code == 0  # Moved as a whole it is as good as before.
    roster = tmp_path / "copy" / "data" / "tiny" / "cadres.csv"
    roster.write_bytes(roster.read_bytes().replace("北七".encode(), "北柒".encode()))
    result = call(run, "-c", "N1", "--lang", "en")
    assert result.exit_code == 3 and "cadres.csv" in result.stderr
    assert "is not the one that" in result.stderr and "programmes.csv" not in result.stderr
    with pytest.raises(allocator.InputError, match="this file of cadres is not the one"):
        allocator.load_run(run)


def _one_less(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[:-1])


EDITS: dict[str, tuple[str, Callable[[str], str]]] = {
    "plan-edited": ("plan.csv", _one_less),
    "scenario-edited": ("scenario.toml", lambda text: text.replace("2022", "2021", 1)),
    "no-toml": ("scenario.toml", lambda text: text + "\n[["),
}


@pytest.mark.parametrize("edit", EDITS)
def test_file_of_a_run_folder_changed_by_hand_is_refused_everywhere(sample: Path, tmp_path: Path, edit: str) -> None:
    shutil.copytree(sample, tmp_path / "copy")
    run = tmp_path / "copy" / "out" / "tiny"
    name, change = EDITS[edit]
    text = (run / name).read_text(encoding="utf-8-sig")
    assert change(text) != text
    (run / name).write_text(change(text), encoding="utf-8-sig" if name == "plan.csv" else "utf-8")
    other = sample / "out" / "tiny"
    asked: dict[str, list[object]] = {
        "explain": [run, "-c", "N1"], "shadow": [run, "--list"], "compare": [other, run], "export": [run, "--unit", "N"],
    }  # fmt: skip
    for command, arguments in asked.items():
        result = CliRunner().invoke(app, [command, *map(str, arguments), "--lang", "en"])
        assert (result.exit_code, result.stdout) == (3, ""), command
        assert f"{name}: this file was changed after the run" in result.stderr, command
    assert "用 allocator" in call(run, "-c", "N1", "--lang", "zh").stderr


def test_plan_saved_in_another_encoding_is_refused_as_changed(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample, tmp_path / "copy")
    run = tmp_path / "copy" / "out" / "tiny"
    text = (run / "plan.csv").read_text(encoding="utf-8-sig")
    (run / "plan.csv").write_text(text.replace("N-team", "北方班子"), encoding="gb18030")
    result = call(run, "-c", "N1", "--lang", "en")
    assert result.exit_code == 3 and "plan.csv: this file was changed after the run" in result.stderr


def test_layout_line_ends_and_places_of_a_run_folder_do_not_matter(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample, tmp_path / "copy")
    run = tmp_path / "copy" / "out" / "tiny"
    for name in ("plan.csv", "scenario.toml"):
        file = run / name
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    text = (run / "scenario.toml").read_text(encoding="utf-8")
    assert "../../data/tiny" in text
    moved = text.replace("../../data/tiny", (tmp_path / "copy" / "data" / "tiny").as_posix())
    (run / "scenario.toml").write_text("# moved\n" + moved, encoding="utf-8")
    assert call(run, "-c", "N7", "--quiet").exit_code == 0


def test_run_folder_without_hashes_of_its_own_files_is_read_as_before(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample, tmp_path / "copy")
    run = tmp_path / "copy" / "out" / "tiny"
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    del record["scenario_sha256"], record["plan"]["sha256"]
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    (run / "plan.csv").write_text(_one_less((run / "plan.csv").read_text(encoding="utf-8-sig")), encoding="utf-8-sig")
    result = call(run, "-c", "N7", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("missing", ["run.json", "plan.csv", "scenario.toml"])
def test_folder_that_is_no_run_is_refused(sample: Path, tmp_path: Path, missing: str) -> None:
    shutil.copytree(sample, tmp_path / "copy")
    run = tmp_path / "copy" / "out" / "tiny"
    (run / missing).unlink()
    result = call(run, "-c", "N1", "--lang", "en")
    assert result.exit_code == 3 and missing in result.stderr and "Traceback" not in result.output


def test_broken_record_is_refused(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample, tmp_path / "copy")
    run = tmp_path / "copy" / "out" / "tiny"
    (run / "run.json").write_text("{}", encoding="utf-8")
    result = call(run, "-c", "N1", "--lang", "en")
    assert result.exit_code == 3 and "cannot be read" in result.stderr


def test_answer_shows_itself_in_a_notebook(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_LANG", "zh")
    found = allocator.explain(allocator.load_run(run), "N7")
    assert str(found) == found.said("zh") and "为什么是 N7" in str(found)
    assert ">■ 为什么是 N7" in found._repr_html_()
