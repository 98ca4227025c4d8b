"""Why somebody is in the plan where he or she is, and why not elsewhere."""

from allocator.explain.ask import Explainer, explain
from allocator.explain.why import Why
from allocator.explain.why_not import WhyNot, write_scenario

__all__ = ["Explainer", "Why", "WhyNot", "explain", "write_scenario"]
