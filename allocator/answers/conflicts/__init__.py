"""What cannot be kept: small sets of hard rules in conflict, and repairs that were solved again."""

from allocator.answers.conflicts.minimal_conflicts import Conflict
from allocator.answers.conflicts.relaxations import Give
from allocator.answers.conflicts.repairs import KINDS, Repair
from allocator.answers.conflicts.result import Conflicts, Search, answer, conflict, repairs

__all__ = ["KINDS", "Conflict", "Conflicts", "Give", "Repair", "Search", "answer", "conflict", "repairs"]
