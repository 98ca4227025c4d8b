"""``allocator sweep``: every point is the plan of its scenario, whoever plans it; nothing that is finished is lost."""

from __future__ import annotations

import gc
import io
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import openpyxl
import pandas as pd
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from allocator.answers.runs import plan
from allocator.answers.sweep import Progress, Sweep, point, sweep
from allocator.answers.sweep.axes import axes_of, grid, parse
from allocator.answers.sweep.pareto import between, ends, marked, pair_of
from allocator.answers.sweep.phrases import outcome
from allocator.answers.sweep.point import Base, Task, from_toml, run_from_record, run_to_record, to_toml
from allocator.answers.sweep.run_locally import run_locally
from allocator.answers.sweep.scenario_bundle import packed, unpacked
from allocator.answers.sweep.tables import SweepTables
from allocator.answers.sweep.text import _open
from allocator.answers.sweep.worker import Worker
from allocator.cli.app import app
from allocator.domain.errors import InputError, OutputError, UsageError
from allocator.inputs import changed, load
from allocator.language.texts import Texts

ROOT = Path(__file__).parents[3]
ASKED = [
    "sweep",
    ROOT / "scenarios" / "tiny.toml",
    "--vary",
    "quota.theory-quota=2:6:2",
    "--vary",
    "share.team-fifth=1/5",
]
VARY = ["quota.theory-quota=2:6:2", "share.team-fifth=1/5,abc"]

pytestmark = pytest.mark.usefixtures("no_processes", "no_figures")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """The scenario ``tiny`` with its tables, free to be changed."""
    (tmp_path / "scenarios").mkdir()
    shutil.copytree(ROOT / "data" / "tiny", tmp_path / "data" / "tiny")
    return Path(shutil.copy(ROOT / "scenarios" / "tiny.toml", tmp_path / "scenarios"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep")


@pytest.fixture(scope="module")
def local(folder: Path, no_processes: None) -> Sweep:  # noqa: ARG001
    """Three quotas with a share that is one and one that is none: six points."""
    return sweep(ROOT / "scenarios" / "tiny.toml", VARY, out=folder / "local", lang="en")


@pytest.fixture
def own(local: Sweep, tmp_path: Path) -> Path:
    """A copy of the folder of ``local``, free to be changed."""
    assert local.folder is not None
    return Path(shutil.copytree(local.folder, tmp_path / "own"))


# ------------------------------------------------------------------ what is varied


@pytest.mark.parametrize(
    ("given_text", "key", "values"),
    [
        ("quota.a=150:300:25", "overrides.a.amount", (150, 175, 200, 225, 250, 275, 300)),
        ("quota.a=3:1:-1", "overrides.a.amount", (3, 2, 1)),
        ("quota.a=1:6:2", "overrides.a.amount", (1, 3, 5)),  # A range ends where a step does.
        ("quota.a=7", "overrides.a.amount", (7,)),
        ("quota.a=1，3：5", "overrides.a.amount", (1, 3, 4, 5)),  # As Chinese keyboards type it.
        ("quota.a=1,1,1:2", "overrides.a.amount", (1, 2)),
        ("share.a=1/10:1/4:1/20", "overrides.a.share", ("1/10", "3/20", "1/5", "1/4")),
        ("limits.gap=0.1:0.3:0.1", "limits.gap", (0.1, 0.2, 0.3)),
        ("overrides.a.strength=hard,soft", "overrides.a.strength", ("hard", "soft")),
        ("overrides.a.admits=true,false", "overrides.a.admits", (True, False)),
        ("horizon=[2019,2020],[2019]", "horizon", ([2019, 2020], [2019])),
        ("seed='a,b',c", "seed", ("a,b", "c")),
    ],
)
def test_values_are_read_as_they_are_written(given_text: str, key: str, values: tuple[object, ...]) -> None:
    axis = parse(given_text, 100)
    assert (axis.key, axis.values) == (key, values)


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        (["quota.a"], "is not understood"),
        (["=3"], "is not understood"),
        (["quota.a="], "has no values"),
        (["quota.a=5:1"], "holds no value"),
        (["quota.a=1:5:0"], "holds no value"),
        (["quota.a=1:1000000000"], "1000000000 points are more than 50"),
        (["quota.a=1", "overrides.a.amount=2"], "is varied twice"),
        ({"quota.a": []}, "has no values"),
        ({"quota.a": range(10**12)}, "more than 50 values"),
    ],
)
def test_what_cannot_be_varied_is_refused(vary: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        axes_of(vary, 50)


def test_grid_of_too_many_points_is_refused_before_it_is_made() -> None:
    axes = axes_of({key: range(1000) for key in "abcdef"}, 1000)
    with pytest.raises(UsageError, match=f"{10**18} points are more than 1000"):
        grid(axes, 1, 1000)
    assert len(list(grid(axes[:1], 1, 1000))) == 1000  # The nearest that passes.


def test_values_of_a_notebook_are_those_of_the_command_line() -> None:
    from_notebook = axes_of({"quota.a": range(1, 4), "share.b": np.array([0.5])}, 10)
    assert from_notebook == axes_of(["quota.a=1:3", "share.b=0.5"], 10)


plain = (
    st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.text(max_size=6)
    | st.dates()
)
values = (
    plain
    | st.lists(plain, max_size=3)
    | st.dictionaries(st.text(min_size=1, max_size=4), plain | st.lists(plain, max_size=2), max_size=3)
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(["seed", "limits.gap", "overrides.a.note"]), values))
def test_changes_survive_the_way_to_a_worker(wanted: dict[str, object]) -> None:
    assert from_toml(to_toml(wanted)) == wanted


