"""What a personal kind tells the model, and the register of all personal kinds.

A measured personal rule looks at one cadre's record. The part of it that lies in the past is the cadre's *state*, a row of
small integers; the part to come is a trajectory. ``measure`` gives what a trajectory costs a cadre in a given state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from allocator.domain.rules import RuleKind
from allocator.model.instance import Instance
from allocator.model.trajectories import TrajectoryTable


@dataclass(frozen=True, eq=False)
class States:
    """Which state each person is in.

    Parameters
    ----------
    code
        Position in ``values``, or -1 for people the rule does not touch, shape (I,).
    values
        The distinct states, shape (S, anything).
    """

    code: np.ndarray
    values: np.ndarray

    @classmethod
    def distinct(cls, touched: np.ndarray, values: np.ndarray) -> States:
        """States of the touched people (boolean (I,)) from their rows of ``values``, shape (I, d)."""
        code = np.full(len(touched), -1, dtype=np.int64)
        if not touched.any():
            return cls(code, values[:0])
        own = values[touched]
        rank = np.zeros(len(own), dtype=np.int64)
        for column in own.T:  # Ranks of columns put together are in the order of the rows, and quick to sort.
            levels, level = np.unique(column, return_inverse=True)
            _, rank = np.unique(rank * len(levels) + level, return_inverse=True)
        _, first = np.unique(rank, return_index=True)
        code[touched] = rank
        return cls(code, own[first])

    @classmethod
    def single(cls, touched: np.ndarray) -> States:
        """One state for everybody touched: the past does not matter."""
        return cls(np.where(touched, 0, -1), np.zeros((1, 1), dtype=np.int64))


class PersonalKind(Protocol):
    """The model side of a measured personal kind: a module-level object with two functions."""

    def states(self, instance: Instance, rule: Any) -> States:
        """State of every person."""

    def measure(self, instance: Instance, rule: Any, state: np.ndarray, table: TrajectoryTable) -> np.ndarray:
        """Cost of every trajectory of the table for a person in that state, whole numbers, shape (T,)."""


class Register(dict[type[RuleKind], Any]):
    """Kinds and their model side; ``add`` is a class decorator that stores an instance."""

    def add(self, kind: type[RuleKind]) -> Callable[[type], type]:
        """Register the decorated class for a kind."""

        def store(side: type) -> type:
            self[kind] = side()
            return side

        return store


MEASURED = Register()
"""Personal kinds that cost something: interval, make-up, coverage, cumulative, waiting, priority."""

STRICT = Register()
"""Personal kinds that forbid trajectories: eligibility, spacing, fixed."""


def years_without(pattern: np.ndarray, span: int, years: int) -> np.ndarray:
    """Windows of ``span`` years, one ending in each plan year, in which nothing counts.

    Parameters
    ----------
    pattern
        Counting years as bits, the ``span - 1`` years before the plan first, then the plan years, 64 in all at most; shape (T,).

    Returns
    -------
    numpy.ndarray
        Boolean, shape (T, years).
    """
    window = np.uint64((1 << span) - 1)
    return np.stack([(pattern >> np.uint64(y)) & window == 0 for y in range(years)], axis=-1)


def with_past(coming: np.ndarray, past: int, span: int) -> np.ndarray:
    """Counting years as ``years_without`` reads them: what a trajectory adds (bits of plan years) and what is on record."""
    return np.asarray((coming.astype(np.uint64) << np.uint64(span - 1)) | np.uint64(past))


def past_pattern(instance: Instance, rows: np.ndarray, span: int) -> np.ndarray:
    """Years from ``span - 1`` before the plan to its last in which history rows (boolean (H,)) count, as bits, shape (I,).

    A plan made in the middle of a year has a record in its own years.
    """
    history, first = instance.history, instance.years[0]
    pattern = np.zeros(len(instance.headcount), dtype=np.int64)
    place = history.year - (first - (span - 1))
    use = rows & (place >= 0) & (place < span - 1 + len(instance.years))
    np.bitwise_or.at(pattern, history.person[use], 1 << place[use])
    return pattern
