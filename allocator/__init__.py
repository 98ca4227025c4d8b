"""Quota allocation optimizer: who attends which training and when.

>>> import allocator
>>> run = allocator.plan("scenarios/tiny.toml")  # doctest: +SKIP
>>> run.plan.placements  # doctest: +SKIP
"""

from allocator.audit import AuditReport, read_plan
from allocator.entities import Inputs
from allocator.errors import AllocatorError, InputError, ModelError, OutputError
from allocator.inputs import load
from allocator.pipeline import Run, check, load_run, plan, write
from allocator.placements import Plan

__all__ = [
    "AllocatorError",
    "AuditReport",
    "InputError",
    "Inputs",
    "ModelError",
    "OutputError",
    "Plan",
    "Run",
    "check",
    "load",
    "load_run",
    "plan",
    "read_plan",
    "write",
]
