"""``check`` says what reading assumed and found unlikely, in both languages and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator.cli.app import app


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_check_prints_the_notes_of_reading(own_sample: Path, lang: str) -> None:
    history = own_sample / "data" / "tiny" / "history.csv"
    lines = history.read_text(encoding="utf-8-sig").splitlines()
    history.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    scenario = str(own_sample / "scenarios" / "tiny.toml")
    result = CliRunner().invoke(app, ["check", scenario, "--lang", lang])
    history.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert result.exit_code == 0, result.output
    last = str(len(lines) + 1)
    expected = {"en": f"counted once: {last}", "zh": f"只计一次：第 {last} 行"}[lang]
    assert expected in result.stdout


def test_notes_are_part_of_the_json(own_sample: Path) -> None:
    scenario = str(own_sample / "scenarios" / "tiny.toml")
    result = CliRunner().invoke(app, ["check", scenario, "--lang", "en", "--json"])
    (note,) = json.loads(result.stdout)["notes"]
    assert note.endswith("reads files outside its own folder, from ../data/tiny")
