"""The scenario: layers that extend each other, changes from the command line, origins, the merged form."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from allocator.domain.rules import GOALS
from allocator.inputs import load, scenario_toml
from tests.inputs.builders import SCENARIO, Files, defects_of, line_of, write_toml
from tests.inputs.tables.test_read_tables import assert_same

BAD_SCENARIOS: list[tuple[str, Any, str, str]] = [
    ("horizon", [], "bad-horizon", "the horizon has no years"),
    ("horizon", [2019, 2021], "bad-horizon", "the years 2019, 2021 do not follow each other"),
    ("horizon", [2020, 2019], "bad-horizon", "do not follow each other"),
    ("horizon", [19, 20], "bad-horizon", "the years 19 to 20 are not between 1900 and 2200"),
    ("horizon", ["2019"], "wrong-type", "'2019' is of the wrong type"),
    ("horizon", 2019, "bad-value", "2019 is not a value of this key"),
    ("goals", ["violation", "violation"], "doubled-id", "a goal is named twice: violation"),
    ("goals", ["violatoin"], "unknown-value", "'violatoin' is not one of violation"),
    ("seed", 7, "bad-value", "7 is not a value of this key"),
    ("limits", {"gap": -0.1}, "bad-value", "-0.1 is not a value of this key"),
    ("limits", {"workers": 0}, "bad-value", "0 is not a value of this key"),
    ("limits", {"secnods": 5}, "unknown-key", "unknown key 'secnods'"),
    ("limits", 5, "wrong-type", "5 is not a table of keys"),
    ("limits", {"at_most": {"priority": 5}}, "bad-value", "'priority' cannot be limited here"),
    ("limits", {"at_least": {"owed": 5}}, "bad-value", "'owed' cannot be limited here, only priority"),
    ("overrides", {"heads": 5}, "wrong-type", "5 is not a table of keys"),
    ("disable", "heads", "wrong-type", "'heads' is not a list of rule ids"),
    ("horzion", [2019], "unknown-key", "unknown key 'horzion'"),
    ("policy", "polcy.toml", "missing-file", "polcy.toml'"),
    ("policy", 5, "wrong-type", "5 is not a path"),
    ("tables", "nowhere", "missing-file", "nowhere' does not exist"),
    ("tables", 5, "wrong-type", "5 is neither a path nor a table"),
    ("extends", "other.toml", "missing-file", "there is no file"),
    ("extends", 5, "wrong-type", "5 is not a path"),
]


@pytest.mark.parametrize(("key", "value", "code", "message"), BAD_SCENARIOS)
def test_bad_scenario_is_refused_on_its_line(files: Files, key: str, value: Any, code: str, message: str) -> None:
    files.scenario[key] = value
    defect = files.defect(code)
    assert defect.file == "scenario.toml"
    assert message in defect.message
    inner = next(iter(value)) if isinstance(value, dict) else key
    assert defect.row == line_of(files.path, inner)


@pytest.mark.parametrize("key", ["id", "policy", "tables", "horizon"])
def test_missing_key_is_refused(files: Files, key: str) -> None:
    del files.scenario[key]
    defect = files.defect("missing-key")
    assert (defect.file, defect.row, defect.message) == ("scenario.toml", 1, f"the key {key!r} is missing")


def test_missing_scenario_is_refused(tmp_path: Path) -> None:
    (defect,) = defects_of(tmp_path / "none.toml")
    assert defect.code == "missing-file"


def test_missing_table_is_refused_with_the_names_it_may_have(files: Files) -> None:
    files.write()
    (files.folder / "tables" / "history.csv").rename(files.folder / "tables" / "histroy.csv")
    (defect,) = defects_of(files.path)
    assert (defect.code, defect.column) == ("missing-file", "tables")
    assert "history.csv or history.xlsx or history.parquet" in defect.message
    assert defect.hint == "did you mean 'histroy.csv'?"


def test_table_in_two_formats_is_refused(files: Files) -> None:
    files.write()
    (files.folder / "tables" / "units.xlsx").write_bytes(b"")
    (defect,) = defects_of(files.path)
    assert defect.code == "ambiguous-table"
    assert "units.csv, units.xlsx" in defect.message


def test_tables_may_be_named_one_by_one(files: Files) -> None:
    plain = files.load()
    names = {name: f"tables/{name}.csv" for name in files.tables}
    write_toml(files.path, {**SCENARIO, "tables": names})
    assert_same(plain, load(files.path))
    del names["history"]
    write_toml(files.path, {**SCENARIO, "tables": names})
    (defect,) = defects_of(files.path)
    assert (defect.code, defect.column) == ("missing-key", "tables.history")
    write_toml(files.path, {**SCENARIO, "tables": {**names, "history": "gone.csv"}})
    (defect,) = defects_of(files.path)
    assert (defect.code, defect.column, defect.row) == (
        "missing-file",
        "tables.history",
        line_of(files.path, "gone.csv"),
    )


def test_goals_that_are_not_named_follow(files: Files) -> None:
    files.scenario["goals"] = ["quota-shortfall", "violation"]
    inputs = files.load()
    assert inputs.scenario.goals[:3] == ("quota-shortfall", "violation", "overdue")
    assert set(inputs.scenario.goals) == set(GOALS)
    assert any("goals that are not named" in note for note in inputs.notes)


@pytest.fixture
def layered(files: Files) -> Path:
    """A scenario in its own folder that extends the small one."""
    files.scenario |= {
        "title": "Base",
        "limits": {"gap": 0.05, "seconds": 100},
        "disable": ["named"],
        "overrides": {"heads": {"amount": 2, "note": "of the base"}},
    }
    files.write()
    (files.folder / "what-if").mkdir()
    path = files.folder / "what-if" / "more.toml"
    more = {
        "id": "more",
        "extends": "../scenario.toml",
        "seed": "other",
        "limits": {"seconds": 7},
        "overrides": {"heads": {"amount": 3}, "fifth": {"share": "1/2"}},
    }
    write_toml(path, more)
    return path


def test_extending_merges_key_by_key(layered: Path) -> None:
    inputs = load(layered)
    scenario = inputs.scenario
    assert (scenario.id, scenario.title, scenario.seed) == ("more", "", "other")
    assert scenario.horizon == (2019, 2020)
    assert (scenario.limits.gap, scenario.limits.seconds) == (0.05, 7)
    assert [rule.id for rule in inputs.policy.rules] == ["heads", "fifth"]
    heads = inputs.policy.rule("heads")
    assert (heads.amount, heads.note) == (3, "of the base")  # type: ignore[union-attr]


def test_origins_name_the_file_of_every_value(layered: Path) -> None:
    inputs = load(layered, changes={"limits.gap": 0.2, "limits.workers": None, "overrides.fifth.note": "asked"})
    base, own = "../scenario.toml", "more.toml"
    expected = {
        "id": own,
        "policy": base,
        "tables.units": base,
        "horizon": base,
        "goals": "default",
        "seed": own,
        "disable": base,
        "limits.gap": "command line",
        "limits.seconds": own,
        "limits.workers": "default",
        "overrides.heads.amount": own,
        "overrides.heads.note": base,
        "overrides.fifth.share": own,
        "overrides.fifth.note": "command line",
    }
    assert expected.items() <= inputs.origins.items()
    assert inputs.scenario.limits.gap == 0.2
    assert set(inputs.hashes) == {
        base, own, "../policy.toml", *(f"../tables/{n}.csv" for n in ("units", "cadres", "history", "programmes", "sessions")),
    }  # fmt: skip


def test_merged_form_is_a_scenario_that_gives_the_same_inputs(layered: Path) -> None:
    inputs = load(layered)
    text = scenario_toml(inputs)
    assert tomllib.loads(text) == inputs.merged
    assert "gap = 0.05 # ../scenario.toml" in text
    (layered.parent / "merged.toml").write_text(text, encoding="utf-8")
    assert_same(inputs, load(layered.parent / "merged.toml"))
    elsewhere = layered.parent / "run" / "deep"
    elsewhere.mkdir(parents=True)
    (elsewhere / "scenario.toml").write_text(scenario_toml(inputs, elsewhere), encoding="utf-8")
    assert_same(inputs, load(elsewhere / "scenario.toml"))


def test_merged_form_keeps_filters_of_overrides(files: Files) -> None:
    files.scenario["overrides"] = {"heads": {"audience": {"birth_year": {"max": 1970}, "not": {"tags": ["x"]}}}}
    inputs = files.load()
    files.path.write_text(scenario_toml(inputs), encoding="utf-8")
    assert load(files.path).policy == inputs.policy


def test_one_table_may_be_replaced_by_an_extending_scenario(layered: Path, files: Files) -> None:
    sessions = (files.folder / "tables" / "sessions.csv").read_text(encoding="utf-8")
    (layered.parent / "fewer.csv").write_text(sessions.replace(",3,", ",2,"), encoding="utf-8")
    values = tomllib.loads(layered.read_text(encoding="utf-8"))
    write_toml(layered, {**values, "tables": {"sessions": "fewer.csv"}})
    inputs = load(layered)
    assert inputs.sessions["seats"].tolist() == [2, 2, 10]
    assert inputs.origins["tables.sessions"] == "more.toml"
    assert inputs.origins["tables.units"] == "../scenario.toml"


def test_tables_that_are_replaced_altogether_need_not_exist(layered: Path, files: Files) -> None:
    write_toml(files.path, {**files.scenario, "tables": "not made yet"})
    (defect,) = defects_of(layered)
    assert defect.file.endswith("scenario.toml")
    values = tomllib.loads(layered.read_text(encoding="utf-8"))
    write_toml(layered, {**values, "tables": "../tables"})
    load(layered)


def test_scenario_that_extends_itself_is_refused(layered: Path, files: Files) -> None:
    write_toml(files.path, {"extends": "what-if/more.toml", **files.scenario})
    (defect,) = [d for d in defects_of(layered) if d.code == "extends-cycle"]
    assert defect.file.endswith("scenario.toml")
    assert defect.row == 1
    assert defect.message.count("more.toml") == 2


def test_defect_of_a_base_is_located_in_the_base(layered: Path, files: Files) -> None:
    write_toml(files.path, {**files.scenario, "limits": {"gap": -1}})
    (defect,) = defects_of(layered)
    assert Path(defect.file).resolve() == files.path.resolve()
    assert (defect.column, defect.row) == ("limits.gap", line_of(files.path, "gap = -1"))


def test_changes_of_the_command_line_win_and_are_checked(files: Files) -> None:
    inputs = files.load(**{"seed": "x", "horizon": (2019,), "limits.seconds": 5.0, "disable": ["named"]})
    assert (inputs.scenario.seed, inputs.scenario.horizon, inputs.scenario.limits.seconds) == ("x", (2019,), 5)
    assert [rule.id for rule in inputs.policy.rules] == ["heads", "fifth"]
    (defect,) = defects_of(files.path, {"limits.secs": 5})
    assert (defect.file, defect.row, defect.column) == ("command line", 0, "limits.secs")
    (defect,) = defects_of(files.path, {"overrides.heads.amount": -5})
    assert (defect.file, defect.column) == ("command line", "overrides.heads.amount")
    (defect,) = defects_of(files.path, {"disable": ["hedas"]})
    assert (defect.file, defect.hint) == ("command line", "did you mean 'heads'?")


def test_policy_of_the_command_line_starts_at_the_working_folder(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write()
    (files.folder / "here").mkdir()
    (files.folder / "policy.toml").rename(files.folder / "here" / "mine.toml")
    monkeypatch.chdir(files.folder / "here")
    inputs = load(files.path, changes={"policy": Path("mine.toml")})
    assert inputs.merged["policy"] == "here/mine.toml"


def test_changes_that_clash_are_refused_and_not_written_into(files: Files) -> None:
    path = files.write()
    (defect,) = defects_of(path, {"limits": "none", "limits.gap": 0.1})
    assert (defect.file, defect.column) == ("command line", "limits")
    limits = {"gap": 0.1}
    assert load(path, changes={"limits": limits, "limits.workers": 1}).scenario.limits.workers == 1
    assert limits == {"gap": 0.1}


def test_limits_of_goals_are_read_and_stand_in_the_merged_form(layered: Path) -> None:
    inputs = load(layered, changes={"limits.at_most.owed": 100, "limits.at_least.priority": 0})
    assert inputs.scenario.limits.at_most == {"owed": 100}
    assert inputs.scenario.limits.at_least == {"priority": 0}
    assert inputs.merged["limits"]["at_most"] == {"owed": 100}
    assert "at_most" not in load(layered).merged["limits"]
