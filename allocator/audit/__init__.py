"""The auditor: judges any plan file from the files alone, sharing no code with model or solver."""

from allocator.audit import (  # noqa: F401  Importing a kind registers its measure.
    apportion,
    away_limit,
    coverage,
    cumulative,
    curriculum,
    eligibility,
    fixed,
    interval,
    make_up,
    priority,
    quota,
    report,
    representation,
    share_floor,
    spacing,
    waiting,
)
from allocator.audit.auditor import audit
from allocator.audit.findings import UNITS
from allocator.audit.reading import read_plan
from allocator.audit.registry import MEASURES
from allocator.audit.sessions import BUILT_IN
from allocator.audit.verdicts import AuditReport, Verdict

__all__ = ["BUILT_IN", "MEASURES", "UNITS", "AuditReport", "Verdict", "audit", "read_plan"]
