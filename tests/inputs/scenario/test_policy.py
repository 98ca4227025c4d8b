"""The policy file: unknown keys, kinds and values, and overrides laid over the rules; each located by line."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from allocator.domain.rules import Quota, ShareFloor
from tests.inputs.builders import Files, line_of

# Rule, key, bad value, code, part of the message, part of the hint, good value.
BAD_VALUES: list[tuple[str, str, Any, str, str, str, Any]] = [
    ("heads", "kind", "qouta", "unknown-kind", "'qouta' is not a kind of rule", "'quota'", "quota"),
    ("heads", "amount", -1, "bad-value", "-1 is not a value", "correct", 0),
    ("heads", "amount", "1", "wrong-type", "'1' is of the wrong type", "without quotes", 1),
    ("heads", "amount", True, "wrong-type", "True is of the wrong type", "without quotes", 1),
    ("heads", "admits", "False", "wrong-type", "'False' is of the wrong type", "without quotes", False),
    ("heads", "modality", "abuot", "unknown-value", "'abuot' is not one of about, at-least", "'about'", "about"),
    ("heads", "years", ["2019"], "wrong-type", "'2019' is of the wrong type", "without quotes", [2019]),
    ("heads", "band_share", 1.01, "bad-value", "a share lies between 0 and 1, not 1.01", "correct", 1.0),
    ("fifth", "share", "6/5", "bad-value", "a share lies between 0 and 1", "correct", "5/5"),
    ("fifth", "share", "1/0", "bad-value", "is not a share", "correct", "1/1"),
    ("fifth", "id", "One Fifth", "bad-value", "'One Fifth' is not a value", "correct", "one-fifth"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "key", "bad", "code", "message", "hint", "good"), BAD_VALUES)
def test_bad_value_is_refused_on_its_line(
    files: Files, rule: str, key: str, bad: Any, code: str, message: str, hint: str, good: Any
) -> None:
    raw = files.rule(rule)
    raw[key] = bad
    defect = files.defect(code)
    assert message in defect.message
    assert hint in defect.hint
    line = (files.folder / "policy.toml").read_text(encoding="utf-8").splitlines()[defect.row - 1]
    assert line.startswith(f"{key} = ")
    raw[key] = good
    files.load()


@pytest.mark.parametrize("key", ["title", "title_zh", "kind", "amount", "id"])
def test_missing_key_of_a_rule_is_refused(files: Files, key: str) -> None:
    del files.rule("heads")[key]
    defect = files.defect("missing-key")
    assert defect.message == f"the key {key!r} is missing"
    assert defect.row == line_of(files.folder / "policy.toml", "[[rules]]")


@pytest.mark.parametrize(
    ("place", "key", "hint"),
    [
        ((), "titel", "did you mean 'title'?"),
        (("parameters",), "hours_per_dya", "did you mean 'hours_per_day'?"),
        (("rules", 0), "amuont", "did you mean 'amount'?"),
        (("rules", 0), "zzz", "the keys are id, kind, clause"),
        (("rules", 0, "audience", "birth_year"), "mni", "did you mean 'min'?"),
    ],
)
def test_unknown_key_is_refused_with_a_suggestion(files: Files, place: tuple[Any, ...], key: str, hint: str) -> None:
    files.rule("heads")["audience"]["birth_year"] = {"max": 1990}
    table: Any = files.policy
    for step in place:
        table = table[step]
    table[key] = 1
    defect = files.defect("unknown-key")
    assert defect.message == f"unknown key {key!r}"
    assert hint in defect.hint
    assert key in (files.folder / "policy.toml").read_text(encoding="utf-8").splitlines()[defect.row - 1]


def test_empty_range_is_refused(files: Files) -> None:
    files.rule("heads")["audience"]["birth_year"] = {"min": 1990, "max": 1980}
    assert "the range is empty" in files.defect("bad-value").message


@pytest.mark.parametrize("bounds", [(date(1990, 1, 1), 2000), (1990, date(2000, 1, 1))])
def test_range_between_a_date_and_a_number_is_refused(files: Files, bounds: tuple[Any, Any]) -> None:
    files.rule("heads")["audience"]["birth_year"] = {"min": bounds[0], "max": bounds[1]}
    assert "between a date and a number" in files.defect("bad-value").message
    files.rule("heads")["audience"]["birth_year"] = {"min": 1900, "max": 2000}
    files.load()


def test_doubled_rule_is_refused(files: Files) -> None:
    files.policy["rules"].append({**files.rule("named")})
    defect = files.defect("doubled-id")
    assert "'named' is used twice, first on line" in defect.message


def test_policy_without_rules_is_refused(files: Files) -> None:
    files.policy["rules"] = []
    files.scenario["horizon"] = [2019]
    assert files.defect("missing-key").message == "the policy has no rules"


def test_policy_without_title_is_refused(files: Files) -> None:
    del files.policy["title_zh"]
    assert files.defect("missing-key").column == "title_zh"


def test_override_replaces_fields_and_leaves_the_others(files: Files) -> None:
    files.scenario["overrides"] = {"heads": {"amount": 2, "modality": "at-least", "audience": {"tags": ["young"]}}}
    rule = files.load().policy.rule("heads")
    assert isinstance(rule, Quota)
    assert (rule.amount, rule.modality, rule.title) == (2, "at-least", "Heads")
    assert rule.audience.conditions == {"tags": ("young",)}


@pytest.mark.parametrize(
    ("written", "amount", "read"),
    [
        ("约40人", 3, "约3人"),
        ("每年约40人", 40, "每年约40人"),
        ("厅级每年约140人", 3, "厅级每年约140人"),  # Another number.
        ("40人，其中40人", 3, "40人，其中40人"),  # Which of them is meant is not certain.
        ("班子轮训", 3, "班子轮训"),
    ],
)
def test_title_that_names_the_amount_follows_the_scenario(files: Files, written: str, amount: int, read: str) -> None:
    files.rule("heads").update(amount=40, title_zh=written, title=written)
    files.scenario["overrides"] = {"heads": {"amount": amount}}
    rule = files.load().policy.rule("heads")
    assert (rule.title, rule.title_zh) == (read, read)


def test_title_that_the_scenario_writes_stays_as_written(files: Files) -> None:
    files.rule("heads").update(amount=40, title="about 40", title_zh="约40人")
    files.scenario["overrides"] = {"heads": {"amount": 3, "title_zh": "每年40至50人"}}
    rule = files.load().policy.rule("heads")
    assert (rule.title, rule.title_zh) == ("about 3", "每年40至50人")


def test_bad_override_is_located_in_the_scenario(files: Files) -> None:
    files.scenario["overrides"] = {"fifth": {"share": 1.5}}
    defect = files.defect("bad-value")
    assert (defect.file, defect.column) == ("scenario.toml", "overrides.fifth.share")
    assert defect.row == line_of(files.path, "share = 1.5")
    files.scenario["overrides"] = {"fifth": {"share": 0.25}}
    rule = files.load().policy.rule("fifth")
    assert isinstance(rule, ShareFloor)
    assert rule.share == Fraction(1, 4)


def test_bad_filter_of_an_override_is_located_in_the_scenario(files: Files) -> None:
    files.scenario["overrides"] = {"heads": {"audience": {"grade": ["x"]}}}
    defect = files.defect("unknown-column")
    assert (defect.file, defect.row) == ("scenario.toml", line_of(files.path, "grade"))


def test_override_of_an_unknown_rule_is_refused_with_a_suggestion(files: Files) -> None:
    files.scenario["overrides"] = {"haeds": {"amount": 2}}
    defect = files.defect("unknown-rule")
    assert (defect.file, defect.row) == ("scenario.toml", line_of(files.path, "haeds"))
    assert defect.hint == "did you mean 'heads'?"


@pytest.mark.parametrize("key", ["id", "kind"])
def test_override_cannot_change_what_the_rule_is(files: Files, key: str) -> None:
    files.scenario["overrides"] = {"heads": {key: "x"}}
    assert files.defect("bad-override").column == f"overrides.heads.{key}"


def test_disabled_rule_is_left_out_and_its_empty_audience_does_not_matter(files: Files) -> None:
    files.rule("heads")["audience"] = {"category": ["nobody"]}
    files.scenario["disable"] = ["heads"]
    assert [rule.id for rule in files.load().policy.rules] == ["fifth", "named"]


def test_disabled_rule_that_does_not_exist_is_refused(files: Files) -> None:
    files.scenario["disable"] = ["fifth", "naemd"]
    defect = files.defect("unknown-rule")
    assert (defect.file, defect.row) == ("scenario.toml", line_of(files.path, "disable"))
    assert defect.hint == "did you mean 'named'?"


def test_policy_parameters_are_replaced_and_checked(files: Files) -> None:
    files.scenario["policy_parameters"] = {"hours_per_day": 8}
    assert files.load().policy.parameters.hours_per_day == 8
    files.scenario["policy_parameters"] = {"hours_per_day": 0}
    defect = files.defect("bad-value")
    assert (defect.file, defect.column) == ("scenario.toml", "policy_parameters.hours_per_day")


def test_single_value_of_a_filter_needs_no_brackets(files: Files) -> None:
    files.rule("heads")["audience"] = {"principal": True, "appointed_on": {"min": date(2016, 5, 1)}}
    inputs = files.load()
    assert inputs.audience(inputs.policy.rule("heads").audience).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"any": 5}, "5 is not a value of this key"),
        ({"not": 1}, "1 is not a value of this key"),
        ({"birth_year": {"min": "x"}}, "'x' is not a value of this key"),
        ({"birth_year": {}}, "a range needs 'min' or 'max'"),
        (5, "5 is not a value of this key"),
    ],
)
def test_malformed_filter_is_refused(files: Files, wanted: Any, message: str) -> None:
    files.rule("heads")["audience"] = wanted
    defect = files.defect("bad-value")
    assert message in defect.message
    assert defect.file == "policy.toml"


@pytest.mark.parametrize("key", ["any_of", "exclude", "not"])
def test_key_of_a_filter_is_unknown_to_a_rule(files: Files, key: str) -> None:
    files.rule("heads")[key] = []
    assert files.defect("unknown-key").column == f"rules.heads.{key}"
