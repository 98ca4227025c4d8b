"""The auditor: judges any plan file from the files alone, sharing no code with model or solver."""

from allocator.audit.auditor import audit
from allocator.audit.built_in import BUILT_IN
from allocator.audit.measures import MEASURES
from allocator.audit.read_plan import read_plan
from allocator.audit.verdicts import AuditReport, Verdict

__all__ = ["BUILT_IN", "MEASURES", "AuditReport", "Verdict", "audit", "read_plan"]
