"""The names and tables that notebooks use: those of ``docs/api.md``, no more and no fewer."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import io
import re
import typing
from fractions import Fraction
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import allocator
from allocator.domain.errors import OutputError
from allocator.domain.tables import TABLES
from allocator.outputs.notebook_figures import Gallery, Picture

ROOT = Path(__file__).parent.parent
TINY = ROOT / "scenarios" / "tiny.toml"
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `([a-z_.]+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def run() -> allocator.Run:
    return allocator.plan(TINY)


@pytest.fixture(scope="module")
def late() -> allocator.Run:
    """Tiny with more asked for than can be: theory every year, and 550 hours as a hard rule."""
    changes = {"make-up.after_years": 1, "cumulative.hours": 550, "cumulative.days": 90, "cumulative.strength": "hard"}
    return allocator.plan(TINY, changes={f"overrides.{key}": value for key, value in changes.items()})


def frame(run: allocator.Run, name: str) -> pd.DataFrame:
    found = run
    for part in name.removeprefix("run.").split("."):
        found = getattr(found, part)
    assert isinstance(found, pd.DataFrame)
    return found


def documented(name: str) -> dict[str, str]:
    """Column and type of every row of a table of the page."""
    return dict(re.findall(r"^\| `(\w+)` \| ([\w/]+) \|", SECTIONS[name], re.MULTILINE))


def is_of(column: pd.Series, name: str) -> bool:
    if name in ("id", "text", "list"):
        return pd.api.types.is_string_dtype(column)
    return column.dtype.kind in {"whole": "iu", "number": "f", "yes/no": "b", "date": "M"}[name]


@pytest.mark.parametrize("name", SECTIONS)
def test_page_lists_the_columns_of_every_table_with_their_types(late, name):
    table, columns = frame(late, name), documented(name)
    if name == "run.audit.differences":  # A plan of our own has none.
        assert list(table.columns) == list(columns) and table.empty
        table = allocator.audit(late.plan.placements.assign(days=99.0), late).differences
    if name.startswith("inputs."):
        base = TABLES["cadres" if name == "inputs.roster" else name.removeprefix("inputs.")]
        assert list(table.columns) == [*(column.name for column in base), *columns]
    elif "olumns as `run.audit.table`" in SECTIONS[name] or "the same columns" in SECTIONS[name]:
        assert list(table.columns) == list(documented("run.audit.table"))
    else:
        assert list(table.columns) == list(columns) != []
    assert len(table), "an empty table shows no types"
    assert {c: str(table[c].dtype) for c, type_ in columns.items() if not is_of(table[c], type_)} == {}


def test_page_lists_every_table_of_a_run(run):
    tables = {
        f"{prefix}.{name}"
        for prefix, record in (("inputs", run.inputs), ("run", run), ("run.plan", run.plan), ("run.audit", run.audit))
        for name, value in inspect.getmembers(record)
        if isinstance(value, pd.DataFrame) and not name.startswith("_")
    }
    # Parts of sessions are for the dates of the solver; the seats of plan and run are one table.
    assert set(SECTIONS) == tables - {"inputs.segments", "run.plan.seats"}


def test_page_names_functions_and_figures_that_exist():
    functions = set(re.findall(r"^\| `allocator\.(\w+)\(", PAGE, re.MULTILINE))
    callables = {name for name in allocator.__all__ if inspect.isfunction(getattr(allocator, name))}
    assert functions == callables
    figures = set(re.findall(r"^\| `run\.figures\.(\w+)\(", PAGE, re.MULTILINE))
    assert figures == {name for name, _ in inspect.getmembers(Gallery, inspect.isfunction) if not name.startswith("_")}


def test_seats_of_a_run_add_up_to_its_placements(run):
    # Nobody of tiny is a group, so each placement is one seat.
    assert run.seats["seats"].sum() == len(run.plan.placements)


def test_goals_of_a_run_are_those_of_its_result(run):
    assert run.goals["goal"].tolist() == [goal.goal for goal in run.result.goals]
    assert run.goals.set_index("goal").loc["owed", ["value", "bound"]].tolist() == [132.0, 132.0]  # As in the README.
    assert run.goals["proven"].all()


def test_plan_takes_a_file_or_inputs_and_gives_the_same_plan(run):
    assert allocator.plan(run.inputs).plan.to_csv() == allocator.plan(str(TINY)).plan.to_csv() == run.plan.to_csv()


def test_plan_changes_a_file_inputs_and_a_run_alike(run):
    changes = {"overrides.spacing.same_programme_years": 2}
    wanted = allocator.plan(allocator.load(TINY, changes=changes)).plan.sha256
    assert wanted != run.plan.sha256
    for scenario in (str(TINY), run.inputs, run):
        assert allocator.plan(scenario, changes=changes).plan.sha256 == wanted
    with pytest.raises(ValueError, match="were not read from a scenario file"):
        allocator.plan(dataclasses.replace(run.inputs, source=None), changes=changes)


def test_changes_take_short_keys_and_the_numbers_of_a_notebook(run):
    short = allocator.load(TINY, changes={"quota.theory-quota": np.int64(5), "share.team-fifth": Fraction(1, 4)})
    whole = {"overrides.theory-quota.amount": 5, "overrides.team-fifth.share": "1/4"}
    assert short.policy == allocator.changed(run.inputs, whole).policy != run.inputs.policy


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("api") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("allocator.outputs.run_folder._figures", lambda *_: ())
        allocator.write(run, str(folder), lang="en")
    return folder


def test_scenario_may_be_a_file_inputs_or_a_run(run):
    words = [
        {find(given).said("en") for given in (TINY, str(TINY), run.inputs, run)}
        for find in (allocator.check, allocator.ledger, allocator.conflict)
    ]
    assert [len(said) for said in words] == [1, 1, 1]
    assert allocator.repairs(run, keep="spacing").is_kept


def test_run_may_be_its_folder(run, folder):
    for given in (str(folder), folder):
        assert allocator.explain(given, "N7").said("en") == allocator.explain(run, "N7").said("en")
        assert allocator.Explainer(given).run.plan.sha256 == run.plan.sha256
    assert allocator.compare(run, folder).said("en") == allocator.compare([run, str(folder)]).said("en")


@pytest.mark.long
@pytest.mark.usefixtures("no_processes")
def test_run_asked_what_one_more_gives_may_be_its_folder(run, folder):
    found = allocator.shadow(str(folder), "theory-2019a").rows.drop(columns="seconds")
    pd.testing.assert_frame_equal(found, allocator.shadow(run, ["theory-2019a"]).rows.drop(columns="seconds"))
    swept = allocator.sweep(str(folder), {"quota.theory-quota": 3}, workers=1)
    assert swept.points["quota.theory-quota"].tolist() == [3]


def test_what_is_no_run_or_no_scenario_is_told_what_to_give(folder):
    with pytest.raises(allocator.InputError, match="plan it first: allocator plan scenarios/tiny"):
        allocator.Questions("scenarios/tiny.toml")
    with pytest.raises(allocator.InputError, match=r"that is a folder; the scenario in it is .*tiny/scenario\.toml"):
        allocator.plan(folder)
    with pytest.raises(allocator.InputError, match="check the name and the folder"):
        allocator.plan(folder / "units")
    with pytest.raises(allocator.InputError, match="plan it first: allocator plan scenarios/tiny"):
        allocator.compare(folder, "scenarios/tiny.toml")
    with pytest.raises(allocator.InputError, match=r"that is a folder; the plan in it is .*tiny/plan\.csv"):
        allocator.audit(folder, TINY)
    with pytest.raises(allocator.InputError, match="give the path of a plan file"):
        allocator.audit(folder / "units", TINY)


def test_dispatch_has_the_names_of_every_placement(run):
    assert run.dispatch[list(run.plan.placements.columns)].equals(run.plan.placements)
    first = run.dispatch.set_index(["session_id", "cadre_id"]).loc[("branch-2019", "S6")]
    assert first[["name", "unit", "unit_en", "programme", "programme_en"]].tolist() == [
        "南六", "南方单位", "South unit", "业务班", "Branch course",
    ]  # fmt: skip


def test_dispatch_leaves_names_empty_that_a_plan_made_by_hand_does_not_have(run):
    plan = allocator.read_plan(
        pd.DataFrame({"cadre_id": ["N1", "X9"], "session_id": ["none", "theory-2019a"]}), run.inputs
    )
    by_hand = dataclasses.replace(run, plan=plan)
    assert by_hand.dispatch[["cadre_id", "name", "programme"]].to_numpy().tolist() == [
        ["N1", "北一", ""], ["X9", "", "理论班"],
    ]  # fmt: skip


def test_audit_judges_a_plan_a_table_and_a_file_alike(run, folder):
    rules = run.audit.rules
    for plan in (run.plan, run.plan.placements, str(folder / "plan.csv"), folder / "plan.csv"):
        pd.testing.assert_frame_equal(allocator.audit(plan, run.inputs).rules, rules)
    for scenario in (TINY, str(TINY), run):
        pd.testing.assert_frame_equal(allocator.audit(run.dispatch, scenario).rules, rules)
    # Somebody stays away from the theory course of 2021, which three attend: two are still inside the band of 2 to 6.
    placements = run.plan.placements
    of_2021 = placements.query("year == 2021 and programme_id == 'theory-course'")
    fewer = allocator.audit(placements.drop(index=of_2021.index[0]), run.inputs)
    assert fewer["theory-quota"].achieved == run.audit["theory-quota"].achieved - 1


def test_function_with_the_name_of_a_room_leaves_the_room_in_reach():
    room = importlib.import_module("allocator.audit")  # As ``from allocator.audit import audit`` finds it.
    assert inspect.isfunction(allocator.audit) and inspect.ismodule(room)
    assert inspect.isfunction(room.audit)


def test_table_with_mistakes_is_refused_with_all_of_them(run):
    wrong = run.plan.placements.head(2).assign(days=["three", "-1"])
    with pytest.raises(allocator.InputError) as caught:
        allocator.read_plan(wrong, run.inputs)
    assert [(d.file, d.row, d.column) for d in caught.value.defects] == [("plan", 2, "days"), ("plan", 3, "days")]


def test_figure_of_what_is_not_there_is_refused(run):
    with pytest.raises(allocator.UnknownRuleError, match="there are: cumulative"):
        run.figures.hours("cummulative")
    with pytest.raises(allocator.UsageError, match="2030 is not a year of the plan"):
        run.figures.sessions(2030)
    with pytest.raises(ValueError, match="fr"):
        run.figures("fr")


def documented_parameters(text: str) -> set[str]:
    """Names listed under Parameters."""
    _, _, below = text.partition("Parameters\n----------\n")
    names = re.findall(r"^(\w[\w, ]*)$", re.split(r"\n\w+\n-+\n", below)[0], re.MULTILINE)
    return {name.strip() for line in names for name in line.split(",")}


PUBLIC = [
    *((name, getattr(allocator, name)) for name in allocator.__all__ if inspect.isfunction(getattr(allocator, name))),
    *(
        (f"Questions.{name}", one)
        for name, one in inspect.getmembers(allocator.Questions, inspect.isfunction)
        if name[0] != "_"
    ),
]


@pytest.mark.parametrize(("name", "function"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_every_parameter_of_a_public_function_is_documented(name, function):
    text = inspect.getdoc(function)
    assert text
    parameters = set(inspect.signature(function).parameters) - {"self"}
    assert parameters - documented_parameters(text) == set(), name


def test_everything_public_says_what_it_is():
    for name in allocator.__all__:
        thing = getattr(allocator, name)
        assert inspect.getdoc(thing), name
        members = inspect.getmembers(thing) if inspect.isclass(thing) and not issubclass(thing, Exception) else []
        for member, value in members:
            if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                assert inspect.getdoc(value), f"{name}.{member}"


def test_answers_of_the_questions_are_exported():
    hints = [
        typing.get_type_hints(function).get("return") for name, function in PUBLIC if name.startswith("Questions.")
    ]
    assert len(hints) > 8 and {hint.__name__ for hint in hints} <= set(allocator.__all__)


MORE = ("hours", "waiting", "hosts", "prefectures", "sessions")


@pytest.mark.parametrize("name", ["quota", "teams", *(pytest.param(name, marks=pytest.mark.long) for name in MORE)])
def test_figure_is_a_picture_a_notebook_can_show(run, name):
    picture = getattr(run.figures("en"), name)()
    pixels = matplotlib.image.imread(io.BytesIO(picture._repr_png_()))
    assert np.ptp(pixels[..., :3]) > 0.5  # Dark ink on white.
    assert repr(picture) == f"<{picture.ax.get_title(loc='left')}>" != "<>"


def test_figure_draws_on_the_axes_given_and_saves_them(run, tmp_path):
    ax = Figure().subplots()
    picture = run.figures("en").quota(ax)
    assert picture.ax is ax and picture.figure is ax.figure
    picture.save(tmp_path / "quota.png")
    assert (tmp_path / "quota.png").read_bytes() == picture._repr_png_()


def test_figure_takes_rule_and_year(run):
    assert "2021" in repr(run.figures("en").sessions(2021))
    assert "forty days" in repr(run.figures("en").hours("cumulative"))


def test_figures_list_themselves_in_the_language_asked_for(run, monkeypatch):
    monkeypatch.setenv("ALLOCATOR_LANG", "zh")
    fresh = allocator.Run(run.inputs, run.plan, run.audit, run.result, run.seconds, run.peak_memory_bytes)
    assert "名额完成情况" in repr(fresh.figures)
    shown = fresh.figures("en")._repr_html_()
    assert shown.count("<tr>") == 7 and "Quotas: people sent against the target" in shown


def test_figures_refuse_a_font_that_is_not_installed(run):
    with pytest.raises(OutputError, match="No Such Family"):
        run.figures(font="No Such Family").quota()
    assert isinstance(run.figures(font="DejaVu Sans").quota(), Picture)
