"""Reading: files to ``Inputs``, or one ``InputError`` with the defects of all files."""

from allocator.inputs.load import load, load_policy, load_rules
from allocator.inputs.scenario import scenario_toml

__all__ = ["load", "load_policy", "load_rules", "scenario_toml"]
