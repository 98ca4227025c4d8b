"""The text of a plan: what pandas would write, only sooner."""

from __future__ import annotations

import pandas as pd

from allocator.domain.plan import COLUMNS, Plan


def plan_of(rows: int) -> Plan:
    texts = ["plain", 'with "quotes"', "a,comma", "two\nlines", "=1+1", " blank ", "", "中文；说明", "x"]
    dates = pd.Series(pd.to_datetime(["2019-03-04", "2020-12-31", None])).take([i % 3 for i in range(rows)])
    frame = pd.DataFrame(
        {
            "year": pd.Series([2019 + i % 4 for i in range(rows)], dtype="int64"),
            **{
                c: pd.Series([texts[(i + k) % 9] for i in range(rows)], dtype="str") for k, c in enumerate(COLUMNS[1:6])
            },
            "headcount": pd.Series([1 + i % 3 for i in range(rows)], dtype="int64"),
            "start_date": dates.reset_index(drop=True),
            "end_date": dates.reset_index(drop=True),
            "days": pd.Series([(5.0, 0.5, 30.0, None)[i % 4] for i in range(rows)], dtype="float64"),
            "hours": pd.Series([(37.5, 1 / 3, 1e-7, 225.0)[i % 4] for i in range(rows)], dtype="float64"),
            "fixed": pd.Series([i % 2 == 0 for i in range(rows)], dtype="bool"),
            "rules": pd.Series(["one;two", ""] * rows, dtype="str")[:rows],
        }
    )
    return Plan(frame)


def test_text_is_what_pandas_writes() -> None:
    for rows in (0, 1, 40):
        plan = plan_of(rows)
        assert plan.to_csv() == plan.placements.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")


def test_a_carriage_return_is_quoted_whatever_the_version_of_python() -> None:
    plan = plan_of(1)
    odd = Plan(plan.placements.assign(cadre_id=["a\rb"]))
    assert ',"a\rb",' in odd.to_csv()
