"""What records show of themselves at the prompt and in a notebook: words and figures, short, and never all their fields."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import allocator
from allocator.domain.errors import AllocatorError, UnknownRuleError

TINY = Path(__file__).parents[3] / "scenarios" / "tiny.toml"


@pytest.fixture(scope="module")
def run() -> allocator.Run:
    return allocator.plan(TINY)


@pytest.fixture(scope="module")
def broken(run: allocator.Run) -> allocator.Conflicts:
    """Six places a year are asked for where five are."""
    return allocator.repairs(allocator.changed(run.inputs, {"overrides.theory-quota.amount": 6}))


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (lambda run: run.inputs, ["tiny", "2019–2022", "17 rules", "2 units", "15 cadres", "20 sessions"]),
        (lambda run: run.inputs.policy, ["tiny", "17 rules"]),
        (lambda run: run.plan, ["37 placements", "15 people"]),
        (lambda run: run.result, ["proven", "7 of 7 goals"]),
        # One place of the theory course lacks: 4 + 4 + 3 + 4 of 16.
        (lambda run: run.audit["theory-quota"], ["theory-quota kept", "required 16", "achieved 15 people"]),
        (lambda run: run.audit, ["23 rules", "16 kept", "0 breached", "7 reported"]),
        (lambda run: allocator.Explainer(run), ["tiny"]),
        (lambda run: allocator.Questions(run), ["tiny"]),
    ],
)
def test_record_shows_itself_in_one_line(
    run: allocator.Run, shown: Callable[[allocator.Run], object], words: list[str]
) -> None:
    line = repr(shown(run))
    assert line.startswith("<") and len(line) < 120 and "\n" not in line
    assert [word for word in words if word not in line] == []


@pytest.mark.long
def test_parts_of_an_answer_show_themselves_in_one_line(broken: allocator.Conflicts) -> None:
    assert repr(broken.conflicts[0]) == "<Conflict: theory-quota, spacing; lacking=1>"
    assert repr(broken.repairs[0]).startswith("<Repair: fewest-people, ") and "changes={" in repr(broken.repairs[0])


@pytest.mark.parametrize(("lang", "word"), [("en", "Goals in their order"), ("zh", "目标（按顺序）")])
def test_run_shows_the_summary_of_the_command(
    run: allocator.Run, lang: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOCATOR_LANG", lang)
    assert word in repr(run) and repr(run) == run.said(lang)
    assert word in run._repr_html_() and "<pre" in run._repr_html_()


def test_check_shows_what_counting_proves() -> None:
    found = allocator.check(TINY)
    assert found.said("en").split("\n")[:2] == ["Checked: nothing found that cannot be kept.", "■ Warnings (1)"]
    assert "16 attendances are needed, 15 are possible at most" in found.said("en")
    assert "检查通过" in found.said("zh")


def test_plan_and_audit_are_tables_in_a_notebook(run: allocator.Run) -> None:
    assert "theory-2019a" in run.plan._repr_html_()
    assert "theory-quota" in run.audit._repr_html_()


def test_rule_shows_what_it_says_and_nothing_else(run: allocator.Run) -> None:
    shown = repr(run.inputs.policy.rule("skills-quota"))
    assert "amount=2" in shown and "modality='at-least'" in shown
    assert "strength" not in shown and "audience" not in shown  # As they are where nothing is said.


def test_language_is_chosen_once_for_everything(run: allocator.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_LANG", "en")
    assert "Quotas" in repr(run.figures)
    allocator.speak("zh")
    assert "名额" in repr(run.figures) and "目标" in repr(run)
    assert run.figures is run.figures  # What a figure worked out is kept for the next.
    with pytest.raises(ValueError, match="fr"):
        allocator.speak("fr")  # type: ignore[arg-type]


def test_unknown_rule_is_answered_with_the_nearest(run: allocator.Run) -> None:
    with pytest.raises(KeyError) as of_audit:
        run.audit["theory-qouta"]
    with pytest.raises(UnknownRuleError) as of_policy:
        run.inputs.policy.rule("theory-qouta")
    assert str(of_audit.value) == str(of_policy.value)
    assert str(of_policy.value).startswith("there is no rule 'theory-qouta'; there are: theory-quota")
    assert isinstance(of_policy.value, AllocatorError) and "没有规则" in of_policy.value.said("zh")
    assert run.audit["theory-quota"].required == 16 and run.audit["theory-quota"].unit == "people"


def test_workbook_is_written_where_it_is_told(run: allocator.Run, tmp_path: Path) -> None:
    book = allocator.ledger(run.inputs).workbook("en")
    assert repr(book) == f"<Workbook: {len(book):,} bytes>"
    book.save(str(tmp_path / "deep" / "ledger.xlsx"))
    assert (tmp_path / "deep" / "ledger.xlsx").read_bytes() == book
    with pytest.raises(allocator.OutputError):
        book.save(tmp_path / "deep" / "ledger.xlsx" / "below-a-file.xlsx")
