r"""Trajectories: what one cadre attends, year by year, over the whole horizon.

A *menu* is the set of slots attended in one year; a slot stands for one programme that the cadre may attend. A trajectory ``k`` is one menu per year:

.. math:: K = \{ (m_0, \dots, m_{Y-1}) : m_y \text{ allowed in year } y, \; (m_y, m_{y'}) \text{ far enough apart for all } y < y' \}

Strict personal rules (spacing, fixed seats) decide which trajectories exist. All of them are listed in one table for all people with the same slots
and strict rules, so that prices and personal measures are array look-ups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

MOST_TRAJECTORIES = 3_000_000
"""Rows of one table at most, so that it fits into memory. The largest of the province has some 76,000."""

Room = tuple[np.ndarray, np.ndarray]
"""Slots by year, and how many of them may be attended."""


@dataclass(frozen=True, eq=False)
class TrajectoryTable:
    """All trajectories of people with the same slots and strict rules.

    Parameters
    ----------
    slots
        Programme that represents each slot, shape (n,): equal to the cadre's own in everything that rules look at.
    menus
        Which slots a menu holds, boolean (M, n).
    index
        Menu of each year, shape (T, Y).
    """

    slots: np.ndarray
    menus: np.ndarray
    index: np.ndarray

    def __len__(self) -> int:
        return len(self.index)

    def attends(self, counting: np.ndarray) -> np.ndarray:
        """Years with at least one counting attendance, as bits (year y is bit y), shape (T,).

        Parameters
        ----------
        counting
            Programmes that count, boolean (P,).
        """
        hit = (self.menus & counting[self.slots]).any(axis=1)
        bits = np.zeros(len(self), dtype=np.uint32)
        for y in range(self.index.shape[1]):
            bits |= hit[self.index[:, y]].astype(np.uint32) << np.uint32(y)
        return bits

    def totals(self, amount: np.ndarray) -> np.ndarray:
        """Sum of an amount per programme and year, shape (T, Y)."""
        per_menu = self.menus @ amount[self.slots]
        return np.asarray(per_menu[self.index])

    def weighted(self, weights: np.ndarray) -> np.ndarray:
        """Sum of ``weights[y, slot]`` over what is attended, shape (T,)."""
        value = np.zeros(len(self), dtype=weights.dtype)
        for y in range(self.index.shape[1]):
            value += (self.menus @ weights[y])[self.index[:, y]]
        return value

    def without(self, blocked: np.ndarray, required: np.ndarray, room: Sequence[Room] = ()) -> np.ndarray:
        """Trajectories that avoid every blocked and hold every required (year, slot), positions, shape (≤ T,).

        ``room``: slots of each year (boolean (Y, n)) of which no more may be attended than its number says, (Y,).
        """
        keep = np.ones(len(self), dtype=bool)
        for y in range(self.index.shape[1]):
            good = ~(self.menus & blocked[y]).any(axis=1) & (self.menus | ~required[y]).all(axis=1)
            for among, most in room:
                good &= (self.menus & among[y]).sum(axis=1) <= most[y]
            if not good.all():
                keep &= good[self.index[:, y]]
        return np.flatnonzero(keep)


@dataclass(frozen=True)
class Strictness:
    """What the strict rules say of one type: limits on its slots.

    Parameters
    ----------
    together
        Whether two slots fit into one year, boolean (n, n, Y).
    offered
        Whether a slot can be attended in a year, boolean (n, Y).
    mandatory
        Slots every menu of a year must hold, boolean (n, Y).
    most
        Slots that count together, most of them in one year, and the years in which that holds, boolean (Y,).
    apart
        ``apart[a, b, y]`` years must lie between attending a and b, the later in year y (1: not in the same year, 3: not within
        three years; 0: no limit), shape (n, n, Y).
    """

    together: np.ndarray
    offered: np.ndarray
    mandatory: np.ndarray
    most: Sequence[tuple[np.ndarray, int, np.ndarray]]
    apart: np.ndarray


class TooManyError(Exception):
    """One person could follow more trajectories than there is room for; ``fitting`` plan years would do."""

    def __init__(self, fitting: int) -> None:
        self.fitting = fitting
        super().__init__(f"{fitting} plan years fit")


def classes_that_fit(slots: np.ndarray, strict: Strictness) -> int:
    """The most voluntary classes a year with which the trajectories fit; 0: not even one."""
    free: np.ndarray = np.logical_not(strict.mandatory.any(axis=1))
    always = np.ones(strict.offered.shape[1], dtype=bool)
    fitting = 0
    for most in range(1, int(free.sum()) + 1):
        try:
            enumerate_trajectories(slots, replace(strict, most=[*strict.most, (free, most, always)]))
        except TooManyError:
            break
        fitting = most
    return fitting


def enumerate_trajectories(slots: np.ndarray, strict: Strictness) -> TrajectoryTable:
    """Every trajectory the strict rules allow.

    Raises
    ------
    TooManyError
        When there are more than ``MOST_TRAJECTORIES``: the rules put too little limit on what one person may attend.
    """
    menus = _menus(len(slots), strict)
    years = strict.offered.shape[1]
    index = np.zeros((1, 0), dtype=np.int32)
    for y in range(years):
        valid = np.array([_fits(menu, strict, y) for menu in menus], dtype=bool)
        allowed = np.tile(valid, (len(index), 1))
        for earlier in range(y):
            allowed &= ~_conflicts(menus, strict.apart[:, :, y], y - earlier)[index[:, earlier]]
        rows, added = np.nonzero(allowed)
        if len(rows) > MOST_TRAJECTORIES:
            raise TooManyError(y)
        index = np.column_stack([index[rows], added.astype(np.int32)])
    kind = np.uint8 if len(menus) < 256 else np.int32
    return TrajectoryTable(slots, menus, index.astype(kind))


def _menus(n: int, strict: Strictness) -> np.ndarray:
    """Sets of slots that some year allows, smallest first, boolean (M, n)."""
    found = [np.zeros(n, dtype=bool)]
    frontier = list(found)
    while frontier:
        grown = []
        for menu in frontier:
            first = int(np.flatnonzero(menu).max(initial=-1)) + 1
            for slot in range(first, n):
                larger = menu.copy()
                larger[slot] = True
                if any(_agree(larger, strict, y) for y in range(strict.offered.shape[1])):
                    grown.append(larger)
        found += grown
        frontier = grown
        if len(found) > 100_000:
            raise TooManyError(0)
    return np.array(found)


def _agree(menu: np.ndarray, strict: Strictness, y: int) -> bool:
    """Whether the slots of a menu are offered in year ``y`` and fit together."""
    chosen = np.flatnonzero(menu)
    if not strict.offered[chosen, y].all():
        return False
    if any(holds[y] and menu[among].sum() > most for among, most, holds in strict.most):
        return False
    pairs = strict.together[:, :, y][np.ix_(chosen, chosen)] & (strict.apart[:, :, y][np.ix_(chosen, chosen)] < 1)
    return bool((pairs | np.eye(len(chosen), dtype=bool)).all())


def _fits(menu: np.ndarray, strict: Strictness, y: int) -> bool:
    """Whether a menu is allowed in year ``y``: its slots agree, and every mandatory one is there."""
    return _agree(menu, strict, y) and bool((menu | ~strict.mandatory[:, y]).all())


def _conflicts(menus: np.ndarray, apart: np.ndarray, distance: int) -> np.ndarray:
    """Menus that may not lie ``distance`` years apart, boolean (M, M)."""
    too_close = (apart > distance).astype(np.int32)
    whole = menus.astype(np.int32)
    return np.asarray((whole @ too_close @ whole.T) > 0)
