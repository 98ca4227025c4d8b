"""Questions to a finished run: what several answers need is worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import overload

from allocator.answers.explain.context import Ground
from allocator.answers.explain.person import find
from allocator.answers.explain.target import target
from allocator.answers.explain.why import Why, why
from allocator.answers.explain.why_not import WhyNot, why_not
from allocator.answers.runs import run_of
from allocator.domain.errors import Defect, InputError
from allocator.domain.result import OnProgress, silent
from allocator.engine.planner import Planner
from allocator.engine.run import Run


class Explainer:
    """Answers questions about one run, one after the other; each is asked of the same plan.

    Parameters
    ----------
    run
        A run from ``plan`` or ``load_run``, or the folder of one.

    Raises
    ------
    InputError
        If the folder is not that of a finished run, was changed by hand, or its inputs have changed since.
    """

    def __init__(self, run: Run | Path | str) -> None:
        self._ground = Ground(run_of(run))

    def __repr__(self) -> str:
        return f"<Explainer: {self.run.inputs.scenario.id}>"

    @property
    def run(self) -> Run:
        """The run that is asked about."""
        return self._ground.run

    @property
    def planner(self) -> Planner:
        """A planner that stands on the run; what it works out for one question is used for the next."""
        return self._ground.planner

    def refuse_unknown(self, cadre_ids: Iterable[str], not_in: str | int | None = None) -> None:
        """Refuse everything that does not exist at once, before any answer is worked out.

        Raises
        ------
        InputError
            With every id that is not on the roster, and what was asked about when it does not exist.
        """
        defects: list[Defect] = []
        inputs = self.run.inputs
        questions: list[Callable[[], object]] = [partial(find, inputs, cadre) for cadre in dict.fromkeys(cadre_ids)]
        if not_in is not None:
            questions.append(partial(target, inputs, not_in))
        for question in questions:
            try:
                question()
            except InputError as error:
                defects += error.defects
        if defects:
            raise InputError(defects)

    def why(self, cadre_id: str) -> Why:
        """Why somebody has the seats of the plan, or none.

        Raises
        ------
        InputError
            If nobody on the roster has that id.
        """
        return why(self._ground, cadre_id)

    def why_not(
        self, cadre_id: str, not_in: str | int, *, prove: bool = False, on_progress: OnProgress = silent
    ) -> WhyNot:
        """Why somebody is not in a session, a programme, a year, or a programme in a year (``PROGRAMME@YEAR``).

        With ``prove`` the plan with the seat is made from nothing too where bounds are missing.

        Raises
        ------
        InputError
            If there is no such person, session, programme or plan year.
        """
        return why_not(self._ground, cadre_id, not_in, on_progress, prove=prove)

    def answer(
        self, cadre_id: str, not_in: str | int | None, *, prove: bool = False, on_progress: OnProgress = silent
    ) -> Why | WhyNot:
        """Why, or why not where ``not_in`` is given."""
        if not_in is None:
            return self.why(cadre_id)
        return self.why_not(cadre_id, not_in, prove=prove, on_progress=on_progress)


@overload
def explain(run: Run | Path | str, cadre_id: str, not_in: None = None) -> Why: ...
@overload
def explain(run: Run | Path | str, cadre_id: str, not_in: str | int) -> WhyNot: ...
def explain(run: Run | Path | str, cadre_id: str, not_in: str | int | None = None) -> Why | WhyNot:
    """Why somebody has the seats of a plan, or why not others.

    Parameters
    ----------
    run
        A finished run, from ``plan`` or ``load_run``, or the folder of one.
    cadre_id
        Who.
    not_in
        A session, a programme, a plan year, or ``PROGRAMME@YEAR``; absent: why the seats there are.

    Raises
    ------
    InputError
        If there is no such person, session, programme or plan year, or no such run; see ``load_run``.

    Examples
    --------
    >>> run = allocator.load_run("out/tiny")  # doctest: +SKIP
    >>> allocator.explain(run, "N3").served  # doctest: +SKIP
    >>> print(allocator.explain(run, "N3", not_in="theory-2021a"))  # doctest: +SKIP
    """
    return Explainer(run).answer(cadre_id, not_in)
