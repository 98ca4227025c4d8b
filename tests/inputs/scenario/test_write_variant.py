"""A scenario read again with changes, rules that a scenario adds, and the file that says the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from allocator.domain.errors import InputError, OutputError
from allocator.domain.tables import Inputs
from allocator.inputs import changed, load, load_shown, scenario_toml, write_variant
from tests.inputs.builders import Files, defects_of, line_of

CALL_UP = {
    "id": "extra", "kind": "fixed", "title": "Extra", "title_zh": "另加",
    "call_ups": [{"cadre_id": "C1", "session_id": "S1"}],
}  # fmt: skip
AWAY = {
    "id": "away", "kind": "fixed", "title": "Away", "title_zh": "外出", "audience": {"not": {"tags": ["young"]}},
    "unavailable": [{"cadre_id": "C2", "from_date": date(2019, 3, 1), "to_date": date(2019, 3, 31)}],
}  # fmt: skip


def above(files: Files, text: str) -> Path:
    """A scenario that extends the one of the files."""
    files.write()
    path = files.folder / "above.toml"
    path.write_text(f'extends = "scenario.toml"\nid = "above"\n{text}', encoding="utf-8")
    return path


def rule_ids(inputs: Inputs) -> list[str]:
    return [rule.id for rule in inputs.policy.rules]


def same(one: Inputs, other: Inputs) -> bool:
    """Whether two inputs mean the same, names of scenarios apart."""
    names = {"id": "", "title": "", "title_zh": ""}
    return (
        one.policy == other.policy
        and one.scenario.model_copy(update=names) == other.scenario.model_copy(update=names)
        and all(
            getattr(one, table).equals(getattr(other, table))
            for table in ("units", "cadres", "history", "programmes", "sessions", "segments")
        )
    )


def test_rules_of_a_scenario_stand_behind_those_of_the_policy_and_layers_add_up(files: Files) -> None:
    files.scenario["rules"] = [AWAY]
    path = above(files, '[[rules]]\nid = "more"\nkind = "quota"\ntitle = "M"\ntitle_zh = "多"\namount = 1\n')
    assert rule_ids(load(path)) == ["heads", "fifth", "named", "away", "more"]
    assert load(path).policy.rule("away").unavailable[0].to_date == date(2019, 3, 31)


def test_added_rule_can_be_overridden_and_left_out_above(files: Files) -> None:
    files.scenario["rules"] = [CALL_UP, {**AWAY, "unavailable": []}]
    path = above(files, 'disable = ["away"]\n[overrides.extra]\ntitle = "Another"\n')
    inputs = load(path)
    assert rule_ids(inputs) == ["heads", "fifth", "named", "extra"]
    assert inputs.policy.rule("extra").title == "Another"


def test_added_rules_are_shown_with_the_layer_that_adds_them(files: Files) -> None:
    files.scenario["rules"] = [CALL_UP]
    shown = load_shown(
        above(files, '[[rules]]\nid = "m"\nkind = "fixed"\nclause = "9"\ntitle = "M"\ntitle_zh = "多"\n')
    )
    assert [(one.rule_id, one.clause, one.origin) for one in shown.added] == [
        ("extra", "", "scenario.toml"),
        ("m", "9", "above.toml"),
    ]
    assert shown.added[0].fields["call_ups"] == CALL_UP["call_ups"]
    assert not [value for value in shown.values if value.key == "rules"]


def test_merged_form_with_added_rules_reads_the_same(files: Files, tmp_path: Path) -> None:
    files.scenario["rules"] = [AWAY]
    inputs = files.load(rules=[CALL_UP])
    assert inputs.origins["rules"] == "command line, scenario.toml"
    again = tmp_path / "again.toml"
    again.write_text(scenario_toml(inputs, tmp_path), encoding="utf-8")
    assert same(load(again), inputs)


BAD: list[tuple[str, str, str]] = [
    ('[[rules]]\nid = "heads"\nkind = "fixed"\ntitle = "M"\ntitle_zh = "多"\n', "'heads' is used already in", "[[rules]]"),
    ('[[rules]]\nid = "m"\nkind = "fixd"\ntitle = "M"\ntitle_zh = "多"\n', "fixd", "fixd"),
    ('[[rules]]\nid = "m"\nkind = "fixed"\ntitle = "E"\ntitel = "M"\ntitle_zh = "多"\n', "titel", "titel"),
    ('[[rules]]\nid = "m"\ntitle = "M"\ntitle_zh = "多"\n', "kind", "[[rules]]"),
    ('rules = ["heads"]\n', "rules is a list of tables", "rules ="),
    (
        '[[rules]]\nid = "m"\nkind = "fixed"\ntitle = "M"\ntitle_zh = "多"\naudience = { categry = "head" }\n',
        "'categry'", "categry",
    ),
    (
        '[[rules]]\nid = "m"\nkind = "fixed"\ntitle = "M"\ntitle_zh = "多"\n'
        'call_ups = [{ cadre_id = "C9", session_id = "S1" }]\n',
        "'C9'", "C9",
    ),
    ('[[session_changes]]\nsessions = ["S1", "S9"]\ncancel = true\n', "'S9'", "S9"),
    ('[[session_changes]]\nsessions = ["S1"]\nseats_more = -3\n', "S1 has 3 seats: 3 fewer leave none", "seats_more"),
    ('[[session_changes]]\nsessions = ["S1"]\nseats_more = 1.5\n', "1.5", "seats_more"),
    ('[[session_changes]]\nsessions = ["S1"]\nseats_more = 1\ncancel = true\n', "exactly one of", "[[session_changes]]"),
    ('[[session_changes]]\nsessions = "S1"\nseats_more = 1\n', "S1", "sessions ="),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "where"), BAD)
def test_bad_rule_or_change_is_refused_on_its_line(files: Files, text: str, message: str, where: str) -> None:
    path = above(files, text)
    (defect, *_) = defects_of(path)
    assert Path(defect.file).name == "above.toml"
    assert message in defect.message
    assert abs(defect.row - line_of(path, where)) <= 1
    assert defect.hint


def test_named_session_gets_one_seat_more_and_the_observer_keeps_the_seat(files: Files) -> None:
    files.scenario["session_changes"] = [{"sessions": ["S3"], "seats_more": 1}]
    table = files.load().sessions.set_index("session_id")
    assert table["seats"].to_dict() == {"S1": 3, "S2": 3, "S3": 11}
    assert table["usable_seats"].to_dict() == {"S1": 3, "S2": 3, "S3": 10}


def test_fewer_seats_down_to_one_are_taken_and_the_least_size_follows(files: Files) -> None:
    files.tables["sessions"][0]["min_seats"] = "2"
    files.scenario["session_changes"] = [{"sessions": ["S1"], "seats_more": -2}]
    table = files.load().sessions.set_index("session_id")
    assert (table["seats"]["S1"], table["min_seats"]["S1"]) == (1, 1)


def test_named_session_is_cancelled_or_moved_without_dates(files: Files) -> None:
    files.scenario["session_changes"] = [
        {"sessions": ["S2"], "cancel": True},
        {"sessions": ["S1"], "shift_days": 7},
    ]
    inputs = files.load()
    assert inputs.sessions["session_id"].tolist() == ["S1", "S3"]
    assert str(inputs.sessions["start_date"][0].date()) == "2019-03-11"
    assert "1 is made up later, 0 cancelled" in str(inputs.notes)


def test_named_sessions_are_those_that_fit_the_dates_too(files: Files) -> None:
    days = {"from_date": date(2019, 3, 1), "to_date": date(2019, 3, 31)}
    files.scenario["session_changes"] = [{"sessions": ["S1", "S2"], "seats_more": 2, **days}]
    assert files.load().sessions.set_index("session_id")["seats"].to_dict() == {"S1": 5, "S2": 3, "S3": 10}


CHANGES: list[dict[str, Any]] = [
    {"overrides.heads.amount": 3, "limits.gap": 0.5},
    {"disable": ["fifth"], "rules": [CALL_UP]},
    {"session_changes": [{"sessions": ["S1"], "seats_more": 1}], "seed": "x"},
    {"session_changes": [{"programmes": {"content": ["theory"]}, "seats_share": "1/2"}]},
    {"rules": [{**CALL_UP, "id": "more"}, AWAY], "overrides": {"fifth": {"share": "1/4"}}},
    {"policy_parameters.hours_per_day": 8},
    {"goals": ["owed", "violation", "overdue", "quota-shortfall", "quota-excess", "fairness", "priority", "change"]},
    {"horizon": [2019]},
]


@pytest.fixture
def base(files: Files) -> Callable[[], Inputs]:
    """Inputs of a scenario with a base, an added rule and a changed session, read with a change of the command line."""
    files.scenario["rules"] = [{**AWAY, "id": "first"}]
    files.scenario["session_changes"] = [{"sessions": ["S2"], "seats_more": 4}]
    path = above(files, '[overrides.heads]\nclause = "12"\n')
    return lambda: load(path, changes={"limits.seconds": 60})


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_changed_inputs_are_those_of_a_file_that_says_so(
    base: Callable[[], Inputs], tmp_path: Path, changes: dict[str, Any]
) -> None:
    inputs = base()
    made = changed(inputs, changes)
    file = tmp_path / "elsewhere" / "variant.toml"
    told = write_variant(inputs, changes, file, id="variant", title="A variant", title_zh="变体")
    read = load(file)
    assert same(made, told) and same(told, read)
    assert not same(inputs, read)
    assert (read.scenario.id, read.scenario.title_zh) == ("variant", "变体")
    assert read.scenario.limits.seconds == 60
    assert file.read_text(encoding="utf-8").startswith('extends = "../above.toml"')


def test_changes_come_on_top_of_each_other(base: Callable[[], Inputs]) -> None:
    inputs = base()
    seat = {"session_changes": [{"sessions": ["S1"], "seats_more": 1}]}
    twice = changed(changed(inputs, seat), {**seat, "overrides.heads.amount": 2, "rules": [CALL_UP]})
    assert twice.sessions["seats"].tolist() == [5, 7, 10]
    assert (twice.policy.rule("heads").amount, twice.policy.rule("heads").clause) == (2, "12")
    assert inputs.sessions["seats"].tolist() == [3, 7, 10]
    assert changed(inputs, {}).sessions.equals(inputs.sessions)


def test_changed_inputs_keep_roster_notes_and_hashes(base: Callable[[], Inputs], files: Files) -> None:
    inputs = base()
    (files.folder / "tables" / "units.csv").write_text("", encoding="utf-8")  # Nothing is read again.
    made = changed(inputs, {"overrides.heads.amount": 3})
    assert made.roster is inputs.roster
    assert (made.notes, made.hashes, made.files) == (inputs.notes, inputs.hashes, inputs.files)


def test_other_tables_are_read(base: Callable[[], Inputs], files: Files) -> None:
    inputs = base()
    other = files.folder / "other"
    other.mkdir()
    text = (files.folder / "tables" / "sessions.csv").read_text(encoding="utf-8")
    (other / "sessions.csv").write_text(text.replace(",10,", ",12,"), encoding="utf-8")
    made = changed(inputs, {"tables.sessions": str(other / "sessions.csv")})
    assert made.sessions["seats"].tolist() == [3, 7, 12]
    file = files.folder / "deep" / "er" / "variant.toml"
    write_variant(inputs, {"tables.sessions": str(other / "sessions.csv")}, file, id="v")
    assert same(load(file), made)


def test_change_of_an_unknown_rule_is_refused(base: Callable[[], Inputs]) -> None:
    with pytest.raises(InputError, match="'headz'"):
        changed(base(), {"overrides.headz.amount": 3})


def test_inputs_that_were_not_read_cannot_be_changed(base: Callable[[], Inputs]) -> None:
    with pytest.raises(ValueError, match="not read from a scenario file"):
        changed(replace(base(), source=None), {})


def test_variant_replaces_no_file_but_its_own_and_only_by_force(base: Callable[[], Inputs], files: Files) -> None:
    inputs = base()
    file = files.folder / "variant.toml"
    write_variant(inputs, {"seed": "x"}, file, id="v")
    before = file.read_text(encoding="utf-8")
    with pytest.raises(OutputError, match="--force"):
        write_variant(inputs, {"seed": "y"}, file, id="v")
    assert file.read_text(encoding="utf-8") == before
    write_variant(inputs, {"seed": "y"}, file, id="v", force=True)
    assert load(file).scenario.seed == "y"
    with pytest.raises(OutputError, match="were read"):
        write_variant(inputs, {}, files.folder / "policy.toml", id="v", force=True)


def test_variant_with_a_defect_leaves_no_file(base: Callable[[], Inputs], tmp_path: Path) -> None:
    file = tmp_path / "new" / "variant.toml"
    with pytest.raises(InputError):
        write_variant(base(), {"overrides.heads.amount": -1}, file, id="v")
    assert not file.parent.exists()
