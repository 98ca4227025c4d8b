"""Reading: files to ``Inputs``, or one ``InputError`` with the defects of all files."""

from allocator.inputs.load import load, load_policy, load_rules, load_shown
from allocator.inputs.scenario import scenario_toml
from allocator.inputs.shown import RuleChange, Shown, Value

__all__ = ["RuleChange", "Shown", "Value", "load", "load_policy", "load_rules", "load_shown", "scenario_toml"]