# ------------------------------------------------------------------ points


def test_every_point_is_the_plan_of_its_written_scenario(local: Sweep) -> None:
    written = sorted((local.folder / "scenarios").glob("*.toml"))  # type: ignore[operator]
    assert len(written) == 3
    for _, task, record in local.finished:
        if record["goals"]:
            run = plan(local.folder / "scenarios" / f"{task.name}.toml")  # type: ignore[operator]
            assert run.plan.sha256 == record["plan_sha256"]
            assert [goal.value for goal in run.result.goals] == [goal["value"] for goal in record["goals"]]
            assert [goal.bound for goal in run.result.goals] == [goal["bound"] for goal in record["goals"]]
            assert run.audit.rules["achieved"].isna().sum() == sum(rule["achieved"] is None for rule in record["rules"])


def test_a_bad_value_is_a_row_and_spoils_no_other(local: Sweep) -> None:
    table = local.points.set_index(["quota.theory-quota", "share.team-fifth"])
    assert list(table.xs("1/5", level=1)["exit_code"]) == [0, 0, 4]
    bad = table.xs("abc", level=1)
    assert list(bad["exit_code"]) == [3, 3, 3] and bad["violation"].isna().all()
    assert all("'abc' is not a share" in message for message in bad["message"])
    assert local.exit_code == 3 and len(local.points) == 6


def test_tables_tell_what_the_points_tell(local: Sweep) -> None:
    assert local.folder is not None
    written = pd.read_csv(local.folder / "sweep.csv", encoding="utf-8-sig")
    assert list(written.columns) == list(local.points.columns)
    assert list(written["quota-shortfall"].dropna()) == list(local.points["quota-shortfall"].dropna())
    wide = local.goals.pivot(index="point", columns="goal", values="value")
    for goal in local.used_goals:
        assert list(wide[goal]) == list(local.points.dropna(subset=[goal])[goal])
    broken = local.clauses[local.clauses["status"] == "breached"]
    assert list(broken["rule_id"]) == ["theory-quota"]
    assert list(local.points["breached_rules"]) == ["", "", "", "", "theory-quota", ""]


def test_sweep_goes_on_where_it_was(local: Sweep, own: Path) -> None:
    seen: list[Progress] = []
    again = sweep(
        ROOT / "scenarios" / "tiny.toml", ["quota.theory-quota=2:4", "share.team-fifth=1/5"], out=own, on_progress=seen.append
    )  # fmt: skip
    assert seen[0].done == 2  # The points 2 and 4 were there.
    assert {progress.name for progress in seen if progress.record} == {"quota.theory-quota=3 share.team-fifth=1/5"}
    known = {task.name: record for _, task, record in local.finished}
    assert [task.name in known for task in again.tasks] == [True, False, True]
    for _, task, record in again.finished:
        assert record["exit_code"] == 0
        assert known.get(task.name, record) == record


