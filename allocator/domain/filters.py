"""Filters of the policy: which rows of a table a rule speaks about.

A filter is plain data, never code. In TOML::

    audience = { category = ["bureau-deputy"], birth_year = { min = 1979 }, not = { tags = ["seconded"] } }

Every condition must hold. A list names the values allowed; on a list column (``tags``, ``content``) one
common value is enough. ``{ min, max }`` is an inclusive range on numbers or dates. ``not`` holds when its own
filter does not; ``any`` when at least one of its filters does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from allocator.domain.errors import FilterError
from allocator.language.message import Message

LIST_COLUMNS = frozenset({"tags", "content", "unit_tags"})
"""Columns that hold several values separated by ``;``."""

Scalar = bool | int | float | date | str


class Range(BaseModel):
    """Inclusive bounds on a number or a date; an absent bound is open."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    min: int | float | date | None = None
    max: int | float | date | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> Range:
        if self.min is None and self.max is None:
            raise ValueError(Message("defect.open-range"))
        if self.min is not None and self.max is not None and _is_empty(self.min, self.max):
            raise ValueError(Message("defect.empty-range", least=self.min, most=self.max))
        return self


def _is_empty(least: float | date, most: float | date) -> bool:
    if isinstance(least, date) and isinstance(most, date):
        return least > most
    if isinstance(least, date) or isinstance(most, date):
        raise ValueError(Message("defect.mixed-range", least=least, most=most))
    return least > most


class Filter(BaseModel):
    """Conditions on the columns of one table; the empty filter holds for every row."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    conditions: dict[str, tuple[Scalar, ...] | Range] = Field(default_factory=dict)
    exclude: Filter | None = None
    any_of: tuple[Filter, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _from_table(cls, raw: Any) -> Any:
        if not isinstance(raw, dict) or raw.keys() & {"conditions", "exclude", "any_of"}:
            return raw
        columns = {key: value for key, value in raw.items() if key not in ("not", "any")}
        conditions = {
            key: value
            if isinstance(value, dict | Range)
            else tuple(value)
            if isinstance(value, list | tuple)
            else (value,)
            for key, value in columns.items()
        }
        return {"conditions": conditions, "exclude": raw.get("not"), "any_of": raw.get("any", ())}

    def __bool__(self) -> bool:
        return bool(self.conditions or self.exclude or self.any_of)

    def columns(self) -> Iterator[str]:
        """Names of all columns the filter looks at, nested filters included."""
        yield from self.conditions
        for part in (*self.any_of, *([self.exclude] if self.exclude is not None else [])):
            yield from part.columns()

    def mask(self, table: pd.DataFrame) -> np.ndarray:
        """Which rows of ``table`` the filter holds for, as a boolean array of shape (rows,).

        Raises
        ------
        FilterError
            If a column is missing or a range is asked of text.
        """
        keep = np.ones(len(table), dtype=bool)
        for column, wanted in self.conditions.items():
            if column not in table.columns:
                raise FilterError(column, Message("defect.no-column-to-filter", column=column), table.columns)
            keep &= _in_range(table[column], wanted) if isinstance(wanted, Range) else _is_one_of(table[column], wanted)
        if self.any_of:
            keep &= np.logical_or.reduce([part.mask(table) for part in self.any_of])
        if self.exclude is not None:
            keep &= ~self.exclude.mask(table)
        return keep


def _is_one_of(values: pd.Series, wanted: tuple[Scalar, ...]) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(values):
        return np.asarray(values.isin([pd.Timestamp(w) for w in wanted]))
    if values.name in LIST_COLUMNS:
        codes, uniques = pd.factorize(values.fillna(""))
        texts = {str(w) for w in wanted}
        hit = np.array([not texts.isdisjoint(str(u).split(";")) for u in uniques], dtype=bool)
        return hit[codes] if len(uniques) else np.zeros(len(values), dtype=bool)
    return np.asarray(values.isin(list(wanted)).fillna(False), dtype=bool)


def _in_range(values: pd.Series, wanted: Range) -> np.ndarray:
    is_date = pd.api.types.is_datetime64_any_dtype(values)
    if not is_date and not pd.api.types.is_numeric_dtype(values):
        message = Message("defect.range-needs-numbers", column=values.name, holds=Message("word.holds-text"))
        raise FilterError(str(values.name), message)
    keep = np.array(values.notna(), dtype=bool)  # a copy: pandas hands out read-only views
    for bound, below in ((wanted.min, False), (wanted.max, True)):
        if bound is None:
            continue
        if is_date != isinstance(bound, date):
            raise FilterError(str(values.name), Message("defect.types-differ", column=values.name, bound=bound))
        limit: Any = pd.Timestamp(bound) if isinstance(bound, date) else bound
        within = (values <= limit) if below else (values >= limit)
        keep &= within.to_numpy(dtype=bool, na_value=False)
    return keep
