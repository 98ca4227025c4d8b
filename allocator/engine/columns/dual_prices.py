"""Shadow prices by name: the dual value of a seat, and of one more person in a row of a shared rule.

Any duals give a valid bound and are a good start. So prices of one problem serve the next one, wherever its rows stand.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.domain.result import PRICE_COLUMNS, SEATS, ShadowPrices
from allocator.domain.rules import Goal
from allocator.engine.columns.pricing import Prices
from allocator.model.cohorts import Cohorts


def listed(cohorts: Cohorts, prices: Prices, weights: Mapping[Goal, float]) -> ShadowPrices:
    """All prices that are not 0, by rule, scope and year. Limits that come from the dates have no name and are left out."""
    instance = cohorts.instance
    parts = [_long(SEATS, instance.programme_ids.tolist(), instance.years, prices.seats)]
    for family, price in zip(cohorts.families, prices.rows, strict=True):
        if family.rule is not None:
            parts.append(_long(family.rule.id, list(family.names), instance.years, price))
    return ShadowPrices(dict(weights), pd.concat(parts, ignore_index=True))


def _long(rule_id: str, names: list[str], years: tuple[int, ...], price: np.ndarray) -> pd.DataFrame:
    """Prices of one rule as rows: rule, scope, year, price."""
    row, year = np.nonzero(price)
    names_of_rows = pd.Series([names[r] for r in row.tolist()], dtype="str")
    table = {"rule_id": rule_id, "scope": names_of_rows, "year": np.array(years)[year], "price": price[row, year]}
    return pd.DataFrame(table, columns=list(PRICE_COLUMNS)).astype({"rule_id": "str", "year": "int64"})


def placed(known: ShadowPrices, cohorts: Cohorts) -> Prices:
    """Known prices at the positions of the rows of some cohorts; 0 where none is known."""
    instance = cohorts.instance
    by_rule = dict(iter(known.table.groupby("rule_id", sort=False)))
    seats = _wide(by_rule.get(SEATS), instance.programme_ids.tolist(), instance.years)
    rows = []
    for family in cohorts.families:
        own = by_rule.get(family.rule.id) if family.rule is not None else None
        rows.append(_wide(own, list(family.names), instance.years))
    return Prices(seats, tuple(rows))


def foreseen(before: Cohorts, after: Cohorts, prices: Prices) -> float:
    """By how much the bound of a plan rises at some prices when only amounts of rows and seats change; ``nan`` when more changes.

    It is the difference of two Lagrangian bounds at the same prices. The trajectories cost the same in both, so only the changed limits remain, each
    times its price.
    """
    if after.tables is not before.tables or after.measured is not before.measured:
        return np.nan
    now, old = after.instance.calendar.seats, before.instance.calendar.seats
    change = -float((prices.seats * (now - old)).sum())
    for own, known, price in zip(after.families, before.families, prices.rows, strict=True):
        if (own.short_goals, own.over_goals) != (known.short_goals, known.over_goals):
            return np.nan
        for limit, base, pays in ((own.floor, known.floor, price > 0), (own.ceiling, known.ceiling, price < 0)):
            change += float(price[pays] @ (limit[pays] - base[pays]))
    return change


def _wide(own: pd.DataFrame | None, names: list[str], years: tuple[int, ...]) -> np.ndarray:
    """Prices of one rule as an array, shape (names, years)."""
    price = np.zeros((len(names), len(years)))
    if own is None:
        return price
    row = pd.Index(names).get_indexer(pd.Index(own["scope"]))
    year = own["year"].to_numpy(np.int64) - years[0]
    inside = (row >= 0) & (year >= 0) & (year < len(years))
    price[row[inside], year[inside]] = own["price"].to_numpy(float)[inside]
    return price
