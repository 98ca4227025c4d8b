"""The small valid set of files, fresh for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inputs.builders import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A valid scenario with its policy and tables, not yet written."""
    return Files(tmp_path)
