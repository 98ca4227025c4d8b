"""Everything that can be asked about one finished run, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from allocator.answers.compare import Comparison, compare
from allocator.answers.conflicts import Conflicts, Search
from allocator.answers.conflicts.result import SECONDS
from allocator.answers.explain import Explainer, Why, WhyNot
from allocator.answers.ledger import Ledger, ledger
from allocator.answers.sensitivity import Shadow, shadow
from allocator.answers.sweep import Sweep, sweep
from allocator.answers.sweep.axes import Values
from allocator.answers.what_if import WhatIf, what_if
from allocator.domain.result import OnProgress, silent
from allocator.domain.tables import Inputs
from allocator.engine.run import Run


class Questions:
    """The questions of a planner to one finished run.

    Every answer shows itself in a notebook in the words of the command line (``said("zh")`` gives them as text) and has its tables as data
    frames; it is what the function of the same name gives. What one answer worked out is used for the next: prices and cohorts of the
    run, the auditor's records, conflicts found. So the second question is quicker than the first.

    Parameters
    ----------
    run
        A run from ``plan`` or ``load_run``, or the folder of one.

    Raises
    ------
    InputError
        If the folder is not the folder of a finished run, was changed by hand, or its inputs have changed since.

    Examples
    --------
    >>> ask = allocator.Questions("out/tiny")  # doctest: +SKIP
    >>> ask.why("N4")  # doctest: +SKIP
    >>> ask.why_not("N4", "theory-2019a").goals  # doctest: +SKIP
    >>> ask.what_if({"quota.theory-quota": 201})  # doctest: +SKIP
    >>> ask.one_more("theory-quota").rows  # doctest: +SKIP
    """

    def __init__(self, run: Run | Path | str) -> None:
        self._explainer = Explainer(run)

    def __repr__(self) -> str:
        return f"<Questions: {self.inputs.scenario.id}>"

    @property
    def run(self) -> Run:
        """The run that is asked about."""
        return self._explainer.run

    @property
    def inputs(self) -> Inputs:
        """What the run was planned from."""
        return self.run.inputs

    def why(self, cadre_id: str) -> Why:
        """Why somebody has the seats of the plan, or none; as ``allocator.explain``.

        Parameters
        ----------
        cadre_id
            Who.

        Raises
        ------
        InputError
            If nobody on the roster has that id.
        """
        return self._explainer.why(cadre_id)

    def why_not(
        self, cadre_id: str, not_in: str | int, *, prove: bool = False, on_progress: OnProgress = silent
    ) -> WhyNot:
        """Why somebody is not elsewhere: the rule that forbids it, or the plan with that seat; as ``allocator.explain``.

        Parameters
        ----------
        cadre_id
            Who.
        not_in
            A session, a programme, a plan year, or ``PROGRAMME@YEAR``.
        prove
            Plan with that seat from nothing too where bounds are missing: slower by far for a large scenario.
        on_progress
            Gets a ``Progress`` at every step.

        Raises
        ------
        InputError
            If there is no such person, session, programme or plan year.
        """
        return self._explainer.why_not(cadre_id, not_in, prove=prove, on_progress=on_progress)

    def ledger(self) -> Ledger:
        """What everybody had done and owed before the plan; as ``allocator.ledger``."""
        return self._ledger

    def conflict(self, *, seconds: float | None = SECONDS) -> Conflicts:
        """Which hard rules cannot be kept together; as ``allocator.conflict``.

        Parameters
        ----------
        seconds
            Time for the search; none for no limit.
        """
        return self._search.answer(seconds=seconds, kinds=())

    def repairs(
        self,
        kinds: Sequence[str] | None = None,
        *,
        keep: Sequence[str] = (),
        give: Sequence[str] = (),
        seconds: float | None = SECONDS,
    ) -> Conflicts:
        """Conflicts, and changes under which every hard rule is kept, each planned again; as ``allocator.repairs``.

        Parameters
        ----------
        kinds
            Sorts of repairs (``allocator.answers.conflicts.KINDS``); absent: up to three different ones.
        keep, give
            Rules that must not give; the only rules that may; also one of them alone.
        seconds
            Time for the conflicts that are not known yet, and as much again for the repairs; none for no limit.

        Raises
        ------
        UsageError
            If there is no such sort of repair, or no such rule.
        """
        return self._search.answer(seconds=seconds, kinds=kinds, keep=keep, give=give)

    def one_more(
        self,
        of: str | Iterable[str] = (),
        steps: str | Iterable[int | Fraction] | None = None,
        *,
        everything: bool = False,
        row: int | None = None,
        prove: bool = False,
        workers: int | None = None,
        on_progress: OnProgress = silent,
    ) -> Shadow:
        """What one more seat, session, share or year buys, and one less; as ``allocator.shadow``.

        Parameters
        ----------
        of
            Rules, sessions, programmes or hosts, or one of them; empty: what is tight.
        steps
            How much more, such as ``"-10:50:10"``; absent: one more and one less.
        everything
            Ask about everything there is.
        row
            Ask the question of this number alone.
        prove
            Plan every scenario from nothing too where that is needed for bounds: slower by far for a large one.
        workers
            Processes; the answers do not depend on it.
        on_progress
            Gets a ``Progress`` after every answer.

        Raises
        ------
        InputError
            If something named is not known, or cannot be one more.
        StepsError, TooManyError
            If the steps cannot be read or there are too many questions.
        NoAnswerError
            If there is no question of the number ``row``.
        """
        return shadow(
            self.run, of, steps, everything=everything, row=row, prove=prove,
            workers=workers, on_progress=on_progress, planner=self._explainer.planner,
        )  # fmt: skip

    def curve(self, of: str | Iterable[str], steps: str | Iterable[int | Fraction], **options: Any) -> Shadow:
        """What more and less of something changes, over a range; ``.figure("zh")`` draws it.

        Parameters
        ----------
        of, steps
            As ``one_more`` takes them: ``curve("theory-quota", "-2:6:2")``.
        options
            The others of ``one_more``.

        Raises
        ------
        InputError, StepsError, TooManyError
            As ``one_more``.
        """
        return self.one_more(of, steps, **options)

    def what_if(
        self,
        changes: Mapping[str, object],
        *,
        name: str = "what-if",
        from_base: bool = True,
        prove: bool = False,
        on_progress: OnProgress = silent,
    ) -> WhatIf:
        """What a change of the scenario does: the plan with it, set against this one, and what is proven of the difference.

        Parameters
        ----------
        changes
            Values by dotted key, as ``allocator.plan`` takes them: ``{"quota.theory-quota": 201}``, ``{"disable": ["spacing"]}``.
        name
            What the changed plan is called in tables and figures.
        from_base
            Plan from this plan, so that only those whom the change concerns move: far quicker for a large scenario, but without bounds
            there. ``False``: plan from nothing.
        prove
            Plan from nothing too where bounds are missing, and take the better plan of the two: slower by far for a large scenario.
        on_progress
            Gets a ``Progress`` at every step.

        Raises
        ------
        InputError
            With every defect of the changed scenario.
        ModelError
            If a rule cannot be expressed.
        """
        return what_if(
            self._explainer.planner, self.run, changes,
            name=name, from_base=from_base, prove=prove, on_progress=on_progress,
        )  # fmt: skip

    def compare(self, *others: Run | Path | str, names: Sequence[str] | None = None) -> Comparison:
        """Other runs, or folders of runs, set against this one; as ``allocator.compare``.

        Parameters
        ----------
        others
            Runs, and folders of runs, in any mixture.
        names
            What the runs are called, this one first.

        Raises
        ------
        InputError
            With every folder that is not the folder of a finished run, or that was changed by hand.
        UsageError
            If there is no other run, or there are not as many names as runs.
        """
        return compare([self.run, *others], names=names)

    def sweep(self, vary: Mapping[str, Values] | Sequence[str] | str = (), **options: Any) -> Sweep:
        """Plans of this scenario at every combination of some values, each from this plan; as ``allocator.sweep``.

        Parameters
        ----------
        vary
            Keys and their values: ``{"quota.theory-quota": range(2, 7)}``.
        options
            The others of ``allocator.sweep``, such as ``out``, ``workers``, ``pareto``; ``from_base=False`` plans every point from nothing.

        Raises
        ------
        UsageError, InputError, OutputError, AllocatorError
            As ``allocator.sweep``.
        """
        return sweep(self.run, vary, **options)

    @cached_property
    def _ledger(self) -> Ledger:
        return ledger(self.inputs)

    @cached_property
    def _search(self) -> Search:
        return Search(self.run, self._explainer.planner)
