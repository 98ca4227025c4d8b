"""Reading: files to ``Inputs``, or one ``InputError`` with the defects of all files."""

from allocator.inputs.load import changed, load, load_policy, load_rules, load_shown
from allocator.inputs.shown import RuleAdded, RuleChange, Shown, Value
from allocator.inputs.variant import write_variant
from allocator.inputs.written import scenario_toml

__all__ = [
    "RuleAdded",
    "RuleChange",
    "Shown",
    "Value",
    "changed",
    "load",
    "load_policy",
    "load_rules",
    "load_shown",
    "scenario_toml",
    "write_variant",
]
