"""``check --explain`` and what ``plan`` adds when rules cannot all be kept, in both languages; options that cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import allocator
from allocator.answers import runs
from allocator.answers.conflicts import Conflicts, Search
from allocator.audit import audit
from allocator.cli import conflicts
from allocator.cli.app import app
from allocator.domain.plan import Plan

CLASS = """
extends = "TINY"
id = "two"
title_zh = "两项名额"
disable = ["staff-coverage"]
[[rules]]
id = "leaders"
kind = "quota"
clause = "2a"
title = "Leaders in 2020"
title_zh = "2020年班子成员"
modality = "at-least"
amount = 3
years = [2020]
audience = { category = ["bureau-principal", "bureau-deputy"] }
programmes = { programme_id = "skills-course" }
[[rules]]
id = "staff"
kind = "quota"
clause = "2b"
title = "Staff in 2020"
title_zh = "2020年一般干部"
modality = "at-least"
amount = 2
years = [2020]
audience = { category = "provincial-division-principal" }
programmes = { programme_id = "skills-course" }
"""
# The skills course has two classes of two seats in 2020, so that one of five people is too many.

CALLED = """
extends = "TINY"
id = "called"
[[rules]]
id = "call"
kind = "fixed"
clause = "18"
title = "Called up twice"
title_zh = "两次点名"
call_ups = [
    { cadre_id = "N1", session_id = "theory-2019a" }, { cadre_id = "S4", session_id = "theory-2019a" },
    { cadre_id = "N1", session_id = "theory-2020b" },
]
"""
# The theory course may be repeated after three years only.

TINY = Path(__file__).parents[3] / "scenarios" / "tiny.toml"
SOLVER_WORDS = ("infeasible", "INFEASIBLE", "dual", "column", "MIP", "LP ", "constraint", "无解", "对偶")


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return written(tmp_path / "two.toml", CLASS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the scenario, what ``check --explain`` says of it as JSON, and the repairs it writes."""
    folder = tmp_path_factory.mktemp("two")
    scenario = written(folder / "two.toml", CLASS)
    result = call("check", scenario, "--explain", "--json", "--write-repair", folder / "mended.toml")
    assert result.exit_code == 4
    (folder / "said.json").write_text(result.stdout, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Conflicts:
    """The conflict and the repairs of the scenario."""
    return allocator.repairs(allocator.load(written(tmp_path_factory.mktemp("found") / "two.toml", CLASS)))


def written(path: Path, text: str) -> Path:
    path.write_text(text.replace("TINY", TINY.as_posix()), encoding="utf-8")
    return path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_check_explains_a_conflict_and_offers_different_repairs(found: Conflicts) -> None:
    chinese, english = found.said("zh"), found.said("en")
    for line in (
        "2a 2020年班子成员（leaders）：2020年至少3人", "2b 2020年一般干部（staff）：2020年至少2人", "任何计划至少差1人",
        "最多只能安排4人次", "去掉其中任何一条，其余各条都能满足", "1个班次共增加1个名额，规则不变",
    ):  # fmt: skip
        assert line in chinese
    for line in (
        "2a Leaders in 2020 (leaders): at least 3 people in 2020", "at least 2 people in 2020", "by at least 1 (people)",
        "4 can be filled at most", "Without any one of them the others can be kept", "seats added: 1, in classes: 1",
    ):  # fmt: skip
        assert line in english
    assert not [word for word in SOLVER_WORDS if word in chinese + english]


def test_record_has_three_different_repairs_that_the_scenario_takes(folder: Path) -> None:
    record = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    assert record["exit_code"] == 4 and record["proven"]
    assert [sorted(one["rule_id"] for one in conflict["members"]) for conflict in record["conflicts"]] == [
        ["leaders", "staff"]
    ]
    assert record["conflicts"][0]["minimal"] and record["conflicts"][0]["lacking"] == 1
    assert sorted(tuple(repair["clauses"]) for repair in record["repairs"]) == [(), ("leaders",), ("staff",)]
    for repair in record["repairs"]:
        run = allocator.plan(allocator.load(folder / "two.toml", changes=repair["changes"]))
        assert run.audit.is_clean
        assert dict(zip(run.goals["goal"], run.goals["value"], strict=True)) == repair["goals"]


def test_repairs_written_are_numbered_and_keep_every_rule_when_planned(folder: Path) -> None:
    files = sorted(folder.glob("mended*.toml"))
    assert [file.name for file in files] == ["mended-1.toml", "mended-2.toml", "mended-3.toml"]
    for file in files:
        assert allocator.plan(file).audit.is_clean
        assert file.read_text(encoding="utf-8").startswith('extends = "two.toml"')
    again = call("check", folder / "two.toml", "--explain", "--write-repair", folder / "mended.toml", "--lang", "en")
    assert again.exit_code == 2 and "--force" in again.stderr


@pytest.mark.parametrize(
    ("repair", "option", "gives"),
    [
        ("fewest-people", "--keep", "leaders"),
        pytest.param("fewest-clauses", "--give", "staff", marks=pytest.mark.long),
    ],
)
def test_rules_to_be_kept_do_not_give(two: Path, repair: str, option: str, gives: str) -> None:
    said = json.loads(call("check", two, "--explain", "--json", "--repair", repair, option, "staff").stdout)
    assert [one["clauses"] for one in said["repairs"]] == [[gives]]


def test_repair_that_is_not_there_is_said_plainly(two: Path) -> None:
    result = call("check", two, "--explain", "--repair", "only-floors", "--lang", "en", "--quiet")
    assert "No repair of the sort “only share floors”" in result.stdout
    assert "Inside the limits set nothing was found" in result.stdout


@pytest.mark.long
def test_call_ups_against_spacing_are_named_and_let_go(tmp_path: Path) -> None:
    scenario = written(tmp_path / "called.toml", CALLED)
    found = allocator.repairs(allocator.load(scenario))
    said = found.said("en")
    assert "called up to theory-2019a" in said and "S4" not in said
    assert "the same programme not again within 3 years" in said
    assert {kind for repair in found.repairs for kind in repair.kinds} == {"drop-call-ups", "ease-limits"}
    for repair in found.repairs:
        assert allocator.plan(allocator.load(scenario, changes=dict(repair.changes))).audit.is_clean


@pytest.mark.usefixtures("no_figures")
def test_plan_says_it_too_and_leaves_with_4(two: Path, tmp_path: Path) -> None:
    result = call("plan", two, "--out", tmp_path / "out", "--lang", "zh", "--no-progress")
    assert result.exit_code == 4
    told = (tmp_path / "out" / "conflicts.txt").read_text(encoding="utf-8")
    assert told.strip() in result.stdout
    assert "2a 2020年班子成员（leaders）：2020年至少3人" in told and "办法2" in told
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["conflicts"]["proven"]


@pytest.mark.usefixtures("no_figures")
def test_plan_without_conflict_writes_nothing_about_any(tmp_path: Path) -> None:
    assert call("plan", TINY, "--out", tmp_path / "out", "--no-progress").exit_code == 0
    assert not (tmp_path / "out" / "conflicts.txt").exists()


def test_scenario_that_can_be_kept_is_said_to_be() -> None:
    result = call("check", TINY, "--explain", "--lang", "en", "--quiet")
    assert result.exit_code == 0
    assert "nothing is in conflict" in result.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--explain", "--repair", "fewest-peple"], "no repair called 'fewest-peple'"),
        (["--explain", "--keep", "leader"], "no rule 'leader'"),
        (["--keep", "leaders"], "goes with --explain"),
        (["--write-repair", "x.toml"], "goes with --explain"),
        (["--explain", "--time-limit", "0"], "--time-limit"),
    ],
)
def test_options_that_cannot_be_are_refused(two: Path, options: list[str], words: str) -> None:
    result = call("check", two, "--lang", "en", *options)
    assert result.exit_code == 2
    assert words in result.output


