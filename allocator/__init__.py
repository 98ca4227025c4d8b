"""Quota allocation optimizer: who attends which training and when.

>>> import allocator
>>> run = allocator.plan("scenarios/tiny.toml")  # doctest: +SKIP
>>> run  # The summary, as the command line says it.  # doctest: +SKIP
>>> run.dispatch  # Who attends what, and when.  # doctest: +SKIP
>>> run.audit.rules  # What every rule asks for, and what it gets.  # doctest: +SKIP
>>> run.figures.quota()  # doctest: +SKIP

Why him, why not her, what if, what would one more seat buy:

>>> ask = allocator.Questions(run)  # doctest: +SKIP
>>> ask.why("N4")  # doctest: +SKIP
>>> ask.what_if({"quota.theory-quota": 5})  # doctest: +SKIP

Every table is a data frame; ``docs/api.md`` lists the functions, the columns and their units. ``speak("zh")`` chooses Chinese, ``speak("en")``
English for all that is shown or written.
"""

# Six functions have the name of a folder: audit, compare, explain, ledger, shadow and sweep. As ``allocator.audit`` the function is meant; ``from
# allocator.audit import …`` and ``import_module("allocator.audit")`` reach the folder, ``import allocator.audit.reading as reading`` does not.
from allocator.audit import AuditReport, read_plan
from allocator.compare import Comparison, compare
from allocator.conflicts import Conflicts, conflict, repairs
from allocator.counting import CheckReport
from allocator.entities import Inputs
from allocator.errors import AllocatorError, InputError, ModelError, OutputError, UnknownRuleError, UsageError
from allocator.explain import Explainer, Why, WhyNot, explain
from allocator.inputs import changed, load, write_variant
from allocator.ledger import Ledger, ledger
from allocator.pipeline import audit, check, load_run, plan, write
from allocator.placements import Plan
from allocator.planner import Planner, Run
from allocator.questions import Questions
from allocator.shadow import Shadow, shadow
from allocator.spoken import speak
from allocator.sweep import Sweep, sweep
from allocator.what_if import WhatIf

__all__ = [
    "AllocatorError",
    "AuditReport",
    "CheckReport",
    "Comparison",
    "Conflicts",
    "Explainer",
    "InputError",
    "Inputs",
    "Ledger",
    "ModelError",
    "OutputError",
    "Plan",
    "Planner",
    "Questions",
    "Run",
    "Shadow",
    "Sweep",
    "UnknownRuleError",
    "UsageError",
    "WhatIf",
    "Why",
    "WhyNot",
    "audit",
    "changed",
    "check",
    "compare",
    "conflict",
    "explain",
    "ledger",
    "load",
    "load_run",
    "plan",
    "read_plan",
    "repairs",
    "shadow",
    "speak",
    "sweep",
    "write",
    "write_variant",
]
