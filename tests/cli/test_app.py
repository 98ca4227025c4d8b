"""The commands as a planner meets them: results, exit codes, and a clear word for every mistake."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from allocator.answers import runs
from allocator.cli.app import app
from allocator.cli.options import Code
from allocator.outputs import figures

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")  # So that help is not broken in the middle of an example.


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A copy of the tiny scenario; its files may be changed."""
    shutil.copytree(ROOT / "data" / "tiny", tmp_path / "data" / "tiny")
    (tmp_path / "scenarios").mkdir()
    return Path(shutil.copy(ROOT / "scenarios" / "tiny.toml", tmp_path / "scenarios"))


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of the tiny scenario."""
    folder = tmp_path_factory.mktemp("planned") / "run"
    result = invoke("plan", ROOT / "scenarios" / "tiny.toml", "--out", folder, "--lang", "en")
    assert result.exit_code == Code.DONE, result.output
    return folder


@pytest.fixture(autouse=True)
def few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures, workbooks and the page take most of the time and have tests of their own; the run of ``planned`` has them all."""
    monkeypatch.setattr(figures, "draw", lambda _: [("figure.png", b"drawn")])
    monkeypatch.setattr("allocator.outputs.run_folder._dispatch", lambda *_: None)
    monkeypatch.setattr("allocator.outputs.run_folder.page", lambda _: "")


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# --- Results --------------------------------------------------------------------------------------------------------


def test_plan_writes_the_run_folder_and_prints_the_summary(planned: Path) -> None:
    names = {path.name for path in planned.iterdir()}
    assert {"plan.csv", "seats.csv", "audit.csv", "run.json", "scenario.toml", "units", "dispatch-2019.xlsx"} <= names
    assert (planned / "report.html").stat().st_size > 10_000 and list((planned / "figures").glob("*.png"))


def test_plan_prints_results_on_stdout_and_talk_on_stderr(tiny: Path, tmp_path: Path) -> None:
    result = invoke("plan", tiny, "--out", tmp_path / "run")
    assert result.exit_code == Code.DONE, result.output
    assert "■" in result.stdout
    assert str(tmp_path / "run") not in result.stdout
    assert str(tmp_path / "run") in result.stderr
    assert "solving" in result.stderr


