"""Why somebody is in the plan where he or she is, and why not elsewhere."""

from allocator.answers.explain.explainer import Explainer, explain
from allocator.answers.explain.why import Why
from allocator.answers.explain.why_not import WhyNot, write_scenario

__all__ = ["Explainer", "Why", "WhyNot", "explain", "write_scenario"]
