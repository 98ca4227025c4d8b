"""Nobody's name is told but where it was asked for: not in mistakes, notes, refusals, progress or crashes."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator.answers import runs
from allocator.cli import options
from allocator.cli.app import app

ROOT = Path(__file__).parents[2]


def people() -> list[dict[str, str]]:
    with (ROOT / "data" / "tiny" / "cadres.csv").open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


NAMES = [person["name"] for person in people()]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "data" / "tiny", tmp_path / "data" / "tiny")
    (tmp_path / "scenarios").mkdir()
    return Path(shutil.copy(ROOT / "scenarios" / "tiny.toml", tmp_path / "scenarios"))


def damaged(tiny: Path, table: str, change: Callable[[list[dict[str, str]]], object]) -> None:
    file = tiny.parent.parent / "data" / "tiny" / f"{table}.csv"
    with file.open(encoding="utf-8-sig") as source:
        rows = list(csv.DictReader(source))
    change(rows)
    with file.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.DictWriter(target, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def everywhere(value: str) -> Callable[[list[dict[str, str]]], object]:
    """Put a value into every column but name and id of one row each."""

    def change(rows: list[dict[str, str]]) -> None:
        for row, column in zip(rows, [c for c in rows[0] if c not in ("cadre_id", "name")], strict=False):
            row[column] = value

    return change


def doubled(rows: list[dict[str, str]]) -> None:
    rows += [dict(row) for row in rows]


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("cadres", everywhere("?")), ("cadres", everywhere("")), ("cadres", doubled), ("history", everywhere("?")),
        ("history", doubled), ("cadres", lambda rows: rows.pop(0)), ("units", lambda rows: rows.pop(0)),
    ],
    ids=["bad cells", "empty cells", "twice", "bad records", "records twice", "person gone", "unit gone"],
)  # fmt: skip
@pytest.mark.parametrize("command", ["check", "plan"])
def test_mistakes_and_notes_name_nobody(
    command: str, table: str, change: Callable[[list[dict[str, str]]], object], lang: str, tiny: Path, no_figures: None
) -> None:
    del no_figures
    damaged(tiny, table, change)
    more = ["--out", str(tiny.parent / "out")] if command == "plan" else []
    result = CliRunner().invoke(app, [command, str(tiny), *more, "--lang", lang])
    said = result.stderr + (result.stdout if command == "check" else "")  # The summary of a plan names who it is about.
    assert not [name for name in NAMES if name in said], said
    is_clean = change is doubled and table == "history"
    assert result.exit_code in ((0, 4, 5) if is_clean else (3,)), said


@pytest.mark.parametrize("as_json", [False, True])
def test_crash_tells_its_place_and_no_word_of_the_data(
    tiny: Path, as_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyError(NAMES[0])

    monkeypatch.setattr(runs, "plan", crash)
    more = ["--json"] if as_json else []
    result = CliRunner().invoke(app, ["plan", str(tiny), "--out", str(tiny.parent / "out"), *more])
    assert result.exit_code == options.Code.CRASH
    assert "KeyError" in result.output and not [name for name in NAMES if name in result.output]


def test_unknown_person_is_answered_with_the_id_only(tiny: Path, sample: Path) -> None:
    del tiny
    result = CliRunner().invoke(app, ["explain", str(sample / "out" / "tiny"), "--cadre", "N33", "--lang", "en"])
    assert result.exit_code != 0
    assert not [name for name in NAMES if name in result.output]
