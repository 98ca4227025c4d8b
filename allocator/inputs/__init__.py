"""Reading: files to ``Inputs``, or one ``InputError`` with the defects of all files."""

from allocator.inputs.load import changed, load, load_policy, load_rules, load_shown
from allocator.inputs.scenario.provenance import RuleAdded, RuleChange, Shown, Value
from allocator.inputs.scenario.serialise import scenario_toml
from allocator.inputs.scenario.write_variant import write_variant

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