def test_other_inputs_are_refused_and_begun_anew_with_force(scenario: Path, tmp_path: Path) -> None:
    def run(*, force: bool = False) -> Sweep:
        return sweep(scenario, "quota.theory-quota=4", out=tmp_path / "out", force=force)

    first = run()
    policy = tmp_path / "data" / "tiny" / "policy.toml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("cap_years = 5", "cap_years = 2"), encoding="utf-8")
    with pytest.raises(OutputError, match=r"results of other inputs: .*policy\.toml changed since"):
        run()
    assert (tmp_path / "out" / "sweep.csv").is_file()
    assert run(force=True).points["fairness"][0] < first.points["fairness"][0]


def test_folder_that_holds_something_else_is_left_alone(scenario: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", encoding="utf-8")
    for force in (False, True):
        with pytest.raises(OutputError, match="holds something else"):
            sweep(scenario, "quota.theory-quota=4", out=tmp_path / "mine", force=force)
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_a_stopped_sweep_keeps_what_is_finished(scenario: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def stop_after_one(progress: Progress) -> None:
        if progress.record is not None:
            stop.set()

    made = sweep(
        scenario, "quota.theory-quota=2:6", out=tmp_path / "out", workers=1, on_progress=stop_after_one, stop=stop
    )
    assert made.exit_code == 130 and len(made.points) == 1
    assert len(pd.read_csv(tmp_path / "out" / "sweep.csv", encoding="utf-8-sig")) == 1
    assert "4 points are not planned yet" in made.said("en")
    whole = sweep(scenario, "quota.theory-quota=2:6", out=tmp_path / "out", workers=1)
    assert whole.exit_code == 0 and len(whole.points) == 5
    assert whole.records[whole.tasks[0].name] == made.records[made.tasks[0].name]


@pytest.mark.long
def test_a_worker_that_dies_takes_only_its_point_with_it() -> None:
    setup = {
        "settings": "", "lang": "en", "scenarios": [{"file": str(ROOT / "scenarios/tiny.toml"), "hashes": None, "base": None}],
    }  # fmt: skip
    tasks = [Task(0, {"seed": name}, name) for name in ("a", "nonsense", "killer", "b")]

    def ask(task: Task) -> str:
        if task.name == "killer":
            for child in psutil.Process().children():
                child.kill()
        return "this is no task" if task.name == "nonsense" else task.to_json()

    answers = run_locally(tasks, setup, ask, workers=1, stop=threading.Event(), on_turn=lambda *_: None)
    records = {task.name: record for task, record in answers}
    assert [record["exit_code"] for record in records.values()] == [0, 1, 1, 0]
    assert "the program failed: JSONDecodeError" in records["nonsense"]["messages"][0]["en"]
    assert "perhaps for want of memory" in records["killer"]["messages"][0]["en"]


def test_inputs_changed_meanwhile_are_not_planned(scenario: Path) -> None:
    setup = {"settings": "", "lang": "en", "scenarios": [{"file": str(scenario), "hashes": {"x": "0"}, "base": None}]}
    record = Worker(setup).answer(json.loads(Task(0, {}, "a").to_json()))
    assert record["exit_code"] == 1 and "was changed while the sweep was at work" in record["messages"][0]["en"]


def test_run_survives_the_way_to_another_process() -> None:
    inputs = load(ROOT / "scenarios" / "tiny.toml")
    run = plan(inputs)
    again = run_from_record(inputs, json.loads(json.dumps(run_to_record(run))))
    assert again.plan.sha256 == run.plan.sha256 and again.goals.equals(run.goals)
    assert (again.result.status, again.result.messages) == (run.result.status, run.result.messages)


def test_several_scenarios_stand_side_by_side_and_a_broken_one_is_a_row(scenario: Path, tmp_path: Path) -> None:
    other, broken = scenario.with_name("other.toml"), scenario.with_name("broken.toml")
    other.write_text('extends = "tiny.toml"\nid = "other"\n[overrides.theory-quota]\namount = 6\n', encoding="utf-8")
    broken.write_text('extends = "tiny.toml"\nid = "broken"\nhorizon = []\n', encoding="utf-8")
    made = sweep([scenario, other, broken], out=tmp_path / "out", workers=1)
    assert list(made.points["scenario"]) == ["tiny", "other", "broken"]
    assert list(made.points["exit_code"]) == [0, 4, 3]


def test_run_folder_of_a_point_is_kept_when_asked_for(own: Path) -> None:
    asked = ["quota.theory-quota=4", "share.team-fifth=1/5"]
    made = sweep(ROOT / "scenarios" / "tiny.toml", asked, out=own, keep_runs=True, lang="en")
    ((_, task, record),) = made.finished
    kept = json.loads((own / "runs" / task.name / "run.json").read_text(encoding="utf-8"))
    assert kept["plan"]["sha256"] == record["plan_sha256"]
    assert load(own / "runs" / task.name / "scenario.toml").scenario.title.endswith(
        "theory-quota.amount = 4, overrides.team-fifth.share = 1/5"
    )


# ------------------------------------------------------------------ on a cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    distributed = import_module("distributed")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None) as made:
        yield made.scheduler_address


@pytest.mark.long
@pytest.mark.parametrize("where", ["processes", "cluster"])
def test_processes_and_cluster_give_the_same_table(
    where: str, request: pytest.FixtureRequest, local: Sweep, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("allocator.answers.sweep.sweep"), "run_locally", run_locally)
    asked = {"cluster": request.getfixturevalue("cluster")} if where == "cluster" else {"workers": 2}
    shutil.rmtree(folder / "there", ignore_errors=True)
    there = sweep(ROOT / "scenarios" / "tiny.toml", VARY, out=folder / "there", **asked)
    pd.testing.assert_frame_equal(there.points.drop(columns="seconds"), local.points.drop(columns="seconds"))
    tables = [
        pd.read_csv(folder / name / "sweep.csv", encoding="utf-8-sig").drop(columns="seconds")
        for name in ("there", "local")
    ]
    pd.testing.assert_frame_equal(*tables)
    for name in ("scenarios", "clauses.csv"):
        one, other = folder / "there" / name, folder / "local" / name
        files = sorted(one.iterdir()) if one.is_dir() else [one]
        assert files
        assert [file.read_bytes() for file in files] == [
            (other / file.name if other.is_dir() else other).read_bytes() for file in files
        ]


def test_scenario_travels_whole() -> None:
    inputs = load(ROOT / "scenarios" / "one-prefecture.toml", changes={"limits.gap": 0.5})
    content = packed([(inputs, None)], {"settings": "", "lang": "en"})
    assert content == packed([(inputs, None)], {"settings": "", "lang": "en"})
    with unpacked(content) as setup:
        (shipped,) = setup["scenarios"]
        there = load(Path(shipped["file"]))
        assert there.policy == inputs.policy and there.scenario == inputs.scenario
        for table in ("units", "cadres", "history", "programmes", "sessions", "segments"):
            pd.testing.assert_frame_equal(getattr(there, table), getattr(inputs, table))
    assert not Path(shipped["file"]).exists()


def test_cluster_that_is_away_is_said_and_finished_work_is_kept(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("allocator.answers.sweep.run_on_dask"), "CONNECT", 1)
    before = {file.name: file.read_bytes() for file in own.glob("*.csv")}
    asked = ["sweep", ROOT / "scenarios" / "tiny.toml", "--vary", "quota.theory-quota=2:7", "--out", own]
    result = call(*asked, "--cluster", "tcp://127.0.0.1:9", "--lang", "en")
    assert result.exit_code == 2 and "does not answer" in result.stderr
    assert {file.name: file.read_bytes() for file in own.glob("*.csv")} == before


@pytest.mark.parametrize("address", ["nonsense", "tcp://nonsense:1", "127.0.0.1:9", "udp://x"])
def test_no_word_of_the_library_is_shown_of_a_cluster_that_is_none(
    address: str, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("allocator.answers.sweep.run_on_dask"), "CONNECT", 1)
    asked = ["sweep", ROOT / "scenarios" / "tiny.toml", "--vary", "quota.theory-quota=2:3", "--out", folder / "none"]
    result = call(*asked, "--cluster", address, "--lang", "en")
    gc.collect()
    said = result.output + "".join(capfd.readouterr())
    assert result.exit_code == 2 and "does not answer" in said and "Traceback" not in said


@pytest.mark.long
def test_points_stay_when_the_scheduler_dies(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    dask, out = [sys.executable, "-m", "dask"], folder / "dying"
    host, port = address.split(":")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen([*dask, "scheduler", "--host", host, "--port", port, "--no-dashboard"], **quiet)
    worker = subprocess.Popen([*dask, "worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"], **quiet)
    line = [sys.executable, "-m", "allocator", "sweep", ROOT / "scenarios" / "tiny.toml", "--out", out, "--lang", "en"]
    line += ["--vary", "quota.theory-quota=1:9", "--vary", "quota.skills-quota=1:9"]
    try:
        asked = subprocess.Popen(
            [*line, "--cluster", address], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        until = time.monotonic() + 60
        while not list(out.glob("points/*.json")) and time.monotonic() < until and asked.poll() is None:
            time.sleep(0.05)
        scheduler.kill()
        _, said = asked.communicate(timeout=120)
        kept = {file.name: file.read_bytes() for file in out.glob("points/*.json")}
        assert (asked.returncode, bool(kept)) == (2, True)
        assert "went away" in said and "Traceback" not in said
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()
    again = subprocess.run([*line, "--json"], capture_output=True, text=True, timeout=600)
    assert again.returncode == 0, again.stderr
    assert {name: (out / "points" / name).read_bytes() for name in kept} == kept


# ------------------------------------------------------------------ trade-off


def test_ends_of_a_curve_stand_together_where_the_earlier_stood() -> None:
    order = ["violation", "overdue", "owed", "fairness", "priority"]
    found = ends(order, ("priority", "overdue"))
    assert found["first"] == {"goals": ["violation", "priority", "overdue", "owed", "fairness"]}
    assert found["second"] == {"goals": ["violation", "overdue", "priority", "owed", "fairness"]}


def test_points_between_go_from_end_to_end() -> None:
    order = ["violation", "owed", "fairness"]

    def record(owed: float, fairness: float) -> dict[str, object]:
        return {"goals": [{"goal": "owed", "value": owed}, {"goal": "fairness", "value": fairness}]}

    found = between(order, ("owed", "fairness"), {"first": record(10, 9), "second": record(50, 1)}, 3)
    assert [change["limits.at_most.owed"] for change in found] == [20, 30, 40]
    assert all(change["goals"] == ["violation", "fairness", "owed"] for change in found)
    few = between(order, ("owed", "fairness"), {"first": record(10, 9), "second": record(12, 1)}, 7)
    assert [change["limits.at_most.owed"] for change in few] == [11]
    assert between(order, ("owed", "fairness"), {"first": record(10, 1), "second": record(10, 1)}, 7) == []
    with pytest.raises(UsageError, match="no rule of the scenario counts towards the goal change"):
        between([*order, "change"], ("owed", "change"), {"first": record(1, 1), "second": record(1, 1)}, 7)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 1)), min_size=1, max_size=8))
