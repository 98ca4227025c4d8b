"""Reading: files to ``Inputs``, or one ``InputError`` with the defects of all files."""

from allocator.inputs.load import load
from allocator.inputs.scenario import scenario_toml

__all__ = ["load", "scenario_toml"]
