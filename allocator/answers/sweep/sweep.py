"""A sweep from what was asked to what came out: every mistake is told before any point is planned."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from allocator.answers.runs import load_run, write
from allocator.answers.sweep import pareto as curve
from allocator.answers.sweep.axes import Axis, Values, axes_of, grid
from allocator.answers.sweep.phrases import label
from allocator.answers.sweep.point import INPUT, Record, Task, failed, run_from_record, run_to_record, to_toml
from allocator.answers.sweep.result import Sweep
from allocator.answers.sweep.results_folder import Folder
from allocator.answers.sweep.run_locally import run_locally
from allocator.answers.sweep.run_on_dask import connected, run_on_cluster
from allocator.answers.sweep.scenario_bundle import packed
from allocator.answers.sweep.scenarios import Scenarios, point_name, titles_of
from allocator.answers.sweep.tables import Pair, csv
from allocator.domain.errors import AllocatorError, UsageError
from allocator.engine.run import Run
from allocator.inputs import changed, write_variant
from allocator.inputs.load import source_of
from allocator.language.answer import texts_in
from allocator.language.message import Message
from allocator.language.texts import Language

if TYPE_CHECKING:
    from distributed import Client

MOST = 1000
"""Points of a sweep unless more are asked for by name: a slip of the pen in a range should not keep a machine busy for a week."""

ALONE: Mapping[str, object] = {"limits.workers": 1}
"""Setting of every point: the points are what is done at the same time, and a plan does not depend on it."""

CHANGES_OF_A_BASE = frozenset({"overrides", "rules", "disable", "session_changes"})
"""What may differ between a plan and the one that is made from it."""

STEPS = 7
"""Points between the two ends of a trade-off curve."""


@dataclass(frozen=True)
class Progress:
    """One step of a sweep, for the display.

    Parameters
    ----------
    done, all, without_plan
        Points finished (those of an earlier sweep included), points in all as far as known, points without a plan.
    running
        Names of the points being planned here now; messages where words stand in them.
    name, record
        The point just finished and its record; empty when one has just begun.
    """

    done: int
    all: int
    without_plan: int
    running: tuple[str, ...]
    name: str = ""
    record: Record | None = None


OnProgress = Callable[[Progress], None]


def sweep(
    scenario: Path | str | Sequence[Path | str] | Run,
    vary: Mapping[str, Values] | Sequence[str] | str = (),
    *,
    pareto: str | Sequence[str] | None = None,
    steps: int = STEPS,
    out: Path | str | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    from_base: bool | None = None,
    keep_runs: bool = False,
    most: int = MOST,
    seed: str | None = None,
    time_limit: float | None = None,
    force: bool = False,
    lang: Language | None = None,
    on_progress: OnProgress = lambda _: None,
    stop: threading.Event | None = None,
) -> Sweep:
    """Plan a scenario, or several, at every combination of some values.

    Every point is planned by itself, with one thread, and comes out as ``plan`` of its scenario would. What goes wrong with a point stands in
    its row and concerns no other point.

    Parameters
    ----------
    scenario
        Scenario file, or several of them side by side; or a finished run, from ``plan`` or ``load_run``, or the folder of one, whose scenario is varied.
    vary
        Dotted keys of the scenario and their values: ``{"quota.theory-quota": range(2, 7)}``, or texts as on the command line:
        ``["quota.theory-quota=2:6", "overrides.team-fifth.share=1/5,1/4"]``. Several keys make a grid.
    pareto
        Two goals, such as ``"owed,fairness"``, whose trade-off curve is wanted at every point.
    steps
        Points of the curve between its ends.
    out
        Folder of the results; what is finished there is not planned again. ``None``: results are only returned.
    workers
        Points planned at a time; the cores of this machine when absent.
    cluster
        Address of a Dask scheduler to plan on instead of this machine.
    from_base
        Plan the scenario as it is once, and each point from that plan: far quicker for a large scenario, but without bounds. Of a finished
        run it is the plan there is, from which points are planned unless this is ``False``.
    keep_runs
        Write the run folder of every point to ``out/runs``.
    most
        Refuse more points than this.
    seed, time_limit
        Published seed, and seconds for each point; absent: those of the scenario.
    force
        Begin anew where ``out`` holds results of other inputs.
    lang
        Of the files in ``out``: ``zh`` or ``en``; absent: as chosen by ``speak``, else the system's.
    on_progress
        Gets a ``Progress`` whenever a point begins or is finished.
    stop
        Set it from another thread to stop; finished points are kept.

    Raises
    ------
    UsageError
        If there is nothing to vary, too much, an unknown goal, or no cluster; or if what is varied says nothing about a base.
    InputError
        If a scenario has defects, or a varied key or rule is not known.
    AllocatorError
        If the files of a run have changed since.
    OutputError
        If the folder cannot be used.
    """
    if isinstance(scenario, Path | str) and (Path(scenario) / "run.json").is_file():
        scenario = load_run(scenario)
    base = scenario if isinstance(scenario, Run) else None
    if isinstance(scenario, Run):
        source = source_of(scenario.inputs)
        files, names, own = [source.path], (scenario.inputs.scenario.id,), source.changes
    else:
        files = [Path(scenario)] if isinstance(scenario, Path | str) else [Path(one) for one in scenario]
        names, own = None, {}
    axes = axes_of(vary, most)
    pair = None if pareto is None else curve.pair_of(pareto)
    if steps < 1:
        raise UsageError(Message("sweep.no-steps", given=steps))
    if not axes and pair is None and len(files) < 2:
        raise UsageError(Message("sweep.nothing-to-vary"))
    if keep_runs and out is None:
        raise UsageError(Message("sweep.runs-without-folder"))
    settings = {"seed": seed, "limits.seconds": time_limit}
    if from_base is None:
        from_base = base is not None and pair is None
    if from_base:
        _refuse_other_bases(axes, pair, ("seed",) if base is not None and seed is not None else ())
    points = list(grid(axes, len(files), most if pair is None else most // (steps + 2)))
    read = Scenarios(files, {**own, **{key: value for key, value in settings.items() if value is not None}}, names)
    if base is not None and read.hashes != [dict(base.inputs.hashes)]:
        raise AllocatorError(Message("sweep.changed-since-run", file=str(files[0])))
    read.refuse_unknown(axes)
    for _, changes in points:
        _refuse_unwritable(changes)
    with ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) if out is None else Path(out)
        stand = base.plan.sha256 if base is not None and from_base else from_base
        identity = {"scenarios": read.hashes, "settings": read.settings, "from_base": stand}
        folder = Folder(path, identity, force=force)
        folder.check()
        client = None if cluster is None else stack.enter_context(connected(cluster))
        records = stack.enter_context(folder.opened())
        if base is not None and from_base:
            folder.keep_base(0, run_to_record(base))
        made = _Sweeping(
            read, folder, records, client, workers or os.cpu_count() or 1, is_kept=out is not None,
            keeps_runs=keep_runs, from_base=from_base, lang=texts_in(lang).lang, on_progress=on_progress, stop=stop or threading.Event(),
        )  # fmt: skip
        made.plan(axes, points, pair, steps)
        return made.sweep


class _Sweeping:
    """The work of one sweep on its folder."""

    def __init__(
        self, read: Scenarios, folder: Folder, records: dict[str, Record], client: Client | None, workers: int, *,
        is_kept: bool, keeps_runs: bool, from_base: bool, lang: Language, on_progress: OnProgress, stop: threading.Event,
    ) -> None:  # fmt: skip
        self.read, self.folder, self.records, self.client, self.workers = read, folder, records, client, workers
        self.is_kept, self.keeps_runs, self.from_base, self.lang = is_kept, keeps_runs, from_base, lang
        self.on_progress, self.stop = on_progress, stop
        self.lock = threading.Lock()
        self.running: dict[str, str] = {}
        self.all = 0
        self.sweep = Sweep(read.names, (), (), {})

    def plan(
        self,
        axes: tuple[Axis, ...],
        points: Sequence[tuple[int, dict[str, object]]],
        pair: tuple[str, str] | None,
        steps: int,
    ) -> None:
        """Plan every point; the points between the ends of a curve once the ends are known."""
        rules, kept = self.read.rules(axes), self.folder.path if self.is_kept else None
        groups = [[self._task(number, changes)] for number, changes in points]
        known = None
        if pair is not None:
            groups = [self._ends(group[0], pair) for group in groups]
            order: list[str] = next(list(inputs.scenario.goals) for inputs in self.read.inputs if inputs is not None)
            at = min(map(order.index, pair))
            known = Pair(pair, tuple(order[:at]))

        def tell() -> None:
            tasks = tuple(task for group in groups for task in group)
            is_short = any(task.name not in self.records for task in tasks)
            self.sweep = Sweep(
                self.read.names, axes, tasks, self.records, rules, known, kept, self.stop.is_set() and is_short
            )

        self.all = len(groups) * (1 if pair is None else steps + 2)
        tell()
        try:
            self._run([task for group in groups for task in group], tell)
            if pair is not None and not self.stop.is_set():
                groups = [self._with_between(group, pair, steps) for group in groups]
                self.all = sum(map(len, groups))
                tell()
                self._run([task for group in groups for task in group], tell)
        finally:
            tell()
            self._write()

    def _ends(self, task: Task, pair: tuple[str, str]) -> list[Task]:
        inputs = self.read.inputs[task.scenario]
        if inputs is None:
            return [task]
        found = curve.ends(list(inputs.scenario.goals), pair)
        return [self._on_curve(task, role, changes) for role, changes in found.items()]

    def _on_curve(self, task: Task, role: str, changes: Mapping[str, object]) -> Task:
        return self._task(task.scenario, {**task.changes, **changes}, role)

    def _task(self, number: int, changes: Mapping[str, object], role: str = "") -> Task:
        name = point_name(self.read.names[number], changes)
        return Task(number, changes, name, role, titles_of(self.read.inputs[number], name, changes))

    def _with_between(self, group: list[Task], pair: tuple[str, str], steps: int) -> list[Task]:
        """The ends of a curve with what lies between them, where both ends have a plan."""
        records = {task.role: self.records[task.name] for task in group if task.name in self.records}
        inputs = self.read.inputs[group[0].scenario]
        if inputs is None or len(records) < 2:
            return group
        found = curve.between(list(inputs.scenario.goals), pair, records, steps)
        first, second = group
        return [first, *(self._on_curve(first, curve.BETWEEN, changes) for changes in found), second]

    def _run(self, tasks: Sequence[Task], tell: Callable[[], None]) -> None:
        todo = []
        for task in tasks:
            if task.scenario in self.read.defects:
                defects = self.read.defects[task.scenario].defects
                self._finish(task, failed(INPUT, [(one.column, one.message) for one in defects]), tell)
            elif task.name not in self.records or (self.keeps_runs and not self.folder.run_folder(task).is_dir()):
                todo.append(task)
        self._tell()
        if not todo:
            return
        if self.from_base:
            self._plan_bases(todo)
        if not self.stop.is_set():
            for task, record in self._answers(todo, wants_bases=self.from_base):
                self._finish(task, record, tell)

    def _plan_bases(self, todo: Sequence[Task]) -> None:
        """Plan each scenario as it is, where that plan is not there yet."""
        numbers = dict.fromkeys(task.scenario for task in todo)
        tasks = [Task(n, {}, self.read.names[n]) for n in numbers if not self.folder.base_file(n).is_file()]
        for task, record in self._answers(tasks, is_base=True):
            if "run" not in record:
                raise AllocatorError(Message("sweep.no-base", name=task.name, reason=_reason(record)))
            self.folder.keep_base(task.scenario, record["run"])

    def _answers(
        self, tasks: Sequence[Task], *, wants_bases: bool = False, is_base: bool = False
    ) -> Iterator[tuple[Task, Record]]:
        """The records of tasks as they come in, from this machine or the cluster."""
        bases = [self.folder.base_file(n) if wants_bases else None for n in range(len(self.read.files))]
        setup = {"settings": to_toml({**self.read.settings, **ALONE}), "lang": self.lang}
        if self.client is None:
            scenarios = [
                {"file": str(file), "hashes": hashes, "base": None if base is None else str(base)}
                for file, hashes, base in zip(self.read.files, self.read.hashes, bases, strict=True)
            ]
            runs = self.keeps_runs and not is_base

            def ask(task: Task) -> str:
                return task.to_json(wants_plan=is_base, folder=self.folder.run_folder(task) if runs else None)

            return run_locally(
                tasks, {**setup, "scenarios": scenarios}, ask,
                workers=self.workers, stop=self.stop, on_turn=self._turn,
            )  # fmt: skip
        there = [
            None if inputs is None else (inputs, base.read_text(encoding="utf-8") if base and base.is_file() else None)
            for inputs, base in zip(self.read.inputs, bases, strict=True)
        ]
        return run_on_cluster(
            self.client, tasks, packed(there, setup),
            lambda task: task.to_json(wants_plan=is_base or self.keeps_runs), stop=self.stop,
        )  # fmt: skip

    def _turn(self, task: Task, is_begun: bool) -> None:
        """A worker begins a point, or has done with it."""
        with self.lock:
            if is_begun:
                self.running[task.name] = label(self.sweep, task)
            else:
                self.running.pop(task.name, None)
        if is_begun:
            self._tell()

    def _finish(self, task: Task, record: Record, tell: Callable[[], None]) -> None:
        """Write down a finished point, and the table with it."""
        run = record.pop("run", None)
        inputs = self.read.inputs[task.scenario]
        if self.is_kept and record["exit_code"] != INPUT and inputs is not None:
            write_variant(inputs, task.changes, self.folder.scenario_file(task), **task.titles, force=True)
            if run is not None:
                wanted = changed(inputs, {**task.wanted, **ALONE})
                write(run_from_record(wanted, run), self.folder.run_folder(task), lang=self.lang, force=True)
        self.folder.keep(task, record)
        self.records[task.name] = record
        tell()
        if self.is_kept:
            self.folder.write("sweep.csv", csv(self.sweep.points))
        self._tell(task, record)

    def _tell(self, task: Task | None = None, record: Record | None = None) -> None:
        finished = [record for _, _, record in self.sweep.finished]
        without = sum(not record["goals"] for record in finished)
        name = "" if task is None else label(self.sweep, task)
        with self.lock:
            running = tuple(self.running.values())
        self.on_progress(Progress(len(finished), self.all, without, running, name, record))

    def _write(self) -> None:
        if self.is_kept:
            self.folder.write("sweep.csv", csv(self.sweep.points))
            self.folder.write("clauses.csv", csv(self.sweep.clauses))
            if self.sweep.pair is not None:
                self.folder.write("curve.csv", csv(self.sweep.curve))
            if self.sweep.finished:
                self.folder.write("sweep.xlsx", self.sweep.workbook(self.lang))
                self.folder.write("sweep.png", self.sweep.figure(self.lang).png())


def _refuse_other_bases(axes: Sequence[Axis], pair: tuple[str, str] | None, set_: Sequence[str] = ()) -> None:
    """Refuse to plan from a base what a base says nothing about: another order of the goals, other years, another seed."""
    keys = [*set_, *(axis.key for axis in axes if axis.key.partition(".")[0] not in CHANGES_OF_A_BASE)]
    if pair is not None or keys:
        raise UsageError(Message("sweep.not-from-base", keys=tuple(keys) or ("--pareto",)))


def _refuse_unwritable(changes: Mapping[str, object]) -> None:
    for key, value in changes.items():
        try:
            to_toml({key: value})
        except (TypeError, ValueError):
            raise UsageError(Message("sweep.unwritable", key=key, value=str(value))) from None


def _reason(record: Record) -> str:
    return "; ".join(message["en"] for message in record["messages"])
