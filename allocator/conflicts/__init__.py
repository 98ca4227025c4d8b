"""What cannot be kept: small sets of hard rules in conflict, and repairs that were solved again."""

from allocator.conflicts.answer import Conflicts, Search, answer, conflict, repairs
from allocator.conflicts.find import Conflict
from allocator.conflicts.gives import Give
from allocator.conflicts.repair import KINDS, Repair

__all__ = ["KINDS", "Conflict", "Conflicts", "Give", "Repair", "Search", "answer", "conflict", "repairs"]
