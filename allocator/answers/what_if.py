"""What a change of the scenario does to a finished plan: the plan with the change, set against the plan there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from allocator.answers.compare import Comparison, compare
from allocator.answers.runs import solve
from allocator.answers.sensitivity.answer import Change, Verdict, verdict_of
from allocator.answers.sensitivity.envelope import better_of, compared
from allocator.answers.sensitivity.phrases import difference_lines
from allocator.domain.result import OnProgress, silent
from allocator.domain.tables import Inputs
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.engine.time_limit import Clock
from allocator.inputs import changed, write_variant
from allocator.inputs.scenario.layers import whole_key
from allocator.language.answer import Spoken
from allocator.language.message import Message
from allocator.language.texts import Texts


@dataclass(frozen=True, repr=False)
class WhatIf(Spoken):
    """A change of the scenario, and what it does.

    Parameters
    ----------
    base
        The run that was asked.
    changes
        What is changed, by dotted key, as ``allocator.plan(…, changes=…)`` takes it.
    run
        The plan with the change.
    comparison
        The plan there is and the plan with the change side by side: ``goals``, ``clauses``, ``units``, ``people``.
    goals
        Every goal before and after, with its bounds, what is proven of the difference (``verdict``), and how certain each value is
        (``before_is``, ``after_is``).
    notes
        What to know of them: that one of the two plans stands for both.
    """

    base: Run
    changes: Mapping[str, object]
    run: Run
    comparison: Comparison
    goals: tuple[Change, ...] = ()
    notes: tuple[Message, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What is proven of the best plans with and without the change; ``open``: nothing, these are two plans that were found."""
        return verdict_of(self.goals)

    def lines(self, texts: Texts) -> Iterator[str]:
        """The change, what is proven of it, then the two plans side by side, line by line in the words of a catalogue."""
        yield "■ " + texts.said(Message("what-if.title"))
        for key, value in self.changes.items():
            yield "  " + _change(self.base.inputs, key, value, texts)
        for line in (*difference_lines(self.goals, texts), *map(texts.said, self.notes)):
            yield "  " + line
        yield from self.comparison.lines(texts)

    def write_scenario(
        self, file: Path | str, *, id: str, title: str = "", title_zh: str = "", force: bool = False
    ) -> Inputs:
        """Write the changed scenario, so that anybody can plan it: ``allocator plan FILE``; see ``allocator.write_variant``.

        Raises
        ------
        OutputError
            If the file cannot be written, or is there and ``force`` is not set.
        """
        return write_variant(
            self.base.inputs, self.changes, file, id=id, title=title, title_zh=title_zh, force=force
        )  # fmt: skip


def what_if(
    planner: Planner,
    base: Run,
    changes: Mapping[str, object],
    *,
    name: str,
    from_base: bool,
    prove: bool = False,
    on_progress: OnProgress = silent,
) -> WhatIf:
    """The plan with some changes, set against the plan there is; see ``allocator.Questions.what_if``.

    Raises
    ------
    InputError
        With every defect of the changed scenario.
    ModelError
        If a rule cannot be expressed.
    """
    inputs = changed(base.inputs, changes)

    def clock() -> Clock:
        return Clock(inputs.scenario.limits.seconds, on_progress=on_progress)

    run = planner.trial(inputs, clock()) if from_base else solve(inputs, clock())
    if prove and from_base and not all(one.is_proven for one in run.result.goals):
        run = better_of(solve(inputs, clock()), run)
    goals, notes = compared(base, run)
    return WhatIf(base, dict(changes), run, compare(base, run, names=[base.inputs.scenario.id, name]), goals, notes)


def _change(inputs: Inputs, key: str, value: object, texts: Texts) -> str:
    """One change; of a number or word of a rule also what it was."""
    table, *rest = whole_key(key).split(".")
    rules = {rule.id: rule for rule in inputs.policy.rules}
    if table == "overrides" and len(rest) == 2:
        rule, field = rules[rest[0]], rest[1]
        before = getattr(rule, field)
        if isinstance(before, str | int | float | Fraction):
            message = Message(
                "what-if.rule", clause=rule.clause or "—", title=texts.title(rule), rule=rule.id, field=field,
                before=before, after=value,
            )  # fmt: skip
            return texts.said(message)
    return f"{key} = {value}"