def test_dominated_points_are_those_that_another_beats(points: list[tuple[int, int, int]]) -> None:
    curve = pd.DataFrame(points, columns=["owed", "priority", "violation"], dtype=float)
    curve = curve.assign(limit=np.nan, role="between", group="")
    marks = marked(curve, ("owed", "priority"), ["violation"])

    def beats(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
        no_worse = one[0] <= other[0] and one[1] >= other[1] and one[2] <= other[2]  # Of the priorities more is better.
        return no_worse and one != other

    for i, own in enumerate(points):
        is_beaten = any(beats(other, own) for other in points)
        expected = "dominated" if is_beaten else "same" if own in points[:i] else "best"
        assert marks[i] == expected


def test_point_beyond_its_limit_and_without_a_plan_are_marked() -> None:
    rows = [
        (1.0, 9.0, np.nan, "first"),
        (5.0, 1.0, 3.0, "between"),
        (np.nan, np.nan, 4.0, "between"),
        (5.0, 1.0, np.nan, "second"),
    ]
    curve = pd.DataFrame(rows, columns=["owed", "fairness", "limit", "role"]).assign(group="")
    assert marked(curve, ("owed", "fairness"), []) == ["best", "above", "failed", "best"]


def test_ends_of_the_curve_are_the_plans_of_reordered_goals(folder: Path) -> None:
    made = sweep(ROOT / "scenarios" / "tiny.toml", pareto="owed,fairness", steps=3, out=folder / "curve", workers=1)
    curve = made.curve.set_index("role")
    # With hours first 132 hours stay owed and people wait 34 years; with waiting first 184 hours and 30 years.
    assert (curve.loc["first", "owed"], curve.loc["first", "fairness"]) == (132, 34)
    assert (curve.loc["second", "owed"], curve.loc["second", "fairness"]) == (184, 30)
    best = made.curve[made.curve["mark"] == "best"]
    assert best["owed"].is_monotonic_increasing and best["fairness"].is_monotonic_decreasing
    assert (folder / "curve" / "curve.csv").is_file()
    assert (folder / "curve" / "sweep.png").read_bytes().startswith(b"\x89PNG")
    assert "权衡：期末尚欠" in made.said("zh")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("owed", "two different goals"),
        ("owed,owed", "two different goals"),
        ("owed,fairnes", "did you mean 'fairness'"),
    ],
)
def test_pair_that_is_none_is_refused(asked: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        pair_of(asked)


def test_goals_may_be_named_in_words() -> None:
    assert pair_of("期末尚欠，priority") == pair_of(["Still owed at the end", "priority"]) == ("owed", "priority")


# ------------------------------------------------------------------ the command


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ([], 2, "there is nothing to vary"),
        (["--vary", "quota.theory-quotta=1:3"], 3, "did you mean 'theory-quota'?"),
        (["--vary", "limits.gpa=1"], 3, "did you mean 'gap'?"),
        (["--vary", "quota.forbidden=3"], 3, "unknown key 'amount'"),
        (["--vary", "quota.theory-quota=1:10000"], 2, "--most 10000"),
        (["--vary", "quota.theory-quota=1:50", "--vary", "seed=a,b", "--most", "99"], 2, "100 points are more than 99"),
        (["--vary", "seed=a,b", "--from-base"], 2, "from a base only rules and sessions"),
        (["--pareto", "owed,fairness", "--from-base"], 2, "from a base only rules and sessions"),
    ],
)
def test_mistake_is_told_before_any_work(tmp_path: Path, options: list[str], code: int, message: str) -> None:
    result = call("sweep", ROOT / "scenarios" / "tiny.toml", *options, "--out", tmp_path / "out", "--lang", "en")
    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr
    assert not (tmp_path / "out").exists()


