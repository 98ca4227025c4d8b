"""Quota allocation optimizer: who attends which training and when.

>>> import allocator
>>> run = allocator.run("scenarios/tiny.toml")  # doctest: +SKIP
>>> run.plan.placements  # doctest: +SKIP

Public names never hide a module of the package: ``allocator.plan`` and ``allocator.audit`` are modules.
"""

from allocator.audit import AuditReport, read_plan
from allocator.entities import Inputs
from allocator.errors import AllocatorError, InputError, ModelError, OutputError
from allocator.inputs import load
from allocator.pipeline import Run, check, load_run, run, write
from allocator.plan import Plan

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
    "read_plan",
    "run",
    "write",
]
