"""Every public name and the module it comes from: read by type checkers, and by ``__init__.py`` when a name is asked for."""

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