def test_missing_scenario_is_told(tmp_path: Path) -> None:
    result = call("sweep", tmp_path / "none.toml", "--vary", "seed=a", "--out", tmp_path / "out", "--lang", "en")
    assert result.exit_code == 3 and "there is no file" in result.stderr


@pytest.mark.parametrize(
    ("lang", "words", "sheets"),
    [
        ("en", ("Quota excess", "hard rules give way"), ["Points", "Details", "Clauses", "Asked"]),
        ("zh", ("名额不足", "硬性规则不能全部满足"), ["各点", "明细", "条款", "测算内容"]),
    ],
)
def test_command_tells_the_points_in_both_languages(
    own: Path, lang: str, words: tuple[str, ...], sheets: list[str]
) -> None:
    result = call(*ASKED, "--out", own, "--lang", lang)
    assert result.exit_code == 0
    assert all(word in result.stdout for word in words), result.stdout
    assert openpyxl.load_workbook(own / "sweep.xlsx").sheetnames == sheets


def test_json_has_every_point_and_nothing_else_on_stdout(own: Path) -> None:
    record = json.loads(call(*ASKED, "--out", own, "--json").stdout)
    assert record["all"] == 3 and [point["exit_code"] for point in record["points"]] == [0, 0, 4]


def test_points_without_a_plan_are_told_with_their_reason(local: Sweep) -> None:
    assert "share.team-fifth=abc: overrides.team-fifth.share: 'abc' is not a share" in local.said("en")
    assert "share.team-fifth=abc：overrides.team-fifth.share: “abc”不是比例" in local.said("zh")


