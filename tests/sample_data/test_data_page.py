"""docs/data.md says what the committed data say."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.long
def test_data_page_is_up_to_date() -> None:
    built = runpy.run_path(str(ROOT / "docs" / "build_data_page.py"))
    assert (ROOT / "docs" / "data.md").read_text(encoding="utf-8") == built["page"](), "run docs/build_data_page.py"
