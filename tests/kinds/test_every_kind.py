"""Every kind is stated twice and tested here."""

from pathlib import Path

import pytest

from allocator.audit.register import MEASURES
from allocator.domain.rules import KINDS
from allocator.model.personal import MEASURED, STRICT
from allocator.model.shared import SHARED

UNDECIDED = {"dated", "data", "measure"}
"""Sorts of kinds that the years do not decide: the dates do, or nothing is to be decided."""


def test_every_kind_has_a_model_side_and_an_audit_side():
    decided = {kind for kind in KINDS.values() if kind.sort not in UNDECIDED}
    assert decided == set(MEASURED) | set(STRICT) | set(SHARED)
    assert set(KINDS.values()) == set(MEASURES)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_file_of_tests(kind):
    assert (Path(__file__).parent / f"test_{kind.replace('-', '_')}.py").is_file()
