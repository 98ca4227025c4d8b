"""``allocator.Questions``: the answers of the package functions and the words of the commands, each worked out once."""

from __future__ import annotations

import dataclasses
import html
import re
import shutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import allocator
from allocator.answers.conflicts import minimal_conflicts as finding
from allocator.answers.conflicts.feasibility_oracle import Trials
from allocator.cli.app import app
from allocator.domain.errors import AllocatorError, UsageError
from allocator.engine.planner import Planner
from allocator.language.answer import Spoken
from allocator.language.message import Language

ROOT = Path(__file__).parents[2]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
TINY = ROOT / "scenarios" / "tiny.toml"
BROKEN = """
extends = "tiny.toml"
id = "broken"
[overrides.theory-quota]
amount = 6
"""


pytestmark = pytest.mark.usefixtures("no_processes", "no_figures")


def said(*arguments: object) -> str:
    """What a command prints."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--quiet"])
    assert result.exit_code in (0, 4), result.output
    return result.stdout.rstrip("\n")


@pytest.fixture(scope="module")
def folder(own_sample: Path) -> Path:
    """Two scenarios with their tables: ``tiny``, planned in out/tiny, and ``broken``, which asks for six places a year where five are."""
    (own_sample / "scenarios" / "broken.toml").write_text(BROKEN, encoding="utf-8")
    return own_sample


@pytest.fixture(scope="module", params=["folder", pytest.param("memory", marks=pytest.mark.long)])
def ask(request: pytest.FixtureRequest, folder: Path) -> allocator.Questions:
    """Questions to a run just made, and to one read back."""
    given = folder / "out" / "tiny"
    run = allocator.plan(folder / "scenarios" / "tiny.toml") if request.param == "memory" else str(given)
    return allocator.Questions(run)


@pytest.fixture(scope="module")
def broken(folder: Path) -> allocator.Questions:
    return allocator.Questions(allocator.plan(folder / "scenarios" / "broken.toml"))


def assert_same_tables(one: object, other: object, *, without: tuple[str, ...] = ()) -> None:
    """Every table of two answers is the same."""
    assert type(one) is type(other)
    names = [name for name in dir(one) if not name.startswith("_") and isinstance(getattr(one, name), pd.DataFrame)]
    assert names
    for name in names:
        first, second = (getattr(found, name).drop(columns=list(without), errors="ignore") for found in (one, other))
        pd.testing.assert_frame_equal(first, second)


def assert_shows_itself(found: Spoken, words: Mapping[Language, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer shows the words of the command in a notebook, in both languages."""
    for lang in LANGUAGES:
        monkeypatch.setenv("ALLOCATOR_LANG", lang)
        assert found.said(lang) == str(found) == repr(found) == words[lang]
        shown = html.unescape(re.sub(r"<[^>]+>", " ", found._repr_html_()))
        assert all(word in shown for word in words[lang].split() if "…" not in word)


