"""Write docs/policy-coverage.md from the policy of the province and its clauses.

Run it after the policy changed; a test compares the page with what this script would write.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
from builders.policy_coverage import coverage_page

from allocator.domain.tables import Policy

PAGE = Path(__file__).with_name("policy-coverage.md")
DATA = Path(__file__).parent.parent / "data" / "henan"


def page() -> str:
    """The whole page as Markdown."""
    policy = Policy.model_validate(tomllib.loads((DATA / "policy.toml").read_text(encoding="utf-8")))
    clauses = pd.read_csv(DATA / "clauses.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return coverage_page(policy, clauses)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="")
