"""The coverage ledger: what everybody has done and still owes before anything is planned."""

from allocator.answers.ledger.result import Ledger, ledger

__all__ = ["Ledger", "ledger"]
