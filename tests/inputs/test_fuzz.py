"""Random corruptions of every table, workbook part and TOML key: read or refused with places, soon, and never a trace."""

from __future__ import annotations

import csv
import io
import random
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from allocator.domain.errors import InputError
from allocator.inputs import load
from tests.inputs.builders import SCENARIO, TABLES, Files
from tests.inputs.workbooks import excel_workbook, rewritten

QUICK, ALL = 75, 1575
SECONDS = 10

TEXTS = (
    "", " ", "0", "-1", "1e9", "1E+5", "99999999999999999999", "nan", "inf", "=1+1", "@x", "+", "-", "\t", "'", '"', ";", ",",
    "2019-02-30", "2150-01-01", "0001-01-01", "2019-3-4", "43528", "是", "maybe", "C1", "C1;C2", "\u200b", "С1", "Ｃ1", "\x00",
    "😀" * 50, "x" * 5000, "1/0", "2019-03-08/2019-03-01", "/", "@", "2019-03-08/2019-03-09@", "A1\nB2", "#REF!", "None",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    "", "x", 0, -1, 1, 10**9, 10**30, 0.5, float("inf"), float("nan"), True, [], {}, [[]], ["x"], [1, "x"], {"min": 1},
    {"min": 2, "max": 1}, {"not": {"x": 1}}, {"any": []}, "1/0", "1/5", "../..", "/", "\x00", [2019, 2021], [2019], "2019-01-01",
    {"category": []}, {"birth_year": {"min": "a"}}, [{"cadre_id": "C1"}], {"2019": -1}, "a" * 3000, [0] * 500,
)  # fmt: skip


def corrupted_csv(rng: random.Random, files: Files) -> None:
    """Another text in a cell or heading, or rows and columns doubled, lost, cut or with bytes of another encoding."""
    files.write()
    name = rng.choice(list(TABLES))
    path = files.folder / "tables" / f"{name}.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    for _ in range(rng.randrange(1, 4)):
        row = rng.randrange(len(rows))
        if rows[row]:
            rows[row][rng.randrange(len(rows[row]))] = rng.choice(TEXTS)
    column = rng.randrange(len(rows[0]))
    rng.choice(
        [
            lambda: None, lambda: None, lambda: rows.append(list(rng.choice(rows))), lambda: rows.pop(rng.randrange(len(rows))),
            lambda: [row.append(row[column]) for row in rows if len(row) > column],
            lambda: [row.pop(column) for row in rows if len(row) > column], lambda: rng.shuffle(rows), lambda: rows.__delitem__(slice(1, None)),
            lambda: rows.insert(0, [rng.choice(TEXTS)]),
        ]
    )()  # fmt: skip
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    content = bytearray(out.getvalue().encode("utf-8", "surrogatepass"))
    if content and rng.random() < 0.2:
        content[rng.randrange(len(content))] = rng.randrange(256)
    path.write_bytes(content)


def corrupted_book(rng: random.Random, files: Files) -> None:
    """One part of a workbook with bytes changed, cut, doubled or replaced by other XML; or the archive itself."""
    files.scenario["tables"] = "book.xlsx"
    files.write()
    content = excel_workbook(files.tables)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = rng.choice(archive.namelist())

    def edit(text: bytes) -> bytes:
        at = rng.randrange(len(text))
        numbers = rng.choice([b"-1", b"999999", b"1e400", b"", b"A1", "是".encode(), b"9" * 30])
        digits = [i for i, byte in enumerate(text) if chr(byte).isdigit()] or [at]
        spot = rng.choice(digits)
        return rng.choice(
            [
                lambda: text[:at], lambda: text[:at] + bytes([rng.randrange(256)]) + text[at + 1 :],
                lambda: text[:spot] + numbers + text[spot + 1 :], lambda: text.replace(b'r="', b'q="', 1),
                lambda: text.replace(b"</row>", b"</row><row r='1048577'/>", 1), lambda: b"", lambda: b"<x/>",
                lambda: text.replace(b"<v>", b"<v>-", 3), lambda: text.replace(b' t="s"', b' t="d"', 2),
                lambda: text.replace(b' t="s"', b' t="e"', 2), lambda: text.replace(b"</worksheet>", b'<mergeCells><mergeCell ref="A:A"/></mergeCells></worksheet>'),
            ]
        )()  # fmt: skip

    if rng.random() < 0.3:
        raw = bytearray(content)
        for _ in range(3):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        content = bytes(raw)
    else:
        content = rewritten(content, {part: edit})
    (files.folder / "book.xlsx").write_bytes(content)


