"""What many tests look at and none changes, made once in each process; a run without pictures; parts of the long tests."""

from __future__ import annotations

import gc
import json
import os
import shutil
import threading
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from copy import copy
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from _pytest.doctest import DoctestModule
from typer.testing import CliRunner

from allocator.answers.runs import load_run, write
from allocator.answers.sweep.point import Record, Task
from allocator.answers.sweep.worker import Worker
from allocator.cli.app import app
from allocator.engine.parameters import changed
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.inputs import load

ROOT = Path(__file__).parent.parent
SetParameters = Callable[..., None]
STARTED = time.monotonic()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("parts of a long run")
    group.addoption("--part", metavar="K/N", type=_part, help="run the K-th of N parts of what is selected")
    group.addoption(
        "--budget", metavar="SECONDS", type=float, help="begin no test after so many seconds: the rest is skipped"
    )


def _part(text: str) -> tuple[int, int]:
    which, _, parts = text.partition("/")
    if not (which.isdecimal() and parts.isdecimal() and 1 <= int(which) <= int(parts)):
        raise ArgumentTypeError(f"{text!r} is not the K-th of N parts, such as 3/12")
    return int(which), int(parts)


def _group(item: pytest.Item) -> str:
    """What stays together: the tests of a file that is long as a whole, as they share what takes so long; else one test."""
    module = item.getparent(pytest.Module)
    is_whole = module is not None and any(mark.name == "long" for mark in module.own_markers)
    return module.nodeid if module is not None and is_whole else item.nodeid


def part_of(groups: Sequence[str], which: int, parts: int) -> set[str]:
    """One of several parts of equally many groups, drawn by a hash, so that neighbours, which are alike, are scattered."""
    return set(sorted(set(groups), key=lambda group: sha256(group.encode()).digest())[which - 1 :: parts])


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Examples in docstrings are looked for in the package only: looking through the tests takes seconds and finds none."""
    found = yield
    return [one for one in found if not isinstance(one, DoctestModule)]


def pytest_sessionstart() -> None:
    """Look for garbage seldom: pytest holds so many small records that looking through them is a twentieth of the time."""
    gc.set_threshold(50_000, 10, 10)


@pytest.hookimpl(trylast=True)  # After the choice by marks.
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--part") is None:
        return
    mine = part_of([_group(item) for item in items], *config.getoption("--part"))
    left = [item for item in items if _group(item) not in mine]
    items[:] = [item for item in items if _group(item) in mine]
    config.hook.pytest_deselected(items=left)


def pytest_runtest_setup(item: pytest.Item) -> None:
    budget = item.config.getoption("--budget")
    if budget is not None and time.monotonic() - STARTED > budget:
        pytest.skip(f"the {budget:g} seconds given are over")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario ``tiny`` with its tables, and in out/tiny its run folder in English, without pictures."""
    root = tmp_path_factory.mktemp("sample")
    (root / "scenarios").mkdir()
    scenario = shutil.copy(ROOT / "scenarios" / "tiny.toml", root / "scenarios")
    shutil.copytree(ROOT / "data" / "tiny", root / "data" / "tiny")
    command = ["plan", str(scenario), "--out", str(root / "out" / "tiny"), "--lang", "en", "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        _leave_out_figures(patch)
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
def prefecture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run of one prefecture, 1,500 people, planned by the first process that asks for it and read by the others."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        run: Run = request.getfixturevalue("_prefecture")[1]
        return run
    shared = tmp_path_factory.getbasetemp().parent / "prefecture"
    done = shared / "done"
    try:
        shared.mkdir()
    except FileExistsError:
        until = time.monotonic() + 1800
        while not done.exists() and time.monotonic() < until:
            time.sleep(0.2)
        return load_run(shared / "run")
    try:
        run = request.getfixturevalue("_prefecture")[1]
        with pytest.MonkeyPatch.context() as patch:
            _leave_out_figures(patch)
            write(run, shared / "run")
    finally:
        done.touch()  # However it went: who waits would wait in vain.
    return run


@pytest.fixture
def prefecture_planner(_prefecture: tuple[Planner, Run]) -> Planner:
    """Knows the plan of one prefecture, and nothing that another test has planned."""
    return copy(_prefecture[0])


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out of run folders: most of the time of a small run, and drawn by tests of their own."""
    _leave_out_figures(monkeypatch)


@pytest.fixture(scope="module")
def no_processes() -> Iterator[None]:
    """The points of a sweep are planned in this process, in the words of a worker: starting one takes longer than many points."""

    def answers(
        tasks: Sequence[Task], setup: Mapping[str, Any], ask: Callable[[Task], str], *,
        workers: int, stop: threading.Event, on_turn: Callable[[Task, bool], None],
    ) -> Iterator[tuple[Task, Record]]:  # fmt: skip
        assert workers > 0
        worker = Worker(json.loads(json.dumps(setup)))
        for task in tasks:
            if stop.is_set():
                return
            on_turn(task, True)
            record = worker.answer(json.loads(ask(task)))
            on_turn(task, False)
            yield task, json.loads(json.dumps(record))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("allocator.answers.sweep.sweep"), "run_locally", answers)
        yield


def _leave_out_figures(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("allocator.outputs.run_folder._figures", lambda *_: ())


@pytest.fixture
def set_parameters() -> Iterator[SetParameters]:
    """Change tuning numbers of the engine until the test ends: ``set_parameters(ROUNDING, nodes=1)``."""
    with ExitStack() as stack:
        yield lambda record, **fields: stack.enter_context(changed(record, **fields))
