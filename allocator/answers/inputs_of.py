"""What may be handed in where a scenario is wanted: its file, inputs already read, or a run of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from allocator.domain.tables import Inputs
from allocator.engine.run import Run
from allocator.inputs import changed, load

Given = Path | str | Inputs | Run


def inputs_of(scenario: Given, changes: Mapping[str, object] | None = None) -> Inputs:
    """The inputs of a scenario, with further changes where there are any.

    Parameters
    ----------
    scenario
        A scenario file, inputs already read, or a run, whose inputs are meant.
    changes
        Values by dotted key, as ``load`` takes them.

    Raises
    ------
    InputError
        With every defect of every file and change.
    ValueError
        If inputs that were not read from files are to be changed.
    """
    if isinstance(scenario, Path | str):
        return load(scenario, changes=dict(changes or {}))
    inputs = scenario.inputs if isinstance(scenario, Run) else scenario
    return changed(inputs, changes) if changes else inputs
