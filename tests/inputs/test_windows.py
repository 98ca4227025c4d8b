"""Windows that end after the plan: what is owed is a goal, and breaks no rule before its time."""

from __future__ import annotations

import pandas as pd
import pytest

from allocator.answers import runs
from allocator.audit import audit
from allocator.domain.plan import COLUMNS, Plan
from tests.inputs.builders import Files

OWED = {"id": "own", "kind": "cumulative", "title": "Own", "title_zh": "自定", "strength": "hard", "hours": 500}


@pytest.mark.parametrize(
    ("window", "is_hard"),
    [
        ({"to_year": 2030}, False),
        ({"to_year": 2020}, True),
        ({}, True),
        ({"to_year": 2030, "per_year": True}, True),
        ({"from_year": 2025, "to_year": 2030}, True),  # It has not begun: nothing is owed to it at all.
    ],
)
def test_only_a_window_that_is_over_can_be_breached(files: Files, window: dict[str, object], is_hard: bool) -> None:
    files.policy["rules"].append({**OWED, **window})
    inputs = files.load()
    rule = inputs.policy.rule("own")
    assert rule.strength == ("hard" if is_hard else "soft")
    if not is_hard:
        nobody = Plan(pd.DataFrame(columns=list(COLUMNS)))
        report = audit(nobody, inputs)
        assert not report["own"].is_breached
        assert report["own"].shortfall > 0
        assert any("breaks no rule yet" in note for note in inputs.notes)
        assert runs.solve(inputs).audit.goals["owed"] < report.goals["owed"]  # It is planned towards.