def corrupted_toml(rng: random.Random, files: Files) -> None:
    """Another value, an unknown key or a lost one anywhere in scenario or policy; or bytes of the file changed."""
    files.scenario |= {
        "limits": {"gap": 0.1, "workers": 1},
        "policy_parameters": {"hours_per_day": 6},
        "goals": ["owed"],
    }
    files.policy["rules"] += [
        {"id": "i", "kind": "interval", "title": "I", "title_zh": "隔", "contents": ["theory"], "every_years": 2},
        {"id": "c", "kind": "cumulative", "title": "C", "title_zh": "累", "hours": 100, "days": 10},
        {"id": "s", "kind": "spacing", "title": "S", "title_zh": "间", "rest_days": 5, "long_days": 20, "long_years": 2},
        {"id": "a", "kind": "away-limit", "title": "A", "title_zh": "离", "share": "1/3", "posts_apart": [["a", "b"]],
         "blocked": [{"from_date": "2019-01-01", "to_date": "2019-01-05"}]},
        {"id": "p", "kind": "priority", "title": "P", "title_zh": "先", "weight": 2, "weight_by_year": {"2019": 3}},
        {"id": "u", "kind": "curriculum", "title": "U", "title_zh": "课", "columns": ["theory_hours"], "share": 0.2},
    ]  # fmt: skip
    path = files.write()
    path = rng.choice([path, path.parent / "policy.toml"])
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    holder, key = rng.choice([*_places(values)])
    if rng.random() < 0.2 and isinstance(holder, dict):
        rng.choice([lambda: holder.pop(key), lambda: holder.update({f"{key}x": rng.choice(VALUES)})])()
    else:
        holder[key] = rng.choice(VALUES)
    text = tomlkit.dumps(values).encode("utf-8", "surrogatepass")
    if rng.random() < 0.2:
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice([b"[", b"}", b'"', b"=", b"\xff", b"\n", b"9" * 5000, b""]) + text[at + 1 :]
    path.write_bytes(text)


def _places(values: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in values.items() if isinstance(values, dict) else enumerate(values):
        yield values, key
        if isinstance(value, dict | list):
            yield from _places(value)


CORRUPTIONS: tuple[Callable[[random.Random, Files], None], ...] = (corrupted_csv, corrupted_book, corrupted_toml)


def judge(seed: int, folder: Path) -> bool:
    """Corrupt the small set of files once and read it: whether it was refused."""
    rng = random.Random(seed)
    files = Files(folder)
    CORRUPTIONS[seed % len(CORRUPTIONS)](rng, files)
    start = time.process_time()
    try:
        load(files.path)
        refused = False
    except InputError as error:
        refused = True
        assert error.defects
        for defect in error.defects:
            assert defect.file.startswith(str(folder)) or defect.file == "command line", defect
            assert defect.row >= 0
            assert defect.code
            assert defect.hint
            assert defect.said("zh") != defect.said("en")
    assert time.process_time() - start < SECONDS
    return refused


def judge_all(seeds: range, tmp_path: Path) -> None:
    """Every corruption of the seeds, each in a folder of its own; those that crash are named by their seeds."""
    crashed: dict[int, str] = {}
    refused = 0
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            refused += judge(seed, folder)
        except AssertionError:
            raise
        except Exception as fault:
            crashed[seed] = f"{type(fault).__name__}: {fault}"
    assert not crashed
    assert len(seeds) // 3 < refused < len(seeds)  # Most corruptions are defects, and some do not matter.


def test_corrupted_files_are_read_or_refused(tmp_path: Path) -> None:
    judge_all(range(QUICK), tmp_path)


@pytest.mark.long
def test_many_corrupted_files_are_read_or_refused(tmp_path: Path) -> None:
    judge_all(range(QUICK, QUICK + ALL), tmp_path)


def test_uncorrupted_files_are_read(tmp_path: Path) -> None:
    files = Files(tmp_path)
    load(files.write())
    assert SCENARIO["tables"] == "tables"
