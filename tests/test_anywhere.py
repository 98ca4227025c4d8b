"""What a system without ``fork`` gets: the same plans, files and answers."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path
from typing import NoReturn

import pytest

import allocator
from allocator.system.fork_pool import can_copy

ROOT = Path(__file__).parent.parent


def _forbidden(*_: object) -> NoReturn:
    raise OSError("this system makes no copies of processes")


@pytest.fixture
def without_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: processes are started, never copied."""
    for name in ("fork", "forkpty"):
        monkeypatch.setattr(os, name, _forbidden, raising=False)
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])


@pytest.mark.usefixtures("without_fork", "no_figures")
def test_plan_files_and_answers_are_the_same_without_fork(sample: Path, tmp_path: Path) -> None:
    assert not can_copy()
    run = allocator.plan(sample / "scenarios" / "tiny.toml")
    allocator.write(run, tmp_path / "run", lang="en")
    with_fork = sample / "out" / "tiny"
    for name in ("plan.csv", "seats.csv", "audit.csv"):
        assert (tmp_path / "run" / name).read_bytes() == (with_fork / name).read_bytes()
    names = {file.name for file in (with_fork / "units").iterdir()}
    assert {file.name for file in (tmp_path / "run" / "units").iterdir()} == names
    assert len({name.casefold() for name in names}) == len(names)
    record = json.loads((with_fork / "run.json").read_text(encoding="utf-8"))
    assert run.plan.sha256 in json.dumps(record)
    assert len(allocator.shadow(run, "theory-quota").answers) == 2


@pytest.mark.long
@pytest.mark.usefixtures("without_fork")
def test_prefecture_has_the_same_plan_without_fork(prefecture: allocator.Run) -> None:
    assert allocator.plan(ROOT / "scenarios" / "one-prefecture.toml").plan.sha256 == prefecture.plan.sha256
