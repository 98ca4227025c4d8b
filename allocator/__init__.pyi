"""Every public name and the module it comes from: read by type checkers, and by ``__init__.py`` when a name is asked for."""

from allocator.answers.compare import Comparison, compare
from allocator.answers.conflicts import Conflicts, conflict, repairs
from allocator.answers.explain import Explainer, Why, WhyNot, explain
from allocator.answers.ledger import Ledger, ledger
from allocator.answers.questions import Questions
from allocator.answers.runs import audit, check, load_run, plan, write
from allocator.answers.sensitivity import Shadow, shadow
from allocator.answers.sweep import Sweep, sweep
from allocator.answers.what_if import WhatIf
from allocator.audit import AuditReport, read_plan
from allocator.checks import CheckReport
from allocator.domain.errors import AllocatorError, InputError, ModelError, OutputError, UnknownRuleError, UsageError
from allocator.domain.plan import Plan
from allocator.domain.tables import Inputs
from allocator.engine.planner import Planner
from allocator.engine.run import Run
from allocator.inputs import changed, load, write_variant
from allocator.language.answer import speak

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