def test_why_is_the_answer_of_the_function_in_the_words_of_the_command(
    ask: allocator.Questions, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ask.why("N7")
    assert_same_tables(found, allocator.explain(ask.run, "N7"))
    words = {lang: said("explain", folder / "out" / "tiny", "--cadre", "N7", "--lang", lang) for lang in LANGUAGES}
    assert_shows_itself(found, words, monkeypatch)


@pytest.mark.parametrize("not_in", ["theory-2019a", "skills-course", 2020, "theory-course@2021"])
def test_why_not_is_the_answer_of_the_function_in_the_words_of_the_command(
    ask: allocator.Questions, folder: Path, not_in: str | int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ask.why_not("N1", not_in)
    assert_same_tables(found, allocator.explain(ask.run, "N1", not_in))
    run = folder / "out" / "tiny"
    words = {lang: said("explain", run, "-c", "N1", "--not-in", not_in, "--lang", lang) for lang in LANGUAGES}
    assert_shows_itself(found, words, monkeypatch)


def test_ledger_is_the_answer_of_the_function_in_the_words_of_the_command(
    ask: allocator.Questions, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ask.ledger()
    assert_same_tables(found, allocator.ledger(ask.inputs))
    scenario = folder / "scenarios" / "tiny.toml"
    assert_shows_itself(found, {lang: said("ledger", scenario, "--lang", lang) for lang in LANGUAGES}, monkeypatch)


@pytest.mark.parametrize("of", ["theory-quota", pytest.param(["skills-2019a", "team-fifth"], marks=pytest.mark.long)])
def test_one_more_is_the_answer_of_the_function_in_the_words_of_the_command(
    ask: allocator.Questions, folder: Path, of: str | list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, names = ask.one_more(of), [of] if isinstance(of, str) else of
    assert_same_tables(found, allocator.shadow(ask.run, names), without=("seconds",))
    options = [part for name in names for part in ("--of", name)]
    run = folder / "out" / "tiny"
    assert_shows_itself(found, {lang: said("shadow", run, *options, "--lang", lang) for lang in LANGUAGES}, monkeypatch)


def test_curve_is_one_more_over_a_range(
    ask: allocator.Questions, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ask.curve("theory-quota", "-1:1")
    assert found.is_curve and list(found.rows["step"]) == [-1, 1]  # Nothing more is the plan there is.
    options = ["--of", "theory-quota", "--range", "-1:1"]
    words = {lang: said("shadow", folder / "out" / "tiny", *options, "--lang", lang) for lang in LANGUAGES}
    assert_shows_itself(found, words, monkeypatch)


def test_comparison_sets_others_against_the_run(
    ask: allocator.Questions, folder: Path, broken: allocator.Questions, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, other = folder / "out" / "tiny", folder / "out" / "broken"
    if not other.exists():
        allocator.write(broken.run, other, lang="en")
    found = ask.compare(broken.run)
    assert found.runs == ("tiny", "broken")
    assert_same_tables(found, allocator.compare([base, other]))
    words = {lang: said("compare", base, other, "--lang", lang) for lang in LANGUAGES}
    assert_shows_itself(found, words, monkeypatch)
    assert ask.compare(other, broken.run, names=["a", "b", "c"]).runs == ("a", "b", "c")
    with pytest.raises(UsageError):
        ask.compare()


@pytest.mark.long
def test_conflict_and_repairs_are_the_words_of_the_command(
    broken: allocator.Questions, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = folder / "scenarios" / "broken.toml"
    found = broken.repairs()
    assert found.conflicts and found.repairs
    assert_same_tables(found, allocator.repairs(broken.run))
    words = {lang: said("check", scenario, "--explain", "--lang", lang) for lang in LANGUAGES}
    for lang, text in words.items():  # The command says first what counting alone proves.
        assert text.endswith(found.said(lang))
    assert_shows_itself(found, {lang: found.said(lang) for lang in LANGUAGES}, monkeypatch)
    assert_same_tables(broken.conflict(), allocator.conflict(broken.run))


def test_sweep_starts_from_the_run(
    ask: allocator.Questions, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ask.sweep({"quota.theory-quota": [3, 4]}, workers=1, out=tmp_path / "out")
    whole = allocator.sweep(folder / "scenarios" / "tiny.toml", "quota.theory-quota=3,4", workers=1)
    without = ["seconds"]
    pd.testing.assert_frame_equal(found.points.drop(columns=without), whole.points.drop(columns=without))
    assert_shows_itself(found, {lang: whole.said(lang) for lang in LANGUAGES}, monkeypatch)
    # What is written there can be planned, and is the plan of the point.
    (file,) = (tmp_path / "out" / "scenarios").glob("*amount=3*")
    assert allocator.plan(file).plan.sha256 == found.points["plan_sha256"][0]


def test_sweep_of_a_run_has_the_changes_it_was_planned_with(folder: Path) -> None:
    changes = {"overrides.theory-quota.amount": 2, "disable": ["team-fifth"]}
    run = allocator.plan(folder / "scenarios" / "tiny.toml", changes=changes)
    found = allocator.Questions(run).sweep({"quota.skills-quota": [2]}, workers=1)
    wanted = allocator.plan(allocator.changed(run.inputs, {"overrides.skills-quota.amount": 2}))
    assert found.points["plan_sha256"][0] == wanted.plan.sha256
    assert "team-fifth" not in set(found.clauses["rule_id"])


def test_sweep_of_a_run_is_refused_when_its_files_have_changed_or_a_base_says_nothing(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    scenario = tmp_path / "copy" / "scenarios" / "tiny.toml"
    ask = allocator.Questions(allocator.plan(scenario))
    with pytest.raises(UsageError, match="only rules and sessions"):
        ask.sweep({"seed": ["a", "b"]})
    with pytest.raises(UsageError, match="only rules and sessions"):
        ask.sweep({"quota.theory-quota": [3]}, seed="other")
    assert list(ask.sweep({"seed": ["a", "b"]}, from_base=False, workers=1).points["exit_code"]) == [0, 0]
    scenario.write_text(scenario.read_text(encoding="utf-8") + "\n# Later.\n", encoding="utf-8")
    with pytest.raises(AllocatorError, match="has changed since the run"):
        ask.sweep({"quota.theory-quota": [3]})


def test_what_one_answer_worked_out_is_used_for_the_next(
    broken: allocator.Questions, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched, made = [], []
    find, of = finding.find, Planner.of

    def counted(trials: Trials, run: allocator.Run) -> finding.Found:
        searched.append(run)
        return find(trials, run)

    def standing(run: allocator.Run) -> Planner:
        made.append(run)
        return of(run)

    monkeypatch.setattr(import_module("allocator.answers.conflicts.result"), "find", counted)
    monkeypatch.setattr(Planner, "of", standing)
    ask = allocator.Questions(broken.run)
    first = ask.conflict()
    assert first.questions > 0 and not first.repairs
    assert ask.repairs().table.equals(first.table)
    assert ask.conflict().questions == 0 and len(searched) == 1
    ask.one_more("theory-quota", "1:2")
    ask.why_not("N1", 2020)
    assert len(made) == 1
    assert ask.ledger() is ask.ledger()


def test_run_that_keeps_every_rule_has_no_conflict(ask: allocator.Questions) -> None:
    found = ask.repairs()
    assert found.is_kept and found.table.empty and found.gives.empty


def test_what_if_is_the_plan_with_the_change_beside_this_one(ask: allocator.Questions, tmp_path: Path) -> None:
    found = ask.what_if({"quota.theory-quota": 5, "limits.gap": 0.0})
    assert found.changes == {"quota.theory-quota": 5, "limits.gap": 0.0}
    # Nobody is left to send, so each of the four years lacks one more: 1 + 4.
    values = found.comparison.goals.set_index("goal").loc["quota-shortfall"]
    assert values[["value | tiny", "value | what-if"]].tolist() == [1, 5]
    assert found.run.inputs.policy.rule("theory-quota").amount == 5
    assert_same_tables(found.comparison, ask.compare(found.run, names=["tiny", "what-if"]))
    english, chinese = found.said("en"), found.said("zh")
    assert "(theory-quota): amount 5 instead of 4\n  limits.gap = 0.0\n" in english
    years = ask.what_if({"overrides.theory-quota.years": [2019], "share.team-fifth": "1/4"}).said("en")
    assert (
        "\n  overrides.theory-quota.years = [2019]\n" in years and "(team-fifth): share 1/4 instead of 1/5\n" in years
    )
    assert "（theory-quota）：amount 由 4 改为 5" in chinese and english.endswith(found.comparison.said("en"))
    found.write_scenario(tmp_path / "five.toml", id="five")
    assert allocator.plan(tmp_path / "five.toml").goals.equals(found.run.goals)


def test_what_if_from_nothing_is_the_plan_of_the_changed_scenario(ask: allocator.Questions) -> None:
    changes = {"disable": ["spacing"], "overrides.staff-coverage.window_years": 2}
    found = ask.what_if(changes, name="free", from_base=False)
    assert found.run.plan.sha256 == allocator.plan(ask.run, changes=changes).plan.sha256
    assert found.comparison.runs == ("tiny", "free") and "disable = ['spacing']" in found.said("en")
    with pytest.raises(allocator.InputError, match="did you mean 'theory-quota'"):
        ask.what_if({"quota.theory-qouta": 5})


def test_mistakes_are_those_of_the_functions(ask: allocator.Questions, tmp_path: Path) -> None:
    with pytest.raises(allocator.InputError, match="there is no 'X9' on the roster"):
        ask.why("X9")
    with pytest.raises(allocator.InputError):
        ask.why_not("N1", "nothing")
    with pytest.raises(allocator.InputError):
        ask.one_more("nothing")
    with pytest.raises(UsageError):
        ask.repairs(["nothing"])
    with pytest.raises(allocator.InputError, match="is not the folder of a finished run"):
        allocator.Questions(tmp_path)


def test_questions_name_their_scenario(ask: allocator.Questions) -> None:
    assert repr(ask) == "<Questions: tiny>"
    assert dataclasses.is_dataclass(ask.run) and ask.inputs is ask.run.inputs
