"""The whole comparison, as tables and in words; what is compared may be a folder or a run in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from allocator.answers.answer import InFigure, InWorkbook
from allocator.answers.compare import tables
from allocator.answers.compare.read_runs import RunFiles, as_read, folder_names, read_runs
from allocator.answers.compare.tables import CHANGES
from allocator.domain.errors import UsageError
from allocator.engine.run import Run
from allocator.language.message import Message


@dataclass(frozen=True, repr=False)
class Comparison(InWorkbook, InFigure):
    """Runs side by side.

    Parameters
    ----------
    runs
        Names of the runs in the order given; the first is what the others are set against.
    goals
        One row for each goal: goal, unit, sense, then of every run ``value | RUN`` and ``bound | RUN`` in that unit (missing: not known).
    clauses
        rule_id, clause, kind, title, title_zh, unit, ``achieved | RUN`` and ``shortfall | RUN`` of every run, and whether they ``differ``.
        Figures are summed over the years, shares and those per head averaged; of kinds that judge all seats (``judges_seats``) only the
        shortfall is looked at.
    units
        unit_id, name, name_en, ``seats | RUN`` of every run (people, all years).
    people
        run, cadre_id, name, unit_id, unit, unit_en, change (one of ``CHANGES``), before, after (sessions), and the clauses that the
        seats given up (``served``) and the seats taken (``serves``) serve; one row for each person whose classes differ from the first run.
    notes
        What to know before reading: other inputs, other years, files changed since.
    """

    views = "allocator.answers.compare"

    runs: tuple[str, ...]
    goals: pd.DataFrame
    clauses: pd.DataFrame
    units: pd.DataFrame
    people: pd.DataFrame
    notes: tuple[Message, ...]

    def moved(self) -> pd.DataFrame:
        """People by run (rows, without the first) and change (columns)."""
        table = self.people.groupby(["run", "change"]).size().unstack(fill_value=0)
        return table.reindex(index=list(self.runs[1:]), columns=list(CHANGES), fill_value=0).astype("int64")


def compare(
    runs: Sequence[Run | Path | str] | Run | Path | str,
    *others: Run | Path | str,
    names: Sequence[str] | None = None,
) -> Comparison:
    """Compare finished runs; every other run is set against the first.

    Parameters
    ----------
    runs, others
        Runs, from ``plan`` or ``load_run``, and folders of runs, in any mixture, as a list or one after the other. Tables of folders may have
        changed since: a note says so.
    names
        What the runs are called; absent: a folder by its own name, a run in memory by the id of its scenario.

    Raises
    ------
    InputError
        With every folder that is not the folder of a finished run, or that was changed by hand.
    UsageError
        If there are fewer than two runs, or not as many names.

    Examples
    --------
    >>> base = allocator.load_run("out/tiny")  # doctest: +SKIP
    >>> allocator.compare(base, "out/other").people  # doctest: +SKIP
    """
    runs = [*([runs] if isinstance(runs, Run | Path | str) else runs), *others]
    if len(runs) < 2:
        raise UsageError(Message("compare.one-run"))
    folders = [Path(run) for run in runs if not isinstance(run, Run)]
    of_folders = iter(folder_names(folders))
    called = [run.inputs.scenario.id if isinstance(run, Run) else next(of_folders) for run in runs]
    called = list(names) if names is not None else called
    if len(called) != len(runs):
        raise UsageError(Message("compare.names", count=len(called), runs=len(runs)))
    called = _told_apart(called)
    read = iter(read_runs(folders, [name for name, run in zip(called, runs, strict=True) if not isinstance(run, Run)]))
    return compared(
        [
            as_read(name, run.inputs, run.plan, run.audit, run.result) if isinstance(run, Run) else next(read)
            for name, run in zip(called, runs, strict=True)
        ]
    )


def _told_apart(names: Sequence[str]) -> list[str]:
    """The names, with a number where two are called the same: columns are told apart by them."""
    return [f"{name} ({number})" if names.count(name) > 1 else name for number, name in enumerate(names, start=1)]


def compared(runs: Sequence[RunFiles]) -> Comparison:
    """Compare runs that were read or made before."""
    return Comparison(
        tuple(run.name for run in runs),
        tables.goals(runs), tables.clauses(runs), tables.units(runs), tables.people(runs), tables.notes(runs),
    )  # fmt: skip