def test_plan_writes_to_a_folder_named_after_the_scenario_by_default(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert invoke("plan", tiny, "--quiet").exit_code == Code.DONE
    assert (tmp_path / "out" / "tiny" / "plan.csv").is_file()


def test_plan_says_nothing_but_the_summary_when_quiet(tiny: Path, tmp_path: Path) -> None:
    result = invoke("plan", tiny, "--out", tmp_path / "run", "--quiet")
    assert result.stderr == ""
    assert "■" in result.stdout


def test_plan_shows_no_progress_when_told_so(tiny: Path, tmp_path: Path) -> None:
    result = invoke("plan", tiny, "--out", tmp_path / "run", "--no-progress")
    assert "solving" not in result.stderr
    assert str(tmp_path / "run") in result.stderr


def test_plan_json_holds_goals_rules_and_folder(tiny: Path, tmp_path: Path) -> None:
    result = invoke("plan", tiny, "--out", tmp_path / "run", "--json")
    record = json.loads(result.stdout)
    assert record["exit_code"] == result.exit_code == Code.DONE
    assert Path(record["out"]) == tmp_path / "run"
    assert record["goals"][0]["goal"] == "violation"
    assert {"value", "bound", "gap"} <= record["goals"][0].keys()
    assert {"rule_id", "required", "achieved", "status"} <= record["rules"][0].keys()
    assert record["peak_memory_bytes"] > 0


def test_plan_is_in_chinese_when_asked(tiny: Path, tmp_path: Path) -> None:
    result = invoke("plan", tiny, "--out", tmp_path / "run", "--lang", "zh")
    assert "微型" in result.stdout
    assert "结果在" in result.stderr


def test_seed_and_time_limit_of_the_command_line_reach_the_run(tiny: Path, tmp_path: Path) -> None:
    invoke("plan", tiny, "--out", tmp_path / "run", "--seed", "another", "--time-limit", "77")
    assert json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["seed"] == "another"
    assert "77" in (tmp_path / "run" / "scenario.toml").read_text(encoding="utf-8")


def test_check_says_that_the_rules_can_be_kept_and_writes_nothing(tiny: Path, tmp_path: Path) -> None:
    before = files_of(tmp_path)
    result = invoke("check", tiny)
    assert result.exit_code == Code.DONE, result.output
    assert "nothing found that cannot be kept" in result.stdout
    assert files_of(tmp_path) == before


def test_check_json_parses(tiny: Path) -> None:
    record = json.loads(invoke("check", tiny, "--json").stdout)
    assert record["ok"] is True
    assert record["exit_code"] == Code.DONE


def test_check_answers_4_when_a_quota_exceeds_the_seats(tiny: Path) -> None:
    rewrite(tiny.parent.parent / "data" / "tiny" / "policy.toml", "amount = 4\n", "amount = 4000\n")
    result = invoke("check", tiny)
    assert result.exit_code == Code.VIOLATION, result.output
    assert "theory-quota" in result.stdout


def test_plan_answers_4_and_writes_the_plan_of_least_violation(tiny: Path, tmp_path: Path) -> None:
    # About 4000 a year of eleven people: the plan sends whom it can, and the audit says by how much it falls short.
    rewrite(tiny.parent.parent / "data" / "tiny" / "policy.toml", "amount = 4\n", "amount = 4000\n")
    result = invoke("plan", tiny, "--out", tmp_path / "run", "--no-explain")
    assert result.exit_code == Code.VIOLATION, result.output
    with (tmp_path / "run" / "audit.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["rule_id"] == "theory-quota"]
    assert {row["status"] for row in rows} == {"breached"}
    assert all(float(row["shortfall"]) > 3000 for row in rows)


def test_audit_of_the_own_plan_finds_no_breach_and_names_every_rule(planned: Path) -> None:
    result = invoke("audit", ROOT / "scenarios" / "tiny.toml", planned / "plan.csv")
    assert result.exit_code == Code.DONE, result.output
    for rule in ("theory-quota", "team-fifth", "branch-admits"):
        assert rule in result.stdout


def test_audit_answers_6_when_a_hard_rule_is_breached(planned: Path, tmp_path: Path) -> None:
    lines = (planned / "plan.csv").read_text(encoding="utf-8-sig").splitlines()
    header, rows = lines[0], [line for line in lines[1:] if not line.startswith("2020,")]
    (tmp_path / "plan.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    result = invoke("audit", ROOT / "scenarios" / "tiny.toml", tmp_path / "plan.csv", "--json")
    assert result.exit_code == Code.BREACH, result.output
    record = json.loads(result.stdout)
    assert "team-fifth" in {row["rule_id"] for row in record["breaches"]}


def test_audit_answers_6_when_a_plan_names_somebody_unknown(planned: Path, tmp_path: Path) -> None:
    text = (planned / "plan.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    (tmp_path / "plan.csv").write_text(text.replace(f",{rows[0]['cadre_id']},", ",nobody,", 1), encoding="utf-8")
    assert invoke("audit", ROOT / "scenarios" / "tiny.toml", tmp_path / "plan.csv").exit_code == Code.BREACH


def test_audit_refuses_a_plan_with_a_bad_cell(planned: Path, tmp_path: Path) -> None:
    text = (planned / "plan.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    (tmp_path / "plan.csv").write_text(text.replace(rows[0]["start_date"], "2019-02-30", 1), encoding="utf-8")
    result = invoke("audit", ROOT / "scenarios" / "tiny.toml", tmp_path / "plan.csv")
    assert result.exit_code == Code.INPUT
    assert "plan.csv:2:start_date" in result.stderr


@pytest.mark.parametrize("plan", ["missing.csv", "."])
def test_audit_refuses_a_plan_file_that_is_not_there(plan: str, tmp_path: Path) -> None:
    result = invoke("audit", ROOT / "scenarios" / "tiny.toml", tmp_path / plan)
    assert result.exit_code in (Code.INPUT, Code.USAGE)
    assert "Traceback" not in result.output


def test_generate_makes_the_shipped_data(tmp_path: Path) -> None:
    assert invoke("generate", "tiny", "--out", tmp_path).exit_code == Code.DONE
    for name in ("units", "cadres", "history", "programmes", "sessions"):
        assert (tmp_path / f"{name}.csv").read_bytes() == (ROOT / "data" / "tiny" / f"{name}.csv").read_bytes()


@pytest.mark.parametrize("name", ["cadres.csv", "policy.toml", "scenario.toml"])
def test_generate_refuses_to_replace_files_without_force(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine", encoding="utf-8")
    result = invoke("generate", "tiny", "--out", tmp_path)
    assert result.exit_code == Code.USAGE and name.removesuffix(".csv") in result.stderr
    assert files_of(tmp_path) == {name: b"mine"}
    assert invoke("generate", "tiny", "--out", tmp_path, "--force").exit_code == Code.DONE


def test_generate_of_tables_only_leaves_the_policy_beside_them(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("mine", encoding="utf-8")
    assert invoke("generate", "tiny", "--out", tmp_path, "--tables-only").exit_code == Code.DONE
    assert (tmp_path / "policy.toml").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "scenario.toml").exists()


def test_generate_refuses_people_for_the_tiny_size(tmp_path: Path) -> None:
    result = invoke("generate", "tiny", "--out", tmp_path / "data", "--people", "9")
    assert result.exit_code == Code.USAGE
    assert not (tmp_path / "data").exists()


# --- Usage ----------------------------------------------------------------------------------------------------------


def test_generate_names_the_scenario_that_it_cannot_scale(tmp_path: Path) -> None:
    args = ("generate", "one-prefecture", "--out", tmp_path / "data", "--people", "1500", "--scenario")
    result = invoke(*args, tmp_path / "none.toml")
    assert result.exit_code == Code.USAGE and "--scenario" in result.stderr and not (tmp_path / "data").exists()
    assert invoke(*args, ROOT / "scenarios" / "one-prefecture.toml", "--format", "parquet").exit_code == Code.DONE
    assert {path.name for path in (tmp_path / "data").iterdir() if path.suffix == ".toml"} == {"scenario.toml"}
    assert (tmp_path / "data" / "cadres.parquet").exists()


@pytest.mark.parametrize("command", ["plan", "check", "audit", "generate"])
def test_help_of_a_command_shows_an_example(command: str) -> None:
    result = invoke(command, "--help")
    assert result.exit_code == 0
    assert f"Example: allocator {command} " in result.stdout


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_is_printed(option: str) -> None:
    assert invoke(option).stdout.startswith("allocator ")


def test_completion_can_be_installed() -> None:
    assert "--install-completion" in invoke("--help").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["plam"],
        ["plan"],
        ["plan", "x.toml", "--speed", "9"],
        ["plan", "x.toml", "--lang", "fr"],
        ["plan", "x.toml", "--time-limit", "0"],
        ["plan", "x.toml", "--time-limit", "soon"],
        ["generate", "huge", "--out", "x"],
        ["generate", "tiny"],
    ],
    ids=" ".join,
)
def test_misunderstood_command_answers_2(arguments: list[str]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == Code.USAGE
    assert "Traceback" not in result.output


def test_plan_refuses_an_existing_folder_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "letter.txt").write_text("mine", encoding="utf-8")
    result = invoke("plan", tmp_path / "no-such-scenario.toml", "--out", tmp_path / "run")
    assert result.exit_code == Code.USAGE
    assert str(tmp_path / "run") in result.stderr.replace("\n", "")
    assert files_of(tmp_path / "run") == {"letter.txt": b"mine"}


def test_plan_never_replaces_a_folder_that_is_no_run_even_with_force(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "letter.txt").write_text("mine", encoding="utf-8")
    assert invoke("plan", tiny, "--out", tmp_path / "run", "--force").exit_code == Code.USAGE
    assert files_of(tmp_path / "run") == {"letter.txt": b"mine"}


def test_plan_replaces_an_older_run_with_force(tiny: Path, tmp_path: Path, planned: Path) -> None:
    shutil.copytree(planned, tmp_path / "run")
    assert invoke("plan", tiny, "--out", tmp_path / "run").exit_code == Code.USAGE
    assert invoke("plan", tiny, "--out", tmp_path / "run", "--force").exit_code == Code.DONE


def test_unknown_font_is_refused_before_the_work(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "plan", _crash)
    result = invoke("plan", tiny, "--out", tmp_path / "run", "--font", "DejaVu Sanz", "--lang", "en")
    assert result.exit_code == Code.USAGE
    assert "no font called DejaVu Sanz is installed; there is DejaVu Sans" in result.stderr
    assert not (tmp_path / "run").exists()


def test_figures_in_english_for_want_of_a_font_are_told_loudly(tiny: Path, tmp_path: Path) -> None:
    result = invoke("plan", tiny, "--out", tmp_path / "run", "--font", "DejaVu Sans", "--lang", "zh", "--json")
    assert result.exit_code == Code.DONE
    assert "--font" in result.stderr
    assert "--font" in json.loads(result.stdout)["messages"][-1]


# --- Failures of the program ----------------------------------------------------------------------------------------


def _crash(*_: object, **__: object) -> None:
    raise ZeroDivisionError("three\nlines\nlong")


def test_crash_answers_1_and_says_how_to_report(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "plan", _crash)
    result = invoke("plan", tiny, "--out", tmp_path / "run")
    assert result.exit_code == Code.CRASH
    assert "ZeroDivisionError (plan.py:" in result.stderr
    assert "three" not in result.stderr  # It might be somebody's name.
    assert "--debug" in result.stderr
    assert "Traceback" not in result.stderr


def test_crash_shows_its_trace_with_debug(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "plan", _crash)
    result = invoke("plan", tiny, "--out", tmp_path / "run", "--debug")
    assert result.exit_code == Code.CRASH
    assert "Traceback" in result.stderr


def test_interrupted_run_keeps_the_best_plan_and_answers_130(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.plan

    def interrupted(*arguments: object, **options: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        assert options["stop"].wait(20)  # type: ignore[attr-defined]
        return run(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "plan", interrupted)
    result = invoke("plan", tiny, "--out", tmp_path / "run")
    assert result.exit_code == Code.INTERRUPTED, result.output
    assert "Ctrl-C once more" in result.stderr
    assert (tmp_path / "run" / "plan.csv").is_file()


# --- Bad input: each mistake has a place, nothing is written, and there is never a trace ------------------------------


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8-sig")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def save(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def set_cell(table: str, column: str, value: str, row: int = 2) -> Callable[[Path], str]:
    """Change one cell, counted as a spreadsheet does, and give back the place the message must name."""

    def change(data: Path) -> str:
        rows = rows_of(data / f"{table}.csv")
        rows[row - 1][rows[0].index(column)] = value
        save(data / f"{table}.csv", rows)
        return f"{table}.csv:{row}:{column}"

    return change


def rename_column(table: str, column: str, new: str) -> Callable[[Path], str]:
    def change(data: Path) -> str:
        rows = rows_of(data / f"{table}.csv")
        rows[0][rows[0].index(column)] = new
        save(data / f"{table}.csv", rows)
        return f"{table}.csv:1:{column}"

    return change


def double_row(table: str, column: str) -> Callable[[Path], str]:
    def change(data: Path) -> str:
        rows = rows_of(data / f"{table}.csv")
        save(data / f"{table}.csv", [*rows, rows[1]])
        return f"{table}.csv:{len(rows) + 1}:{column}"

    return change


def move_team_member(data: Path) -> str:
    rows = rows_of(data / "cadres.csv")
    team, unit = rows[0].index("team_id"), rows[0].index("unit_id")
    first = next(row for row in rows[1:] if row[team])
    other = next(row for row in rows[1:] if row[team] and row[team] != first[team])
    other_place = rows.index(other) + 1
    other[unit] = first[unit]
    save(data / "cadres.csv", rows)
    return f"cadres.csv:{other_place}:"


def end_before_start(data: Path) -> str:
    rows = rows_of(data / "sessions.csv")
    start, end = rows[0].index("start_date"), rows[0].index("end_date")
    rows[1][start], rows[1][end] = rows[1][end], rows[1][start]
    save(data / "sessions.csv", rows)
    return "sessions.csv:2:end_date"


def in_policy(old: str, new: str, key: str = "") -> Callable[[Path], str]:
    """Change the policy; the message must name the line of ``new``, or a line after it, and the key."""

    def change(data: Path) -> str:
        rewrite(data / "policy.toml", old, new)
        return f"policy.toml:*:{key}"

    return change


def add_rule(text: str, key: str = "") -> Callable[[Path], str]:
    def change(data: Path) -> str:
        with (data / "policy.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[[rules]]\nid = "added"\ntitle = "Added"\ntitle_zh = "新增"\n{text}\n')
        return f"policy.toml:*:{key}"

    return change


def call_up_twice(data: Path) -> str:
    """The same person is named for a session and forbidden to attend it."""
    cadre = rows_of(data / "cadres.csv")[1][rows_of(data / "cadres.csv")[0].index("cadre_id")]
    session = rows_of(data / "sessions.csv")[1][rows_of(data / "sessions.csv")[0].index("session_id")]
    pair = f'cadre_id = "{cadre}", session_id = "{session}"'
    return add_rule(f'kind = "fixed"\ncall_ups = [{{ {pair} }}]\nforbidden = [{{ {pair} }}]')(data)


def break_encoding(data: Path) -> str:
    text = (data / "cadres.csv").read_text(encoding="utf-8-sig")
    (data / "cadres.csv").write_bytes(text.replace(rows_of(data / "cadres.csv")[1][1], "张三", 1).encode("gb18030"))
    return "cadres.csv:"


def merge_headings(data: Path) -> str:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "cadres"
    for row in rows_of(data / "cadres.csv"):
        sheet.append(row)
    sheet.merge_cells("B1:C1")
    book.save(data / "cadres.xlsx")
    (data / "cadres.csv").unlink()
    return "cadres.xlsx"


def empty_file(data: Path) -> str:
    (data / "cadres.csv").write_bytes(b"")
    return "cadres.csv:"


BAD_INPUT = {
    "wrong column": rename_column("cadres", "rank", "rnak"),
    "missing file": lambda data: ((data / "units.csv").unlink(), "units")[1],
    "unknown id": set_cell("cadres", "unit_id", "nowhere"),
    "doubled id": double_row("cadres", "cadre_id"),
    "doubled session": double_row("sessions", "session_id"),
    "no seats": set_cell("sessions", "seats", "0"),
    "seats in words": set_cell("sessions", "seats", "twenty"),
    "date that does not exist": set_cell("sessions", "start_date", "2019-02-30"),
    "end before start": end_before_start,
    "unknown programme": set_cell("sessions", "programme_id", "no-such-course"),
    "team member of another unit": move_team_member,
    "neither true nor false": set_cell("cadres", "principal", "perhaps"),
    "filter on a missing column": add_rule('kind = "eligibility"\naudience = { colour = "red" }', "rules"),
    "audience is empty": add_rule('kind = "eligibility"\naudience = { category = "astronaut" }'),
    "share above one": in_policy('share = "1/5"', "share = 1.2", "rules"),
    "unknown key": in_policy("amount = 4\n", "amuont = 4\n", "rules"),
    "unknown kind": in_policy('kind = "share-floor"', 'kind = "share-flor"', "rules"),
    "fixed pairs that contradict": call_up_twice,
    "broken policy": in_policy("[[rules]]", "[[rules]", ""),
    "wrong encoding": break_encoding,
    "merged headings": merge_headings,
    "empty file": empty_file,
}


@pytest.mark.parametrize("case", BAD_INPUT)
@pytest.mark.parametrize("command", ["plan", "check"])
def test_bad_input_is_refused_with_its_place(case: str, command: str, tiny: Path, tmp_path: Path) -> None:
    place = BAD_INPUT[case](tmp_path / "data" / "tiny")
    before = files_of(tmp_path)
    result = invoke(command, tiny, *(["--out", tmp_path / "run"] if command == "plan" else []))
    assert result.exit_code == Code.INPUT, result.output
    file, _, rest = place.partition(":*:")
    assert any(file in line and rest in line for line in result.stderr.splitlines()), (place, result.stderr)
    assert "hint: " in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert files_of(tmp_path) == before


def test_defects_of_all_files_are_listed_at_once_with_json(tiny: Path, tmp_path: Path) -> None:
    data = tmp_path / "data" / "tiny"
    places = [set_cell("sessions", "seats", "0")(data), set_cell("cadres", "principal", "perhaps")(data)]
    result = invoke("check", tiny, "--json")
    record = json.loads(result.stdout)
    assert record["exit_code"] == result.exit_code == Code.INPUT
    found = [f"{Path(one['file']).name}:{one['row']}:{one['column']}" for one in record["defects"]]
    assert sorted(found) == sorted(places)
    assert all(one["hint"] and one["code"] for one in record["defects"])


def test_defects_are_introduced_in_chinese_when_asked(tiny: Path, tmp_path: Path) -> None:
    set_cell("sessions", "seats", "0")(tmp_path / "data" / "tiny")
    assert "未写任何文件" in invoke("check", tiny, "--lang", "zh").stderr


@pytest.mark.parametrize("content", [b"id = ", b"\xff\xfe\x00", b"", b'id = "x"\nhorizon = "soon"\n', b"colour = 1\n"])
def test_bad_scenario_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(content)
    result = invoke("plan", tmp_path / "bad.toml", "--out", tmp_path / "run")
    assert result.exit_code == Code.INPUT
    assert "bad.toml" in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_missing_scenario_is_refused(name: str, tmp_path: Path) -> None:
    result = invoke("check", tmp_path / name)
    assert result.exit_code == Code.INPUT
    assert "Traceback" not in result.output


# --- The command itself ---------------------------------------------------------------------------------------------


def run_program(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "allocator", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)


def test_program_answers_with_the_exit_code(tiny: Path, tmp_path: Path) -> None:
    set_cell("sessions", "seats", "0")(tmp_path / "data" / "tiny")
    finished = run_program("check", tiny, cwd=tmp_path)
    assert finished.returncode == Code.INPUT
    assert "sessions.csv:2:seats" in finished.stderr


@pytest.mark.parametrize("command", ["check", pytest.param("plan", marks=pytest.mark.long)])
def test_program_survives_a_terminal_without_chinese(command: str, tiny: Path, tmp_path: Path) -> None:
    out = ["--out", "run"] if command == "plan" else []
    finished = run_program(command, tiny, *out, "--lang", "zh", cwd=tmp_path)
    assert finished.returncode == Code.DONE, finished.stderr
