"""What many tests look at and none changes, made once in each process; and a run without pictures."""

from __future__ import annotations

import shutil
from copy import copy
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator.cli import app
from allocator.inputs import load
from allocator.planner import Planner, Run

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario ``tiny`` with its tables, and in out/tiny its run folder in English, as the command writes it."""
    root = tmp_path_factory.mktemp("sample")
    (root / "scenarios").mkdir()
    scenario = shutil.copy(ROOT / "scenarios" / "tiny.toml", root / "scenarios")
    shutil.copytree(ROOT / "data" / "tiny", root / "data" / "tiny")
    command = ["plan", str(scenario), "--out", str(root / "out" / "tiny"), "--lang", "en", "--quiet"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return root


@pytest.fixture(scope="module")
def own_sample(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of ``sample`` for the tests of one file, which may add to it."""
    return Path(shutil.copytree(sample, tmp_path_factory.mktemp("own") / "sample"))


@pytest.fixture(scope="session")
def _prefecture() -> tuple[Planner, Run]:
    planner = Planner()
    return planner, planner.plan(load(ROOT / "scenarios" / "one-prefecture.toml"))


@pytest.fixture(scope="session")
def prefecture(_prefecture: tuple[Planner, Run]) -> Run:
    """The run of one prefecture, 1,500 people."""
    return _prefecture[1]


@pytest.fixture
def prefecture_planner(_prefecture: tuple[Planner, Run]) -> Planner:
    """Knows the plan of one prefecture, and nothing that another test has planned."""
    return copy(_prefecture[0])


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out of run folders: most of the time of a small run, and drawn by tests of their own."""
    monkeypatch.setattr("allocator.reports.folder._figures", lambda *_: ())