def test_notebook_says_the_same(found: Conflicts) -> None:
    assert "skills-2020" in found.said("zh") and "增加名额" in found.said("zh")
    gives = found.gives
    assert gives.loc[gives["kinds"].str.contains("more-seats"), "people"].tolist() == [1]
    assert list(found.table["rule_id"]) and found.table["confirmed"].all()
    assert "skills-2020" in found._repr_html_()


def test_plan_out_of_time_points_to_the_search_instead_of_making_it() -> None:
    run = runs.plan(Path(__file__).parents[3] / "scenarios" / "tiny.toml")
    assert not conflicts.is_cut_short(run)
    limits = run.inputs.scenario.limits.model_copy(update={"seconds": sum(run.seconds.values()) / 2})
    scenario = run.inputs.scenario.model_copy(update={"limits": limits})
    assert conflicts.is_cut_short(replace(run, inputs=replace(run.inputs, scenario=scenario)))


@pytest.mark.long
def test_fewest_people_are_no_more_than_some_plan_misses(two: Path) -> None:
    """One of five is too many; a plan that sends one less than it could misses two, and no proof says that it must."""
    run = allocator.plan(two)
    placed = run.plan.placements
    skills = placed[(placed["programme_id"] == "skills-course") & (placed["year"] == 2020)]
    assert len(skills) == 4
    poor = Plan(placed.drop(index=skills.index[0]).reset_index(drop=True))
    judged = audit(poor, run.inputs)
    goals = tuple(replace(one, value=judged.goals[one.goal], bound=None) for one in run.result.goals)
    worse = replace(run, plan=poor, audit=judged, result=replace(run.result, goals=goals))
    assert judged.goals["violation"] == 2
    (repair,) = Search(worse).answer(kinds=["fewest-people"]).repairs
    assert repair.people == 1
