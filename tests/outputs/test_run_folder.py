"""The run folder: whole or not at all, and never at the price of an older one."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from allocator.domain.errors import OutputError
from allocator.outputs import figures
from allocator.outputs import run_folder as folder_module
from allocator.outputs.run_folder import check_target, write_run
from allocator.outputs.units import write_units as work_module
from allocator.system import atomic_folder
from tests.outputs.builders import run

TOP = {"plan.csv", "seats.csv", "audit.csv", "overdue.csv", "owed.csv", "run.json", "scenario.toml", "inputs", "units", "figures", "report.html",
       *(f"dispatch-{year}.xlsx" for year in (2019, 2020, 2021, 2022))}  # fmt: skip


@pytest.fixture(autouse=True)
def one_figure_for_all(monkeypatch):
    """Drawing takes seconds and has tests of its own."""
    monkeypatch.setattr(figures, "draw", lambda _: [("figure.png", b"drawn")])


def contents(folder):
    """Every file below a folder with its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_folder_has_everything_the_contract_names(tmp_path):
    write_run(tmp_path / "a" / "out", *run().parts)
    assert {p.name for p in (tmp_path / "a" / "out").iterdir()} == TOP
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["out"]


def test_tables_open_in_excel_and_keep_ids(tmp_path):
    made = run()
    write_run(tmp_path / "out", *made.parts)
    for name in ("plan", "seats", "audit", "overdue", "owed", "units/index"):
        assert (tmp_path / "out" / f"{name}.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    plan = pd.read_csv(tmp_path / "out" / "plan.csv", dtype="str", keep_default_na=False)
    assert list(plan["cadre_id"]) == list(made.plan.placements["cadre_id"])
    audit = pd.read_csv(tmp_path / "out" / "audit.csv", dtype="str")
    assert list(audit.columns) == list(made.audit.table.columns) and len(audit) == len(made.audit.table)


def test_record_tells_goals_rules_hashes_and_memory(tmp_path):
    made = run()
    write_run(tmp_path / "out", *made.parts, extras={"command": "plan"})
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["goals"][1] == {
        "goal": "quota-shortfall", "sense": "min", "unit": "seats", "value": 100.0, "bound": 99.5, "gap": 0.005, "proven": False,
    }  # fmt: skip
    assert record["plan"]["sha256"] == made.plan.sha256
    assert record["inputs"] == {"cadres.csv": "0" * 64}
    assert record["rules"]["fifth"] == {"kind": "share-floor", "touched": 10}
    assert record["seconds"]["master"] == 1.25 and {"write-units", "write-page"} <= set(record["seconds"])
    assert record["seed"] == "seed" and record["command"] == "plan" and record["versions"]["python"]
    assert record["peak_memory_bytes"] is None or record["peak_memory_bytes"] > 1_000_000


def test_scenario_is_written_as_merged_with_origins(tmp_path):
    write_run(tmp_path / "out", *run().parts)
    text = (tmp_path / "out" / "scenario.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text) == {
        "id": "invented", "horizon": [2019, 2020, 2021, 2022], "limits": {"gap": 0.01}, "overrides": [{"rule": "school"}],
    }  # fmt: skip
    assert 'id = "invented" # invented.toml' in text


def test_scenario_names_its_files_as_seen_from_the_run_folder(tmp_path):
    inputs, plan, audit, result = run().parts
    tables = {"cadres": "../data/cadres.csv"}
    files = {"policy": tmp_path / "data" / "policy.toml", "cadres": tmp_path / "data" / "cadres.csv"}
    inputs = replace(inputs, merged={"policy": "policy.toml", "tables": tables}, files=files)
    write_run(tmp_path / "out" / "run", inputs, plan, audit, result)
    text = (tmp_path / "out" / "run" / "scenario.toml").read_text(encoding="utf-8")
    expected = {"policy": "../../data/policy.toml", "tables": {"cadres": "../../data/cadres.csv"}}
    assert tomllib.loads(text) == expected


def test_existing_folder_is_refused_and_left_alone(tmp_path):
    write_run(tmp_path / "out", *run().parts)
    before = contents(tmp_path / "out")
    with pytest.raises(OutputError, match="已存在"):
        write_run(tmp_path / "out", *run().parts)
    assert contents(tmp_path / "out") == before


def test_force_replaces_an_older_run(tmp_path):
    write_run(tmp_path / "out", *run(2).parts)
    write_run(tmp_path / "out", *run(3).parts, force=True)
    assert (tmp_path / "out" / "units" / "0410102.xlsx").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_force_never_removes_a_folder_that_is_no_run(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(OutputError, match="not a run folder"):
        write_run(tmp_path / "thesis", *run().parts, force=True, lang="en")
    assert contents(tmp_path / "thesis") == {"chapter.txt": b"years of work"}


def test_empty_folder_and_file_as_target(tmp_path):
    (tmp_path / "empty").mkdir()
    write_run(tmp_path / "empty", *run().parts)
    assert (tmp_path / "empty" / "run.json").exists()
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is not a folder"):
        check_target(tmp_path / "file", force=True)
    with pytest.raises(OutputError, match="is not a folder"):
        check_target(tmp_path / "file" / "below")


def test_link_to_a_folder_and_detours_lead_to_the_folder(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk", target_is_directory=True)
    write_run(tmp_path / "link" / "a" / ".." / "out", *run().parts)
    write_run(tmp_path / "link" / "out", *run(3).parts, force=True)
    assert (tmp_path / "link").is_symlink()
    assert [p.name for p in (tmp_path / "disk").iterdir()] == ["out"]
    assert (tmp_path / "disk" / "out" / "units" / "0410102.xlsx").exists()


NUMBERS = (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO)
STEPS = ("_tables", "_dispatch", "_figures", "page", "unit_files", "put_in_place")
FAILURES = [
    pytest.param(step, number, marks=[] if n == m % len(NUMBERS) and m % 2 else [pytest.mark.long])
    for m, step in enumerate(STEPS)
    for n, number in enumerate(NUMBERS)
]
"""Every second step fails in one way in ``make test``; all of them fail in all ways in ``make check-long``."""


@pytest.mark.parametrize(("step", "number"), FAILURES)
def test_failure_in_the_middle_leaves_nothing_and_keeps_the_old_run(tmp_path, monkeypatch, number, step):
    write_run(tmp_path / "out", *run(2).parts)
    before = contents(tmp_path / "out")

    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(atomic_folder if step == "put_in_place" else folder_module, step, fail)
    for target in ("out", "other"):
        with pytest.raises(OutputError, match="Nothing was left behind"):
            write_run(tmp_path / target, *run(3).parts, force=True, lang="en")
    assert contents(tmp_path / "out") == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_interrupt_leaves_nothing_half_written(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(folder_module, "unit_files", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_run(tmp_path / "out", *run().parts)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from allocator.outputs import run_folder as folder
from tests.outputs.builders import run

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

{patch}
folder.write_run(Path(sys.argv[1]), *run(3).parts, force=True)
"""
IN_THE_MIDDLE = "folder.unit_files = die"
BETWEEN_THE_MOVES = """
first = Path.rename
def rename(self, target):
    if ".partial-" in self.name:
        die()
    return first(self, target)
Path.rename = rename
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("patch", [BETWEEN_THE_MOVES, pytest.param(IN_THE_MIDDLE, marks=pytest.mark.long)])
def test_old_run_is_intact_after_a_kill(tmp_path, patch):
    out = tmp_path / "out"
    write_run(out, *run(2).parts)
    before = contents(out)
    root = Path(__file__).parents[2]
    script = KILLED.format(patch=patch)
    done = subprocess.run(
        [sys.executable, "-c", script, str(out)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'tests'}"},
    )
    assert done.returncode == -signal.SIGKILL
    with pytest.raises(OutputError, match="exists"):
        check_target(out)  # The next look mends what the kill left.
    assert contents(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_read_only_parent_is_refused_before_the_work(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="no permission"):
            check_target(tmp_path / "out")
    finally:
        tmp_path.chmod(0o700)


def test_progress_rises_to_one(tmp_path):
    shares = []
    write_run(tmp_path / "out", *run().parts, on_progress=lambda progress: shares.append(progress.done))
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 4


# ---------------------------------------------------------------------- several processes


def with_workers(made, workers):
    """The parts of a run whose scenario allows so many processes."""
    limits = made.inputs.scenario.limits.model_copy(update={"workers": workers})
    inputs = replace(made.inputs, scenario=made.inputs.scenario.model_copy(update={"limits": limits}))
    return inputs, *made.parts[1:]


def without_record(folder):
    """Every file but the record, which has the seconds."""
    return {name: content for name, content in contents(folder).items() if name != "run.json"}


@pytest.mark.long
@pytest.mark.parametrize("patience", [0.0, 2.0])
def test_files_are_the_same_whoever_writes_them(tmp_path, monkeypatch, patience):
    write_run(tmp_path / "alone" / "out", *with_workers(run(6), 1))
    monkeypatch.setattr(folder_module, "MANY", 1)
    here = []
    first = folder_module._Work.do

    def slowly(work, job):
        time.sleep(patience)  # Time for the helpers to do the rest.
        here.append(job.stage)
        return first(work, job)

    monkeypatch.setattr(folder_module._Work, "do", slowly)
    monkeypatch.setattr(work_module, "SHARE", 2)
    write_run(tmp_path / "shared" / "out", *with_workers(run(6), 3))
    alone, shared = without_record(tmp_path / "alone" / "out"), without_record(tmp_path / "shared" / "out")
    figures_drawn = {name for name in shared if name.startswith("figures/")}  # A helper knows of no patch.
    assert {n: c for n, c in shared.items() if n not in figures_drawn} == {
        n: c for n, c in alone.items() if not n.startswith("figures/")
    }
    assert figures_drawn and (len(here) < 10 if patience else here)


def test_memory_bounds_the_helpers(monkeypatch):
    monkeypatch.setattr(folder_module, "MANY", 1)
    counts = [folder_module._helpers_for(with_workers(run(), workers)[0]) for workers in (1, 2, 4, 64)]
    assert counts == [0, 1, 3, 3]
    monkeypatch.setattr(folder_module, "MANY", 300)
    assert folder_module._helpers_for(with_workers(run(), 4)[0]) == 0


SCRIPT = """
import sys
from dataclasses import replace
from pathlib import Path
from allocator.outputs import run_folder as folder
from tests.outputs.builders import run
print("planned")
folder.MANY = 1
made = run(6)
limits = made.inputs.scenario.limits.model_copy(update={"workers": 2})
inputs = replace(made.inputs, scenario=made.inputs.scenario.model_copy(update={"limits": limits}))
folder.write_run(Path(sys.argv[1]), inputs, *made.parts[1:])
"""


@pytest.mark.long
def test_script_without_a_guard_runs_once(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    root = Path(__file__).parents[2]
    path = f"{root}{os.pathsep}{root / 'tests'}"
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "out")],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=True,
    )  # fmt: skip
    assert done.stdout == "planned\n" and len(list((tmp_path / "out" / "units").glob("*.xlsx"))) == 6
