"""The figures: every one is drawn, in a font that has every character, and shows what the auditor counts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from allocator.answers import runs
from allocator.audit import audit
from allocator.audit.records import NEVER
from allocator.domain.errors import OutputError
from allocator.domain.plan import Plan
from allocator.domain.rules import Cumulative, Waiting
from allocator.domain.tables import Policy
from allocator.language.texts import Texts
from allocator.outputs import figures
from allocator.outputs.figures import fonts, people
from allocator.outputs.figures.calendar import gantt_rows, weekly_load
from allocator.outputs.figures.shares import _seats_per_hundred
from allocator.outputs.output_data import Material
from allocator.outputs.run_folder import check_font, write_run
from tests.outputs.builders import run

ROOT = Path(__file__).parents[3]
NAMES = ("quota", "teams", "hours-cumulative", "waiting", "hosts", "prefectures", "sessions-2019", "sessions-2022")
SOME = [pytest.param(name, marks=[] if name in ("quota", "sessions-2019") else [pytest.mark.long]) for name in NAMES]
needs_chinese = pytest.mark.skipif(not fonts.find_font().has_chinese, reason="no Chinese font is installed")


@pytest.fixture(scope="module")
def tiny():
    """The planned tiny scenario."""
    made = runs.plan(ROOT / "scenarios" / "tiny.toml")
    return made.inputs, made.plan, made.audit, made.result


@pytest.fixture
def no_chinese(monkeypatch):
    """A machine without Chinese fonts."""
    monkeypatch.setattr(fonts, "CHINESE", ("No Such Family",))
    monkeypatch.setattr(fonts, "_look_again", lambda: None)


def material(parts, lang="zh"):
    return Material(*parts, Texts(lang))


def words(ax):
    """Every text of a figure as the reader sees it."""
    ax.figure.draw_without_rendering()
    return [text.get_text().replace(r"\$", "$") for text in ax.figure.findobj(Text) if text.get_text()]


def is_chinese(text):
    return any("\u4e00" <= character <= "\u9fff" for character in text)


# --- Every figure -----------------------------------------------------------------------------------------------------


@needs_chinese
@pytest.mark.parametrize("name", NAMES)
def test_figure_is_drawn_in_chinese_without_a_missing_glyph(tiny, name):
    # Warnings are errors here, so a glyph that matplotlib misses fails too.
    own = material(tiny)
    pen = figures.Pen.of(own)
    ax = figures.figures_of(own)[name](own, pen=pen)
    assert figures.png(ax).startswith(b"\x89PNG")
    assert is_chinese(ax.get_title(loc="left")) and figures.notes(own, pen) == ()


@pytest.mark.usefixtures("no_chinese")
@pytest.mark.parametrize("name", SOME)
def test_figure_is_labelled_in_english_without_a_chinese_font(tiny, name):
    own = material(tiny)
    pen = figures.Pen.of(own)
    ax = figures.figures_of(own)[name](own, pen=pen)
    figures.png(ax)
    assert not any(is_chinese(text) for text in words(ax))
    (note,) = figures.notes(own, pen)
    assert "--font" in note and is_chinese(note)


@pytest.mark.parametrize("name", SOME)
def test_figure_draws_on_the_axes_it_is_given(tiny, name):
    own = material(tiny, "en")
    ax = Figure(layout="constrained").subplots()
    assert figures.figures_of(own)[name](own, ax=ax) is ax
    assert ax.get_title(loc="left")
    figures.png(ax)


@pytest.mark.parametrize("name", ["quota", "teams", "hours", "waiting", "hosts", "prefectures", "sessions-2019"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_figure_without_data_says_so(name, lang):
    inputs, plan, *_ = run().parts
    policy = Policy(id="empty", title="Empty", title_zh="空", rules=())
    inputs = replace(
        inputs, policy=policy, cadres=inputs.cadres.iloc[:0], sessions=inputs.sessions.iloc[:0],
        segments=inputs.segments.iloc[:0],
    )  # fmt: skip
    plan = Plan(plan.placements.iloc[:0])
    own = material((inputs, plan, audit(plan, inputs), None), lang)
    pen = figures.Pen.of(own)
    drawing = figures.figures_of(own).get(name, figures.hours)
    ax = drawing(own, pen=pen)
    figures.png(ax)
    assert pen("figure.empty") in words(ax)


def test_figure_without_placements_still_shows_what_is_required():
    inputs, plan, *_ = run().parts
    plan = Plan(plan.placements.iloc[:0])
    own = material((inputs, plan, audit(plan, inputs), None), "en")
    assert [name for name, content in figures.draw(figures.Pen.of(own)) if content.startswith(b"\x89PNG")] == [
        "quota.png", "teams.png", "hours-hours.png", "waiting.png", "hosts.png", "prefectures.png",
        "sessions-2019.png", "sessions-2020.png", "sessions-2021.png", "sessions-2022.png",
    ]  # fmt: skip
    assert "0 of 2 kept" in words(figures.team_coverage(own))
    assert "0 held, 0 people" in words(figures.session_gantt(own, 2019))


def test_axis_of_hours_ends_with_the_people(tiny):
    # In tiny nobody has more than the 250 hours required by far: two bars behind the line, not ten empty ones.
    done, before = people.hours_counted(
        next(rule for rule in tiny[0].policy.rules if isinstance(rule, Cumulative)), material(tiny).counted
    )
    end = figures.hours(material(tiny, "en")).get_xlim()[1]
    assert 300 <= end <= max(300, done.max() + 25, before.max() + 25)


@pytest.mark.parametrize(("lang", "months"), [("zh", ("1月", "12月")), ("en", ("Jan", "Dec"))])
def test_months_of_a_year_have_names(tiny, lang, months):
    ax = figures.session_gantt(material(tiny, lang), 2019)
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert (labels[0], labels[-1], len(labels)) == (*months, 12)


def test_long_title_of_a_quota_is_broken_and_not_cut(tiny):
    inputs, plan, report, result = tiny
    title = "Provincial party school: principals of the county divisions, about 200 a year on theory"
    verdicts = tuple(replace(v, title=title) if v.kind == "quota" else v for v in report.verdicts)
    shown = words(figures.quota_attainment(material((inputs, plan, replace(report, verdicts=verdicts), result), "en")))
    assert [one for one in shown if " ".join(one.split()).startswith(title)] and not [
        one for one in shown if "…" in one
    ]


def test_same_figure_gives_the_same_bytes(tiny):
    own = material(tiny, "en")
    assert figures.png(figures.waiting_years(own)) == figures.png(figures.waiting_years(own))


def test_no_figure_touches_the_state_of_pyplot():
    for path in Path(figures.__file__).parent.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "import pyplot" not in source and "matplotlib.pyplot" not in source and "rcParams" not in source


def test_figure_of_thousands_of_rows_stays_within_what_can_be_drawn(tiny):
    figure = figures.Pen.of(material(tiny, "en")).axes(None, 12, 5000).figure
    assert figure.get_figheight() * figure.dpi < 2**16


def test_hours_before_the_plan_are_shown_only_where_the_window_reaches_back(tiny):
    # The rule of tiny counts from 2018; moved to 2019, nobody can have hours before the plan.
    inputs, plan, *_ = tiny
    rules = [
        rule.model_copy(update={"from_year": 2019}) if isinstance(rule, Cumulative) else rule
        for rule in inputs.policy.rules
    ]
    later = replace(inputs, policy=inputs.policy.model_copy(update={"rules": tuple(rules)}))
    texts = Texts("en")
    assert texts("figure.hours-before") in words(figures.hours(material(tiny, "en")))
    shown = words(figures.hours(material((later, plan, audit(plan, later), None), "en")))
    assert texts("figure.hours-before") not in shown


# --- Names of the data ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [r"$\frac$ course", "$5 for $x^{", r"100% _$_\$ \alpha", "_hidden", "two\nlines"])
def test_name_is_drawn_as_it_stands(name):
    # Read as a formula, \frac without its parts would raise.
    inputs, *rest = run().parts
    names = inputs.programmes["name_en"].where(inputs.programmes["programme_id"] != "school", name)
    inputs = replace(inputs, programmes=inputs.programmes.assign(name_en=names))
    ax = figures.session_gantt(material((inputs, *rest), "en"), 2019)
    figures.png(ax)
    assert " ".join(name.split()) in words(ax)


def test_character_without_a_glyph_becomes_a_square_and_is_told():
    inputs, *rest = run().parts
    names = inputs.programmes["name_en"].where(inputs.programmes["programme_id"] != "school", "Main \U000f0000 class")
    own = material((replace(inputs, programmes=inputs.programmes.assign(name_en=names)), *rest), "en")
    pen = figures.Pen.of(own)
    ax = figures.session_gantt(own, 2019, pen=pen)
    figures.png(ax)
    assert "Main □ class" in words(ax)
    assert figures.notes(own, pen)[0].endswith("\U000f0000")


def test_glyph_past_the_gate_would_fail_the_tests():
    ax = Figure().subplots()
    ax.set_title("培训", fontfamily=["DejaVu Sans"])
    with pytest.raises(UserWarning, match=r"[Gg]lyph"):
        figures.png(ax)


@pytest.mark.usefixtures("no_chinese")
def test_name_that_cannot_be_read_gives_way_to_the_id(tiny):
    pen = figures.Pen.of(material(tiny, "en"))
    assert pen.name("北方单位", "N") == "N" and pen.name("North", "N") == "North" and pen.name("", "N") == "N"


# --- Fonts ------------------------------------------------------------------------------------------------------------


def test_font_is_found_whatever_the_case_of_its_name():
    assert fonts.find_font("dejavu SANS").families == ("DejaVu Sans", "DejaVu Sans")
    assert not fonts.find_font("DejaVu Sans").has_chinese


@pytest.mark.parametrize(("lang", "says"), [("zh", "没有安装"), ("en", "is installed; there is DejaVu Sans")])
def test_unknown_font_is_refused_with_names_near_it(lang, says):
    with pytest.raises(OutputError, match=says):
        check_font("DejaVu Sanz", lang)


def test_font_installed_after_matplotlib_made_its_list_is_found(monkeypatch):
    looked = []
    monkeypatch.setattr(fonts.font_manager, "findSystemFonts", lambda: looked.append(1) or ["no/such/file.ttf"])
    with pytest.raises(OutputError):
        fonts.find_font("No Such Family")
    assert looked == [1]


# --- What the figures show --------------------------------------------------------------------------------------------


def test_hours_shown_are_the_hours_required_less_those_owed(tiny):
    own = material(tiny)
    for rule in own.inputs.policy.rules:
        if isinstance(rule, Cumulative):
            done, before = people.hours_counted(rule, own.counted)
            required = people.hours_required(rule, own.counted)
            owed = np.ceil(np.maximum(required - done, 0) - 1e-9)
            told = own.audit.owed
            assert owed.sum() == told.loc[told["rule_id"] == rule.id, "owed"].sum() > 0
            assert (before <= done).all() and before.sum() < done.sum()


def test_waiting_years_are_those_the_auditor_counts(tiny):
    own = material(tiny)
    (rule,) = (rule for rule in own.inputs.policy.rules if isinstance(rule, Waiting))
    last_year = own.inputs.years[-1]
    before, after = people._last_years(rule, own.counted, own.inputs.years[0] - 1, last_year)
    table = own.audit.table
    counted = table.loc[(table["rule_id"] == rule.id) & (table["year"] == last_year), "achieved"]
    assert np.minimum(rule.cap_years, last_year - after).sum() == counted.item()
    assert len(before) == len(after) == (own.inputs.cadres["headcount"] == 1).sum()
    assert ((before <= after) & ((after == NEVER) | (after <= last_year))).all()


def test_weekly_load_counts_people_in_every_week_of_a_class():
    weeks, load = weekly_load(material(run().parts))
    school = load.loc["provincial-party-school"].to_numpy()
    # Two teams send one each, from Monday 4 March to Tuesday 2 April 2019: five weeks.
    in_2019 = {weeks[n].isoformat(): school[n] for n in np.flatnonzero(school) if weeks[n].year == 2019}
    assert in_2019 == dict.fromkeys(["2019-03-04", "2019-03-11", "2019-03-18", "2019-03-25", "2019-04-01"], 2)
    assert load.loc["bases"].max() == 3  # The group sends three.


def test_two_parts_of_a_class_in_one_week_count_their_people_once():
    inputs, *rest = run().parts
    parts = [
        ("2019-03-04", "2019-03-05", "省委党校"),
        ("2019-03-07", "2019-03-08", "省委党校"),
        ("2019-03-11", "2019-03-12", "基地"),
    ]
    split = pd.DataFrame(parts, columns=["start_date", "end_date", "host_id"]).assign(session_id="school-2019")
    split = split.assign(start_date=pd.to_datetime(split["start_date"]), end_date=pd.to_datetime(split["end_date"]))
    others = inputs.segments[inputs.segments["session_id"] != "school-2019"]
    weeks, load = weekly_load(material((replace(inputs, segments=pd.concat([others, split])), *rest)))
    first = weeks.index(pd.Timestamp("2019-03-04").date())
    assert load.loc["provincial-party-school"].to_numpy()[first : first + 2].tolist() == [2, 0]
    assert load.loc["bases"].to_numpy()[first : first + 2].tolist() == [0, 2]  # The last part is held at the base.


def test_gantt_puts_programmes_of_single_units_in_one_row():
    inputs, *rest = run().parts
    own = material((inputs, *rest))
    assert list(gantt_rows(own, 2019)["row"]) == ["p:school", "p:base"]
    local = inputs.programmes["serves_unit_id"].where(inputs.programmes["programme_id"] != "base", "0410100")
    own = material((replace(inputs, programmes=inputs.programmes.assign(serves_unit_id=local)), *rest))
    rows = gantt_rows(own, 2019)
    assert list(rows["row"]) == ["p:school", "g:bases"] and list(rows["filled"]) == [2, 3]


def test_seats_per_hundred_compare_the_least_units_of_one_kind():
    kind, table = _seats_per_hundred(material(run(counties=2, without=[("school-2019", 0)]).parts))
    # Each county has five named people of whom four go; the first county has lost one seat. Groups are left out.
    assert kind == "county" and list(table["people"]) == [5, 5]
    assert table["total"].to_dict() == {"0410100": 60.0, "0410101": 80.0}


# --- The run folder ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_chinese")
@pytest.mark.long
def test_run_folder_has_the_figures_and_its_record_the_note(tmp_path):
    inputs, plan, report, result = run().parts
    told = write_run(tmp_path / "out", inputs, plan, report, result)
    names = {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    assert names == {f"{name}.png" for name in figures.figures_of(material((inputs, plan, report, result)))}
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["messages"] == [*result.messages, *told] and "--font" in told[0]
    assert record["seconds"]["write-figures"] > 0


def test_unknown_font_leaves_nothing_behind(tmp_path):
    with pytest.raises(OutputError, match="No Such Family"):
        write_run(tmp_path / "out", *run().parts, font="No Such Family")
    assert list(tmp_path.iterdir()) == []