@pytest.mark.long
def test_ctrl_c_ends_with_130_and_the_finished_points(scenario: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "allocator",
        "sweep",
        str(scenario),
        "--vary",
        "quota.theory-quota=1:90",
        "--workers",
        "1",
    ]
    running = subprocess.Popen(
        [*command, "--out", str(tmp_path / "out"), "--lang", "en"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )  # fmt: skip
    assert running.stderr is not None
    for line in running.stderr:
        if "[2/90]" in line:
            break
    running.send_signal(signal.SIGINT)
    stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == 130, stderr
    assert "the finished points are kept" in stderr and "points are not planned yet" in stdout
    assert 2 <= len(pd.read_csv(tmp_path / "out" / "sweep.csv", encoding="utf-8-sig")) < 90
    with pytest.raises(
        InputError
    ):  # The folder is free again: a mistake in the input is found, not another process at work.
        sweep(scenario, "quota.none=1", out=tmp_path / "out")


# ------------------------------------------------------------------ from a base


def test_point_that_changes_nothing_is_the_base_itself() -> None:
    inputs = load(ROOT / "scenarios" / "tiny.toml")
    base = Base.of(plan(inputs))
    same = changed(inputs, {"overrides.theory-quota.amount": 4, "limits.workers": 1, "id": "other"})
    assert base.planned(same) is base.run
    for changes in ({"overrides.theory-quota.amount": 3}, {"disable": ["team-fifth"]}, {"limits.gap": 0.5}):
        assert base.planned(changed(inputs, changes)) is not base.run


def test_goal_of_which_nothing_is_left_needs_no_bound() -> None:
    """Of a plan made from a base no bound is known; a goal that is made small and is 0 cannot be smaller."""
    run = plan(load(ROOT / "scenarios" / "tiny.toml"))
    goals = tuple(replace(goal, bound=None) for goal in run.result.goals)
    record = point._record(replace(run, result=replace(run.result, goals=goals)), 1.0)
    proven = {goal["goal"]: goal["proven"] for goal in record["goals"]}
    assert proven == {goal.goal: goal.value == 0 and goal.sense == "min" for goal in goals}
    assert proven["violation"] and not proven["owed"] and record["resumed"]


@pytest.mark.parametrize(
    ("code", "status", "said"), [(5, "kept", "no bound"), (5, "breached", "hard rules give way"), (0, "kept", "kept")]
)
def test_outcome_of_a_point_from_a_base_says_what_is_known(code: int, status: str, said: str) -> None:
    record = {"resumed": True, "exit_code": code, "rules": [{"status": "kept"}, {"status": status}]}
    assert said in outcome(record).said("en")


# ------------------------------------------------------------------ how it looks


def test_sheet_of_clauses_begins_with_what_is_missed(local: Sweep) -> None:
    book = openpyxl.load_workbook(io.BytesIO(local.workbook("en")))
    rows = list(book["Clauses"].iter_rows(values_only=True))
    top = next(number for number, row in enumerate(rows) if row[0] == "clause")
    assert rows[top + 1][2] == "theory-quota" and {row[9] for row in rows[top + 1 :]} >= {"breached", "kept"}
    kinds = local.clauses.set_index("rule_id")["kind"]
    assert not {kinds[row[2]].iat[0] for row in rows[top + 1 :]} & {"built-in", "spacing"}


def test_points_without_a_bound_are_counted_and_said() -> None:
    goals = pd.DataFrame(
        {"point": [1, 2, 3], "goal": "owed", "unit": "hours", "value": [5.0, 7.0, 9.0], "bound": [5.0, None, 8.0], "proven": [True, False, False]}
    )  # fmt: skip
    found = cast(SweepTables, SimpleNamespace(goals=goals))
    told = list(_open(found, ["owed"], Texts("en")))
    assert "differences below 1 hour between" in told[0]
    assert "no bound is known at 1 point;" in told[1]
    assert list(_open(cast(SweepTables, SimpleNamespace(goals=goals[:1])), ["owed"], Texts("en"))) == []
