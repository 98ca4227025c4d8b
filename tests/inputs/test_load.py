"""The whole of reading: all defects of all files at once, hashes, speed of the large table."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import pytest

from allocator.domain.errors import InputError
from allocator.inputs import load
from tests.inputs.builders import Files, defects_of


def test_defects_of_all_files_are_raised_together(files: Files) -> None:
    files.tables["units"][1]["kind"] = ""
    files.tables["cadres"][0]["unit_id"] = "99"
    files.tables["history"][0]["days"] = "x"
    files.tables["programmes"][0]["days"] = "-1"
    files.tables["sessions"][0]["seats"] = "0"
    files.rule("heads")["amuont"] = 1
    files.rule("fifth")["audience"] = {"nothing": 1}
    files.scenario["limits"] = {"gpa": 1}
    found = {(Path(d.file).name, d.code) for d in files.defects()}
    assert found == {
        ("units.csv", "empty-cell"),
        ("cadres.csv", "unknown-unit"),
        ("cadres.csv", "team-of-two-units"),
        ("history.csv", "bad-number"),
        ("programmes.csv", "too-small"),
        ("sessions.csv", "too-small"),
        ("policy.toml", "unknown-key"),
        ("scenario.toml", "unknown-key"),
    }


@pytest.mark.parametrize("table", ["units", "cadres", "history", "programmes", "sessions"])
def test_unreadable_table_does_not_hide_the_defects_of_others(files: Files, table: str) -> None:
    files.rule("fifth")["audience"] = {"nothing": 1}
    files.write()
    (files.folder / "tables" / f"{table}.csv").write_bytes(b"")
    assert [d.code for d in defects_of(files.path)] == ["unknown-column", "empty-file"]


def test_broken_policy_does_not_hide_the_defects_of_tables(files: Files) -> None:
    files.tables["sessions"][0]["seats"] = "0"
    files.write()
    (files.folder / "policy.toml").write_text("rules = [", encoding="utf-8")
    assert {d.code for d in defects_of(files.path)} == {"broken-toml", "too-small"}


def test_error_lists_the_defects_in_order_with_their_hints(files: Files) -> None:
    for row in files.tables["sessions"][:2]:
        row["seats"] = "0"
    with pytest.raises(InputError) as caught:
        files.load()
    first, second = str(caught.value).split("\n    hint: write 1 or more")[:2]
    assert first.endswith("sessions.csv:2:seats: 'seats' must be at least 1, not 0")
    assert ":3:seats:" in second


def test_paths_are_shown_as_the_user_wrote_them(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.tables["sessions"][0]["seats"] = "0"
    files.scenario["tables"] = "../data/tables"
    folder = files.folder
    (folder / "data").mkdir()
    files.folder = folder / "data"
    files.scenario["policy"] = "../data/policy.toml"
    files.write()
    monkeypatch.chdir(folder)
    (defect,) = defects_of(Path("data/scenario.toml"))
    assert defect.file == "data/tables/sessions.csv"


def test_hashes_are_those_of_the_bytes(files: Files) -> None:
    inputs = files.load()
    assert len(inputs.hashes) == 7
    for name, value in inputs.hashes.items():
        assert hashlib.sha256((files.folder / name).read_bytes()).hexdigest() == value
    assert inputs.files["cadres"] == files.folder / "tables" / "cadres.csv"


def test_loading_twice_gives_the_same(files: Files) -> None:
    one, other = files.load(), load(files.path)
    assert (one.hashes, one.notes, one.merged, one.origins) == (other.hashes, other.notes, other.merged, other.origins)


def test_column_of_unknown_ids_is_reported_to_the_last_row(files: Files) -> None:
    # Suggestions stop after the first few; the defects do not.
    row = files.tables["history"][1]
    files.tables["history"] = [{**row, "cadre_id": f"unknown{i}"} for i in range(500)]
    defects = files.defects()
    assert len(defects) == 500
    assert {d.code for d in defects} == {"unknown-cadre"}
    assert all(d.hint for d in defects)


@pytest.mark.parametrize("name", ["a" * 300, "\x00", "", "."])
@pytest.mark.parametrize("key", ["extends", "policy", "tables"])
def test_name_that_no_file_can_have_is_a_missing_file(files: Files, key: str, name: str) -> None:
    (files.folder / "elsewhere").mkdir()
    files.scenario[key] = f"elsewhere/{name}"
    assert {d.code for d in files.defects()} == {"missing-file"}


def test_file_that_may_not_be_read_is_refused(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files.write()

    def locked(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", locked)
    (defect,) = defects_of(path)
    assert (defect.code, defect.message) == ("unreadable-file", "the file cannot be read: Permission denied")


@pytest.mark.parametrize("seed", range(60))
def test_any_value_in_any_place_is_read_or_refused_with_a_place(files: Files, seed: int) -> None:
    # Values of every sort in every place of policy and scenario: never anything but Inputs or InputError.
    draw = random.Random(seed)
    document = draw.choice([files.policy, files.scenario])
    files.scenario |= {"limits": {"gap": 0.1}, "overrides": {"heads": {"amount": 2}}, "goals": ["owed"]}
    table: Any = document
    key = draw.choice(list(table))
    while isinstance(table[key], dict | list) and table[key] and draw.random() < 0.8:
        table = table[key]
        key = draw.choice(list(table) if isinstance(table, dict) else range(len(table)))
    table[key] = draw.choice(
        [0, -1, 1.5, True, "", "x", [], [1], ["a"], [[1]], {}, {"min": "z"}, {"any": 5}, {"not": 1}]
    )
    try:
        files.load()
    except InputError as error:
        assert error.defects
        assert all(defect.file and defect.message and defect.hint and defect.code for defect in error.defects)
